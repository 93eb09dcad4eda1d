//! O11: accepted offsets of a partition never fall, except after a reset, and never pass what was delivered. Guards
//! delivery.
//!
//! Between the last delivery and the committed offset there may be markers, aborted entries, and records that the
//! consumer recognised itself. A mark that is declared to come before the effects, or on a timer, covers what was
//! polled and not yet handed over: there, only the end of the log is a bound.
//!
//! Keeps nothing of its own.

use crate::judge::causes::Cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::{Flags, Known, Lane, State};
use crate::judge::finding::Side;
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::observation::Observation;
use crate::strategy::{Invariant, Level};
use crate::vocabulary::{Offset, RecordId};

#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct MonotoneOffset;

impl Oracle for MonotoneOffset {
    const HEARS: u32 = hear::PROGRESS;

    #[inline(always)]
    fn observe(&mut self, seen: &Observation, _: Moment<'_>, known: &Known, docket: &mut Docket) {
        let Observation::Progress {
            partition,
            offset,
            accepted: true,
            ..
        } = *seen
        else {
            return;
        };
        let lane = known.lane(partition);
        let (invariant, level) = (Invariant::MonotoneOffset, Level::Delivery);
        if offset < lane.legal {
            docket.report(
                invariant,
                level,
                None,
                (Side::Outbound, Cause::ProgressRegressed),
            );
            return;
        }
        let ahead = if known.rules.marks_delivered() {
            first_ahead(offset, lane, known)
        } else {
            None
        };
        if ahead.is_some() || offset > lane.high.max(lane.handed) {
            docket.report(
                invariant,
                level,
                ahead,
                (Side::Outbound, Cause::MarkedFirst),
            );
        }
    }
}

/// The first record below an offset that nobody was given.
fn first_ahead(offset: Offset, lane: &Lane, known: &Known) -> Option<RecordId> {
    let mut ahead = lane.range(lane.best.max(lane.handed), offset);
    let missed = ahead.find(|(_, entry)| {
        let facts = known.records.get(entry.record);
        entry.state == State::Plain && facts.deliveries == 0 && !facts.flags.has(Flags::KNOWN_LATER)
    });
    missed.map(|(_, entry)| entry.record)
}
