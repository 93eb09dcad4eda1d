//! Between consumers and the sink.

use super::{Facts, Kind};
use crate::vocabulary::{Generation, Offset, Partition, RecordId};

/// A word of the sink family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// A record shall take effect.
    Apply(Apply),
    /// What became of it.
    Applied {
        /// Which record.
        record: RecordId,
        /// Which request this answers.
        request: u32,
        /// Which attempt this answers, from 1.
        attempt: u32,
        /// The answer.
        answer: Answer,
    },
    /// A consumer asks for the offset that the sink keeps for a partition.
    FindMark {
        /// Which partition.
        partition: Partition,
        /// Which request of its client.
        request: u32,
        /// With which fencing token; 0 is none.
        token: Generation,
    },
    /// It gets it.
    MarkIs {
        /// Which partition.
        partition: Partition,
        /// Which request this answers.
        request: u32,
        /// The next offset to read; 0 if it keeps none.
        offset: Offset,
    },
}

hashed! {
    Message {
        Apply(apply)
        Applied { record request attempt answer }
        FindMark { partition request token }
        MarkIs { partition request offset }
    }
}

/// A request that a record take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Apply {
    /// Which record.
    pub record: RecordId,
    /// The id by which a repeat is recognised.
    pub id: u64,
    /// The account.
    pub key: u32,
    /// By how much.
    pub amount: i64,
    /// A hash of the request's contents.
    pub fingerprint: u64,
    /// The partition it came from.
    pub partition: Partition,
    /// Its offset there.
    pub offset: Offset,
    /// The offset to keep with the effect, if the sink keeps offsets.
    pub mark: Option<Offset>,
    /// Which request of its client: the same for every attempt.
    pub request: u32,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Which consumer.
    pub actor: u16,
    /// With which fencing token; 0 is none.
    pub token: Generation,
}

/// What a sink says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It has taken effect.
    Done,
    /// It had taken effect before; this is the stored answer.
    Before,
    /// Another request with this key is still being worked on.
    InProgress,
    /// The key was used for another request.
    Mismatch,
    /// The token is stale.
    Fenced,
}

impl Message {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Apply(_) => Kind::Apply,
            Self::Applied { .. } => Kind::Applied,
            Self::FindMark { .. } => Kind::FindMark,
            Self::MarkIs { .. } => Kind::MarkIs,
        }
    }

    pub(super) const fn facts(&self) -> Facts {
        match *self {
            Self::Apply(Apply {
                record,
                attempt,
                partition,
                ..
            }) => Facts {
                record: Some(record),
                attempt: Some(attempt),
                partition: Some(partition),
                ..Facts::NONE
            },
            Self::Applied {
                record, attempt, ..
            } => Facts {
                record: Some(record),
                attempt: Some(attempt),
                ..Facts::NONE
            },
            Self::FindMark { partition, .. } | Self::MarkIs { partition, .. } => Facts {
                partition: Some(partition),
                ..Facts::NONE
            },
        }
    }
}
