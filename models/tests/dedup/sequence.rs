//! Kafka's idempotent producer and the table of a partition (`semantics.md` §1.3).

use semel_sim::time::Span;

use crate::support::Stage;
use crate::{datagrams, effects, order, stage, strategy};

fn idempotent(recognise: &str) -> String {
    strategy(
        "name: Sequence",
        &format!("stream: (recognise: {recognise})"),
    )
}

const STORY: [&str; 6] = ["Init", "Produce", "Ack ", "Stored", "Recognised", "Acked"];

/// F001 avoided: the retry of a stored batch is recognised.
#[test]
fn a_retry_of_a_remembered_batch_is_a_repeat() {
    let run =
        stage(1, &["Drop(packet: Ack(record: 0, attempt: 1))"]).run(&idempotent("Sequence()"));
    insta::assert_snapshot!(run.about(&STORY));
    assert_eq!(effects(&run, 1), [1]);
}

/// F002 avoided, rule 6: what follows a gap is out of order, and is sent again until the gap is filled.
#[test]
fn what_follows_a_gap_is_refused_until_it_is_filled() {
    let lost = "Drop(packet: Produce(record: 1, attempt: 1))";
    let run = datagrams(4, &[lost]).run(&idempotent("Sequence()"));
    insta::assert_snapshot!(run.about(&["Produce", "Stored"]));
    assert_eq!(order(&run), [0, 1, 2, 3]);
}

/// KIP-360: the log lost an acknowledged batch with unsynced data, so the next one is out of order although it is the
/// next. The client raises its epoch and begins at 0.
#[test]
fn a_gap_in_the_log_raises_the_epoch() {
    let loss = r#"PowerLoss(node: "broker-0", at: "35ms", down: "20ms")"#;
    let flushed =
        idempotent("Sequence()").replace("stream: (", "stream: (copies: One(Entries(2)), ");
    let unlucky = Stage {
        seed: 3,
        ..stage(5, &[loss])
    };
    let run = unlucky.run(&flushed);
    insta::assert_snapshot!(run.about(&["Produce", "Stored", "Truncated", "Power"]));
    assert_eq!(run.about(&["Truncated"]).lines().count(), 1);
    assert_eq!(order(&run), [0, 1, 2, 3, 4]);
}

/// F004, rule 7: the table forgot the producer before its retry came, and then any sequence is accepted.
#[test]
fn a_producer_that_was_forgotten_may_begin_anywhere() {
    let lost = "Drop(packet: Ack(record: 0, attempt: 1))";
    let tunnel = r#"Isolate(node: "producer-0", after: Stored(record: 0), lasting: "1100ms")"#;
    let run = stage(1, &[lost, tunnel]).run(&idempotent(r#"Sequence(expire: "1s")"#));
    insta::assert_snapshot!(run.about(&[
        "Cut(NodeId(0), NodeId(1))",
        "Join(NodeId(0), NodeId(1))",
        "Stored",
        "Recognised",
        "Acked"
    ]));
    assert_eq!(effects(&run, 1), [2]);
}

/// F005: the table goes by the client's timestamps. A clock two days behind is forgotten at once.
#[test]
fn a_client_whose_clock_is_behind_is_forgotten_at_once() {
    let behind = r#"ClockStep(node: "producer-0", back: "48h", at: "1ms")"#;
    let lost = "Drop(packet: Ack(record: 0, attempt: 1))";
    let run = stage(1, &[behind, lost]).run(&idempotent("Sequence()"));
    insta::assert_snapshot!(run.about(&[
        "Cut(NodeId(0), NodeId(1))",
        "Join(NodeId(0), NodeId(1))",
        "Stored",
        "Recognised",
        "Acked"
    ]));
    assert_eq!(effects(&run, 1), [2]);
}

/// A batch whose outcome stays unknown leaves its number open: nothing new is sent until the partition has drained,
/// and then the epoch is raised.
#[test]
fn a_number_left_open_ends_the_epoch() {
    let impatient =
        idempotent("Sequence()").replace("jitter: 0", r#"jitter: 0, deadline: "250ms""#);
    let patient = Stage {
        pace: Span::millis(150),
        ..stage(
            4,
            &[r#"Isolate(node: "broker-0", at: "305ms", until: "700ms")"#],
        )
    };
    let run = patient.run(&impatient);
    insta::assert_snapshot!(run.about(&["Produce", "Stored", "Acked"]));
}

/// The bug: a sequence that repeats the last one is accepted.
#[test]
fn off_by_one_a_repeat_of_the_last_batch_is_new() {
    let wrong = idempotent("Sequence()").replace("stream:", "bug: SequenceOffByOne, stream:");
    let run = stage(1, &["Drop(packet: Ack(record: 0, attempt: 1))"]).run(&wrong);
    assert_eq!(effects(&run, 1), [2]);
}

/// The producer id is asked for again until it comes, and again after a crash of the broker.
#[test]
fn a_producer_id_is_asked_for_until_it_comes() {
    let lost = "Drop(packet: ProducerIs())";
    let crash = r#"Crash(node: "broker-0", at: "1ms", down: "50ms")"#;
    for fault in [lost, crash] {
        let run = stage(2, &[fault]).run(&idempotent("Sequence()"));
        assert_eq!(effects(&run, 2), [1, 1], "{fault}");
        assert!(run.about(&["InitProducer"]).lines().count() < 10, "{fault}");
    }
}
