//! A report as data: everything that a page says, before anybody decides how it looks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use semel_models::observation::Place;
use semel_models::strategy::Clause;
use semel_models::vocabulary::{RecordId, Topology};
use semel_scenarios::file::expect::Expected;
use semel_scenarios::outcome::row::Row;
use semel_scenarios::outcome::verdict::{self, Judgement};
use semel_scenarios::trial::Told;
use semel_scenarios::trial::plan::Plan;
use semel_sim::net::Transport;

use crate::words;

/// Runs of one scenario under one seed, a line for each strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// What is the same for all lines.
    pub heading: Heading,
    /// A line for each strategy, in the order in which they were asked for.
    pub lines: Vec<Line>,
}

/// What is known before the first run.
#[derive(Clone, Debug, PartialEq)]
pub struct Heading {
    /// The scenario's name.
    pub scenario: String,
    /// What it asks, in one sentence.
    pub question: String,
    /// The seed.
    pub seed: u64,
    /// Version of the program.
    pub semel: String,
    /// How messages travel.
    pub transport: Transport,
    /// How many nodes and partitions there are.
    pub topology: Topology,
    /// How many records are intended.
    pub records: u32,
    /// What goes wrong, fault by fault, in words.
    pub faults: Vec<String>,
    /// World and faults are those that the seed has drawn.
    pub drawn: bool,
    /// What `--set` changed: path and value.
    pub set: BTreeMap<String, String>,
    /// What repeats each run: a token or a command, in the order of the lines that are run at all.
    pub again: Vec<String>,
}

/// What one strategy came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The numbers and the violations.
    pub row: Row,
    /// The strategy in one sentence.
    pub about: String,
    /// What it promises.
    pub promise: Vec<Clause>,
    /// Why the scenario expects what it expects of it.
    pub because: String,
    /// Why its faults cannot touch it, if so.
    pub untouched: String,
    /// Whether it came out as the scenario expects.
    pub judgement: Judgement,
    /// The faults that should have struck and never did.
    pub never_struck: Vec<String>,
    /// Who recognised repeats of which records.
    pub recognised: BTreeSet<(Place, RecordId)>,
    /// What repeats this very run, digest included: a token, or a command.
    pub again: String,
}

impl Heading {
    /// The heading over runs of a plan's scenario, as its seed draws it; `again` is what repeats each of them.
    pub fn new(
        plan: &Arc<Plan>,
        seed: u64,
        set: BTreeMap<String, String>,
        again: Vec<String>,
    ) -> Self {
        let plan = plan.drawn(seed);
        let scenario = &plan.scenario;
        Self {
            scenario: scenario.name.clone(),
            question: scenario.question.clone(),
            seed,
            semel: env!("CARGO_PKG_VERSION").into(),
            transport: scenario.transport,
            topology: scenario.topology,
            records: scenario.records(),
            faults: plan.acting().map(words::fault).collect(),
            drawn: !plan.drawn.is_empty(),
            set,
            again,
        }
    }
}

impl Line {
    /// What a run of this plan came to; `again` is what repeats it.
    pub fn new(plan: &Plan, told: Told, again: String) -> Self {
        let Told { row, recognised } = told;
        Self {
            judgement: verdict::of_run(plan, &row),
            never_struck: verdict::never_struck(plan, &row).collect(),
            row,
            about: plan.strategy.about.clone(),
            promise: plan.strategy.promise.clone(),
            recognised,
            because: plan.expectation.because.clone(),
            untouched: match &plan.expectation.verdict {
                Expected::NotApplicable(why) => why.clone(),
                _ => String::new(),
            },
            again,
        }
    }
}
