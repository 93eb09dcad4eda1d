//! O23: dedup state stays within the bound it declares, and no entry is dropped before its declared time. Guards the
//! place where it is kept: the log, delivery or effect.
//!
//! An entry that was dropped too early shows when its repeat is not recognised: it is called expired, but is younger
//! than the window. Ages are measured from the first attempt, which is never later than the entry was written. What no
//! entry would have shown for a repeat (its id is another one, or was written only after the look) says nothing of
//! them.
//!
//! Keeps nothing of its own.

use semel_sim::time::Time;

use crate::judge::cause;
use crate::judge::causes::Cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::Known;
use crate::judge::finding::Side;
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::observation::{Miss, Observation, Place};
use crate::strategy::{Invariant, Level};
use crate::vocabulary::RecordId;

#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct BoundedState;

impl Oracle for BoundedState {
    const HEARS: u32 = hear::KEPT | hear::STORED | hear::APPLIED;

    #[inline(always)]
    fn observe(&mut self, seen: &Observation, now: Moment<'_>, known: &Known, docket: &mut Docket) {
        match *seen {
            Observation::Kept {
                place,
                entries,
                bound,
            } if bound > 0 && entries > bound => {
                report(place, None, Cause::EntryEvicted, docket);
            }
            Observation::Stored {
                record,
                attempt,
                session,
                missed: Miss::Expired,
                ..
            } if now.facts.copies > 0 => {
                let renamed = cause::is_renamed(now.facts, attempt, session, known.rules.name);
                if !renamed {
                    let since = now.facts.since;
                    expired(Place::Stream, record, since, now.at, known, docket);
                }
            }
            Observation::Applied {
                record,
                missed: Miss::Expired,
                ..
            } if now.facts.effects > 0 && !cause::could_not_know(known, record, now.at) => {
                let since = now.facts.applied_at;
                expired(Place::Sink, record, since, now.at, known, docket);
            }
            _ => {}
        }
    }
}

/// An entry written no earlier than `since` is said to have expired.
fn expired(
    place: Place,
    record: RecordId,
    since: Time,
    at: Time,
    known: &Known,
    docket: &mut Docket,
) {
    if known
        .rules
        .keeps(place)
        .is_some_and(|keep| at.since(since) < keep)
    {
        report(place, Some(record), Cause::EntryExpired, docket);
    }
}

fn report(place: Place, record: Option<RecordId>, cause: Cause, docket: &mut Docket) {
    let (level, side) = match place {
        Place::Stream => (Level::Log, Side::Inbound),
        Place::Consumer => (Level::Delivery, Side::Outbound),
        Place::Sink => (Level::Effect, Side::Outbound),
    };
    docket.report(Invariant::BoundedState, level, record, (side, cause));
}
