//! Causes are plausible: those that need something are not told of a run in which it never happened.
//!
//! The judge finds a cause by walking through evidence. This asks from the other side, and knows no evidence at all:
//! what must have struck for this to be the reason (`semantics.md` §4.4)?

use std::collections::BTreeSet;
use std::sync::Arc;

use semel_scenarios::catalog;
use semel_scenarios::file::scenario::Fault;
use semel_scenarios::outcome::row::{Row, ViolationRow};
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;
use semel_sim::net::Transport;

/// Under how many seeds each plan is watched; `bad-day` under ten times as many.
const SEEDS: u64 = 20;

/// The kinds of faults that struck in a run.
fn struck(plan: &Plan, row: &Row) -> BTreeSet<&'static str> {
    let faults = plan.scenario.faults.iter().zip(plan.faults());
    let fired = faults.filter(|(_, name)| row.fired.get(name).is_some_and(|times| *times > 0));
    fired.map(|(fault, _): (&Fault, _)| fault.kind()).collect()
}

/// What would have to be there and is not, if anything.
fn lacks(plan: &Plan, row: &Row, violation: &ViolationRow) -> Option<&'static str> {
    let struck = struck(plan, row);
    let any = |kinds: &[&str]| kinds.iter().any(|kind| struck.contains(kind));
    let (there, what) = match violation.cause.code() {
        "D11" => (
            plan.scenario.transport == Transport::Datagram && any(&["duplicate"]),
            "a network that copies",
        ),
        "L3" => (any(&["power_loss"]), "a loss of power"),
        "D2" => (
            any(&["crash", "power_loss", "disk_loss"]),
            "a node that began anew",
        ),
        "D1" | "D9" | "L11" | "R1" | "S1" => (!struck.is_empty(), "a fault that struck at all"),
        "S4" | "L9" => (
            plan.scenario.workload.poison_every > 0,
            "a record that cannot be processed",
        ),
        _ => return None,
    };
    (!there).then_some(what)
}

#[test]
fn no_cause_is_told_without_what_it_needs() {
    let mut wrong = BTreeSet::new();
    for scenario in catalog::scenarios() {
        let seeds = match &*scenario.name {
            "throughput" => continue,
            "bad-day" => 10 * SEEDS,
            _ => SEEDS,
        };
        for strategy in scenario.expect.keys() {
            let plan = Plan::new(&scenario, strategy, &[])
                .unwrap_or_else(|complaint| panic!("{complaint}"));
            let plan = Arc::new(plan);
            let mut runner = Runner::new(&plan);
            for seed in 0..seeds {
                let drawn = plan.drawn(seed);
                let row = runner.run(seed);
                for violation in &row.violations {
                    if let Some(what) = lacks(&drawn, &row, violation) {
                        wrong.insert(format!(
                            "{} x {strategy}, seed {seed}: {} without {what}",
                            scenario.name, violation.cause
                        ));
                    }
                }
            }
        }
    }
    let told: Vec<String> = wrong.into_iter().collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}
