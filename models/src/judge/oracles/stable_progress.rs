//! O15: every transaction is decided; none blocks the readers of a partition for ever. Guards the log.
//!
//! Judged in the end, by the last words of brokers, after everything has healed and settled. Where a run was cut
//! short, a transaction may merely have been open; so may one be that would have been undone next, where all work is
//! (S7).
//!
//! Keeps 20 bytes per partition that is blocked.

use alloc::vec::Vec;

use crate::judge::docket::Docket;
use crate::judge::evidence::Known;
use crate::judge::finding::{Cause, Side};
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::observation::{Observation, TransactionId};
use crate::strategy::{Invariant, Level};
use crate::vocabulary::{Partition, RecordId};

/// Where transactions hang that nobody decided, and with which record each begins.
#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct StableProgress {
    hanging: Vec<(Partition, TransactionId, Option<RecordId>)>,
}

impl Oracle for StableProgress {
    const HEARS: u32 = hear::HANGING;

    fn observe(&mut self, seen: &Observation, _: Moment<'_>, known: &Known, _: &mut Docket) {
        let Observation::Hanging {
            partition,
            offset,
            transaction,
        } = *seen
        else {
            return;
        };
        let record = known.lane(partition).get(offset).map(|entry| entry.record);
        let record = record.filter(|record| known.exists(*record));
        self.hanging.push((partition, transaction, record));
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
            let origin = (side, Cause::Stuck(1));
            docket.report(Invariant::StableProgress, Level::Log, *record, origin);
        }
    }

    fn reset(&mut self) {
        self.hanging.clear();
    }
}
