//! What holds a record up for ever (`semantics.md` §4.4, STUCK): the walk from it to whatever it waits for.

use super::cause::Origin;
use super::causes::Cause;
use super::evidence::{Facts, Flags, Known, Lane};
use super::finding::Side;
use crate::strategy::{Name, OnOpen};
use crate::vocabulary::RecordId;

/// Why a record is still under way although all has settled.
///
/// A transaction that nobody ends blocks it (S1), unless all are ended, and undone, again and again; its key, or one
/// ahead of it, is in progress for ever (S3); poison ahead of it is tried again and again (S4); its reader is caught on
/// a key or on poison of another partition (S3, S4); its group forms again and again, or its commits are refused (S7);
/// its holder is refused (S6). On the way into the log: refused as stale (S6), or sent under a sequence number, or
/// waiting behind what was, without being taken (S5); or its client has stopped trying, and put it aside (L11).
pub(super) fn of_standstill(known: &Known, record: RecordId) -> Origin {
    let facts = known.records.get(record);
    let flags = facts.flags;
    if facts.copies == 0 && facts.open == 0 {
        let cause = if flags.has(Flags::REFUSED) {
            Cause::FencedOff
        } else if known.rules.name == Name::Sequence
            && (flags.has(Flags::ATTEMPTED) || waits_for_another(known))
        {
            Cause::SequenceGap
        } else if known.rules.on_open == Some(OnOpen::Park) {
            Cause::GivenUp
        } else {
            Cause::Other
        };
        return (Side::Inbound, cause);
    }
    let lane = known.lane(facts.partition);
    let alone = known.rules.topology.consumers == 1;
    let by_reader = |by: u16| lane.reader.map_or(alone, |reader| reader == by);
    let blocked = lane.hanging || lane.unsettled || facts.open > 0;
    // Whatever waits for it, one transaction that hangs has one side: that on which it was opened.
    if blocked && !known.is_undone_for_ever() {
        return (opener(lane, facts), Cause::OpenTransaction);
    }
    let cause = if flags.has(Flags::IN_PROGRESS) || claimed_ahead(known, facts) {
        Cause::KeyInProgress
    } else if poison_ahead(known, facts) {
        Cause::PoisonAhead
    } else if let Some((_, cause)) = caught(known, by_reader) {
        cause
    } else if known.rules.right.group().is_some()
        && (lane.refusals > 0 || lane.assignments > 1 || lane.unmarked > 1)
    {
        // A sink that refuses former owners only says what the group does.
        Cause::RebalanceStorm
    } else if flags.has(Flags::REFUSED) {
        Cause::FencedOff
    } else if blocked {
        return (opener(lane, facts), Cause::OpenTransaction);
    } else {
        Cause::Other
    };
    (Side::Outbound, cause)
}

/// Who opened the transaction that blocks a record: a producer, if it stands in the input log, there or ahead of it; or
/// else a consumer, whose output or offset is undecided.
const fn opener(lane: &Lane, facts: &Facts) -> Side {
    if lane.hanging || facts.copies == 0 {
        Side::Inbound
    } else {
        Side::Outbound
    }
}

/// A record on which one of these consumers is caught: its key is in progress for ever (3), or it is poison (4).
pub(super) fn caught(known: &Known, by: impl Fn(u16) -> bool) -> Option<(RecordId, Cause)> {
    let records = known.records.iter();
    // A zombie may have been given it after its owner was.
    let holds = |facts: &Facts| {
        by(facts.delivery.consumer) || known.lane(facts.partition).reader.is_some_and(&by)
    };
    let mut in_hands = records.filter(|(_, facts)| facts.deliveries > 0 && holds(facts));
    in_hands.find_map(|(record, facts)| {
        let poison = known.workload.is_poison(record) && facts.flags.has(Flags::IN_HAND);
        let claimed = is_claimed(facts).then_some(Cause::KeyInProgress);
        Some((record, claimed.or(poison.then_some(Cause::PoisonAhead))?))
    })
}

/// Whether some record was sent and never answered: others may wait behind it.
fn waits_for_another(known: &Known) -> bool {
    let unanswered = |facts: &Facts| facts.flags.has(Flags::INTENDED) && !facts.is_answered();
    let mut all = known.records.iter();
    all.any(|(_, facts)| facts.flags.has(Flags::ATTEMPTED) && unanswered(facts))
}

/// Whether a record whose key is in progress, and which nobody has got past, stands ahead of this one.
fn claimed_ahead(known: &Known, facts: &Facts) -> bool {
    let lane = known.lane(facts.partition);
    let mut ahead = lane.range(0, u64::from(facts.copy));
    ahead
        .any(|(_, entry)| known.exists(entry.record) && is_claimed(known.records.get(entry.record)))
}

/// Whether a record's key was found in progress, and nobody has got past it since.
fn is_claimed(facts: &Facts) -> bool {
    facts.flags.has(Flags::IN_PROGRESS) && !facts.flags.has(Flags::PASSED)
}

/// Whether a record that no handler can process, and that its readers still owe, stands ahead of this one (marked or
/// not: a handler that is caught on it goes no further).
fn poison_ahead(known: &Known, facts: &Facts) -> bool {
    let mut ahead = known
        .lane(facts.partition)
        .range(0, u64::from(facts.copy) + 1);
    ahead.any(|(_, entry)| {
        known.exists(entry.record)
            && known.workload.is_poison(entry.record)
            && (known.records.get(entry.record).is_owed()
                || known.records.get(entry.record).flags.has(Flags::IN_HAND))
    })
}
