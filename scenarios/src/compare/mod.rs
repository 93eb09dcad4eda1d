//! Comparing: strategies against families of faults, with the price of each.
//!
//! All strategies see the same seeds, and so the same weather and the same answers at the same addresses. What went
//! wrong is counted per family; prices are taken from the scenarios that touch every strategy, so that they compare.

mod breaking;
mod family;
mod price;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use crate::file::scenario::{SCHEMA, Scenario};
use crate::outcome::row::{Row, RunVerdict, ViolationRow};
use crate::outcome::statistics::{interval95, rate};
use crate::outcome::verdict::VERSION;
use crate::trial::Runner;
use crate::trial::plan::Plan;
use crate::verify::Breaking;

pub use family::Family;
use price::Purse;
pub use price::{Price, Relative};

/// What a comparison came to: a line for each strategy, in the order in which they were given.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The seeds.
    pub seeds: Range<u64>,
    /// The families that occur, and the scenarios of each.
    pub families: Vec<(Family, Vec<String>)>,
    /// The scenarios from which prices are taken: those that touch every strategy. Where there are none, each price
    /// is taken from whatever its strategy ran in.
    pub priced: Vec<String>,
    /// The strategies.
    pub lines: Vec<Compared>,
}

/// One strategy of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// Version of the format.
    pub schema: u32,
    /// Always true: tells it from a row and from a summary.
    pub compare: bool,
    /// Version of the program.
    pub semel: String,
    /// The strategy's name.
    pub strategy: String,
    /// The first seed, and the one behind the last.
    pub seeds: (u64, u64),
    /// What went wrong, by family.
    pub families: Vec<Cell>,
    /// What it costs.
    pub price: Price,
    /// That as a multiple of the first strategy's that was run.
    pub relative: Relative,
    /// How few faults break it, on three records. None where it does not fit a scenario without a context.
    pub breaking: Option<Breaking>,
}

/// One strategy under one family of faults.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// The family.
    pub family: Family,
    /// Runs; 0 where the family cannot touch the strategy.
    pub runs: u64,
    /// Runs in which a promise was broken within its assumptions.
    pub broken: u64,
    /// Runs in which an acknowledged record took no effect.
    pub lost: Share,
    /// Runs in which a record took effect twice.
    pub duplicated: Share,
    /// Runs in which a record was overtaken by a later one of its key.
    pub reordered: Share,
    /// Runs that got stuck: see [`Row::is_stuck`].
    pub stuck: Share,
}

/// How many of the runs of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// How many.
    pub runs: u64,
    /// Of all.
    pub rate: f64,
    /// The 95 % interval of that rate: Wilson's, and the rule of three where nothing was seen.
    pub interval95: (f64, f64),
}

/// How many faults breaking numbers are sought up to, where nothing is said.
pub const FAULTS: usize = 2;

/// How many schedules are tried for a breaking number: a few seconds' worth, all but those of transactions.
const SCHEDULES: u64 = 80_000;

/// Takes the rows of a sweep and adds them up, strategy by strategy and family by family.
#[derive(Clone, Debug)]
pub struct Comparer {
    seeds: Range<u64>,
    families: BTreeMap<Family, Vec<String>>,
    family: BTreeMap<String, Family>,
    priced: Vec<String>,
    columns: Vec<Column>,
}

/// What is known of one strategy so far.
#[derive(Clone, Debug)]
struct Column {
    /// Its plan under the first scenario that is priced.
    plan: Arc<Plan>,
    cells: BTreeMap<Family, Counts>,
    purse: Purse,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    runs: u64,
    broken: u64,
    lost: u64,
    duplicated: u64,
    reordered: u64,
    stuck: u64,
}

impl Comparer {
    /// For the rows of these plans under these seeds.
    pub fn new(plans: &[Arc<Plan>], seeds: Range<u64>) -> Self {
        let mut families: BTreeMap<Family, Vec<String>> = BTreeMap::new();
        let mut family = BTreeMap::new();
        let mut columns: Vec<Column> = Vec::new();
        for plan in plans {
            let name = &plan.scenario.name;
            let of = Family::of(&plan.scenario);
            if family.insert(name.clone(), of).is_none() {
                families.entry(of).or_default().push(name.clone());
            }
            if !columns.iter().any(|known| known.plan.name == plan.name) {
                columns.push(Column {
                    plan: Arc::clone(plan),
                    cells: BTreeMap::new(),
                    purse: Purse::default(),
                });
            }
        }
        let priced = priced(plans, &family);
        for column in &mut columns {
            let own = |plan: &&Arc<Plan>| {
                plan.name == column.plan.name && priced.first() == Some(&plan.scenario.name)
            };
            if let Some(plan) = plans.iter().find(own) {
                column.plan = Arc::clone(plan);
            }
        }
        Self {
            seeds,
            families,
            family,
            priced,
            columns,
        }
    }

    /// Adds a row of one of the plans.
    pub fn add(&mut self, row: &Row) {
        if row.verdict == RunVerdict::NotApplicable {
            return;
        }
        let known = |column: &&mut Column| column.plan.name == row.strategy;
        let (Some(column), Some(family)) = (
            self.columns.iter_mut().find(known),
            self.family.get(&row.scenario),
        ) else {
            return;
        };
        column.cells.entry(*family).or_default().add(row);
        if self.priced.is_empty() || self.priced.contains(&row.scenario) {
            column.purse.add(row);
        }
    }

    /// What it all comes to. Breaking numbers are sought up to so many faults; with 0 they are not.
    pub fn finish(self, faults: usize) -> Comparison {
        let families: Vec<Family> = self.families.keys().copied().collect();
        let seeds = (self.seeds.start, self.seeds.end);
        let mut lines: Vec<Compared> = Vec::new();
        for column in &self.columns {
            let quiet = quiet_round_trips(&column.plan, self.seeds.start);
            let price = column.purse.price(quiet);
            let mut ran = lines.iter().filter(|line| line.price.runs > 0);
            let first = ran.next().map_or(&price, |first| &first.price);
            let relative = price.relative(first);
            let sought = (faults > 0).then(|| breaking::breaking(&column.plan, faults, SCHEDULES));
            lines.push(Compared {
                schema: SCHEMA,
                compare: true,
                semel: VERSION.into(),
                strategy: column.plan.name.clone(),
                seeds,
                families: families.iter().map(|family| column.cell(*family)).collect(),
                relative,
                price,
                breaking: sought.flatten(),
            });
        }
        Comparison {
            seeds: self.seeds,
            families: self.families.into_iter().collect(),
            priced: self.priced,
            lines,
        }
    }
}

/// The scenarios that touch every strategy that any of them touches, in the order of the plans.
fn priced(plans: &[Arc<Plan>], scenarios: &BTreeMap<String, Family>) -> Vec<String> {
    let applicable = plans.iter().filter(|plan| plan.is_applicable());
    let mut names: Vec<&str> = applicable.map(|plan| &*plan.name).collect();
    names.sort_unstable();
    names.dedup();
    let strategies = names.len();
    let mut touched: BTreeMap<&str, usize> = scenarios.keys().map(|name| (&**name, 0)).collect();
    for plan in plans.iter().filter(|plan| plan.is_applicable()) {
        *touched.entry(&plan.scenario.name).or_default() += 1;
    }
    let mut priced: Vec<String> = Vec::new();
    for plan in plans {
        let name = &plan.scenario.name;
        if touched.get(&**name) == Some(&strategies) && !priced.contains(name) {
            priced.push(name.clone());
        }
    }
    priced
}

/// Round trips per record where nothing goes wrong. 0 where the plan cannot be run.
pub fn quiet_round_trips(plan: &Plan, seed: u64) -> f64 {
    let quiet = Arc::new(Scenario {
        faults: Vec::new(),
        define: BTreeMap::from([(plan.name.clone(), plan.strategy.clone())]),
        expect: BTreeMap::new(),
        ..Scenario::clone(&plan.scenario)
    });
    Plan::new(&quiet, &plan.name, &[]).map_or(0.0, |plan| {
        let row = Runner::new(&Arc::new(plan)).run(seed);
        row.round_trips_per_record
    })
}

impl Column {
    fn cell(&self, family: Family) -> Cell {
        let counts = self.cells.get(&family).copied().unwrap_or_default();
        let share = |runs| Share {
            runs,
            rate: rate(runs, counts.runs),
            interval95: interval95(runs, counts.runs),
        };
        Cell {
            family,
            runs: counts.runs,
            broken: counts.broken,
            lost: share(counts.lost),
            duplicated: share(counts.duplicated),
            reordered: share(counts.reordered),
            stuck: share(counts.stuck),
        }
    }
}

impl Counts {
    fn add(&mut self, row: &Row) {
        self.runs += 1;
        self.broken += u64::from(row.violations.iter().any(ViolationRow::is_breach));
        self.lost += u64::from(row.lost > 0);
        self.duplicated += u64::from(row.duplicated > 0);
        self.reordered += u64::from(row.reordered > 0);
        self.stuck += u64::from(row.is_stuck());
    }
}
