//! O6: for two records of one producer session and one key, intended in this order, the first committed copies stand
//! in the log in this order, and the first effects come in this order. Guards log and effect.
//!
//! Records are numbered in order of intent, so an inversion is a first copy (or effect) of a record smaller than one
//! that is there already. Where the effect is a committed output, it comes where its offset says: who reads only
//! committed records waits for what is undecided before it (§1.4), however late that is marked. Records of different
//! sessions are not compared: between them the client forgot its order; and once a newer session has come, what is
//! left of older ones is not compared any more.
//!
//! Keeps 16 bytes per producer and key, and 4 per record that is not in effect yet and came into the log only when a
//! later one was.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use semel_sim::digest::Digest;

use crate::judge::causes::Cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::{Facts, Flags, Known, State, Waiting};
use crate::judge::finding::Side;
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::observation::Observation;
use crate::strategy::{Invariant, Level};
use crate::vocabulary::{Offset, Partition, RecordId};

/// So many pairs of key and producer have a place of their own; the others are looked up.
const DIRECT: usize = 1 << 20;

/// The record that came latest in order of intent, plus 1, in the newest session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Front {
    session: u32,
    next: RecordId,
}

impl Front {
    /// Whether one that was intended after it has come.
    #[inline]
    const fn is_beyond(self, session: u32, record: RecordId) -> bool {
        self.session == session && record + 1 < self.next
    }

    /// Another record comes. If it comes behind one that was intended after it: behind which.
    #[inline]
    fn advance(&mut self, session: u32, record: RecordId) -> Option<RecordId> {
        if session > self.session {
            self.session = session;
            self.next = 0;
        }
        if session < self.session {
            return None;
        }
        if record + 1 < self.next {
            return Some(self.next - 1);
        }
        self.next = record + 1;
        None
    }
}

/// Fronts in the log and in effect, per producer and key.
#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct KeyOrder {
    near: Vec<[Front; 2]>,
    far: BTreeMap<(u32, u16), [Front; 2]>,
    /// Records that came into the log when a later one had been read already, whatever became of that one's copy.
    behind: BTreeSet<RecordId>,
}

const LOG: usize = 0;
const EFFECT: usize = 1;

impl KeyOrder {
    #[inline(always)]
    fn fronts(&mut self, facts: &Facts, producers: u16) -> &mut [Front; 2] {
        let index = facts.key as usize * usize::from(producers) + usize::from(facts.producer);
        if index >= DIRECT {
            return self.far.entry((facts.key, facts.producer)).or_default();
        }
        if index >= self.near.len() {
            self.grow(index);
        }
        &mut self.near[index]
    }

    #[cold]
    fn grow(&mut self, index: usize) {
        self.near.resize(index + 1, [Front::default(); 2]);
    }

    #[inline(always)]
    fn stored(
        &mut self,
        (record, facts): (RecordId, &Facts),
        with: &[Waiting],
        known: &Known,
        docket: &mut Docket,
    ) {
        if facts.copies > 0 || !facts.flags.has(Flags::INTENDED) {
            return;
        }
        let fronts = self.fronts(facts, known.rules.topology.producers);
        let overtaken = fronts[EFFECT].is_beyond(facts.session, record);
        let ahead = fronts[LOG].advance(facts.session, record);
        if overtaken && facts.deliveries == 0 {
            self.behind.insert(record);
        }
        if let Some(ahead) = ahead
            && self.is_behind((record, facts), ahead, with, known)
        {
            // A first attempt that was overtaken on its way is behind a later send, too.
            let origin = (Side::Inbound, Cause::RetryBehind);
            docket.report(Invariant::KeyOrder, Level::Log, record, origin);
        }
    }

    /// A record comes after a later one did: whether that one, or another later one, still stands there.
    #[cold]
    fn is_behind(
        &mut self,
        (record, facts): (RecordId, &Facts),
        ahead: RecordId,
        with: &[Waiting],
        known: &Known,
    ) -> bool {
        let before = known.records.get(ahead);
        if before.deliveries > 0 && facts.deliveries == 0 {
            self.behind.insert(record);
        }
        if before.copies > 0 || with.iter().any(|other| other.record == ahead) {
            return true;
        }
        let still = still_ahead(record, with, known);
        let front = &mut self.fronts(facts, known.rules.topology.producers)[LOG];
        front.next = still.unwrap_or(record) + 1;
        still.is_some()
    }

    #[inline]
    fn applied(
        &mut self,
        (record, facts): (RecordId, &Facts),
        (partition, offset): (Partition, Offset),
        attempt: u32,
        known: &Known,
        docket: &mut Docket,
    ) {
        if facts.effects > 0 || !facts.flags.has(Flags::INTENDED) {
            return;
        }
        let fronts = self.fronts(facts, known.rules.topology.producers);
        if let Some(ahead) = fronts[EFFECT].advance(facts.session, record) {
            if known.rules.output && !is_read_before(record, (partition, offset), known) {
                return;
            }
            let ahead = known.records.get(ahead);
            let origin = if self.behind.remove(&record) {
                (Side::Inbound, Cause::RetryBehind)
            } else {
                of_effect(known, facts, ahead, attempt)
            };
            docket.report(Invariant::KeyOrder, Level::Effect, record, origin);
        }
    }
}

/// What came latest was lost again with the end of the log. What stands there now, or comes `with` it, that should
/// come after `record`?
#[cold]
fn still_ahead(record: RecordId, with: &[Waiting], known: &Known) -> Option<RecordId> {
    let inputs = (0..known.rules.topology.partitions).map(|partition| known.lane(partition));
    let of = |facts: &Facts| (facts.key, facts.producer, facts.session);
    let same = of(known.records.get(record));
    let plain = inputs
        .flat_map(|lane| lane.range(0, lane.end()))
        .filter(|(_, entry)| entry.state == State::Plain);
    let stands = plain.map(|(_, entry)| entry.record);
    let later = stands
        .chain(with.iter().map(|one| one.record))
        .filter(|other| {
            let facts = known.records.get(*other);
            *other > record && facts.flags.has(Flags::INTENDED) && of(facts) == same
        });
    later.max()
}

/// Whether the output of a record that should come later, and has taken effect, stands before this offset.
#[cold]
fn is_read_before(
    record: RecordId,
    (partition, offset): (Partition, Offset),
    known: &Known,
) -> bool {
    let of = |facts: &Facts| (facts.key, facts.producer, facts.session);
    let same = of(known.records.get(record));
    let mut before = known.lane(partition).range(0, offset);
    before.any(|(_, entry)| {
        let later = entry.state == State::Plain && entry.record > record;
        later && known.exists(entry.record) && {
            let facts = known.records.get(entry.record);
            facts.effects > 0 && facts.flags.has(Flags::INTENDED) && of(facts) == same
        }
    })
}

/// It was behind in the log already (R1); or it was delivered again, or its reader came back to what it had jumped
/// over (R3); or its request to the sink was sent again behind a later one, or overtaken by one on its way (R1); or a
/// worker or an owner beside its own was faster (R5).
///
/// What came into the log only when a later one had been read was behind, whatever was lost since.
/// Behind in the log is what was read from behind the copy that took effect, whatever copies came after that.
fn of_effect(known: &Known, facts: &Facts, ahead: &Facts, attempt: u32) -> (Side, Cause) {
    let beside = facts.delivery.consumer != ahead.effect.consumer;
    let parallel = known.rules.workers > 1 || beside;
    // Who works on one at a time, and waits for each, sends nothing that could overtake it.
    let waits = attempt == 1 && !parallel && known.rules.sink_timeout.is_some();
    let came_back = waits || facts.flags.has(Flags::REWOUND);
    let behind = facts.copy > ahead.copy || facts.delivery.offset > ahead.effect.offset;
    if behind && !ahead.flags.has(Flags::VAGUE) {
        (Side::Inbound, Cause::RetryBehind)
    } else if came_back || (facts.deliveries > 1 && !facts.flags.has(Flags::COPIED)) {
        (Side::Outbound, Cause::Requeued)
    } else if attempt > 1 || !parallel {
        (Side::Outbound, Cause::RetryBehind)
    } else {
        (Side::Outbound, Cause::ParallelWorkers)
    }
}

impl Oracle for KeyOrder {
    const HEARS: u32 = hear::STORED | hear::MARKED | hear::APPLIED;

    #[inline(always)]
    fn observe(&mut self, seen: &Observation, now: Moment<'_>, known: &Known, docket: &mut Docket) {
        match *seen {
            Observation::Stored {
                record,
                partition,
                enlisted: false,
                ..
            } if !known.rules.is_output(partition) => {
                self.stored((record, now.facts), &[], known, docket);
            }
            Observation::Marked {
                partition,
                transaction,
                commit: true,
                ..
            } => {
                if known.rules.is_output(partition) {
                    return;
                }
                let waiting = known.transactions.waiting(partition, transaction.producer);
                for (index, one) in waiting.iter().enumerate() {
                    let facts = known.records.get(one.record);
                    let same = |other: &Waiting| other.record == one.record;
                    if facts.open == 1 || !waiting[..index].iter().any(same) {
                        self.stored((one.record, facts), &waiting[..index], known, docket);
                    }
                }
            }
            Observation::Applied {
                record,
                partition,
                offset,
                attempt,
                ..
            } => {
                let place = (partition, offset);
                self.applied((record, now.facts), place, attempt, known, docket);
            }
            _ => {}
        }
    }

    fn reset(&mut self) {
        self.near.clear();
        self.far.clear();
        self.behind.clear();
    }

    fn fingerprint(&self, digest: &mut Digest) {
        for fronts in self.near.iter().chain(self.far.values()) {
            digest.add(fronts);
        }
    }
}
