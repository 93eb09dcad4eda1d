//! From the source into the stream: what is waited for, how attempts are retried, how a repeat is named.

use schemars::JsonSchema;
use semel_sim::time::Span;
use serde::{Deserialize, Serialize};

use super::defaults::{commit_every, delivery_timeout, request_timeout, transaction_timeout};

/// Where records come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Source {
    /// The application calls `send` and forgets: what a crashed client had not sent is gone.
    #[default]
    Live,
    /// The application re-reads a durable source from the position it last saved; a crash repeats what was sent
    /// since.
    Replayed(Intake),
    /// The application writes its business row and an outbox row in one transaction; a relay on the same database
    /// reads rows, publishes them and then saves its position (`semantics.md` §1.18).
    Outbox(Intake),
}

/// How a source's position is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Intake {
    /// How often the position is saved (Debezium's offset flush period). 0: after every acknowledged batch.
    pub save_every: Span,
}

impl Default for Intake {
    fn default() -> Self {
        Self {
            save_every: Span::ZERO,
        }
    }
}

/// How records get into the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Publish {
    /// What is waited for before a record counts as sent (Kafka's `acks`).
    pub wait: Wait,
    /// What happens when no answer comes, or a bad one.
    pub retry: Retry,
    /// How many requests may be unanswered at once (`max.in.flight.requests.per.connection`).
    pub window: u8,
    /// How many records share a request.
    pub batch: Batching,
    /// How many records the client holds before `send` blocks.
    pub buffer: u32,
    /// How a repeat is named.
    pub name: Name,
    /// What is published together.
    pub unit: Unit,
}

impl Default for Publish {
    fn default() -> Self {
        Self {
            wait: Wait::Stored,
            retry: Retry::Backoff(Backoff::default()),
            window: 5,
            batch: Batching::default(),
            buffer: 64,
            name: Name::None,
            unit: Unit::Each,
        }
    }
}

/// What a client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Wait {
    /// Nothing: it reports ok when the packet leaves (`acks=0`).
    Nothing,
    /// That the leader has stored it (`acks=1`; with one copy also `acks=all`).
    Stored,
}

/// What a client does without a good answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Retry {
    /// Nothing: after `timeout` the outcome is reported unknown.
    Never {
        /// How long an answer is waited for (`request.timeout.ms`, 30 s).
        #[serde(default = "request_timeout")]
        timeout: Span,
    },
    /// It tries again, later and later.
    Backoff(Backoff),
}

impl Retry {
    /// How long an answer is waited for.
    pub const fn timeout(self) -> Span {
        match self {
            Self::Never { timeout } => timeout,
            Self::Backoff(backoff) => backoff.timeout,
        }
    }
}

/// Retries with exponential backoff and jitter. Defaults are Kafka's (`semantics.md` §1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Backoff {
    /// How long an answer is waited for (`request.timeout.ms`).
    pub timeout: Span,
    /// How long it pauses before the second attempt (`retry.backoff.ms`); doubled for each further one.
    pub delay_min: Span,
    /// How long it pauses at most (`retry.backoff.max.ms`).
    pub delay_max: Span,
    /// Chance makes each pause longer by up to so many percent.
    pub jitter: u8,
    /// How many attempts at most; none: as many as fit in the deadline.
    pub attempts: Option<u32>,
    /// How long a record may take in all (`delivery.timeout.ms`); then its outcome is unknown if it was ever sent.
    pub deadline: Span,
    /// What the application does then, and when the attempts are spent.
    #[serde(skip_serializing_if = "OnTimeout::is_report")]
    pub on_timeout: OnTimeout,
    /// When to stop trying for everybody.
    pub breaker: Option<Breaker>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            timeout: request_timeout(),
            delay_min: Span::millis(100),
            delay_max: Span::millis(1_000),
            jitter: 20,
            attempts: None,
            deadline: delivery_timeout(),
            on_timeout: OnTimeout::Report,
            breaker: None,
        }
    }
}

/// What an application does with a record that took too long: its future fails, and nobody knows whether it is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum OnTimeout {
    /// It leaves it at that: the outcome stays unknown.
    #[default]
    Report,
    /// It calls `send` with the same record again. For the client that is another record, with a sequence number of its
    /// own: the stream stores it twice, if the first one got there (`semantics.md` F003).
    SendAgain,
}

impl OnTimeout {
    /// Whether it is what everybody does who says nothing of it.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands fields over by reference"
    )]
    const fn is_report(&self) -> bool {
        matches!(self, Self::Report)
    }
}

/// A circuit breaker: after so many failures in a row it is open and requests fail fast; after `open_for` one is let
/// through to probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it stays open before it probes.
    pub open_for: Span,
    /// What becomes of records meanwhile.
    pub on_open: OnOpen,
}

/// What an open breaker does with records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum OnOpen {
    /// They fail at once, and the application is told: certainly not sent if they never were.
    Fail,
    /// They wait until it closes.
    Park,
    /// They are dropped, and the application is told nothing but ok: lost.
    Lose,
}

/// How many records share a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Batching {
    /// At most so many.
    pub records: u16,
    /// How long a batch waits for more (`linger.ms`).
    pub linger: Span,
}

impl Default for Batching {
    fn default() -> Self {
        Self {
            records: 1,
            linger: Span::ZERO,
        }
    }
}

/// How a repeat is named to the stream. Consumers and sinks that go by ids see the id that a record is published under:
/// that of its intent, which is part of the record, unless it is `Content` or `Attempt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Name {
    /// Not at all: to the stream, every attempt is another record.
    None,
    /// By producer id, epoch and sequence number per partition (`semantics.md` §1.3).
    Sequence,
    /// By an id of the application's intent: the same for every attempt, also of a later session.
    Intent,
    /// By a hash of the contents: the same for two intents with equal contents.
    Content,
    /// By an id drawn for every attempt.
    Attempt,
}

/// What is published together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Unit {
    /// Each record for itself.
    Each,
    /// So many records in a transaction.
    Transaction(Transaction),
}

/// A producer's transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transaction {
    /// Records per transaction, at most.
    pub records: u32,
    /// How long it stays open for more of them (as `commit.interval.ms` of a stream processor, 100 ms under
    /// exactly-once).
    #[serde(default = "commit_every")]
    pub commit_every: Span,
    /// After which the coordinator aborts it (`transaction.timeout.ms`, 60 s).
    #[serde(default = "transaction_timeout")]
    pub timeout: Span,
}
