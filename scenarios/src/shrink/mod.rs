//! Shrinking a failing trial: to the few faults and records that the same violation needs.
//!
//! The run is written down as deviations with their meanings (`crate::shrink::meaning`), so that records and nodes can be
//! taken away without renaming what is left. Delays and jitter go first, all at once; then faults, records,
//! partitions and nodes. What is still large then has its faults moved into a world of a few records (`moves`). Last,
//! times move toward round numbers. Where all that leaves much, faults of the kinds that are left strike runs of a few
//! records by chance (`below`); and then a smaller run of the plan that breaks in the same way takes the place of the
//! first (`kin`). The violation stays *the same*: invariant, level, side and cause, and whether
//! it breaks the promise.

mod below;
mod case;
mod chances;
pub(crate) mod incident;
mod kin;
pub(crate) mod meaning;
mod moves;
pub(crate) mod reach;
mod survey;
mod taking;

use std::sync::Arc;

use semel_models::judge::{Cause, Findings, Side, Violation};
use semel_models::model::Model;
use semel_models::strategy::{Invariant, Level};
use semel_sim::adversary::Adversary;
use semel_sim::adversary::watch::Watched;
use semel_sim::schedule::{Deviation, Script};
use serde::Serialize;

use crate::file::scenario::Scenario;
use crate::shrink::meaning::{Carried, Meant};
use crate::shrink::reach::{Reach, Reaching};
use crate::trial::bench::{Bench, most_events};
use crate::trial::plan::Plan;
use crate::witness;
use crate::witness::sought::Sought;
use case::Case;

pub use crate::shrink::reach::Beyond;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Size {
    /// Packets lost, copied or late, outages, and changes of the weather. An isolation is one, with its end; so is a
    /// loss of power, with what survives it.
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
    /// The scenario of the run that was to be shrunk.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
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
    /// More could perhaps be taken away: it was cut short by this budget.
    pub cut_short: Option<Budget>,
    /// What its faults hit that no fault of the plan can.
    pub beyond: Vec<Beyond>,
}

/// What shrinking may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Budget {
    /// So many runs.
    Runs(u64),
    /// So many events, over all runs.
    Events(u64),
}

/// More faults than this are too many to tell one by one.
const MANY: usize = 3;

/// The runs that shrinking may take where nothing else is said.
pub const RUNS: u64 = 120_000;

/// The runs that taking away from the run itself may take of those: so many, or this share if that is more. The others
/// are small, and quickly run.
const TAKING: u64 = 3_000;
const SHARE: u64 = 40;

/// The events that all runs together may take: half a minute's worth where a failing run goes on and on.
const EVENTS: u64 = 150_000_000;

/// The events that it may take to go on with the smallest kin or, where none is smaller, with the run itself.
const MORE: u64 = 8_000_000;

/// Shrinks the run of a plan under a seed, in at most so many runs, to what fails in it most gravely. None where nothing
/// does.
pub fn shrink(plan: &Arc<Plan>, seed: u64, runs: u64) -> Option<Shrunk> {
    shrink_to(plan, seed, None, runs)
}

/// The same, to what is sought. None where that does not appear.
pub fn shrink_to(
    plan: &Arc<Plan>,
    seed: u64,
    sought: Option<&Sought>,
    runs: u64,
) -> Option<Shrunk> {
    let plan = &plan.drawn(seed);
    let (whole, aim) = Case::of(plan, seed, sought)?;
    let taking = runs.min(TAKING.max(runs / SHARE));
    let mut shrinker = Shrinker::new(plan, (aim, &whole), taking);
    shrinker.events_left = EVENTS.saturating_sub(whole.took());
    let case = shrinker.shrink(whole.clone());
    let mut case = shrinker.settle(case);
    shrinker.left += runs - taking;
    if case.is_large() {
        case = shrinker.by_chance(&case).unwrap_or(case);
    }
    let mut kin = None;
    if case.is_large()
        && let Some(found) = shrinker.kin(&case)
    {
        (case, kin) = (found.0, Some(found.1));
        shrinker.dry = shrinker.left == 0;
    }
    if kin.is_none() && case.is_large() && shrinker.dry {
        case = shrinker.go_on(case);
    }
    let spent = runs - shrinker.left;
    let cut_short = match shrinker.events_left {
        0 => Some(Budget::Events(EVENTS)),
        _ => shrinker.dry.then_some(Budget::Runs(spent)),
    };
    let (witness, left, kin) = shrinker.written(seed, (case, kin), &whole)?;
    Some(Shrunk {
        scenario: plan.scenario.name.clone(),
        seed,
        witness,
        aim,
        before: whole.size(),
        after: left.size(),
        kin,
        runs: spent,
        cut_short,
        beyond: shrinker.beyond(&left),
    })
}

impl Aim {
    /// The gravest thing that was found: a broken promise before anything beyond it, what befell a record before
    /// what follows from it for sums, the sink before the stream.
    pub fn gravest(findings: &Findings) -> Option<Self> {
        Self::gravest_of(findings.violations.iter())
    }

    /// The gravest thing that can be meant.
    pub fn of_sought(sought: &Sought, findings: &Findings) -> Option<Self> {
        Self::gravest_of(sought.among(findings))
    }

    fn gravest_of<'v>(found: impl DoubleEndedIterator<Item = &'v Violation>) -> Option<Self> {
        let gravity = |one: &&Violation| (one.is_breach(), one.record.is_some(), one.level);
        found.rev().max_by_key(gravity).map(Self::of)
    }

    /// This kind of violation.
    pub fn of(violation: &Violation) -> Self {
        Self {
            invariant: violation.invariant,
            level: violation.level,
            side: violation.side,
            cause: violation.cause,
            breach: violation.is_breach(),
        }
    }

    /// The first violation of this kind.
    pub fn find(self, findings: &Findings) -> Option<&Violation> {
        let mut found = findings.violations.iter();
        found.find(|found| Self::of(found) == self)
    }
}

/// Where faults are moved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moves {
    /// To where the plan's own can strike.
    Within,
    Anywhere,
    Nowhere,
}

struct Shrinker {
    aim: Aim,
    /// So many runs more,
    left: u64,
    /// and so many events in all of them.
    events_left: u64,
    /// A run was asked for that was no longer to be had.
    dry: bool,
    /// The most events of one run that is to show the same: where a fault is taken away that ended something, what is
    /// left may go on for long, and that is no smaller failure.
    events: u64,
    plan: Arc<Plan>,
    reach: Arc<Reach>,
    moves: Moves,
    /// Whatever begins in the run ends in it, and is to end.
    ends: bool,
}

impl Shrinker {
    fn new(plan: &Arc<Plan>, (aim, case): (Aim, &Case), left: u64) -> Self {
        Self {
            aim,
            left,
            events_left: EVENTS,
            dry: false,
            events: 2 * case.took() + 1_000,
            plan: Arc::clone(plan),
            reach: Arc::new(Reach::of(plan)),
            moves: Moves::Within,
            ends: !case.leaves_open(),
        }
    }

    /// Shrinks again until another round takes nothing more away.
    fn settle(&mut self, mut case: Case) -> Case {
        loop {
            let again = self.shrink(case.clone());
            if again.weight() >= case.weight() {
                return case;
            }
            case = again;
        }
    }

    /// Where no kin is smaller, what is left of the runs goes to the run itself, for a few seconds.
    fn go_on(&mut self, case: Case) -> Case {
        self.dry = false;
        self.sparing((u64::MAX, MORE), |shrinker| shrinker.settle(case))
    }

    /// Does something in at most so many runs and events of those that are left.
    fn sparing<T>(&mut self, (runs, events): (u64, u64), work: impl FnOnce(&mut Self) -> T) -> T {
        let spared_runs = self.left.saturating_sub(runs);
        let spared_events = self.events_left.saturating_sub(events);
        self.left -= spared_runs;
        self.events_left -= spared_events;
        let done = work(self);
        self.left += spared_runs;
        self.events_left += spared_events;
        done
    }

    /// As many passes as there are runs for.
    fn shrink(&mut self, mut case: Case) -> Case {
        const PASSES: [fn(&mut Shrinker, &mut Case); 10] = [
            Shrinker::fewer_delays,
            Shrinker::fewer_faults,
            Shrinker::fewer_records,
            Shrinker::smaller_world,
            Shrinker::fewer_faults,
            Shrinker::move_faults,
            Shrinker::simpler_records,
            Shrinker::fewer_records,
            Shrinker::rounder_times,
            Shrinker::fewer_faults,
        ];
        for pass in PASSES {
            if !self.may_run() {
                break;
            }
            pass(self, &mut case);
        }
        case
    }

    /// The witness of a case. A run that ends for want of events may come to something else with more of them, or with
    /// fewer: then it is held to those that it had here, and if that does not help, the run is told as it was.
    fn written(
        &self,
        seed: u64,
        (case, kin): (Case, Option<Kin>),
        whole: &Case,
    ) -> Option<(Scenario, Case, Option<Kin>)> {
        let mut held = case.clone();
        held.scenario.events = Some(self.most_events(&case));
        let all = [(case, kin), (held, kin), (whole.clone(), None)];
        all.into_iter().find_map(|(case, kin)| {
            let seed = kin.map_or(seed, |kin| kin.seed);
            let script = case.deviations().collect();
            let scenario = case.scenario.clone();
            let witness = witness::write(&self.plan, seed, scenario, script, self.aim)?;
            Some((witness, case, kin))
        })
    }

    fn most_events(&self, case: &Case) -> u64 {
        most_events(&case.scenario).min(self.events)
    }

    /// What the faults of a case hit that no fault of the plan can.
    fn beyond(&self, case: &Case) -> Vec<Beyond> {
        let plan = Plan {
            scenario: Arc::new(case.scenario.clone()),
            ..Plan::clone(&self.plan)
        };
        let bench = Bench::new(&Arc::new(plan), 0);
        let deviations: Vec<Deviation> = case.deviations().collect();
        let Ok(script) = Script::new(&deviations, &bench.nodes) else {
            return Vec::new();
        };
        let reaching = Reaching::new(&self.reach, (&bench.nodes, case.usual()));
        let mut watched = Watched::new(script, reaching);
        bench.play(&mut watched);
        watched.watch.into_beyond()
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

    /// Whether anything more can be run. Who asks has something to try: where it cannot be, shrinking is cut short.
    const fn may_run(&mut self) -> bool {
        let spent = self.left == 0 || self.events_left == 0;
        self.dry |= spent;
        !spent
    }

    /// The plan of a case. None where it makes no sense, or too much was asked already.
    fn bench(&mut self, case: &Case) -> Option<Bench> {
        if self.ends && case.leaves_open() {
            return None;
        }
        if !self.may_run() {
            return None;
        }
        self.left -= 1;
        let mut scenario = case.scenario.clone();
        scenario.events = Some(self.most_events(case));
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

    /// Most runs show nothing: only one that does is run again to be written down.
    fn play(
        &mut self,
        case: &Case,
        bench: &Bench,
        adversary: impl Adversary<Model> + Clone,
    ) -> Option<Case> {
        let (findings, events) = bench.play_counted(&mut adversary.clone());
        self.events_left = self.events_left.saturating_sub(events);
        let told = self.aim.find(&findings)?.record;
        let mut meant = Watched::new(adversary, Meant::new(&bench.nodes));
        bench.play(&mut meant);
        let mut shown = case.with(&meant.watch.into_meanings());
        shown.told = told;
        Some(shown)
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
}
