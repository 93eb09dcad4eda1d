//! How what clients intend, send and are told becomes evidence.

use semel_sim::time::Time;

use super::{Flags, Known, Struck};
use crate::observation::{Observation, Outcome};
use crate::vocabulary::RecordId;

impl Known {
    #[expect(
        clippy::inline_always,
        reason = "it is made for one kind of observation at a time"
    )]
    #[inline(always)]
    pub(super) fn of_client(&mut self, seen: &Observation, at: Time) {
        match *seen {
            Observation::Intent {
                record,
                producer,
                session,
            } => self.intent(at, record, producer, session),
            Observation::Attempt {
                record,
                producer,
                session,
                ..
            } => self.attempt(at, record, producer, session),
            Observation::Acked {
                record, outcome, ..
            } => self.acked(record, outcome),
            _ => unreachable!("not of a client"),
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
