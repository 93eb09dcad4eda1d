//! A strategy is a value, not a type. It answers three questions at each hop: how is a repeat recognised, what is
//! atomic with the mark, who may act.
//!
//! Strategies are written in RON under `scenarios/strategies/`. Laws: an enum where protocols differ, a struct where
//! numbers differ; a knob that another field can make meaningless moves into the variant that needs it; what fields
//! demand of each other stands in `check`.

mod check;
mod defaults;
mod promise;
mod publish;
mod sink;
mod stream;
mod work;

use alloc::string::String;
use alloc::vec::Vec;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::Objection;
pub(crate) use defaults::TRANSACTION_TIMEOUT_MAX;
pub use promise::{Assumption, Clause, Invariant, Level};
pub use publish::{
    Backoff, Batching, Breaker, Intake, Name, OnOpen, OnTimeout, Publish, Retry, Source,
    Transaction, Unit, Wait,
};
pub use sink::{Claim, Fence, Keep, Keyed, Sink, SinkKind};
pub use stream::{Copies, Flush, Kept, Recognise, Stream, Transactions, Verification};
pub use work::{
    Group, Loop, Mark, Memory, OnPoison, Reset, Right, SideEffect, Timed, Transact, Work,
};

/// How records get from their source into a sink, and what is promised of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Strategy {
    /// One sentence for people.
    #[serde(default)]
    pub about: String,
    /// What it claims, and within which assumptions.
    pub promise: Vec<Clause>,
    /// Where records come from.
    #[serde(default)]
    pub source: Source,
    /// How they get into the stream.
    #[serde(default)]
    pub publish: Publish,
    /// How the stream keeps them.
    #[serde(default)]
    pub stream: Stream,
    /// How they are processed and progress is kept.
    pub work: Work,
    /// Where they take effect.
    #[serde(default)]
    pub sink: Sink,
    /// A planted bug: each is read in exactly one place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bug: Option<Bug>,
}

/// Plausible wrong implementations. Each arm is read in exactly one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Bug {
    /// The consumer marks progress before the effect is known (it should be after).
    CommitBeforeEffect,
    /// The broker does not compare producer epochs.
    EpochNotChecked,
    /// The broker accepts a sequence that repeats the last one.
    SequenceOffByOne,
    /// The producer table is not rebuilt from the log after a crash.
    TableNotRebuilt,
    /// The broker acknowledges before it appends, in two steps.
    AckBeforeAppend,
    /// The dedup window ages by the publisher's clock instead of the store's.
    WindowOnWrongClock,
    /// The coordinator sends markers before its decision is durable.
    MarkerBeforePrepare,
    /// An abort leaves one partition without a marker.
    AbortForgetsPartition,
    /// A consumer commits offsets for partitions it has lost, and the coordinator lets it.
    CommitForLostAssignment,
    /// A retry is sent under a new id.
    RetryWithNewId,
    /// The dedup row is written in a transaction of its own, before the effect.
    DedupOutsideTransaction,
    /// The coordinator accepts any generation.
    StaleGenerationAccepted,
}
