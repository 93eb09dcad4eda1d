//! Between consumers and their group's coordinator (`semantics.md` §1.5).

use super::{Facts, Kind};
use crate::vocabulary::{Generation, Offset, Partition};

/// A word of the group family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// A consumer asks for the committed offset of a partition.
    FindOffset {
        /// Which partition.
        partition: Partition,
        /// Which request of its client.
        request: u32,
    },
    /// It gets it.
    OffsetIs {
        /// Which partition.
        partition: Partition,
        /// Which request this answers.
        request: u32,
        /// The next offset to read, if any was committed.
        offset: Option<Offset>,
        /// A transaction is about to change it: ask again (`UNSTABLE_OFFSET_COMMIT`).
        unstable: bool,
    },
    /// A consumer commits an offset.
    Commit {
        /// Which partition.
        partition: Partition,
        /// The next offset to read.
        offset: Offset,
        /// Which request of its client.
        request: u32,
        /// Who.
        member: u16,
        /// In which generation; 0 outside groups.
        generation: Generation,
    },
    /// Whether it was accepted.
    Committed {
        /// Which partition.
        partition: Partition,
        /// Which request this answers.
        request: u32,
        /// The answer.
        answer: Answer,
    },
    /// A consumer wants to be a member of the next generation.
    Join {
        /// Who.
        member: u16,
        /// Which request of its client.
        request: u32,
    },
    /// It is one, with the partitions `from..until`.
    Joined {
        /// Which request this answers.
        request: u32,
        /// The generation.
        generation: Generation,
        /// The first of its partitions.
        from: Partition,
        /// The first one after them.
        until: Partition,
    },
    /// A sign of life.
    Heartbeat {
        /// Who.
        member: u16,
        /// In which generation.
        generation: Generation,
    },
    /// Its answer.
    Beat {
        /// In which generation the heartbeat was.
        generation: Generation,
        /// The answer.
        answer: Answer,
    },
    /// A member leaves.
    Leave {
        /// Who.
        member: u16,
        /// In which generation.
        generation: Generation,
    },
}

/// What a coordinator says to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Good.
    Ok,
    /// The group is forming a new generation: join it.
    Rebalancing,
    /// That generation is not the current one.
    StaleGeneration,
    /// No such member.
    UnknownMember,
}

impl Message {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::FindOffset { .. } => Kind::FindOffset,
            Self::OffsetIs { .. } => Kind::OffsetIs,
            Self::Commit { .. } => Kind::Commit,
            Self::Committed { .. } => Kind::Committed,
            Self::Join { .. } => Kind::Join,
            Self::Joined { .. } => Kind::Joined,
            Self::Heartbeat { .. } => Kind::Heartbeat,
            Self::Beat { .. } => Kind::Beat,
            Self::Leave { .. } => Kind::Leave,
        }
    }

    pub(super) const fn facts(&self) -> Facts {
        match *self {
            Self::FindOffset { partition, .. }
            | Self::OffsetIs { partition, .. }
            | Self::Commit { partition, .. }
            | Self::Committed { partition, .. } => Facts {
                partition: Some(partition),
                ..Facts::NONE
            },
            Self::Join { .. }
            | Self::Joined { .. }
            | Self::Heartbeat { .. }
            | Self::Beat { .. }
            | Self::Leave { .. } => Facts::NONE,
        }
    }
}
