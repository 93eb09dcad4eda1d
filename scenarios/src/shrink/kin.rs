//! Kin: where taking things away and moving them around leave more than a few faults or records, smaller runs of the
//! same plan are looked for that break in the same way, and the smallest of these is shrunk in its place.
//!
//! What is kept is what shrinking keeps anyway: invariant, level and cause, and whether the promise is broken. The
//! faults are those of the plan, at its rates; only the seed is another one, and there are fewer records.

use std::sync::Arc;

use semel_models::workload::Money;
use serde::Serialize;

use super::case::Case;
use super::{MANY, MORE, Shrinker, Size, moves::RECORDS};
use crate::file::scenario::{Load, Scenario};
use crate::trial::Runner;
use crate::trial::plan::Plan;

/// How many records are tried, the likeliest to be enough first: what runs of few records show soon has been found by
/// chance before.
const SIZES: [u32; 5] = [3, 10, 2, 6, 4];
/// How many kin are shrunk before the smallest is taken.
const TRIED: usize = 12;
/// The most runs that shrinking one of them may take: one that leads anywhere does so soon.
const EACH: u64 = 700;
/// The runs that are looked through for kin of one size, and more where they are short: so many events' worth.
const LOOK: u64 = 200;
const LOOKED: u64 = 600_000;
/// The events that all of this may take: a few seconds' worth, however long the runs are.
const EVENTS: u64 = 8_000_000;

/// Another run of a plan, which broke in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Kin {
    /// The seed it was found under.
    pub seed: u64,
    /// What there was to it.
    pub before: Size,
}

impl Case {
    /// Whether it is more than a person wants to read.
    pub(super) fn is_large(&self) -> bool {
        let size = self.size();
        size.faults > MANY || size.delays > 0 || size.records as usize > RECORDS
    }

    /// What is read at a glance comes first, then what has fewer faults.
    pub(super) fn bulk(&self) -> (bool, usize) {
        let size = self.size();
        let bulk = 4 * size.faults + size.delays + size.records as usize;
        (self.is_large(), bulk)
    }
}

impl Shrinker {
    /// The smallest that some kin of a large case came to, if that is smaller.
    pub(super) fn kin(&mut self, case: &Case) -> Option<(Case, Kin)> {
        let dry = self.dry;
        let found = self.sparing((u64::MAX, EVENTS), |shrinker| shrinker.smallest_kin(case));
        // More runs would not help where it was the events that came to an end.
        self.dry = dry || self.left == 0;
        let (smallest, kin, plan) = found?;
        let settled = self.sparing((u64::MAX, MORE), |shrinker| {
            shrinker.with_kin((&plan, smallest), shrinker.left, Self::settle)
        });
        Some((settled, kin))
    }

    fn smallest_kin(&mut self, case: &Case) -> Option<(Case, Kin, Arc<Plan>)> {
        let mut best: Option<(Case, Kin, Arc<Plan>)> = None;
        let mut tried = 0;
        let sizes = SIZES
            .iter()
            .flat_map(|size| [(*size, false), (*size, true)]);
        for (records, spread_out) in sizes {
            let Some(plan) = smaller(&self.plan, records, spread_out) else {
                continue;
            };
            let found = self.same_elsewhere(&plan);
            for seed in found {
                let Some(kin) = self.shrink_kin(&plan, seed) else {
                    continue;
                };
                tried += 1;
                let least = best.as_ref().map_or(case.bulk(), |best| best.0.bulk());
                if kin.0.bulk() < least {
                    best = Some((kin.0, kin.1, Arc::clone(&plan)));
                }
                let enough = best.as_ref().is_some_and(|best| !best.0.is_large());
                if enough || tried >= TRIED {
                    return best;
                }
            }
        }
        best
    }

    /// The first seeds under which a plan breaks in the same way, if they come soon.
    fn same_elsewhere(&mut self, plan: &Arc<Plan>) -> Vec<u64> {
        let aim = self.aim;
        let mut runner = Runner::new(plan);
        let (mut found, mut looked) = (Vec::new(), 0);
        for seed in 0..self.left {
            self.left -= 1;
            let outcome = runner.outcome(seed);
            let events = outcome.as_ref().map_or(0, |one| one.counts.events);
            self.events_left = self.events_left.saturating_sub(events);
            looked += events;
            if outcome.is_some_and(|outcome| aim.find(outcome.findings).is_some()) {
                found.push(seed);
            }
            let long = seed + 1 >= LOOK && looked >= LOOKED;
            if found.len() == 2 || long || self.events_left == 0 {
                break;
            }
        }
        found
    }

    fn shrink_kin(&mut self, plan: &Arc<Plan>, seed: u64) -> Option<(Case, Kin)> {
        if !self.may_run() {
            return None;
        }
        let case = Case::with_aim(plan, seed, self.aim)?;
        self.left -= 1;
        self.events_left = self.events_left.saturating_sub(case.took());
        let before = case.size();
        let case = self.with_kin((plan, case), EACH, Self::shrink);
        Some((case, Kin { seed, before }))
    }

    /// Does something with a run of another plan, in at most so many of the runs that are left.
    fn with_kin(
        &mut self,
        (plan, case): (&Arc<Plan>, Case),
        most: u64,
        work: impl Fn(&mut Self, Case) -> Case,
    ) -> Case {
        let given = self.left.min(most);
        let mut shrinker = Self::new(plan, (self.aim, &case), given);
        shrinker.events_left = self.events_left;
        let case = work(&mut shrinker, case);
        self.left -= given - shrinker.left;
        self.events_left = shrinker.events_left;
        case
    }
}

/// The plan with so few records; and these spread over as much time as all were, so that what strikes by time finds
/// somebody at work. None where its records are written out, are no more than that, or come in pairs.
fn smaller(plan: &Arc<Plan>, records: u32, spread_out: bool) -> Option<Arc<Plan>> {
    let load = &plan.scenario.workload;
    let halves = load.money == Money::Transfers && records % 2 == 1;
    if load.written.is_some() || records >= plan.scenario.records() || halves {
        return None;
    }
    let times = u64::from(plan.scenario.records() / records);
    let workload = Load {
        records,
        pace: if spread_out {
            (load.pace + load.pace_spread).times(times)
        } else {
            load.pace
        },
        ..load.clone()
    };
    let scenario = Scenario {
        workload,
        ..Scenario::clone(&plan.scenario)
    };
    Some(Arc::new(Plan {
        scenario: Arc::new(scenario),
        ..Plan::clone(plan)
    }))
}
