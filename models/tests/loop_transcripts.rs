//! Transcripts of the plainest consumer, one mechanism each.

mod support;

use support::{Stage, read};

const AT_LEAST_ONCE: &str = r#"(
    promise: [],
    publish: (retry: Backoff(timeout: "100ms", delay_min: "20ms", jitter: 0)),
    work: Loop(mark: After, reset: Earliest),
)"#;

/// F001: the ack is lost with its connection. The producer's timer fires, it dials anew and sends again.
#[test]
fn a_lost_ack_is_a_duplicate_in_the_log_and_at_the_sink() {
    let stage = Stage {
        records: 1,
        faults: vec![read("Drop(packet: Ack(record: 0, attempt: 1))")],
        ..Stage::default()
    };
    let run = stage.run(AT_LEAST_ONCE);
    let story = run.about(&["Produce", "Ack ", "Stored", "Acked", "disconnected"]);
    insta::assert_snapshot!(story);
    assert_eq!(run.effects(0), 2);
}

/// F040: the consumer dies after the effect and before the mark: it reads the same record again.
#[test]
fn a_crash_before_the_commit_is_a_second_effect() {
    let crash = read(r#"Crash(node: "consumer-0", after: Handled(record: 0), down: "200ms")"#);
    let run = Stage {
        records: 1,
        faults: vec![crash],
        ..Stage::default()
    }
    .run(AT_LEAST_ONCE);
    insta::assert_snapshot!(run.about(&[
        "Delivered",
        "Applied",
        "Crash",
        "back",
        "Commit",
        "Assigned",
        "never"
    ]));
    assert_eq!(run.effects(0), 2);
}

/// F041: marked before it is handled, a record that dies with its consumer is gone.
#[test]
fn a_crash_after_an_early_mark_is_a_loss() {
    let crash = read(r#"Crash(node: "consumer-0", after: Delivered(record: 0), down: "200ms")"#);
    let strategy = AT_LEAST_ONCE.replace("mark: After", "mark: Before, sink_timeout: None");
    let run = Stage {
        records: 1,
        faults: vec![crash],
        ..Stage::default()
    }
    .run(&strategy);
    assert_eq!(run.effects(0), 0);
}
