//! Verifying: every run of a plan that deviates from the quiet one at most so often, at points of a menu.
//!
//! Topology and workload are the scenario's; its faults are not. The menu follows from the transport, the strategy's
//! timers and the roles of the nodes. What is claimed is claimed of that menu and of one quiet timing, never more.

use std::collections::BTreeMap;
use std::sync::Arc;

use semel_models::judge::{Judge, Violation};
use semel_models::model::Model;
use semel_models::observation::Observation;
use semel_models::strategy::{Invariant, Level};
use semel_models::vocabulary::Item;
use semel_sim::address::{NodeId, Weather};
use semel_sim::adversary::watch::Watched;
use semel_sim::digest::Digest;
use semel_sim::record::{Entry, Recorder};
use semel_sim::schedule::Noted;
use semel_sim::search::explore::{Judging, Plan as Exploration, Tried, explore};
use semel_sim::search::menu::{Choice, Chosen, Menu, faults};
use semel_sim::time::{Span, Time};
use semel_sim::world::Limits;
use serde::Serialize;

use crate::file::scenario::Scenario;
use crate::outcome::row::ViolationRow;
use crate::outcome::verdict;
use crate::shrink::Aim;
use crate::trial::bench::Bench;
use crate::trial::plan::Plan;
use crate::witness;

mod breaking;
mod menu;
#[cfg(test)]
mod twin;

pub use breaking::{Breaking, Next};
pub use menu::Mishap;

use menu::{menu, mishaps};

/// The schedules that may be tried where nothing else is said.
pub const SCHEDULES: u64 = 5_000_000;

/// What every schedule of a menu comes to.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    /// The strategy.
    pub strategy: String,
    /// The scenario.
    pub scenario: String,
    /// How many records.
    pub records: u32,
    /// At most so many faults.
    pub faults: usize,
    /// What may happen.
    pub menu: Vec<Mishap>,
    /// Schedules followed to their end, by their number of faults.
    pub ended: Vec<u64>,
    /// Schedules that had the same future as an earlier one, by their number of faults.
    pub merged: Vec<u64>,
    /// Events simulated.
    pub events: u64,
    /// False if the schedules that were allowed were used up first.
    pub finished: bool,
    /// The claim just stronger than the promise.
    pub next: Next,
    /// What was violated, each with one of its smallest schedules; broken promises first.
    pub found: Vec<Counterexample>,
}

/// A kind of violation, and one of the smallest schedules that bring it about.
#[derive(Clone, Debug, Serialize)]
pub struct Counterexample {
    /// What is violated.
    pub violation: ViolationRow,
    /// By how many faults.
    pub faults: usize,
    /// In how many of the schedules followed to their end.
    pub schedules: u64,
    /// A scenario that repeats it.
    #[serde(skip)]
    pub witness: Option<Scenario>,
    /// The faults, as files write them.
    pub schedule: Vec<String>,
}

impl Verified {
    /// A scenario that repeats the gravest of what was found.
    pub fn witness(&self) -> Option<&Scenario> {
        self.found.iter().find_map(|one| one.witness.as_ref())
    }

    /// All schedules, followed to their end or merged.
    pub fn schedules(&self) -> u64 {
        self.ended.iter().chain(&self.merged).sum()
    }

    /// The fewest faults that break the promise.
    pub fn breaking(&self) -> Option<usize> {
        let broken = self.found.iter().filter(|one| one.violation.is_breach());
        broken.map(|one| one.faults).min()
    }
}

/// Follows every schedule of at most `most` faults: first those of one, then those of two, and so on, of each number
/// at most so many in all. So where it is cut short, what was found has the fewest faults all the same.
pub fn verify(plan: &Arc<Plan>, most: usize, schedules: u64) -> Verified {
    let plan = &plan.as_written();
    let bench = Bench::new(plan, 0);
    let menu = menu(plan);
    let limits = Limits {
        heal_at: Time::NEVER,
        ..bench.limits()
    };
    let exploration = |most| Exploration {
        menu: &menu,
        most,
        limits: &limits,
        schedules,
        merge: true,
    };
    let mut size = most.min(1);
    let (mut tried, mut found) = follow(&exploration(size), &bench);
    while tried.finished && size < most {
        size += 1;
        let (more, larger) = follow(&exploration(size), &bench);
        tried = more;
        found = larger.or_smaller(found);
    }
    verified(&bench, &menu, most, &tried, found)
}

/// Follows the schedules of an exploration.
fn follow(exploration: &Exploration<'_>, bench: &Bench) -> (Tried, Found) {
    let mut found = Found::default();
    let tried = explore(
        exploration,
        bench.world(),
        Alone(bench.judge()),
        |mut world, mut alone, end, chosen| {
            world.last_words(&mut alone);
            alone.0.finish(end, world.now());
            found.add(&alone.0, chosen);
        },
    );
    (tried, found)
}

fn verified(bench: &Bench, menu: &Menu, most: usize, tried: &Tried, found: Found) -> Verified {
    let mut found: Vec<Counterexample> = found
        .0
        .into_values()
        .map(|kind| kind.counterexample(bench, menu))
        .collect();
    found.sort_by_key(|one| (!one.violation.is_breach(), one.faults));
    Verified {
        strategy: bench.plan.name.clone(),
        scenario: bench.plan.scenario.name.clone(),
        records: bench.workload.records,
        faults: most,
        menu: mishaps(menu, bench),
        ended: tried.ended.clone(),
        merged: tried.merged.clone(),
        events: tried.events,
        finished: tried.finished,
        next: Next::above(&bench.plan.strategy),
        found,
    }
}

/// The judge alone takes a run down.
#[derive(Clone)]
struct Alone(Judge);

impl Recorder<Model> for Alone {
    const OPEN: bool = false;

    fn entry(&mut self, _: &Entry<Model>, _: &[Item]) {}

    #[inline]
    fn observe(&mut self, entry: u64, at: Time, node: NodeId, observation: &Observation) {
        self.0.observe(entry, at, node, observation);
    }

    fn fault(&mut self, at: Time, change: &Weather) {
        self.0.fault(at, change);
    }

    fn duplicated(&mut self, at: Time) {
        self.0.duplicated(at);
    }

    fn complete(&self) -> bool {
        self.0.complete()
    }

    fn progress(&self) -> u64 {
        self.0.progress()
    }
}

impl Judging<Model> for Alone {
    fn fingerprint(&self, now: Time, digest: &mut Digest) {
        self.0.fingerprint(now, digest);
    }
}

/// A kind of violation: what, where, and whether the strategy is held to it.
type Kind = (Invariant, Level, bool);

#[derive(Default)]
struct Found(BTreeMap<Kind, Smallest>);

/// The smallest schedule of a kind.
struct Smallest {
    violation: Violation,
    chosen: Vec<Choice>,
    schedules: u64,
}

impl Found {
    fn add(&mut self, judge: &Judge, chosen: &[Choice]) {
        let mut counted: Vec<Kind> = Vec::new();
        for violation in &judge.findings().violations {
            let kind = (violation.invariant, violation.level, violation.is_breach());
            if counted.contains(&kind) {
                continue;
            }
            counted.push(kind);
            let new = || Smallest {
                violation: violation.clone(),
                chosen: chosen.to_vec(),
                schedules: 0,
            };
            let smallest = self.0.entry(kind).or_insert_with(new);
            smallest.schedules += 1;
            if faults(chosen) < faults(&smallest.chosen) {
                smallest.violation = violation.clone();
                smallest.chosen = chosen.to_vec();
            }
        }
    }
}

impl Found {
    /// The same, but for kinds of which smaller schedules are known: an exploration that is cut short may have met
    /// only larger ones.
    fn or_smaller(mut self, smaller: Self) -> Self {
        for (kind, smallest) in smaller.0 {
            match self.0.get_mut(&kind) {
                Some(known) if faults(&smallest.chosen) < faults(&known.chosen) => {
                    known.violation = smallest.violation;
                    known.chosen = smallest.chosen;
                }
                Some(_) => {}
                None => drop(self.0.insert(kind, smallest)),
            }
        }
        self
    }
}

impl Smallest {
    fn counterexample(self, bench: &Bench, menu: &Menu) -> Counterexample {
        let mut noted = Watched::new(Chosen::new(menu, &self.chosen), Noted::new(&bench.nodes));
        bench.play(&mut noted);
        let script = noted.watch.into_deviations();
        let aim = Aim::of(&self.violation);
        let mut scenario = Scenario::clone(&bench.plan.scenario);
        witness::write_out(&mut scenario, &bench.workload);
        scenario.network.spread = Span::ZERO;
        scenario.heal_at = None;
        Counterexample {
            violation: verdict::violation(&self.violation),
            faults: faults(&self.chosen),
            schedules: self.schedules,
            schedule: script.iter().map(witness::inline).collect(),
            witness: witness::write(&bench.plan, 0, scenario, script, aim),
        }
    }
}
