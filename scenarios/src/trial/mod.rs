//! Trials: runs of one plan under many seeds, in a world that is built once.
//!
//! A warm runner allocates nothing during a run: world, nodes, adversary and judge are reset, and the workload is
//! written into the copy that the run before last used.

pub(crate) mod bench;
mod patience;
pub mod plan;
pub(crate) mod recorders;
pub mod token;
pub mod trace;

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use semel_models::judge::{Findings, Judge};
use semel_models::model::Model;
use semel_models::node;
use semel_models::observation::Place;
use semel_models::vocabulary::RecordId;
use semel_models::workload::Workload;
use semel_sim::adversary::seeded::Seeded;
use semel_sim::adversary::watch::Watched;
use semel_sim::chance::Seed;
use semel_sim::schedule::{Deviation, Noted};
use semel_sim::world::{End, Limits, World};

use crate::outcome::Outcome;
use crate::outcome::row::Row;
use crate::outcome::verdict;
use crate::trial::bench::{Bench, play};
use crate::trial::plan::Plan;
use crate::trial::recorders::{Blind, Counting, Eyes, Glance};
use crate::trial::trace::{Trace, Watching};

/// Runs a plan, seed after seed, in one world.
#[derive(Clone, Debug)]
pub struct Runner {
    plan: Arc<Plan>,
    /// The plan as the latest seed drew it.
    drawn: Arc<Plan>,
    faults: Vec<String>,
    /// None where the plan does not apply.
    stage: Option<Stage>,
}

#[derive(Clone, Debug)]
struct Stage {
    world: World<Model>,
    adversary: Counting<Seeded<Model>>,
    judge: Judge,
    limits: Limits,
    names: Vec<String>,
    workload: Arc<Workload>,
    /// Nobody else holds this one: the next run's contents are written into it.
    spare: Arc<Workload>,
}

/// A run with everything that happened in it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its row.
    pub row: Row,
    /// What the judge found, with the entries at which it was seen.
    pub findings: Findings,
    /// Everything that happened.
    pub trace: Trace,
    /// What the adversary answered differently from the quiet run: the schedule that repeats it.
    pub deviations: Vec<Deviation>,
    /// What was intended.
    pub workload: Arc<Workload>,
}

/// A run as people are told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Its row.
    pub row: Row,
    /// Who recognised repeats of which records.
    pub recognised: BTreeSet<(Place, RecordId)>,
}

impl Runner {
    /// Builds the world of a plan.
    pub fn new(plan: &Arc<Plan>) -> Self {
        let stage = plan.is_applicable().then(|| Stage::new(plan));
        Self {
            plan: Arc::clone(plan),
            drawn: Arc::clone(plan),
            faults: plan.faults(),
            stage,
        }
    }

    /// The plan it runs.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// One run, eyes closed: only what the judge counts is kept. None where the plan does not apply.
    pub fn outcome(&mut self, seed: u64) -> Option<Outcome<'_>> {
        self.draw(seed);
        self.outcome_of_drawn(seed)
    }

    fn outcome_of_drawn(&mut self, seed: u64) -> Option<Outcome<'_>> {
        let stage = self.stage.as_mut()?;
        stage.reset(seed);
        let end = stage.play(Blind);
        Some(stage.outcome(end, &stage.adversary))
    }

    /// One run, eyes closed, as a row.
    pub fn run(&mut self, seed: u64) -> Row {
        self.draw(seed);
        let (plan, faults) = (Arc::clone(&self.drawn), std::mem::take(&mut self.faults));
        let row = match self.outcome_of_drawn(seed) {
            Some(outcome) => verdict::row(&plan, &faults, seed, &outcome),
            None => verdict::untouched(&plan, &faults, seed),
        };
        self.faults = faults;
        row
    }

    /// The same run with eyes open. None where the plan does not apply.
    pub fn run_open(&mut self, seed: u64) -> Option<Opened> {
        self.draw(seed);
        let (plan, faults) = (&self.drawn, &self.faults);
        let stage = self.stage.as_mut()?;
        let mut trace = Trace::new(&stage.names, faults);
        stage.reset(seed);
        let counting = stage.adversary.clone();
        let mut noted = Watched::new(counting, Noted::new(&stage.names));
        let end = play(
            &mut stage.world,
            &stage.limits,
            &mut noted,
            &mut stage.judge,
            &mut trace,
        );
        let outcome = stage.outcome(end, &noted.adversary);
        Some(Opened {
            row: verdict::row(plan, faults, seed, &outcome),
            findings: outcome.findings.clone(),
            trace,
            deviations: noted.watch.into_deviations(),
            workload: Arc::clone(&stage.workload),
        })
    }

    /// The same run with eyes open, of which nothing is kept but the row. None where the plan does not apply.
    pub fn run_watched(&mut self, seed: u64) -> Option<Row> {
        self.draw(seed);
        let stage = self.stage.as_mut()?;
        let mut glance = Glance::default();
        stage.reset(seed);
        let end = stage.play(&mut glance);
        let outcome = stage.outcome(end, &stage.adversary);
        let told = outcome.counts.entries;
        assert_eq!(glance.entries, told, "open eyes are shown every entry");
        Some(verdict::row(&self.drawn, &self.faults, seed, &outcome))
    }

    /// The same run as people are told of it; each entry is written out as a line of JSON where somebody wants it.
    pub fn run_told(&mut self, seed: u64, out: Option<&mut dyn io::Write>) -> io::Result<Told> {
        self.draw(seed);
        let (plan, faults) = (&self.drawn, &self.faults);
        let Some(stage) = self.stage.as_mut() else {
            return Ok(Told {
                row: verdict::untouched(plan, faults, seed),
                recognised: BTreeSet::new(),
            });
        };
        stage.reset(seed);
        let mut watching = Watching::new(&stage.names, faults, out);
        // What watches borrows the names of the stage.
        let Stage {
            world,
            adversary,
            judge,
            limits,
            ..
        } = stage;
        let end = play(world, limits, adversary, judge, &mut watching);
        let recognised = watching.finish()?;
        let outcome = stage.outcome(end, &stage.adversary);
        Ok(Told {
            row: verdict::row(plan, faults, seed, &outcome),
            recognised,
        })
    }

    /// Under swarm each seed has a world of its own.
    fn draw(&mut self, seed: u64) {
        if self.stage.is_some() && self.plan.is_swarm() {
            self.drawn = self.plan.drawn(seed);
            self.stage = Some(Stage::new(&self.drawn));
        }
    }
}

impl Stage {
    fn new(plan: &Arc<Plan>) -> Self {
        let bench = Bench::new(plan, 0);
        Self {
            world: bench.world(),
            adversary: Counting::new(bench.seeded(0), &bench.plan.strategy),
            judge: bench.judge(),
            limits: bench.limits(),
            spare: Arc::new(bench.plan.workload(0)),
            names: bench.nodes,
            workload: bench.workload,
        }
    }

    fn reset(&mut self, seed: u64) {
        let dice = Seed::new(seed).dice("workload");
        if let Some(spare) = Arc::get_mut(&mut self.spare) {
            spare.dice = dice;
        } else {
            // Somebody kept the workload of an opened run.
            self.spare = Arc::new(Workload {
                dice,
                ..Workload::clone(&self.workload)
            });
        }
        std::mem::swap(&mut self.workload, &mut self.spare);
        self.world.reset();
        node::rebuild(self.world.nodes_mut(), &self.workload);
        self.judge.reset(Arc::clone(&self.workload));
        self.adversary.adversary.reset(seed);
        self.adversary.requests = 0;
    }

    fn play(&mut self, eyes: impl Eyes) -> End {
        let Self {
            world,
            adversary,
            judge,
            limits,
            ..
        } = self;
        play(world, limits, adversary, judge, eyes)
    }

    fn outcome(&self, end: End, counting: &Counting<Seeded<Model>>) -> Outcome<'_> {
        Outcome {
            end,
            at: self.world.now(),
            digest: self.world.digest(),
            counts: self.world.counts(),
            requests: counting.requests,
            scripted: counting.adversary.scripted(),
            findings: self.judge.findings(),
        }
    }
}
