//! The library as a user's own tests see it.

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
    swept.expect_promises();
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
