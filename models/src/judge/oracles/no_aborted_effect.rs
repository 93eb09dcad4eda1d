//! O4: a record whose every copy was aborted, or that was reported failed, is never delivered to a reader of
//! committed records and never takes effect. Guards delivery and effect.
//!
//! Delivery is judged at once: the offset handed over stands for an aborted record, or for one that was sent in aborted
//! transactions only, whatever its marker says: a late record is committed by the next marker of its producer (F020).
//! Effect is judged in the end, for an ok that comes later wins over a failure reported before, and so does another
//! transaction that the record was sent in.
//!
//! Keeps nothing of its own.

use crate::judge::cause::Origin;
use crate::judge::causes::Cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::{Flags, Known, State};
use crate::judge::finding::Side;
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::observation::{Observation, Read};
use crate::strategy::{Invariant, Level};

/// What was aborted was committed all the same: readers did what they should.
const LATE: Origin = (Side::Inbound, Cause::AbortedRead);

#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct NoAbortedEffect;

impl Oracle for NoAbortedEffect {
    const HEARS: u32 = hear::DELIVERED;

    #[inline(always)]
    fn observe(&mut self, seen: &Observation, now: Moment<'_>, known: &Known, docket: &mut Docket) {
        if let Observation::Delivered {
            record,
            partition,
            offset,
            read: Read::Committed,
            ..
        } = *seen
        {
            let entry = known.lane(partition).get(offset);
            if entry.is_some_and(|entry| entry.state == State::Aborted) {
                let origin = (Side::Outbound, Cause::AbortedRead);
                docket.report(Invariant::NoAbortedEffect, Level::Delivery, record, origin);
            } else if now.facts.undone > 0 && known.is_undone(record, now.facts) {
                docket.report(Invariant::NoAbortedEffect, Level::Delivery, record, LATE);
            }
        }
    }

    fn finish(&mut self, known: &Known, docket: &mut Docket) {
        for (record, facts) in known.suspects() {
            if facts.effects == 0 {
                continue;
            }
            let gone = facts
                .flags
                .has(Flags::TRUNCATED.with(Flags::WIPED).with(Flags::CUT));
            let aborted = facts.flags.has(Flags::ABORTED) && facts.copies == 0 && !gone;
            let failed = facts.flags.has(Flags::FAILED);
            let undone = known.is_undone(record, facts);
            if aborted || failed || undone {
                let origin = if aborted {
                    (Side::Outbound, Cause::AbortedRead)
                } else if undone {
                    LATE
                } else {
                    (Side::Inbound, Cause::NoAnswer)
                };
                docket.report(Invariant::NoAbortedEffect, Level::Effect, record, origin);
            }
        }
    }
}
