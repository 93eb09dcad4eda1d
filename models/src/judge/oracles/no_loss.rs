//! O1: ∀ e ∈ Acked: e is in the log, delivered, and in effect at the end. Guards every level.
//!
//! Judged once all has settled: what readers could still come to is late (O16), not lost. A record counts as lost at
//! each level at which it is absent; cause and side are those of where it was born. Unknown and failed records are
//! never lost; but what its source counted as sent, and passed over, is acknowledged. A record that was put aside is
//! not lost as long as its dead letter is there; one that was skipped is.
//!
//! Keeps nothing of its own.

use crate::judge::cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::{Facts, Flags, Known};
use crate::judge::oracle::Oracle;
use crate::strategy::{Invariant, Level};

#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct NoLoss;

impl Oracle for NoLoss {
    const HEARS: u32 = 0;

    fn finish(&mut self, known: &Known, docket: &mut Docket) {
        for (record, facts) in known.suspects() {
            let everywhere = facts.copies > 0 && facts.deliveries > 0 && facts.effects > 0;
            let counts = facts.flags.has(Flags::OK) || known.is_passed_over(facts);
            if everywhere || !counts {
                continue;
            }
            for level in [Level::Log, Level::Delivery, Level::Effect] {
                if is_lost(known, facts, level) {
                    docket.report(
                        Invariant::NoLoss,
                        level,
                        record,
                        cause::of_loss(known, facts, level),
                    );
                }
            }
        }
    }
}

/// Whether an acknowledged record is absent from a level for good: neither its readers nor the end of its
/// transaction are still to come. (Nobody comes for what was taken for a repeat, given to a handler or not, for what
/// took effect and was lost with the sink's disk, nor for what stands before the position that readers were reset to.)
pub(in crate::judge) fn is_lost(known: &Known, facts: &Facts, level: Level) -> bool {
    let done_with =
        facts.flags.has(Flags::KNOWN_LATER.with(Flags::UNDONE)) || known.is_overrun(facts);
    let late = (facts.is_owed() && !done_with) || (facts.copies == 0 && facts.open > 0);
    match level {
        Level::Log => facts.copies == 0 && !late,
        Level::Delivery => facts.deliveries == 0 && !late,
        Level::Effect => facts.effects == 0 && !late && !facts.flags.has(Flags::PARKED),
    }
}
