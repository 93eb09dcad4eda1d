//! Which transaction a committed offset came with. Nobody says so: it shows by what else was in it.

use super::{Flags, Known};
use crate::observation::TransactionId;
use crate::vocabulary::{Offset, Partition, RecordId};

impl Known {
    /// The transaction with which a consumer's offset is committed, and the last record that it covers and that tells.
    ///
    /// A consumer hands in the offset behind what it has worked on, in the same transaction as what it made of it. So
    /// that is the newest of its transactions with an output of the record, or the one before: a marker may come when
    /// its client has opened another one. Records without outputs say nothing, nor do those of which copies were
    /// lost: with them may be the output that counts. A transaction that has nothing but offsets is not found, and
    /// cannot be torn.
    #[inline]
    pub(in crate::judge) fn of_offset(
        &self,
        (partition, offset): (Partition, Offset),
        consumer: u16,
    ) -> Option<(RecordId, TransactionId)> {
        let latest = self.transactions.opened_by(consumer)?;
        self.of_offset_since(partition, offset, latest)
    }

    #[inline(never)]
    fn of_offset_since(
        &self,
        partition: Partition,
        offset: Offset,
        latest: TransactionId,
    ) -> Option<(RecordId, TransactionId)> {
        const LOST: Flags = Flags::TRUNCATED.with(Flags::WIPED).with(Flags::CUT);
        let outputs = self.rules.topology.partitions..Partition::MAX;
        let lane = self.lane(partition);
        let passed = lane.best.max(lane.floor())..offset.min(lane.end());
        let mut records = passed.rev().filter_map(|passed| lane.get(passed));
        records.find_map(|entry| {
            let record = entry.record;
            if !self.exists(record) || self.records.get(record).flags.has(LOST) {
                return None;
            }
            let last_two = [Some(latest.number), latest.number.checked_sub(1)];
            let mut last_two = last_two
                .into_iter()
                .flatten()
                .map(|number| TransactionId { number, ..latest });
            let its = last_two.find(|of| self.transactions.has_copy(*of, record, &outputs))?;
            Some((record, its))
        })
    }
}
