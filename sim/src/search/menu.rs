//! Menus: what an explorer may do to a run, and the adversaries that do it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::address::{
    Change, Fate, FaultIndex, NodeId, Outage, OutageKind, PacketId, StepId, Strike, Weather,
};
use crate::adversary::{Adversary, LossId, Sending, Step};
use crate::digest::Digest;
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
    /// still leaving. (Not after chatter that led to nothing but chatter: the steps before and after it stand for it.
    /// Nor power losses where a crash is tried as well and would take the same.)
    pub outages: Vec<(Vec<NodeId>, Outage)>,
    /// Links may be cut like this, right after a step of one of their ends that sent or observed something.
    pub isolations: Vec<Isolation>,
}

/// Links that are cut, and joined again after a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Isolation {
    /// Packets from the first to the second are lost.
    pub links: Vec<(NodeId, NodeId)>,
    /// For how long.
    pub lasting: Span,
}

/// One deviation, as the explorer takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This becomes of a packet.
    Packet(PacketId, Fate),
    /// This befalls a node after a step.
    Step(StepId, Strike),
    /// This isolation of the menu, by its index, begins after a step.
    Isolation(StepId, usize),
    /// So many unsynced entries of a journal survive a power loss, and none of any other.
    Survives(LossId, u64),
}

/// How many faults a schedule has: what survives a power loss is part of it.
pub fn faults(chosen: &[Choice]) -> usize {
    let is_fault = |choice: &&Choice| !matches!(choice, Choice::Survives(..));
    chosen.iter().filter(is_fault).count()
}

/// The weather that is still to come of the isolations that have begun.
#[derive(Clone, Debug, Default)]
pub struct Forecast(VecDeque<(Time, Change)>);

impl Forecast {
    fn isolate(&mut self, now: Time, isolation: &Isolation) {
        for (from, to) in &isolation.links {
            self.insert(now, Change::Cut(*from, *to));
            self.insert(now + isolation.lasting, Change::Join(*from, *to));
        }
    }

    /// Behind what comes at the same time.
    fn insert(&mut self, at: Time, change: Change) {
        let index = self.0.partition_point(|(other, _)| *other <= at);
        self.0.insert(index, (at, change));
    }

    fn next(&self) -> Option<Time> {
        self.0.front().map(|(at, _)| *at)
    }

    fn take(&mut self) -> Weather {
        let next = self.0.pop_front().expect("it was forecast");
        by_nobody(next).1
    }

    /// Nothing of it comes any more. Returns what would have come next.
    fn end(&mut self) -> Option<(Time, Weather)> {
        let next = self.0.pop_front();
        self.0.clear();
        next.map(by_nobody)
    }

    /// Adds what is to come, as time to go.
    pub(crate) fn fingerprint(&self, now: Time, digest: &mut Digest) {
        for (at, change) in &self.0 {
            digest.add(&(at.since(now), change));
        }
    }
}

/// A change of weather that no fault of a plan brings about.
const fn by_nobody((at, change): (Time, Change)) -> (Time, Weather) {
    let fault = FaultIndex::NONE;
    (at, Weather { change, fault })
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

    /// What may befall a node after a step. Where all is synced and a crash is tried as well, power takes nothing more.
    fn strikes<D: Domain>(&self, step: &Step<'_, D>, found: &mut Vec<Choice>) {
        if step.sends == 0 && step.seen.is_empty() {
            return;
        }
        let crashes = |(nodes, outage): &(Vec<NodeId>, Outage)| {
            outage.kind == OutageKind::Crash && nodes.contains(&step.node)
        };
        let spared = !step.unsynced && self.outages.iter().any(crashes);
        for (nodes, outage) in &self.outages {
            let pointless = outage.kind == OutageKind::PowerLoss && spared;
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
        for (index, isolation) in self.isolations.iter().enumerate() {
            let mut links = isolation.links.iter();
            if links.any(|(from, to)| [from, to].contains(&&step.node)) {
                found.push(Choice::Isolation(step.id, index));
            }
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

/// The isolation that is chosen to begin after a step, if any.
fn isolation_of(chosen: &[Choice], id: StepId) -> Option<usize> {
    chosen.iter().find_map(|choice| match choice {
        Choice::Isolation(other, index) if *other == id => Some(*index),
        _ => None,
    })
}

/// How much is chosen to survive a loss, if anything.
fn survivors_of(chosen: &[Choice], loss: LossId) -> Option<u64> {
    chosen.iter().find_map(|choice| match choice {
        Choice::Survives(other, kept) if *other == loss => Some(*kept),
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
    /// What is still to come of isolations that have begun.
    pub(crate) forecast: Forecast,
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
            forecast: Forecast(VecDeque::new()),
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
        } else if let Some(index) = isolation_of(self.forced, step.id) {
            self.ahead -= 1;
            self.forecast.isolate(step.at, &self.menu.isolations[index]);
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

    fn survives(&mut self, loss: LossId, unsynced: u64) -> u64 {
        if let Some(kept) = survivors_of(self.forced, loss) {
            self.ahead -= 1;
            return kept;
        }
        // It was forced to lose power, so what survives costs nothing more. One journal may be spared, for each a case.
        let of_this =
            |other: &LossId| (other.node, other.incarnation) == (loss.node, loss.incarnation);
        let spared =
            |choice: &Choice| matches!(choice, Choice::Survives(other, _) if of_this(other));
        if self.ahead == 0 && !self.forced.iter().any(spared) {
            self.found.push(Choice::Survives(loss, unsynced));
        }
        0
    }

    fn next_weather(&self) -> Option<Time> {
        self.forecast.next()
    }

    fn weather(&mut self) -> Weather {
        self.forecast.take()
    }

    fn heal(&mut self) -> Option<(Time, Weather)> {
        self.forecast.end()
    }
}

/// Repeats a chosen schedule from the beginning.
#[derive(Clone, Debug)]
pub struct Chosen<'a> {
    menu: &'a Menu,
    choices: &'a [Choice],
    forecast: Forecast,
}

impl<'a> Chosen<'a> {
    /// Repeats these choices from a menu.
    pub const fn new(menu: &'a Menu, choices: &'a [Choice]) -> Self {
        Self {
            menu,
            choices,
            forecast: Forecast(VecDeque::new()),
        }
    }
}

impl<D: Domain> Adversary<D> for Chosen<'_> {
    fn fate(&mut self, sending: &Sending<'_, D>) -> Fate {
        fate_of(self.choices, sending.id).unwrap_or_else(|| Fate::deliver(sending.latency))
    }

    fn strike(&mut self, step: &Step<'_, D>) -> Option<Strike> {
        if let Some(index) = isolation_of(self.choices, step.id) {
            self.forecast.isolate(step.at, &self.menu.isolations[index]);
        }
        strike_of(self.choices, step.id)
    }

    fn jitter(&mut self, _: StepId, _: u32, _: Span) -> Span {
        Span::ZERO
    }

    fn survives(&mut self, loss: LossId, _: u64) -> u64 {
        survivors_of(self.choices, loss).unwrap_or(0)
    }

    fn next_weather(&self) -> Option<Time> {
        self.forecast.next()
    }

    fn weather(&mut self) -> Weather {
        self.forecast.take()
    }

    fn heal(&mut self) -> Option<(Time, Weather)> {
        self.forecast.end()
    }
}
