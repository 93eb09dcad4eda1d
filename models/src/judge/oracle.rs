//! What an oracle is, and what it can hear.

use semel_sim::digest::Digest;
use semel_sim::time::Time;

use semel_sim::address::NodeId;

use super::Judge;
use super::cause::Origin;
use super::docket::Docket;
use super::evidence::{Facts, Known};
use crate::observation::Observation;
use crate::vocabulary::RecordId;

/// The moment of an observation, and what was known then of the record that it is about: looked up once for all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'k> {
    pub(super) at: Time,
    pub(super) node: NodeId,
    /// Nothing, if it is about no record that anybody asks of.
    pub(super) facts: &'k Facts,
    /// Why the record is delivered again, or takes effect again, if it does.
    pub(super) again: Option<Origin>,
}

/// A judge of one invariant.
pub(super) trait Oracle: Clone + Default {
    /// The observations it wants to see.
    const HEARS: u32;

    /// Something is observed. `known` is what was known before.
    fn observe(&mut self, _: &Observation, _: Moment<'_>, _: &Known, _: &mut Docket) {}

    /// The run is over and settled, last words included.
    fn finish(&mut self, _: &Known, _: &mut Docket) {}

    /// Ready for another run, with the room kept.
    fn reset(&mut self) {}

    /// Adds what decides its future judgements.
    fn fingerprint(&self, _: &mut Digest) {}
}

macro_rules! hearing {
    ($($bit:ident $name:ident,)*) => {
        #[repr(u8)]
        enum Place {
            $($name,)*
        }

        $(pub(in crate::judge) const $bit: u32 = 1 << Place::$name as u8;)*

        /// Whether this is the bit of an observation.
        #[inline]
        pub(in crate::judge) const fn is(bit: u32, observation: &Observation) -> bool {
            match observation {
                $(Observation::$name { .. } => bit == $bit,)*
                _ => bit == 0,
            }
        }

        /// Tells a judge of an observation, by what it does for its kind.
        #[inline]
        pub(in crate::judge) fn tell(judge: &mut Judge, seen: &Observation, at: Time, node: NodeId) {
            match seen {
                $(Observation::$name { .. } => judge.hear::<$bit>(seen, at, node),)*
                // Nobody hears these, and nothing is learnt from them.
                Observation::Handled { .. }
                | Observation::Synced { .. }
                | Observation::Found { .. } => {}
                _ => judge.hear::<0>(seen, at, node),
            }
        }
    };
}

/// Observations as sets: an oracle that hears nothing judges at the end.
pub(super) mod hear {
    use super::{Judge, NodeId, Observation, RecordId, Time};

    /// Every observation: a test tells all oracles of all of them.
    pub(in crate::judge) const ALL: u32 = u32::MAX;

    /// Whether two sets have anything in common.
    #[inline]
    pub(in crate::judge) const fn any(hears: u32, bits: u32) -> bool {
        hears & bits != 0 || bits == ALL
    }

    /// The record that an observation is about, where oracles ask of it.
    #[inline]
    pub(in crate::judge) const fn record(observation: &Observation) -> Option<RecordId> {
        match *observation {
            Observation::Stored { record, .. }
            | Observation::Acked { record, .. }
            | Observation::Delivered { record, .. }
            | Observation::Applied { record, .. } => Some(record),
            _ => None,
        }
    }

    hearing! {
        STORED Stored,
        ACKED Acked,
        ENLISTED Enlisted,
        DECIDED Decided,
        MARKED Marked,
        ASSIGNED Assigned,
        RESET Reset,
        DELIVERED Delivered,
        APPLIED Applied,
        GRANTED Granted,
        PROGRESS Progress,
        ANSWERED Answered,
        KEPT Kept,
        HANGING Hanging,
        UNSETTLED Unsettled,
        // Nobody hears these: they only become known, each by a function of its own.
        INTENT Intent,
        ATTEMPT Attempt,
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::sync::Arc;
    use alloc::vec::Vec;

    use ron::extensions::Extensions;
    use semel_sim::address::Weather;
    use semel_sim::adversary::seeded::Seeded;
    use semel_sim::chance::Seed;
    use semel_sim::faults;
    use semel_sim::net::{Latency, Transport};
    use semel_sim::record::Recorder;
    use semel_sim::time::Span;
    use semel_sim::world::{Limits, Terrain, World};
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::model::Model;
    use crate::node;
    use crate::strategy::Strategy;
    use crate::vocabulary::Topology;
    use crate::workload::{Money, Workload};

    const LOOP: &str = r#"(
    promise: [],
    publish: (retry: Backoff(timeout: "100ms", delay_min: "20ms"), name: Sequence, window: 5),
    stream: (recognise: Sequence(), copies: One(Entries(4))),
    work: Loop(
        mark: After, reset: Earliest, poison: DeadLetter(attempts: 2), sink_timeout: "100ms", fetch_timeout: "100ms",
        right: Group(session: "300ms", heartbeat: "100ms", initial_delay: "5ms", poll_interval: "1s"),
    ),
    sink: (kind: Inbox()),
)"#;

    const ALONE: &str = r#"(
    promise: [],
    publish: (retry: Backoff(timeout: "100ms", delay_min: "20ms"), name: Intent),
    stream: (recognise: Id((time: "1s"), WithData), copies: One(Entries(4))),
    work: Loop(mark: Before, reset: Latest, poison: Skip, sink_timeout: "100ms", fetch_timeout: "100ms"),
    sink: (kind: Keyed(lease: "300ms")),
)"#;

    const TRANSACTIONS: &str = r#"(
    promise: [],
    publish: (retry: Backoff(timeout: "100ms", delay_min: "20ms"), name: Sequence),
    stream: (recognise: Sequence(), transactions: Markers(transaction_version: 1, verification: Off, scan_every: "500ms")),
    work: Transact(reset: Earliest, commit_every: "50ms", timeout: "500ms", request_timeout: "100ms"),
    sink: (kind: Output),
)"#;

    const MISHAPS: &str = r#"[
    Drop(rate: "1/20"),
    Duplicate(rate: "1/20"),
    Delay(rate: "1/20", by: Uniform("10ms", "400ms")),
    Crash(node: "*", rate: "1/300", down: "150ms"),
    PowerLoss(node: "broker", rate: "1/300", down: "150ms"),
    DiskLoss(node: "sink", rate: "1/900", down: "150ms"),
    Pause(node: "consumer", rate: "1/300", down: "700ms"),
]"#;

    /// Two judges of one run, and what they saw.
    struct Both {
        judge: Judge,
        all: Judge,
        seen: BTreeSet<&'static str>,
    }

    impl Recorder<Model> for Both {
        fn observe(&mut self, entry: u64, at: Time, node: NodeId, seen: &Observation) {
            self.seen.insert(seen.name());
            self.judge.observe(entry, at, node, seen);
            self.all.entry = entry;
            self.all.weigh::<{ hear::ALL }>(seen, at, node);
        }

        fn fault(&mut self, at: Time, change: &Weather) {
            self.judge.fault(at, change);
            self.all.fault(at, change);
        }

        fn duplicated(&mut self, at: Time) {
            self.judge.duplicated(at);
            self.all.duplicated(at);
        }

        fn complete(&self) -> bool {
            self.judge.complete()
        }

        fn progress(&self) -> u64 {
            self.judge.progress()
        }
    }

    fn read<T: DeserializeOwned>(text: &str) -> T {
        let options = ron::Options::default()
            .with_default_extension(Extensions::IMPLICIT_SOME)
            .with_default_extension(Extensions::UNWRAP_VARIANT_NEWTYPES);
        options.from_str(text).expect("valid RON")
    }

    /// One run under mishaps, heard by both.
    fn run(strategy: &Strategy, transport: Transport, seed: u64) -> Both {
        let topology = Topology {
            partitions: 2,
            consumers: 2,
            ..Topology::default()
        };
        let workload = Arc::new(Workload {
            records: 20,
            keys: 3,
            money: Money::Transfers,
            pace: Span::millis(20),
            pace_spread: Span::ZERO,
            poison_every: 7,
            amount: None,
            dice: Seed::new(seed).dice("workload"),
            written: Vec::new(),
        });
        let names = node::names(topology);
        let terrain = Terrain {
            transport,
            latency: Latency {
                least: Span::millis(1),
                spread: Span::millis(2),
            },
            service: Span::ZERO,
        };
        let limits = Limits {
            heal_at: Time::ZERO + Span::secs(3),
            quiet: Span::secs(2),
            patience: Span::secs(60),
            events: 200_000,
        };
        let faults: Vec<_> = read(MISHAPS);
        let rules = faults::compile(&faults, &names).expect("the faults make sense");
        let mut adversary = Seeded::<Model>::new(rules, &names, seed).expect("no script");
        let nodes = node::build(strategy, topology, transport, &workload);
        let judge = Judge::new(strategy, topology, workload);
        let mut both = Both {
            all: judge.clone(),
            judge,
            seen: BTreeSet::new(),
        };
        let mut world = World::new(terrain, &names, nodes);
        let end = world.run(&limits, &mut adversary, &mut both);
        world.last_words(&mut both);
        let now = Time::ZERO + Span::secs(100);
        both.judge.finish(end, now);
        both.all.finish(end, now);
        both
    }

    /// A mask that forgets a kind would go unnoticed: so one judge tells its oracles of what they ask for, as ever, and
    /// another one tells all of them of everything, in runs with every kind of mishap.
    #[test]
    fn whoever_heard_everything_would_find_the_same() {
        let mut seen = BTreeSet::new();
        let mut found = 0;
        for strategy in [LOOP, ALONE, TRANSACTIONS] {
            let strategy: Strategy = read(strategy);
            for transport in [Transport::Connection, Transport::Datagram] {
                for seed in 0..20 {
                    let mut both = run(&strategy, transport, seed);
                    seen.append(&mut both.seen);
                    found += both.judge.findings().violations.len();
                    assert_eq!(both.judge.findings(), both.all.findings(), "seed {seed}");
                }
            }
        }
        assert!(
            found > 100,
            "only {found} violations: the runs are too tame"
        );
        assert!(seen.len() >= 25, "only {seen:?} were seen");
    }
}
