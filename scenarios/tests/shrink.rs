//! What failures over the catalog shrink to, and that their witnesses repeat them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use semel_models::strategy::Invariant;
use semel_scenarios::catalog;
use semel_scenarios::explain::explain;
use semel_scenarios::file::load::{Source, load, load_with};
use semel_scenarios::file::scenario::{Fault, Scenario};
use semel_scenarios::file::setting::Setting;
use semel_scenarios::outcome::row::ViolationRow;
use semel_scenarios::outcome::summary::Summarizer;
use semel_scenarios::shrink::{Budget, RUNS, Shrunk, Size, shrink, shrink_to};
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;
use semel_scenarios::witness;
use semel_scenarios::witness::replay::{self, Difference};
use semel_scenarios::witness::sought::Sought;
use semel_sim::time::Span;

/// Every plan of the catalog that can be run, but for the one that is only large.
fn plans() -> Vec<Arc<Plan>> {
    let all = catalog::scenarios();
    let scenarios = all.iter().filter(|scenario| scenario.name != "throughput");
    let plans = scenarios.flat_map(|scenario| {
        let own = scenario.define.keys().map(String::as_str);
        let names = catalog::strategy_names().iter().copied().chain(own);
        let plans = names.filter_map(|name| Plan::new(scenario, name, &[]).ok());
        plans.collect::<Vec<_>>()
    });
    plans.filter(Plan::is_applicable).map(Arc::new).collect()
}

fn written(shrunk: &Shrunk) -> Scenario {
    let text = witness::text(&shrunk.witness);
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

/// Shrinks a run and holds what is left to its word; None where nothing fails.
fn held(plan: &Arc<Plan>, seed: u64) -> Option<String> {
    let name = format!("{} {} {seed}", plan.scenario.name, plan.name);
    let begin = Instant::now();
    let shrunk = shrink(plan, seed, RUNS)?;
    // Five seconds are said of the program as people run it.
    assert!(
        cfg!(debug_assertions) || begin.elapsed() < Duration::from_secs(5),
        "{name} took {:?}",
        begin.elapsed()
    );
    let (faults, records) = (shrunk.after.faults, shrunk.after.records);
    assert!(faults <= 3, "{name} still needs {faults} faults");
    assert!(records <= 3, "{name} still needs {records} records");
    let witness = Arc::new(written(&shrunk));
    let again = replay::witness(&witness)
        .expect("it fits")
        .expect("it is a witness");
    assert_eq!(again.difference, None, "{name}");
    nothing_is_superfluous(&name, &witness, &shrunk);
    assert_eq!(shrunk.cut_short, None, "{name}");
    assert_eq!(shrunk.beyond, [], "{name}");
    let aim = shrunk.aim;
    let broken = format!("{} at {} {}", aim.invariant, aim.level, aim.cause);
    Some(format!(
        "{name:48} {broken:32} {} -> {}\n",
        size(shrunk.before),
        size(shrunk.after)
    ))
}

/// Without any one of the faults that the explanation calls needed, the violation is gone.
fn nothing_is_superfluous(name: &str, witness: &Arc<Scenario>, shrunk: &Shrunk) {
    let explanation = explain(shrunk).unwrap_or_else(|| panic!("{name} cannot be explained"));
    let Some(Fault::Script(script)) = witness.faults.first() else {
        assert!(explanation.faults.is_empty(), "{name}");
        return;
    };
    let mut lines: Vec<usize> = explanation
        .faults
        .iter()
        .flat_map(|fault| fault.lines.clone())
        .collect();
    lines.sort_unstable();
    assert!(lines.into_iter().eq(0..script.len()), "{name}");
    let strategy = &witness.witness.as_ref().expect("it is one").strategy;
    for fault in &explanation.faults {
        assert!(
            fault.needed == Some(true) || fault.otherwise.is_some(),
            "{name} does not need {}",
            fault.name
        );
        let mut less = Scenario::clone(witness);
        let rest = (0..script.len()).filter(|line| !fault.lines.contains(line));
        let script = rest.map(|line| script[line].clone()).collect();
        less.faults = vec![Fault::Script(script)];
        let plan = Plan::new(&Arc::new(less), strategy, &[]).expect("it fits");
        let row = Runner::new(&Arc::new(plan)).run(0);
        let aim = shrunk.aim;
        let alike =
            |found: &&ViolationRow| (found.invariant, found.level) == (aim.invariant, aim.level);
        let without = row.violations.iter().find(alike);
        let without = without.map(|found| &found.cause);
        assert_eq!(
            without,
            fault.otherwise.as_ref(),
            "{name} without {}",
            fault.name
        );
    }
}

#[test]
fn every_failure_shrinks_to_a_handful_of_lines_that_repeat_it() {
    let plans = plans();
    let table: String = plans.iter().filter_map(|plan| held(plan, 1)).collect();
    println!("{table}");
    assert!(table.lines().count() >= 100);
}

/// What strikes late in a long run strikes against all that came before it.
const LATE: [(&str, &str, &[u64]); 7] = [
    ("auto-commit-loss", "at-least-once", &[3, 4, 7]),
    ("auto-commit-loss", "auto-commit", &[3, 4, 7]),
    ("late-end-transaction", "transactional-v1", &[2, 25, 29]),
    ("bad-day", "idempotent-producer", &[25]),
    ("bad-day", "auto-commit", &[25]),
    ("bad-day", "atomic-offset", &[234, 248]),
    (
        "bad-day",
        "transactional",
        &[0, 7, 21, 31, 34, 36, 101, 88032, 88175],
    ),
];

#[test]
fn other_seeds_shrink_as_far() {
    let plans = plans();
    for (scenario, strategy, seeds) in LATE {
        let is_it = |plan: &&Arc<Plan>| plan.scenario.name == scenario && plan.name == strategy;
        let plan = plans.iter().find(is_it).expect("the catalog has it");
        for seed in seeds {
            println!("{}", held(plan, *seed).unwrap_or_default());
        }
    }
}

#[test]
fn a_planted_bug_shrinks_as_far() {
    let scenario = catalog::scenario("bad-day").expect("the catalog has it");
    let bug = Setting::parse("strategy.bug=AbortForgetsPartition");
    let bug = bug.unwrap_or_else(|complaint| panic!("{complaint}"));
    let plan = Plan::new(&scenario, "transactional", &[bug]);
    let plan = Arc::new(plan.unwrap_or_else(|complaint| panic!("{complaint}")));
    for seed in [0, 24] {
        println!("{}", held(&plan, seed).expect("it fails"));
    }
}

fn plan_of(scenario: &str, strategy: &str, set: &[&str]) -> Arc<Plan> {
    let parse =
        |text: &&str| Setting::parse(text).unwrap_or_else(|complaint| panic!("{complaint}"));
    let settings: Vec<Setting> = set.iter().map(parse).collect();
    let source = catalog::find(scenario).expect("the catalog has it");
    let scenario = load_with(&source, &settings).unwrap_or_else(|complaint| panic!("{complaint}"));
    let plan = Plan::new(&Arc::new(scenario), strategy, &settings);
    Arc::new(plan.unwrap_or_else(|complaint| panic!("{complaint}")))
}

/// What shrinking has left is what shrinking it leaves.
#[test]
fn shrinking_a_witness_again_leaves_it_as_small() {
    for (scenario, strategy, seed) in [
        ("lost-ack", "at-least-once", 1),
        ("late-end-transaction", "transactional", 0),
        ("slow-consumer", "group", 0),
        ("broker-power-loss", "auto-commit", 0),
        ("bad-day", "transactional", 7),
        ("bad-day", "at-least-once", 7),
    ] {
        let shrunk = shrink(&plan_of(scenario, strategy, &[]), seed, RUNS).expect("it fails");
        let witness = Arc::new(written(&shrunk));
        let known = witness.witness.as_ref().expect("it is one");
        let plan = Plan::new(&witness, &known.strategy, &[]).expect("it fits");
        let again = shrink(&Arc::new(plan), known.seed, RUNS).expect("it fails");
        assert_eq!(again.after, shrunk.after, "{scenario} {strategy} {seed}");
    }
}

/// A link that was joined is joined in the witness, and a node that was slow is as fast as before in the end: otherwise
/// it would break convergence as well.
#[test]
fn what_ended_ends_in_the_witness() {
    for (scenario, strategy, end) in [
        ("slow-consumer", "group", "Slow(\"consumer-0\", 1)"),
        (
            "breaker-open",
            "breaker-loses",
            "Join(\"producer-0\", \"broker-0\")",
        ),
    ] {
        let shrunk = shrink(&plan_of(scenario, strategy, &[]), 0, RUNS).expect("it fails");
        let text = witness::text(&shrunk.witness);
        assert!(text.contains(end) || text.contains("heal_at"), "{text}");
        let row = replay::witness(&Arc::new(written(&shrunk)))
            .expect("it fits")
            .expect("it is a witness")
            .run
            .row;
        let converges = |one: &ViolationRow| one.invariant != Invariant::Convergence;
        assert!(row.violations.iter().all(converges), "{:?}", row.violations);
    }
}

/// Whatever a run is found guilty of is shrunk and written down, even where it ends for want of events.
#[test]
fn a_run_that_ends_for_want_of_events_has_a_witness() {
    let plan = plan_of(
        "bad-day",
        "transactional",
        &["strategy.bug=AckBeforeAppend", "events=2000"],
    );
    for seed in [20, 34] {
        let shrunk = shrink(&plan, seed, 500).expect("it fails");
        let explained = explain(&shrunk).expect("it can be explained");
        assert_eq!(explained.violation.invariant, shrunk.aim.invariant);
    }
}

#[test]
fn shrinking_that_is_cut_short_says_so() {
    let plan = plan_of("lost-ack", "at-least-once", &[]);
    let shrunk = shrink(&plan, 1, 3).expect("it fails");
    assert_eq!((shrunk.runs, shrunk.cut_short), (3, Some(Budget::Runs(3))));
    assert_eq!(shrink(&plan, 1, RUNS).expect("it fails").cut_short, None);
}

/// With nothing to be had there is nothing to wait for either: a long run is full of deviations, and none is touched.
#[test]
fn a_budget_that_is_spent_ends_it() {
    let plan = plan_of("bad-day", "transactional", &[]);
    for (seed, runs) in [(3002, 0), (3005, 1)] {
        let begin = Instant::now();
        let shrunk = shrink(&plan, seed, runs).expect("it fails");
        assert!(begin.elapsed() < Duration::from_secs(30), "it hangs");
        let spent = Some(Budget::Runs(runs));
        assert_eq!((shrunk.runs, shrunk.cut_short), (runs, spent));
    }
}

/// Nor is each of thousands of deviations left out once to tell which are needed.
#[test]
fn what_was_hardly_shrunk_is_explained_all_the_same() {
    let plan = plan_of("bad-day", "transactional", &[]);
    let shrunk = shrink(&plan, 3002, 0).expect("it fails");
    let explained = explain(&shrunk).expect("it can be explained");
    assert!(explained.faults.len() > 1_000);
    assert!(explained.faults.iter().all(|fault| fault.needed.is_none()));
}

/// What was taken away before the budget was spent stays away.
#[test]
fn cut_short_it_keeps_what_it_has() {
    let plan = plan_of("bad-day", "transactional", &[]);
    let shrunk = shrink(&plan, 3002, 20).expect("it fails");
    assert_eq!(shrunk.cut_short, Some(Budget::Runs(20)));
    assert!(
        shrunk.after.faults < shrunk.before.faults,
        "{:?}",
        shrunk.after
    );
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
    insta::assert_snapshot!(witness::text(&lost_ack()));
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
    let text = witness::text(&lost_ack()).replace("what: \"Ack 0\"", "what: \"Ack 7\"");
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

/// What a sweep lists besides the gravest violation of a run can be shrunk as well, each kind for itself.
#[test]
fn each_kind_of_violation_that_a_sweep_finds_can_be_shrunk() {
    let scenario = Arc::new(
        catalog::scenario("bad-day")
            .expect("it is in the catalog")
            .clone(),
    );
    let plan = Arc::new(Plan::new(&scenario, "at-least-once", &[]).expect("it fits"));
    let (mut runner, mut summarizer) = (Runner::new(&plan), Summarizer::new(&plan));
    (0..8).for_each(|seed| summarizer.add(&runner.run(seed)));
    let causes = summarizer.finish().causes;
    assert!(causes.len() >= 5, "{causes:?}");
    for cause in causes {
        let sought = cause.sought();
        let shrunk = shrink_to(&plan, cause.seed, Some(&sought), RUNS).expect("it is there");
        let witness = shrunk.witness.witness.expect("it is one");
        assert_eq!(Sought::of(&witness), sought);
        assert!(shrunk.after.faults <= 3, "{sought}: {:?}", shrunk.after);
        assert_eq!(sought.to_string().parse(), Ok(sought));
    }
    let other: Sought = "monotone_offset at delivery".parse().expect("it is a kind");
    assert!(shrink_to(&plan, 0, Some(&other), RUNS).is_none());
}
