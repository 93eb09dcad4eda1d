//! Every combination of fields that makes no sense, and the reason it is refused with.
//!
//! Long, for it is a table: a line or two for each combination.

mod support;

use semel_models::strategy::Strategy;
use semel_models::vocabulary::Topology;
use semel_sim::net::Transport;
use support::read;

/// A combination: what is published how, what is beside it, how it is worked on.
const COMBINATIONS: &[(&str, &str, &str, &str)] = &[
    // name, publish, beside, work
    ("an empty window", "window: 0", "", LOOP),
    ("an empty buffer", "buffer: 0", "", LOOP),
    ("an empty batch", "batch: (records: 0)", "", LOOP),
    (
        "a batch beyond a segment",
        "batch: (records: 65535)",
        "",
        LOOP,
    ),
    (
        "one record that lingers",
        r#"batch: (linger: "5ms")"#,
        "",
        LOOP,
    ),
    ("retries without answers", "wait: Nothing", "", LOOP),
    (
        "sequences without answers",
        "wait: Nothing, retry: Never(), name: Sequence",
        SEQUENCE,
        LOOP,
    ),
    (
        "sequences without retries",
        "retry: Never(), name: Sequence",
        SEQUENCE,
        LOOP,
    ),
    (
        "sequences with a wide window",
        "window: 6, name: Sequence",
        SEQUENCE,
        LOOP,
    ),
    (
        "an answer that is not waited for",
        r#"retry: Never(timeout: "0s")"#,
        "",
        LOOP,
    ),
    (
        "a pause that shrinks",
        r#"retry: Backoff(delay_min: "2s")"#,
        "",
        LOOP,
    ),
    (
        "a timeout of nothing",
        r#"retry: Backoff(timeout: "0s")"#,
        "",
        LOOP,
    ),
    (
        "a deadline before the timeout",
        r#"retry: Backoff(deadline: "1s")"#,
        "",
        LOOP,
    ),
    (
        "a deadline before the batch has lingered",
        r#"batch: (records: 9, linger: "100s"), retry: Backoff(timeout: "30s", deadline: "120s")"#,
        "",
        LOOP,
    ),
    ("no attempt", "retry: Backoff(attempts: 0)", "", LOOP),
    (
        "a breaker that is always open",
        r#"retry: Backoff(breaker: (failures: 0, open_for: "1s", on_open: Park))"#,
        "",
        LOOP,
    ),
    (
        "a breaker that is never open",
        r#"retry: Backoff(breaker: (failures: 1, open_for: "0s", on_open: Park))"#,
        "",
        LOOP,
    ),
    (
        "attempts of a source that is read again",
        "retry: Backoff(attempts: 3)",
        "source: Replayed()",
        LOOP,
    ),
    (
        "an application that sends again what is read again",
        "retry: Backoff(on_timeout: SendAgain)",
        "source: Replayed()",
        LOOP,
    ),
    (
        "an outbox that tries once",
        "retry: Never()",
        "source: Outbox(), sink: (kind: Inbox())",
        LOOP,
    ),
    (
        "a breaker that fails an outbox",
        r#"retry: Backoff(breaker: (failures: 1, open_for: "1s", on_open: Fail))"#,
        "source: Outbox()",
        LOOP,
    ),
    (
        "an empty transaction",
        "name: Sequence, unit: Transaction(records: 0)",
        TRANSACTIONAL,
        LOOP,
    ),
    (
        "a transaction that no broker allows",
        r#"name: Sequence, unit: Transaction(records: 5, timeout: "1h")"#,
        TRANSACTIONAL,
        LOOP,
    ),
    (
        "a transaction that ends at once",
        r#"name: Sequence, unit: Transaction(records: 5, commit_every: "0s")"#,
        TRANSACTIONAL,
        LOOP,
    ),
    (
        "a transaction that is always too late",
        r#"name: Sequence, unit: Transaction(records: 5, commit_every: "1min")"#,
        TRANSACTIONAL,
        LOOP,
    ),
    (
        "a breaker in a transaction",
        r#"name: Sequence, unit: Transaction(records: 5), retry: Backoff(breaker: (failures: 2, open_for: "1s", on_open: Park))"#,
        TRANSACTIONAL,
        LOOP,
    ),
    (
        "an application that sends again what is aborted",
        "name: Sequence, unit: Transaction(records: 5), retry: Backoff(on_timeout: SendAgain)",
        TRANSACTIONAL,
        LOOP,
    ),
    ("sequences that nobody gives", "", SEQUENCE, LOOP),
    ("sequences that nobody reads", "name: Sequence", "", LOOP),
    (
        "ids that nobody gives",
        "",
        "stream: (recognise: Id((), WithData))",
        LOOP,
    ),
    (
        "a highest id that nobody gives",
        "",
        "stream: (recognise: Highest(WithData))",
        LOOP,
    ),
    (
        "a highest content",
        "name: Content",
        "stream: (recognise: Highest(WithData))",
        LOOP,
    ),
    (
        "a highest attempt",
        "name: Attempt",
        "stream: (recognise: Highest(WithData))",
        LOOP,
    ),
    (
        "a table of no batches",
        "name: Sequence",
        "stream: (recognise: Sequence(batches: 0))",
        LOOP,
    ),
    (
        "a table that forgets at once",
        "name: Sequence",
        r#"stream: (recognise: Sequence(expire: "0s"))"#,
        LOOP,
    ),
    (
        "a window of no ids",
        "name: Intent",
        "stream: (recognise: Id((count: 0), WithData))",
        LOOP,
    ),
    (
        "a window of no time",
        "name: Intent",
        r#"stream: (recognise: Id((time: "0s"), WithData))"#,
        LOOP,
    ),
    (
        "ids copied at once",
        "name: Intent",
        r#"stream: (recognise: Id((), AsyncCopy("0s")))"#,
        LOOP,
    ),
    (
        "marks copied at once",
        "name: Intent",
        r#"stream: (recognise: Highest(AsyncCopy("0s")))"#,
        LOOP,
    ),
    (
        "a flush after no entries",
        "",
        "stream: (copies: One(Entries(0)))",
        LOOP,
    ),
    (
        "a flush after no time",
        "",
        r#"stream: (copies: One(Every("0s")))"#,
        LOOP,
    ),
    (
        "transactions that the stream has not",
        "name: Sequence, unit: Transaction(records: 5)",
        SEQUENCE,
        LOOP,
    ),
    (
        "a protocol that is not there",
        "name: Sequence",
        "stream: (recognise: Sequence(), transactions: Markers(transaction_version: 3))",
        LOOP,
    ),
    (
        "version 2 without verification",
        "name: Sequence",
        "stream: (recognise: Sequence(), transactions: Markers(verification: Off)), sink: (kind: Output)",
        "Transact(right: Group())",
    ),
    (
        "a scan without a pause",
        "name: Sequence",
        r#"stream: (recognise: Sequence(), transactions: Markers(scan_every: "0s"))"#,
        LOOP,
    ),
    (
        "transactions without sequences",
        "unit: Transaction(records: 5)",
        "stream: (transactions: Markers())",
        LOOP,
    ),
    (
        "outputs without sequences",
        "",
        "stream: (transactions: Markers()), sink: (kind: Output)",
        "Transact()",
    ),
    ("polls of nothing", "", "", "Loop(mark: After, poll: 0)"),
    ("no workers", "", "", "Loop(mark: After, workers: 0)"),
    (
        "a sink that is not waited for",
        "",
        "",
        r#"Loop(mark: After, sink_timeout: "0s")"#,
    ),
    (
        "a stream that is not waited for",
        "",
        "",
        r#"Loop(mark: After, fetch_timeout: "0s")"#,
    ),
    (
        "marks all the time",
        "",
        "",
        r#"Loop(mark: Timer(every: "0s"))"#,
    ),
    (
        "dead letters before the first attempt",
        "",
        "",
        "Loop(mark: After, poison: DeadLetter(attempts: 0))",
    ),
    (
        "a consumer that remembers nothing",
        "",
        "",
        "Loop(mark: After, recognise: Durable(count: 0))",
    ),
    (
        "an offset kept by the stream itself",
        "",
        "sink: (kind: Output)",
        "Loop(mark: WithEffect)",
    ),
    (
        "an offset kept with three steps",
        "",
        "sink: (kind: Keyed())",
        "Loop(mark: WithEffect)",
    ),
    (
        "an offset kept with several effects",
        "",
        "",
        "Loop(mark: WithEffect, workers: 2)",
    ),
    (
        "an offset kept with what may be lost",
        "",
        "",
        "Loop(mark: WithEffect, sink_timeout: None)",
    ),
    ("outputs of a loop", "", "sink: (kind: Output)", LOOP),
    (
        "a heart that never rests",
        "",
        "",
        r#"Loop(mark: After, right: Group(heartbeat: "0s"))"#,
    ),
    (
        "a heart that beats too late",
        "",
        "",
        r#"Loop(mark: After, right: Group(heartbeat: "1min"))"#,
    ),
    (
        "polls that are always late",
        "",
        "",
        r#"Loop(mark: After, right: Group(poll_interval: "0s"))"#,
    ),
    (
        "transactional polls of nothing",
        "name: Sequence",
        OUTPUT,
        "Transact(poll: 0)",
    ),
    (
        "a coordinator that is not waited for",
        "name: Sequence",
        OUTPUT,
        r#"Transact(request_timeout: "0s")"#,
    ),
    (
        "a sink that transactions never reach",
        "name: Sequence",
        TRANSACTIONAL,
        "Transact()",
    ),
    (
        "payments into the stream",
        "name: Sequence",
        OUTPUT,
        "Transact(side_effect: Payment)",
    ),
    (
        "outputs that are given up too soon",
        "name: Sequence",
        OUTPUT,
        r#"Transact(delivery_timeout: "1s")"#,
    ),
    (
        "outputs in a transaction that no broker allows",
        "name: Sequence",
        OUTPUT,
        r#"Transact(timeout: "1h")"#,
    ),
    (
        "outputs that time out before they commit",
        "name: Sequence",
        OUTPUT,
        r#"Transact(commit_every: "1min")"#,
    ),
    (
        "a fence without generations",
        "",
        "sink: (fence: Token)",
        LOOP,
    ),
    (
        "a fence before the stream itself",
        "name: Sequence",
        "stream: (recognise: Sequence(), transactions: Markers()), sink: (kind: Output, fence: Token)",
        "Transact(right: Group())",
    ),
    (
        "an inbox of no ids",
        "",
        "sink: (kind: Inbox(count: 0))",
        LOOP,
    ),
    (
        "keys that are pruned at once",
        "",
        r#"sink: (kind: Keyed(ttl: "0s"))"#,
        LOOP,
    ),
    (
        "keys that are never in progress",
        "",
        r#"sink: (kind: Keyed(lease: "0s"))"#,
        LOOP,
    ),
    (
        "sequences with a single attempt",
        "retry: Backoff(attempts: 1), name: Sequence",
        SEQUENCE,
        LOOP,
    ),
    (
        "markers that nobody writes",
        "",
        "stream: (transactions: Markers())",
        LOOP,
    ),
    (
        "promise: atomic without transactions",
        "",
        "promise: [(level: log, keeps: atomic)]",
        LOOP,
    ),
    (
        "promise: no early read without transactions",
        "",
        "promise: [(level: delivery, keeps: no_early_read)]",
        LOOP,
    ),
    (
        "promise: no aborted delivery without transactions",
        "",
        "promise: [(level: delivery, keeps: no_aborted_effect)]",
        LOOP,
    ),
    (
        "promise: stable progress without transactions",
        "",
        "promise: [(level: log, keeps: stable_progress)]",
        LOOP,
    ),
    (
        "promise: fencing in the log without transactions",
        "",
        "promise: [(level: log, keeps: fencing)]",
        LOOP,
    ),
    (
        "promise: fencing of marks without a group",
        "",
        "promise: [(level: delivery, keeps: fencing)]",
        LOOP,
    ),
    (
        "promise: fencing at a sink that grants nothing",
        "",
        "promise: [(level: effect, keeps: fencing)]",
        LOOP,
    ),
    (
        "promise: a repeat that comes at once",
        "",
        r#"promise: [(level: log, keeps: no_duplicate, assuming: [Within("0s")])]"#,
        LOOP,
    ),
    (
        "promise: a bound in the log that nothing declares",
        "",
        "promise: [(level: log, keeps: bounded_state)]",
        LOOP,
    ),
    (
        "promise: a bound of sequences",
        "name: Sequence",
        "promise: [(level: log, keeps: bounded_state)], stream: (recognise: Sequence())",
        LOOP,
    ),
    (
        "promise: a bound at the consumer that nothing declares",
        "",
        "promise: [(level: delivery, keeps: bounded_state)]",
        LOOP,
    ),
    (
        "promise: a bound at the sink that nothing declares",
        "",
        "promise: [(level: effect, keeps: bounded_state)], sink: (kind: Inbox())",
        LOOP,
    ),
    (
        "promise: stable results without stored ones",
        "",
        "promise: [(level: effect, keeps: stable_result)]",
        LOOP,
    ),
    (
        "promise: honest acks without acks",
        "wait: Nothing, retry: Never()",
        "promise: [(level: log, keeps: honest_ack)]",
        LOOP,
    ),
    (
        "promise: marks on a timer that match effects",
        "",
        "promise: [(level: effect, keeps: mark_matches_effect)]",
        "Loop(mark: Timer())",
    ),
    (
        "bug: a mark that has no effect to precede",
        "",
        "bug: CommitBeforeEffect",
        "Loop(mark: Before)",
    ),
    (
        "bug: epochs that nobody has",
        "",
        "bug: EpochNotChecked",
        LOOP,
    ),
    (
        "bug: sequences that nobody counts",
        "",
        "bug: SequenceOffByOne",
        LOOP,
    ),
    (
        "bug: a table that is not there",
        "",
        "bug: TableNotRebuilt",
        LOOP,
    ),
    (
        "bug: a table that is elsewhere",
        "name: Intent",
        "bug: TableNotRebuilt, stream: (recognise: Id((), Durable))",
        LOOP,
    ),
    (
        "bug: an ack that nobody wants",
        "wait: Nothing, retry: Never()",
        "bug: AckBeforeAppend",
        LOOP,
    ),
    (
        "bug: a window without a clock",
        "name: Intent",
        "bug: WindowOnWrongClock, stream: (recognise: Id((count: 5), WithData))",
        LOOP,
    ),
    (
        "bug: markers of no transaction",
        "",
        "bug: MarkerBeforePrepare",
        LOOP,
    ),
    (
        "bug: an abort of no transaction",
        "",
        "bug: AbortForgetsPartition",
        LOOP,
    ),
    (
        "bug: an assignment that nobody loses",
        "",
        "bug: CommitForLostAssignment",
        LOOP,
    ),
    (
        "bug: generations that nobody has",
        "",
        "bug: StaleGenerationAccepted",
        LOOP,
    ),
    (
        "bug: ids that nobody reads",
        "name: Intent",
        "bug: RetryWithNewId",
        LOOP,
    ),
    (
        "bug: a row that nobody writes",
        "",
        "bug: DedupOutsideTransaction",
        LOOP,
    ),
];

const LOOP: &str = "Loop(mark: After)";
const SEQUENCE: &str = "stream: (recognise: Sequence())";
const TRANSACTIONAL: &str = "stream: (recognise: Sequence(), transactions: Markers())";
const OUTPUT: &str =
    "stream: (recognise: Sequence(), transactions: Markers()), sink: (kind: Output)";

fn strategy(publish: &str, beside: &str, work: &str) -> Strategy {
    let promise = if beside.contains("promise:") {
        ""
    } else {
        "promise: [], "
    };
    read(&format!(
        "({promise}publish: ({publish}), work: {work}, {beside})"
    ))
}

fn objections(strategy: &Strategy, topology: Topology, transport: Transport) -> Vec<String> {
    let found = strategy.check(topology, transport);
    found
        .iter()
        .map(|objection| format!("  {} {}", objection.path, objection.text))
        .collect()
}

#[test]
fn every_meaningless_combination_is_refused_with_its_reason() {
    let mut table = Vec::new();
    for (name, publish, beside, work) in COMBINATIONS {
        let strategy = strategy(publish, beside, work);
        let found = objections(&strategy, Topology::default(), Transport::Connection);
        assert!(!found.is_empty(), "{name} is let through");
        table.push(format!("{name}\n{}", found.join("\n")));
    }
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn what_makes_sense_is_let_through() {
    for (publish, beside, work) in [
        ("", "", LOOP),
        (
            "name: Intent",
            r#"stream: (recognise: Id((time: "2min", count: 100), Durable))"#,
            LOOP,
        ),
        (
            "name: Intent",
            "stream: (recognise: Highest(WithData))",
            LOOP,
        ),
        (
            "name: Sequence",
            SEQUENCE,
            "Loop(mark: WithEffect, right: Group())",
        ),
        ("name: Sequence", OUTPUT, "Transact(right: Group())"),
        (
            "name: Sequence, unit: Transaction(records: 5)",
            TRANSACTIONAL,
            "Loop(mark: After, read: Committed)",
        ),
        (
            "name: Sequence, unit: Transaction(records: 5)",
            OUTPUT,
            "Transact(right: Group())",
        ),
        (
            "retry: Backoff(attempts: 2, on_timeout: SendAgain)",
            "",
            LOOP,
        ),
        (
            "",
            "source: Outbox(), sink: (kind: Inbox())",
            "Loop(mark: After, recognise: Volatile())",
        ),
        (
            "wait: Nothing, retry: Never()",
            "sink: (kind: Keyed())",
            "Loop(mark: Before, sink_timeout: None)",
        ),
    ] {
        let strategy = strategy(publish, beside, work);
        let found = objections(&strategy, Topology::default(), Transport::Connection);
        assert!(found.is_empty(), "{publish} {beside} {work}: {found:?}");
    }
}

#[test]
fn some_things_make_sense_elsewhere_only() {
    let crowded = Topology {
        consumers: 2,
        ..Topology::default()
    };
    let alone = strategy("", "", LOOP);
    let outputs = strategy("name: Sequence", OUTPUT, "Transact()");
    let transactional = strategy(
        "name: Sequence, unit: Transaction(records: 5)",
        TRANSACTIONAL,
        LOOP,
    );
    let datagram = Transport::Datagram;
    let table = [
        objections(&alone, crowded, Transport::Connection),
        objections(&outputs, Topology::default(), datagram),
        objections(&transactional, Topology::default(), datagram),
    ];
    insta::assert_snapshot!(table.concat().join("\n"));
}
