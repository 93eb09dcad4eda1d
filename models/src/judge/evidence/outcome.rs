//! How effects, and what becomes of records otherwise, become evidence.

use semel_sim::time::Time;

use super::facts::{Attempts, Hand};
use super::{Facts, Flags, Known, State, Struck, short};
use crate::judge::cause::{Act, Origin};
use crate::judge::causes::Cause;
use crate::judge::finding::Side;
use crate::judge::rules::Relation;
use crate::observation::{Miss, Observation};
use crate::strategy::Memory;
use crate::vocabulary::{Offset, Partition, RecordId};

impl Known {
    #[expect(
        clippy::inline_always,
        reason = "it is made for one kind of observation at a time"
    )]
    #[inline(always)]
    pub(super) fn of_effect(&mut self, seen: &Observation, at: Time, again: Option<Origin>) {
        if let Observation::Applied { key, amount, .. } = *seen
            && let Some(act) = Act::of(seen, at)
        {
            self.applied(&act, (key, amount), again);
        }
    }

    /// A sink or a consumer says what becomes of a record, or of an account.
    pub(super) fn of_outcome(&mut self, seen: &Observation) {
        match *seen {
            Observation::Refused { record, .. } => {
                self.touch(record, |facts| facts.flags.set(Flags::REFUSED));
                self.faults.struck.set(Struck::ZOMBIE);
            }
            Observation::Skipped { record, .. } => {
                self.touch(record, |facts| facts.set_aside(Flags::SKIPPED));
            }
            Observation::Parked { record, .. } => {
                self.touch(record, |facts| facts.set_aside(Flags::PARKED));
            }
            Observation::Answered { error: true, .. } => {}
            Observation::Answered { record, .. } => {
                self.touch(record, |facts| facts.flags.clear(Flags::IN_PROGRESS));
            }
            Observation::Balance { key, amount } => {
                self.accounts.stated = true;
                self.accounts.get_mut(key).stated = Some(amount);
            }
            _ => unreachable!("not of an outcome"),
        }
    }

    fn applied(&mut self, act: &Act, (key, amount): (u32, i64), again: Option<Origin>) {
        let Act {
            record,
            token,
            partition,
            at,
            ..
        } = *act;
        self.accounts.get_mut(key).applied += amount;
        let former = self.is_former(partition, token);
        if former {
            self.faults.struck.set(Struck::ZOMBIE);
        }
        if act.missed == Miss::TakenOver && !self.is_cut_short(record) {
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
            if first {
                facts.overtaken = former;
            }
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
        let (faults, sink) = (&self.faults, self.rules.topology.sink());
        self.looks.applied(record, || faults.boots(sink));
        if self.rules.relation == Relation::Together && !output {
            let lane = self.lane_mut(partition);
            let (before, mark) = (lane.effected, act.offset + 1);
            lane.effected = before.max(mark);
            lane.renew(act.offset);
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
