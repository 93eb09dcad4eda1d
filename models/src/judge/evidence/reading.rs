//! How deliveries and commits become evidence.

use super::facts::Hand;
use super::{Facts, Flags, Known, State, Struck, short};
use crate::judge::cause::Origin;
use crate::judge::rules::Claim;
use crate::observation::Observation;
use crate::vocabulary::{Generation, Offset, Partition, RecordId};

impl Known {
    #[expect(
        clippy::inline_always,
        reason = "it is made for one kind of observation at a time"
    )]
    #[inline(always)]
    pub(super) fn of_reading(&mut self, seen: &Observation, again: Option<Origin>) {
        match *seen {
            Observation::Delivered {
                record,
                partition,
                offset,
                consumer,
                generation,
                ..
            } => {
                let (place, reader) = ((partition, offset), (consumer, generation));
                self.delivered(record, place, reader, again);
            }
            Observation::Progress {
                partition,
                offset,
                accepted,
                consumer,
                ..
            } => {
                if accepted && let Some((_, of)) = self.of_offset((partition, offset), consumer) {
                    self.transactions.commit_offset(of);
                }
                self.committed(partition, offset, accepted);
            }
            _ => unreachable!("not of reading"),
        }
    }

    /// Where readers stand, and who they are.
    pub(super) fn of_position(&mut self, seen: &Observation) {
        match *seen {
            Observation::Assigned {
                partition,
                consumer,
                generation,
                position,
            } => {
                let lane = self.lane_mut(partition);
                lane.reader = Some(consumer);
                lane.generation = lane.generation.max(generation);
                lane.assignments += 1;
                lane.unmarked += 1;
                if position != Offset::MAX {
                    lane.start(position);
                }
            }
            Observation::Reset {
                partition,
                position,
                ..
            } => {
                self.jump(partition, position);
                let lane = self.lane_mut(partition);
                lane.reset = position;
                lane.start(position);
                lane.legal = lane.legal.min(position);
            }
            Observation::Granted { partition, token } => {
                let lane = self.lane_mut(partition);
                lane.generation = lane.generation.max(token);
            }
            _ => unreachable!("not of a position"),
        }
    }

    fn delivered(
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
        let rewound = self.is_rewound(partition, offset, generation);
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

    /// Whether a reader is given what the group had committed already, or what had been marked with its effect when
    /// the reader was put there. A former owner is not: it only goes on where it
    /// was, behind the back of the new one.
    pub(in crate::judge) fn is_rewound(
        &self,
        partition: Partition,
        offset: Offset,
        generation: Generation,
    ) -> bool {
        let lane = self.lane(partition);
        lane.best.max(lane.fallen) > offset && !self.is_former(partition, generation)
    }

    /// Whether another owner than that of this generation has been granted a partition since.
    pub(in crate::judge) fn is_former(&self, partition: Partition, generation: Generation) -> bool {
        generation != 0 && generation < self.lane(partition).generation
    }

    /// Whether a record's readers were put behind it.
    pub(in crate::judge) fn is_overrun(&self, facts: &Facts) -> bool {
        facts.copies > 0 && u64::from(facts.copy) < self.lane(facts.partition).reset
    }

    /// Whether nobody comes for a record because of a mark that is older than its copy.
    pub(in crate::judge) fn is_under_old_mark(&self, facts: &Facts) -> bool {
        facts.copies > 0 && self.lane(facts.partition).is_outlived(facts.copy.into())
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

    fn committed(&mut self, partition: Partition, offset: Offset, accepted: bool) {
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
        lane.renew(if offset < lane.legal { 0 } else { lane.legal });
        lane.accepted = offset;
        lane.legal = offset;
        lane.position = lane.position.max(offset);
        if offset > lane.best {
            lane.best = offset;
            self.progress += 1;
        }
    }

    /// A mark moves: readers do not come back to what it passes.
    pub(super) fn pass(&mut self, partition: Partition, (from, mark): (Offset, Offset)) {
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
    fn jump(&mut self, partition: Partition, position: Offset) {
        let lane = self.lane(partition);
        let until = position.min(lane.end());
        for passed in lane.best.max(lane.effected)..until {
            if let Some(entry) = self.lane(partition).get(passed) {
                self.touch(entry.record, |facts| facts.flags.set(Flags::OVERRUN));
            }
        }
    }
}
