//! From below: where taking things away and moving them leave more than a few faults or records, runs of a few records
//! are struck by chance, by a few faults of the kinds that are left.
//!
//! What a long schedule brings about by coincidence, a short one brings about on purpose; but no way of taking things
//! away leads from the one to the other. The chances of a try are drawn from its number, so every search is the same.

use std::iter;
use std::ops::RangeInclusive;
use std::sync::Arc;

use semel_models::workload::Money;
use semel_sim::adversary::watch::Watched;
use semel_sim::schedule::{Deviation, NamedChange};
use semel_sim::time::Span;

use super::case::Case;
use super::chances::{Blind, Blow, Chances};
use super::moves::RECORDS;
use super::{Moves, Shrinker};
use crate::shrink::incident::incidents;
use crate::shrink::meaning::{Meaning, Meant};

/// The runs and events that all tries with few records may take.
const FEW: (u64, u64) = (30_000, 3_000_000);
/// The same for each number of records above that: there may be more hands than those to handle them.
const MORE: (u64, u64) = (10_000, 1_000_000);
const CROWD: usize = 6;
/// Between records these are too short for anything to happen, long enough for most, or a long time.
const PACES: [Span; 5] = [
    Span::millis(1),
    Span::millis(10),
    Span::millis(30),
    Span::millis(100),
    Span::millis(300),
];
/// How far apart the moments are at which records come all at once: timers are found at different points of their way.
const APART: Span = Span::millis(10);
const MOMENTS: u64 = 10;

impl Shrinker {
    /// The smallest that many tries show, if that is smaller than a large case.
    pub(super) fn by_chance(&mut self, case: &Case) -> Option<Case> {
        let dry = self.dry;
        let found = self.struck(case);
        // The runs that the larger one lacked are of no use to it, and its faults have struck in many places already.
        (self.dry, self.moves) = (false, Moves::Nowhere);
        let found = found.map(|found| self.settle(found));
        self.moves = Moves::Within;
        let smaller = found.filter(|found| found.bulk() < case.bulk());
        self.dry |= dry && smaller.is_none();
        smaller
    }

    /// The first of many tries that shows the same, of the fewest records.
    fn struck(&mut self, case: &Case) -> Option<Case> {
        let blows = case.blows();
        if blows.is_empty() {
            return None;
        }
        let more = (RECORDS + 1..=CROWD).map(|records| (records..=records, MORE));
        let all = iter::once((1..=RECORDS, FEW)).chain(more);
        let mut all = all.filter(|(records, _)| *records.start() <= case.records());
        all.find_map(|(records, budget)| {
            self.sparing(budget, |shrinker| {
                let numbers = 0..shrinker.left;
                shrinker.first(numbers, |shrinker, number| {
                    shrinker.tried(case, &records, &blows, number)
                })
            })
        })
    }

    /// One try. None where it does not show the same, or the faults of the plan could not do so.
    fn tried(
        &mut self,
        case: &Case,
        records: &RangeInclusive<usize>,
        blows: &[Blow],
        number: u64,
    ) -> Option<Case> {
        let mut chances = Chances::of(number);
        let world = case.drawn(records, &mut chances)?;
        let bench = self.bench(&world)?;
        let reach = Arc::clone(&self.reach);
        let blind = Blind::new(blows, (&reach, &bench.nodes), chances);
        let (findings, events) = bench.play_counted(&mut blind.clone());
        self.events_left = self.events_left.saturating_sub(events);
        self.aim.find(&findings)?;
        let mut meant = Watched::new(blind, Meant::new(&bench.nodes));
        bench.play(&mut meant);
        let found = self.shows(&world.with(&meant.watch.into_meanings()))?;
        self.beyond(&found).is_empty().then_some(found)
    }
}

impl Case {
    /// So many of its records, without any fault. They come evenly, each in its own time, or all at once; on one
    /// partition, or where the one stood that the violation is told of. None where they are half a transfer.
    fn drawn(&self, records: &RangeInclusive<usize>, chances: &mut Chances) -> Option<Self> {
        let (least, most) = (*records.start(), (*records.end()).min(self.records()));
        let records = least + chances.below((most - least + 1) as u64) as usize;
        let mut case = self.small(records, *chances.one(&PACES))?;
        case.meanings.clear();
        let load = &mut case.scenario.workload;
        let written = load.written.as_mut()?;
        match chances.below(3) {
            0 => {}
            1 => written
                .iter_mut()
                .for_each(|one| one.pace = *chances.one(&PACES)),
            _ => {
                written.iter_mut().for_each(|one| one.pace = PACES[0]);
                written[0].pace = APART.times(1 + chances.below(MOMENTS));
            }
        }
        let told = self.told.and_then(|told| self.written().get(told as usize));
        let at_home = chances.below(2) == 0 && load.money == Money::Credits;
        if let Some(told) = told.filter(|_| at_home) {
            written.iter_mut().for_each(|one| one.key = told.key);
            case.scenario.topology = self.scenario.topology;
        }
        Some(case)
    }

    /// The different kinds of its faults.
    fn blows(&self) -> Vec<Blow> {
        let (acts, fixed) = self.acts();
        let acts = acts.into_iter().filter_map(Blow::of);
        let weather = self.weather(&fixed).into_iter().map(Blow::Weather);
        let mut blows = Vec::new();
        for blow in acts.chain(weather) {
            if !blows.contains(&blow) {
                blows.push(blow);
            }
        }
        blows
    }

    /// The changes of the weather that are one fault each, with the time from the first of them to each. Links that
    /// stay cut until everything heals are joined by then.
    fn weather(&self, fixed: &[Meaning]) -> Vec<Vec<(Span, NamedChange)>> {
        let change = |one: &Meaning| match &one.deviation {
            Deviation::Weather { change, .. } | Deviation::After { change, .. } => {
                Some((one.comes(), change.clone()))
            }
            _ => None,
        };
        let numbers = incidents(fixed.iter().map(|one| &one.deviation));
        let mut all: Vec<Vec<(Span, NamedChange)>> = vec![Vec::new(); fixed.len()];
        for (one, number) in fixed.iter().zip(numbers) {
            all[number].extend(change(one));
        }
        for changes in &mut all {
            let joined = |from: &String, to: &String| {
                let join = NamedChange::Join(from.clone(), to.clone());
                let open = changes.iter().all(|(_, other)| *other != join);
                open.then_some((self.scenario.heal_at?, join))
            };
            let joins = changes.iter().filter_map(|(_, change)| match change {
                NamedChange::Cut(from, to) => joined(from, to),
                _ => None,
            });
            let joins: Vec<_> = joins.collect();
            changes.extend(joins);
            let first = changes.iter().map(|(at, _)| *at).min();
            for (at, _) in changes.iter_mut() {
                *at = Span(at.0 - first.map_or(0, |first| first.0));
            }
        }
        all.retain(|changes| !changes.is_empty());
        all
    }
}
