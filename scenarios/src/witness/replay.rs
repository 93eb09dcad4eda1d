//! Replaying: the run of a witness again, held against what it came to before; and whether a token still names its run.

use std::sync::Arc;

use crate::catalog;
use crate::file::complaint::Complaint;
use crate::file::load::load;
use crate::file::scenario::{Scenario, Witness};
use crate::shrink::Aim;
use crate::trial::bench::Bench;
use crate::trial::plan::Plan;
use crate::trial::token::Token;
use crate::trial::trace::Line;
use crate::trial::{Opened, Runner};
use crate::witness;
use crate::witness::sought::Sought;

/// How a run came out the second time.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The run, with everything that happened in it.
    pub run: Opened,
    /// The digest that it should have come to.
    pub digest: String,
    /// How it differs. None: it does not.
    pub difference: Option<Difference>,
}

/// How a run differs from what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The schedule hits something else than it says.
    Schedule(Vec<String>),
    /// This is the first entry that is not what it was.
    Entry(Box<Line>),
    /// The run ends after this many entries, before it should.
    Shorter(usize),
    /// The digest differs; which entry does is not known, for the witness keeps no marks of its entries.
    Digest,
    /// The violation that it shows is gone: its name and level.
    Violation(String),
}

/// Why a token cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The plan that the token names.
    pub named: String,
    /// The plan that the scenario and the strategy now come to.
    pub now: String,
}

/// Whether a token still names this plan. Anything else would be another run.
pub fn is_current(token: &Token, plan: &Plan) -> Result<(), Stale> {
    if token.plan == plan.hash {
        return Ok(());
    }
    Err(Stale {
        named: token.plan.clone(),
        now: plan.hash.clone(),
    })
}

/// Runs a witness again. None where it is none. Fails where its strategy is unknown or does not fit.
pub fn witness(scenario: &Arc<Scenario>) -> Result<Option<Replayed>, Complaint> {
    let Some(known) = &scenario.witness else {
        return Ok(None);
    };
    let plan = Arc::new(Plan::new(scenario, &known.strategy, &[])?);
    let Some(run) = Runner::new(&plan).run_open(known.seed) else {
        return Ok(None);
    };
    let difference = differs(&plan, known, &run);
    Ok(Some(Replayed {
        run,
        digest: known.digest.clone(),
        difference,
    }))
}

/// Runs every counterexample again that was found in a scenario of the catalog. Those that do not repeat are told by
/// the name of their file; and how many there are.
pub fn found_in(scenario: &str) -> (Vec<(String, Difference)>, usize) {
    let mut count = 0;
    let mut stale = Vec::new();
    for source in catalog::found_in(scenario) {
        count += 1;
        let read = load(&source).unwrap_or_else(|complaint| panic!("{complaint}"));
        let again = witness(&Arc::new(read)).unwrap_or_else(|complaint| panic!("{complaint}"));
        if let Some(difference) = again.and_then(|replayed| replayed.difference) {
            stale.push((source.name, difference));
        }
    }
    (stale, count)
}

fn differs(plan: &Arc<Plan>, known: &Witness, run: &Opened) -> Option<Difference> {
    let mismatches = mismatches(plan, known.seed);
    if !mismatches.is_empty() {
        return Some(Difference::Schedule(mismatches));
    }
    if run.row.digest != known.digest {
        return Some(first_difference(&plan.scenario.marks, run));
    }
    if Aim::of_sought(&Sought::of(known), &run.findings).is_none() {
        return Some(Difference::Violation(known.violation.to_string()));
    }
    None
}

/// Where the schedule of a plan hits something else than it says.
fn mismatches(plan: &Arc<Plan>, seed: u64) -> Vec<String> {
    let bench = Bench::new(plan, seed);
    let mut seeded = bench.seeded(seed);
    bench.play(&mut seeded);
    seeded.mismatches().to_vec()
}

fn first_difference(marks: &str, run: &Opened) -> Difference {
    let now = witness::marks(&run.trace);
    let pairs = marks.as_bytes().chunks(4).zip(now.as_bytes().chunks(4));
    let same = pairs.take_while(|(before, now)| before == now).count();
    match run.trace.entries.get(same) {
        Some(entry) if !marks.is_empty() => Difference::Entry(Box::new(run.trace.line(entry))),
        None if same < marks.len() / 4 => Difference::Shorter(same),
        _ => Difference::Digest,
    }
}

/// A scenario's run under a strategy with eyes open, if it can be run.
pub(crate) fn open(scenario: &Arc<Scenario>, strategy: &str, seed: u64) -> Option<Opened> {
    let plan = Plan::new(scenario, strategy, &[]).ok()?;
    Runner::new(&Arc::new(plan)).run_open(seed)
}
