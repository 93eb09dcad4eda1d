//! What many runs of one plan come to: the verdict over seeds, rates with their intervals, causes with their counts.

use std::collections::BTreeMap;

use semel_models::judge::{Cause, Side};
use semel_models::strategy::{Assumption, Invariant, Level};
use semel_sim::net::Transport;
use serde::{Deserialize, Serialize};

use crate::outcome::minimal::FaultSet;
use crate::outcome::row::{ExpectedKind, Finding, RunVerdict};
use crate::outcome::spelling;
pub use crate::outcome::summarizer::Summarizer;
use crate::outcome::verdict::Judgement;
use crate::witness::sought::Sought;

/// The outcome of all runs of one strategy under one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Version of the format.
    pub schema: u32,
    /// Always true: tells a summary from a row.
    pub summary: bool,
    /// Version of the program.
    pub semel: String,
    /// Hash of the resolved scenario and strategy and the models' revision: 8 hex digits.
    pub plan: String,
    /// The scenario's name.
    pub scenario: String,
    /// What `--set` changed: path and value.
    pub set: BTreeMap<String, String>,
    /// The strategy's name.
    pub strategy: String,
    /// `connection` or `datagram`.
    #[serde(with = "spelling::transport")]
    pub transport: Transport,
    /// The verdict over all seeds.
    pub verdict: RunVerdict,
    /// The kind of the scenario's expectation.
    pub expected: ExpectedKind,
    /// Whether the expectation was met over these seeds.
    pub met: bool,
    /// Why the verdict is not what was expected, in a sentence; empty when it is.
    pub why: String,
    /// How many runs there were: none where the faults cannot touch the strategy.
    pub runs: u64,
    /// Runs whose verdict is `violates`.
    pub violating: u64,
    /// Runs in which a promise was broken within its assumptions.
    pub broken: u64,
    /// Runs that ended without a verdict.
    pub inconclusive: u64,
    /// `violating` in `runs`.
    pub rate: f64,
    /// The 95 % interval of that rate: Wilson's, and the rule of three where nothing was seen. From 0 to 1 where nothing
    /// was run.
    pub interval95: (f64, f64),
    /// The first seed whose run violates.
    pub first_seed: Option<u64>,
    /// What was found, by invariant, level, side and cause.
    pub causes: Vec<CauseCount>,
    /// Runs with a lost record.
    pub lost_runs: u64,
    /// Runs with a duplicated effect.
    pub duplicated_runs: u64,
    /// Runs with a reordered effect.
    pub reordered_runs: u64,
    /// Runs that got stuck: see [`crate::outcome::row::Row::is_stuck`].
    pub stuck_runs: u64,
    /// Records intended, over all runs.
    pub records: u64,
    /// Records acknowledged.
    pub acked: u64,
    /// Records that took effect.
    pub applied: u64,
    /// Effects beyond the first.
    pub duplicated: u64,
    /// Acknowledged records without effect.
    pub lost: u64,
    /// Records overtaken.
    pub reordered: u64,
    /// The median over runs of each run's median latency, within one in a thousand.
    pub latency_p50_ns: u64,
    /// The median over runs of each run's 99th percentile, within one in a thousand.
    pub latency_p99_ns: u64,
    /// Packets sent per record.
    pub messages_per_record: f64,
    /// Round trips on the critical path per record.
    pub round_trips_per_record: f64,
    /// The most dedup state held at once in any run.
    pub dedup_bytes_max: u64,
    /// How often each fault struck, over all runs, by name; faults that never did are there with 0.
    pub fired: BTreeMap<String, u64>,
    /// Packets sent, over all runs.
    pub messages: u64,
    /// Events handled, over all runs.
    pub events: u64,
}

impl Summary {
    /// Whether there is anything to tell: it was run, or there is nothing to run. Otherwise its sweep ended before.
    pub fn is_begun(&self) -> bool {
        self.runs > 0 || self.expected == ExpectedKind::NotApplicable
    }

    /// Whether it all came out as expected, and if not, how.
    pub fn judgement(&self) -> Judgement {
        match self.verdict {
            _ if self.broken > 0 => Judgement::Broken,
            RunVerdict::NoShow => Judgement::NoShow,
            RunVerdict::Vacuous => Judgement::Vacuous,
            RunVerdict::Inconclusive => Judgement::Inconclusive,
            _ if self.met => Judgement::Met,
            _ => Judgement::Unmet,
        }
    }
}

impl CauseCount {
    /// What it counts.
    pub const fn finding(&self) -> Finding {
        Finding {
            invariant: self.invariant,
            level: self.level,
            side: self.side,
            cause: self.cause,
        }
    }

    /// The kind of violation that it counts, to be asked for.
    pub const fn sought(&self) -> Sought {
        Sought::exactly(self.finding())
    }
}

/// How often one kind of violation was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseCount {
    /// What is broken, for example `no_duplicate`.
    pub invariant: Invariant,
    /// Where.
    pub level: Level,
    /// On which side it was born.
    pub side: Side,
    /// Why: its code, for example `D2`.
    pub cause: Cause,
    /// Whether the strategy promises it and its assumptions held.
    pub broken: bool,
    /// The assumption that did not hold, in the first run found.
    #[serde(with = "spelling::assumption")]
    pub assumption_broken: Option<Assumption>,
    /// In how many runs it was found.
    pub runs: u64,
    /// The simplest run that shows it: the one in which the fewest faults struck.
    pub seed: u64,
    /// How many faults struck in it.
    pub faults: u64,
    /// The same runs by the smallest sets of faults with which it was found, the most frequent first.
    pub sets: Vec<FaultSet>,
}
