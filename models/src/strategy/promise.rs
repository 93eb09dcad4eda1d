//! Promises have scope: clauses of (level, invariant, assumptions).

use schemars::JsonSchema;
use semel_sim::time::Span;
use serde::{Deserialize, Serialize};

use alloc::vec::Vec;
use core::fmt;

/// One claim: at this level, this invariant holds, as long as these assumptions do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Where it is judged.
    pub level: Level,
    /// What holds there.
    pub keeps: Invariant,
    /// As long as all of these hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assuming: Vec<Assumption>,
}

/// "Exactly once" is about one of three levels, always told apart.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Entries of the stream.
    Log,
    /// Deliveries to the group.
    Delivery,
    /// Net effects in the sink.
    Effect,
}

/// What oracles check (`semantics.md` §4.2).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Invariant {
    /// O1: what was acknowledged is there in the end.
    NoLoss,
    /// O2: nothing is there twice.
    NoDuplicate,
    /// O3: nothing is there that nobody intended, or with other contents.
    NoPhantom,
    /// O4: nothing of an aborted transaction, and nothing reported failed, is delivered or applied.
    NoAbortedEffect,
    /// O5: no read-committed reader sees a record before its transaction is decided.
    NoEarlyRead,
    /// O6: per key and producer session, order of intent is order in the log and of first effects.
    KeyOrder,
    /// O8: within an assignment, positions rise and skip no committed record.
    ReadOrder,
    /// O9: of a transaction all records and offsets become visible, or none.
    Atomic,
    /// O10: the committed offset and the effects agree as the strategy declares.
    MarkMatchesEffect,
    /// O11: accepted offsets never fall, nor pass what was delivered.
    MonotoneOffset,
    /// O12: after a token is granted, no older one is accepted.
    Fencing,
    /// O13: an ack says no more than is true.
    HonestAck,
    /// O15: every transaction is decided in the end, and none blocks readers for ever.
    StableProgress,
    /// O16: once all has healed, everything is acknowledged or reported, and processed.
    Convergence,
    /// O17: the final state is the fault-free one.
    SameState,
    /// O19: transfers create and destroy no money.
    Conservation,
    /// O20: the same idempotency key and request give the same response; another request an error.
    StableResult,
    /// O23: dedup state stays within its declared bound.
    BoundedState,
}

/// What a promise may take for granted. Whether it held is judged from observations and faults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Assumption {
    /// All attempts at a record come from one session of its producer.
    SameSession,
    /// A repeat comes within this span of the first attempt at the record.
    Within(Span),
    /// No machine loses power.
    NoPowerLoss,
    /// No disk is lost.
    NoDiskLoss,
    /// The network does not copy packets.
    NoNetworkDuplicates,
    /// No process stops and goes on later.
    NoPause,
    /// No broker crashes or loses power.
    NoBrokerOutage,
    /// No consumer crashes or loses power.
    NoConsumerOutage,
    /// The sink neither crashes nor loses power.
    NoSinkOutage,
    /// No commit that its sender had given up sets progress back behind a later one (§6.3).
    NoLateMark,
    /// No record comes to its partition, and no offset to its group, after their transaction was decided (F020).
    NoLateRecord,
    /// No wall clock jumps or drifts.
    TrueClocks,
    /// No wall clock of a broker or of the sink jumps or drifts: those that age what they remember by their own.
    TrueStoreClocks,
    /// No store of dedup state loses it.
    DedupKept,
    /// No store of dedup state has to let a record go for want of room, before its repeat comes (D4).
    NoEviction,
    /// Nobody who works on a key is taken for dead before it is done: the lease is long enough (§1.18). Who has crashed is
    /// dead.
    LeaseKept,
    /// The producer reports no record as unknown or failed.
    NoGivingUp,
    /// No two intents have the same contents.
    DistinctContents,
    /// No record is poison.
    NoPoison,
    /// Only the group's own consumers write to the sink, and none of them is a zombie.
    NoZombie,
}

impl Invariant {
    /// Every invariant, in order of its number.
    pub const ALL: [Self; 18] = [
        Self::NoLoss,
        Self::NoDuplicate,
        Self::NoPhantom,
        Self::NoAbortedEffect,
        Self::NoEarlyRead,
        Self::KeyOrder,
        Self::ReadOrder,
        Self::Atomic,
        Self::MarkMatchesEffect,
        Self::MonotoneOffset,
        Self::Fencing,
        Self::HonestAck,
        Self::StableProgress,
        Self::Convergence,
        Self::SameState,
        Self::Conservation,
        Self::StableResult,
        Self::BoundedState,
    ];

    /// Its name in files and rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoLoss => "no_loss",
            Self::NoDuplicate => "no_duplicate",
            Self::NoPhantom => "no_phantom",
            Self::NoAbortedEffect => "no_aborted_effect",
            Self::NoEarlyRead => "no_early_read",
            Self::KeyOrder => "key_order",
            Self::ReadOrder => "read_order",
            Self::Atomic => "atomic",
            Self::MarkMatchesEffect => "mark_matches_effect",
            Self::MonotoneOffset => "monotone_offset",
            Self::Fencing => "fencing",
            Self::HonestAck => "honest_ack",
            Self::StableProgress => "stable_progress",
            Self::Convergence => "convergence",
            Self::SameState => "same_state",
            Self::Conservation => "conservation",
            Self::StableResult => "stable_result",
            Self::BoundedState => "bounded_state",
        }
    }

    /// At which levels it is judged. Nobody would notice a breach at another one.
    pub const fn levels(self) -> &'static [Level] {
        match self {
            Self::NoLoss
            | Self::NoDuplicate
            | Self::NoPhantom
            | Self::Fencing
            | Self::Convergence
            | Self::BoundedState => &[Level::Log, Level::Delivery, Level::Effect],
            Self::KeyOrder => &[Level::Log, Level::Effect],
            Self::NoAbortedEffect => &[Level::Delivery, Level::Effect],
            Self::NoEarlyRead | Self::ReadOrder | Self::MonotoneOffset => &[Level::Delivery],
            Self::Atomic | Self::HonestAck | Self::StableProgress => &[Level::Log],
            Self::MarkMatchesEffect | Self::SameState | Self::Conservation | Self::StableResult => {
                &[Level::Effect]
            }
        }
    }

    /// Its number in `semantics.md` §4.2.
    pub const fn number(self) -> u8 {
        match self {
            Self::NoLoss => 1,
            Self::NoDuplicate => 2,
            Self::NoPhantom => 3,
            Self::NoAbortedEffect => 4,
            Self::NoEarlyRead => 5,
            Self::KeyOrder => 6,
            Self::ReadOrder => 8,
            Self::Atomic => 9,
            Self::MarkMatchesEffect => 10,
            Self::MonotoneOffset => 11,
            Self::Fencing => 12,
            Self::HonestAck => 13,
            Self::StableProgress => 15,
            Self::Convergence => 16,
            Self::SameState => 17,
            Self::Conservation => 19,
            Self::StableResult => 20,
            Self::BoundedState => 23,
        }
    }
}

impl Level {
    /// Its name in files and rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Delivery => "delivery",
            Self::Effect => "effect",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}
