//! The world: nodes, their links and clocks, one queue, one time. It holds no chance and keeps no log: it is lent
//! an adversary for every choice and a recorder for everything that is seen.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use crate::address::{FaultIndex, NodeId, OutageKind};
use crate::adversary::Adversary;
use crate::clock::Clock;
use crate::context::{Core, Due, Event, Outgoing};
use crate::digest::{Digest, name_key};
use crate::domain::{Domain, Process};
use crate::finish::Unfinished;
use crate::net::{Latency, Network, Transport};
use crate::queue::{Queue, Ticket};
use crate::record::{Entry, Recorder, What};
use crate::store::Store;
use crate::time::{Span, Time};
use crate::trouble::Trouble;

pub use crate::limits::{End, Limits};

/// What a world is made of, besides its nodes.
#[derive(Clone, Copy, Debug)]
pub struct Terrain {
    /// How messages travel.
    pub transport: Transport,
    /// How long they take.
    pub latency: Latency,
    /// How long each step keeps its node busy: what it sends leaves when that is over, and its timers begin to run.
    pub service: Span,
}

impl Default for Terrain {
    /// Connections, 1 ms per packet, steps that take no time.
    fn default() -> Self {
        Self {
            transport: Transport::Connection,
            latency: Latency {
                least: Span::millis(1),
                spread: Span::ZERO,
            },
            service: Span::ZERO,
        }
    }
}

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
    /// How often each fault of the plan struck.
    pub fired: Vec<u64>,
}

/// How long a run has gone without progress.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    /// The progress made so far.
    progress: u64,
    /// When it was made, by the clock of [`Trouble`].
    since: Time,
}

impl Patience {
    pub(crate) const fn new(progress: u64) -> Self {
        let since = Time::ZERO;
        Self { progress, since }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Up,
    Down(OutageKind),
    /// Since when: a step that it interrupted goes on where it stood.
    Paused {
        since: Time,
    },
}

/// The kernel's side of a node.
#[derive(Clone, Debug)]
pub(crate) struct Slot<D: Domain> {
    pub(crate) key: u64,
    pub(crate) state: State,
    pub(crate) incarnation: u32,
    /// The event that ends its outage.
    pub(crate) back: Option<Ticket>,
    pub(crate) busy_until: Time,
    pub(crate) slow: u32,
    /// Arrivals and timers that fell due while the node was paused or busy.
    pub(crate) inbox: VecDeque<Ticket>,
    /// The event that will say that it is free to handle them.
    pub(crate) wake: Option<Ticket>,
    /// Sends that have not left: of a step that is not over, or held back by a pause.
    pub(crate) held: Vec<Outgoing<D>>,
    /// The step that is not over, if it has anything left to do.
    pub(crate) unfinished: Option<Unfinished>,
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
    pub(crate) trouble: Trouble,
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
                clocks: alloc::vec![Clock::new(); names.len()],
                sends: Vec::new(),
                seen: Vec::new(),
                departing: Vec::new(),
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
        self.core.clocks.fill(Clock::new());
        for slot in &mut self.slots {
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
        self.steps.fill(0);
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
        loop {
            if let Some(end) = self.ended(limits, &mut patience, adversary, recorder) {
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
        let (heal_at, weather) = if self.healed {
            (Time::NEVER, Time::NEVER)
        } else {
            (heal_at, adversary.next_weather().unwrap_or(Time::NEVER))
        };
        let change = heal_at.min(weather);
        if let Some((at, ticket)) = self.core.queue.pop_before(change) {
            self.core.now = at;
            self.fall_due(ticket, adversary, recorder);
            return true;
        }
        if change == Time::NEVER {
            return false;
        }
        self.core.now = self.core.now.max(change);
        if heal_at <= weather {
            self.heal(adversary, recorder);
        } else {
            let weather = adversary.weather();
            self.counts.changes += 1;
            self.change(weather, adversary, recorder);
        }
        true
    }

    /// Whether the run is over, judged between two events.
    pub(crate) fn ended(
        &self,
        limits: &Limits,
        patience: &mut Patience,
        adversary: &impl Adversary<D>,
        recorder: &impl Recorder<D>,
    ) -> Option<End> {
        let now = self.core.now;
        if recorder.progress() != patience.progress {
            patience.progress = recorder.progress();
            patience.since = self.trouble.clock(now);
        }
        let idle = self.core.queue.useful() == 0;
        let waited = self.trouble.waited(now, patience.since);
        let stuck = waited > limits.patience && !self.troubled(limits, adversary);
        if (idle || stuck) && (self.healed || adversary.next_weather().is_none()) {
            let for_good = self.healed || limits.heal_at == Time::NEVER;
            let only_chatter = now.since(self.useful_at) >= limits.quiet;
            let quiet = for_good && only_chatter;
            if idle && (quiet || recorder.complete()) {
                return Some(End::Settled);
            }
            // Where nothing but chatter is to come, the quiet span decides.
            if stuck && !idle {
                match (self.nobody_acts(), only_chatter) {
                    (false, _) => return Some(End::Stuck),
                    (true, true) => return Some(End::Settled),
                    (true, false) => {}
                }
            }
        }
        let spent = self.counts.events + self.counts.changes >= limits.events;
        // Whoever spent the rest of them on nothing was not getting anywhere, unless nobody could.
        let hopeless = limits.patience == Span(u64::MAX);
        let idly = waited > limits.quiet && !hopeless && !self.troubled(limits, adversary);
        spent.then_some(if idly { End::Stuck } else { End::Exhausted })
    }

    /// Whether something is still to pass by itself: the weather, healing, or an outage.
    fn troubled(&self, limits: &Limits, adversary: &impl Adversary<D>) -> bool {
        let weather = limits.heal_at != Time::NEVER || adversary.next_weather().is_some();
        (!self.healed && weather) || self.trouble.is_here()
    }

    /// Whether all that is to come, besides chatter, is what others have sent: packets that are later than anybody waits
    /// for are no standstill.
    #[cold]
    fn nobody_acts(&self) -> bool {
        let is_rest = |event: &Event<D>| match &event.due {
            Due::Arrival { .. } | Due::Told { .. } | Due::Ready => true,
            Due::Timer { timer, .. } => D::chatter(D::timer_label(timer)),
            Due::Return { .. } => false,
        };
        let queue = &self.core.queue;
        let mut waiting = self.slots.iter().flat_map(|slot| &slot.inbox);
        queue.in_order().iter().all(|(_, _, event)| is_rest(event))
            && waiting.all(|ticket| queue.get(*ticket).is_none_or(is_rest))
    }

    /// Lets every node say what a fresh reader now finds there.
    pub fn last_words(&mut self, recorder: &mut impl Recorder<D>) {
        for index in 0..self.nodes.len() {
            let mut seen = core::mem::take(&mut self.core.seen);
            self.nodes[index].last_words(&mut |observation| seen.push(observation));
            let cause = self.counts.entries;
            for observation in seen.drain(..) {
                self.observed(NodeId(index as u16), &observation, cause, recorder);
            }
            self.core.seen = seen;
        }
    }

    /// Adds an entry to the digest, and writes it if anybody reads it. Returns the entry's place.
    ///
    /// The digest takes the time, the kind of entry and `word`, and whatever `digest` adds.
    #[inline]
    pub(crate) fn note<R: Recorder<D>>(
        &mut self,
        tag: Tag,
        cause: Option<u64>,
        word: u64,
        digest: impl FnOnce(&mut Digest),
        what: impl FnOnce() -> What<D>,
        recorder: &mut R,
    ) -> u64 {
        let id = self.counts.entries;
        self.counts.entries += 1;
        let mut sum = self.digest;
        sum.words(self.core.now.0 ^ (tag as u64) << 56, word);
        digest(&mut sum);
        self.digest = sum;
        if R::OPEN {
            let what = what();
            let items = match &what {
                What::Sent { message, .. }
                | What::Arrived(_, _, message)
                | What::Missed(_, _, message, _)
                | What::Unsent(_, message) => D::batch(message),
                _ => None,
            };
            let items = items.map_or(&[][..], |batch| self.core.store.get(batch));
            let entry = Entry {
                id,
                cause: cause.unwrap_or(id),
                at: self.core.now,
                what,
            };
            recorder.entry(&entry, items);
        }
        id
    }

    /// Passes an observation on.
    #[inline]
    pub(crate) fn observed(
        &mut self,
        node: NodeId,
        observation: &D::Observation,
        cause: u64,
        recorder: &mut impl Recorder<D>,
    ) {
        let add = |digest: &mut Digest| digest.add(observation);
        let what = || What::Observed(node, *observation);
        let entry = self.note(
            Tag::Observed,
            Some(cause),
            node.0.into(),
            add,
            what,
            recorder,
        );
        recorder.observe(entry, self.core.now, node, observation);
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
    pub(crate) fn slot(&mut self, node: NodeId) -> &mut Slot<D> {
        &mut self.slots[usize::from(node.0)]
    }
}

/// The kind of an entry, as the digest knows it. These numbers are part of the format.
#[derive(Clone, Copy)]
pub(crate) enum Tag {
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
