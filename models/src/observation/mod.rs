//! What an observer may see: the evidence that oracles judge by (`semantics.md` §4.1).
//!
//! Names are neutral to the family of systems: `Stored`, whatever stores. Patterns on observations, for faults that
//! wait for one, have the same names and any of the fields.

pub(crate) mod terms;

use alloc::vec::Vec;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::asked::Asked;
use crate::vocabulary::{Epoch, Generation, Offset, Partition, RecordId};

pub use terms::{Hit, Miss, Outcome, Place, Read, TransactionId};

macro_rules! observations {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {
        /// Something that was observed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Observation {
            $($(#[$doc])* $name { $($(#[$field_doc])* $field: $kind,)* },)*
        }

        hashed! { Observation { $($name { $($field)* })* } }

        /// A pattern on observations: the name, and any of the fields.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub enum ObservationPattern {
            $($(#[$doc])* $name {
                $($(#[$field_doc])* #[serde(default, skip_serializing_if = "Option::is_none")] $field: Option<$kind>,)*
            },)*
        }

        impl ObservationPattern {
            /// The name it asks for.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => stringify!($name),)*
                }
            }

            /// What else it asks for, by the names that files have for it.
            pub fn asked(&self) -> impl Iterator<Item = (&'static str, Asked)> {
                let mut asked = Vec::new();
                match *self {
                    $(Self::$name { $($field,)* } => {
                        $(asked.extend($field.map(|value| (stringify!($field), Asked::from(value))));)*
                    })*
                }
                asked.into_iter()
            }

            /// Whether an observation has this name and all fields that the pattern gives.
            pub fn matches(&self, observation: &Observation) -> bool {
                match self {
                    $(Self::$name { $($field,)* } => {
                        matches!(observation, Observation::$name { .. }) $(&& {
                            let wanted = $field;
                            match observation {
                                Observation::$name { $field, .. } => wanted.is_none_or(|value| value == *$field),
                                _ => false,
                            }
                        })*
                    })*
                }
            }
        }

        impl Observation {
            /// Its name.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => stringify!($name),)*
                }
            }
        }
    };
}

observations! {
    /// The application decided that a record should take effect; its client accepted it.
    Intent {
        /// Which record.
        record: RecordId,
        /// By which producer.
        producer: u16,
        /// In which session of that producer (its boots, from 0).
        session: u32,
    }
    /// A record left a client on its way to the stream.
    Attempt {
        /// Which record.
        record: RecordId,
        /// Which attempt, from 1.
        attempt: u32,
        /// By which producer.
        producer: u16,
        /// In which session of that producer.
        session: u32,
    }
    /// A client told its application what became of a record.
    Acked {
        /// Which record.
        record: RecordId,
        /// What it says.
        outcome: Outcome,
        /// Whether the stream said it had it already.
        duplicate: bool,
    }
    /// A record was appended to the stream.
    Stored {
        /// Which record.
        record: RecordId,
        /// In which partition; output partitions follow the input ones.
        partition: Partition,
        /// At which offset.
        offset: Offset,
        /// By which attempt of its producer.
        attempt: u32,
        /// In which session of its producer.
        session: u32,
        /// Why it was not recognised as a repeat.
        missed: Miss,
        /// Whether it belongs to a transaction: then [`Observation::Enlisted`] follows, and it counts once marked.
        enlisted: bool,
    }
    /// The record just stored belongs to a transaction.
    Enlisted {
        /// Which record.
        record: RecordId,
        /// In which partition.
        partition: Partition,
        /// At which offset.
        offset: Offset,
        /// Which transaction.
        transaction: TransactionId,
        /// The epoch of its producer, as it came with the record.
        epoch: Epoch,
    }
    /// Everything before this offset of a partition survives a power loss.
    Synced {
        /// Which partition.
        partition: Partition,
        /// The first offset that might not.
        offset: Offset,
    }
    /// Stored entries were lost.
    Truncated {
        /// Which partition.
        partition: Partition,
        /// The first offset lost.
        from: Offset,
        /// The first offset after them.
        until: Offset,
    }
    /// A store recognised a repeat and did not apply it again.
    Recognised {
        /// Which record.
        record: RecordId,
        /// Where.
        place: Place,
        /// As what.
        hit: Hit,
    }
    /// The application opened a transaction.
    Opened {
        /// Which.
        transaction: TransactionId,
        /// The epoch of its producer.
        epoch: Epoch,
    }
    /// The outcome of a transaction is durable.
    Decided {
        /// Which.
        transaction: TransactionId,
        /// Committed, or aborted.
        commit: bool,
        /// Decided by timeout or by a successor, not by its owner.
        forced: bool,
    }
    /// The end of a transaction is written to a partition.
    Marked {
        /// Which partition.
        partition: Partition,
        /// At which offset.
        offset: Offset,
        /// Which transaction's records it decides.
        transaction: TransactionId,
        /// Committed, or aborted.
        commit: bool,
        /// The epoch that it came with.
        epoch: Epoch,
    }
    /// The client of a transaction told its application the outcome.
    Concluded {
        /// Which.
        transaction: TransactionId,
        /// What the application had asked for.
        commit: bool,
        /// What it was told.
        outcome: Outcome,
    }
    /// A consumer took a partition over, or went back to its committed offset: it reads on from there.
    Assigned {
        /// Which consumer.
        consumer: u16,
        /// Which partition.
        partition: Partition,
        /// In which generation of the group.
        generation: Generation,
        /// From which offset it reads on.
        position: Offset,
    }
    /// A reader found its position outside the log or had none, and took another one.
    Reset {
        /// Which consumer.
        consumer: u16,
        /// Which partition.
        partition: Partition,
        /// Its new position.
        position: Offset,
    }
    /// A record was handed to a handler.
    Delivered {
        /// Which record.
        record: RecordId,
        /// From which partition.
        partition: Partition,
        /// From which offset.
        offset: Offset,
        /// To which consumer.
        consumer: u16,
        /// In which generation of the group.
        generation: Generation,
        /// What the reader is allowed to see.
        read: Read,
    }
    /// A handler is done with a record, as far as it knows.
    Handled {
        /// Which record.
        record: RecordId,
        /// Which consumer.
        consumer: u16,
    }
    /// A record took effect.
    Applied {
        /// Which record.
        record: RecordId,
        /// On which account.
        key: u32,
        /// By how much.
        amount: i64,
        /// On whose request.
        actor: u16,
        /// With which fencing token; 0 is none.
        token: Generation,
        /// Why the sink did not recognise it as a repeat.
        missed: Miss,
        /// Which copy it was: from which partition it was delivered; for a committed output record, its own.
        partition: Partition,
        /// At which offset there.
        offset: Offset,
        /// By which attempt of its consumer, from 1.
        attempt: u32,
    }
    /// A protected store refused a stale token.
    Refused {
        /// Which record.
        record: RecordId,
        /// Where.
        place: Place,
        /// The token it came with.
        token: Generation,
    }
    /// A token was granted, as the node that protects something (a coordinator, a fencing sink) now knows: it must no
    /// longer accept older ones.
    Granted {
        /// Which partition (or shard) it protects.
        partition: Partition,
        /// The token.
        token: Generation,
    }
    /// A group's committed offset moved, or was refused.
    Progress {
        /// Which partition.
        partition: Partition,
        /// The next offset to read.
        offset: Offset,
        /// Who committed it.
        consumer: u16,
        /// In which generation.
        generation: Generation,
        /// Whether it was accepted.
        accepted: bool,
    }
    /// A handler passed over a record that it cannot process.
    Skipped {
        /// Which record.
        record: RecordId,
        /// Which consumer.
        consumer: u16,
    }
    /// A record was put aside as a dead letter.
    Parked {
        /// Which record.
        record: RecordId,
        /// Which consumer.
        consumer: u16,
    }
    /// A store of responses answered a request.
    Answered {
        /// Which record it was for.
        record: RecordId,
        /// The idempotency key.
        key: u64,
        /// The fingerprint of the request.
        fingerprint: u64,
        /// The response.
        response: u64,
        /// Whether it is an error about the key (in progress, mismatch), not a result.
        error: bool,
    }
    /// How much a store of dedup state now holds.
    Kept {
        /// Where.
        place: Place,
        /// How many entries.
        entries: u32,
        /// The bound it declares; 0 is none.
        bound: u32,
    }
    /// After the end: a record is in the stream, where a fresh read-committed reader finds it or not.
    Found {
        /// Which record.
        record: RecordId,
        /// In which partition.
        partition: Partition,
        /// At which offset.
        offset: Offset,
        /// Whether a fresh read-committed reader sees it.
        visible: bool,
    }
    /// After the end: what an account holds.
    Balance {
        /// Which account.
        key: u32,
        /// How much.
        amount: i64,
    }
    /// After the end: a transaction that nobody decided still blocks readers of a partition.
    Hanging {
        /// Which partition.
        partition: Partition,
        /// Where it begins.
        offset: Offset,
        /// Which.
        transaction: TransactionId,
    }
    // Last, although it belongs to `Recognised`: a digest knows an observation by its place in this list.
    /// A sink that goes by ids did not know the one that a record came under: the record takes effect next.
    Unrecognised {
        /// Which record.
        record: RecordId,
        /// The id that the sink looked for.
        id: u64,
    }
    /// After the end: nobody decided the transaction that an offset of the group is to be committed with. Whoever asks
    /// where to begin in its partition is told to ask again.
    Unsettled {
        /// Of which partition.
        partition: Partition,
        /// The offset.
        offset: Offset,
        /// Which transaction.
        transaction: TransactionId,
    }
}

impl Observation {
    /// The record that it is about, if it is about one.
    pub const fn record(&self) -> Option<RecordId> {
        match *self {
            Self::Intent { record, .. }
            | Self::Attempt { record, .. }
            | Self::Acked { record, .. }
            | Self::Stored { record, .. }
            | Self::Enlisted { record, .. }
            | Self::Recognised { record, .. }
            | Self::Delivered { record, .. }
            | Self::Handled { record, .. }
            | Self::Applied { record, .. }
            | Self::Refused { record, .. }
            | Self::Skipped { record, .. }
            | Self::Parked { record, .. }
            | Self::Answered { record, .. }
            | Self::Found { record, .. }
            | Self::Unrecognised { record, .. } => Some(record),
            Self::Synced { .. }
            | Self::Truncated { .. }
            | Self::Opened { .. }
            | Self::Decided { .. }
            | Self::Marked { .. }
            | Self::Concluded { .. }
            | Self::Assigned { .. }
            | Self::Reset { .. }
            | Self::Granted { .. }
            | Self::Progress { .. }
            | Self::Kept { .. }
            | Self::Balance { .. }
            | Self::Hanging { .. }
            | Self::Unsettled { .. } => None,
        }
    }
}
