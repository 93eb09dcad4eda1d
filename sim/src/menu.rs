//! Menus: what an explorer may do to a run, and the adversaries that do it.

use alloc::vec::Vec;

use crate::address::{
    Fate, FaultIndex, NodeId, Outage, OutageKind, PacketId, StepId, Strike, Weather,
};
use crate::adversary::{Adversary, LossId, Sending, Step};
use crate::domain::Domain;
use crate::time::{Span, Time};

/// What may happen at each point of a run. Chatter is spared: outages cover its loss.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Menu {
    /// Packets may be lost.
    pub drop: bool,
    /// Packets may arrive twice, the second copy as late as the first again. (Not on connections.)
    pub duplicate: bool,
    /// Packets may be late, by each of these.
    pub late: Vec<Span>,
    /// Nodes may suffer each of these after a step that sent or observed something, with any number of its packets
    /// still leaving. (Not after chatter that led to nothing but chatter: the steps before and after it stand for it.)
    pub outages: Vec<(Vec<NodeId>, Outage)>,
}

/// One deviation, as the explorer takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This becomes of a packet.
    Packet(PacketId, Fate),
    /// This befalls a node after a step.
    Step(StepId, Strike),
}

impl Menu {
    /// What may become of a packet besides arriving in time.
    fn fates<D: Domain>(&self, sending: &Sending<'_, D>, found: &mut Vec<Choice>) {
        if D::chatter(sending.id.label) {
            return;
        }
        let mut add = |fate| found.push(Choice::Packet(sending.id, fate));
        if self.drop {
            add(Fate::drop());
        }
        if self.duplicate && !sending.connected {
            let mut twice = Fate::deliver(sending.latency);
            twice.copy(sending.latency + sending.latency);
            add(twice);
        }
        let late = |late: &Span| Fate::deliver(sending.latency + *late);
        self.late.iter().map(late).for_each(add);
    }

    /// What may befall a node after a step. Power takes nothing more than a crash where all is synced.
    fn strikes<D: Domain>(&self, step: &Step<'_, D>, found: &mut Vec<Choice>) {
        if step.sends == 0 && step.seen.is_empty() {
            return;
        }
        for (nodes, outage) in &self.outages {
            let pointless = outage.kind == OutageKind::PowerLoss && !step.unsynced;
            if !nodes.contains(&step.node) || pointless {
                continue;
            }
            let strike = |sends| Strike {
                outage: *outage,
                sends,
                fault: FaultIndex::NONE,
            };
            let strikes = (0..=step.sends).map(strike);
            found.extend(strikes.map(|strike| Choice::Step(step.id, strike)));
        }
    }
}

/// The fate that is chosen for a packet, if any.
fn fate_of(chosen: &[Choice], id: PacketId) -> Option<Fate> {
    chosen.iter().find_map(|choice| match choice {
        Choice::Packet(other, fate) if *other == id => Some(*fate),
        _ => None,
    })
}

/// The outage that is chosen for a step, if any.
fn strike_of(chosen: &[Choice], id: StepId) -> Option<Strike> {
    chosen.iter().find_map(|choice| match choice {
        Choice::Step(other, strike) if *other == id => Some(*strike),
        _ => None,
    })
}

/// Answers quietly, but for what is forced; and notes what else the menu would have allowed after that.
#[derive(Clone, Debug)]
pub struct Prober<'a> {
    menu: &'a Menu,
    forced: &'a [Choice],
    /// Forced choices that have not come up yet.
    ahead: usize,
    collect: bool,
    /// What the menu would have allowed, in the order in which it came up.
    pub found: Vec<Choice>,
    /// The same after a step of chatter, until it sends something else.
    idle: Vec<Choice>,
}

impl<'a> Prober<'a> {
    /// Forces these choices; with `collect`, notes what else could have been chosen once all of them have come up.
    pub const fn new(menu: &'a Menu, forced: &'a [Choice], collect: bool) -> Self {
        Self {
            menu,
            forced,
            ahead: forced.len(),
            collect,
            found: Vec::new(),
            idle: Vec::new(),
        }
    }

    const fn collects(&self) -> bool {
        self.collect && self.ahead == 0
    }
}

impl<D: Domain> Adversary<D> for Prober<'_> {
    fn fate(&mut self, sending: &Sending<'_, D>) -> Fate {
        if let Some(fate) = fate_of(self.forced, sending.id) {
            self.ahead -= 1;
            return fate;
        }
        if self.collects() {
            if !D::chatter(sending.id.label) {
                self.found.append(&mut self.idle);
            }
            self.menu.fates(sending, &mut self.found);
        }
        Fate::deliver(sending.latency)
    }

    fn strikes(&self) -> bool {
        self.collect || self.ahead > 0
    }

    fn strike(&mut self, step: &Step<'_, D>) -> Option<Strike> {
        let forced = strike_of(self.forced, step.id);
        if forced.is_some() {
            self.ahead -= 1;
        } else if self.collects() {
            self.idle.clear();
            let chatter = D::chatter(step.id.label) && step.seen.is_empty();
            let found = if chatter {
                &mut self.idle
            } else {
                &mut self.found
            };
            self.menu.strikes(step, found);
        }
        forced
    }

    fn jitter(&mut self, _: StepId, _: u32, _: Span) -> Span {
        Span::ZERO
    }

    fn survives(&mut self, _: LossId, _: u64) -> u64 {
        0
    }

    fn next_weather(&self) -> Option<Time> {
        None
    }

    fn weather(&mut self) -> Weather {
        unreachable!("a menu has no weather")
    }

    fn heal(&mut self) {}
}

/// Repeats a chosen schedule from the beginning.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a>(pub &'a [Choice]);

impl<D: Domain> Adversary<D> for Chosen<'_> {
    fn fate(&mut self, sending: &Sending<'_, D>) -> Fate {
        fate_of(self.0, sending.id).unwrap_or_else(|| Fate::deliver(sending.latency))
    }

    fn strike(&mut self, step: &Step<'_, D>) -> Option<Strike> {
        strike_of(self.0, step.id)
    }

    fn jitter(&mut self, _: StepId, _: u32, _: Span) -> Span {
        Span::ZERO
    }

    fn survives(&mut self, _: LossId, _: u64) -> u64 {
        0
    }

    fn next_weather(&self) -> Option<Time> {
        None
    }

    fn weather(&mut self) -> Weather {
        unreachable!("a chosen schedule has no weather")
    }

    fn heal(&mut self) {}
}
