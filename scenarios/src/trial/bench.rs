//! A bench: one plan under one seed, to be run again and again under adversaries of all kinds.

use std::sync::Arc;

use semel_models::judge::{Findings, Judge};
use semel_models::model::Model;
use semel_models::node;
use semel_models::workload::Workload;
use semel_sim::adversary::Adversary;
use semel_sim::adversary::seeded::Seeded;
use semel_sim::net::Latency;
use semel_sim::time::Time;
use semel_sim::world::{End, Limits, Terrain, World};

use crate::file::scenario::Scenario;
use crate::trial::plan::Plan;
use crate::trial::recorders::{Blind, Court, Eyes};
use crate::trial::trace::Trace;

/// A plan and the workload of one seed.
#[derive(Clone, Debug)]
pub(crate) struct Bench {
    pub(crate) plan: Arc<Plan>,
    pub(crate) nodes: Vec<String>,
    pub(crate) workload: Arc<Workload>,
}

impl Bench {
    pub(crate) fn new(plan: &Arc<Plan>, seed: u64) -> Self {
        let plan = plan.drawn(seed);
        Self {
            nodes: plan.nodes(),
            workload: Arc::new(plan.workload(seed)),
            plan,
        }
    }

    /// The adversary of the plan's own faults.
    pub(crate) fn seeded(&self, seed: u64) -> Seeded<Model> {
        self.plan.adversary(&self.nodes, seed)
    }

    /// A run with eyes closed.
    pub(crate) fn play(&self, adversary: &mut impl Adversary<Model>) -> Findings {
        self.run(adversary, Blind).0
    }

    /// The same, and how many events it took.
    pub(crate) fn play_counted(&self, adversary: &mut impl Adversary<Model>) -> (Findings, u64) {
        self.run(adversary, Blind)
    }

    /// The same run with eyes open.
    pub(crate) fn watch(&self, adversary: &mut impl Adversary<Model>) -> (Findings, Trace) {
        let mut trace = Trace::new(&self.nodes, &self.plan.faults());
        let (findings, _) = self.run(adversary, &mut trace);
        (findings, trace)
    }

    fn run(&self, adversary: &mut impl Adversary<Model>, eyes: impl Eyes) -> (Findings, u64) {
        let (mut world, mut judge) = (self.world(), self.judge());
        play(&mut world, &self.limits(), adversary, &mut judge, eyes);
        (judge.findings().clone(), world.counts().events)
    }

    /// The world at time 0.
    pub(crate) fn world(&self) -> World<Model> {
        let scenario = &self.plan.scenario;
        let nodes = node::build(
            &self.plan.strategy,
            scenario.topology,
            scenario.transport,
            &self.workload,
        );
        let terrain = Terrain {
            transport: scenario.transport,
            latency: Latency {
                least: scenario.network.latency,
                spread: scenario.network.spread,
            },
            service: scenario.network.service,
        };
        World::new(terrain, &self.nodes, nodes)
    }

    /// A judge that has seen nothing yet.
    pub(crate) fn judge(&self) -> Judge {
        let workload = Arc::clone(&self.workload);
        Judge::new(&self.plan.strategy, self.plan.scenario.topology, workload)
    }

    /// When a run ends.
    pub(crate) fn limits(&self) -> Limits {
        let scenario = &self.plan.scenario;
        Limits {
            heal_at: scenario.heal_at.map_or(Time::NEVER, |span| Time(span.0)),
            quiet: scenario.settle.quiet,
            patience: crate::trial::patience::patience(&self.plan),
            events: most_events(scenario),
        }
    }
}

/// After how many events a run of a scenario ends at the latest.
pub(crate) fn most_events(scenario: &Scenario) -> u64 {
    let records = u64::from(scenario.records());
    scenario.events.unwrap_or(100_000 + 1_000 * records)
}

/// Runs a world to its end, and lets the judge conclude.
pub(crate) fn play(
    world: &mut World<Model>,
    limits: &Limits,
    adversary: &mut impl Adversary<Model>,
    judge: &mut Judge,
    eyes: impl Eyes,
) -> End {
    let mut court = Court { judge, eyes };
    let end = world.run(limits, adversary, &mut court);
    world.last_words(&mut court);
    let at = world.now();
    judge.finish(end, at);
    end
}
