//! Where it would have held: other strategies and changes of one knob, under the same faults by meaning.

use std::sync::Arc;

use semel_models::strategy::{Fence, Keep, Mark, SinkKind, Strategy, Wait, Work};

use super::Elsewhere;
use crate::bench::Bench;
use crate::catalog;
use crate::meaning::{Carried, Meaning};
use crate::plan::Plan;
use crate::shrink::Aim;

/// A change of one knob, and how it is called.
type Change = (&'static str, fn(&mut Strategy));

const CHANGES: [Change; 6] = [
    ("without the bug", |strategy| strategy.bug = None),
    ("with one request in flight", |strategy| {
        strategy.publish.window = 1;
    }),
    ("waiting until it is stored", |strategy| {
        strategy.publish.wait = Wait::Stored;
    }),
    ("marking after the effect", |strategy| {
        if let Work::Loop(work) = &mut strategy.work {
            work.mark = Mark::After;
        }
    }),
    ("with an inbox at the sink", |strategy| {
        strategy.sink.kind = SinkKind::Inbox(Keep::default());
    }),
    ("with a sink that fences", |strategy| {
        strategy.sink.fence = Fence::Token;
    }),
];

/// Those in which every fault struck and the violation did not appear.
pub(super) fn find(bench: &Bench, meanings: &[Meaning], aim: Aim) -> Vec<Elsewhere> {
    let own = &bench.plan.strategy;
    let mut found = Vec::new();
    for (change, apply) in CHANGES {
        let mut changed = own.clone();
        apply(&mut changed);
        if changed != *own && holds(bench, &changed, meanings, aim) {
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
    let findings = bench.play(&mut carried);
    let broken = findings.count(aim.invariant, aim.level) > 0;
    carried.all_struck() && !broken && findings.breach().is_none()
}
