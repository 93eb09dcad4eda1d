//! O3: every log entry, delivery and effect has an intent, and every effect the contents of its intent. Guards every
//! level.
//!
//! Keeps nothing of its own.

use crate::judge::causes::Cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::{Flags, Known};
use crate::judge::finding::Side;
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::observation::Observation;
use crate::strategy::{Invariant, Level};

#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct NoPhantom;

impl Oracle for NoPhantom {
    const HEARS: u32 = hear::STORED | hear::DELIVERED | hear::APPLIED;

    #[inline(always)]
    fn observe(&mut self, seen: &Observation, now: Moment<'_>, known: &Known, docket: &mut Docket) {
        let facts = now.facts;
        let (record, level, side, same) = match *seen {
            Observation::Stored { record, .. } => (record, Level::Log, Side::Inbound, true),
            Observation::Delivered { record, .. } => {
                (record, Level::Delivery, Side::Outbound, true)
            }
            Observation::Applied {
                record,
                key,
                amount,
                ..
            } => {
                let same = known.contents(record, facts) == (key, amount);
                (record, Level::Effect, Side::Outbound, same)
            }
            _ => return,
        };
        if !same || !facts.flags.has(Flags::INTENDED) {
            docket.report(Invariant::NoPhantom, level, record, (side, Cause::Other));
        }
    }
}
