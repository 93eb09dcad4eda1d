//! What is known of one record.

use semel_sim::digest::Digest;
use semel_sim::time::Time;

use crate::judge::causes::Cause;
use crate::observation::Outcome;
use crate::vocabulary::{Generation, Offset, Partition};

/// What has been seen of a record, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::judge) struct Flags(u32);

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident = $bit:literal;)*) => {
        impl Flags {
            $($(#[$doc])* pub(in crate::judge) const $name: Self = Self(1 << $bit);)*
        }
    };
}

flags! {
    /// The application decided on it.
    INTENDED = 0;
    /// It left its client.
    ATTEMPTED = 1;
    /// Its client said ok.
    OK = 2;
    /// Its client said unknown, and not ok since.
    UNKNOWN = 3;
    /// Its client said failed, and not ok since.
    FAILED = 4;
    /// Its client said unknown or failed once.
    GIVEN_UP = 5;
    /// More than one session sent it.
    MIXED = 6;
    /// It was stored once, whatever became of that.
    STORED = 7;
    /// A stored copy was lost with unsynced data.
    TRUNCATED = 8;
    /// A stored copy was lost with its disk.
    WIPED = 9;
    /// A stored copy was in a transaction that was aborted where it stood.
    ABORTED = 10;
    /// A copy was marked otherwise than its transaction was decided.
    TORN = 11;
    /// The stream took it for a repeat while it had no copy of it, and its client had no ok yet.
    MISTAKEN = 12;
    /// The consumer or the sink took it for a repeat.
    KNOWN_LATER = 13;
    /// The consumer or the sink found it in progress.
    IN_PROGRESS = 14;
    /// A handler passed over it, or its dead letter is lost.
    SKIPPED = 15;
    /// It was put aside as a dead letter, which is there.
    PARKED = 16;
    /// The group's committed offset is beyond all of its copies.
    PASSED = 17;
    /// Its last delivery came although the group had committed an offset beyond it.
    REWOUND = 18;
    /// It was delivered from a copy whose transaction was not committed.
    EXPOSED = 19;
    /// It was delivered and has not taken effect since.
    IN_HAND = 20;
    /// A store that should have known it had lost its state.
    FORGOTTEN = 21;
    /// Some store refused it for a stale token.
    REFUSED = 22;
    /// It is part of the balance that is expected.
    COUNTED = 23;
    /// Its copy or its effect was seen, but details are no longer kept.
    VAGUE = 24;
    /// Its effect was lost with the sink's disk.
    UNDONE = 25;
    /// An output record of it was aborted.
    OUTPUT_ABORTED = 26;
    /// A reader was given what is behind it, but not it.
    HIDDEN = 27;
    /// A stored copy was lost without a power or disk loss.
    CUT = 28;
    /// Its offset was done with, before it was stored or after, on account of another record, that had stood there
    /// and was lost; or its reader was put behind it before it had been marked. Nobody was given it since.
    OVERRUN = 29;
    /// An output or a dead letter of it was lost, or the end of its transaction was.
    OUTPUT_LOST = 30;
    /// Its last delivery was of another copy than the one before.
    COPIED = 31;
}

impl Flags {
    const NONE: Self = Self(0);
    /// What only tells causes apart.
    const TELLING: Self = Self::REWOUND
        .with(Self::EXPOSED)
        .with(Self::REFUSED)
        .with(Self::UNDONE)
        .with(Self::IN_PROGRESS)
        .with(Self::HIDDEN)
        .with(Self::OVERRUN)
        .with(Self::OUTPUT_LOST)
        .with(Self::COPIED)
        .with(Self::TORN)
        .with(Self::OUTPUT_ABORTED)
        .with(Self::IN_HAND);

    #[inline]
    pub(in crate::judge) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    #[inline]
    pub(in crate::judge) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[inline]
    pub(in crate::judge) fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }

    #[inline]
    pub(in crate::judge) fn clear(&mut self, other: Self) {
        self.0 &= !other.0;
    }

    #[inline]
    pub(in crate::judge) fn put(&mut self, other: Self, on: bool) {
        self.clear(other);
        if on {
            self.set(other);
        }
    }
}

/// Small numbers of attempts, as a set. Attempts beyond 15 are never said to be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::judge) struct Attempts(u16);

impl Attempts {
    pub(in crate::judge) const NONE: Self = Self(0);

    const fn bit(attempt: u32) -> u16 {
        if attempt < 16 { 1 << attempt } else { 0 }
    }

    pub(in crate::judge) const fn only(attempt: u32) -> Self {
        Self(Self::bit(attempt))
    }

    pub(in crate::judge) const fn has(self, attempt: u32) -> bool {
        self.0 & Self::bit(attempt) != 0
    }

    pub(in crate::judge) fn add(&mut self, attempt: u32) {
        self.0 |= Self::bit(attempt);
    }
}

/// A delivery: to whom, in which life of its, in which generation, of which copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::judge) struct Hand {
    pub(in crate::judge) offset: u32,
    pub(in crate::judge) generation: u32,
    pub(in crate::judge) consumer: u16,
    /// How often that consumer had lost its memory by then.
    pub(in crate::judge) boot: u16,
}

impl Hand {
    const NONE: Self = Self {
        offset: 0,
        generation: 0,
        consumer: 0,
        boot: 0,
    };

    pub(in crate::judge) fn new(
        offset: Offset,
        generation: Generation,
        consumer: u16,
        boot: u16,
    ) -> Self {
        Self {
            offset: short(offset),
            generation,
            consumer,
            boot,
        }
    }
}

/// Offsets are kept short: no run stores four billion entries in a partition.
pub(in crate::judge) fn short(offset: Offset) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// What is known of one record: 96 bytes while it is in the window, nothing once it has left it settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::judge) struct Facts {
    pub(in crate::judge) flags: Flags,
    pub(in crate::judge) key: u32,
    pub(in crate::judge) amount: i64,
    /// When it was intended.
    pub(in crate::judge) intended_at: Time,
    /// When it was first attempted, or else first stored.
    pub(in crate::judge) since: Time,
    /// When it first took effect.
    pub(in crate::judge) applied_at: Time,
    /// The offset of its latest copy in the input log.
    pub(in crate::judge) copy: u32,
    /// The session it was intended in.
    pub(in crate::judge) session: u32,
    /// The session that stored it last, and that session's attempts that were stored.
    pub(in crate::judge) stored_session: u32,
    /// Its latest delivery.
    pub(in crate::judge) delivery: Hand,
    /// The delivery behind its first effect.
    pub(in crate::judge) effect: Hand,
    pub(in crate::judge) stored: Attempts,
    /// Attempts at the sink that took effect, of the delivery that took effect last.
    pub(in crate::judge) applied: Attempts,
    pub(in crate::judge) partition: Partition,
    pub(in crate::judge) producer: u16,
    /// Committed copies in the input log.
    pub(in crate::judge) copies: u8,
    /// Committed copies in an output log.
    pub(in crate::judge) outputs: u8,
    /// Copies in transactions that are not marked yet.
    pub(in crate::judge) open: u16,
    pub(in crate::judge) deliveries: u8,
    pub(in crate::judge) effects: u8,
    /// How many deliveries there had been when it last took effect; 0 if that was of an earlier one.
    pub(in crate::judge) applied_of: u8,
    /// Why it came into the log again, if it did.
    pub(in crate::judge) log_cause: Option<Cause>,
    /// Why it was delivered again, and why it took effect again, likewise.
    pub(in crate::judge) delivery_cause: Option<Cause>,
    pub(in crate::judge) effect_cause: Option<Cause>,
    /// Its first effect was on behalf of a former owner.
    pub(in crate::judge) overtaken: bool,
    /// Committed copies in the input log that are of aborted transactions.
    pub(in crate::judge) undone: u8,
}

/// The window holds 8192 of them: 768 KiB at most.
const _: () = assert!(size_of::<Facts>() == 96);

impl Facts {
    pub(in crate::judge) const EMPTY: Self = Self {
        flags: Flags::NONE,
        key: 0,
        amount: 0,
        intended_at: Time::ZERO,
        since: Time::ZERO,
        applied_at: Time::ZERO,
        copy: 0,
        session: 0,
        stored_session: 0,
        delivery: Hand::NONE,
        effect: Hand::NONE,
        stored: Attempts::NONE,
        applied: Attempts::NONE,
        partition: 0,
        producer: 0,
        copies: 0,
        outputs: 0,
        open: 0,
        deliveries: 0,
        effects: 0,
        applied_of: 0,
        log_cause: None,
        delivery_cause: None,
        effect_cause: None,
        overtaken: false,
        undone: 0,
    };

    /// A record of which everything was seen and the details were dropped.
    pub(in crate::judge) const fn settled(outputs: bool) -> Self {
        Self {
            flags: Flags::INTENDED
                .with(Flags::ATTEMPTED)
                .with(Flags::OK)
                .with(Flags::STORED)
                .with(Flags::PASSED)
                .with(Flags::COUNTED)
                .with(Flags::VAGUE),
            copies: 1,
            outputs: outputs as u8,
            deliveries: 1,
            effects: 1,
            ..Self::EMPTY
        }
    }

    /// Whether nothing more is expected of it: intended, accounted for, stored, delivered and in effect, and not in
    /// anybody's hand.
    #[inline]
    pub(in crate::judge) const fn is_settled(&self) -> bool {
        let Self {
            flags,
            copies,
            open,
            deliveries,
            effects,
            ..
        } = *self;
        let answered = flags.has(Flags::OK.with(Flags::UNKNOWN)) && !flags.has(Flags::FAILED);
        let seen = copies > 0 && deliveries > 0 && effects > 0 && open == 0 && self.undone == 0;
        answered && seen && flags.has(Flags::INTENDED) && !flags.has(Flags::IN_HAND)
    }

    /// Whether it was acknowledged, and has come to every level: what is judged at the end has nothing to ask of it.
    #[inline]
    pub(in crate::judge) const fn is_through(&self) -> bool {
        let everywhere = self.copies > 0 && self.deliveries > 0 && self.effects > 0;
        everywhere && self.flags.has(Flags::OK)
    }

    /// Whether its client has said anything of it.
    #[inline]
    pub(in crate::judge) const fn is_answered(&self) -> bool {
        self.flags
            .has(Flags::OK.with(Flags::UNKNOWN).with(Flags::FAILED))
    }

    /// Whether it is in the log for readers to come, and has neither taken effect nor been passed by.
    #[inline]
    pub(in crate::judge) const fn is_owed(&self) -> bool {
        const EXCUSED: Flags = Flags::SKIPPED.with(Flags::PARKED).with(Flags::PASSED);
        self.copies > 0 && self.effects == 0 && !self.flags.has(EXCUSED)
    }

    /// A committed copy of it is of an aborted transaction, or no longer.
    pub(in crate::judge) const fn count_undone(&mut self, more: bool) {
        self.undone = if more {
            self.undone.saturating_add(1)
        } else {
            self.undone.saturating_sub(1)
        };
    }

    /// Whether it stands in the input log only as part of aborted transactions. What was lost there says nothing; nor
    /// does what its client was told is committed.
    #[inline]
    pub(in crate::judge) const fn is_only_undone(&self) -> bool {
        const EXCUSED: Flags = Flags::OK
            .with(Flags::TRUNCATED)
            .with(Flags::WIPED)
            .with(Flags::CUT);
        self.undone > 0 && self.undone >= self.copies && self.copies > 0 && !self.flags.has(EXCUSED)
    }

    /// A handler is done with it without an effect.
    pub(in crate::judge) fn set_aside(&mut self, how: Flags) {
        self.flags.set(how);
        self.flags.clear(Flags::IN_HAND);
    }

    /// A copy stands in the log for every reader, or in an output. True if one did so before.
    #[inline]
    pub(in crate::judge) const fn commit_copy(&mut self, output: bool) -> bool {
        let copies = if output {
            &mut self.outputs
        } else {
            &mut self.copies
        };
        let again = *copies > 0;
        *copies = copies.saturating_add(1);
        again
    }

    /// Takes an answer down. Ok wins over whatever was said before.
    pub(in crate::judge) fn answer(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Ok => {
                self.flags.clear(Flags::UNKNOWN.with(Flags::FAILED));
                self.flags.set(Flags::OK);
            }
            Outcome::Failed | Outcome::Unknown => {
                self.flags.set(Flags::GIVEN_UP);
                if !self.flags.has(Flags::OK) {
                    self.flags.put(Flags::FAILED, outcome == Outcome::Failed);
                    self.flags.put(Flags::UNKNOWN, outcome == Outcome::Unknown);
                }
            }
        }
    }

    /// Counts it in the expected balance, or not any more: it belongs there once it is acknowledged (poison aside), or
    /// when it took effect and was not reported failed: unknown counts as whatever happened. True if that is a change.
    #[inline]
    pub(in crate::judge) fn recount(&mut self, is_poison: impl FnOnce() -> bool) -> bool {
        let in_effect = self.effects > 0 && !self.flags.has(Flags::FAILED);
        let wanted = in_effect || (self.flags.has(Flags::OK) && !is_poison());
        let changes = wanted != self.flags.has(Flags::COUNTED);
        self.flags.put(Flags::COUNTED, wanted);
        changes
    }

    /// Whether no reader was ever given it, or what is behind it instead.
    #[inline]
    pub(in crate::judge) const fn was_passed_over(&self) -> bool {
        self.deliveries == 0 && !self.flags.has(Flags::HIDDEN)
    }

    /// Adds what decides future judgements: what only tells causes apart is left out.
    pub(in crate::judge) fn fingerprint(&self, boots: u32, digest: &mut Digest) {
        let Self {
            flags,
            copies,
            outputs,
            open,
            deliveries,
            effects,
            undone,
            ..
        } = *self;
        digest.add(&(flags.0 & !Flags::TELLING.0, copies, outputs, open, undone));
        digest.add(&(deliveries.min(1), effects.min(1)));
        let session = |session: u32| boots.wrapping_sub(session);
        digest.add(&(session(self.session), session(self.stored_session)));
    }
}
