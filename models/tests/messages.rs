//! What can be said of a message of each kind: what patterns may ask for is what messages carry, no more and no less.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use semel_models::message::{Kind, Message};
use support::{Stage, read};

const IDEMPOTENT: &str =
    r#"retry: Backoff(timeout: "100ms", delay_min: "20ms", jitter: 0), name: Sequence"#;
const GROUP: &str = r#"right: Group(session: "300ms", heartbeat: "100ms", initial_delay: "5ms", poll_interval: "50ms")"#;

/// Strategies that have every kind of message between them.
fn strategies() -> [String; 5] {
    let markers = |version: u8| {
        format!(
            "stream: (recognise: Sequence(), transactions: Markers(transaction_version: {version}, scan_every: \"500ms\"))"
        )
    };
    let transacts =
        format!(r#"work: Transact({GROUP}, reset: Earliest, commit_every: "50ms", timeout: "2s")"#);
    let unit = "unit: Transaction(records: 3, timeout: \"2s\")";
    [
        format!(
            "(promise: [], publish: ({IDEMPOTENT}, {unit}), {}, {transacts}, sink: (kind: Output))",
            markers(1)
        ),
        format!(
            "(promise: [], publish: ({IDEMPOTENT}), {}, {transacts}, sink: (kind: Output))",
            markers(2)
        ),
        format!("(promise: [], work: Loop({GROUP}, mark: After, reset: Earliest, poll: 1))"),
        "(promise: [], work: Loop(mark: After, reset: Earliest, poison: DeadLetter()))".into(),
        "(promise: [], work: Loop(mark: WithEffect, reset: Earliest))".into(),
    ]
}

fn said(message: &Message, carries: bool) -> impl Iterator<Item = &'static str> {
    let facts = message.facts();
    let said = [
        ("record", facts.record.is_some() || carries),
        ("attempt", facts.attempt.is_some()),
        ("partition", facts.partition.is_some()),
        ("transaction", facts.transaction.is_some()),
        ("commit", facts.commit.is_some()),
    ];
    said.into_iter()
        .filter_map(|(fact, said)| said.then_some(fact))
}

#[test]
fn patterns_may_ask_for_what_messages_carry() {
    let mut carried: BTreeMap<Kind, BTreeSet<&str>> = BTreeMap::new();
    for strategy in strategies() {
        let stage = Stage {
            records: 9,
            poison_every: if strategy.contains("poison") { 5 } else { 0 },
            // A member that is held up over a record for longer than it may take leaves.
            faults: vec![read(
                r#"Pause(node: "consumer-0", after: Delivered(), down: "100ms")"#,
            )],
            ..Stage::default()
        };
        for (message, carries) in stage.run(&strategy).sent {
            carried
                .entry(message.kind())
                .or_default()
                .extend(said(&message, carries));
        }
    }
    for kind in Kind::ALL {
        let known: BTreeSet<&str> = kind.facts().iter().copied().collect();
        assert_eq!(carried.get(kind), Some(&known), "{}", kind.name());
    }
}
