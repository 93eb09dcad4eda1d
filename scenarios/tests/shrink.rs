//! What failures over the catalog shrink to, and that their witnesses repeat them.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use semel_models::strategy::Work;
use semel_scenarios::load::{Source, load};
use semel_scenarios::plan::Plan;
use semel_scenarios::replay::{self, Difference};
use semel_scenarios::scenario::Scenario;
use semel_scenarios::shrink::{RUNS, Shrunk, Size, shrink};
use semel_scenarios::{catalog, found};
use semel_sim::time::Span;

/// Scenarios whose failure keeps more than a few records. Taking some away moves the others against a timer that
/// marks (this might be mended); poison is a matter of a record's number; and on a bad day rates strike at many.
const MANY: [&str; 3] = ["auto-commit-loss", "poison-record", "bad-day"];

/// Every plan of the catalog that can be run, but for the one that is only large.
fn plans() -> Vec<Arc<Plan>> {
    let all = catalog::scenarios();
    let scenarios = all.iter().filter(|scenario| scenario.name != "throughput");
    let plans = scenarios.flat_map(|scenario| {
        let plan = |name: &&str| Plan::new(scenario, name, &[]).ok();
        catalog::strategy_names().iter().filter_map(plan)
    });
    let runs =
        |plan: &Plan| plan.is_applicable() && !matches!(plan.strategy.work, Work::Transact(_));
    plans.filter(runs).map(Arc::new).collect()
}

fn written(shrunk: &Shrunk) -> Scenario {
    let text = found::text(&shrunk.witness);
    let source = Source {
        name: "witness.ron".into(),
        text,
    };
    load(&source).unwrap_or_else(|complaint| panic!("{complaint}"))
}

fn size(size: Size) -> String {
    format!(
        "{:>3} faults {:>5} delays {:>2} records",
        size.faults, size.delays, size.records
    )
}

#[test]
fn every_failure_shrinks_to_a_handful_of_lines_that_repeat_it() {
    let mut table = String::new();
    for plan in plans() {
        let begin = Instant::now();
        let Some(shrunk) = shrink(&plan, 1, RUNS) else {
            continue;
        };
        let name = format!("{} {}", plan.scenario.name, plan.name);
        assert!(
            begin.elapsed() < Duration::from_secs(5),
            "{name} took {:?}",
            begin.elapsed()
        );
        assert!(
            shrunk.after.faults <= 3,
            "{name} still needs {}",
            shrunk.after.faults
        );
        assert!(
            shrunk.after.records <= 4 || MANY.contains(&plan.scenario.name.as_str()),
            "{name} still needs {} records",
            shrunk.after.records
        );
        let again = replay::witness(&Arc::new(written(&shrunk)))
            .expect("it fits")
            .expect("it is a witness");
        assert_eq!(again.difference, None, "{name}");
        let aim = shrunk.aim;
        let broken = format!(
            "{} at {} {:?}",
            aim.invariant.name(),
            aim.level.name(),
            aim.cause
        );
        let _ = writeln!(
            table,
            "{name:45} {broken:40} {} -> {}",
            size(shrunk.before),
            size(shrunk.after)
        );
    }
    println!("{table}");
    assert!(table.lines().count() >= 10);
}

fn lost_ack() -> Scenario {
    let plans = plans();
    let is_it =
        |plan: &&Arc<Plan>| plan.scenario.name == "lost-ack" && plan.name == "at-least-once";
    let plan = plans.iter().find(is_it).expect("the catalog has it");
    written(&shrink(plan, 1, RUNS).expect("it fails"))
}

#[test]
fn a_witness_is_a_file_for_people() {
    insta::assert_snapshot!(found::text(&lost_ack()));
}

#[test]
fn a_witness_of_another_run_says_which_entry_differs() {
    let mut scenario = lost_ack();
    scenario.network.latency = Span::millis(3);
    let replayed = replay::witness(&Arc::new(scenario))
        .expect("it fits")
        .expect("it is a witness");
    let Some(Difference::Entry(line)) = replayed.difference else {
        panic!("{:?}", replayed.difference);
    };
    assert_eq!(line.what, "sent", "{line:?}");
}

#[test]
fn a_schedule_that_hits_something_else_says_so() {
    let text = found::text(&lost_ack()).replace("what: \"Ack 0\"", "what: \"Ack 7\"");
    let scenario = load(&Source {
        name: "witness.ron".into(),
        text,
    })
    .expect("it is valid");
    let replayed = replay::witness(&Arc::new(scenario))
        .expect("it fits")
        .expect("it is a witness");
    let Some(Difference::Schedule(mismatches)) = replayed.difference else {
        panic!("{:?}", replayed.difference);
    };
    assert_eq!(
        mismatches,
        ["the schedule expects a packet `Ack 7` where the run has `Ack 0`"]
    );
}

#[test]
fn where_nothing_fails_there_is_nothing_to_shrink() {
    let plans = plans();
    let is_it =
        |plan: &&Arc<Plan>| plan.scenario.name == "lost-ack" && plan.name == "idempotent-producer";
    assert!(
        shrink(
            plans.iter().find(is_it).expect("the catalog has it"),
            1,
            RUNS
        )
        .is_none()
    );
}
