//! The closed list of causes (`semantics.md` §4.4): each is declared in one line. Where they are found is in [`super::cause`].

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// Declares the causes, by what they are causes of: the code, and the name in this program.
macro_rules! causes {
    ($($Family:ident { $($(#[$doc:meta])* $code:literal $Name:ident,)* })*) => {
        /// Why it happened: the last decision that could have prevented it (`semantics.md` §4.4). Written as its code.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum Cause {
            $($($(#[$doc])* #[serde(rename = $code)] $Name,)*)*
            /// None of the closed list: a model or an oracle is wrong.
            #[serde(rename = "other")]
            Other,
        }

        impl Cause {
            /// The closed list.
            pub const ALL: &[Self] = &[$($(Self::$Name,)*)*];

            /// The code, for example `D2`.
            pub const fn code(self) -> &'static str {
                match self {
                    $($(Self::$Name => $code,)*)*
                    Self::Other => "other",
                }
            }

            /// What it is a cause of, if it is on the list.
            pub const fn family(self) -> Option<Family> {
                match self {
                    $($(Self::$Name)|* => Some(Family::$Family),)*
                    Self::Other => None,
                }
            }
        }
    };
}

causes! {
    Duplicate {
        /// No answer to an earlier attempt came in time, and nobody looks for repeats.
        "D1" NoAnswer,
        /// The dedup state was absent: a new session, a restart, a promotion.
        "D2" StateAbsent,
        /// The dedup entry had aged.
        "D3" EntryExpired,
        /// The dedup entry had been dropped for want of room.
        "D4" EntryEvicted,
        /// The repeat came under another key.
        "D5" KeyDiffers,
        /// Two looked before either had written.
        "D6" CheckThenAct,
        /// The effect was there and its mark was not.
        "D7" Unmarked,
        /// A former owner and the new one both acted, and no fence stood between them.
        "D8" TwoOwners,
        /// A position behind the committed one was read again.
        "D9" ProgressRegressed,
        /// A reader was shown what was undone (or was to be), and its retry too.
        "D10" AbortedRead,
        /// The network copied a packet.
        "D11" NetworkDuplicate,
        /// A restore or a redrive brought it back.
        "D12" Replay,
    }
    Loss {
        /// It counted as sent before it was replicated or stored.
        "L1" AckedEarly,
        /// It was cut off the log after its ack.
        "L2" Truncated,
        /// It was not synced when the power went.
        "L3" NotSynced,
        /// Progress was marked before the effect.
        "L4" MarkedFirst,
        /// It was judged to be a repeat, and was none.
        "L5" Mistaken,
        /// Its transaction was aborted after its decision was believed final.
        "L6" AbortedLate,
        /// One part of its transaction took hold and another did not.
        "L7" Torn,
        /// It expired, or its reader was reset beyond it.
        "L8" Skipped,
        /// Its handling failed, and the error was swallowed.
        "L9" ErrorSwallowed,
        /// It was filtered out, though nothing was wrong with it.
        "L10" Filtered,
        /// Its client gave it up.
        "L11" GivenUp,
    }
    Reorder {
        /// A retry came behind a later send.
        "R1" RetryBehind,
        /// A part of a batch failed and came later.
        "R2" BatchInPart,
        /// It was put back, or its reader was, and it was delivered behind its successors.
        "R3" Requeued,
        /// Its key was mapped to another partition.
        "R4" KeyMoved,
        /// Two workers had records of one key at a time.
        "R5" ParallelWorkers,
        /// A new leader went on from another end of the log.
        "R6" LeaderChange,
    }
    Stuck {
        /// A transaction that nobody decides holds readers back.
        "S1" OpenTransaction,
        /// A prepared transaction waits for its decision.
        "S2" InDoubt,
        /// An idempotency key stays in progress.
        "S3" KeyInProgress,
        /// A record that nobody can process blocks those behind it.
        "S4" PoisonAhead,
        /// A gap in the sequence makes every retry fail.
        "S5" SequenceGap,
        /// Its holder is refused, and cannot come back.
        "S6" FencedOff,
        /// The group forms again and again.
        "S7" RebalanceStorm,
    }
}

/// What causes are causes of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Something is there twice.
    Duplicate,
    /// Something is not there.
    Loss,
    /// Something is there too late.
    Reorder,
    /// Nothing moves.
    Stuck,
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.code())
    }
}

impl FromStr for Cause {
    type Err = ();

    fn from_str(code: &str) -> Result<Self, ()> {
        let mut all = Self::ALL.iter().copied().chain([Self::Other]);
        all.find(|cause| cause.code() == code).ok_or(())
    }
}
