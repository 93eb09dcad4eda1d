//! The world: nodes, their links and clocks, one queue, one time. It holds no chance and keeps no log: it is lent
//! an adversary for every choice and a recorder for everything that is seen.
//!
//! Here is what it is, and how it is set up and asked. How it moves is beside: `step` (one event), `wire` (a packet's
//! way), `outage` (a node goes down, and is back), `finish` (what a step leaves), `limits` (running to an end).

mod fingerprint;
mod finish;
mod limits;
mod outage;
pub mod queue;
mod step;
mod terrain;
mod trouble;
mod wire;

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use crate::address::{FaultIndex, NodeId, OutageKind};
use crate::adversary::Adversary;
use crate::clock::Clock;
use crate::context::{Core, Due, Event, Outgoing, Seen};
use crate::digest::{Digest, Sum, name_key};
use crate::domain::{Domain, Process};
use crate::net::Network;
use crate::record::{Entry, Recorder, What};
use crate::store::Store;
use crate::time::{Span, Time};
use crate::world::finish::Unfinished;
use crate::world::queue::{Queue, Ticket};
use crate::world::trouble::Trouble;

pub(crate) use crate::world::limits::Patience;
pub use crate::world::limits::{End, Limits};
pub use crate::world::terrain::Terrain;

/// Counts of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Copies handed to a live node and timers that fired.
    pub events: u64,
    /// Changes of the weather, and returns of nodes.
    pub changes: u64,
    /// Packets that left a node.
    pub packets: u64,
    /// Entries of the trace.
    pub entries: u64,
    /// How often each fault of the plan struck, as far as the last that did: those behind it never struck.
    pub fired: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Up,
    Down(OutageKind),
    /// Since when: a step that it interrupted goes on where it stood.
    Paused {
        since: Time,
    },
}

/// The kernel's side of a node.
#[derive(Clone, Debug)]
struct Slot<D: Domain> {
    key: u64,
    clock: Clock,
    /// Inputs so far, by label.
    steps: Vec<u32>,
    state: State,
    incarnation: u32,
    /// The event that ends its outage.
    back: Option<Ticket>,
    busy_until: Time,
    slow: u32,
    /// Arrivals and timers that fell due while the node was paused or busy.
    inbox: VecDeque<Ticket>,
    /// The event that will say that it is free to handle them.
    wake: Option<Ticket>,
    /// Sends that have not left: of a step that is not over, or held back by a pause.
    held: Vec<Outgoing<D>>,
    /// The step that is not over, if it has anything left to do.
    unfinished: Option<Unfinished>,
}

/// A simulated world, between two events.
#[derive(Clone, Debug)]
pub struct World<D: Domain> {
    core: Core<D>,
    nodes: Vec<D::Node>,
    slots: Vec<Slot<D>>,
    network: Network,
    terrain: Terrain,
    digest: Digest,
    counts: Counts,
    healed: bool,
    useful_at: Time,
    trouble: Trouble,
    /// Timers that fell due after their node had gone down.
    orphans: u64,
}

impl<D: Domain> World<D> {
    /// A world of named nodes at time 0. Nothing has booted yet; [`World::start`] does that.
    pub fn new(terrain: Terrain, names: &[String], nodes: Vec<D::Node>) -> Self {
        assert_eq!(names.len(), nodes.len(), "every node has a name");
        for (index, name) in names.iter().enumerate() {
            let twice = names[..index].contains(name);
            assert!(!twice, "no two nodes are called {name}: names key the dice");
        }
        let keys: Vec<u64> = names.iter().map(|name| name_key(name)).collect();
        let slots = keys.iter().map(|key| Slot {
            key: *key,
            clock: Clock::new(),
            steps: alloc::vec![0; D::LABELS + 2],
            state: State::Up,
            incarnation: 0,
            back: None,
            busy_until: Time::ZERO,
            slow: 1,
            inbox: VecDeque::new(),
            wake: None,
            held: Vec::new(),
            unfinished: None,
        });
        Self {
            core: Core {
                now: Time::ZERO,
                service: Span::ZERO,
                queue: Queue::new(),
                store: Store::new(),
                sends: Vec::new(),
                seen: Seen::new(),
                jittered: Vec::new(),
                batches: Vec::new(),
                given_up: Vec::new(),
            },
            slots: slots.collect(),
            network: Network::new(terrain.transport, terrain.latency, &keys, D::LABELS),
            terrain,
            digest: Digest::new(),
            counts: Counts::default(),
            healed: false,
            useful_at: Time::ZERO,
            trouble: Trouble::default(),
            orphans: 0,
            nodes,
        }
    }

    /// As new, with all room kept. The nodes are the caller's to reset.
    pub fn reset(&mut self) {
        self.core.now = Time::ZERO;
        self.core.queue.clear();
        self.core.store.clear();
        for slot in &mut self.slots {
            slot.clock = Clock::new();
            slot.steps.fill(0);
            slot.state = State::Up;
            slot.incarnation = 0;
            slot.back = None;
            slot.busy_until = Time::ZERO;
            slot.slow = 1;
            slot.inbox.clear();
            slot.wake = None;
            slot.held.clear();
            slot.unfinished = None;
        }
        self.network.reset();
        self.digest = Digest::new();
        self.counts.events = 0;
        self.counts.changes = 0;
        self.counts.packets = 0;
        self.counts.entries = 0;
        self.counts.fired.clear();
        self.healed = false;
        self.useful_at = Time::ZERO;
        self.trouble = Trouble::default();
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
        let mut patience = Patience::new(recorder.progress());
        let mut change = self.next_change(limits.heal_at, adversary);
        loop {
            if let Some(end) = self.ended(limits, &mut patience, adversary, recorder) {
                return end;
            }
            // What strikes no step brings no weather about after one either.
            let may_change = adversary.strikes();
            match self.pass(change, limits.heal_at, adversary, recorder) {
                Passed::Event if !may_change => {}
                Passed::Event | Passed::Change => {
                    change = self.next_change(limits.heal_at, adversary);
                }
                Passed::Nothing => return End::Settled,
            }
        }
    }

    /// Takes the next step, whatever it is: a change of weather, healing, or one event. False if nothing is left.
    #[inline]
    pub fn advance(
        &mut self,
        heal_at: Time,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) -> bool {
        let change = self.next_change(heal_at, adversary);
        self.pass(change, heal_at, adversary, recorder) != Passed::Nothing
    }

    /// When something comes that is no event: all heals, or the weather changes.
    #[inline]
    fn next_change(&self, heal_at: Time, adversary: &impl Adversary<D>) -> Time {
        if self.healed {
            Time::NEVER
        } else {
            heal_at.min(adversary.next_weather().unwrap_or(Time::NEVER))
        }
    }

    /// Takes the next step, where the next change is known.
    #[expect(clippy::inline_always, reason = "every event comes from here")]
    #[inline(always)]
    fn pass(
        &mut self,
        change: Time,
        heal_at: Time,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) -> Passed {
        if let Some((at, ticket, event)) = self.core.queue.pop_before(change) {
            self.core.now = at;
            let (node, is_input) = (event.node, event.due.is_input());
            self.fall_due(ticket, node, is_input, adversary, recorder);
            return Passed::Event;
        }
        if change == Time::NEVER {
            return Passed::Nothing;
        }
        self.core.now = self.core.now.max(change);
        self.turn(change == heal_at, adversary, recorder);
        Passed::Change
    }

    /// What comes next is no event: all heals, or the weather changes.
    #[inline(never)]
    fn turn(
        &mut self,
        heals: bool,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        if heals {
            self.heal(adversary, recorder);
        } else {
            let weather = adversary.weather();
            self.counts.changes += 1;
            self.change(weather, adversary, recorder);
        }
    }

    /// Lets every node say what a fresh reader now finds there.
    pub fn last_words(&mut self, recorder: &mut impl Recorder<D>) {
        for index in 0..self.nodes.len() {
            let seen = &mut self.core.seen;
            self.nodes[index].last_words(&mut |observation| seen.push(observation));
            let cause = self.counts.entries;
            self.tell_seen(NodeId(index as u16), cause, recorder);
            self.core.seen.clear();
        }
    }

    /// Adds an entry to the digest, and writes it if anybody reads it. Returns the entry's place.
    ///
    /// The digest takes the time, the kind of entry, `word`, and the sum of the details.
    #[expect(
        clippy::inline_always,
        reason = "a blind run does little here, and often"
    )]
    #[inline(always)]
    fn note<R: Recorder<D>>(
        &mut self,
        tag: Tag,
        cause: Option<u64>,
        word: u64,
        details: Sum,
        what: impl FnOnce() -> What<D>,
        recorder: &mut R,
    ) -> u64 {
        let id = self.counts.entries;
        self.counts.entries += 1;
        tag.add(&mut self.digest, self.core.now, word, details);
        if R::OPEN {
            self.write_down(id, cause, what(), recorder);
        }
        id
    }

    /// Somebody reads an entry.
    #[inline(never)]
    fn write_down(
        &self,
        id: u64,
        cause: Option<u64>,
        what: What<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let batch = match &what {
            What::Sent { message, .. }
            | What::Arrived(_, _, message)
            | What::Missed(_, _, message, _)
            | What::Unsent(_, message) => D::batch(message),
            _ => None,
        };
        let items = batch.map_or(&[][..], |batch| self.core.store.get(batch));
        let entry = Entry {
            id,
            cause: cause.unwrap_or(id),
            at: self.core.now,
            what,
        };
        recorder.entry(&entry, items);
    }

    /// Passes on what has been observed. It is read where it lies. What is told together is one word of the digest.
    #[expect(clippy::inline_always, reason = "nearly every step is observed")]
    #[inline(always)]
    fn tell_seen<R: Recorder<D>>(&mut self, node: NodeId, cause: u64, recorder: &mut R) {
        let (now, mut entry, seen) = (self.core.now, self.counts.entries, &self.core.seen);
        if seen.all.is_empty() {
            return;
        }
        Tag::Observed.add(&mut self.digest, now, node.0.into(), seen.sum);
        for observation in &seen.all {
            if R::OPEN {
                let what = What::Observed(node, *observation);
                self.write_down(entry, Some(cause), what, recorder);
            }
            recorder.observe(entry, now, node, observation);
            entry += 1;
        }
        self.counts.entries = entry;
    }

    /// Counts one deed of a fault.
    fn fired(&mut self, fault: FaultIndex) {
        if fault == FaultIndex::NONE {
            return;
        }
        let index = usize::from(fault.0);
        if self.counts.fired.len() <= index {
            self.counts.fired.resize(index + 1, 0);
        }
        self.counts.fired[index] += 1;
    }

    /// Whether nothing is on its way but chatter.
    pub(crate) fn idle(&self) -> bool {
        self.core.queue.useful() == 0
    }

    /// How its messages travel, and what its steps take.
    pub(crate) fn terrain(&self) -> &Terrain {
        &self.terrain
    }

    /// Whether hardly anything is on its way: at most one event waits that is not chatter, and what comes next is no
    /// packet.
    pub(crate) fn at_rest(&self) -> bool {
        let queue = &self.core.queue;
        let by_itself =
            |event: &Event<D>| matches!(event.due, Due::Timer { .. } | Due::Return { .. });
        queue.useful() <= 1 && queue.upcoming().is_some_and(by_itself)
    }

    /// The kernel's side of a node.
    #[inline]
    fn slot(&mut self, node: NodeId) -> &mut Slot<D> {
        &mut self.slots[usize::from(node.0)]
    }
}

/// What a step of the world was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passed {
    Event,
    /// The weather changed, or all healed.
    Change,
    Nothing,
}

/// The kind of an entry, as the digest knows it. These numbers are part of the format.
#[derive(Clone, Copy)]
enum Tag {
    Started = 1,
    Sent = 2,
    Unsent = 3,
    Arrived = 4,
    Missed = 5,
    Fired = 6,
    Disconnected = 7,
    Observed = 8,
    Struck = 9,
    Returned = 10,
    Weather = 11,
    Jittered = 12,
    Healed = 13,
}

impl Tag {
    /// Adds an entry to a digest: when it was, of what kind, the word that says most of it, and its details.
    #[inline]
    const fn add(self, digest: &mut Digest, now: Time, word: u64, details: Sum) {
        digest.words(now.0 ^ (self as u64) << 56, word ^ details.value());
    }
}
