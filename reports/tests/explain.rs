//! Explanations, to be read aloud.

use std::sync::Arc;

use semel_reports::Glyphs;
use semel_reports::explain::text;
use semel_scenarios::catalog;
use semel_scenarios::explain::{Explanation, explain};
use semel_scenarios::plan::Plan;
use semel_scenarios::scenario::Scenario;
use semel_scenarios::shrink::{RUNS, shrink};

fn explained(scenario: &str, strategy: &str) -> Explanation {
    let is_it = |one: &&Arc<Scenario>| one.name == scenario;
    let all = catalog::scenarios();
    let scenario = all.iter().find(is_it).expect("the catalog has it");
    let plan = Arc::new(Plan::new(scenario, strategy, &[]).expect("it fits"));
    explain(&shrink(&plan, 1, RUNS).expect("it fails")).expect("it fails")
}

#[test]
fn what_went_wrong_is_explained_by_what_caused_it() {
    for (scenario, strategy) in [
        ("lost-ack", "at-least-once"),
        ("lost-request", "at-most-once"),
        ("crash-before-commit", "at-least-once"),
        ("crash-after-commit", "at-most-once"),
        ("broker-power-loss", "at-least-once"),
        ("reordered-batches", "at-least-once"),
        ("duplicate-packets", "at-least-once"),
        ("clock-step", "windowed-dedup"),
        ("zombie-consumer", "atomic-offset"),
    ] {
        let page = text(&explained(scenario, strategy), Glyphs::Ascii);
        insta::assert_snapshot!(format!("{scenario}-{strategy}"), page);
    }
}

#[test]
fn every_fault_of_a_shrunk_run_is_needed() {
    for (scenario, strategy) in [
        ("lost-ack", "at-least-once"),
        ("clock-step", "windowed-dedup"),
    ] {
        assert!(
            explained(scenario, strategy)
                .faults
                .iter()
                .all(|fault| fault.needed)
        );
    }
}
