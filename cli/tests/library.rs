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
fn a_broken_promise_panics_with_token_reason_and_witness() {
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
    assert!(after("token").starts_with("semel1:broker-crash:"), "{said}");
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
    let nobody = Sweep::new(&semel::scenario_text(
        "empty",
        "(schema: 1, name: \"empty\")",
    ))
    .run();
    assert!(matches!(nobody, Err(semel::Error::NoStrategy)));
}
