//! What an oracle is, and what it can hear.

use semel_sim::digest::Digest;
use semel_sim::time::Time;

use semel_sim::address::NodeId;

use super::Judge;
use super::cause::Origin;
use super::docket::Docket;
use super::evidence::{Facts, Known};
use crate::observation::Observation;
use crate::vocabulary::RecordId;

/// The moment of an observation, and what was known then of the record that it is about: looked up once for all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'k> {
    pub(super) at: Time,
    pub(super) node: NodeId,
    /// Nothing, if it is about no record that anybody asks of.
    pub(super) facts: &'k Facts,
    /// Why the record is delivered again, or takes effect again, if it does.
    pub(super) again: Option<Origin>,
}

/// A judge of one invariant.
pub(super) trait Oracle: Clone + Default {
    /// The observations it wants to see.
    const HEARS: u32;

    /// Something is observed. `known` is what was known before.
    fn observe(&mut self, _: &Observation, _: Moment<'_>, _: &Known, _: &mut Docket) {}

    /// The run is over and settled, last words included.
    fn finish(&mut self, _: &Known, _: &mut Docket) {}

    /// Ready for another run, with the room kept.
    fn reset(&mut self) {}

    /// Adds what decides its future judgements.
    fn fingerprint(&self, _: &mut Digest) {}
}

macro_rules! hearing {
    ($($bit:ident $name:ident,)*) => {
        #[repr(u8)]
        enum Place {
            $($name,)*
        }

        $(pub(in crate::judge) const $bit: u32 = 1 << Place::$name as u8;)*

        /// Whether this is the bit of an observation.
        #[inline]
        pub(in crate::judge) const fn is(bit: u32, observation: &Observation) -> bool {
            match observation {
                $(Observation::$name { .. } => bit == $bit,)*
                _ => bit == 0,
            }
        }

        /// Tells a judge of an observation, by what it does for its kind.
        #[inline]
        pub(in crate::judge) fn tell(judge: &mut Judge, seen: &Observation, at: Time, node: NodeId) {
            match seen {
                $(Observation::$name { .. } => judge.hear::<$bit>(seen, at, node),)*
                // Nobody hears these, and nothing is learnt from them.
                Observation::Handled { .. }
                | Observation::Synced { .. }
                | Observation::Found { .. } => {}
                _ => judge.hear::<0>(seen, at, node),
            }
        }
    };
}

/// Observations as sets: an oracle that hears nothing judges at the end.
pub(super) mod hear {
    use super::{Judge, NodeId, Observation, RecordId, Time};

    /// Whether two sets have anything in common.
    #[inline]
    pub(in crate::judge) const fn any(hears: u32, bits: u32) -> bool {
        hears & bits != 0
    }

    /// The record that an observation is about, where oracles ask of it.
    #[inline]
    pub(in crate::judge) const fn record(observation: &Observation) -> Option<RecordId> {
        match *observation {
            Observation::Stored { record, .. }
            | Observation::Acked { record, .. }
            | Observation::Delivered { record, .. }
            | Observation::Applied { record, .. } => Some(record),
            _ => None,
        }
    }

    hearing! {
        STORED Stored,
        ACKED Acked,
        ENLISTED Enlisted,
        DECIDED Decided,
        MARKED Marked,
        ASSIGNED Assigned,
        RESET Reset,
        DELIVERED Delivered,
        APPLIED Applied,
        GRANTED Granted,
        PROGRESS Progress,
        ANSWERED Answered,
        KEPT Kept,
        HANGING Hanging,
        UNSETTLED Unsettled,
        // Nobody hears these: they only become known, each by a function of its own.
        INTENT Intent,
        ATTEMPT Attempt,
    }
}
