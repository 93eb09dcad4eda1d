//! Surveying: where in a run something could strike, and what could survive a loss of power.

use std::collections::BTreeMap;

use semel_models::model::Model;
use semel_sim::address::{Fate, OutageKind, Strike};
use semel_sim::adversary::watch::Watch;
use semel_sim::adversary::{LossId, Sending, Step};
use semel_sim::domain::Domain;
use semel_sim::schedule::{Deviation, is_own};

use crate::shrink::meaning::Place;
use crate::shrink::reach::Reach;

/// A place that came up in a run, and which of those that mean the same it was, from 0.
pub(crate) type Spot = (Place, u32);

/// A place, and who of a plan's faults can strike there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    pub(crate) spot: Spot,
    /// It is a packet that some fault can hit.
    packet: bool,
    /// It is a step after which some fault can take the node down, by kind of outage.
    outages: [bool; OUTAGES.len()],
}

const OUTAGES: [OutageKind; 4] = [
    OutageKind::Crash,
    OutageKind::PowerLoss,
    OutageKind::DiskLoss,
    OutageKind::Pause,
];

impl Open {
    /// Whether the plan itself can do so there.
    pub(crate) fn is_open_to(&self, act: &Deviation) -> bool {
        match act {
            Deviation::Step { outage, .. } => {
                let kind = OutageKind::from(*outage);
                let allowed = OUTAGES.iter().zip(self.outages);
                allowed.into_iter().any(|(one, open)| open && *one == kind)
            }
            _ => self.packet,
        }
    }
}

/// Notes every place, but for chatter, and every journal that loses something.
pub(crate) struct Survey<'r> {
    reach: &'r Reach,
    nodes: &'r [String],
    counts: BTreeMap<Place, u32>,
    spots: Vec<Open>,
    losses: Vec<(LossId, u64)>,
}

impl<'r> Survey<'r> {
    pub(crate) const fn new(reach: &'r Reach, nodes: &'r [String]) -> Self {
        Self {
            reach,
            nodes,
            counts: BTreeMap::new(),
            spots: Vec::new(),
            losses: Vec::new(),
        }
    }

    /// Every place, in order.
    pub(crate) fn into_spots(self) -> Vec<Open> {
        self.spots
    }

    /// Every journal that lost unsynced entries with the power, and how many it had.
    pub(crate) fn into_losses(self) -> Vec<(LossId, u64)> {
        self.losses
    }

    fn note(&mut self, place: Place, packet: bool, outages: [bool; OUTAGES.len()]) {
        let count = self.counts.entry(place).or_default();
        if is_own::<Model>(place.label) || !Model::chatter(place.label) {
            self.spots.push(Open {
                spot: (place, *count),
                packet,
                outages,
            });
        }
        *count += 1;
    }
}

impl Watch<Model> for Survey<'_> {
    fn fate(&mut self, sending: &Sending<'_, Model>, _: &Fate) {
        let packet = self.reach.packet(sending, self.nodes);
        self.note(Place::of_packet(sending), packet, [false; OUTAGES.len()]);
    }

    fn strike(&mut self, step: &Step<'_, Model>, _: Option<&Strike>) {
        let outages = OUTAGES.map(|kind| self.reach.step(step, kind, self.nodes));
        self.note(Place::of_step(step), false, outages);
    }

    fn survives(&mut self, loss: LossId, unsynced: u64, _: u64) {
        self.losses.push((loss, unsynced));
    }
}
