//! O15: every transaction is decided; none blocks the readers of a partition for ever. Guards the log.
//!
//! Judged by the last words of brokers, after everything has healed and settled.
//!
//! Keeps nothing of its own.

use crate::judge::docket::Docket;
use crate::judge::evidence::Known;
use crate::judge::finding::{Cause, Side};
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::observation::Observation;
use crate::strategy::{Invariant, Level};

#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct StableProgress;

impl Oracle for StableProgress {
    const HEARS: u32 = hear::HANGING;

    fn observe(&mut self, seen: &Observation, _: Moment<'_>, known: &Known, docket: &mut Docket) {
        let Observation::Hanging {
            partition, offset, ..
        } = *seen
        else {
            return;
        };
        let record = known.lane(partition).get(offset).map(|entry| entry.record);
        let record = record.filter(|record| known.exists(*record));
        let output = known.rules.is_output(partition);
        let side = if output {
            Side::Outbound
        } else {
            Side::Inbound
        };
        docket.report(
            Invariant::StableProgress,
            Level::Log,
            record,
            (side, Cause::Stuck(1)),
        );
    }
}
