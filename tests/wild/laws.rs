//! Laws of runs: they end, they repeat, and each fault answers for itself.

use std::sync::Arc;

use proptest::prelude::*;
use semel_models::judge::Cause;
use semel_scenarios::catalog;
use semel_scenarios::file::complaint::Source;
use semel_scenarios::file::load::load;
use semel_scenarios::file::scenario::{Fault, Scenario};
use semel_scenarios::outcome::row::{Ended, ViolationRow};
use semel_scenarios::trial::plan::Plan;
use semel_scenarios::trial::{Opened, Runner};
use semel_sim::time::Span;

use crate::schema::{Kind, Writer};

/// The strategy that wild scenarios define.
const MINE: &str = "mine";

fn read(text: &str) -> Option<Scenario> {
    let source = Source {
        name: "wild.ron".into(),
        text: text.into(),
    };
    load(&source).ok()
}

fn plan(scenario: &Scenario) -> Option<Arc<Plan>> {
    Plan::new(&Arc::new(scenario.clone()), MINE, &[])
        .ok()
        .map(Arc::new)
}

/// What goes wrong in a run of a built-in strategy that nothing may make go wrong: a broken promise, or something for
/// which there is no cause.
fn inexcusable(scenario: &Arc<Scenario>, strategy: &str, seed: u64) -> Vec<String> {
    let Ok(plan) = Plan::new(scenario, strategy, &[]) else {
        return Vec::new();
    };
    let row = Runner::new(&Arc::new(plan)).run(seed);
    let bad = |violation: &&ViolationRow| violation.is_breach() || violation.cause == Cause::Other;
    let found = row.violations.iter().filter(bad);
    let told = found.map(|violation| format!("{strategy}, seed {seed}: {violation:?}"));
    told.collect()
}

/// Faults that could do everything, and never do.
const NEVER: [&str; 6] = [
    "Drop(name: \"never\", rate: 0)",
    "Delay(name: \"never\", rate: 0, by: Fixed(\"1s\"))",
    "Corrupt(name: \"never\", rate: 0)",
    "Crash(name: \"never\", node: \"*\", rate: 0)",
    "Pause(name: \"never\", node: \"*\", rate: 0, every: \"5ms\", until: \"1s\")",
    "Isolate(name: \"never\", node: \"broker-0\", rate: 0, every: \"5ms\", until: \"1s\", lasting: \"5ms\")",
];

/// A fault that does nothing for the first 200 ms, and much after that.
const LATE: &str = "Drop(name: \"later\", rate: \"1/2\", at: \"200ms\")";

/// One fault, read as a file would be.
fn fault(text: &str) -> Fault {
    let text = format!("(schema: 1, name: \"one\", heal_at: \"9s\", faults: [{text}])");
    read(&text).expect("it is allowed").faults.remove(0)
}

/// The digest of a run, if the scenario makes sense with its strategy.
fn run(scenario: &Scenario, seed: u64) -> Option<String> {
    Some(Runner::new(&plan(scenario)?).run(seed).digest)
}

fn tape() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..160)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_allowed_can_be_run(choices in tape(), seed in any::<u64>()) {
        let mut writer = Writer::new(&choices, Kind::Extreme);
        let text = writer.scenario();
        if let Some(plan) = read(&text).as_ref().and_then(plan) {
            let row = Runner::new(&plan).run(seed);
            prop_assert!(row.events <= 20_100, "{} events: {}", row.events, text);
        }
    }

    /// Every violation is at a level where its invariant is said to be judged.
    #[test]
    fn what_is_found_is_where_it_is_judged(choices in tape(), seed in any::<u64>()) {
        let text = Writer::new(&choices, Kind::Tame).scenario();
        let Some(plan) = read(&text).as_ref().and_then(plan) else { return Ok(()) };
        for violation in Runner::new(&plan).run(seed).violations {
            let known = violation.invariant.levels().contains(&violation.level);
            prop_assert!(known, "{} at {}: {}", violation.invariant, violation.level, text);
        }
    }

    /// No weather breaks what a strategy of the catalog promises, and nothing goes wrong without a cause. (Where each
    /// step takes a tenth of what anybody waits, requests time out before their turn has come: that is no weather.)
    #[test]
    fn no_weather_breaks_a_promise(choices in tape(), seed in any::<u64>()) {
        let text = Writer::new(&choices, Kind::Tame).scenario();
        let Some(scenario) = read(&text).map(Arc::new) else { return Ok(()) };
        if scenario.network.service > Span::millis(1) { return Ok(()) }
        for strategy in catalog::strategy_names() {
            let found = inexcusable(&scenario, strategy, seed);
            prop_assert!(found.is_empty(), "{}: {}", found.join(", "), text);
        }
    }

    /// A rate of 0 is as good as absence, wherever the fault stands among others.
    #[test]
    fn a_rate_of_0_equals_absence(choices in tape(), seed in any::<u64>(), place in 0_usize..6) {
        let mut writer = Writer::new(&choices, Kind::Tame);
        let faults = writer.faults();
        let text = writer.around(&faults);
        let Some(scenario) = read(&text) else { return Ok(()) };
        let digest = run(&scenario, seed);
        for never in NEVER {
            let mut with = scenario.clone();
            with.faults.insert(place.min(with.faults.len()), fault(never));
            prop_assert_eq!(&run(&with, seed), &digest, "{}: {}", never, &text);
        }
    }

    /// Faults that stand elsewhere in the list, or beside one that never acts, answer as before: reversed, a plan of
    /// faults on packets alone (which act together, never instead of each other) gives the same run.
    #[test]
    fn the_order_of_faults_changes_no_answer(choices in tape(), seed in any::<u64>()) {
        let text = Writer::new(&choices, Kind::Tame).scenario();
        let Some(mut scenario) = read(&text) else { return Ok(()) };
        scenario.faults.retain(|fault| matches!(
            fault,
            Fault::Drop(_) | Fault::Delay(_) | Fault::Duplicate(_) | Fault::Corrupt(_) | Fault::Burst(_)
        ));
        let digest = run(&scenario, seed);
        scenario.faults.reverse();
        prop_assert_eq!(run(&scenario, seed), digest, "{}", &text);
    }

    /// What a fault does until another one's first deed, it does without it too: chance has no memory.
    #[test]
    fn a_fault_that_comes_later_changes_nothing_before(choices in tape(), seed in any::<u64>()) {
        let text = Writer::new(&choices, Kind::Tame).scenario();
        let Some(scenario) = read(&text) else { return Ok(()) };
        let Some(plan) = plan(&scenario) else { return Ok(()) };
        let mut more = scenario.clone();
        more.faults.push(fault(LATE));
        let more = self::plan(&more).expect("one more fault is allowed");
        let (before, after) = (Runner::new(&plan).run_open(seed), Runner::new(&more).run_open(seed));
        let early = |opened: Option<Opened>| {
            let entries = opened.expect("it applies").trace.entries;
            let early = entries.into_iter().take_while(|entry| entry.at.0 < Span::millis(200).0);
            early.map(|entry| format!("{:?} {:?}", entry.at, entry.what)).collect::<Vec<_>>()
        };
        prop_assert_eq!(early(before), early(after), "{}", &text);
    }

    #[test]
    fn a_run_repeats_itself(choices in tape(), seed in any::<u64>()) {
        let mut writer = Writer::new(&choices, Kind::Tame);
        let text = writer.scenario();
        let Some(plan) = read(&text).as_ref().and_then(plan) else { return Ok(()) };
        let mut runner = Runner::new(&plan);
        let row = runner.run(seed);
        runner.run(seed ^ 1);
        prop_assert_eq!(&runner.run(seed), &row, "a reused runner: {}", &text);
        let opened = Runner::new(&plan).run_open(seed).expect("it applies");
        prop_assert_eq!(&opened.row, &row, "open eyes: {}", &text);
        // Endless weather has no end to be noted.
        if row.end != Ended::Settled { return Ok(()) }
        // Where nothing heals, patience waits for the end of each fault; a script does not tell when that was.
        let ends = |fault: &Fault| fault.as_packet().is_some_and(|hit| hit.until.is_some());
        if plan.scenario.heal_at.is_none() && plan.scenario.faults.iter().any(ends) { return Ok(()) }
        let mut scripted = plan.scenario.as_ref().clone();
        scripted.workload.written = Some(opened.workload.write_out());
        scripted.faults = vec![Fault::Script(opened.deviations)];
        let scripted = self::plan(&scripted).expect("what was noted is a scenario");
        prop_assert_eq!(&Runner::new(&scripted).run(seed ^ 1).digest, &row.digest, "its script: {}", &text);
    }
}
