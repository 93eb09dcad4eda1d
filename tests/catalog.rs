//! The catalog: every scenario meets its expectation for every strategy, and would not meet another one.

use std::sync::Arc;

use semel_models::strategy::Level;
use semel_scenarios::catalog;
use semel_scenarios::file::expect::Expected;
use semel_scenarios::outcome::row::Row;
use semel_scenarios::outcome::summary::{Summarizer, Summary};
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;

/// Every plan of the catalog but `throughput`, which is a yardstick.
fn plans() -> Vec<Arc<Plan>> {
    let mut plans = Vec::new();
    for scenario in catalog::scenarios() {
        if scenario.name == "throughput" {
            continue;
        }
        for strategy in scenario.expect.keys() {
            let plan = Plan::new(&scenario, strategy, &[])
                .unwrap_or_else(|complaint| panic!("{complaint}"));
            plans.push(Arc::new(plan));
        }
    }
    plans
}

fn rows(plan: &Arc<Plan>, seeds: std::ops::Range<u64>) -> Vec<Row> {
    let mut runner = Runner::new(plan);
    seeds.map(|seed| runner.run(seed)).collect()
}

fn sum(plan: &Plan, rows: &[Row]) -> Summary {
    let mut summarizer = Summarizer::new(plan);
    rows.iter().for_each(|row| summarizer.add(row));
    summarizer.finish()
}

#[test]
fn every_expectation_is_met_and_no_other_one_would_be() {
    let mut wrong = Vec::new();
    for plan in plans() {
        let rows = rows(&plan, 0..100);
        let summary = sum(&plan, &rows);
        let place = format!("{} x {}", plan.scenario.name, plan.name);
        if !summary.met {
            wrong.push(format!("{place}: {} ({:?})", summary.why, summary.causes));
        }
        for flipped in flip(&plan.expectation.verdict) {
            let mut other = Plan::clone(&plan);
            other.expectation.verdict = flipped;
            if sum(&other, &rows).met {
                wrong.push(format!(
                    "{place}: would meet {:?} just as well",
                    other.expectation.verdict
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What an expectation must not be mistaken for.
fn flip(expected: &Expected) -> Vec<Expected> {
    let breach = |text: &str| text.parse().expect("a breach");
    match expected {
        Expected::Holds => {
            vec![
                Expected::Breaks(vec![breach("no_duplicate at effect")]),
                Expected::Breaks(vec![breach("no_loss at effect")]),
            ]
        }
        // What breaks below the effect only, outside every promise, holds by the verdict: it is flipped otherwise.
        Expected::Breaks(_) | Expected::Always(_) => {
            let mut flipped = vec![Expected::Always(vec![breach("no_phantom at log")])];
            if expected
                .breaches()
                .iter()
                .any(|breach| breach.level == Level::Effect)
            {
                flipped.push(Expected::Holds);
            }
            flipped
        }
        Expected::Any | Expected::NotApplicable(_) => Vec::new(),
    }
}

/// A digest covers every entry of a run. Whoever changes one explains it in the commit.
#[test]
fn digests_are_pinned() {
    let mut lines = Vec::new();
    for plan in plans() {
        let digests: Vec<String> = rows(&plan, 0..3)
            .into_iter()
            .map(|row| row.digest)
            .collect();
        lines.push(format!(
            "{:<28} {:<26} {}",
            plan.scenario.name,
            plan.name,
            digests.join(" ")
        ));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_run_repeats_itself_and_eyes_change_nothing() {
    for plan in plans() {
        let mut runner = Runner::new(&plan);
        let before: Vec<Row> = (0..3).map(|seed| runner.run(seed)).collect();
        let mut fresh = Runner::new(&plan);
        for seed in [2, 0, 1] {
            assert_eq!(
                before[seed as usize],
                fresh.run(seed),
                "a reused world is a fresh one"
            );
            if let Some(opened) = fresh.run_open(seed) {
                assert_eq!(
                    before[seed as usize], opened.row,
                    "an open recorder changes nothing"
                );
            }
        }
    }
}
