//! Violations that are told together, and the sentence that tells them.

use std::collections::BTreeSet;

use semel_models::judge::{Cause, Family, Side};
use semel_models::strategy::{Assumption, Clause, Invariant, Level};
use semel_scenarios::outcome::row::{Row, ViolationRow};

use super::{Sentence, extra, named};
use crate::report::Line;
use crate::words::{self, GLUE, Mark, causes};

/// Violations that one sentence can tell: the same invariant, cause and side, and the same is said of each record.
pub(super) struct Group<'a> {
    /// The one that stands worst to the promise.
    pub(super) gravest: &'a ViolationRow,
    levels: BTreeSet<Level>,
    records: BTreeSet<u32>,
}

/// Violations that one sentence can tell.
pub(super) fn groups(row: &Row) -> Vec<Group<'_>> {
    let mut single: Vec<Group<'_>> = Vec::new();
    for violation in &row.violations {
        let own = Group::of(violation);
        match single
            .iter_mut()
            .find(|one| one.kind() == own.kind() && one.records == own.records)
        {
            Some(one) => one.absorb(own),
            None => single.push(own),
        }
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    for one in single {
        match groups
            .iter_mut()
            .find(|group| group.says_as_much(&one, row))
        {
            Some(group) => group.absorb(one),
            None => groups.push(one),
        }
    }
    groups
}

impl<'a> Group<'a> {
    fn of(violation: &'a ViolationRow) -> Self {
        Self {
            gravest: violation,
            levels: BTreeSet::from([violation.level]),
            records: violation.record.into_iter().collect(),
        }
    }

    fn absorb(&mut self, other: Self) {
        if other.gravity() > self.gravity() {
            self.gravest = other.gravest;
        }
        self.levels.extend(other.levels);
        self.records.extend(other.records);
    }

    /// What happened, and why.
    const fn kind(&self) -> (Invariant, Cause, Side) {
        let gravest = self.gravest;
        (gravest.invariant, gravest.cause, gravest.side)
    }

    /// How it stands to the promise.
    fn standing(&self) -> (bool, bool, Option<&Assumption>) {
        let violation = self.gravest;
        let broken = violation.assumption_broken.as_ref();
        (violation.is_breach(), violation.promised, broken)
    }

    /// Whether the same is said of its records and of another group's, whatever the levels that it comes from.
    fn says_as_much(&self, other: &Self, row: &Row) -> bool {
        let said = |of: &Self| (of.predicate(row), of.why(row));
        (self.kind(), self.standing()) == (other.kind(), other.standing())
            && said(self) == said(other)
    }

    /// How grave that is.
    fn gravity(&self) -> (bool, bool, bool) {
        let (breach, promised, broken) = self.standing();
        (breach, promised, broken.is_some())
    }

    /// The sentence.
    pub(super) fn tell(&self, line: &Line) -> Sentence {
        let gravest = self.gravest;
        let what = format!("{} {}", self.subject(&line.row), self.predicate(&line.row));
        let why = self.why(&line.row);
        let told = format!("{what}: {why} ({}, {}).", gravest.cause, gravest.side);
        if gravest.is_breach() {
            let (strategy, promise) = (&line.row.strategy, self.promise(line));
            return Sentence {
                mark: Mark::Broken,
                text: format!("{strategy} promises that {promise}, but {told}"),
            };
        }
        let beyond = gravest.assumption_broken.as_ref().map(|broken| {
            let broken = words::broken_assumption(broken);
            format!(" That lies beyond its promise: {broken}.")
        });
        Sentence {
            mark: Mark::Beyond,
            text: told + &beyond.unwrap_or_default(),
        }
    }

    /// What happened. The stories of causes are about records that are lost, doubled or late; of anything else they
    /// only lend their names.
    fn why(&self, row: &Row) -> &'static str {
        let told = [
            Invariant::NoLoss,
            Invariant::NoDuplicate,
            Invariant::KeyOrder,
        ];
        let (invariant, cause, side) = self.kind();
        let stuck = cause.family() == Some(Family::Stuck);
        if told.contains(&invariant) || stuck || self.is_aftermath() {
            match (cause, side, self.began_again(row)) {
                // Nobody read it again, so it was the sink that did the work twice.
                (Cause::Unmarked, Side::Outbound, Some(false)) => causes::UNMARKED_AT_THE_SINK,
                (Cause::Unmarked, Side::Outbound, None) => causes::words(cause).meaning,
                _ => causes::story(cause, side),
            }
        } else {
            causes::words(cause).name
        }
    }

    /// Whether a consumer was handed any of its records twice. None where the row does not tell of all that were.
    fn began_again(&self, row: &Row) -> Option<bool> {
        let (of, level) = (Invariant::NoDuplicate, Level::Delivery);
        let mut told = row
            .violations
            .iter()
            .filter(|one| (one.invariant, one.level) == (of, level));
        let again = told.any(|one| {
            one.record
                .is_none_or(|record| self.records.contains(&record))
        });
        let all = row.told(of, level) == row.count(of, level);
        (again || all).then_some(again)
    }

    /// Whether it only says what a loss or a duplicate left behind.
    pub(super) fn is_aftermath(&self) -> bool {
        let aftermath = [Invariant::SameState, Invariant::Conservation];
        aftermath.contains(&self.gravest.invariant)
    }

    /// The promise that is broken, read aloud: the strategy's own clause, or what everybody promises unasked.
    fn promise(&self, line: &Line) -> String {
        let gravest = self.gravest;
        let own = line.promise.iter().find(|clause: &&Clause| {
            (clause.keeps, clause.level) == (gravest.invariant, gravest.level)
        });
        let unwritten = || words::invariant(gravest.invariant).kept.to_owned();
        own.map_or_else(unwritten, words::clause)
    }

    fn subject(&self, row: &Row) -> String {
        let names: Vec<String> = self.records.iter().map(ToString::to_string).collect();
        match &names[..] {
            [] => "something".into(),
            [one] => format!("record{GLUE}{one}"),
            several => format!("each of {}", named(several, self.is_cut_short(row))),
        }
    }

    /// Whether there were more of this kind than a row tells one by one.
    fn is_cut_short(&self, row: &Row) -> bool {
        let of = self.gravest.invariant;
        self.levels
            .iter()
            .any(|level| row.told(of, *level) < row.count(of, *level))
    }

    fn predicate(&self, row: &Row) -> String {
        match self.gravest.invariant {
            Invariant::NoDuplicate if !self.records.is_empty() => {
                // Only where everything took effect is it certain that these did.
                let all = row.duplicated == 0 && row.applied == row.records;
                let spared = !self.levels.contains(&Level::Effect) && all;
                let but = if spared { ", but applied once" } else { "" };
                format!("was {} {}{but}", self.verbs(), self.times(row))
            }
            Invariant::NoLoss if !self.levels.contains(&Level::Effect) => {
                let places: Vec<&str> = self.levels.iter().copied().map(words::place).collect();
                format!(
                    "is missing from {}, but not from the effect",
                    words::list(&places)
                )
            }
            Invariant::NoLoss if self.had_effect() => {
                "took effect, but its effect was lost again".into()
            }
            Invariant::NoLoss if !self.levels.contains(&Level::Log) => {
                "stands in the log but never took effect".into()
            }
            Invariant::MarkMatchesEffect => self.against_the_mark(row).into(),
            other => words::invariant(other).broken.into(),
        }
    }

    /// Whether it took effect before it was lost: where a sink or an output log lost what it had.
    fn had_effect(&self) -> bool {
        let gravest = self.gravest;
        let lost = matches!(
            gravest.cause,
            Cause::AckedEarly | Cause::Truncated | Cause::NotSynced
        );
        gravest.side == Side::Outbound && lost
    }

    /// How mark and effect disagree: causes of losses are about effects that are not there, or were not yet.
    fn against_the_mark(&self, row: &Row) -> &'static str {
        if self.had_effect() {
            "was passed by the progress mark, but its effect was lost"
        } else if self.gravest.cause.family() == Some(Family::Loss) {
            if self.may_be_lost(row) {
                "was passed by the progress mark without an effect"
            } else {
                "was passed by the progress mark before it had its effect"
            }
        } else {
            "took effect without the progress mark passing it"
        }
    }

    /// Whether one of its records never took effect, or the row does not tell of all that did not.
    fn may_be_lost(&self, row: &Row) -> bool {
        let (of, level) = (Invariant::NoLoss, Level::Effect);
        let mut lost = row
            .violations
            .iter()
            .filter(|one| (one.invariant, one.level) == (of, level));
        let its = lost.any(|one| {
            one.record
                .is_some_and(|record| self.records.contains(&record))
        });
        its || row.told(of, level) < row.count(of, level)
    }

    /// What was done to a record at the levels of this group.
    fn verbs(&self) -> String {
        let verbs: Vec<&str> = self
            .levels
            .iter()
            .map(|level| match level {
                Level::Log => "stored",
                Level::Delivery => "delivered",
                Level::Effect => "applied",
            })
            .collect();
        words::list(&verbs)
    }

    /// How often: `twice` where the row's counts leave no doubt.
    fn times(&self, row: &Row) -> String {
        let distinct = |level: Level| {
            let records: BTreeSet<_> = row
                .violations
                .iter()
                .filter(|one| one.invariant == self.gravest.invariant && one.level == level)
                .filter_map(|one| one.record)
                .collect();
            records.len() as u64
        };
        let sure = self
            .levels
            .iter()
            .all(|level| extra(row, *level) == distinct(*level));
        if sure {
            words::quantity(2)
        } else {
            "more than once".into()
        }
    }
}
