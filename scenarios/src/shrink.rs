//! Shrinking a failing trial: to the few faults and records that the same violation needs.
//!
//! The run is written down as deviations with their meanings (`crate::meaning`), so that records and nodes can be
//! taken away without renaming what is left. Delays and jitter go first, all at once; then faults, records,
//! partitions and nodes; then times move toward round numbers. The violation stays *the same*: invariant, level and
//! cause, and whether it breaks the promise.

use std::sync::Arc;

use semel_models::judge::{Cause, Findings, Violation};
use semel_models::strategy::{Invariant, Level};
use semel_models::vocabulary::Topology;
use semel_models::workload::{Money, Written};
use semel_sim::schedule::{Deviation, Fated};
use semel_sim::shrink::shrink as ddmin;
use semel_sim::time::Span;

use crate::bench::Bench;
use crate::found;
use crate::meaning::{Carried, Meaning, Meant};
use crate::plan::Plan;
use crate::scenario::Scenario;

/// What is kept while everything else is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aim {
    /// What is broken.
    pub invariant: Invariant,
    /// Where.
    pub level: Level,
    /// Why.
    pub cause: Cause,
    /// Whether the strategy is held to it.
    pub breach: bool,
}

/// How much there is to a failing run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Packets lost, copied or late, outages, and changes of the weather.
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
    /// How many runs it took.
    pub runs: u64,
}

/// The runs that shrinking may take where nothing else is said.
pub const RUNS: u64 = 5_000;

/// Shrinks the run of a plan under a seed, in at most so many runs. None where nothing fails in it.
pub fn shrink(plan: &Arc<Plan>, seed: u64, runs: u64) -> Option<Shrunk> {
    let plan = &plan.drawn(seed);
    let (case, aim) = Case::of(plan, seed)?;
    let before = case.size();
    let mut shrinker = Shrinker {
        aim,
        left: runs,
        plan: Arc::clone(plan),
    };
    let case = shrinker.shrink(case);
    let runs = runs - shrinker.left;
    let after = case.size();
    let script = case.meanings.into_iter().map(|meaning| meaning.deviation);
    let witness = found::write(plan, seed, case.scenario, script.collect(), aim)?;
    Some(Shrunk {
        witness,
        aim,
        before,
        after,
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
            cause: worst.cause,
            breach: worst.is_breach(),
        })
    }

    /// The first violation of this kind.
    pub fn find(self, findings: &Findings) -> Option<&Violation> {
        findings.violations.iter().find(|found| {
            (found.invariant, found.level, found.cause) == (self.invariant, self.level, self.cause)
                && found.is_breach() == self.breach
        })
    }
}

/// A run that may fail: a scenario with its records written out and no faults but these.
#[derive(Clone, Debug)]
struct Case {
    scenario: Scenario,
    meanings: Vec<Meaning>,
}

impl Case {
    /// Runs a plan and writes it down; and what is the gravest that was found, if anything was.
    fn of(plan: &Arc<Plan>, seed: u64) -> Option<(Self, Aim)> {
        let bench = Bench::new(plan, seed);
        let mut adversary = Meant::new(bench.seeded(seed), &bench.nodes);
        let findings = bench.play(&mut adversary);
        let aim = Aim::gravest(&findings)?;
        let mut scenario = Scenario::clone(&plan.scenario);
        let write = |id| {
            let record = bench.workload.record(id);
            Written {
                key: record.key,
                amount: record.amount,
                pace: record.pace,
            }
        };
        scenario.workload.written = Some((0..bench.workload.records).map(write).collect());
        scenario.faults = Vec::new();
        scenario.network.spread = Span::ZERO;
        let (_, meanings) = adversary.into_parts();
        Some((Self { scenario, meanings }, aim))
    }

    fn written(&self) -> &[Written] {
        self.scenario
            .workload
            .written
            .as_deref()
            .unwrap_or_default()
    }

    fn size(&self) -> Size {
        let delays = self
            .meanings
            .iter()
            .filter(|one| is_delay(&one.deviation))
            .count();
        let topology = self.scenario.topology;
        Size {
            faults: self.meanings.len() - delays,
            delays,
            records: self.scenario.records(),
            nodes: topology.size(),
            partitions: topology.partitions,
        }
    }

    /// The same with other deviations.
    fn with(&self, meanings: &[Meaning]) -> Self {
        Self {
            scenario: self.scenario.clone(),
            meanings: meanings.to_vec(),
        }
    }

    /// The same with a few of its records, each intended when it was.
    fn keeping(&self, records: &[usize]) -> Self {
        let mut case = self.clone();
        case.scenario.workload.written = Some(self.rewritten(records));
        let renumber = |old: u32| {
            let place = records.binary_search(&(old as usize));
            place.ok().map(|index| index as u32)
        };
        let topology = self.scenario.topology;
        let renamed = |meaning: &Meaning| rename(meaning, renumber, (topology, topology));
        case.meanings = self.meanings.iter().filter_map(renamed).collect();
        let gone = (self.written().len() - records.len()) as u64;
        case.meanings
            .iter_mut()
            .for_each(|meaning| shorten(&mut meaning.deviation, gone));
        case
    }

    fn rewritten(&self, records: &[usize]) -> Vec<Written> {
        let producers = self.scenario.topology.producers;
        let turn = |record: usize| match self.scenario.workload.money {
            Money::Credits => record % usize::from(producers),
            Money::Transfers => record / 2 % usize::from(producers),
        };
        let mut clocks = vec![Span::ZERO; producers.into()];
        let mut intended = Vec::new();
        for (record, written) in self.written().iter().enumerate() {
            let clock = &mut clocks[turn(record)];
            *clock = *clock + written.pace;
            intended.push(*clock);
        }
        clocks.fill(Span::ZERO);
        let rewrite = |(new, old): (usize, &usize)| {
            let clock = &mut clocks[turn(new)];
            let pace = Span(intended[*old].0.saturating_sub(clock.0));
            *clock = *clock + pace;
            Written {
                pace,
                ..self.written()[*old]
            }
        };
        records.iter().enumerate().map(rewrite).collect()
    }

    /// The same in a smaller world.
    fn within(&self, topology: Topology) -> Self {
        let mut case = self.clone();
        let both = (self.scenario.topology, topology);
        case.scenario.topology = topology;
        let renamed = |meaning: &Meaning| rename(meaning, Some, both);
        case.meanings = self.meanings.iter().filter_map(renamed).collect();
        case
    }
}

fn rename(
    meaning: &Meaning,
    record: impl Fn(u32) -> Option<u32>,
    topologies: (Topology, Topology),
) -> Option<Meaning> {
    let mut renamed = meaning.clone();
    if let Some((place, nth)) = meaning.place {
        renamed.place = Some((place.renamed(record, topologies)?, nth));
    }
    Some(renamed)
}

/// With fewer records a journal holds fewer entries, and fewer survive.
fn shorten(deviation: &mut Deviation, gone: u64) {
    if let Deviation::Survives { kept, .. } = deviation {
        *kept = kept.saturating_sub(gone);
    }
}

/// Whether a deviation is one of those that any run is full of.
fn is_delay(deviation: &Deviation) -> bool {
    match deviation {
        Deviation::Jitter { .. } => true,
        Deviation::Packet {
            fate: Fated::Arrives(delays),
            ..
        } => delays.len() == 1,
        _ => false,
    }
}

struct Shrinker {
    aim: Aim,
    left: u64,
    plan: Arc<Plan>,
}

impl Shrinker {
    fn shrink(&mut self, mut case: Case) -> Case {
        self.fewer_delays(&mut case);
        self.fewer_faults(&mut case);
        self.fewer_records(&mut case);
        self.smaller_world(&mut case);
        self.fewer_faults(&mut case);
        self.simpler_records(&mut case);
        self.rounder_times(&mut case);
        case
    }

    /// The case as it runs, if it still shows the violation: with deviations by the addresses that they now have.
    fn shows(&mut self, case: &Case) -> Option<Case> {
        self.left = self.left.checked_sub(1)?;
        let scenario = Arc::new(case.scenario.clone());
        let strategy = self.plan.strategy.clone();
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
        let bench = Bench::new(&Arc::new(plan), 0);
        let mut adversary = Meant::new(Carried::new(&case.meanings, &bench.nodes)?, &bench.nodes);
        let findings = bench.play(&mut adversary);
        self.aim.find(&findings)?;
        let (_, meanings) = adversary.into_parts();
        Some(Case {
            scenario: case.scenario.clone(),
            meanings,
        })
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
        let quiet = case.with(&kept(&|deviation| !is_delay(deviation)));
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
            !some.is_empty() && self.shows(&case.keeping(&spread(some))).is_some()
        });
        let fewer = case.keeping(&spread(&left));
        self.take(case, &fewer);
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
            exact.0 = exact.0.div_ceil(unit.0) * unit.0;
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
