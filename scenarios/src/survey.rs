//! Surveying: where in a run something could strike, and what could survive a loss of power.

use std::collections::BTreeMap;

use semel_models::model::Model;
use semel_sim::address::{Fate, StepId, Strike, Weather};
use semel_sim::adversary::{Adversary, LossId, Sending, Step};
use semel_sim::domain::Domain;
use semel_sim::time::{Span, Time};

use crate::meaning::Place;

/// A place that came up in a run, and which of those that mean the same it was, from 0.
pub(crate) type Spot = (Place, u32);

/// Wraps an adversary and notes every place, but for chatter, and every journal that loses something.
pub(crate) struct Survey<A> {
    adversary: A,
    counts: BTreeMap<Place, u32>,
    spots: Vec<Spot>,
    losses: Vec<(LossId, u64)>,
}

impl<A> Survey<A> {
    pub(crate) const fn new(adversary: A) -> Self {
        Self {
            adversary,
            counts: BTreeMap::new(),
            spots: Vec::new(),
            losses: Vec::new(),
        }
    }

    /// Every place, in order.
    pub(crate) fn into_spots(self) -> Vec<Spot> {
        self.spots
    }

    /// Every journal that lost unsynced entries with the power, and how many it had.
    pub(crate) fn into_losses(self) -> Vec<(LossId, u64)> {
        self.losses
    }

    fn note(&mut self, place: Place) {
        let count = self.counts.entry(place).or_default();
        // The kernel's own labels follow those of the domain.
        let own = usize::from(place.label.0) >= Model::LABELS;
        if own || !Model::chatter(place.label) {
            self.spots.push((place, *count));
        }
        *count += 1;
    }
}

impl<A: Adversary<Model>> Adversary<Model> for Survey<A> {
    fn fate(&mut self, sending: &Sending<'_, Model>) -> Fate {
        self.note(Place::of_packet(sending));
        self.adversary.fate(sending)
    }

    fn strike(&mut self, step: &Step<'_, Model>) -> Option<Strike> {
        self.note(Place::of_step(step));
        self.adversary.strike(step)
    }

    fn jitter(&mut self, step: StepId, draw: u32, spread: Span) -> Span {
        self.adversary.jitter(step, draw, spread)
    }

    fn survives(&mut self, loss: LossId, unsynced: u64) -> u64 {
        self.losses.push((loss, unsynced));
        self.adversary.survives(loss, unsynced)
    }

    fn next_weather(&self) -> Option<Time> {
        self.adversary.next_weather()
    }

    fn weather(&mut self) -> Weather {
        self.adversary.weather()
    }

    fn heal(&mut self) {
        self.adversary.heal();
    }
}
