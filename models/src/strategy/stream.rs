//! How the stream keeps records and recognises repeats.

use schemars::JsonSchema;
use semel_sim::time::Span;
use serde::{Deserialize, Serialize};

use super::sink::Keep;

/// How the stream keeps records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Stream {
    /// How many copies, and when they reach the disk.
    pub copies: Copies,
    /// How a repeat is recognised.
    pub recognise: Recognise,
    /// Whether records can be published in transactions.
    pub transactions: Transactions,
}

/// How many copies of a partition there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Copies {
    /// One, flushed by this policy.
    One(Flush),
}

impl Copies {
    /// When appended entries are forced to disk.
    pub const fn flush(self) -> Flush {
        let Self::One(flush) = self;
        flush
    }
}

impl Default for Copies {
    fn default() -> Self {
        Self::One(Flush::Never)
    }
}

/// When appended entries are forced to disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Flush {
    /// Before every ack.
    Always,
    /// Each time so many entries have come together.
    Entries(u32),
    /// So often.
    Every(Span),
    /// Left to the operating system (`log.flush.interval.messages` = ∞, Kafka's default).
    Never,
}

/// How the stream recognises a repeat. There are three answers, never two: new, stored, in flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Recognise {
    /// Not at all.
    #[default]
    Nothing,
    /// By sequence per producer id and partition, remembering so many batches (Kafka: 5; `semantics.md` §1.3).
    Sequence {
        /// Remembered batches per producer and partition.
        #[serde(default = "five")]
        batches: u8,
        /// After which an idle producer is forgotten (`producer.id.expiration.ms`, 1 d).
        #[serde(default = "one_day")]
        expire: Span,
    },
    /// By the highest id per producer: lower ones are repeats (RabbitMQ streams, Pulsar; §1.10, §1.14).
    Highest(Kept),
    /// By id, within a window (SQS FIFO, JetStream, Redis; §1.11, §1.13, §1.16).
    Id(Keep, Kept),
}

impl Recognise {
    /// How many entries of dedup state a partition may hold, as far as it says; 0 if it does not.
    pub const fn bound(self) -> u32 {
        match self {
            Self::Id(
                Keep {
                    count: Some(count), ..
                },
                _,
            ) => count,
            Self::Nothing | Self::Sequence { .. } | Self::Highest(_) | Self::Id(..) => 0,
        }
    }

    /// Whether dedup state grows old.
    pub const fn ages(self) -> bool {
        match self {
            Self::Sequence { .. } => true,
            Self::Id(keep, _) => keep.time.is_some(),
            Self::Nothing | Self::Highest(_) => false,
        }
    }
}

const fn five() -> u8 {
    5
}

const fn one_day() -> Span {
    Span::secs(86_400)
}

/// Where dedup state is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Kept {
    /// In the record itself: it lives and dies with the data.
    WithData,
    /// In a durable store beside the data, written in a step of its own before the append.
    Durable,
    /// In memory: a crash forgets it.
    Memory,
    /// In a store that is copied after so long: an outage loses what was not copied yet.
    AsyncCopy(Span),
}

/// Whether and how records can be published in transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Transactions {
    /// They cannot.
    #[default]
    None,
    /// With a coordinator and markers (Kafka; `semantics.md` §1.4).
    Markers {
        /// 1: one epoch per session. 2 (KIP-890): every end of a transaction raises the epoch.
        #[serde(default = "two")]
        transaction_version: u8,
        /// Whether a leader asks the coordinator before it opens a transaction (KIP-890 part 1).
        #[serde(default)]
        verification: Verification,
        /// How often the coordinator looks for transactions that took too long
        /// (`transaction.abort.timed.out.transaction.cleanup.interval.ms`, 10 s).
        #[serde(default = "ten_seconds")]
        scan_every: Span,
    },
}

impl Transactions {
    /// The version of the protocol; without transactions, the first.
    pub(crate) const fn version(self) -> u8 {
        match self {
            Self::None => 1,
            Self::Markers {
                transaction_version,
                ..
            } => transaction_version,
        }
    }
}

/// Whether a leader verifies a transaction with its coordinator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Verification {
    /// Before the first append (`transaction.partition.verification.enable`, default since 3.6).
    #[default]
    On,
    /// Never.
    Off,
}

const fn two() -> u8 {
    2
}

const fn ten_seconds() -> Span {
    Span::secs(10)
}
