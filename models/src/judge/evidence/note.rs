//! Who takes which observation down. One that is not listed here does not compile.

use semel_sim::address::NodeId;
use semel_sim::time::Time;

use super::{Facts, Known};
use crate::judge::cause::Origin;
use crate::observation::Observation;
use crate::vocabulary::RecordId;

impl Known {
    /// Takes an observation down. `again` says why its record is delivered or takes effect again, if it does.
    #[expect(
        clippy::inline_always,
        reason = "it is made for one kind of observation at a time"
    )]
    #[inline(always)]
    pub(in crate::judge) fn note(
        &mut self,
        seen: &Observation,
        at: Time,
        node: NodeId,
        again: Option<Origin>,
    ) {
        match seen {
            Observation::Intent { .. }
            | Observation::Attempt { .. }
            | Observation::Acked { .. } => self.of_client(seen, at),
            Observation::Stored { .. } => self.stored(at, seen),
            Observation::Truncated { .. } => self.of_loss(seen, node),
            Observation::Opened { .. }
            | Observation::Enlisted { .. }
            | Observation::Decided { .. }
            | Observation::Marked { .. }
            | Observation::Concluded { .. }
            | Observation::Hanging { .. }
            | Observation::Unsettled { .. } => self.of_transaction(seen, node),
            Observation::Recognised { .. }
            | Observation::Unrecognised { .. }
            | Observation::Kept { .. } => self.of_dedup(seen, node),
            Observation::Delivered { .. } | Observation::Progress { .. } => {
                self.of_reading(seen, again);
            }
            Observation::Assigned { .. }
            | Observation::Reset { .. }
            | Observation::Granted { .. } => self.of_position(seen),
            Observation::Applied { .. } => self.of_effect(seen, at, again),
            Observation::Refused { .. }
            | Observation::Skipped { .. }
            | Observation::Parked { .. }
            | Observation::Answered { .. }
            | Observation::Balance { .. } => self.of_outcome(seen),
            // Nothing is learnt from these.
            Observation::Synced { .. }
            | Observation::Handled { .. }
            | Observation::Found { .. } => {}
        }
    }

    /// Changes what is known of a record, if there is such a one.
    #[inline]
    pub(super) fn touch(&mut self, record: RecordId, change: impl FnOnce(&mut Facts)) {
        if self.exists(record) {
            self.records.change(record, change);
        }
    }
}
