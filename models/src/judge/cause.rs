//! Why it happened: from the bad effect back to the last decision that could have prevented it (`semantics.md` §4.4).
//!
//! Each question is answered from what is known of one record, so that blind runs have causes too.

use semel_sim::time::Time;

use super::causes::Cause;
use super::evidence::{Facts, Flags, Known, Struck, Waiting, short};
use super::finding::Side;
use super::rules::Claim;
use crate::observation::{Miss, Observation};
use crate::strategy::{Fence, Level, Memory, Name};
use crate::vocabulary::{Generation, Offset, Partition, RecordId};

/// Where a violation was born, and why.
pub(super) type Origin = (Side, Cause);

/// Why a record came into the log again.
///
/// The store had the last word. If it was asked and had lost (D2), aged (D3) or evicted (D4) its state, that is it; but
/// no state would have told it under another name.
/// The same attempt twice is the network's doing (D11). Where nobody looks, a later attempt means that no answer to an
/// earlier one came in time (D1: lost or late, which is the same to who waits), and one of a later session that the
/// source's position had not been saved (D7). Where somebody looks and finds nothing, the name was another one: of a
/// new session (D2), or a new id (D5).
pub(super) fn of_copy(
    facts: &Facts,
    attempt: u32,
    session: u32,
    missed: Miss,
    name: Name,
) -> Cause {
    let vague = facts.flags.has(Flags::VAGUE);
    let same_session = vague || facts.stored_session == session;
    match missed {
        Miss::Absent | Miss::Expired | Miss::Evicted
            if is_renamed(facts, attempt, session, name) =>
        {
            Cause::KeyDiffers
        }
        Miss::Absent => Cause::StateAbsent,
        Miss::Expired => Cause::EntryExpired,
        Miss::Evicted => Cause::EntryEvicted,
        Miss::TakenOver => Cause::TwoOwners,
        _ if same_session && facts.stored.has(attempt) => Cause::NetworkDuplicate,
        Miss::Unasked if same_session => Cause::NoAnswer,
        Miss::Unasked => Cause::Unmarked,
        Miss::New if same_session => Cause::KeyDiffers,
        Miss::New => Cause::StateAbsent,
    }
}

/// Whether a copy that is stored now has another name than the one before, because every attempt has its own (F079).
pub(super) fn is_renamed(facts: &Facts, attempt: u32, session: u32, name: Name) -> bool {
    let vague = facts.flags.has(Flags::VAGUE);
    let same = facts.stored_session == session && facts.stored.has(attempt);
    name == Name::Attempt && !vague && !same
}

/// A request that took effect.
#[derive(Clone, Copy, Debug)]
pub(super) struct Act {
    pub(super) record: RecordId,
    pub(super) partition: Partition,
    pub(super) offset: Offset,
    pub(super) actor: u16,
    pub(super) token: Generation,
    pub(super) attempt: u32,
    pub(super) missed: Miss,
    pub(super) at: Time,
}

impl Act {
    /// The request behind an effect that was observed `at` a time.
    #[inline]
    pub(super) const fn of(seen: &Observation, at: Time) -> Option<Self> {
        match *seen {
            Observation::Applied {
                record,
                actor,
                token,
                missed,
                partition,
                offset,
                attempt,
                ..
            } => Some(Self {
                record,
                partition,
                offset,
                actor,
                token,
                attempt,
                missed,
                at,
            }),
            _ => None,
        }
    }
}

/// Why a record is delivered again, or takes effect again, if it does. `facts` are what was known of it before.
#[inline]
pub(super) fn of_repeat(
    known: &Known,
    facts: &Facts,
    seen: &Observation,
    at: Time,
) -> Option<Origin> {
    match *seen {
        Observation::Delivered {
            partition,
            offset,
            consumer,
            generation,
            ..
        } if facts.deliveries > 0 => {
            let (place, reader) = ((partition, offset), (consumer, generation));
            Some(of_delivery(known, facts, place, reader))
        }
        Observation::Applied { .. } if facts.effects > 0 => {
            Act::of(seen, at).map(|act| of_effect(known, facts, &act))
        }
        _ => None,
    }
}

/// Why a record took effect again.
///
/// 1. A sink that looked and had lost (D2), aged (D3) or evicted (D4) its state could have prevented it last; so could
///    one that took a request in progress over, after a crash (D7) or from somebody alive (D8). But whatever it had
///    lost since then, it could not have had another id (3), or one that was not written when it looked (3).
/// 2. An output takes effect again for the reason that it came into its log again: see [`of_output`].
/// 3. A sink that looked under another id than the first time could not find it (D5): born inbound if this is another
///    copy, for a copy brings its id along. One that looked under the same id, or for the same copy, and found nothing
///    had not finished the first request (D6).
/// 4. A consumer that remembers what it handled, and was given the record again, had forgotten it: see [`of_memory`].
/// 5. If this is another copy than the first time, the log had a duplicate: its cause, born inbound; or the first one
///    was undone later, and a reader was exposed to what should not count (D10).
/// 6. Without a delivery in between it is the same request: the same attempt twice (D11), or one more because the
///    sink's answer was lost or late (D1).
/// 7. Otherwise it was delivered again: see [`of_redelivery`].
#[inline(never)]
fn of_effect(known: &Known, facts: &Facts, act: &Act) -> Origin {
    let interrupted = known.is_cut_short(act.record);
    let vague = facts.flags.has(Flags::VAGUE);
    let differs = known.looks.differ(act.record);
    let missed = match act.missed {
        Miss::Absent | Miss::Expired | Miss::Evicted
            if could_not_know(known, act.record, act.at) =>
        {
            Miss::New
        }
        missed => missed,
    };
    if let Some(cause) = forgotten(missed, interrupted) {
        return (Side::Outbound, cause);
    }
    if known.rules.is_output(act.partition) {
        let marked = known.transactions.marked_at(act.partition, act.offset);
        let made = marked.filter(|one| one.record == act.record);
        let made = made.map_or(Made::by_latest(facts, act.attempt), |one| {
            Made::of(one, facts)
        });
        return of_output(known, facts, act.partition, made);
    }
    let other_copy = !vague && short(act.offset) != facts.effect.offset;
    if missed == Miss::New
        && let Some(origin) = of_look(differs, other_copy)
    {
        return origin;
    }
    let same_delivery =
        facts.applied_of == facts.deliveries && facts.delivery.consumer == act.actor;
    if !vague
        && !same_delivery
        && let Some(cause) = of_memory(known, facts, act)
    {
        let side = if cause == Cause::KeyDiffers {
            Side::Inbound
        } else {
            Side::Outbound
        };
        return (side, cause);
    }
    if other_copy {
        return of_other_copy(facts);
    }
    if !vague && same_delivery {
        return (
            Side::Outbound,
            of_attempt(known, facts, Made::by_latest(facts, act.attempt)),
        );
    }
    let rewound = facts.flags.has(Flags::REWOUND) && facts.delivery.consumer == act.actor;
    let first = facts.effect;
    // Of two owners one must have acted when the other was granted. Behind a fence, or one after the other, only one is
    // an owner at a time: what was lacking is the mark.
    let both = facts.overtaken || known.is_former(act.partition, act.token);
    let moved = first.consumer != act.actor && both && known.rules.fence == Fence::Open;
    let hand = (first.consumer, first.boot);
    let cause = of_redelivery(known, hand, rewound, moved && !vague, vague);
    (Side::Outbound, cause)
}

/// Why a consumer that remembers ids did not know one that it had handled itself: a crash had emptied its memory, or
/// its disk was lost (D2), or the entry had been dropped by age (D3) or by number (D4); or another copy had another
/// id (D5). Nothing, if the crash may have come before the id was written down.
fn of_memory(known: &Known, facts: &Facts, act: &Act) -> Option<Cause> {
    let (keep, volatile) = match known.rules.memory {
        Memory::None => return None,
        Memory::Volatile(keep) => (keep, true),
        Memory::Durable(keep) => (keep, false),
    };
    let first = facts.effect;
    if first.consumer != act.actor {
        return None;
    }
    if known.rules.name == Name::Attempt && short(act.offset) != first.offset {
        return Some(Cause::KeyDiffers);
    }
    let node = known.rules.topology.consumer(act.actor);
    let crashed = known.faults.boots(node) != first.boot;
    match (keep.time, keep.count) {
        _ if volatile && crashed => Some(Cause::StateAbsent),
        _ if known.faults.is_wiped_since(node, first.boot) => Some(Cause::StateAbsent),
        (Some(time), _) if act.at.since(facts.applied_at) > time => Some(Cause::EntryExpired),
        (_, Some(_)) if !crashed => Some(Cause::EntryEvicted),
        _ => None,
    }
}

/// Whether a sink could not have known a record for a repeat, whatever it kept: it looked under another id than that
/// of the first effect, or before that one had been written.
pub(super) fn could_not_know(known: &Known, record: RecordId, at: Time) -> bool {
    let since = at.since(known.records.get(record).applied_at);
    known.looks.differ(record) == Some(true) || since < known.rules.race
}

/// What a sink that looked and found nothing has to say: whether it looked under another id than the first time, if
/// that is known, and for another copy. Nothing, if it may have looked for the copy itself.
const fn of_look(differs: Option<bool>, other_copy: bool) -> Option<Origin> {
    match (differs, other_copy) {
        (Some(true), true) => Some((Side::Inbound, Cause::KeyDiffers)),
        (Some(true), false) => Some((Side::Outbound, Cause::KeyDiffers)),
        (Some(false), _) | (None, false) => Some((Side::Outbound, Cause::CheckThenAct)),
        (None, true) => None,
    }
}

/// Why a record came into an output again: one that was decided to be aborted was committed (D10); its input had two
/// copies, or was delivered twice; or what was made of it was sent twice. Outputs are always recognised by sequence, so
/// the second one came under another name: that of an epoch that was over by the time of the next attempt (D5). One
/// that came when its own epoch was over should have been kept out (D8). Nobody recognises dead letters.
pub(super) fn of_output(known: &Known, facts: &Facts, partition: Partition, made: Made) -> Origin {
    if made.stale {
        return (Side::Outbound, Cause::TwoOwners);
    }
    if facts.flags.has(Flags::TORN) {
        return (Side::Outbound, Cause::AbortedRead);
    }
    let vague = facts.flags.has(Flags::VAGUE);
    let moved = !vague && facts.effects > 0 && facts.delivery.offset != facts.effect.offset;
    // Both may be in one transaction, of which nothing has taken effect yet.
    if moved || facts.flags.has(Flags::COPIED) {
        return of_other_copy(facts);
    }
    let letter = partition == known.rules.topology.dead_letters();
    let cause = match (made.again, of_attempt(known, facts, made)) {
        (None, Cause::NoAnswer) if !letter => Cause::KeyDiffers,
        (None, cause) | (Some(cause), _) => cause,
    };
    (Side::Outbound, cause)
}

/// How an output was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made {
    attempt: u32,
    /// Why its input had been delivered again by then, if it had.
    again: Option<Cause>,
    /// It came when its epoch was over.
    stale: bool,
}

impl Made {
    /// One of a transaction. What is made of the first delivery is one too many because of those that followed.
    pub(super) fn of(one: &Waiting, facts: &Facts) -> Self {
        Self {
            attempt: one.attempt,
            again: one.again.or(facts.delivery_cause),
            stale: one.stale,
        }
    }

    /// One that was made of the latest delivery.
    pub(super) const fn by_latest(facts: &Facts, attempt: u32) -> Self {
        Self {
            attempt,
            again: facts.delivery_cause,
            stale: false,
        }
    }
}

/// A request took effect again: the network had copied it, or no answer to it came in time. The same attempt twice on a
/// network that copies nothing was two requests, for two deliveries: what was sent before a crash may arrive after it.
const fn of_attempt(known: &Known, facts: &Facts, made: Made) -> Cause {
    match (facts.applied.has(made.attempt), made.again) {
        (true, _) if known.faults.struck.has(Struck::DUPLICATE) => Cause::NetworkDuplicate,
        (true, Some(cause)) => cause,
        _ => Cause::NoAnswer,
    }
}

/// Why a record was delivered again.
#[inline(never)]
fn of_delivery(
    known: &Known,
    facts: &Facts,
    (partition, offset): (Partition, Offset),
    (consumer, generation): (u16, Generation),
) -> Origin {
    let vague = facts.flags.has(Flags::VAGUE);
    if !vague && short(offset) != facts.delivery.offset {
        return of_other_copy(facts);
    }
    let rewound = known.is_rewound(partition, offset, generation);
    let last = facts.delivery;
    // Who is done with it has only not marked it.
    let both = facts.flags.has(Flags::IN_HAND)
        || facts.overtaken
        || known.is_former(partition, generation);
    let moved = last.consumer != consumer && both;
    let hand = (last.consumer, last.boot);
    let cause = of_redelivery(known, hand, rewound, moved && !vague, vague);
    (Side::Outbound, cause)
}

/// What a sink that looked has to say. A request in progress that was taken over had been cut short by a crash (D7), or
/// was still being worked on (D8).
const fn forgotten(missed: Miss, interrupted: bool) -> Option<Cause> {
    match missed {
        Miss::TakenOver if interrupted => Some(Cause::Unmarked),
        Miss::TakenOver => Some(Cause::TwoOwners),
        Miss::Absent => Some(Cause::StateAbsent),
        Miss::Expired => Some(Cause::EntryExpired),
        Miss::Evicted => Some(Cause::EntryEvicted),
        Miss::Unasked | Miss::New => None,
    }
}

/// There were two copies of it: both in the log, or the first one undone after it had been read.
fn of_other_copy(facts: &Facts) -> Origin {
    match facts.log_cause {
        None => (Side::Outbound, Cause::AbortedRead),
        _ if facts.flags.has(Flags::EXPOSED) && facts.flags.has(Flags::ABORTED) => {
            (Side::Outbound, Cause::AbortedRead)
        }
        Some(cause) => (Side::Inbound, cause),
    }
}

/// A position behind the committed one was read again (D9); or whoever had the record crashed before progress was
/// marked (D7); or it is alive, and two work on the record, one of them a former owner (D8); or it was done with it and
/// had not marked that yet; or the same one read it again, because its work had been undone or it had been out of its
/// group in between (D7).
fn of_redelivery(
    known: &Known,
    (consumer, boot): (u16, u16),
    rewound: bool,
    moved: bool,
    vague: bool,
) -> Cause {
    let node = known.rules.topology.consumer(consumer);
    let crashed = known.faults.boots(node) != boot;
    match (rewound, crashed && !vague, moved) {
        (true, _, _) => Cause::ProgressRegressed,
        (false, true, _) | (false, false, false) => Cause::Unmarked,
        (false, false, true) => Cause::TwoOwners,
    }
}

/// Why an acknowledged record is missing.
///
/// Not in the log: it was taken for a repeat (L5) before its client had its ok; or what was stored is gone, by power
/// loss (L3), with the disk of the only copy (L1) or otherwise (L2); or it was aborted (L6), in part (L7); or its
/// client gave it up, by an open breaker, with an ok, or after its timeout, without one (L11); or the ok came, or it
/// counted as sent, before it was stored (L1). In the log: see [`of_unread`].
///
/// A handler that had passed over it loses its effect, whatever becomes of its copies (L9).
pub(super) fn of_loss(known: &Known, facts: &Facts, level: Level) -> Origin {
    let flags = facts.flags;
    let passed_over = flags.has(Flags::SKIPPED.with(Flags::PARKED));
    if facts.copies > 0 || (level == Level::Effect && passed_over) {
        return (Side::Outbound, of_unread(known, facts));
    }
    let cause = if flags.has(Flags::MISTAKEN) {
        Cause::Mistaken
    } else if flags.has(Flags::TRUNCATED) {
        Cause::NotSynced
    } else if flags.has(Flags::WIPED) {
        Cause::AckedEarly
    } else if flags.has(Flags::CUT) {
        Cause::Truncated
    } else if flags.has(Flags::TORN) {
        Cause::Torn
    } else if flags.has(Flags::ABORTED) || facts.open > 0 {
        Cause::AbortedLate
    } else if known.rules.ok == Claim::Nothing || is_unsent(known, facts) || was_given_up(flags) {
        Cause::GivenUp
    } else {
        Cause::AckedEarly
    };
    (Side::Inbound, cause)
}

/// Whether a record never left its client, which did not count it as sent either.
fn is_unsent(known: &Known, facts: &Facts) -> bool {
    !facts.flags.has(Flags::ATTEMPTED) && !known.is_passed_over(facts)
}

/// Whether its client had enough of it, and never said ok.
const fn was_given_up(flags: Flags) -> bool {
    flags.has(Flags::GIVEN_UP) && !flags.has(Flags::OK)
}

/// Why a record in the log has no effect: a handler passed over it, or what it was put aside as is lost (L9); it was taken for a repeat
/// later on (L5); its effect was lost with the sink's disk (L1), or with its output (see [`of_lost_output`]);
/// a reader was reset beyond it before it was marked, or stood beyond it already when it got the offset of a record
/// that was lost, or starts beyond it again, for that one's mark is still there (L8); its output was aborted, or is undecided for ever, although its offset was committed (L7);
/// readers were given what is behind it, but not it (L10); or its offset was committed without its effect (L4).
fn of_unread(known: &Known, facts: &Facts) -> Cause {
    let flags = facts.flags;
    if flags.has(Flags::SKIPPED.with(Flags::PARKED)) {
        Cause::ErrorSwallowed
    } else if flags.has(Flags::KNOWN_LATER) {
        Cause::Mistaken
    } else if flags.has(Flags::UNDONE) {
        Cause::AckedEarly
    } else if flags.has(Flags::OUTPUT_LOST) {
        of_lost_output(flags)
    } else if flags.has(Flags::OVERRUN) || known.is_under_old_mark(facts) {
        Cause::Skipped
    } else if flags.has(Flags::OUTPUT_ABORTED) || facts.open > 0 {
        Cause::Torn
    } else if known.is_overrun(facts) {
        Cause::Skipped
    } else if facts.deliveries > 0 {
        Cause::MarkedFirst
    } else if flags.has(Flags::HIDDEN) {
        Cause::Filtered
    } else {
        Cause::MarkedFirst
    }
}

/// How an output that had taken effect was lost: with the unsynced end of its log (L3), otherwise from there (L2), or
/// with the disk (L1).
pub(super) const fn of_lost_output(flags: Flags) -> Cause {
    if flags.has(Flags::TRUNCATED) {
        Cause::NotSynced
    } else if flags.has(Flags::CUT) {
        Cause::Truncated
    } else {
        Cause::AckedEarly
    }
}
