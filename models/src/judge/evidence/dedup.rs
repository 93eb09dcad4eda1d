//! How what recognises repeats becomes evidence.

use semel_sim::address::NodeId;

use super::{Flags, Known};
use crate::observation::{Hit, Observation, Place};
use crate::vocabulary::RecordId;

impl Known {
    pub(super) fn of_dedup(&mut self, seen: &Observation, node: NodeId) {
        match *seen {
            Observation::Recognised { record, place, hit } => self.recognised(record, place, hit),
            Observation::Unrecognised { record, id } => {
                if self.exists(record) {
                    self.looks.look(record, id);
                }
            }
            Observation::Kept { place, entries, .. } => self.tallies.keeps(node, place, entries),
            _ => unreachable!("not of dedup"),
        }
    }

    fn recognised(&mut self, record: RecordId, place: Place, hit: Hit) {
        self.touch(record, |facts| match (place, hit) {
            (Place::Stream, Hit::InFlight) => {}
            (_, Hit::InFlight) => facts.flags.set(Flags::IN_PROGRESS),
            (Place::Stream, _) => {
                let stands = facts.copies > 0 || facts.open > 0;
                if !stands && !facts.flags.has(Flags::OK) {
                    facts.flags.set(Flags::MISTAKEN);
                }
            }
            (Place::Consumer | Place::Sink, _) => {
                facts.flags.set(Flags::KNOWN_LATER);
                facts.flags.clear(Flags::IN_HAND);
            }
        });
    }
}
