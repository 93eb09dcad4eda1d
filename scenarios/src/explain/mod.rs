//! Explaining: why a shrunk run went wrong, as a short proof, made from nothing but the causes in its trace.
//!
//! *Let* ([`Given`]) what the network and the nodes did; *Then* ([`Step`]) what follows, each step from the one that
//! caused it; *However*, what was promised; *Needed*, found by running again without each fault; and where it would
//! have held, found by carrying the faults over by meaning to other strategies (`holds`). How to say all that
//! is not this crate's business.
//!
//! The way of the data: a trace, its `slice` about one record, the `story` that follows from it, told in the terms of
//! `proof`, and drawn by `diagram`.

mod condense;
mod diagram;
mod holds;
mod proof;
mod slice;
mod story;

use std::sync::Arc;

use semel_models::judge::{Cause, Violation, universal_promises};
use semel_models::strategy::{Clause, Strategy};
use semel_sim::adversary::watch::Watched;
use semel_sim::schedule::Deviation;
use semel_sim::time::Span;
use serde::Serialize;

use crate::file::scenario::Scenario;
use crate::outcome::row::ViolationRow;
use crate::outcome::verdict;
use crate::shrink::incident::incidents;
use crate::shrink::meaning::{Carried, Meaning, Meant};
use crate::shrink::{Aim, Beyond, Budget, Kin, Shrunk, Size};
use crate::trial::bench::Bench;
use crate::trial::plan::Plan;
use crate::witness::sought::Sought;

pub use condense::More;
pub use diagram::{Alarm, Diagram, Mark, Row, Sketch};
pub use holds::Variation;
pub use proof::facts::{
    Asked, Claim, Cue, Ended, Ground, IdOf, Kept, Lack, LetIn, LogFact, Missed, Part, ReaderFact,
    RecordFact, Refusal, Reported, Sign, Standing, Stored, Taken, Taking, Torn,
};
pub use proof::header::Header;
pub use proof::{Circumstance, Deed, Fact, Given, Leg, Repeat, Silence, Step};

use slice::subject::Subject;

/// Why a run went wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The scenario that the run is of.
    pub scenario: String,
    /// The seed of the run that is explained.
    pub seed: u64,
    /// The strategy that failed.
    pub strategy: String,
    /// How much smaller it is than the run that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shrunk: Option<Smaller>,
    /// What went wrong.
    pub violation: ViolationRow,
    /// What the record is about which it is: its account and what it adds to it.
    pub money: Option<(u32, i64)>,
    /// The record that the proof is told of.
    pub told_of: Option<u32>,
    /// The record that overtook it, where the order is broken.
    pub overtaken_by: Option<u32>,
    /// The record that it waits behind, where a reader is caught on another one.
    pub behind: Option<u32>,
    /// The record that is the other leg of its transfer, where one leg is there more often than the other.
    pub other_leg: Option<u32>,
    /// What was promised of it, if anything.
    pub promise: Option<Clause>,
    /// What the world did.
    pub given: Vec<Given>,
    /// What follows, in order.
    pub then: Vec<Step>,
    /// The faults, by name: all that deviates from the quiet run.
    pub faults: Vec<Named>,
    /// How many other faults struck in the run before it was shrunk.
    pub irrelevant: usize,
    /// It is told of another run of the plan, which is smaller and breaks in the same way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kin: Option<Kin>,
    /// More could perhaps have been taken away: shrinking was cut short by this budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_short: Option<Budget>,
    /// What its faults hit that no fault of the plan can.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beyond: Vec<Beyond>,
    /// Where all of these faults struck, too, and it did not go wrong.
    pub holds: Vec<Elsewhere>,
    /// The same as a picture.
    pub diagram: Diagram,
}

/// What shrinking came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Smaller {
    /// What there was.
    pub before: Size,
    /// What is left.
    pub after: Size,
}

/// A fault of the shrunk run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// `F1`, `F2`, ..
    pub name: String,
    /// Whether the run passes without it: nothing breaks this invariant at this level any more. None where there are
    /// too many to run again without each.
    pub needed: Option<bool>,
    /// The cause by which the invariant is broken at this level all the same without it, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Cause>,
    /// What it does that no line of the proof shows.
    pub hidden: Vec<Hidden>,
    /// Which lines of the witness's script it is, from 0: an isolation has one for each link that is cut or joined.
    pub lines: Vec<usize>,
}

/// What a fault does that no line of the proof shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Hidden {
    /// Unsynced entries survive.
    Survives {
        /// At which node.
        node: String,
        /// In which of its journals.
        journal: u32,
        /// How many.
        kept: u64,
    },
    /// A delay was drawn longer than its least.
    Longer {
        /// At which node.
        node: String,
        /// After a step of which kind.
        label: String,
        /// How much longer.
        more: Span,
    },
}

/// Where every fault struck, too, and it did not go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Elsewhere {
    /// The strategy.
    pub strategy: String,
    /// What was changed in it, if anything.
    pub change: Option<Variation>,
}

/// Explains what shrinking has left of a run.
pub fn explain(shrunk: &Shrunk) -> Option<Explanation> {
    let before = shrunk.kin.map_or(shrunk.before, |kin| kin.before);
    let irrelevant = before.faults.saturating_sub(shrunk.after.faults);
    let witness = Arc::new(shrunk.witness.clone());
    let explanation = of_witness(&witness, Some(shrunk.aim), irrelevant)?;
    Some(Explanation {
        scenario: shrunk.scenario.clone(),
        seed: shrunk.seed,
        shrunk: Some(Smaller {
            before: shrunk.before,
            after: shrunk.after,
        }),
        kin: shrunk.kin,
        cut_short: shrunk.cut_short,
        beyond: shrunk.beyond.clone(),
        ..explanation
    })
}

/// Explains a witness as it is, and the violation that it says it holds. None where that does not appear in it.
pub fn witness(scenario: &Arc<Scenario>) -> Option<Explanation> {
    of_witness(scenario, None, 0)
}

fn of_witness(
    scenario: &Arc<Scenario>,
    aim: Option<Aim>,
    irrelevant: usize,
) -> Option<Explanation> {
    let known = scenario.witness.as_ref()?;
    let plan = Arc::new(Plan::new(scenario, &known.strategy, &[]).ok()?);
    let bench = Bench::new(&plan, known.seed);
    let mut meant = Watched::new(bench.seeded(known.seed), Meant::new(&bench.nodes));
    let (findings, trace) = bench.watch(&mut meant);
    let meanings = meant.watch.into_meanings();
    let aim = aim.or_else(|| Aim::of_sought(&Sought::of(known), &findings))?;
    let violation = aim.find(&findings)?;
    let subject = Subject::of(&trace, &bench.workload, violation);
    let inputs = plan.scenario.topology.partitions;
    let slice = slice::Slice::new(&trace, violation, (&meanings, subject, inputs));
    let record = violation.record.map(|record| bench.workload.record(record));
    let then = story::steps(&slice, violation, (&plan, &bench.workload));
    Some(Explanation {
        scenario: scenario.name.clone(),
        seed: known.seed,
        strategy: plan.name.clone(),
        shrunk: None,
        told_of: subject.record,
        overtaken_by: subject.overtaker,
        behind: subject.ahead,
        other_leg: subject.leg,
        money: record.map(|record| (record.key, record.amount)),
        promise: promise(&plan, violation),
        given: slice.given(&then),
        then,
        faults: faults(&bench, &meanings, aim),
        irrelevant,
        kin: None,
        cut_short: None,
        beyond: Vec::new(),
        holds: holds::find(&bench, &meanings, aim),
        diagram: diagram::draw(&slice),
        violation: verdict::violation(violation),
    })
}

/// The clause that speaks of what was broken.
fn promise(plan: &Plan, violation: &Violation) -> Option<Clause> {
    let speaks =
        |clause: &&Clause| clause.keeps == violation.invariant && clause.level == violation.level;
    let written = plan.strategy.promise.iter().find(speaks).cloned();
    written.or_else(|| unwritten(&plan.strategy, violation))
}

/// What a strategy promises without writing it.
fn unwritten(strategy: &Strategy, violation: &Violation) -> Option<Clause> {
    if !violation.promised && violation.broken.is_none() {
        return None;
    }
    let mut all = universal_promises(strategy);
    let (keeps, assuming, _) = all.find(|(keeps, ..)| *keeps == violation.invariant)?;
    Some(Clause {
        level: violation.level,
        keeps,
        assuming: assuming.to_vec(),
    })
}

/// The most faults of which each is left out once. Where shrinking was cut short, every packet that took its time may
/// be one, and thousands of long runs would tell nobody anything.
const TRIED: usize = 100;

/// What becomes of a run without one of its faults.
enum Without {
    /// The invariant is kept at that level.
    Kept,
    /// It is broken by another cause.
    Otherwise(Cause),
    /// The same violation appears.
    Same,
}

/// The faults, and which of them it takes: without a needed one, nothing breaks the same invariant at the same level.
fn faults(bench: &Bench, meanings: &[Meaning], aim: Aim) -> Vec<Named> {
    let incidents = incidents(meanings.iter().map(|one| &one.deviation));
    let count = incidents.iter().max().map_or(0, |last| last + 1);
    let mut lines = vec![Vec::new(); count];
    for (line, number) in incidents.iter().enumerate() {
        lines[*number].push(line);
    }
    let without = |number: usize| {
        let rest = meanings.iter().zip(&incidents);
        let rest = rest.filter(|(_, other)| **other != number);
        let rest: Vec<Meaning> = rest.map(|(one, _)| one.clone()).collect();
        let Some(mut carried) = Carried::new(&rest, &bench.nodes) else {
            return Without::Same;
        };
        let findings = bench.play(&mut carried);
        if aim.find(&findings).is_some() {
            return Without::Same;
        }
        let alike =
            |other: &&Violation| (other.invariant, other.level) == (aim.invariant, aim.level);
        let other = findings.violations.iter().find(alike);
        other.map_or(Without::Kept, |other| Without::Otherwise(other.cause))
    };
    let of = |(number, lines): (usize, Vec<usize>)| {
        let hidden = lines.iter().map(|line| &meanings[*line].deviation);
        let without = (count <= TRIED).then(|| without(number));
        let (needed, otherwise) = match without {
            None => (None, None),
            Some(Without::Kept) => (Some(true), None),
            Some(Without::Same) => (Some(false), None),
            Some(Without::Otherwise(cause)) => (Some(false), Some(cause)),
        };
        Named {
            name: fault(number),
            needed,
            otherwise,
            hidden: hidden.filter_map(Hidden::in_deviation).collect(),
            lines,
        }
    };
    lines.into_iter().enumerate().map(of).collect()
}

impl Hidden {
    fn in_deviation(deviation: &Deviation) -> Option<Self> {
        match deviation {
            Deviation::Survives {
                node,
                journal,
                kept,
                ..
            } => Some(Self::Survives {
                node: node.clone(),
                journal: *journal,
                kept: *kept,
            }),
            Deviation::Jitter {
                node, label, more, ..
            } => Some(Self::Longer {
                node: node.clone(),
                label: label.clone(),
                more: *more,
            }),
            Deviation::Packet { .. }
            | Deviation::Step { .. }
            | Deviation::After { .. }
            | Deviation::Weather { .. } => None,
        }
    }
}

/// How the proof calls an incident.
fn fault(index: usize) -> String {
    format!("F{}", index + 1)
}
