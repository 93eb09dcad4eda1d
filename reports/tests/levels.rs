//! How runs stand at the levels, however much went wrong.

use std::sync::Arc;

use semel_models::strategy::{Invariant, Level};
use semel_reports::levels::standing;
use semel_reports::report::Line;
use semel_scenarios::catalog;
use semel_scenarios::file::load::load_with;
use semel_scenarios::file::setting::Setting;
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;

/// What a run comes to: of violations a row tells few, and counts all.
fn run(scenario: &str, strategy: &str, set: &[&str]) -> Line {
    let parse = |text: &&str| Setting::parse(text).expect("it is a setting");
    let settings: Vec<Setting> = set.iter().map(parse).collect();
    let source = catalog::find(scenario).expect("the catalog has it");
    let scenario = load_with(&source, &settings).expect("it is valid");
    let plan = Plan::new(&Arc::new(scenario), strategy, &settings).expect("it fits");
    let plan = Arc::new(plan);
    let told = Runner::new(&plan).run_told(1, None).expect("it is run");
    Line::new(&plan, told, String::new())
}

#[test]
fn all_that_is_lost_is_counted_at_every_level() {
    let settings = ["workload.records=1000", "faults[drop]=Drop(rate: \"1/2\")"];
    let line = run("lost-request", "at-most-once", &settings);
    for level in [Level::Log, Level::Delivery, Level::Effect] {
        let lost = line.row.count(Invariant::NoLoss, level);
        let told = line.row.told(Invariant::NoLoss, level);
        assert!(lost > told, "{lost} are lost at {level:?}, and {told} told");
        assert!(
            standing(&line, level)
                .text
                .contains(&format!("{lost} lost"))
        );
    }
    let at_effect = line.row.count(Invariant::NoLoss, Level::Effect);
    assert_eq!(at_effect, line.row.lost);
}
