//! Transactions that should have come to nothing, and of which something stands in the log for every reader all the
//! same: a record that came after the abort was taken along by the next commit (F020), or a late end of one
//! transaction committed the next one, which its client then aborted or never ended (F022).

use alloc::vec::Vec;

use semel_sim::address::NodeId;

use super::{Facts, Flags, Known, State, Waiting};
use crate::judge::causes::Cause;
use crate::observation::{Outcome, TransactionId};
use crate::vocabulary::{Epoch, Partition, ProducerId, RecordId};

impl Known {
    /// A client opens a transaction. What producers send from now on is part of it.
    pub(super) fn opened(&mut self, node: NodeId, of: TransactionId) {
        let topology = self.rules.topology;
        let consumers = topology.consumer(0)..topology.sink();
        if node.0 < topology.producers {
            self.transactions.members.open(node.0, of);
        } else if consumers.contains(&node) {
            self.transactions.open(node.0 - consumers.start.0, of);
        }
    }

    /// A producer sends a record. `again`: it did so before, or the record was stored.
    #[inline]
    pub(super) fn sent(&mut self, producer: u16, record: RecordId, again: bool) {
        if let Some(of) = self.transactions.members.opened_by(producer) {
            self.sent_in(of, record, again);
        }
    }

    #[inline(never)]
    fn sent_in(&mut self, of: TransactionId, record: RecordId, again: bool) {
        let inputs = self.rules.topology.partitions;
        if !again || !self.transactions.has_copy(of, record, &(0..inputs)) {
            self.transactions.members.send(of, record, again);
        }
    }

    /// The record stored last is part of a transaction. Where another copy of it stands, or waits, and either belongs
    /// to a transaction that should have come to nothing, that is why there are two (D10); but nothing stood between
    /// this one and the log if its epoch was over (D8).
    pub(super) fn enlisted(
        &mut self,
        record: RecordId,
        partition: Partition,
        of: TransactionId,
        epoch: Epoch,
    ) {
        let stale = self.transactions.enlist(partition, of, epoch);
        self.late(of);
        if self.rules.is_output(partition) || !self.exists(record) {
            return;
        }
        self.transactions.members.arrive(of, record);
        let facts = self.records.get(record);
        let alone = u16::from(facts.copies) + facts.open < 2;
        if !alone && stale {
            self.touch(record, |facts| facts.log_cause = Some(Cause::TwoOwners));
        } else if !alone && (self.transactions.is_given_up(of) || self.has_undue_copy(record, of)) {
            self.touch(record, |facts| facts.log_cause = Some(Cause::AbortedRead));
        }
    }

    /// Whether a copy of a record in the input log that is not of this transaction should have come to nothing.
    fn has_undue_copy(&self, record: RecordId, but: TransactionId) -> bool {
        let transactions = &self.transactions;
        let of = |producer: ProducerId, one: &Waiting| TransactionId {
            producer,
            number: one.number,
        };
        let mut waiting = transactions.all();
        let waits = waiting.any(|(partition, producer, one)| {
            let its = of(producer, one);
            let here = one.record == record && !self.rules.is_output(partition);
            here && its != but && transactions.is_given_up(its)
        });
        let mut marked = transactions.marked();
        waits
            || marked.any(|(partition, producer, one)| {
                let its = of(producer, one);
                let here = one.record == record && !self.rules.is_output(partition);
                here && its != but && transactions.is_undue(its) && self.stands(partition, one)
            })
    }

    /// Whether records of a transaction were committed.
    fn has_committed(&self, of: TransactionId) -> bool {
        let ending = self.transactions.ending(of.producer, of.number);
        ending.is_some_and(|ending| ending.committed)
    }

    /// Whether a record that was marked stands where it did, for every reader.
    fn stands(&self, partition: Partition, one: &Waiting) -> bool {
        let entry = self.lane(partition).get(one.offset);
        entry.is_some_and(|entry| entry.record == one.record && entry.state == State::Plain)
    }

    /// The client of a transaction asked for its abort, and was told this. Outputs of it that stand, stand wrongly.
    pub(super) fn asked_abort(&mut self, of: TransactionId, told: Outcome) {
        self.settle(of, |known| known.transactions.ask_abort(of, told));
        if !self.has_committed(of) {
            return;
        }
        let copies = self.transactions.copies_of(of);
        let outputs = copies.filter(|(partition, _)| self.rules.is_output(*partition));
        let standing = outputs.filter(|(partition, one)| self.stands(*partition, one));
        let records: Vec<RecordId> = standing.map(|(_, one)| one.record).collect();
        for record in records {
            self.touch(record, |facts| facts.flags.set(Flags::TORN));
        }
    }

    /// Something is learnt of how a transaction ended: its copies in the input log may count for nothing by that, or no
    /// longer.
    pub(super) fn settle(&mut self, of: TransactionId, learn: impl FnOnce(&mut Self)) {
        let before = self.transactions.is_aborted(of);
        learn(self);
        let after = self.transactions.is_aborted(of);
        if before == after || !self.has_committed(of) {
            return;
        }
        let copies = self.transactions.copies_of(of);
        let inputs = copies.filter(|(partition, _)| !self.rules.is_output(*partition));
        let standing = inputs.filter(|(partition, one)| self.stands(*partition, one));
        let records: Vec<RecordId> = standing.map(|(_, one)| one.record).collect();
        for record in records {
            self.touch(record, |facts| facts.count_undone(after));
        }
    }

    /// Whether a record stands in the input log only as part of transactions that were aborted, and was sent in no
    /// other: O4. One that may yet be part of another, or whose client was told that it is, is not.
    pub(in crate::judge) fn is_undone(&self, record: RecordId, facts: &Facts) -> bool {
        facts.is_only_undone() && self.exists(record) && !self.is_sent_otherwise(record)
    }

    #[cold]
    fn is_sent_otherwise(&self, record: RecordId) -> bool {
        let transactions = &self.transactions;
        let mut missing = transactions.members.missing();
        let mut waiting = transactions.all();
        missing.any(|(of, records)| records.contains(&record) && !transactions.is_aborted(of))
            || waiting.any(|(partition, producer, one)| {
                let number = one.number;
                let of = TransactionId { producer, number };
                let here = one.record == record && !self.rules.is_output(partition);
                here && !transactions.is_aborted(of)
            })
    }
}
