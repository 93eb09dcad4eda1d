//! The library as a user's own tests see it.

use std::ops::Range;
use std::panic::catch_unwind;
use std::path::Path;

use semel::Sweep;

/// A promise that a planted bug breaks: the broker forgets its producers in a crash.
fn broken() -> Sweep {
    let scenario = semel::scenario("broker-crash")
        .unwrap()
        .set("strategy.bug", "TableNotRebuilt");
    Sweep::new(&scenario)
        .strategy("idempotent-producer")
        .seeds(0..20)
        .witnesses(Path::new(env!("CARGO_TARGET_TMPDIR")).join("library"))
}

#[test]
fn a_sweep_returns_data() {
    let scenario = semel::scenario("crash-before-commit").unwrap();
    let sweep = Sweep::new(&scenario).seeds(0..10);
    let swept = sweep
        .clone()
        .strategy("at-least-once")
        .strategy("idempotent-consumer")
        .run()
        .unwrap();
    let [plain, inbox] = swept.summaries() else {
        panic!("two strategies");
    };
    assert_eq!((plain.runs, plain.duplicated_runs), (10, 10));
    assert_eq!((inbox.runs, inbox.duplicated_runs), (10, 0));
    assert!(swept.keeps_promises());
    swept.expect_met();
    let all = sweep.jobs(2).run().unwrap();
    assert!(
        all.summaries().len() > 5,
        "each of which something is expected"
    );
}

#[test]
fn a_broken_promise_panics_with_command_reason_and_witness() {
    let swept = broken().run().unwrap();
    assert!(!swept.keeps_promises());
    let panic = catch_unwind(|| swept.expect_promises()).unwrap_err();
    let said = panic.downcast_ref::<String>().unwrap();
    let after = |word: &str| {
        let mut lines = said
            .lines()
            .filter_map(|line| line.trim().strip_prefix(word));
        lines
            .next()
            .unwrap_or_else(|| panic!("no {word} in:\n{said}"))
            .trim()
    };
    let seed = after("seed");
    let again = format!(
        "semel run broker-crash --strategy idempotent-producer --seed {seed} --set strategy.bug=TableNotRebuilt"
    );
    assert_eq!(after("again"), again);
    for part in ["Let", "Then", "However", "Needed", "D2", "promise broken"] {
        assert!(said.contains(part), "no {part} in:\n{said}");
    }
    let witness = after("witness");
    let text = std::fs::read_to_string(witness).unwrap();
    let again = semel::scenario_text("witness", &text)
        .strategy("idempotent-producer-found")
        .run()
        .unwrap();
    assert!(!again.keeps_its_promise(), "the witness repeats it");
}

#[test]
fn what_makes_no_sense_is_an_error() {
    let scenario = semel::scenario("lost-ack").unwrap();
    let unknown = Sweep::new(&scenario).strategy("nobody").run();
    assert!(matches!(unknown, Err(semel::Error::Complaint(_))));
}

/// Where nothing is expected of anybody, every strategy that fits is run; the others are not asked.
#[test]
fn what_does_not_fit_is_left_out() {
    let swept = |text: &str| {
        let scenario = semel::scenario_text("plain", text);
        let swept = Sweep::new(&scenario).seeds(0..2).run().unwrap();
        let names = swept.summaries().iter().map(|one| one.strategy.clone());
        names.collect::<Vec<_>>()
    };
    let connections = swept("(schema: 1, name: \"plain\")");
    let datagrams = swept("(schema: 1, name: \"plain\", transport: Datagram)");
    assert!(connections.contains(&"transactional".into()));
    assert!(!datagrams.contains(&"transactional".into()));
    assert!(datagrams.contains(&"at-least-once".into()));
}

/// What never happened is no success, for a test as for the command.
#[test]
fn what_never_happened_panics_too() {
    let scenario = semel::scenario("lost-ack").unwrap();
    let scenario = scenario.set("faults[drop].packet", "Ack(record: 99)");
    let swept = Sweep::new(&scenario).strategy("at-least-once").seeds(0..5);
    let swept = swept.run().unwrap();
    swept.expect_promises();
    let panic = catch_unwind(|| swept.expect_met()).unwrap_err();
    let said = panic.downcast_ref::<String>().unwrap();
    assert!(
        said.contains("at-least-once under lost-ack") && said.contains("0 of 5"),
        "{said}"
    );
}

#[test]
fn without_a_seed_there_is_nothing_to_run() {
    let scenario = semel::scenario("lost-ack").unwrap();
    for seeds in [0..0, 5..5, Range { start: 10, end: 5 }] {
        let swept = Sweep::new(&scenario)
            .strategy("at-least-once")
            .seeds(seeds.clone())
            .run();
        assert_eq!(swept.unwrap_err(), semel::Error::NoSeeds(seeds));
    }
}

#[test]
fn rows_are_shown_in_order() {
    let scenario = semel::scenario("crash-before-commit").unwrap();
    let mut seen = Vec::new();
    let sweep = Sweep::new(&scenario)
        .strategy("at-least-once")
        .seeds(3..6)
        .jobs(2);
    sweep
        .run_each(|row| seen.push((row.seed, row.duplicated)))
        .unwrap();
    assert_eq!(seen, [(3, 1), (4, 1), (5, 1)]);
}

/// A scenario that is nowhere in a file is repeated from Rust, one in a file by a command.
#[test]
fn scenarios_of_ones_own_say_what_repeats_them() {
    let text = &semel::scenarios::catalog::find("broker-crash")
        .unwrap()
        .text;
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mine.ron");
    std::fs::write(&path, text).unwrap();
    let file = path.display().to_string();
    let seed = r"--seed 0 --set strategy.bug=TableNotRebuilt";
    for (scenario, again) in [
        (
            semel::scenario_text("mine", text),
            r#"scenario_text("mine", ..).strategy("idempotent-producer").set("strategy.bug", "TableNotRebuilt")"#.into(),
        ),
        (
            semel::scenario_file(&path).unwrap(),
            format!("semel run {file} --strategy idempotent-producer {seed}"),
        ),
    ] {
        let scenario = scenario.set("strategy.bug", "TableNotRebuilt");
        let sweep = Sweep::new(&scenario).strategy("idempotent-producer").seeds(0..1);
        let swept = sweep.witnesses(path.with_extension("found")).run().unwrap();
        let panic = catch_unwind(|| swept.expect_met()).unwrap_err();
        let said = panic.downcast_ref::<String>().unwrap();
        assert!(said.contains(&again), "no {again} in:\n{said}");
    }
    assert!(matches!(
        semel::scenario_file("nowhere.ron"),
        Err(semel::Error::Unreadable(_))
    ));
}
