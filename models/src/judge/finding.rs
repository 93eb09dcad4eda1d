//! What a judge finds: violations, each with its cause, and the tallies of a run.

use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use semel_sim::time::{Span, Time};
use serde::{Deserialize, Serialize};

use super::causes::Cause;
use crate::strategy::{Assumption, Invariant, Level};
use crate::vocabulary::RecordId;

/// On which side a violation was born.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Between producer and stream.
    Inbound,
    /// Between stream, consumer and sink.
    Outbound,
}

impl Side {
    /// Its name in files and rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

impl FromStr for Side {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let mut both = [Self::Inbound, Self::Outbound].into_iter();
        both.find(|side| side.name() == name).ok_or(())
    }
}

/// One broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What was broken.
    pub invariant: Invariant,
    /// Where.
    pub level: Level,
    /// Which record it is about, if one.
    pub record: Option<RecordId>,
    /// On which side it was born.
    pub side: Side,
    /// Why.
    pub cause: Cause,
    /// When it was seen.
    pub at: Time,
    /// The entry of the trace at which it was seen.
    pub entry: u64,
    /// Whether the strategy promises this.
    pub promised: bool,
    /// The assumption of the promise that did not hold, if so: then it is beyond the promise.
    pub broken: Option<Assumption>,
}

/// What a run comes to, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records intended.
    pub records: u64,
    /// Records acknowledged ok.
    pub acked: u64,
    /// Records with at least one effect.
    pub applied: u64,
    /// Effects beyond the first of a record.
    pub duplicated: u64,
    /// Acknowledged records without effect, after settling.
    pub lost: u64,
    /// Records whose first effect came after that of a later one of the same key and session.
    pub reordered: u64,
    /// Copies in the log beyond the first of a record.
    pub duplicated_in_log: u64,
    /// Deliveries beyond the first of a record.
    pub redelivered: u64,
    /// The sum that all accounts should hold for what was intended and not reported failed.
    pub expected_balance: i64,
    /// The sum that they hold.
    pub actual_balance: i64,
    /// Half of the records took effect within this time from their intent.
    pub latency_p50: Span,
    /// 99 in 100 did.
    pub latency_p99: Span,
    /// The most dedup entries kept at once, in bytes (16 per entry).
    pub dedup_bytes_max: u64,
    /// From the last fault to the first effect after it, if there was a fault.
    pub recovery: Option<Span>,
}

/// Everything a judge has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The first violations of each kind, in order of time; see [`Findings::counts`] for how many there were.
    pub violations: Vec<Violation>,
    /// How many violations there were of each invariant at each level, promised and within assumptions or not.
    pub counts: Vec<(Invariant, Level, u64)>,
    /// The numbers.
    pub tally: Tally,
}

/// How many violations of one invariant at one level are kept in full.
pub const KEPT: usize = 16;

impl Violation {
    /// Whether the strategy is held to it: promised, and every assumption of the promise held.
    pub const fn is_breach(&self) -> bool {
        self.promised && self.broken.is_none()
    }
}

impl Findings {
    /// How many violations there were of an invariant at a level.
    pub fn count(&self, invariant: Invariant, level: Level) -> u64 {
        let kind = |count: &&(Invariant, Level, u64)| (count.0, count.1) == (invariant, level);
        self.counts.iter().find(kind).map_or(0, |count| count.2)
    }

    /// The first violation that breaks the promise. Breaches are kept apart from other violations, so none is missed.
    pub fn breach(&self) -> Option<&Violation> {
        self.violations
            .iter()
            .find(|violation| violation.is_breach())
    }
}
