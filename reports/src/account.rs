//! An account of a run: its violations in sentences, made from nothing but the row and the promise.
//!
//! Violations of one cause are told together, over all levels that they reach: "record 3 was stored, delivered and
//! applied twice". Which record, which level and which cause the row says; how to say it stands in [`crate::words`].

use std::collections::BTreeSet;

use semel_models::judge::Side;
use semel_models::observation::Place;
use semel_models::strategy::{Clause, Invariant, Level};
use semel_scenarios::expect::LEVELS;
use semel_scenarios::row::{Row, ViolationRow};

use crate::report::Line;
use crate::words::{self, GLUE, Mark, causes};

/// How many records a sentence names before it only counts them.
const NAMED: usize = 4;

/// The invariants that "at least once" and "at most once" speak of.
const COUNTED: [&str; 2] = [Invariant::NoLoss.name(), Invariant::NoDuplicate.name()];

/// One sentence about a run, and how grave it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// How grave it is.
    pub mark: Mark,
    /// The sentence.
    pub text: String,
}

/// Violations that one sentence can tell: the same invariant, cause and side, at one or more levels.
struct Group<'a> {
    gravest: &'a ViolationRow,
    levels: BTreeSet<Level>,
    records: BTreeSet<u32>,
}

/// Everything that went wrong in a run, gravest first. Empty when nothing did.
///
/// That the state or the sum of money is wrong goes without saying where a loss or a duplicate is told, unless a
/// promise was broken by it.
pub fn violations(line: &Line) -> Vec<Sentence> {
    let groups = groups(&line.row.violations);
    let first_hand = groups.iter().any(|group| !group.is_aftermath());
    let mut sentences: Vec<Sentence> = groups
        .iter()
        .filter(|group| !first_hand || group.gravest.is_breach() || !group.is_aftermath())
        .map(|group| group.tell(line))
        .collect();
    sentences.sort_by_key(|sentence| sentence.mark != Mark::Broken);
    sentences
}

/// Whether the accounts hold what they should, in a sentence; nothing where they do.
pub fn balance(row: &Row) -> Option<String> {
    (row.expected_balance != row.actual_balance).then(|| {
        format!(
            "The accounts hold {} instead of {}.",
            row.actual_balance, row.expected_balance
        )
    })
}

/// What there is to say of a run in which nothing was violated.
pub fn intact(line: &Line) -> String {
    let order = if line.row.reordered == 0 {
        ""
    } else {
        ", but not everything in order"
    };
    let why = recognised(line).map(|clause| format!(": {clause}"));
    format!(
        "nothing lost, nothing doubled{order}{}.",
        why.unwrap_or_default()
    )
}

/// Who recognised which repeats, as a clause; nothing where nobody did, or nobody watched.
pub fn recognised(line: &Line) -> Option<String> {
    let of = |place: Place, who: &str| {
        let repeats = line.recognised.iter().filter(|(there, _)| *there == place);
        let records: Vec<String> = repeats.map(|(_, record)| record.to_string()).collect();
        let what = match &records[..] {
            [] => return None,
            [one] => format!("the repeat of record{GLUE}{one}"),
            several => format!("the repeats of {}", named(several)),
        };
        Some(format!("{who} recognised {what}"))
    };
    let clauses: Vec<String> = [
        of(Place::Stream, "the stream"),
        of(Place::Consumer, "the consumer"),
        of(Place::Sink, "the sink"),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!clauses.is_empty()).then(|| words::list(&clauses))
}

/// `records 3, 4 and 5`; of many, the first and how many more.
fn named(records: &[String]) -> String {
    match records.len() {
        count if count <= NAMED => format!("records {}", words::list(records)),
        count => format!(
            "records {} and {} others",
            records[..NAMED - 1].join(", "),
            count - NAMED + 1
        ),
    }
}

/// What the strategy promises of the level where it went wrong, as a reminder that it promised no more.
pub fn reminder(line: &Line) -> Option<String> {
    let worst = line
        .row
        .violations
        .iter()
        .filter(|violation| !violation.promised && COUNTED.contains(&violation.invariant.as_str()))
        .filter_map(|violation| level(&violation.level))
        .max()?;
    let place = words::place(worst);
    Some(match words::guarantee(&line.promise, worst) {
        Some(guarantee) => format!("For {place} it promises {guarantee}, no more."),
        None => format!("For {place} it promises nothing."),
    })
}

/// The level of this name.
pub(crate) fn level(name: &str) -> Option<Level> {
    LEVELS.into_iter().find(|level| level.name() == name)
}

fn groups(violations: &[ViolationRow]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for violation in violations {
        let kind = |one: &ViolationRow| {
            let ViolationRow {
                invariant,
                cause,
                side,
                ..
            } = one;
            (invariant.clone(), cause.clone(), side.clone())
        };
        let known = groups
            .iter()
            .position(|group| kind(group.gravest) == kind(violation));
        let place = known.unwrap_or(groups.len());
        if known.is_none() {
            groups.push(Group {
                gravest: violation,
                levels: BTreeSet::new(),
                records: BTreeSet::new(),
            });
        }
        groups[place].add(violation);
    }
    groups
}

impl<'a> Group<'a> {
    fn add(&mut self, violation: &'a ViolationRow) {
        let gravity = |one: &ViolationRow| (one.is_breach(), one.promised);
        if gravity(violation) > gravity(self.gravest) {
            self.gravest = violation;
        }
        self.levels.extend(level(&violation.level));
        self.records.extend(violation.record);
    }

    fn tell(&self, line: &Line) -> Sentence {
        let gravest = self.gravest;
        let what = format!("{} {}", self.subject(), self.predicate(&line.row));
        let why = self.why();
        let told = format!("{what}: {why} ({}, {}).", gravest.cause, gravest.side);
        if gravest.is_breach() {
            let (strategy, promise) = (&line.row.strategy, self.promise(line));
            return Sentence {
                mark: Mark::Broken,
                text: format!("{strategy} promises that {promise}, but {told}"),
            };
        }
        let beyond = gravest.assumption_broken.as_ref().map(|name| {
            let broken = words::broken_assumption(name);
            format!(" That lies beyond its promise: {broken}.")
        });
        Sentence {
            mark: Mark::Beyond,
            text: told + &beyond.unwrap_or_default(),
        }
    }

    /// What happened. The stories of causes are about records that are lost, doubled or late; of anything else they
    /// only lend their names.
    fn why(&self) -> &'static str {
        let told = [
            Invariant::NoLoss,
            Invariant::NoDuplicate,
            Invariant::KeyOrder,
        ];
        let stuck = self.gravest.cause.starts_with('S');
        let is_told = told
            .iter()
            .any(|invariant| invariant.name() == self.gravest.invariant);
        if is_told || stuck || self.is_aftermath() {
            causes::story(&self.gravest.cause, side(&self.gravest.side))
        } else {
            causes::find(&self.gravest.cause).name
        }
    }

    /// Whether it only says what a loss or a duplicate left behind.
    fn is_aftermath(&self) -> bool {
        let aftermath = [Invariant::SameState, Invariant::Conservation];
        aftermath
            .iter()
            .any(|invariant| invariant.name() == self.gravest.invariant)
    }

    /// The clause that is broken, read aloud.
    fn promise(&self, line: &Line) -> String {
        let gravest = self.gravest;
        let clause = line.promise.iter().find(|clause: &&Clause| {
            clause.keeps.name() == gravest.invariant && clause.level.name() == gravest.level
        });
        clause.map_or_else(
            || {
                format!(
                    "{} holds at the level of {}",
                    gravest.invariant, gravest.level
                )
            },
            words::clause,
        )
    }

    fn subject(&self) -> String {
        let names: Vec<String> = self.records.iter().map(ToString::to_string).collect();
        match &names[..] {
            [] => "something".into(),
            [one] => format!("record{GLUE}{one}"),
            several => format!("each of {}", named(several)),
        }
    }

    fn predicate(&self, row: &Row) -> String {
        let Some(words) = words::invariant(&self.gravest.invariant) else {
            return format!(
                "broke {} at the level of {}",
                self.gravest.invariant, self.gravest.level
            );
        };
        match words.invariant {
            Invariant::NoDuplicate if !self.records.is_empty() => {
                let spared = row.duplicated == 0 && !self.levels.contains(&Level::Effect);
                let but = if spared { ", but applied once" } else { "" };
                format!("was {} {}{but}", self.verbs(), self.times(row))
            }
            Invariant::NoLoss if side(&self.gravest.side) == Some(Side::Outbound) => {
                "stands in the log but never took effect".into()
            }
            _ => words.broken.into(),
        }
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
                .filter(|one| one.invariant == self.gravest.invariant && one.level == level.name())
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

/// How many copies, deliveries or effects there were beyond the first of each record.
pub(crate) const fn extra(row: &Row, level: Level) -> u64 {
    match level {
        Level::Log => row.duplicated_in_log,
        Level::Delivery => row.redelivered,
        Level::Effect => row.duplicated,
    }
}

fn side(name: &str) -> Option<Side> {
    match name {
        "inbound" => Some(Side::Inbound),
        "outbound" => Some(Side::Outbound),
        _ => None,
    }
}

/// The text with its first letter as a capital.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
