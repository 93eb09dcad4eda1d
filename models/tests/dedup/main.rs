//! Transcripts of producers, dedup state, sinks and consumers: one mechanism each, and the run that breaks what it does
//! not promise.

mod consumer;
mod in_two_steps;
mod producer;
mod properties;
mod sequence;
mod sink;
mod source;
mod stream;
#[path = "../support/mod.rs"]
mod support;

use semel_models::observation::Observation;
use semel_sim::net::Transport;
use support::{AnyFault, Stage, Transcript, read};

/// A strategy with these fields of `publish`, these fields beside it, and an at-least-once consumer.
fn strategy(publish: &str, beside: &str) -> String {
    with_work(publish, "mark: After", beside)
}

/// A strategy with these fields of `publish`, of its loop, and beside them.
fn with_work(publish: &str, work: &str, beside: &str) -> String {
    format!(
        r#"(
            promise: [],
            publish: (retry: Backoff(timeout: "100ms", delay_min: "20ms", jitter: 0), {publish}),
            work: Loop(reset: Earliest, sink_timeout: "100ms", {work}),
            {beside}
        )"#
    )
}

/// So many records on one account, with these faults.
fn stage(records: u32, faults: &[&str]) -> Stage {
    Stage {
        records,
        keys: 1,
        faults: faults.iter().copied().map(read::<AnyFault>).collect(),
        ..Stage::default()
    }
}

/// The same over datagrams.
fn datagrams(records: u32, faults: &[&str]) -> Stage {
    Stage {
        transport: Transport::Datagram,
        ..stage(records, faults)
    }
}

/// How often a record was stored in the input partitions of a world with one of them.
fn stored(run: &Transcript, record: u32) -> usize {
    let stores = |seen: &&Observation| matches!(seen, Observation::Stored { record: r, partition: 0, .. } if *r == record);
    run.seen.iter().filter(stores).count()
}

/// The records in the order they were stored.
fn order(run: &Transcript) -> Vec<u32> {
    let stored = |seen: &Observation| match seen {
        Observation::Stored {
            record,
            partition: 0,
            ..
        } => Some(*record),
        _ => None,
    };
    run.seen.iter().filter_map(stored).collect()
}

/// How often each of so many records took effect.
fn effects(run: &Transcript, records: u32) -> Vec<usize> {
    (0..records).map(|record| run.effects(record)).collect()
}
