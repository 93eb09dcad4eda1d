//! O16: once all has healed, within a bound every intent is acknowledged or reported, and every record in the log is
//! delivered and takes effect. Guards every level.
//!
//! A record that nobody said anything of, or whose transaction never ends, breaks it in the log; one that readers
//! still have to come to at delivery, or at effect if it was delivered. A group whose marks are refused, or that
//! forms again and again, and a reader that is caught on a record break it even if every other one is accounted for.
//! Where all are, and nobody is caught, whatever still moves holds nothing up: a source that is slower than patience,
//! or a packet that is later. (Nobody comes back to what its source passed over, which is lost: O1.)
//!
//! Keeps nothing of its own.

use semel_sim::world::End;

use crate::judge::causes::Cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::{Flags, Known};
use crate::judge::finding::Side;
use crate::judge::oracle::Oracle;
use crate::judge::oracles::no_loss::is_lost;
use crate::judge::standstill;
use crate::strategy::{Invariant, Level};

#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct Convergence;

impl Oracle for Convergence {
    const HEARS: u32 = 0;

    fn finish(&mut self, known: &Known, docket: &mut Docket) {
        let mut named = false;
        for (record, facts) in known.suspects() {
            let unanswered = facts.flags.has(Flags::INTENDED)
                && !facts.is_answered()
                && !known.is_passed_over(facts);
            let level = if unanswered || (facts.copies == 0 && facts.open > 0) {
                Level::Log
            } else if facts.is_owed() && !is_lost(known, facts, Level::Effect) {
                if facts.deliveries == 0 {
                    Level::Delivery
                } else {
                    Level::Effect
                }
            } else {
                continue;
            };
            named = true;
            let origin = standstill::of_standstill(known, record);
            docket.report(Invariant::Convergence, level, record, origin);
        }
        if named || known.end != Some(End::Stuck) {
            return;
        }
        if let Some((record, cause)) = standstill::caught(known, |_| true) {
            let origin = (Side::Outbound, cause);
            docket.report(Invariant::Convergence, Level::Effect, record, origin);
        } else {
            let refused = known
                .inputs()
                .any(|(_, lane)| lane.refusals > 0 || lane.unmarked > 1);
            if refused {
                let origin = (Side::Outbound, Cause::RebalanceStorm);
                docket.report(Invariant::Convergence, Level::Delivery, None, origin);
            }
        }
    }
}
