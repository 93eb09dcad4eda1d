//! Between clients and a partition's leader (`semantics.md` §1.2, §1.3, §1.5).

use semel_sim::store::Batch;
use semel_sim::time::Span;

use super::{Facts, Kind};
use crate::observation::Read;
use crate::vocabulary::{Epoch, Generation, Offset, Partition, ProducerId, RecordId};

/// A word of the log family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// A producer asks for a producer id.
    InitProducer {
        /// Which request of its client.
        request: u32,
    },
    /// It gets one, always fresh, with epoch 0.
    ProducerIs {
        /// Which request this answers.
        request: u32,
        /// The producer id.
        producer: ProducerId,
        /// Its epoch.
        epoch: Epoch,
    },
    /// Records on their way into a partition.
    Produce(Produce),
    /// Whether they are stored.
    Ack {
        /// Which partition.
        partition: Partition,
        /// Which request this answers.
        request: u32,
        /// The first of the records.
        record: RecordId,
        /// Which attempt this answers, from 1.
        attempt: u32,
        /// What became of them.
        answer: Answer,
        /// The offset of the first of them, if known.
        offset: Option<Offset>,
        /// The records, when there are several.
        batch: Option<Batch>,
    },
    /// A reader asks for records.
    Fetch {
        /// Which partition.
        partition: Partition,
        /// From which offset.
        offset: Offset,
        /// Which request of its client.
        request: u32,
        /// At most so many.
        most: u16,
        /// What it is allowed to see.
        read: Read,
        /// How long it is ready to wait for records.
        wait: Span,
    },
    /// It gets some, or learns that its offset is outside the log.
    Records {
        /// Which partition.
        partition: Partition,
        /// Which request this answers.
        request: u32,
        /// The records.
        batch: Option<Batch>,
        /// Where to read on.
        next: Offset,
        /// Whether the offset asked for is in the log.
        range: Range,
    },
    /// A consumer puts a record aside that it cannot process.
    DeadLetter {
        /// The partition of dead letters.
        partition: Partition,
        /// Which record.
        record: RecordId,
        /// Its id.
        id: u64,
        /// Which request of its client: the same for every attempt.
        request: u32,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// It is stored.
    DeadLettered {
        /// Which record.
        record: RecordId,
        /// Which request this answers.
        request: u32,
        /// Which attempt, from 1.
        attempt: u32,
    },
}

hashed! {
    Message {
        InitProducer { request }
        ProducerIs { request producer epoch }
        Produce(produce)
        Ack { partition request record attempt answer offset batch }
        Fetch { partition offset request most read wait }
        Records { partition request batch next range }
        DeadLetter { partition record id request attempt }
        DeadLettered { record request attempt }
    }
}

/// A produce request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Produce {
    /// Which partition.
    pub partition: Partition,
    /// Which request of its client: the same for every attempt.
    pub request: u32,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Which producer client; which consumer, if it makes output records.
    pub client: u16,
    /// In which session of it.
    pub session: u32,
    /// In which generation of its group a consumer made these output records; none: they are a producer's.
    pub output: Option<Generation>,
    /// The producer id, when repeats are named by sequence.
    pub producer: ProducerId,
    /// Its epoch.
    pub epoch: Epoch,
    /// The sequence number of the first record, when repeats are named by sequence.
    pub sequence: Option<u32>,
    /// Which transaction of the producer it belongs to, from 1; 0 is none.
    pub transaction: u32,
    /// Whether an answer is wanted.
    pub answer: bool,
    /// The client's wall clock (Kafka's `CreateTime`).
    pub stamp: u64,
    /// The records.
    pub batch: Batch,
}

/// What became of a produce request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Stored.
    Stored,
    /// Stored before: this is a repeat, or some of it is, and the rest is stored now.
    Duplicate,
    /// A repeat of one whose outcome is not known yet: ask again.
    InFlight,
    /// The sequence does not follow the last one.
    OutOfOrder,
    /// The epoch is older than one the leader knows.
    StaleEpoch,
    /// The transaction is not open.
    InvalidTransaction,
    /// The transaction's coordinator has not let the partition in yet: ask again (`CONCURRENT_TRANSACTIONS`, or the
    /// coordinator could not be reached).
    NotYet,
}

/// Whether an offset that was asked for is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Range {
    /// It is, or is its end.
    Inside,
    /// It is not; the log reaches from `next` to here.
    Outside(Offset),
}

impl Message {
    /// Its kind. An empty answer to a poll is a kind of its own, for nobody waits for it.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::InitProducer { .. } => Kind::InitProducer,
            Self::ProducerIs { .. } => Kind::ProducerIs,
            Self::Produce(_) => Kind::Produce,
            Self::Ack { .. } => Kind::Ack,
            Self::Fetch { .. } => Kind::Fetch,
            Self::Records {
                batch: None,
                range: Range::Inside,
                ..
            } => Kind::NoRecords,
            Self::Records { .. } => Kind::Records,
            Self::DeadLetter { .. } => Kind::DeadLetter,
            Self::DeadLettered { .. } => Kind::DeadLettered,
        }
    }

    pub(super) const fn facts(&self) -> Facts {
        match *self {
            Self::InitProducer { .. } | Self::ProducerIs { .. } => Facts::NONE,
            Self::Produce(Produce {
                partition,
                attempt,
                transaction,
                batch,
                ..
            }) => Facts {
                attempt: Some(attempt),
                partition: Some(partition),
                transaction: if transaction == 0 {
                    None
                } else {
                    Some(transaction)
                },
                batch: Some(batch),
                ..Facts::NONE
            },
            Self::Ack {
                partition,
                record,
                attempt,
                batch,
                ..
            } => Facts {
                record: Some(record),
                attempt: Some(attempt),
                partition: Some(partition),
                batch,
                ..Facts::NONE
            },
            Self::Fetch { partition, .. } => Facts {
                partition: Some(partition),
                ..Facts::NONE
            },
            Self::Records {
                partition, batch, ..
            } => Facts {
                partition: Some(partition),
                batch,
                ..Facts::NONE
            },
            Self::DeadLetter {
                partition,
                record,
                attempt,
                ..
            } => Facts {
                record: Some(record),
                attempt: Some(attempt),
                partition: Some(partition),
                ..Facts::NONE
            },
            Self::DeadLettered {
                record, attempt, ..
            } => Facts {
                record: Some(record),
                attempt: Some(attempt),
                ..Facts::NONE
            },
        }
    }
}
