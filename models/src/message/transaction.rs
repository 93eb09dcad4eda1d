//! Between transactional producers, the transaction coordinator and partition leaders (`semantics.md` §1.4).

use semel_sim::time::Span;

use super::{Facts, Kind};
use crate::vocabulary::{Epoch, Generation, Offset, Partition, ProducerId};

/// The partition of the group's offsets, among the partitions of a transaction.
pub const OFFSETS: Partition = Partition::MAX;

/// A word of the transaction family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// A transactional producer registers under its transactional id (`InitProducerId`).
    InitTransactions {
        /// The transactional id: the number of the client's node.
        name: u16,
        /// Which request of its client.
        request: u32,
        /// After which its transactions are aborted.
        timeout: Span,
        /// The id and epoch that it has, if it goes on after an error (KIP-360).
        known: Option<(ProducerId, Epoch)>,
    },
    /// A partition joins a transaction (`AddPartitionsToTxn`).
    AddPartition {
        /// Which transaction.
        of: Owner,
        /// Which partition.
        partition: Partition,
        /// Which request of its client.
        request: u32,
    },
    /// A group's offsets join a transaction (`AddOffsetsToTxn`).
    AddOffsets {
        /// Which transaction.
        of: Owner,
        /// Which request of its client.
        request: u32,
    },
    /// An offset to be committed with a transaction (`TxnOffsetCommit`).
    OffsetsInTransaction {
        /// Which transaction.
        of: Owner,
        /// Which partition of the input.
        partition: Partition,
        /// The next offset to read.
        offset: Offset,
        /// Which consumer.
        member: u16,
        /// In which generation; 0 outside groups.
        generation: Generation,
        /// Which request of its client.
        request: u32,
    },
    /// A transaction shall commit or abort (`EndTxn`).
    EndTransaction {
        /// Which transaction.
        of: Owner,
        /// Commit, or abort.
        commit: bool,
        /// Which request of its client.
        request: u32,
    },
    /// The answer to any of these.
    TransactionAnswer {
        /// Which request this answers.
        request: u32,
        /// Which transaction of the producer, from 1; 0 before the first.
        transaction: u32,
        /// The answer.
        answer: Answer,
        /// The producer id.
        producer: ProducerId,
        /// Its epoch from now on.
        epoch: Epoch,
    },
    /// The coordinator tells a leader the outcome (`WriteTxnMarkers`).
    WriteMarker {
        /// Which transaction, with the epoch that the marker carries.
        of: Owner,
        /// Which partition.
        partition: Partition,
        /// Commit, or abort.
        commit: bool,
        /// Which request of the coordinator: the same for every attempt.
        request: u32,
        /// Which incarnation of the coordinator says so.
        coordinator: u32,
    },
    /// It is written, or need not be.
    MarkerWritten {
        /// Which transaction.
        of: Owner,
        /// Which partition.
        partition: Partition,
        /// Which request this answers.
        request: u32,
    },
    /// A leader asks whether a transaction is open with this partition in it; with version 2 the partition joins by
    /// this very question (KIP-890).
    Verify {
        /// Which transaction.
        of: Owner,
        /// Which partition.
        partition: Partition,
        /// Which request of the leader.
        request: u32,
    },
    /// Whether it is.
    Verified {
        /// Which partition.
        partition: Partition,
        /// Which request this answers.
        request: u32,
        /// The answer.
        answer: Answer,
    },
}

/// Whose transaction: producer and epoch are what brokers see; the number is the application's own count, for
/// observers only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// The producer id.
    pub producer: ProducerId,
    /// Its epoch.
    pub epoch: Epoch,
    /// Which transaction of the producer, from 1. No broker may decide anything by it.
    pub number: u32,
}

/// What a coordinator says to a transactional producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Good.
    Ok,
    /// Another transaction of this producer is still being ended: ask again (`CONCURRENT_TRANSACTIONS`).
    Concurrent,
    /// A newer producer has taken over, or a timeout has (`PRODUCER_FENCED`).
    Fenced,
    /// The state does not allow this (`INVALID_TXN_STATE`).
    InvalidState,
    /// The group's generation is not the current one (`ILLEGAL_GENERATION`).
    StaleGeneration,
    /// The timeout is above what the broker allows (`INVALID_TRANSACTION_TIMEOUT`).
    TimeoutTooLong,
}

impl Message {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::InitTransactions { .. } => Kind::InitTransactions,
            Self::AddPartition { .. } => Kind::AddPartition,
            Self::AddOffsets { .. } => Kind::AddOffsets,
            Self::OffsetsInTransaction { .. } => Kind::OffsetsInTransaction,
            Self::EndTransaction { .. } => Kind::EndTransaction,
            Self::TransactionAnswer { .. } => Kind::TransactionAnswer,
            Self::WriteMarker { .. } => Kind::WriteMarker,
            Self::MarkerWritten { .. } => Kind::MarkerWritten,
            Self::Verify { .. } => Kind::Verify,
            Self::Verified { .. } => Kind::Verified,
        }
    }

    pub(super) const fn facts(&self) -> Facts {
        match *self {
            Self::InitTransactions { .. } => Facts::NONE,
            Self::AddOffsets { of, .. } => Facts {
                transaction: Some(of.number),
                ..Facts::NONE
            },
            Self::EndTransaction { of, commit, .. } => Facts {
                transaction: Some(of.number),
                commit: Some(commit),
                ..Facts::NONE
            },
            Self::TransactionAnswer { transaction, .. } => Facts {
                transaction: Some(transaction),
                ..Facts::NONE
            },
            Self::AddPartition { of, partition, .. }
            | Self::OffsetsInTransaction { of, partition, .. }
            | Self::MarkerWritten { of, partition, .. }
            | Self::Verify { of, partition, .. } => Facts {
                transaction: Some(of.number),
                partition: Some(partition),
                ..Facts::NONE
            },
            Self::WriteMarker {
                of,
                partition,
                commit,
                ..
            } => Facts {
                transaction: Some(of.number),
                partition: Some(partition),
                commit: Some(commit),
                ..Facts::NONE
            },
            Self::Verified { partition, .. } => Facts {
                partition: Some(partition),
                ..Facts::NONE
            },
        }
    }
}
