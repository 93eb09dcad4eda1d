//! How deliveries, effects and commits become evidence.

use semel_sim::time::Time;

use super::facts::{Attempts, Hand};
use super::{Facts, Flags, Known, State, Struck, short};
use crate::judge::cause::{Act, Origin};
use crate::judge::causes::Cause;
use crate::judge::finding::Side;
use crate::judge::rules::{Claim, Relation};
use crate::observation::{Hit, Miss, Place};
use crate::strategy::Memory;
use crate::vocabulary::{Generation, Offset, Partition, RecordId};

impl Known {
    pub(super) fn recognised(&mut self, record: RecordId, place: Place, hit: Hit) {
        self.touch(record, |facts| match (place, hit) {
            (Place::Stream, Hit::InFlight) => {}
            (_, Hit::InFlight) => facts.flags.set(Flags::IN_PROGRESS),
            (Place::Stream, _) => {
                let stands = facts.copies > 0 || facts.open > 0;
                if !stands && !facts.flags.has(Flags::OK) {
                    facts.flags.set(Flags::MISTAKEN);
                }
            }
            (Place::Consumer | Place::Sink, _) => {
                facts.flags.set(Flags::KNOWN_LATER);
                facts.flags.clear(Flags::IN_HAND);
            }
        });
    }

    pub(super) fn delivered(
        &mut self,
        record: RecordId,
        (partition, offset): (Partition, Offset),
        (consumer, generation): (u16, Generation),
        again: Option<Origin>,
    ) {
        let boot = self.faults.boots(self.rules.topology.consumer(consumer));
        if offset > self.lane_mut(partition).handed {
            self.hidden(partition, offset);
        }
        let rewound = again.is_some() && self.is_rewound(partition, offset, generation);
        let lane = self.lane_mut(partition);
        lane.handed = lane.handed.max(offset + 1);
        lane.delivered = lane.delivered.max(offset + 1);
        lane.assignments = 0;
        let newest = lane.generation;
        // A former owner says nothing of where the present one stands.
        if generation >= newest {
            lane.reader = Some(consumer);
            lane.position = offset + 1;
        }
        let exposed = lane
            .get(offset)
            .is_some_and(|entry| entry.state != State::Plain);
        self.tallies.sums.redelivered += u64::from(again.is_some());
        if generation < newest {
            self.faults.struck.set(Struck::ZOMBIE);
        }
        if !self.exists(record) {
            return;
        }
        let facts = self.records.get_mut(record);
        let other = facts.deliveries > 0 && facts.delivery.offset != short(offset);
        facts
            .flags
            .put(Flags::COPIED, other && !facts.flags.has(Flags::VAGUE));
        facts.delivery_cause = again.map(|(_, cause)| cause);
        facts.deliveries = facts.deliveries.saturating_add(1);
        facts.delivery = Hand::new(offset, generation, consumer, boot);
        facts.flags.set(Flags::IN_HAND);
        facts.flags.clear(Flags::OVERRUN);
        facts.flags.put(Flags::REWOUND, rewound);
        if exposed {
            facts.flags.set(Flags::EXPOSED);
        }
        self.records.tidy(record);
    }

    /// Whether a reader is given what the group had committed already. A former owner is not: it only goes on where it
    /// was, behind the back of the new one.
    pub(in crate::judge) fn is_rewound(
        &self,
        partition: Partition,
        offset: Offset,
        generation: Generation,
    ) -> bool {
        let lane = self.lane(partition);
        let former = generation != 0 && generation < lane.generation;
        lane.best > offset && !former
    }

    /// Whether a record's readers were put behind it.
    pub(in crate::judge) fn is_overrun(&self, facts: &Facts) -> bool {
        facts.copies > 0 && u64::from(facts.copy) < self.lane(facts.partition).reset
    }

    /// Whether a record's source has passed over it: it counted as sent when it was handed to the network, and a
    /// crash kept both it and its client's ok from leaving.
    pub(in crate::judge) fn is_passed_over(&self, facts: &Facts) -> bool {
        const SAID: Flags = Flags::ATTEMPTED.with(Flags::STORED).with(Flags::VAGUE);
        let client = self.rules.topology.producer(facts.producer);
        self.rules.ok == Claim::Counted
            && facts.flags.has(Flags::INTENDED)
            && !facts.flags.has(SAID)
            && !facts.is_answered()
            && u32::from(self.faults.boots(client)) != facts.session
    }

    /// Whether readers were given what stood at an offset, but never the record that stands there now: the log had lost
    /// the first.
    pub(in crate::judge) fn was_another(
        &self,
        partition: Partition,
        offset: Offset,
        stands: RecordId,
    ) -> bool {
        let handed = offset < self.lane(partition).handed;
        handed && self.exists(stands) && self.records.get(stands).was_passed_over()
    }

    /// A reader was given an offset, but nothing of what nobody was given before it.
    #[cold]
    fn hidden(&mut self, partition: Partition, offset: Offset) {
        for hidden in self.lane(partition).handed..offset {
            if let Some(entry) = self.lane(partition).get(hidden) {
                self.touch(entry.record, |facts| facts.flags.set(Flags::HIDDEN));
            }
        }
    }

    pub(super) fn applied(&mut self, act: &Act, (key, amount): (u32, i64), again: Option<Origin>) {
        let Act {
            record,
            token,
            partition,
            at,
            ..
        } = *act;
        self.accounts.get_mut(key).applied += amount;
        self.tallies.sums.actual_balance += amount;
        if token != 0 && token < self.lane(partition).generation {
            self.faults.struck.set(Struck::ZOMBIE);
        }
        if act.missed == Miss::TakenOver {
            self.faults.struck.set(Struck::OUTLIVED);
        }
        if !self.exists(record) {
            return;
        }
        let boot = self.faults.boots(self.rules.topology.consumer(act.actor));
        let output = self.rules.is_output(partition);
        let torn = self.transfers() && self.is_torn(record);
        // Whoever remembers for itself has lost its memory.
        let remembers = self.rules.memory != Memory::None && !output;
        let forgotten = remembers && again == Some((Side::Outbound, Cause::StateAbsent));
        let (mut first, mut changes, mut intended_at) = (false, false, Time::ZERO);
        self.records.change(record, |facts| {
            first = facts.effects == 0;
            intended_at = facts.intended_at;
            facts.effect_cause = again.map(|(_, cause)| cause);
            note_effect(facts, act, boot, output);
            if forgotten {
                facts.flags.set(Flags::FORGOTTEN);
            }
            changes = first && facts.recount(|| self.workload.is_poison(record));
        });
        if first {
            self.tallies.effect(intended_at, at);
            self.progress += 1;
        } else {
            self.tallies.sums.duplicated += 1;
            if act.missed == Miss::Absent || forgotten {
                self.faults.struck.set(Struck::FORGOTTEN);
            }
        }
        if changes {
            self.expect(record);
        }
        self.looks.applied(record);
        if self.rules.relation == Relation::Together && !output {
            let lane = self.lane_mut(partition);
            let (before, mark) = (lane.effected, act.offset + 1);
            lane.effected = before.max(mark);
            self.pass(partition, (before, mark));
            self.overrun(partition, act.offset, record);
        }
        if self.transfers() {
            self.torn = self.torn + u32::from(self.is_torn(record)) - u32::from(torn);
        }
    }

    /// An output is no longer there, or no longer decided. Where outputs are what takes effect, that effect is gone.
    pub(super) fn undo_effect(&mut self, record: RecordId) {
        let elsewhere = !self.rules.output;
        if elsewhere || !self.exists(record) || self.records.get(record).effects == 0 {
            return;
        }
        let torn = self.transfers() && self.is_torn(record);
        let poison = self.workload.is_poison(record);
        let (mut last, mut changes) = (false, false);
        self.touch(record, |facts| {
            facts.effects -= 1;
            last = facts.effects == 0;
            facts.flags.set(Flags::OUTPUT_LOST);
            changes = last && facts.recount(|| poison);
        });
        let (key, amount) = self.contents(record, self.records.get(record));
        self.accounts.get_mut(key).applied -= amount;
        self.tallies.sums.actual_balance -= amount;
        if last {
            self.tallies.sums.applied -= 1;
        } else {
            self.tallies.sums.duplicated -= 1;
        }
        if changes {
            self.expect(record);
        }
        if self.transfers() {
            self.torn = self.torn + u32::from(self.is_torn(record)) - u32::from(torn);
        }
    }

    /// Whether the two legs of a record's transfer took effect differently often.
    pub(in crate::judge) fn is_torn(&self, record: RecordId) -> bool {
        self.records.get(record).effects != self.records.get(record ^ 1).effects
    }

    pub(super) fn committed(
        &mut self,
        partition: Partition,
        offset: Offset,
        generation: Generation,
        accepted: bool,
    ) {
        if generation != 0 && generation < self.lane(partition).generation {
            self.faults.struck.set(Struck::ZOMBIE);
        }
        if !accepted {
            self.lane_mut(partition).refusals += 1;
            return;
        }
        let best = self.lane(partition).best;
        self.pass(partition, (best, offset));
        if offset < self.lane(partition).legal {
            self.faults.struck.set(Struck::LATE_MARK);
        }
        let lane = self.lane_mut(partition);
        lane.refusals = 0;
        lane.unmarked = 0;
        lane.accepted = offset;
        lane.legal = offset;
        lane.position = lane.position.max(offset);
        if offset > lane.best {
            lane.best = offset;
            self.progress += 1;
        }
    }

    /// A mark moves: readers do not come back to what it passes.
    fn pass(&mut self, partition: Partition, (from, mark): (Offset, Offset)) {
        let Some(lane) = self.lanes.get(usize::from(partition)) else {
            return;
        };
        for (passed, entry) in lane.range(from, mark) {
            if entry.state == State::Marker || entry.record >= self.workload.records {
                continue;
            }
            let handed = passed < lane.handed;
            self.records.change(entry.record, |facts| {
                if handed && facts.was_passed_over() {
                    facts.flags.set(Flags::OVERRUN);
                }
                if u64::from(facts.copy) < mark {
                    facts.flags.set(Flags::PASSED);
                }
            });
        }
    }

    /// A reader is put elsewhere: what it has not marked before that, it passes over.
    pub(super) fn jump(&mut self, partition: Partition, position: Offset) {
        let lane = self.lane(partition);
        let until = position.min(lane.end());
        for passed in lane.best.max(lane.effected)..until {
            if let Some(entry) = self.lane(partition).get(passed) {
                self.touch(entry.record, |facts| facts.flags.set(Flags::OVERRUN));
            }
        }
    }

    /// An offset is marked with the effect of a record. What stands there may be another one by now: the log had lost
    /// the first.
    fn overrun(&mut self, partition: Partition, offset: Offset, handled: RecordId) {
        let stands = self.lane(partition).get(offset);
        if let Some(entry) = stands.filter(|entry| entry.record != handled)
            && entry.state != State::Marker
        {
            self.touch(entry.record, |facts| {
                if u64::from(facts.copy) == offset {
                    facts.flags.set(Flags::OVERRUN);
                }
            });
        }
    }
}

/// It took effect (again).
fn note_effect(facts: &mut Facts, act: &Act, boot: u16, output: bool) {
    let Act {
        at,
        actor,
        token,
        missed,
        offset,
        attempt,
        ..
    } = *act;
    // Whoever had it before the latest delivery may still act on what it was given then.
    let latest = facts.delivery.consumer == actor && token >= facts.delivery.generation;
    let mut hand = if facts.deliveries > 0 && latest {
        facts.delivery
    } else {
        Hand::new(offset, token, actor, boot)
    };
    // An output has an offset of its own: what counts is the one it was made from.
    hand.offset = if output {
        facts.delivery.offset
    } else {
        short(offset)
    };
    if facts.effects == 0 {
        facts.applied_at = at;
        facts.effect = hand;
    } else if missed == Miss::Absent {
        facts.flags.set(Flags::FORGOTTEN);
    }
    let of = if latest { facts.deliveries } else { 0 };
    if facts.effects == 0 || facts.applied_of != of {
        facts.applied = Attempts::only(attempt);
        facts.applied_of = of;
    } else if hand.offset == facts.effect.offset {
        facts.applied.add(attempt);
    }
    facts.effects = facts.effects.saturating_add(1);
    facts.flags.clear(Flags::IN_HAND);
}
