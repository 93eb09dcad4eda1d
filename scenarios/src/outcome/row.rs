//! Rows: the machine-readable outcome of one trial, and of many.
//!
//! Keys are a contract: none is removed or renamed within a schema.

use std::collections::BTreeMap;

use semel_models::judge::{Cause, Side, Violation};
use semel_models::strategy::{Assumption, Invariant, Level};
use semel_sim::net::Transport;
use serde::{Deserialize, Serialize};

use crate::file::expect::Breach;
use crate::file::swarm;
use crate::outcome::spelling;

/// The outcome of one trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Version of the format.
    pub schema: u32,
    /// Version of the program.
    pub semel: String,
    /// Hash of the resolved scenario and strategy and the models' revision: 8 hex digits.
    pub plan: String,
    /// The scenario's name.
    pub scenario: String,
    /// What `--set` changed: path and value.
    pub set: BTreeMap<String, String>,
    /// Under swarm, what the seed drew: path and value, or `off` for a fault that was switched off.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub drawn: BTreeMap<String, String>,
    /// The strategy's name.
    pub strategy: String,
    /// `connection` or `datagram`.
    #[serde(with = "spelling::transport")]
    pub transport: Transport,
    /// The seed.
    pub seed: u64,
    /// The verdict on the run.
    pub verdict: RunVerdict,
    /// The kind of the scenario's expectation.
    pub expected: ExpectedKind,
    /// Whether this run by itself came out as expected.
    pub met: bool,
    /// How the run ended.
    pub end: Ended,
    /// What was found, in order of time; at most a few of each kind.
    pub violations: Vec<ViolationRow>,
    /// How many violations there were of each invariant at each level, those included that no row tells one by one.
    /// Not written down: rows that are read back have none.
    #[serde(skip)]
    pub counts: Vec<(Invariant, Level, u64)>,
    /// Records intended.
    pub records: u64,
    /// Records acknowledged.
    pub acked: u64,
    /// Records that took effect.
    pub applied: u64,
    /// Effects beyond the first.
    pub duplicated: u64,
    /// Acknowledged records without effect.
    pub lost: u64,
    /// Records whose first effect was overtaken by a later one of the same key.
    pub reordered: u64,
    /// Copies in the log beyond the first.
    pub duplicated_in_log: u64,
    /// Deliveries beyond the first.
    pub redelivered: u64,
    /// What all accounts should hold.
    pub expected_balance: i64,
    /// What they hold.
    pub actual_balance: i64,
    /// Half of the records took effect within this time.
    pub latency_p50_ns: u64,
    /// 99 in 100 did.
    pub latency_p99_ns: u64,
    /// Packets sent.
    pub messages: u64,
    /// Round trips on the critical path per record, to thousandths: requests whose answer a record waits for
    /// (`InitProducer`, `Produce` unless nothing is waited for, `Apply` unless it is sent once and forgotten, `Commit`,
    /// and those of transactions but for markers), attempts included, that got on their way, divided by records.
    /// Fetches read ahead, and groups form once; they do not count.
    pub round_trips_per_record: f64,
    /// The most dedup state held at once.
    pub dedup_bytes_max: u64,
    /// From the last outage or cut to the first new effect after it. None where there was not both.
    pub recovery_ns: Option<u64>,
    /// How often each fault struck, by name.
    pub fired: BTreeMap<String, u64>,
    /// Events handled.
    pub events: u64,
    /// The digest of the run: 16 hex digits.
    pub digest: String,
}

impl Row {
    /// Whether it got stuck: nothing moved any more and work was still open, whether all of it stood still or something
    /// else went on to a settled end.
    pub fn is_stuck(&self) -> bool {
        let mut violations = self.violations.iter();
        self.end == Ended::Stuck || violations.any(|one| one.invariant == Invariant::Convergence)
    }

    /// How many violations there were of an invariant at a level; of a row that was read back, how many it tells.
    pub fn count(&self, invariant: Invariant, level: Level) -> u64 {
        let mut counts = self.counts.iter();
        let counted = counts.find(|count| (count.0, count.1) == (invariant, level));
        counted.map_or_else(|| self.told(invariant, level), |count| count.2)
    }

    /// How many of them it tells one by one.
    pub fn told(&self, invariant: Invariant, level: Level) -> u64 {
        let breach = Breach { invariant, level };
        let all = self.violations.iter();
        all.filter(|one| one.is(breach)).count() as u64
    }

    /// Whether the seed drew that a fault is switched off.
    pub fn is_off(&self, fault: &str) -> bool {
        let drawn = self.drawn.get(&swarm::fault_path(fault));
        drawn.is_some_and(|drawn| drawn == swarm::OFF)
    }
}

/// One violation in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViolationRow {
    /// What is broken, for example `no_duplicate`.
    pub invariant: Invariant,
    /// Where.
    pub level: Level,
    /// Whether the strategy promises it.
    pub promised: bool,
    /// Whether the scenario takes the promise out: every strategy makes it without writing it, and the scenario
    /// expects it to be broken here.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub waived: bool,
    /// The assumption that did not hold, if it is beyond the promise.
    #[serde(with = "spelling::assumption")]
    pub assumption_broken: Option<Assumption>,
    /// The record it is about.
    pub record: Option<u32>,
    /// On which side it was born.
    pub side: Side,
    /// Why: its code, for example `D2`.
    pub cause: Cause,
    /// When it was seen.
    pub at_ns: u64,
}

impl ViolationRow {
    /// Whether the strategy is held to it: promised, not waived, and every assumption of the promise held.
    pub fn is_breach(&self) -> bool {
        self.promised && !self.waived && self.assumption_broken.is_none()
    }

    /// Whether this is that invariant, broken at that level.
    pub fn is(&self, breach: Breach) -> bool {
        (self.invariant, self.level) == (breach.invariant, breach.level)
    }

    /// What was found.
    pub const fn finding(&self) -> Finding {
        Finding {
            invariant: self.invariant,
            level: self.level,
            side: self.side,
            cause: self.cause,
        }
    }
}

/// What may be found in many runs alike: what is broken, where, where it was born, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Finding {
    /// What is broken.
    pub invariant: Invariant,
    /// Where.
    pub level: Level,
    /// On which side it was born.
    pub side: Side,
    /// Why.
    pub cause: Cause,
}

impl Finding {
    /// The words of a row, in the order in which summaries are sorted.
    pub const fn words(self) -> [&'static str; 4] {
        [
            self.invariant.name(),
            self.level.name(),
            self.side.name(),
            self.cause.code(),
        ]
    }
}

impl From<&Violation> for Finding {
    fn from(violation: &Violation) -> Self {
        Self {
            invariant: violation.invariant,
            level: violation.level,
            side: violation.side,
            cause: violation.cause,
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// Everything was accounted for.
    Settled,
    /// Nothing moved any more.
    Stuck,
    /// It ran out of events.
    Exhausted,
    /// The faults cannot touch the strategy.
    NotRun,
}

/// The verdict on a run, or on many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunVerdict {
    /// Every promised level is intact, and the money is right.
    Holds,
    /// The money is wrong, or a promise was broken.
    Violates,
    /// It ran out of events while making progress.
    Inconclusive,
    /// The scenario's fault cannot touch this strategy.
    NotApplicable,
    /// Over many runs: the expected violation never appeared.
    NoShow,
    /// Over many runs: a configured fault never fired.
    Vacuous,
}

/// The kind of an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpectedKind {
    /// Every seed holds.
    Holds,
    /// Some seed shows these violations, none breaks a promise.
    Breaks,
    /// Every seed shows these violations.
    Always,
    /// Judged by the promise alone.
    Any,
    /// The fault cannot touch this strategy.
    NotApplicable,
}
