//! What nodes say to each other, grouped by family. Messages are `Copy` and small; records travel in batches.

pub mod group;
pub mod log;
pub mod sink;
pub mod transaction;

use alloc::format;
use alloc::string::String;

use schemars::JsonSchema;
use semel_sim::address::Label;
use semel_sim::store::Batch;
use serde::{Deserialize, Serialize};

use crate::asked::Asked;
use crate::vocabulary::{Item, Partition, RecordId};

/// A word on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Between clients and a partition's leader.
    Log(log::Message),
    /// Between consumers and their group's coordinator.
    Group(group::Message),
    /// Between consumers and the sink.
    Sink(sink::Message),
    /// Between producers, the transaction coordinator and partition leaders.
    Transaction(transaction::Message),
}

hashed! { Message { Log(word) Group(word) Sink(word) Transaction(word) } }

/// What can be said of a message: its kind, and those of these that it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The record it is about (the first one, if it carries several).
    pub record: Option<RecordId>,
    /// Which attempt it is, from 1.
    pub attempt: Option<u32>,
    /// The partition it is about.
    pub partition: Option<Partition>,
    /// Which transaction of its producer it is about, from 1.
    pub transaction: Option<u32>,
    /// Whether it commits (or aborts).
    pub commit: Option<bool>,
    /// The records it carries or answers for, beyond the first.
    pub batch: Option<Batch>,
}

impl Facts {
    pub(crate) const NONE: Self = Self {
        record: None,
        attempt: None,
        partition: None,
        transaction: None,
        commit: None,
        batch: None,
    };
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident($($fact:ident)*),)*) => {
        /// Every kind of message, with what can be said of it. The order is part of addresses: new kinds go last.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// Every kind, in order.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// What can be said of a message of this kind, by the names that a pattern has for it.
            pub const fn facts(self) -> &'static [&'static str] {
                match self {
                    $(Self::$name => &[$(stringify!($fact)),*],)*
                }
            }
        }

        /// A pattern on messages: the kind, and any of what can be said of it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub enum MessagePattern {
            $(
                $(#[$doc])*
                $name {
                    /// About this record (one of those it carries or answers for).
                    #[serde(default, skip_serializing_if = "Option::is_none")]
                    record: Option<RecordId>,
                    /// This attempt, from 1.
                    #[serde(default, skip_serializing_if = "Option::is_none")]
                    attempt: Option<u32>,
                    /// About this partition.
                    #[serde(default, skip_serializing_if = "Option::is_none")]
                    partition: Option<Partition>,
                    /// About this transaction of its producer, from 1.
                    #[serde(default, skip_serializing_if = "Option::is_none")]
                    transaction: Option<u32>,
                    /// Committing, or aborting.
                    #[serde(default, skip_serializing_if = "Option::is_none")]
                    commit: Option<bool>,
                },
            )*
        }

        impl MessagePattern {
            /// The kind it asks for.
            pub const fn kind(&self) -> Kind {
                match self {
                    $(Self::$name { .. } => Kind::$name,)*
                }
            }

            /// What else it asks for.
            const fn wanted(&self) -> Facts {
                match *self {
                    $(Self::$name { record, attempt, partition, transaction, commit } => {
                        Facts { record, attempt, partition, transaction, commit, batch: None }
                    })*
                }
            }

            /// What else it asks for, by the names that files have for it.
            pub fn asked(&self) -> impl Iterator<Item = (&'static str, Asked)> {
                let Facts { record, attempt, partition, transaction, commit, batch: _ } = self.wanted();
                [
                    ("record", record.map(Asked::from)),
                    ("attempt", attempt.map(Asked::from)),
                    ("partition", partition.map(Asked::from)),
                    ("transaction", transaction.map(Asked::from)),
                    ("commit", commit.map(Asked::from)),
                ]
                .into_iter()
                .filter_map(|(name, asked)| Some((name, asked?)))
            }
        }
    };
}

kinds! {
    /// A producer asks for a producer id.
    InitProducer(),
    /// It gets one.
    ProducerIs(),
    /// Records on their way into a partition.
    Produce(record attempt partition transaction),
    /// Whether they are stored.
    Ack(record attempt partition),
    /// A reader asks for records.
    Fetch(partition),
    /// It gets some.
    Records(record partition),
    /// It gets none: nothing new within the time it was ready to wait.
    NoRecords(partition),
    /// A consumer asks for its group's committed offset.
    FindOffset(partition),
    /// It gets it.
    OffsetIs(partition),
    /// A consumer commits an offset.
    Commit(partition),
    /// Whether it was accepted.
    Committed(partition),
    /// A consumer wants to be a member.
    Join(),
    /// It is one, with these partitions.
    Joined(),
    /// A sign of life.
    Heartbeat(),
    /// Its answer.
    Beat(),
    /// A member leaves.
    Leave(),
    /// A request to a sink.
    Apply(record attempt partition),
    /// What became of it.
    Applied(record attempt),
    /// A consumer asks the sink for the offset it keeps.
    FindMark(partition),
    /// It gets it.
    MarkIs(partition),
    /// A transactional producer registers.
    InitTransactions(),
    /// A partition joins a transaction.
    AddPartition(partition transaction),
    /// A group's offsets join a transaction.
    AddOffsets(transaction),
    /// Offsets to be committed with a transaction.
    OffsetsInTransaction(partition transaction),
    /// A transaction shall commit or abort.
    EndTransaction(transaction commit),
    /// The coordinator's (or leader's) answer to a transactional request.
    TransactionAnswer(transaction),
    /// The coordinator tells a leader the outcome.
    WriteMarker(partition transaction commit),
    /// It is written.
    MarkerWritten(partition transaction),
    /// A leader asks the coordinator whether a transaction is open.
    Verify(partition transaction),
    /// Whether it is.
    Verified(partition),
    /// A consumer puts a record aside that it cannot process.
    DeadLetter(record attempt partition),
    /// It is stored.
    DeadLettered(record attempt),
}

impl Message {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Log(message) => message.kind(),
            Self::Group(message) => message.kind(),
            Self::Sink(message) => message.kind(),
            Self::Transaction(message) => message.kind(),
        }
    }

    /// What can be said of it.
    pub const fn facts(&self) -> Facts {
        match self {
            Self::Log(message) => message.facts(),
            Self::Group(message) => message.facts(),
            Self::Sink(message) => message.facts(),
            Self::Transaction(message) => message.facts(),
        }
    }

    /// Its kind and what it is about, in a few words: `Ack 17`.
    pub fn describe(&self, items: &[Item]) -> String {
        let facts = self.facts();
        let name = self.kind().name();
        let number = facts
            .record
            .or_else(|| items.first().map(|item| item.record));
        match (number, facts.transaction, items.len()) {
            (Some(record), _, 0 | 1) => format!("{name} {record}"),
            (Some(record), _, count) => format!("{name} {record} (+{})", count - 1),
            (None, Some(transaction), _) => {
                let end = match facts.commit {
                    Some(true) => " commit",
                    Some(false) => " abort",
                    None => "",
                };
                format!("{name}{end} of transaction {transaction}")
            }
            (None, None, _) => match facts.partition {
                Some(partition) => format!("{name} partition {partition}"),
                None => name.into(),
            },
        }
    }
}

impl MessagePattern {
    /// Whether a message with these items is meant.
    pub fn matches(&self, message: &Message, items: &[Item]) -> bool {
        if self.kind() != message.kind() {
            return false;
        }
        let (wanted, facts) = (self.wanted(), message.facts());
        let about =
            |record| facts.record == Some(record) || items.iter().any(|item| item.record == record);
        wanted.record.is_none_or(about)
            && (wanted.attempt.is_none() || wanted.attempt == facts.attempt)
            && (wanted.partition.is_none() || wanted.partition == facts.partition)
            && (wanted.transaction.is_none() || wanted.transaction == facts.transaction)
            && (wanted.commit.is_none() || wanted.commit == facts.commit)
    }
}

impl From<Kind> for Label {
    fn from(kind: Kind) -> Self {
        Self(kind as u8)
    }
}
