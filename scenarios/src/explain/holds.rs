//! Where it would have held: other strategies and changes of one knob, under the same faults by meaning.

use std::sync::Arc;

use semel_models::strategy::{Fence, Keep, Mark, SinkKind, Strategy, Wait, Work};
use semel_sim::address::NodeId;
use semel_sim::record::{Loss, What};
use semel_sim::schedule::{Deviation, NamedChange};
use serde::Serialize;

use super::Elsewhere;
use crate::catalog;
use crate::shrink::Aim;
use crate::shrink::meaning::{Carried, Meaning};
use crate::trial::bench::Bench;
use crate::trial::plan::Plan;
use crate::trial::trace::Trace;

/// A change of one knob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Variation {
    /// Without the planted bug.
    WithoutBug,
    /// With one request in flight.
    OneInFlight,
    /// Waiting until it is stored.
    WaitsUntilStored,
    /// Marking after the effect.
    MarksAfter,
    /// With an inbox at the sink.
    Inbox,
    /// With a sink that fences.
    FencingSink,
}

impl Variation {
    const ALL: [Self; 6] = [
        Self::WithoutBug,
        Self::OneInFlight,
        Self::WaitsUntilStored,
        Self::MarksAfter,
        Self::Inbox,
        Self::FencingSink,
    ];

    fn of(self, strategy: &Strategy) -> Strategy {
        let mut varied = strategy.clone();
        match self {
            Self::WithoutBug => varied.bug = None,
            Self::OneInFlight => varied.publish.window = 1,
            Self::WaitsUntilStored => varied.publish.wait = Wait::Stored,
            Self::MarksAfter => {
                if let Work::Loop(work) = &mut varied.work {
                    work.mark = Mark::After;
                }
            }
            Self::Inbox => varied.sink.kind = SinkKind::Inbox(Keep::default()),
            Self::FencingSink => varied.sink.fence = Fence::Token,
        }
        varied
    }
}

/// Those in which every fault struck and the violation did not appear.
pub(super) fn find(bench: &Bench, meanings: &[Meaning], aim: Aim) -> Vec<Elsewhere> {
    let own = &bench.plan.strategy;
    let mut found = Vec::new();
    for change in Variation::ALL {
        let varied = change.of(own);
        if varied != *own && holds(bench, &varied, meanings, aim) {
            found.push(Elsewhere {
                strategy: bench.plan.name.clone(),
                change: Some(change),
            });
        }
    }
    for name in catalog::strategy_names() {
        let other = catalog::strategy(name).filter(|_| *name != bench.plan.name);
        if other.is_some_and(|other| holds(bench, other, meanings, aim)) {
            found.push(Elsewhere {
                strategy: (*name).to_string(),
                change: None,
            });
        }
    }
    found
}

/// Whether every fault strikes a strategy, and neither this violation nor any broken promise comes of it.
fn holds(bench: &Bench, strategy: &Strategy, meanings: &[Meaning], aim: Aim) -> bool {
    let scenario = &bench.plan.scenario;
    if !strategy
        .check(scenario.topology, scenario.transport)
        .is_empty()
    {
        return false;
    }
    let plan = Plan {
        strategy: strategy.clone(),
        ..Plan::clone(&bench.plan)
    };
    let bench = Bench::new(&Arc::new(plan), 0);
    let Some(mut carried) = Carried::new(meanings, &bench.nodes) else {
        return false;
    };
    let (findings, trace) = bench.watch(&mut carried);
    let broken = findings.count(aim.invariant, aim.level) > 0;
    let kept = carried.all_struck() && !broken && findings.breach().is_none();
    kept && meanings
        .iter()
        .all(|one| touches(&one.deviation, &bench.nodes, &trace))
        && !breaks_by_address(&bench, aim)
}

/// Whether the witness itself, given to this strategy with its addresses as they are, shows the violation. Where the
/// faults strike by meaning and by address, and only the latter do harm, nobody should be told that it holds.
fn breaks_by_address(bench: &Bench, aim: Aim) -> bool {
    let seed = bench
        .plan
        .scenario
        .witness
        .as_ref()
        .map_or(0, |witness| witness.seed);
    let findings = bench.play(&mut bench.seeded(seed));
    findings.count(aim.invariant, aim.level) > 0 || findings.breach().is_some()
}

/// Whether what befell nodes and links at some time befell any that took part. What befell a packet or a step did.
fn touches(deviation: &Deviation, nodes: &[String], trace: &Trace) -> bool {
    let Deviation::Weather { at, change } = deviation else {
        return true;
    };
    let called = |node: NodeId, name: &String| nodes.get(usize::from(node.0)) == Some(name);
    let later = trace.entries.iter().filter(|entry| entry.at.0 >= at.0);
    let mut happened = later.map(|entry| &entry.what);
    match change {
        NamedChange::Join(..) => true,
        NamedChange::Cut(one, other) => happened.any(|what| {
            matches!(what, What::Sent { from, to, loss: Some(Loss::Isolated), .. }
                if called(*from, one) && called(*to, other))
        }),
        NamedChange::Latency(one, other, _) => happened.any(|what| {
            matches!(what, What::Sent { from, to, .. } if called(*from, one) && called(*to, other))
        }),
        NamedChange::Outage(node, ..)
        | NamedChange::Slow(node, _)
        | NamedChange::ClockStep(node, _)
        | NamedChange::ClockDrift(node, _) => trace.entries.iter().any(|entry| {
            matches!(entry.what, What::Arrived(_, to, _) if called(to, node))
        }),
    }
}
