//! O13: an answer says no more than is true. Guards the log.
//!
//! - "Ok" means that the record was stored. (A client that waits for nothing, or that drops what it cannot send,
//!   claims nothing.)
//! - "A repeat" means that an earlier copy of it is stored, and was there still when the stream said so; or, where
//!   records are named by their contents, one of equal contents.
//! - "Failed" means that no copy of it is in the log in the end.
//!
//! Keeps nothing of its own.

use crate::judge::causes::Cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::{Flags, Known};
use crate::judge::finding::Side;
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::judge::rules::Claim;
use crate::observation::{Observation, Outcome};
use crate::strategy::{Invariant, Level, Name};
use crate::vocabulary::RecordId;

#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct HonestAck;

impl Oracle for HonestAck {
    const HEARS: u32 = hear::ACKED;

    #[inline(always)]
    fn observe(&mut self, seen: &Observation, now: Moment<'_>, known: &Known, docket: &mut Docket) {
        let Observation::Acked {
            record,
            outcome: Outcome::Ok,
            duplicate,
        } = *seen
        else {
            return;
        };
        if known.rules.ok != Claim::Stored || !known.exists(record) {
            return;
        }
        let flags = now.facts.flags;
        let stored = flags.has(Flags::STORED);
        let mistaken = !stored || flags.has(Flags::MISTAKEN);
        if duplicate && mistaken {
            let twin = known.rules.name == Name::Content && known.has_twin(record);
            if !twin {
                report(record, Cause::Mistaken, docket);
            }
        } else if !duplicate && !stored {
            report(record, Cause::AckedEarly, docket);
        }
    }

    fn finish(&mut self, known: &Known, docket: &mut Docket) {
        for (record, facts) in known.suspects() {
            if facts.flags.has(Flags::FAILED) && facts.copies > 0 {
                report(record, Cause::NoAnswer, docket);
            }
        }
    }
}

fn report(record: RecordId, cause: Cause, docket: &mut Docket) {
    docket.report(
        Invariant::HonestAck,
        Level::Log,
        record,
        (Side::Inbound, cause),
    );
}
