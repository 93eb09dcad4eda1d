//! How records are processed, how progress is marked, and who may act.

use schemars::JsonSchema;
use semel_sim::time::Span;
use serde::{Deserialize, Serialize};

use super::defaults::{commit_every, delivery_timeout, request_timeout, transaction_timeout};
use super::sink::Keep;
use crate::observation::Read;

/// One protocol of progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Work {
    /// Fetch, handle, mark.
    Loop(Loop),
    /// Read, process and write in transactions (`semantics.md` §1.4, Appendix B2).
    Transact(Transact),
}

impl Work {
    /// Who may act.
    pub const fn right(&self) -> Right {
        match self {
            Self::Loop(work) => work.right,
            Self::Transact(work) => work.right,
        }
    }
}

/// Fetch, handle, mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Loop {
    /// When progress is marked.
    pub mark: Mark,
    /// Who may act.
    #[serde(default)]
    pub right: Right,
    /// Whether the consumer itself recognises repeats.
    #[serde(default)]
    pub recognise: Memory,
    /// What it is allowed to see.
    #[serde(default)]
    pub read: Read,
    /// Where it begins without a committed offset, or with one outside the log.
    #[serde(default)]
    pub reset: Reset,
    /// What it does with a record that cannot be processed.
    #[serde(default)]
    pub poison: OnPoison,
    /// At most so many records per poll (`max.poll.records`, 500).
    #[serde(default = "poll_records")]
    pub poll: u16,
    /// How many records are handled at once: 1 is the polling thread itself, more are worker threads behind it.
    #[serde(default = "one")]
    pub workers: u16,
    /// How long handling one record takes.
    #[serde(default)]
    pub processing: Span,
    /// How long the sink's answer is waited for before the request is sent again. None: it is sent only once.
    #[serde(default = "sink_timeout")]
    pub sink_timeout: Option<Span>,
    /// How long an empty fetch waits at the broker (`fetch.max.wait.ms`, 500 ms).
    #[serde(default = "fetch_wait")]
    pub fetch_wait: Span,
    /// How long the stream's answer is waited for.
    #[serde(default = "fetch_timeout")]
    pub fetch_timeout: Span,
}

const fn poll_records() -> u16 {
    500
}

const fn one() -> u16 {
    1
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's own type")]
const fn sink_timeout() -> Option<Span> {
    Some(Span::secs(1))
}

const fn fetch_wait() -> Span {
    Span::millis(500)
}

const fn fetch_timeout() -> Span {
    Span::secs(2)
}

/// When progress is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Mark {
    /// Before a polled batch is handled: at most once.
    Before,
    /// After a polled batch has been handled: at least once.
    After,
    /// On a timer, whatever was returned by earlier polls (`enable.auto.commit`; §1.5).
    Timer(Timed),
    /// In the sink, in one transaction with each effect; the position is read back from there.
    WithEffect,
}

/// Marks on a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Timed {
    /// How often (`auto.commit.interval.ms`, 5 s).
    pub every: Span,
}

impl Default for Timed {
    fn default() -> Self {
        Self {
            every: Span::secs(5),
        }
    }
}

/// Who may act on a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Right {
    /// Every partition has its one consumer, fixed from the start.
    #[default]
    Alone,
    /// A group shares partitions by generations (`semantics.md` §1.5).
    Group(Group),
}

impl Right {
    /// The group that shares the partitions, if one does.
    pub const fn group(self) -> Option<Group> {
        match self {
            Self::Alone => None,
            Self::Group(group) => Some(group),
        }
    }
}

/// Sessions of a group. Defaults are Kafka's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Group {
    /// After which a silent member is out (`session.timeout.ms`).
    pub session: Span,
    /// How often members give a sign of life (`heartbeat.interval.ms`).
    pub heartbeat: Span,
    /// How long an empty group waits for more members (`group.initial.rebalance.delay.ms`).
    pub initial_delay: Span,
    /// Without a poll for so long a member leaves by itself (`max.poll.interval.ms`); for as long a new generation
    /// waits for the members of the last one.
    pub poll_interval: Span,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            session: Span::secs(45),
            heartbeat: Span::secs(3),
            initial_delay: Span::secs(3),
            poll_interval: Span::secs(300),
        }
    }
}

/// Where a reader begins that has no valid offset (`auto.offset.reset`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Reset {
    /// At the beginning of the log.
    Earliest,
    /// At its end, whatever is before it: Kafka's default.
    #[default]
    Latest,
}

/// Whether a consumer remembers what it has handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Memory {
    /// It does not.
    #[default]
    None,
    /// In memory: a crash forgets.
    Volatile(Keep),
    /// On its disk, written after the effect in a step of its own.
    Durable(Keep),
}

/// What a consumer does with a record that cannot be processed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum OnPoison {
    /// It passes over it.
    Skip,
    /// It tries again and again.
    #[default]
    Block,
    /// It puts it aside as a dead letter after so many attempts.
    DeadLetter {
        /// Attempts before that.
        #[serde(default = "three")]
        attempts: u32,
    },
}

const fn three() -> u32 {
    3
}

/// Read, process and write in transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transact {
    /// Who may act.
    #[serde(default)]
    pub right: Right,
    /// How often a transaction is committed (`commit.interval.ms`, 100 ms under exactly-once).
    #[serde(default = "commit_every")]
    pub commit_every: Span,
    /// After which the coordinator aborts it (`transaction.timeout.ms`, 60 s).
    #[serde(default = "transaction_timeout")]
    pub timeout: Span,
    /// Where it begins without a committed offset, or with one outside the log.
    #[serde(default)]
    pub reset: Reset,
    /// Whether a call to the ledger is made for each record inside the transaction: a side effect that it does not
    /// cover.
    #[serde(default)]
    pub side_effect: SideEffect,
    /// At most so many records per poll.
    #[serde(default = "poll_records")]
    pub poll: u16,
    /// How long handling one record takes.
    #[serde(default)]
    pub processing: Span,
    /// How long any answer is waited for before the request is sent again (`request.timeout.ms`, 30 s).
    #[serde(default = "request_timeout")]
    pub request_timeout: Span,
    /// How long an output may take in all (`delivery.timeout.ms`, 120 s); then its transaction is aborted.
    #[serde(default = "delivery_timeout")]
    pub delivery_timeout: Span,
    /// How long an empty fetch waits at the broker (`fetch.max.wait.ms`, 500 ms).
    #[serde(default = "fetch_wait")]
    pub fetch_wait: Span,
}

impl Transact {
    /// How it reads: as a loop with one worker, which is given committed records only. Marks are the transaction's.
    pub(crate) const fn reading(self) -> Loop {
        Loop {
            mark: Mark::After,
            right: self.right,
            recognise: Memory::None,
            read: Read::Committed,
            reset: self.reset,
            poison: OnPoison::Block,
            poll: self.poll,
            workers: 1,
            processing: self.processing,
            sink_timeout: Some(self.request_timeout),
            fetch_wait: self.fetch_wait,
            fetch_timeout: self.request_timeout,
        }
    }
}

/// What happens besides the transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SideEffect {
    /// Nothing: the effect is the committed output record.
    #[default]
    None,
    /// A payment for each record: the effect is in the ledger.
    Payment,
}
