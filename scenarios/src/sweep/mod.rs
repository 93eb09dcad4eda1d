//! Sweeps: many seeds of many plans, spread over threads, and told in the order of plan and seed.
//!
//! One thread per trial, one warm [`crate::trial::Runner`] per thread and plan. Rows leave in order, whatever the
//! number of threads, so that the same seeds give the same bytes; and nothing is kept of a row but what the summary
//! counts.

pub mod gathered;
pub mod results;
mod share;
mod work;

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use semel_models::strategy::Invariant;

use crate::file::complaint::Complaint;
use crate::file::scenario::Scenario;
use crate::outcome::row::Row;
use crate::outcome::summary::{Summarizer, Summary};
use crate::trial::plan::Plan;
use crate::trial::token::Token;

pub use share::Share;
use work::Work;

/// Many seeds of many plans, about to be run.
///
/// ```
/// use semel_scenarios::catalog;
/// use semel_scenarios::sweep::Sweep;
///
/// let scenario = catalog::scenario("lost-ack").unwrap();
/// let swept = Sweep::new(&scenario).strategy("at-least-once").seeds(0..20).run().unwrap();
/// assert_eq!(swept.summaries[0].runs, 20);
/// ```
#[derive(Clone, Debug)]
pub struct Sweep {
    scenario: Option<Arc<Scenario>>,
    strategies: Vec<String>,
    plans: Vec<Arc<Plan>>,
    seeds: Range<u64>,
    jobs: usize,
    share: Share,
    stop: Arc<AtomicBool>,
}

/// The most threads: more than any machine has.
pub const MOST_JOBS: usize = 1024;

/// Who hears of rows while a sweep runs.
pub trait Audience {
    /// Whether it wants rows as lines of JSON too.
    fn wants_lines(&self) -> bool {
        false
    }

    /// Rows in order, and the same as lines where those are wanted. Each row is told exactly once.
    fn hear(&mut self, rows: &[Row], lines: &str) -> io::Result<()>;
}

/// Nobody listens.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Audience for Nobody {
    fn hear(&mut self, _: &[Row], _: &str) -> io::Result<()> {
        Ok(())
    }
}

/// What is known of the runs so far.
#[derive(Clone, Debug)]
pub struct Sums {
    summarizers: Vec<Summarizer>,
    /// How many rows were added.
    pub rows: u64,
}

/// What a sweep came to.
#[derive(Clone, Debug)]
pub struct Swept {
    /// The plans, in the order in which they were run.
    pub plans: Vec<Arc<Plan>>,
    /// The seeds that were asked for.
    pub seeds: Range<u64>,
    /// How many rows there are.
    pub rows: u64,
    /// A summary for each plan; the last may cover fewer seeds, and those not begun have no runs.
    pub summaries: Vec<Summary>,
    /// Runs that came out differently when they were run again with the recorder open.
    pub unrepeatable: Vec<Unrepeatable>,
    /// How many runs were run again.
    pub repeated: u64,
}

/// A run that is not deterministic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unrepeatable {
    /// The run.
    pub token: Token,
    /// Its digest at first.
    pub blind: String,
    /// Its digest with the recorder open.
    pub open: String,
}

/// Why a sweep gave nothing.
#[derive(Debug)]
pub enum Trouble {
    /// A strategy does not exist or does not fit.
    Complaint(Box<Complaint>),
    /// The program itself failed in a run.
    Panicked(Box<Token>, String),
    /// Whoever listened could not go on.
    Audience(io::Error),
    /// The machine gives no threads.
    Threads(String),
    /// The range holds no seed.
    NoSeeds(Range<u64>),
}

impl Sweep {
    /// All seeds from 0 to 1000 of a scenario. Without [`Sweep::strategy`]: of the strategies of [`Plan::of_all`].
    pub fn new(scenario: &Arc<Scenario>) -> Self {
        Self {
            scenario: Some(Arc::clone(scenario)),
            ..Self::of(Vec::new())
        }
    }

    /// The same of plans that are made already, perhaps of several scenarios.
    pub fn of(plans: Vec<Arc<Plan>>) -> Self {
        Self {
            scenario: None,
            strategies: Vec::new(),
            plans,
            seeds: 0..1000,
            jobs: 0,
            share: Share::percent(5),
            stop: Arc::default(),
        }
    }

    /// This strategy; may be said more than once.
    pub fn strategy(mut self, name: &str) -> Self {
        self.strategies.push(name.into());
        self
    }

    /// Which seeds: the first, and the one behind the last.
    pub fn seeds(mut self, seeds: Range<u64>) -> Self {
        self.seeds = seeds;
        self
    }

    /// On how many threads, of at most [`MOST_JOBS`]; 0: as many as there are processors.
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.min(MOST_JOBS);
        self
    }

    /// Which share of the runs is run again with the recorder open; 1 in 20 where nothing is said.
    pub fn check_determinism(mut self, share: Share) -> Self {
        self.share = share;
        self
    }

    /// Ends soon after this becomes true, with the longest prefix of rows that is whole.
    pub fn stop_on(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    /// Runs it.
    ///
    /// Fails where a strategy does not exist or does not fit, where there is no seed, or where the program itself fails.
    pub fn run(mut self) -> Result<Swept, Trouble> {
        self.resolve()
            .map_err(|complaint| Trouble::Complaint(Box::new(complaint)))?;
        let sums = self.sums();
        self.go_on(sums, &mut Nobody)
    }

    fn resolve(&mut self) -> Result<(), Complaint> {
        let Some(scenario) = self.scenario.take() else {
            return Ok(());
        };
        if self.strategies.is_empty() {
            self.plans = Plan::of_all(&scenario, &[])?.plans;
        }
        for name in &self.strategies {
            self.plans.push(Arc::new(Plan::new(&scenario, name, &[])?));
        }
        Ok(())
    }

    /// The sums of no rows yet.
    pub fn sums(&self) -> Sums {
        let summarizers = self.plans.iter().map(|plan| Summarizer::new(plan));
        Sums {
            summarizers: summarizers.collect(),
            rows: 0,
        }
    }

    /// How many rows there will be.
    pub fn total(&self) -> u64 {
        self.per_plan().saturating_mul(self.plans.len() as u64)
    }

    /// The run of which the row with this number tells.
    pub fn place(&self, row: u64) -> Option<(&Arc<Plan>, u64)> {
        let plan = self.plans.get(row.checked_div(self.per_plan())? as usize)?;
        Some((plan, self.seeds.start + row % self.per_plan()))
    }

    /// The plans, in order.
    pub fn plans(&self) -> &[Arc<Plan>] {
        &self.plans
    }

    /// The seeds.
    pub fn range(&self) -> Range<u64> {
        self.seeds.clone()
    }

    fn per_plan(&self) -> u64 {
        self.seeds.end.saturating_sub(self.seeds.start)
    }

    /// Runs what is not in the sums yet, and tells of each new row.
    pub fn go_on(&self, mut sums: Sums, audience: &mut impl Audience) -> Result<Swept, Trouble> {
        if self.seeds.is_empty() {
            return Err(Trouble::NoSeeds(self.range()));
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.jobs)
            .build()
            .map_err(|why| Trouble::Threads(why.to_string()))?;
        let mut checked = Checked::default();
        let mut whole = true;
        while whole && let Some((plan, seed)) = self.place(sums.rows) {
            let work = Work::new(self, plan, seed, pool.current_num_threads());
            whole = work.spread(&pool, audience.wants_lines(), |part| {
                part.rows.iter().for_each(|row| sums.add(self, row));
                checked.add(part.checked);
                audience.hear(&part.rows, &part.lines)
            })?;
        }
        Ok(Swept {
            plans: self.plans.clone(),
            seeds: self.range(),
            rows: sums.rows,
            summaries: sums.finish(),
            unrepeatable: checked.unrepeatable,
            repeated: checked.repeated,
        })
    }
}

impl Sums {
    /// Adds the next row of a sweep.
    pub fn add(&mut self, sweep: &Sweep, row: &Row) {
        let plan = (self.rows / sweep.per_plan()) as usize;
        self.summarizers[plan].add(row);
        self.rows += 1;
    }

    fn finish(self) -> Vec<Summary> {
        let all = self.summarizers.into_iter();
        all.map(Summarizer::finish).collect()
    }
}

impl Swept {
    /// Whether every seed of every plan was run.
    pub fn is_complete(&self) -> bool {
        let each = self.seeds.end.saturating_sub(self.seeds.start);
        self.rows == each * self.plans.len() as u64
    }

    /// How many runs there were: a row of a strategy that cannot be touched is none.
    pub fn runs(&self) -> u64 {
        self.summaries.iter().map(|summary| summary.runs).sum()
    }

    /// The invariants that no run of any plan broke: their oracles were never provoked. None where there was no run.
    pub fn never_provoked(&self) -> Vec<Invariant> {
        if self.runs() == 0 {
            return Vec::new();
        }
        let causes = || self.summaries.iter().flat_map(|summary| &summary.causes);
        let broken = |invariant: Invariant| causes().any(|one| one.invariant == invariant);
        let all = Invariant::ALL.into_iter();
        all.filter(|invariant| !broken(*invariant)).collect()
    }
}

/// What came of running some runs again.
#[derive(Debug, Default)]
struct Checked {
    repeated: u64,
    unrepeatable: Vec<Unrepeatable>,
}

impl Checked {
    fn add(&mut self, other: Self) {
        self.repeated += other.repeated;
        self.unrepeatable.extend(other.unrepeatable);
    }
}
