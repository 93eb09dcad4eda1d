//! Taking away: delays, faults, records, partitions and nodes; and what is left is made plain and round.

use semel_models::vocabulary::Topology;
use semel_models::workload::{Money, Written};
use semel_sim::schedule::{Deviation, Fated};
use semel_sim::search::shrink::shrink as ddmin;
use semel_sim::time::Span;

use super::case::Case;
use super::{MANY, Shrinker};
use crate::shrink::incident::bonds;
use crate::shrink::meaning::Meaning;

impl Shrinker {
    pub(super) fn fewer_delays(&mut self, case: &mut Case) {
        let kept = |keep: &dyn Fn(&Deviation) -> bool| -> Vec<Meaning> {
            let kept = case.meanings.iter().filter(|one| keep(&one.deviation));
            kept.cloned().collect()
        };
        let quiet = case.with(&kept(&|deviation| !case.is_delay(deviation)));
        let jitter = |deviation: &Deviation| !matches!(deviation, Deviation::Jitter { .. });
        let steady = case.with(&kept(&jitter));
        let _ = self.take(case, &quiet) || self.take(case, &steady);
    }

    /// What ends something goes and stays with what it ends.
    pub(super) fn fewer_faults(&mut self, case: &mut Case) {
        let bonds = |case: &Case| bonds(case.meanings.iter().map(|one| &one.deviation));
        let numbers = bonds(case);
        let count = numbers.iter().max().map_or(0, |last| last + 1);
        let all: Vec<usize> = (0..count).collect();
        let those = |some: &[usize]| -> Vec<Meaning> {
            let mut keep = vec![false; count];
            some.iter().for_each(|number| keep[*number] = true);
            let pairs = case.meanings.iter().zip(&numbers);
            let kept = pairs.filter(|(_, number)| keep[**number]);
            kept.map(|(one, _)| one.clone()).collect()
        };
        let mut shown = None;
        ddmin(&all, |some| {
            // A long run is full of deviations: they are not even copied where nothing can come of it.
            self.may_run().then_some(())?;
            let fewer = self.shows(&case.with(&those(some)));
            let shows = fewer.is_some();
            shown = fewer.or_else(|| shown.take());
            Some(shows)
        });
        if let Some(fewer) = shown {
            *case = fewer;
        }
        // A line taken out of a file leaves the others at their addresses.
        let mut number = 0;
        loop {
            let numbers = bonds(case);
            if numbers.iter().all(|one| *one < number) || !self.may_run() {
                break;
            }
            let pairs = case.meanings.iter().zip(&numbers);
            let rest = pairs.filter(|(_, other)| **other != number);
            let rest: Vec<Meaning> = rest.map(|(one, _)| one.clone()).collect();
            match self.shows_by_address(&case.with(&rest)) {
                Some(shown) if shown.meanings.len() < case.meanings.len() => *case = shown,
                _ => number += 1,
            }
        }
    }

    /// Transfers come and go in pairs.
    pub(super) fn fewer_records(&mut self, case: &mut Case) {
        let size = match case.scenario.workload.money {
            Money::Credits => 1,
            Money::Transfers => 2,
        };
        let units: Vec<usize> = (0..case.written().len() / size).collect();
        let spread = |units: &[usize]| -> Vec<usize> {
            let records = |unit: &usize| unit * size..(unit + 1) * size;
            units.iter().flat_map(records).collect()
        };
        let mut shown = None;
        ddmin(&units, |some| {
            self.may_run().then_some(())?;
            let fewer = if some.is_empty() {
                None
            } else {
                self.keeping(case, &spread(some))
            };
            let shows = fewer.is_some();
            shown = fewer.or_else(|| shown.take());
            Some(shows)
        });
        if let Some(fewer) = shown {
            *case = fewer;
        }
    }

    /// The case with a few of its records, if that shows the violation. What survives a loss is fewer entries, too,
    /// where those that are gone were among them.
    fn keeping(&mut self, case: &Case, records: &[usize]) -> Option<Case> {
        let fewer = case.keeping(records);
        self.shows(&fewer)
            .or_else(|| self.shows(&fewer.shortened(case.records() - records.len())?))
    }

    pub(super) fn smaller_world(&mut self, case: &mut Case) {
        let one = |case: &Case, set: fn(&mut Topology)| {
            let mut topology = case.scenario.topology;
            set(&mut topology);
            case.within(topology)
        };
        let smaller: [fn(&mut Topology); 4] = [
            |topology| topology.partitions = 1,
            |topology| topology.consumers = 1,
            |topology| topology.producers = 1,
            |topology| topology.brokers = 1,
        ];
        for set in smaller {
            let candidate = one(case, set);
            if candidate.scenario.topology != case.scenario.topology {
                self.take(case, &candidate);
            }
        }
        if case.scenario.heal_at.is_some() {
            let mut candidate = case.clone();
            candidate.scenario.heal_at = None;
            self.take(case, &candidate);
        }
        if let Some(candidate) = case.healing() {
            self.take(case, &candidate);
        }
        if case.meanings.len() > MANY {
            let isolating = case.isolating();
            let _ = isolating.iter().any(|candidate| self.take(case, candidate));
        }
    }

    /// Credits of ten to one account, one right after the other.
    pub(super) fn simpler_records(&mut self, case: &mut Case) {
        let simplify: [fn(&mut Written); 3] = [
            |written| written.amount = 10 * written.amount.signum(),
            |written| written.key = 0,
            |written| written.pace = Span::millis(10),
        ];
        for simplify in simplify {
            let mut candidate = case.clone();
            let written = candidate.scenario.workload.written.iter_mut().flatten();
            written.for_each(simplify);
            self.take(case, &candidate);
        }
    }

    pub(super) fn rounder_times(&mut self, case: &mut Case) {
        for index in 0..case.written().len() {
            self.round(case, |case| {
                let written = case.scenario.workload.written.as_mut()?;
                Some(&mut written[index].pace)
            });
        }
        self.round(case, |case| case.scenario.heal_at.as_mut());
        for index in 0..case.meanings.len() {
            for which in 0..2 {
                self.round(case, |case| {
                    span_of(&mut case.meanings.get_mut(index)?.deviation, which)
                });
            }
        }
    }

    /// Tries ever finer units until a rounded span will do.
    fn round(&mut self, case: &mut Case, mut span: impl FnMut(&mut Case) -> Option<&mut Span>) {
        const UNITS: [Span; 4] = [
            Span::secs(1),
            Span::millis(100),
            Span::millis(10),
            Span::millis(1),
        ];
        for unit in UNITS {
            let Some(exact) = span(case).copied() else {
                return;
            };
            if exact.0.is_multiple_of(unit.0) {
                return;
            }
            if exact.0 < unit.0 {
                continue;
            }
            let below = exact.0 / unit.0 * unit.0;
            for rounded in [below + unit.0, below] {
                if !self.may_run() {
                    return;
                }
                let mut candidate = case.clone();
                *span(&mut candidate).expect("it was there") = Span(rounded);
                if self.take(case, &candidate) {
                    return;
                }
            }
        }
    }
}

/// The first or second time that a deviation speaks of.
fn span_of(deviation: &mut Deviation, which: usize) -> Option<&mut Span> {
    match deviation {
        Deviation::Packet {
            fate: Fated::Arrives(delays),
            ..
        } => delays.get_mut(which),
        Deviation::Step { down: span, .. }
        | Deviation::Jitter { more: span, .. }
        | Deviation::Weather { at: span, .. } => (which == 0).then_some(span),
        Deviation::Packet { .. } | Deviation::Survives { .. } | Deviation::After { .. } => None,
    }
}
