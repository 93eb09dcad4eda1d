//! Watching: whoever looks on while an adversary answers, and changes no answer.

use crate::address::{Fate, PacketId, StepId, Strike, Weather};
use crate::adversary::{Adversary, LossId, Sending, Step};
use crate::domain::Domain;
use crate::time::{Span, Time};

/// Looks on. Each question comes with the answer that was given; what nobody cares for passes by.
pub trait Watch<D: Domain> {
    /// This becomes of a packet.
    fn fate(&mut self, _sending: &Sending<'_, D>, _fate: &Fate) {}

    /// This befalls a node after a step, if anything.
    fn strike(&mut self, _step: &Step<'_, D>, _strike: Option<&Strike>) {}

    /// So much longer than its least is the delay that a step asked for, on its `draw`th time.
    fn jitter(&mut self, _step: StepId, _draw: u32, _more: Span) {}

    /// So many of so many unsynced entries survive.
    fn survives(&mut self, _loss: LossId, _unsynced: u64, _kept: u64) {}

    /// The weather changes.
    fn weather(&mut self, _at: Time, _weather: &Weather) {}

    /// All heals before the weather could change like this. (A run does not settle while more weather is to come, so
    /// what never comes has its part in it, too.)
    fn averted(&mut self, _at: Time, _weather: &Weather) {}
}

/// An adversary, and who watches it.
#[derive(Clone, Debug)]
pub struct Watched<A, W> {
    /// Who answers.
    pub adversary: A,
    /// Who looks on.
    pub watch: W,
}

impl<A, W> Watched<A, W> {
    /// An adversary that somebody watches.
    pub const fn new(adversary: A, watch: W) -> Self {
        Self { adversary, watch }
    }
}

impl<D: Domain, A: Adversary<D>, W: Watch<D>> Adversary<D> for Watched<A, W> {
    fn fate(&mut self, sending: &Sending<'_, D>) -> Fate {
        let fate = self.adversary.fate(sending);
        self.watch.fate(sending, &fate);
        fate
    }

    /// A quick answer would pass by unseen: it knows of no message.
    fn usual(&mut self, _: PacketId, _: Span, _: Span) -> Option<Span> {
        None
    }

    /// Steps after which nothing can happen are steps, too.
    fn strikes(&self) -> bool {
        true
    }

    fn strike(&mut self, step: &Step<'_, D>) -> Option<Strike> {
        let strike = self.adversary.strike(step);
        self.watch.strike(step, strike.as_ref());
        strike
    }

    fn jitter(&mut self, step: StepId, draw: u32, spread: Span) -> Span {
        let more = self.adversary.jitter(step, draw, spread);
        self.watch.jitter(step, draw, more);
        more
    }

    fn survives(&mut self, loss: LossId, unsynced: u64) -> u64 {
        let kept = self.adversary.survives(loss, unsynced);
        self.watch.survives(loss, unsynced, kept);
        kept
    }

    fn next_weather(&self) -> Option<Time> {
        self.adversary.next_weather()
    }

    fn weather(&mut self) -> Weather {
        let at = self.adversary.next_weather();
        let at = at.expect("weather is taken only when some is due");
        let weather = self.adversary.weather();
        self.watch.weather(at, &weather);
        weather
    }

    fn heal(&mut self) -> Option<(Time, Weather)> {
        let averted = self.adversary.heal();
        if let Some((at, weather)) = &averted {
            self.watch.averted(*at, weather);
        }
        averted
    }
}
