//! Chances: who strikes a run blindly, a few times, with what is known to do harm.

use std::collections::VecDeque;

use semel_models::model::Model;
use semel_sim::address::{Fate, FaultIndex, Outage, PacketId, StepId, Strike, Weather};
use semel_sim::adversary::{Adversary, LossId, Sending, Step};
use semel_sim::chance::{Address, Dice, Seed};
use semel_sim::domain::Domain;
use semel_sim::schedule::{Deviation, Fated, NamedChange, is_own};
use semel_sim::time::{Span, Time};

use super::MANY;
use super::moves::role;
use crate::shrink::meaning::fate_of;
use crate::shrink::reach::Reach;

/// One in so many chances is taken: where runs are short, and where they are long.
const ODDS: [u64; 3] = [10, 30, 90];

/// Draws, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Chances {
    dice: Dice,
    drawn: u64,
}

impl Chances {
    pub(super) fn of(number: u64) -> Self {
        Self {
            dice: Seed::new(number).dice("below"),
            drawn: 0,
        }
    }

    /// A number below so many.
    pub(super) const fn below(&mut self, count: u64) -> u64 {
        self.drawn += 1;
        self.dice.below(Address(0, 0), self.drawn, count)
    }

    pub(super) fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len() as u64) as usize]
    }
}

/// A fault, without where and when.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Blow {
    Packet(Fated),
    /// A node of this role goes down.
    Outage(String, Outage),
    /// The weather changes, each time so long after the blow.
    Weather(Vec<(Span, NamedChange)>),
}

impl Blow {
    pub(super) fn of(act: Deviation) -> Option<Self> {
        match act {
            Deviation::Packet { fate, .. } => Some(Self::Packet(fate)),
            Deviation::Step {
                node, outage, down, ..
            } => {
                let kind = outage.into();
                Some(Self::Outage(node, Outage { kind, down }))
            }
            _ => None,
        }
    }
}

/// Strikes by chance, where the faults of a plan can, until it has struck often enough. Chatter is spared.
#[derive(Clone, Debug)]
pub(super) struct Blind<'b> {
    blows: &'b [Blow],
    reach: &'b Reach,
    nodes: &'b [String],
    chances: Chances,
    odds: u64,
    /// So many blows more.
    left: u64,
    /// What is still to come of the weather.
    coming: VecDeque<(Time, Weather)>,
}

impl<'b> Blind<'b> {
    pub(super) fn new(
        blows: &'b [Blow],
        (reach, nodes): (&'b Reach, &'b [String]),
        mut chances: Chances,
    ) -> Self {
        Self {
            blows,
            reach,
            nodes,
            odds: *chances.one(&ODDS),
            left: 1 + chances.below(MANY as u64),
            chances,
            coming: VecDeque::new(),
        }
    }

    /// What is to strike here, if that is possible; nothing mostly.
    fn blow(&mut self) -> Option<&'b Blow> {
        let strikes = self.left > 0 && self.chances.below(self.odds) == 0;
        strikes.then(|| self.chances.one(self.blows))
    }

    /// The weather changes, now and later. It does not where a node has no place in this world.
    fn change(&mut self, now: Time, changes: &[(Span, NamedChange)]) {
        let weather = |(later, change): &(Span, NamedChange)| {
            let change = change.resolve(self.nodes).ok()?;
            let fault = FaultIndex::NONE;
            Some((now + *later, Weather { change, fault }))
        };
        let resolved: Option<Vec<_>> = changes.iter().map(weather).collect();
        if let Some(resolved) = resolved {
            self.left -= 1;
            self.coming.extend(resolved);
            self.coming.make_contiguous().sort_by_key(|(at, _)| *at);
        }
    }
}

impl Adversary<Model> for Blind<'_> {
    fn fate(&mut self, sending: &Sending<'_, Model>) -> Fate {
        if !Model::chatter(sending.id.label)
            && let Some(Blow::Packet(fated)) = self.blow()
            && self.reach.packet(sending, self.nodes)
        {
            self.left -= 1;
            return fate_of(fated);
        }
        Fate::deliver(sending.latency)
    }

    fn usual(&mut self, _: PacketId, latency: Span, _: Span) -> Option<Span> {
        (self.left == 0).then_some(latency)
    }

    fn strikes(&self) -> bool {
        self.left > 0
    }

    fn strike(&mut self, step: &Step<'_, Model>) -> Option<Strike> {
        let label = step.id.label;
        if !is_own::<Model>(label) && Model::chatter(label) {
            return None;
        }
        match self.blow()? {
            Blow::Packet(_) => {}
            Blow::Weather(changes) => self.change(step.at, changes),
            Blow::Outage(of, outage) => {
                let node = &self.nodes[usize::from(step.node.0)];
                if role(node) == of && self.reach.step(step, outage.kind, self.nodes) {
                    self.left -= 1;
                    return Some(Strike {
                        outage: *outage,
                        sends: self.chances.below(u64::from(step.sends) + 1) as u32,
                        fault: FaultIndex::NONE,
                    });
                }
            }
        }
        None
    }

    fn jitter(&mut self, _: StepId, _: u32, _: Span) -> Span {
        Span::ZERO
    }

    fn survives(&mut self, _: LossId, unsynced: u64) -> u64 {
        match self.chances.below(3) {
            0 => 0,
            1 => unsynced,
            _ => self.chances.below(unsynced + 1),
        }
    }

    fn next_weather(&self) -> Option<Time> {
        self.coming.front().map(|(at, _)| *at)
    }

    fn weather(&mut self) -> Weather {
        self.coming.pop_front().expect("some is due").1
    }

    fn heal(&mut self) -> Option<(Time, Weather)> {
        let averted = self.coming.pop_front();
        self.coming.clear();
        averted
    }
}
