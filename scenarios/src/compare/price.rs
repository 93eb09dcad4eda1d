//! What a strategy costs: time, messages, room and repeated work (`semantics.md` §5).

use serde::Serialize;

use crate::outcome::row::Row;
use crate::outcome::spread::Spread;
use crate::outcome::statistics::{per, thousandths};

/// The price of a strategy, over runs that all compared strategies have in common.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Price {
    /// Runs it was measured in.
    pub runs: u64,
    /// From intent to visible effect: the median over runs of each run's median.
    pub latency_p50_ns: u64,
    /// The median over runs of each run's 99th percentile.
    pub latency_p99_ns: u64,
    /// Packets sent per record.
    pub messages_per_record: f64,
    /// Round trips on the critical path per record.
    pub round_trips_per_record: f64,
    /// The same in a run of its own in which nothing goes wrong.
    pub quiet_round_trips_per_record: f64,
    /// The most dedup state held at once in any run.
    pub dedup_bytes_max: u64,
    /// Executions per effect: each record that took effect once, and every delivery beyond a first.
    pub reprocessing_factor: f64,
    /// From the last outage or cut of a run to the first new effect after it: the median over the runs that had both.
    pub recovery_p50_ns: Option<u64>,
    /// Faults that struck per 1000 packets.
    pub faults_per_1000_packets: f64,
}

/// A price as a multiple of the first strategy's. None where that has nothing of the kind.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Relative {
    /// Of the median latency.
    pub latency_p50: Option<f64>,
    /// Of the 99th percentile.
    pub latency_p99: Option<f64>,
    /// Of the packets per record.
    pub messages_per_record: Option<f64>,
    /// Of the round trips per record.
    pub round_trips_per_record: Option<f64>,
    /// Of the dedup state.
    pub dedup_bytes_max: Option<f64>,
    /// Of the executions per effect.
    pub reprocessing_factor: Option<f64>,
    /// Of the time to recover.
    pub recovery_p50: Option<f64>,
}

impl Price {
    /// This price as a multiple of another.
    pub fn relative(&self, first: &Self) -> Relative {
        let counts = |own: u64, other: u64| (other > 0).then(|| per(own, other));
        let rates = |own: f64, other: f64| counts(thousandths(own), thousandths(other));
        Relative {
            latency_p50: counts(self.latency_p50_ns, first.latency_p50_ns),
            latency_p99: counts(self.latency_p99_ns, first.latency_p99_ns),
            messages_per_record: rates(self.messages_per_record, first.messages_per_record),
            round_trips_per_record: rates(
                self.round_trips_per_record,
                first.round_trips_per_record,
            ),
            dedup_bytes_max: counts(self.dedup_bytes_max, first.dedup_bytes_max),
            reprocessing_factor: rates(self.reprocessing_factor, first.reprocessing_factor),
            recovery_p50: match (self.recovery_p50_ns, first.recovery_p50_ns) {
                (Some(own), Some(other)) => counts(own, other),
                _ => None,
            },
        }
    }
}

/// Adds up what runs cost.
#[derive(Clone, Debug, Default)]
pub(super) struct Purse {
    runs: u64,
    latency_p50: Spread,
    latency_p99: Spread,
    recovery: Spread,
    recovered: u64,
    records: u64,
    applied: u64,
    redelivered: u64,
    messages: u64,
    /// In thousandths.
    round_trips: u64,
    dedup_bytes_max: u64,
    faults: u64,
}

impl Purse {
    pub(super) fn add(&mut self, row: &Row) {
        self.runs += 1;
        self.latency_p50.add(row.latency_p50_ns);
        self.latency_p99.add(row.latency_p99_ns);
        if let Some(recovery) = row.recovery_ns {
            self.recovery.add(recovery);
            self.recovered += 1;
        }
        self.records += row.records;
        self.applied += row.applied;
        self.redelivered += row.redelivered;
        self.messages += row.messages;
        self.round_trips += thousandths(row.round_trips_per_record) * row.records;
        self.dedup_bytes_max = self.dedup_bytes_max.max(row.dedup_bytes_max);
        self.faults += row.fired.values().sum::<u64>();
    }

    pub(super) fn price(&self, quiet_round_trips_per_record: f64) -> Price {
        Price {
            runs: self.runs,
            latency_p50_ns: self.latency_p50.median(),
            latency_p99_ns: self.latency_p99.median(),
            messages_per_record: per(self.messages, self.records),
            round_trips_per_record: per(self.round_trips, self.records * 1000),
            quiet_round_trips_per_record,
            dedup_bytes_max: self.dedup_bytes_max,
            reprocessing_factor: per(self.applied + self.redelivered, self.applied),
            recovery_p50_ns: (self.recovered > 0).then(|| self.recovery.median()),
            faults_per_1000_packets: per(self.faults * 1000, self.messages),
        }
    }
}
