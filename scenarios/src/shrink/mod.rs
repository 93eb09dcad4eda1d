//! Shrinking a failing trial: to the few faults and records that the same violation needs.
//!
//! The run is written down as deviations with their meanings (`crate::meaning`), so that records and nodes can be
//! taken away without renaming what is left. Delays and jitter go first, all at once; then faults, records,
//! partitions and nodes. What is still large then has its faults moved into a world of a few records (`moves`). Last,
//! times move toward round numbers. Where all that leaves much, a smaller run of the plan that breaks in the same way
//! takes the place of the first (`kin`). The violation stays *the same*: invariant, level, side and cause, and whether
//! it breaks the promise.

mod case;
mod kin;
mod moves;

use std::sync::Arc;

use semel_models::judge::{Cause, Findings, Side, Violation};
use semel_models::model::Model;
use semel_models::strategy::{Invariant, Level};
use semel_models::vocabulary::Topology;
use semel_models::workload::{Money, Written};
use semel_sim::adversary::Adversary;
use semel_sim::schedule::{Deviation, Fated, Script};
use semel_sim::shrink::shrink as ddmin;
use semel_sim::time::Span;
use serde::Serialize;

use crate::bench::Bench;
use crate::found;
use crate::meaning::{Carried, Meaning, Meant};
use crate::plan::Plan;
use crate::scenario::Scenario;
use crate::trial::Runner;
use case::Case;

pub use kin::Kin;

/// What is kept while everything else is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aim {
    /// What is broken.
    pub invariant: Invariant,
    /// Where.
    pub level: Level,
    /// On which side it was born.
    pub side: Side,
    /// Why.
    pub cause: Cause,
    /// Whether the strategy is held to it.
    pub breach: bool,
}

/// How much there is to a failing run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Packets lost, copied or late, outages, and changes of the weather. An isolation is one, with its end; so is a loss
    /// of power, with what survives it.
    pub faults: usize,
    /// Packets that only took longer than the least time, and delays drawn longer than their least.
    pub delays: usize,
    /// Records intended.
    pub records: u32,
    /// Nodes.
    pub nodes: u16,
    /// Partitions.
    pub partitions: u16,
}

/// What shrinking came to.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// A scenario that repeats the violation from an explicit schedule.
    pub witness: Scenario,
    /// What was kept.
    pub aim: Aim,
    /// What there was.
    pub before: Size,
    /// What is left.
    pub after: Size,
    /// The other run of the plan that it is left of, if that is smaller.
    pub kin: Option<Kin>,
    /// How many runs it took.
    pub runs: u64,
}

/// More faults than this are too many to tell one by one.
const MANY: usize = 3;

/// The runs that shrinking may take where nothing else is said.
pub const RUNS: u64 = 60_000;

/// The runs that taking away from the run itself may take of those. Its kin are small, and quickly run.
const TAKING: u64 = 5_000;

/// Shrinks the run of a plan under a seed, in at most so many runs. None where nothing fails in it.
pub fn shrink(plan: &Arc<Plan>, seed: u64, runs: u64) -> Option<Shrunk> {
    let plan = &plan.drawn(seed);
    let (case, aim) = Case::of(plan, seed)?;
    let before = case.size();
    let mut shrinker = Shrinker {
        aim,
        left: runs.min(TAKING),
        events: patience(plan, seed),
        plan: Arc::clone(plan),
    };
    let mut case = shrinker.shrink(case);
    shrinker.left += runs - runs.min(TAKING);
    let mut kin = None;
    if case.is_large()
        && let Some((smaller, of)) = shrinker.kin(&case)
    {
        (case, kin) = (smaller, Some(of));
    }
    let runs = runs - shrinker.left;
    let after = case.size();
    let script = case.deviations().collect();
    let seed = kin.map_or(seed, |kin| kin.seed);
    let witness = found::write(plan, seed, case.scenario, script, aim)?;
    Some(Shrunk {
        witness,
        aim,
        before,
        after,
        kin,
        runs,
    })
}

impl Aim {
    /// The gravest thing that was found: a broken promise before anything beyond it, what befell a record before
    /// what follows from it for sums, the sink before the stream.
    pub fn gravest(findings: &Findings) -> Option<Self> {
        let gravity = |one: &&Violation| (one.is_breach(), one.record.is_some(), one.level);
        let worst = findings.violations.iter().rev().max_by_key(gravity)?;
        Some(Self {
            invariant: worst.invariant,
            level: worst.level,
            side: worst.side,
            cause: worst.cause,
            breach: worst.is_breach(),
        })
    }

    /// The first violation of this kind.
    pub fn find(self, findings: &Findings) -> Option<&Violation> {
        findings.violations.iter().find(|found| {
            (found.invariant, found.level) == (self.invariant, self.level)
                && (found.side, found.cause) == (self.side, self.cause)
                && found.is_breach() == self.breach
        })
    }
}

/// How many events a run may take that is to show the same: where a fault is taken away that ended something, what is
/// left may go on for long, and that is no smaller failure.
fn patience(plan: &Arc<Plan>, seed: u64) -> u64 {
    let events = Runner::new(plan)
        .outcome(seed)
        .map(|outcome| outcome.counts.events);
    events.map_or(u64::MAX, |events| 2 * events + 1_000)
}

struct Shrinker {
    aim: Aim,
    left: u64,
    events: u64,
    plan: Arc<Plan>,
}

impl Shrinker {
    fn shrink(&mut self, mut case: Case) -> Case {
        self.fewer_delays(&mut case);
        self.fewer_faults(&mut case);
        self.fewer_records(&mut case);
        self.smaller_world(&mut case);
        self.fewer_faults(&mut case);
        self.move_faults(&mut case);
        self.simpler_records(&mut case);
        self.fewer_records(&mut case);
        self.rounder_times(&mut case);
        self.fewer_faults(&mut case);
        case
    }

    /// The case as it runs, if it still shows the violation: with deviations by the addresses that they now have.
    fn shows(&mut self, case: &Case) -> Option<Case> {
        let bench = self.bench(case)?;
        let carried = Carried::new(&case.meanings, &bench.nodes)?;
        self.play(case, &bench, carried)
    }

    /// The same with its deviations by the addresses that they have, as the file of a witness gives them.
    fn shows_by_address(&mut self, case: &Case) -> Option<Case> {
        let bench = self.bench(case)?;
        let deviations: Vec<Deviation> = case.deviations().collect();
        let script = Script::new(&deviations, &bench.nodes).ok()?;
        self.play(case, &bench, script)
    }

    /// The plan of a case. None where it makes no sense, or too much was asked already.
    fn bench(&mut self, case: &Case) -> Option<Bench> {
        self.left = self.left.checked_sub(1)?;
        let mut scenario = case.scenario.clone();
        scenario.events = Some(
            scenario
                .events
                .map_or(self.events, |most| most.min(self.events)),
        );
        let scenario = Arc::new(scenario);
        let strategy = &self.plan.strategy;
        if !strategy
            .check(scenario.topology, scenario.transport)
            .is_empty()
        {
            return None;
        }
        let plan = Plan {
            scenario,
            ..Plan::clone(&self.plan)
        };
        Some(Bench::new(&Arc::new(plan), 0))
    }

    fn play(&self, case: &Case, bench: &Bench, adversary: impl Adversary<Model>) -> Option<Case> {
        let mut meant = Meant::new(adversary, &bench.nodes);
        let findings = bench.play(&mut meant);
        self.aim.find(&findings)?;
        let (_, meanings) = meant.into_parts();
        Some(case.with(&meanings))
    }

    /// Takes a candidate if it still fails.
    fn take(&mut self, case: &mut Case, candidate: &Case) -> bool {
        let shown = self.shows(candidate);
        let taken = shown.is_some();
        if let Some(shown) = shown {
            *case = shown;
        }
        taken
    }

    fn fewer_delays(&mut self, case: &mut Case) {
        let kept = |keep: &dyn Fn(&Deviation) -> bool| -> Vec<Meaning> {
            let kept = case.meanings.iter().filter(|one| keep(&one.deviation));
            kept.cloned().collect()
        };
        let quiet = case.with(&kept(&|deviation| !case.is_delay(deviation)));
        let jitter = |deviation: &Deviation| !matches!(deviation, Deviation::Jitter { .. });
        let steady = case.with(&kept(&jitter));
        let _ = self.take(case, &quiet) || self.take(case, &steady);
    }

    fn fewer_faults(&mut self, case: &mut Case) {
        let budget = self.left;
        let (left, _) = ddmin(&case.meanings, budget, |some| {
            self.shows(&case.with(some)).is_some()
        });
        let fewer = case.with(&left);
        self.take(case, &fewer);
        // A line taken out of a file leaves the others at their addresses.
        let mut index = 0;
        while index < case.meanings.len() {
            let mut rest = case.meanings.clone();
            rest.remove(index);
            match self.shows_by_address(&case.with(&rest)) {
                Some(shown) if shown.meanings.len() < case.meanings.len() => *case = shown,
                _ => index += 1,
            }
        }
    }

    /// Transfers come and go in pairs.
    fn fewer_records(&mut self, case: &mut Case) {
        let size = match case.scenario.workload.money {
            Money::Credits => 1,
            Money::Transfers => 2,
        };
        let units: Vec<usize> = (0..case.written().len() / size).collect();
        let spread = |units: &[usize]| -> Vec<usize> {
            let records = |unit: &usize| unit * size..(unit + 1) * size;
            units.iter().flat_map(records).collect()
        };
        let budget = self.left;
        let (left, _) = ddmin(&units, budget, |some| {
            !some.is_empty() && self.keeping(case, &spread(some)).is_some()
        });
        if let Some(fewer) = self.keeping(case, &spread(&left)) {
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

    fn smaller_world(&mut self, case: &mut Case) {
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
    fn simpler_records(&mut self, case: &mut Case) {
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

    fn rounder_times(&mut self, case: &mut Case) {
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
            let mut candidate = case.clone();
            let Some(exact) = span(&mut candidate) else {
                return;
            };
            if exact.0.is_multiple_of(unit.0) {
                return;
            }
            if exact.0 < unit.0 {
                continue;
            }
            let below = exact.0 / unit.0 * unit.0;
            exact.0 = below + unit.0;
            if self.take(case, &candidate) {
                return;
            }
            *span(&mut candidate).expect("it was there") = Span(below);
            if self.take(case, &candidate) {
                return;
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
