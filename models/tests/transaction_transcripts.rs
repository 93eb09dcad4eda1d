//! Transcripts of a producer that publishes in transactions (`semantics.md` §1.4), one mechanism each.

mod support;

use semel_models::observation::{Observation, Outcome};
use semel_models::vocabulary::Topology;
use semel_sim::time::Span;
use support::{AnyFault, Stage, Transcript, read};

/// Three records per transaction, with this stream, these fields of `publish`, and readers of this kind.
fn strategy(markers: &str, publish: &str, read: &str, beside: &str) -> String {
    format!(
        r#"(
            promise: [],
            publish: (
                retry: Backoff(timeout: "100ms", delay_min: "20ms", jitter: 0, deadline: "300ms"),
                name: Sequence,
                unit: Transaction(records: 3, timeout: "2s"),
                {publish}
            ),
            stream: (recognise: Sequence(), transactions: Markers(scan_every: "500ms", {markers})),
            work: Loop(mark: After, reset: Earliest, read: {read}),
            {beside}
        )"#
    )
}

const VERSION_1: &str = "transaction_version: 1";
const UNVERIFIED: &str = "transaction_version: 1, verification: Off";
const VERSION_2: &str = "transaction_version: 2";

fn committed(markers: &str) -> String {
    strategy(markers, "", "Committed", "")
}

fn stage(records: u32, faults: &[&str]) -> Stage {
    Stage {
        records,
        keys: 1,
        faults: faults.iter().copied().map(read::<AnyFault>).collect(),
        ..Stage::default()
    }
}

fn effects(run: &Transcript, records: u32) -> Vec<usize> {
    (0..records).map(|record| run.effects(record)).collect()
}

/// What a record's application was told, in order.
fn told(run: &Transcript, wanted: u32) -> Vec<Outcome> {
    let told = |seen: &Observation| match seen {
        Observation::Acked {
            record, outcome, ..
        } if *record == wanted => Some(*outcome),
        _ => None,
    };
    run.seen.iter().filter_map(told).collect()
}

fn hangs(run: &Transcript) -> bool {
    let hangs = |seen: &Observation| matches!(seen, Observation::Hanging { .. });
    run.seen.iter().any(hangs)
}

const WORDS: [&str; 9] = [
    "InitTransactions",
    "AddPartition",
    "Produce",
    "EndTransaction",
    "WriteMarker",
    "Verify ",
    "Acked",
    "Opened",
    "Concluded",
];

/// B2 without its offsets: a partition joins first, and a record is ok once its transaction is committed. The last
/// transaction ends with the source.
#[test]
fn version_1_adds_partitions_and_keeps_its_epoch() {
    let run = stage(4, &[]).run(&committed(VERSION_1));
    insta::assert_snapshot!(run.about(&WORDS));
    assert_eq!(effects(&run, 4), [1; 4]);
}

/// KIP-890: the leader asks, and every end brings the next epoch.
#[test]
fn version_2_joins_by_verification_and_renews_its_epoch() {
    let run = stage(4, &[]).run(&committed(VERSION_2));
    insta::assert_snapshot!(run.about(&WORDS));
    assert_eq!(effects(&run, 4), [1; 4]);
}

/// A transaction that does not fill is committed after `commit_every`.
#[test]
fn a_transaction_waits_for_more_records_but_not_for_ever() {
    let slow = Stage {
        pace: Span::millis(80),
        ..stage(3, &[])
    };
    let run = slow.run(&committed(VERSION_2));
    insta::assert_snapshot!(run.about(&["Intent", "Produce", "EndTransaction", "Acked"]));
}

/// F001 within a transaction: the repeat is recognised.
#[test]
fn a_lost_ack_is_a_repeat_in_the_same_transaction() {
    for markers in [UNVERIFIED, VERSION_1, VERSION_2] {
        let lost = "Drop(packet: Ack(record: 1, attempt: 1))";
        let run = stage(3, &[lost]).run(&committed(markers));
        assert_eq!(effects(&run, 3), [1; 3], "{markers}");
        assert!(!run.about(&["Recognised"]).is_empty(), "{markers}");
    }
}

/// The end is asked for until its outcome is known.
#[test]
fn a_lost_answer_to_a_commit_is_asked_for_again() {
    for markers in [UNVERIFIED, VERSION_1, VERSION_2] {
        let lost = "Drop(packet: TransactionAnswer(transaction: 1), nth: 2, times: 2)";
        let lost = if markers == VERSION_2 {
            "Drop(packet: TransactionAnswer(transaction: 1), times: 2)"
        } else {
            lost
        };
        let run = stage(6, &[lost]).run(&committed(markers));
        assert_eq!(effects(&run, 6), [1; 6], "{markers}");
        assert_eq!(told(&run, 0), [Outcome::Ok], "{markers}");
    }
}

/// F036: a record that takes too long breaks its transaction. It is aborted, with certainty, and tried again in the
/// next epoch: a reader of all records sees both tries.
#[test]
fn a_delivery_timeout_aborts_and_the_application_tries_again() {
    let late = "Drop(packet: Produce(record: 1), times: 5)";
    let run = stage(3, &[late]).run(&committed(VERSION_1));
    insta::assert_snapshot!(run.about(&WORDS));
    assert_eq!(effects(&run, 3), [1; 3]);
    for markers in [UNVERIFIED, VERSION_1, VERSION_2] {
        let run = stage(3, &[late]).run(&committed(markers));
        assert_eq!(effects(&run, 3), [1; 3], "{markers}");
        let exposed = stage(3, &[late]).run(&strategy(markers, "", "Any", ""));
        assert_eq!(effects(&exposed, 3), [2, 1, 1], "{markers}");
    }
}

/// A record that is tried again keeps count of its attempts, so that no two of them look alike.
#[test]
fn attempts_are_counted_over_aborted_transactions() {
    let pause = r#"Pause(node: "producer-0", after: Stored(record: 1), down: "4s")"#;
    let run = stage(4, &[pause]).run(&committed(VERSION_2));
    let attempts = |wanted| {
        let attempt = move |seen: &Observation| match seen {
            Observation::Attempt {
                record, attempt, ..
            } if *record == wanted => Some(*attempt),
            _ => None,
        };
        run.seen.iter().filter_map(attempt).collect::<Vec<_>>()
    };
    assert_eq!(attempts(0), [1, 2]);
    assert_eq!(attempts(3), [1]);
}

/// F035: the coordinator aborts a transaction whose owner is paused, and the owner is fenced. It begins as a new client
/// and does the work again.
#[test]
fn a_transaction_that_takes_too_long_is_aborted_and_done_again() {
    let pause = r#"Pause(node: "producer-0", after: Stored(record: 1), down: "4s")"#;
    let run = stage(3, &[pause]).run(&committed(VERSION_2));
    insta::assert_snapshot!(run.about(&[
        "InitTransactions",
        "Produce",
        "Marked",
        "Acked",
        "Pause"
    ]));
    for markers in [UNVERIFIED, VERSION_1, VERSION_2] {
        let run = stage(3, &[pause]).run(&committed(markers));
        assert_eq!(effects(&run, 3), [1; 3], "{markers}");
    }
}

/// A restarted producer registers under the same name: what it had left open is aborted. A source that is read again
/// brings it again; a live application has lost it.
#[test]
fn a_restarted_producer_aborts_what_it_had_open() {
    let crash = r#"Crash(node: "producer-0", after: Stored(record: 1), down: "100ms")"#;
    let replayed = strategy(VERSION_1, "", "Committed", "source: Replayed()");
    let run = stage(5, &[crash]).run(&replayed);
    insta::assert_snapshot!(run.about(&WORDS));
    for markers in [UNVERIFIED, VERSION_1, VERSION_2] {
        let replayed = strategy(markers, "", "Committed", "source: Replayed()");
        let run = stage(5, &[crash]).run(&replayed);
        assert_eq!(effects(&run, 5), [1; 5], "{markers}");
        let live = stage(5, &[crash]).run(&committed(markers));
        assert_eq!(effects(&live, 5), [0, 0, 1, 1, 1], "{markers}");
        assert_eq!(told(&live, 0), [Outcome::Unknown], "{markers}");
    }
}

/// F020: a record that was given up arrives after its transaction was aborted. Before verification it begins one that
/// the coordinator does not know, and nobody ends it.
#[test]
fn a_late_record_begins_a_transaction_that_nobody_ends() {
    let faults = [
        r#"Delay(packet: Produce(record: 5, attempt: 1), by: Fixed("1s"))"#,
        "Drop(packet: Produce(record: 5, attempt: 2))",
        "Drop(packet: Produce(record: 5, attempt: 3))",
        "Drop(packet: Produce(record: 5, attempt: 4))",
        r#"Crash(node: "producer-0", after: Marked(commit: false), down: "100ms")"#,
    ];
    let run = stage(6, &faults).run(&committed(UNVERIFIED));
    insta::assert_snapshot!(run.about(&["Produce 5", "record: 5", "Marked", "Crash", "Hanging"]));
    assert!(hangs(&run));
    for markers in [VERSION_1, VERSION_2] {
        let run = stage(6, &faults).run(&committed(markers));
        assert!(!hangs(&run), "{markers}");
    }
}

/// A leader whose question, or its answer, is lost asks again on another connection.
#[test]
fn a_leader_does_not_wait_for_the_coordinator_for_ever() {
    for markers in [VERSION_1, VERSION_2] {
        let two = Stage {
            topology: Topology {
                brokers: 2,
                partitions: 2,
                ..Topology::default()
            },
            keys: 7,
            ..stage(8, &["Drop(packet: Verified(partition: 1), times: 5)"])
        };
        let replayed = strategy(markers, "", "Committed", "source: Replayed()");
        assert_eq!(effects(&two.run(&replayed), 8), [1; 8], "{markers}");
    }
}

/// A transaction spans partitions, and batches: all of it or nothing.
#[test]
fn batches_in_many_partitions_end_together() {
    for markers in [UNVERIFIED, VERSION_1, VERSION_2] {
        let batches = r#"batch: (records: 2, linger: "30ms")"#;
        let wide = Stage {
            keys: 7,
            topology: Topology {
                producers: 2,
                brokers: 2,
                partitions: 3,
                ..Topology::default()
            },
            ..stage(
                20,
                &[r#"Crash(node: "broker-1", at: "60ms", down: "200ms")"#],
            )
        };
        let run = wide.run(&strategy(markers, batches, "Committed", ""));
        assert_eq!(effects(&run, 20), [1; 20], "{markers}");
    }
}
