//! O5: a reader of committed records is never given a record whose transaction is not decided where it stands.
//! Guards delivery.
//!
//! Keeps nothing of its own.

use crate::judge::causes::Cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::{Known, State};
use crate::judge::finding::Side;
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::observation::{Observation, Read};
use crate::strategy::{Invariant, Level};

#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct NoEarlyRead;

impl Oracle for NoEarlyRead {
    const HEARS: u32 = hear::DELIVERED;

    #[inline(always)]
    fn observe(&mut self, seen: &Observation, _: Moment<'_>, known: &Known, docket: &mut Docket) {
        if let Observation::Delivered {
            record,
            partition,
            offset,
            read: Read::Committed,
            ..
        } = *seen
        {
            let entry = known.lane(partition).get(offset);
            if entry.is_some_and(|entry| entry.state == State::Open) {
                let origin = (Side::Outbound, Cause::AbortedRead);
                docket.report(Invariant::NoEarlyRead, Level::Delivery, record, origin);
            }
        }
    }
}
