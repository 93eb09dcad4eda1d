//! What an oracle is, and what it can hear.

use semel_sim::digest::Digest;
use semel_sim::time::Time;

use semel_sim::address::NodeId;

use super::Judge;
use super::docket::Docket;
use super::evidence::Known;
use crate::observation::Observation;

/// The moment of an observation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) at: Time,
    pub(super) node: NodeId,
}

/// A judge of one invariant.
pub(super) trait Oracle: Clone + Default {
    /// The observations it wants to see.
    const HEARS: u32;

    /// Something is observed. `known` is what was known before.
    fn observe(&mut self, _: &Observation, _: Moment, _: &Known, _: &mut Docket) {}

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

        /// The bit of an observation.
        #[inline]
        pub(in crate::judge) const fn bit(observation: &Observation) -> u32 {
            match observation {
                $(Observation::$name { .. } => $bit,)*
                _ => 0,
            }
        }

        /// Tells a judge of an observation, by what it does for its kind.
        #[inline]
        pub(in crate::judge) fn tell(judge: &mut Judge, seen: &Observation, now: Moment) {
            match seen {
                $(Observation::$name { .. } => judge.hear::<$bit>(seen, now),)*
                _ => judge.hear::<0>(seen, now),
            }
        }
    };
}

/// Observations as sets: an oracle that hears nothing judges at the end.
pub(super) mod hear {
    use super::{Judge, Moment, Observation};

    /// Whether two sets have anything in common.
    #[inline]
    pub(in crate::judge) const fn any(hears: u32, bits: u32) -> bool {
        hears & bits != 0
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
    }
}
