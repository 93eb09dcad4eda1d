//! A producer's retries: what they reorder, when they end, and what an application is told.

use semel_models::observation::{Observation, Outcome};
use semel_sim::time::Span;

use crate::support::Stage;
use crate::{datagrams, effects, order, stage, strategy};

/// F002: two requests fail together, and come back in the order of their failures.
#[test]
fn requests_that_fail_together_come_back_in_another_order() {
    let quick = || Stage {
        pace: Span::ZERO,
        ..stage(3, &["Drop(packet: Produce(record: 0, attempt: 1))"])
    };
    let run = quick().run(&strategy("", ""));
    insta::assert_snapshot!(run.about(&["Produce", "disconnected", "Stored"]));
    assert_eq!(order(&run), [2, 1, 0]);
    let alone = quick().run(&strategy("window: 1", ""));
    assert_eq!(order(&alone), [0, 1, 2]);
    let named = strategy("name: Sequence", "stream: (recognise: Sequence())");
    assert_eq!(order(&quick().run(&named)), [0, 1, 2]);
}

/// F002 over datagrams: what was sent behind the lost one is stored before its retry.
#[test]
fn a_retry_falls_behind_what_was_sent_later() {
    let lost = "Drop(packet: Produce(record: 0, attempt: 1))";
    let run = datagrams(3, &[lost]).run(&strategy("", ""));
    assert_eq!(order(&run), [1, 2, 0]);
}

/// §1.2: after the deadline the outcome of what was sent is unknown; what never left has certainly failed.
#[test]
fn after_the_deadline_the_outcome_is_unknown_or_failed() {
    let cut = r#"Isolate(node: "broker-0", at: "0ms", until: "5s")"#;
    let deadline =
        strategy("window: 1", "").replace("jitter: 0", r#"jitter: 0, deadline: "300ms""#);
    let at_once = Stage {
        pace: Span::ZERO,
        ..stage(3, &[cut])
    };
    let run = at_once.run(&deadline);
    insta::assert_snapshot!(run.about(&["Intent", "Attempt", "Stored", "Acked"]));
    assert_eq!(effects(&run, 3), [1, 0, 0]);
}

/// F003: a late answer after the deadline finds nobody; the record is there although its outcome was unknown.
#[test]
fn an_unknown_outcome_may_have_been_a_success() {
    let late = r#"Delay(packet: Ack(record: 0, attempt: 1), by: Fixed("90ms"))"#;
    let impatient = strategy("", "").replace(
        r#"(timeout: "100ms""#,
        r#"(timeout: "50ms", attempts: 1, deadline: "60ms""#,
    );
    let run = stage(1, &[late]).run(&impatient);
    insta::assert_snapshot!(run.about(&["Produce", "Ack", "Stored", "Acked"]));
    assert_eq!(effects(&run, 1), [1]);
}

/// §1.2: pauses double up to the most.
#[test]
fn pauses_between_attempts_double() {
    let cut = r#"Isolate(node: "broker-0", at: "5ms", until: "2s")"#;
    let run = stage(1, &[cut]).run(&strategy("", ""));
    insta::assert_snapshot!(run.about(&["Attempt"]));
}

/// A batch waits for more records, but not for ever.
#[test]
fn a_batch_leaves_when_it_is_full_or_has_lingered() {
    let batches = strategy(r#"batch: (records: 3, linger: "25ms")"#, "");
    let run = stage(4, &[]).run(&batches);
    insta::assert_snapshot!(run.about(&["Intent", "Produce", "Stored"]));
}

const CUT: &str = r#"Isolate(node: "broker-0", at: "45ms", until: "700ms")"#;

fn breaker(on_open: &str) -> String {
    let breaker =
        format!(r#"jitter: 0, breaker: (failures: 2, open_for: "300ms", on_open: {on_open})"#);
    strategy("", "").replace("jitter: 0", &breaker)
}

/// Counts what an application was told.
fn told(run: &crate::Transcript, wanted: Outcome) -> usize {
    let told = |seen: &&Observation| matches!(seen, Observation::Acked { outcome, .. } if *outcome == wanted);
    run.seen.iter().filter(told).count()
}

fn slow(records: u32) -> Stage {
    Stage {
        pace: Span::millis(50),
        ..stage(records, &[CUT])
    }
}

/// §1.18: what an open breaker parks is sent when it closes. Every failed probe opens it again.
#[test]
fn an_open_breaker_that_parks_loses_nothing() {
    let run = slow(8).run(&breaker("Park"));
    insta::assert_snapshot!(run.about(&[
        "Cut(NodeId(1), NodeId(0))",
        "Join(NodeId(1), NodeId(0))",
        "Attempt",
        "Acked"
    ]));
    assert_eq!((told(&run, Outcome::Ok), effects(&run, 8)), (8, vec![1; 8]));
}

/// §1.18: what an open breaker fails at once is reported: unknown if it was ever sent, else failed.
#[test]
fn an_open_breaker_that_fails_says_so() {
    let run = slow(20).run(&breaker("Fail"));
    insta::assert_snapshot!(run.about(&[
        "Cut(NodeId(1), NodeId(0))",
        "Join(NodeId(1), NodeId(0))",
        "Attempt",
        "outcome: Failed",
        "outcome: Unknown"
    ]));
    let (unknown, failed) = (told(&run, Outcome::Unknown), told(&run, Outcome::Failed));
    assert!(unknown > 0 && failed > 0);
    assert_eq!(told(&run, Outcome::Ok) + unknown + failed, 20);
}

/// L11: what an open breaker drops without a word was acknowledged, and is gone.
#[test]
fn an_open_breaker_that_loses_says_ok() {
    let run = slow(20).run(&breaker("Lose"));
    assert_eq!(told(&run, Outcome::Ok), 20);
    let lost = effects(&run, 20)
        .iter()
        .filter(|count| **count == 0)
        .count();
    assert!(lost > 0);
}

/// F003: after the deadline the application sends the same record again. It has a number of its own, which the stream
/// has never seen, so it is stored twice.
#[test]
fn a_record_that_is_sent_again_by_its_application_is_not_recognised() {
    let cut = [
        "Drop(packet: Ack(record: 0, attempt: 1))",
        r#"Isolate(node: "producer-0", after: Stored(record: 0), lasting: "500ms")"#,
    ];
    let named = strategy("name: Sequence", "stream: (recognise: Sequence())");
    let patient = r#"jitter: 0, deadline: "300ms""#;
    let again = format!("{patient}, on_timeout: SendAgain");
    let run = stage(2, &cut).run(&named.replace("jitter: 0", &again));
    insta::assert_snapshot!(run.about(&["Produce", "Stored", "Recognised", "Acked"]));
    assert_eq!(effects(&run, 2), [2, 1]);
    let reported = stage(2, &cut).run(&named.replace("jitter: 0", patient));
    assert_eq!(effects(&reported, 2)[0], 1);
}

/// A client has no word for a record that was sent once, sent again by its application, and then refused by an open
/// breaker: it may be stored, so it is not "failed" (§1.18: an indefinite outcome is never reported as failed).
#[test]
fn what_was_sent_before_its_application_sent_it_again_is_not_failed() {
    let ack = "Drop(packet: Ack(record: 0), times: 9)";
    let breaker = r#"jitter: 0, attempts: 1, on_timeout: SendAgain,
        breaker: (failures: 1, open_for: "2s", on_open: Fail)"#;
    let run = stage(1, &[ack]).run(&strategy("", "").replace("jitter: 0", breaker));
    assert_eq!(effects(&run, 1), [1]);
    assert_eq!(told(&run, Outcome::Failed), 0);
    assert!(told(&run, Outcome::Unknown) > 0);
}

/// F003: what never left is sent again, too; who goes by the intent stores it once.
#[test]
fn a_record_that_is_sent_again_by_its_application_keeps_its_intent() {
    let cut = r#"Isolate(node: "broker-0", at: "5ms", until: "1s")"#;
    let named = strategy(
        "window: 1, name: Intent",
        "stream: (recognise: Id((), WithData))",
    );
    let again = r#"jitter: 0, deadline: "300ms", on_timeout: SendAgain"#;
    let run = stage(3, &[cut]).run(&named.replace("jitter: 0", again));
    assert_eq!(effects(&run, 3), [1, 1, 1]);
    assert_eq!(told(&run, Outcome::Failed), 0);
    assert!(told(&run, Outcome::Unknown) > 0);
}
