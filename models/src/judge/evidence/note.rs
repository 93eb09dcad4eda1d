//! How each observation becomes evidence.

use semel_sim::address::NodeId;
use semel_sim::time::Time;

use super::{Facts, Flags, Known, Struck};
use crate::judge::cause::{Act, Origin};
use crate::observation::{Observation, Outcome, TransactionId};
use crate::vocabulary::{Offset, RecordId};

impl Known {
    /// Takes an observation down. `again` says why its record is delivered or takes effect again, if it does.
    #[expect(
        clippy::inline_always,
        reason = "it is made for one kind of observation at a time"
    )]
    #[inline(always)]
    pub(in crate::judge) fn note(
        &mut self,
        observation: &Observation,
        at: Time,
        node: NodeId,
        again: Option<Origin>,
    ) {
        match *observation {
            Observation::Intent {
                record,
                producer,
                session,
            } => {
                self.intent(at, record, producer, session);
            }
            Observation::Attempt {
                record,
                producer,
                session,
                ..
            } => self.attempt(at, record, producer, session),
            Observation::Acked {
                record, outcome, ..
            } => self.acked(record, outcome),
            Observation::Stored { .. } => self.stored(at, observation),
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
            Observation::Applied { key, amount, .. } => {
                if let Some(act) = Act::of(observation, at) {
                    self.applied(&act, (key, amount), again);
                }
            }
            Observation::Progress {
                partition,
                offset,
                generation,
                accepted,
                ..
            } => {
                self.committed(partition, offset, generation, accepted);
            }
            Observation::Answered { error: true, .. } => {}
            _ => self.note_rarer(node, observation),
        }
    }

    fn note_rarer(&mut self, node: NodeId, observation: &Observation) {
        match *observation {
            Observation::Enlisted {
                record,
                partition,
                transaction,
                ..
            } => self.enlisted(record, partition, transaction),
            Observation::Opened { transaction, .. } => self.opened(node, transaction),
            Observation::Marked {
                partition,
                offset,
                transaction,
                commit,
                ..
            } => {
                self.marked(partition, offset, transaction, commit);
            }
            Observation::Decided {
                transaction,
                commit,
                ..
            } => {
                self.decided(transaction, commit);
            }
            Observation::Concluded {
                transaction,
                commit: true,
                outcome: Outcome::Unknown,
            } => self.given_up(transaction),
            Observation::Concluded {
                transaction,
                commit: false,
                outcome,
            } => self.asked_abort(transaction, outcome),
            Observation::Truncated {
                partition, from, ..
            } => self.truncated(node, partition, from),
            Observation::Recognised { record, place, hit } => self.recognised(record, place, hit),
            Observation::Unrecognised { record, id } if self.exists(record) => {
                self.looks.look(record, id);
            }
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
            Observation::Answered { record, .. } => {
                self.touch(record, |facts| facts.flags.clear(Flags::IN_PROGRESS));
            }
            Observation::Kept { place, entries, .. } => self.tallies.keeps(node, place, entries),
            Observation::Balance { key, amount } => {
                self.accounts.stated = true;
                self.accounts.get_mut(key).stated = Some(amount);
            }
            _ => self.note_position(observation),
        }
    }

    /// The coordinator decides. A commit is progress. So is an abort that ends a wait, for what stands behind it may be
    /// read; but not another one with nothing achieved in between: work that is undone again and again gets nowhere
    /// (F045).
    fn decided(&mut self, transaction: TransactionId, commit: bool) {
        let TransactionId { producer, number } = transaction;
        let before = self.transactions.ending(producer, number);
        if before.is_some_and(|ending| ending.decided == Some(!commit)) {
            // Something of it was taken in after the first decision, or there would be nothing to decide.
            self.faults.struck.set(Struck::LATE_RECORD);
        }
        self.settle(transaction, |known| {
            known.transactions.decide(transaction, commit);
        });
        if !commit && self.aborted_at == Some(self.progress) {
            self.undone_at = Some(self.progress);
            return;
        }
        self.progress += 1;
        if !commit {
            self.aborted_at = Some(self.progress);
        }
    }

    /// Nobody knows what became of a transaction: its records are given up, or sent again in another one.
    fn given_up(&mut self, transaction: TransactionId) {
        self.faults.struck.set(Struck::GIVEN_UP);
        for record in self.transactions.records(transaction) {
            self.touch(record, |facts| facts.flags.set(Flags::GIVEN_UP));
        }
    }

    fn note_position(&mut self, observation: &Observation) {
        match *observation {
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
                    lane.handed = lane.handed.max(position);
                    lane.position = position;
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
                lane.position = position;
                lane.handed = lane.handed.max(position);
                lane.legal = lane.legal.min(position);
            }
            Observation::Granted { partition, token } => {
                let lane = self.lane_mut(partition);
                lane.generation = lane.generation.max(token);
            }
            Observation::Hanging { partition, .. } => self.lane_mut(partition).hanging = true,
            Observation::Unsettled {
                partition,
                transaction,
                ..
            } => {
                self.lane_mut(partition).unsettled = true;
                self.late(transaction);
            }
            _ => {}
        }
    }

    /// Something of a transaction was taken in: too late, if that was decided.
    pub(super) fn late(&mut self, TransactionId { producer, number }: TransactionId) {
        let ending = self.transactions.ending(producer, number);
        if ending.is_some_and(|ending| ending.decided.is_some()) {
            self.faults.struck.set(Struck::LATE_RECORD);
        }
    }

    /// Changes what is known of a record, if there is such a one.
    #[inline]
    pub(super) fn touch(&mut self, record: RecordId, change: impl FnOnce(&mut Facts)) {
        if self.exists(record) {
            self.records.change(record, change);
        }
    }

    fn intent(&mut self, at: Time, record: RecordId, producer: u16, session: u32) {
        if !self.exists(record) {
            return;
        }
        let facts = self.records.get_mut(record);
        if facts.flags.has(Flags::INTENDED) {
            self.records.tidy(record);
            return;
        }
        facts.flags.set(Flags::INTENDED);
        facts.intended_at = at;
        facts.producer = producer;
        facts.session = session;
        (facts.key, facts.amount) = self.workload.contents(record);
        self.intended += 1;
        self.unanswered += 1;
        self.progress += 1;
        self.tallies.sums.records += 1;
    }

    fn attempt(&mut self, at: Time, record: RecordId, producer: u16, session: u32) {
        if !self.exists(record) {
            return;
        }
        let facts = self.records.get_mut(record);
        let again = facts.flags.has(Flags::ATTEMPTED.with(Flags::STORED));
        if !facts.flags.has(Flags::ATTEMPTED) {
            facts.since = at;
        }
        facts.flags.set(Flags::ATTEMPTED);
        facts.tries = facts.tries.saturating_add(1);
        if facts.session != session && !facts.flags.has(Flags::VAGUE) {
            facts.flags.set(Flags::MIXED);
            self.faults.struck.set(Struck::SESSIONS);
        }
        self.records.tidy(record);
        self.sent(producer, record, again);
    }

    fn acked(&mut self, record: RecordId, outcome: Outcome) {
        if !self.exists(record) {
            return;
        }
        let facts = self.records.get_mut(record);
        let (answered, ok) = (facts.is_answered(), facts.flags.has(Flags::OK));
        facts.answer(outcome);
        let changes = facts.recount(|| self.workload.is_poison(record));
        if !answered && facts.flags.has(Flags::INTENDED) {
            self.unanswered -= 1;
            self.progress += 1;
        }
        if outcome == Outcome::Ok {
            self.tallies.sums.acked += u64::from(!ok);
        } else {
            self.faults.struck.set(Struck::GIVEN_UP);
        }
        if changes {
            self.expect(record);
        }
        self.records.tidy(record);
    }

    /// A record was counted in the expected balance, or taken out of it.
    #[inline]
    pub(super) fn expect(&mut self, record: RecordId) {
        let facts = self.records.get(record);
        let (key, amount) = self.contents(record, facts);
        let counted = facts.flags.has(Flags::COUNTED);
        let amount = if counted { amount } else { -amount };
        self.accounts.get_mut(key).expected += amount;
        self.tallies.sums.expected_balance += amount;
    }
}
