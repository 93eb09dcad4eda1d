//! O15: every transaction is decided; none blocks the readers of a partition for ever, by its records or by the offset
//! that it would commit for them. Guards the log.
//!
//! Judged in the end, by the last words of brokers, after everything has healed and settled. Where a run was cut
//! short, a transaction may merely have been open; so may one be that would have been undone next, where all work is
//! (S7).
//!
//! Keeps 20 bytes per partition that is blocked, and 8 per offset.

use alloc::vec::Vec;

use crate::judge::causes::Cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::Known;
use crate::judge::finding::Side;
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::observation::{Observation, TransactionId};
use crate::strategy::{Invariant, Level};
use crate::vocabulary::{Partition, RecordId};

/// What is left of transactions that nobody decided.
#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct StableProgress {
    /// Where each begins, and with which record.
    hanging: Vec<(Partition, TransactionId, Option<RecordId>)>,
    /// Whose offset of the group's is undecided.
    unsettled: Vec<TransactionId>,
}

impl Oracle for StableProgress {
    const HEARS: u32 = hear::HANGING | hear::UNSETTLED;

    fn observe(&mut self, seen: &Observation, _: Moment<'_>, known: &Known, _: &mut Docket) {
        match *seen {
            Observation::Hanging {
                partition,
                offset,
                transaction,
            } => {
                let record = known.lane(partition).get(offset).map(|entry| entry.record);
                let record = record.filter(|record| known.exists(*record));
                self.hanging.push((partition, transaction, record));
            }
            Observation::Unsettled { transaction, .. } => self.unsettled.push(transaction),
            _ => {}
        }
    }

    fn finish(&mut self, known: &Known, docket: &mut Docket) {
        for (partition, transaction, record) in &self.hanging {
            if known.is_next_to_be_undone(*transaction) {
                continue;
            }
            let output = known.rules.is_output(*partition);
            let side = if output {
                Side::Outbound
            } else {
                Side::Inbound
            };
            let origin = (side, Cause::OpenTransaction);
            docket.report(Invariant::StableProgress, Level::Log, *record, origin);
        }
        for transaction in &self.unsettled {
            if !known.is_next_to_be_undone(*transaction) {
                let origin = (Side::Outbound, Cause::OpenTransaction);
                docket.report(Invariant::StableProgress, Level::Log, None, origin);
            }
        }
    }

    fn reset(&mut self) {
        self.hanging.clear();
        self.unsettled.clear();
    }
}
