//! What observations are told in: outcomes, places, and why a repeat was recognised or not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::vocabulary::ProducerId;

/// What a client learnt of a record it had sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Outcome {
    /// It is stored as durably as was asked for.
    Ok,
    /// It is certainly not stored, and never will be.
    Failed,
    /// It may or may not be stored: indefinite, never "failed".
    Unknown,
}

/// Where a store of dedup state is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Place {
    /// With the stream.
    Stream,
    /// With the consumer.
    Consumer,
    /// With the sink.
    Sink,
}

/// Why a store did not recognise what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Miss {
    /// Nobody looks for repeats here.
    Unasked,
    /// There was state to look in, and it was not in it.
    New,
    /// There was no state to look in: a new session, a restart, or it was lost.
    Absent,
    /// It is older than the store remembers by time: entries of that age have been dropped.
    Expired,
    /// It is older than the store remembers by count.
    Evicted,
    /// It is there, but has been in progress for longer than its lease: it was taken over.
    TakenOver,
}

/// Why a store refused or swallowed what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Hit {
    /// A stored copy of the same.
    Stored,
    /// The same, still being worked on; the answer is not known yet.
    InFlight,
    /// The same key with other contents.
    Mismatch,
}

/// A transaction: whose, and which of that producer's (from 1).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct TransactionId {
    /// The producer.
    pub producer: ProducerId,
    /// The number of the application's transaction.
    pub number: u32,
}

/// What a reader is allowed to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Read {
    /// Everything that is stored (Kafka's default, `read_uncommitted`).
    #[default]
    Any,
    /// Only what no undecided transaction precedes, without aborted ones (`read_committed`).
    Committed,
}
