//! The world: nodes, their links and clocks, one queue, one time. It holds no chance and keeps no log: it is lent
//! an adversary for every choice and a recorder for everything that is seen.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use crate::address::{FaultIndex, NodeId, Outage, OutageKind, PacketId, StepId, Weather};
use crate::adversary::Adversary;
use crate::clock::Clock;
use crate::context::{Core, Event, Outgoing};
use crate::digest::{Digest, name_key};
use crate::domain::{Domain, Process};
use crate::net::{Latency, Network, Transport};
use crate::queue::{Queue, Ticket};
use crate::record::{Entry, Recorder, What};
use crate::store::Store;
use crate::time::{Span, Time};

/// What a world is made of, besides its nodes.
#[derive(Clone, Copy, Debug)]
pub struct Terrain {
    /// How messages travel.
    pub transport: Transport,
    /// How long they take.
    pub latency: Latency,
    /// How long each step keeps its node busy.
    pub service: Span,
}

/// When a run ends.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Faults act until then. [`Time::NEVER`]: faults act to the end.
    pub heal_at: Time,
    /// With work still open and nothing but chatter for so long, no more will come.
    pub quiet: Span,
    /// Without any progress for so long, none will come.
    pub patience: Span,
    /// The most events a run may take.
    pub events: u64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// Nothing is left to do, or only chatter came for the whole quiet span.
    Settled,
    /// Things kept happening, but no progress was made for as long as patience allows.
    Stuck,
    /// It ran out of events while still making progress.
    Exhausted,
}

/// Counts of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Copies handed to a live node and timers that fired.
    pub events: u64,
    /// Packets that left a node.
    pub packets: u64,
    /// Entries of the trace.
    pub entries: u64,
    /// How often each fault of the plan struck.
    pub fired: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Up,
    Down(OutageKind),
    Paused,
}

/// The kernel's side of a node.
#[derive(Clone, Debug)]
pub(crate) struct Slot<D: Domain> {
    pub(crate) key: u64,
    pub(crate) state: State,
    pub(crate) incarnation: u32,
    /// Outages so far; a return from an outage that another one has overtaken is void.
    pub(crate) outages: u32,
    pub(crate) busy_until: Time,
    pub(crate) slow: u32,
    /// Arrivals and timers that fell due while the node was paused or busy.
    pub(crate) inbox: VecDeque<Ticket>,
    /// Sends that a pause held back.
    pub(crate) held: Vec<Outgoing<D>>,
}

/// A simulated world, between two events.
#[derive(Clone, Debug)]
pub struct World<D: Domain> {
    pub(crate) core: Core<D>,
    pub(crate) nodes: Vec<D::Node>,
    pub(crate) slots: Vec<Slot<D>>,
    pub(crate) network: Network,
    pub(crate) steps: Vec<u32>,
    pub(crate) terrain: Terrain,
    pub(crate) digest: Digest,
    pub(crate) counts: Counts,
    pub(crate) healed: bool,
    pub(crate) useful_at: Time,
    /// Timers that fell due after their node had gone down.
    pub(crate) orphans: u64,
}

impl<D: Domain> World<D> {
    /// A world of named nodes at time 0. Nothing has booted yet; [`World::start`] does that.
    pub fn new(terrain: Terrain, names: &[String], nodes: Vec<D::Node>) -> Self {
        assert_eq!(names.len(), nodes.len(), "every node has a name");
        let keys: Vec<u64> = names.iter().map(|name| name_key(name)).collect();
        let slots = keys.iter().map(|key| Slot {
            key: *key,
            state: State::Up,
            incarnation: 0,
            outages: 0,
            busy_until: Time::ZERO,
            slow: 1,
            inbox: VecDeque::new(),
            held: Vec::new(),
        });
        Self {
            core: Core {
                now: Time::ZERO,
                queue: Queue::new(),
                store: Store::new(),
                clocks: alloc::vec![Clock::new(); names.len()],
                sends: Vec::new(),
                seen: Vec::new(),
                jittered: Vec::new(),
                batches: Vec::new(),
                given_up: Vec::new(),
            },
            slots: slots.collect(),
            network: Network::new(terrain.transport, terrain.latency, &keys, D::LABELS),
            steps: alloc::vec![0; names.len() * (D::LABELS + 2)],
            terrain,
            digest: Digest::new(),
            counts: Counts::default(),
            healed: false,
            useful_at: Time::ZERO,
            orphans: 0,
            nodes,
        }
    }

    /// As new, with all room kept. The nodes are the caller's to reset.
    pub fn reset(&mut self) {
        self.core.now = Time::ZERO;
        self.core.queue.clear();
        self.core.store.clear();
        self.core.clocks.fill(Clock::new());
        for slot in &mut self.slots {
            slot.state = State::Up;
            slot.incarnation = 0;
            slot.outages = 0;
            slot.busy_until = Time::ZERO;
            slot.slow = 1;
            slot.inbox.clear();
            slot.held.clear();
        }
        self.network.reset(self.terrain.latency);
        self.steps.fill(0);
        self.digest = Digest::new();
        self.counts.events = 0;
        self.counts.packets = 0;
        self.counts.entries = 0;
        self.counts.fired.clear();
        self.healed = false;
        self.useful_at = Time::ZERO;
        self.orphans = 0;
    }

    /// The nodes, for whoever set them up.
    pub fn nodes(&self) -> &[D::Node] {
        &self.nodes
    }

    /// The nodes, to be reset between runs.
    pub fn nodes_mut(&mut self) -> &mut [D::Node] {
        &mut self.nodes
    }

    /// True time.
    pub fn now(&self) -> Time {
        self.core.now
    }

    /// The digest of all entries so far.
    pub fn digest(&self) -> u64 {
        self.digest.value()
    }

    /// What has been counted so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Timers that fell due and came to nothing: they had been cancelled, or their node had gone down since.
    pub fn stale(&self) -> u64 {
        self.core.queue.stale() + self.orphans
    }

    /// True once [`World::heal`] has been called.
    pub fn healed(&self) -> bool {
        self.healed
    }

    /// Boots every node, in order.
    pub fn start(&mut self, adversary: &mut impl Adversary<D>, recorder: &mut impl Recorder<D>) {
        for node in (0..self.nodes.len() as u16).map(NodeId) {
            self.boot(node, adversary, recorder);
        }
    }

    /// Boots every node and runs until one of the limits.
    pub fn run(
        &mut self,
        limits: &Limits,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) -> End {
        self.start(adversary, recorder);
        self.go_on(limits, adversary, recorder)
    }

    /// Runs a started world until one of the limits.
    pub fn go_on(
        &mut self,
        limits: &Limits,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) -> End {
        let mut progress = (recorder.progress(), self.core.now);
        loop {
            if let Some(end) = self.ended(limits, &mut progress, adversary, recorder) {
                return end;
            }
            if !self.advance(limits.heal_at, adversary, recorder) {
                return End::Settled;
            }
        }
    }

    /// Takes the next step, whatever it is: a change of weather, healing, or one event. False if nothing is left.
    pub fn advance(
        &mut self,
        heal_at: Time,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) -> bool {
        let weather = if self.healed {
            None
        } else {
            adversary.next_weather()
        };
        if weather.is_none() && (self.healed || heal_at == Time::NEVER) {
            return self.next_event(adversary, recorder);
        }
        let event = self.core.queue.peek().unwrap_or(Time::NEVER);
        let weather = weather.unwrap_or(Time::NEVER);
        if !self.healed && heal_at <= event && heal_at <= weather && heal_at != Time::NEVER {
            self.core.now = self.core.now.max(heal_at);
            self.heal(adversary, recorder);
            return true;
        }
        if weather <= event && weather != Time::NEVER {
            self.core.now = self.core.now.max(weather);
            let change = adversary.weather();
            self.change(change, adversary, recorder);
            return true;
        }
        self.next_event(adversary, recorder)
    }

    /// Whether the run is over, judged between two events.
    fn ended(
        &self,
        limits: &Limits,
        progress: &mut (u64, Time),
        adversary: &impl Adversary<D>,
        recorder: &impl Recorder<D>,
    ) -> Option<End> {
        if recorder.progress() != progress.0 {
            *progress = (recorder.progress(), self.core.now);
        }
        let fair = self.healed || adversary.next_weather().is_none();
        if self.core.queue.useful() == 0 && fair {
            let done = recorder.complete();
            let quiet = self.core.now.since(self.useful_at) >= limits.quiet;
            if done || (quiet && (self.healed || limits.heal_at == Time::NEVER)) {
                return Some(End::Settled);
            }
        }
        if fair && self.core.now.since(progress.1) > limits.patience {
            return Some(End::Stuck);
        }
        (self.counts.events >= limits.events).then_some(End::Exhausted)
    }

    /// Lets every node say what a fresh reader now finds there.
    pub fn last_words(&mut self, recorder: &mut impl Recorder<D>) {
        for index in 0..self.nodes.len() {
            let mut seen = core::mem::take(&mut self.core.seen);
            self.nodes[index].last_words(&mut |observation| seen.push(observation));
            let cause = self.counts.entries;
            for observation in seen.drain(..) {
                self.observed(NodeId(index as u16), observation, cause, recorder);
            }
            self.core.seen = seen;
        }
    }

    /// Writes an entry, if anybody reads it, and adds `words` to the digest. Returns the entry's place.
    #[inline]
    pub(crate) fn note<R: Recorder<D>>(
        &mut self,
        cause: Option<u64>,
        digest: impl FnOnce(&mut Digest),
        what: impl FnOnce() -> What<D>,
        recorder: &mut R,
    ) -> u64 {
        let id = self.counts.entries;
        self.counts.entries += 1;
        self.digest.word(self.core.now.0);
        digest(&mut self.digest);
        if R::OPEN {
            let what = what();
            let items = match &what {
                What::Sent { message, .. } | What::Arrived(_, _, message) => D::batch(message),
                _ => None,
            };
            let items = items.map_or(&[][..], |batch| self.core.store.get(batch));
            recorder.entry(
                &Entry {
                    id,
                    cause: cause.unwrap_or(id),
                    at: self.core.now,
                    what,
                },
                items,
            );
        }
        id
    }

    /// Passes an observation on.
    #[inline]
    pub(crate) fn observed(
        &mut self,
        node: NodeId,
        observation: D::Observation,
        cause: u64,
        recorder: &mut impl Recorder<D>,
    ) {
        let add = |digest: &mut Digest| digest.add(&observation);
        let entry = self.note(
            Some(cause),
            add,
            || What::Observed(node, observation),
            recorder,
        );
        recorder.observe(entry, self.core.now, node, &observation);
    }

    /// Counts one deed of a fault.
    pub(crate) fn fired(&mut self, fault: FaultIndex) {
        if fault == FaultIndex::NONE {
            return;
        }
        let index = usize::from(fault.0);
        if self.counts.fired.len() <= index {
            self.counts.fired.resize(index + 1, 0);
        }
        self.counts.fired[index] += 1;
    }

    fn next_event(
        &mut self,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) -> bool {
        let Some((at, ticket)) = self.core.queue.pop() else {
            return false;
        };
        self.core.now = at;
        self.fall_due(ticket, adversary, recorder);
        true
    }

    /// Adds everything that decides the world's future to a fingerprint: never absolute time, insertion numbers,
    /// counters, storage positions, causes or counts.
    pub fn fingerprint(&self, digest: &mut Digest) {
        let now = self.core.now;
        for (index, slot) in self.slots.iter().enumerate() {
            let down = match slot.state {
                State::Up => None,
                State::Down(kind) => Some(kind),
                State::Paused => Some(OutageKind::Pause),
            };
            digest.add(&(down, slot.busy_until.since(now), slot.slow));
            digest.add(&self.core.clocks[index].state(now));
            for ticket in &slot.inbox {
                if let Some(event) = self.core.queue.get(*ticket) {
                    self.fingerprint_event(event, digest);
                }
            }
            for out in &slot.held {
                digest.add(&(out.to.node, out.message));
            }
            self.nodes[index].fingerprint(now, digest);
        }
        self.network.fingerprint(now, digest);
        for (at, _, event) in self.core.queue.in_order() {
            digest.add(&at.since(now));
            self.fingerprint_event(event, digest);
        }
        digest.add(&self.healed);
    }

    fn fingerprint_event(&self, event: &Event<D>, digest: &mut Digest) {
        match event {
            Event::Arrive {
                from,
                to,
                connection,
                message,
                ..
            } => {
                digest.add(&(
                    0_u8,
                    from,
                    to,
                    self.network.age(*from, *to, *connection),
                    message,
                ));
                if let Some(batch) = D::batch(message) {
                    digest.add(&self.core.store.get(batch));
                }
            }
            Event::Fire {
                node,
                incarnation,
                timer,
                ..
            } => {
                let current = *incarnation == self.slots[usize::from(node.0)].incarnation;
                digest.add(&(1_u8, node, current, timer));
            }
            Event::Ready { node, .. } => digest.add(&(2_u8, node)),
            Event::Return { node, .. } => digest.add(&(3_u8, node)),
            Event::Told {
                node,
                peer,
                connection,
                ..
            } => {
                digest.add(&(
                    4_u8,
                    node,
                    peer,
                    self.network.age(*node, *peer, *connection),
                ));
            }
        }
    }

    /// The weight of an outage on who is told.
    pub(crate) fn slot(&mut self, node: NodeId) -> &mut Slot<D> {
        &mut self.slots[usize::from(node.0)]
    }
}

/// The word that stands for a packet's address in a digest.
pub(crate) fn packet_word(id: PacketId) -> u64 {
    id.link ^ (u64::from(id.label.0) << 48) ^ (u64::from(id.connection) << 32) ^ u64::from(id.nth)
}

/// The words that stand for an outage.
pub(crate) fn outage_word(node: NodeId, outage: Outage) -> u64 {
    u64::from(node.0) ^ (outage.kind as u64) << 16 ^ outage.down.0.rotate_left(20)
}

/// The name of a step in a digest.
pub(crate) fn step_word(id: StepId) -> u64 {
    id.node ^ (u64::from(id.label.0) << 40) ^ u64::from(id.nth)
}

/// What a weather change adds to a digest.
pub(crate) fn weather_digest(weather: Weather, digest: &mut Digest) {
    digest.word(7);
    digest.add(&weather.change);
}
