//! Workload W: the yardstick by which the kernel's speed is measured, as a small domain of its own.
//!
//! A producer keeps five ids in flight to a broker, which appends them to its log and pushes them to a consumer;
//! every hop repeats after 200 ms until it is acknowledged. A tenth of all packets is lost, a twentieth of the
//! others arrives twice, each copy 1 to 10 ms after it was sent. A run ends when every id is committed.
//!
//! What a run of it counts is known from other engines, so `tests/w_reference.rs` can show that this is the same
//! work before `benches/w.rs` says how fast it is done. A whole domain in one file, to be read from top to bottom.

use semel_sim::address::{
    Change, Fate, FaultIndex, Label, NodeId, Outage, OutageKind, PacketId, StepId, Strike, Weather,
};
use semel_sim::adversary::seeded::Seeded;
use semel_sim::adversary::{Adversary, LossId, Sending, Step};
use semel_sim::chance::{Address, Rate, Seed};
use semel_sim::context::{Context, Peer, TimerId};
use semel_sim::domain::{Domain, Process};
use semel_sim::faults::{self, Drop, Duplicate, Fault};
use semel_sim::net::{Latency, Transport};
use semel_sim::record::Recorder;
use semel_sim::time::{Span, Time};
use semel_sim::world::{Terrain, World};

const PRODUCER: NodeId = NodeId(0);
const BROKER: NodeId = NodeId(1);
const CONSUMER: NodeId = NodeId(2);
const WINDOW: usize = 5;
const RETRY_AFTER: Span = Span::millis(200);

/// The words of workload W.
#[derive(Clone, Copy, Debug)]
pub(crate) struct W;

#[derive(Clone, Copy, Debug, Hash)]
pub(crate) enum Message {
    Produce(u32),
    Ack(u32),
    Push { offset: u32, id: u32 },
    Commit(u32),
}

#[derive(Clone, Copy, Debug, Hash)]
pub(crate) enum Timer {
    Retry(u32),
    Repush(u32),
}

#[derive(Clone, Copy, Debug, Hash)]
pub(crate) enum Observation {
    Appended(u32),
    Delivered(u32),
    Committed(u32),
}

impl Domain for W {
    type Message = Message;
    type Timer = Timer;
    type Observation = Observation;
    type Item = ();
    type Node = Node;
    type MessagePattern = ();
    type ObservationPattern = ();

    const LABELS: usize = 6;

    fn label(message: &Message) -> Label {
        Label(match message {
            Message::Produce(_) => 0,
            Message::Ack(_) => 1,
            Message::Push { .. } => 2,
            Message::Commit(_) => 3,
        })
    }

    fn timer_label(timer: &Timer) -> Label {
        Label(match timer {
            Timer::Retry(_) => 4,
            Timer::Repush(_) => 5,
        })
    }

    fn label_name(label: Label) -> &'static str {
        ["Produce", "Ack", "Push", "Commit", "Retry", "Repush"][usize::from(label.0)]
    }
}

/// A set of small numbers.
#[derive(Clone, Debug, Default)]
struct Set(Vec<u64>);

impl Set {
    /// Empty, with room for numbers below `count`.
    fn clear(&mut self, count: u32) {
        self.0.clear();
        self.0.resize(count.div_ceil(64) as usize, 0);
    }

    fn has(&self, number: u32) -> bool {
        self.0[number as usize / 64] >> (number % 64) & 1 == 1
    }

    /// True if the number is new.
    fn insert(&mut self, number: u32) -> bool {
        let word = &mut self.0[number as usize / 64];
        let bit = 1 << (number % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Producer(Producer),
    Broker(Broker),
    Consumer(Consumer),
}

/// Sends every id until it is acknowledged, any five at a time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Producer {
    ids: u32,
    next: u32,
    in_flight: [Option<(u32, TimerId)>; WINDOW],
    retries: u64,
}

impl Producer {
    fn fill(&mut self, place: usize, ctx: &mut Context<'_, W>) {
        if self.next < self.ids {
            self.send(place, self.next, ctx);
            self.next += 1;
        }
    }

    fn send(&mut self, place: usize, id: u32, ctx: &mut Context<'_, W>) {
        ctx.send(BROKER, Message::Produce(id));
        self.in_flight[place] = Some((id, ctx.set_timer(RETRY_AFTER, Timer::Retry(id))));
    }

    fn place(&self, id: u32) -> Option<usize> {
        let is_here = |entry: &Option<(u32, TimerId)>| entry.is_some_and(|(other, _)| other == id);
        self.in_flight.iter().position(is_here)
    }

    fn acked(&mut self, id: u32, ctx: &mut Context<'_, W>) {
        if let Some(place) = self.place(id)
            && let Some((_, timer)) = self.in_flight[place].take()
        {
            ctx.cancel(timer);
            self.fill(place, ctx);
        }
    }

    fn retry(&mut self, id: u32, ctx: &mut Context<'_, W>) {
        if let Some(place) = self.place(id) {
            self.retries += 1;
            self.send(place, id, ctx);
        }
    }
}

/// Appends what it is sent (once, if it deduplicates) and pushes every entry until it is committed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Broker {
    dedup: bool,
    forgets: bool,
    ids: u32,
    log: Vec<u32>,
    /// For each entry of the log: the timer of its next push, or none when it is committed.
    pushes: Vec<Option<TimerId>>,
    seen: Set,
    repushes: u64,
}

impl Broker {
    fn produced(&mut self, id: u32, ctx: &mut Context<'_, W>) {
        if self.seen.insert(id) || !self.dedup {
            let offset = self.log.len() as u32;
            self.log.push(id);
            ctx.observe(Observation::Appended(id));
            let timer = Self::push(offset, id, ctx);
            self.pushes.push(Some(timer));
        }
        ctx.send(PRODUCER, Message::Ack(id));
    }

    fn push(offset: u32, id: u32, ctx: &mut Context<'_, W>) -> TimerId {
        ctx.send(CONSUMER, Message::Push { offset, id });
        ctx.set_timer(RETRY_AFTER, Timer::Repush(offset))
    }

    fn push_again(&mut self, offset: u32, ctx: &mut Context<'_, W>) {
        let place = offset as usize;
        self.pushes[place] = Some(Self::push(offset, self.log[place], ctx));
    }

    fn committed(&mut self, offset: u32, ctx: &mut Context<'_, W>) {
        if let Some(timer) = self.pushes[offset as usize].take() {
            ctx.cancel(timer);
            ctx.observe(Observation::Committed(self.log[offset as usize]));
        }
    }

    fn restart(&mut self, ctx: &mut Context<'_, W>) {
        for offset in 0..self.log.len() {
            if self.pushes[offset].is_some() {
                self.push_again(offset as u32, ctx);
            }
        }
    }
}

/// Remembers what it was pushed, and commits it every time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Consumer {
    seen: Set,
    duplicates: u64,
}

impl Consumer {
    fn pushed(&mut self, offset: u32, id: u32, ctx: &mut Context<'_, W>) {
        self.duplicates += u64::from(!self.seen.insert(id));
        ctx.observe(Observation::Delivered(id));
        ctx.send(BROKER, Message::Commit(offset));
    }
}

impl Process<W> for Node {
    fn start(&mut self, ctx: &mut Context<'_, W>) {
        match self {
            Self::Producer(producer) => (0..WINDOW).for_each(|place| producer.fill(place, ctx)),
            Self::Broker(broker) => broker.restart(ctx),
            Self::Consumer(_) => {}
        }
    }

    fn receive(&mut self, _: Peer, message: &Message, ctx: &mut Context<'_, W>) {
        match (self, *message) {
            (Self::Producer(producer), Message::Ack(id)) => producer.acked(id, ctx),
            (Self::Broker(broker), Message::Produce(id)) => broker.produced(id, ctx),
            (Self::Broker(broker), Message::Commit(offset)) => broker.committed(offset, ctx),
            (Self::Consumer(consumer), Message::Push { offset, id }) => {
                consumer.pushed(offset, id, ctx);
            }
            (node, message) => unreachable!("{message:?} is not for {node:?}"),
        }
    }

    fn fire(&mut self, timer: Timer, ctx: &mut Context<'_, W>) {
        match (self, timer) {
            (Self::Producer(producer), Timer::Retry(id)) => producer.retry(id, ctx),
            (Self::Broker(broker), Timer::Repush(offset)) => {
                broker.repushes += 1;
                broker.push_again(offset, ctx);
            }
            (node, timer) => unreachable!("{timer:?} is not for {node:?}"),
        }
    }

    fn crash(&mut self, _: OutageKind, _: &mut dyn FnMut(u64) -> u64) {
        if let Self::Broker(broker) = self
            && broker.forgets
        {
            broker.seen.clear(broker.ids);
        }
    }
}

/// Watches a run: nothing is appended twice, delivered before it was appended, or committed before it was delivered.
#[derive(Clone, Debug, Default)]
struct Observer {
    ids: u32,
    appended: Set,
    delivered: Set,
    committed: Set,
    appends: u64,
    appended_twice: u64,
    out_of_turn: u64,
    uncommitted: u32,
}

impl Observer {
    fn reset(&mut self) {
        self.appended.clear(self.ids);
        self.delivered.clear(self.ids);
        self.committed.clear(self.ids);
        self.appends = 0;
        self.appended_twice = 0;
        self.out_of_turn = 0;
        self.uncommitted = self.ids;
    }
}

impl Recorder<W> for Observer {
    fn observe(&mut self, _: u64, _: Time, _: NodeId, observation: &Observation) {
        match *observation {
            Observation::Appended(id) => {
                self.appends += 1;
                self.appended_twice += u64::from(!self.appended.insert(id));
            }
            Observation::Delivered(id) => {
                self.out_of_turn += u64::from(!self.appended.has(id));
                self.delivered.insert(id);
            }
            Observation::Committed(id) => {
                self.out_of_turn += u64::from(!self.delivered.has(id));
                self.uncommitted -= u32::from(self.committed.insert(id));
            }
        }
    }

    fn complete(&self) -> bool {
        self.uncommitted == 0
    }

    fn progress(&self) -> u64 {
        (self.ids - self.uncommitted).into()
    }
}

/// The plan's adversary, with one crash of the broker at a time that depends on the seed.
#[derive(Clone, Debug)]
struct Crashing {
    plan: Seeded<W>,
    at: Option<Time>,
}

impl Crashing {
    const OUTAGE: Outage = Outage {
        kind: OutageKind::Crash,
        down: Span::millis(100),
    };

    /// Uniform in 50 ms .. 500 ms.
    fn draw(seed: u64) -> Time {
        let dice = Seed::new(seed).dice("broker crash");
        Time(Span::millis(50).0 + dice.below(Address(0, 0), 0, Span::millis(450).0))
    }
}

impl Adversary<W> for Crashing {
    fn fate(&mut self, sending: &Sending<'_, W>) -> Fate {
        self.plan.fate(sending)
    }

    fn usual(&mut self, id: PacketId, latency: Span, spread: Span) -> Option<Span> {
        Adversary::<W>::usual(&mut self.plan, id, latency, spread)
    }

    fn strikes(&self) -> bool {
        Adversary::<W>::strikes(&self.plan)
    }

    fn strike(&mut self, step: &Step<'_, W>) -> Option<Strike> {
        self.plan.strike(step)
    }

    fn jitter(&mut self, step: StepId, draw: u32, spread: Span) -> Span {
        Adversary::<W>::jitter(&mut self.plan, step, draw, spread)
    }

    fn survives(&mut self, loss: LossId, unsynced: u64) -> u64 {
        Adversary::<W>::survives(&mut self.plan, loss, unsynced)
    }

    fn next_weather(&self) -> Option<Time> {
        self.at
    }

    fn weather(&mut self) -> Weather {
        self.at = None;
        Weather {
            change: Change::Outage(BROKER, Self::OUTAGE),
            fault: FaultIndex::NONE,
        }
    }

    fn heal(&mut self) -> Option<(Time, Weather)> {
        Adversary::<W>::heal(&mut self.plan)
    }
}

/// Which of W's variants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// How many ids are produced.
    pub(crate) ids: u32,
    /// Whether the broker recognises ids that it has appended before.
    pub(crate) dedup: bool,
    /// Whether the broker crashes once (variant W1).
    pub(crate) crash: bool,
    /// The known bug: the table of ids is lost in the crash.
    pub(crate) forgets: bool,
}

impl Setup {
    /// `ids` ids, recognised, without a crash.
    pub(crate) const fn new(ids: u32) -> Self {
        Self {
            ids,
            dedup: true,
            crash: false,
            forgets: false,
        }
    }
}

/// What a run counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) events: u64,
    pub(crate) sends: u64,
    pub(crate) stale: u64,
    pub(crate) duplicates: u64,
    pub(crate) appended: u64,
    pub(crate) retries: u64,
    pub(crate) repushes: u64,
    pub(crate) ended: Time,
    pub(crate) appended_twice: u64,
    pub(crate) out_of_turn: u64,
    pub(crate) digest: u64,
}

/// A world of W, used again for every seed.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    setup: Setup,
    world: World<W>,
    adversary: Crashing,
    observer: Observer,
}

impl Instance {
    pub(crate) fn new(setup: Setup) -> Self {
        let names = ["producer", "broker", "consumer"].map(String::from);
        let terrain = Terrain {
            transport: Transport::Datagram,
            latency: Latency {
                least: Span::millis(1),
                spread: Span::millis(9),
            },
            service: Span::ZERO,
        };
        let nodes = vec![
            Node::Producer(Producer::default()),
            Node::Broker(Broker::default()),
            Node::Consumer(Consumer::default()),
        ];
        let plan: [Fault<(), ()>; 2] = [
            Fault::Drop(Drop {
                rate: Some(Rate::new(1, 10)),
                ..Drop::default()
            }),
            Fault::Duplicate(Duplicate {
                rate: Some(Rate::new(1, 20)),
                ..Duplicate::default()
            }),
        ];
        let plan = faults::adversary(&plan, &names, 0).expect("W's plan is sound");
        let observer = Observer {
            ids: setup.ids,
            ..Observer::default()
        };
        Self {
            setup,
            world: World::new(terrain, &names, nodes),
            adversary: Crashing { plan, at: None },
            observer,
        }
    }

    /// One run, as if on a new instance.
    pub(crate) fn run(&mut self, seed: u64) -> Tally {
        self.reset(seed);
        self.world.start(&mut self.adversary, &mut self.observer);
        while !self.observer.complete() {
            let more = self
                .world
                .advance(Time::NEVER, &mut self.adversary, &mut self.observer);
            assert!(more, "W repeats itself until everything is committed");
        }
        self.tally()
    }

    fn reset(&mut self, seed: u64) {
        let Setup {
            ids,
            dedup,
            crash,
            forgets,
        } = self.setup;
        self.world.reset();
        self.adversary.plan.reset(seed);
        self.adversary.at = crash.then(|| Crashing::draw(seed));
        self.observer.reset();
        for node in self.world.nodes_mut() {
            match node {
                Node::Producer(producer) => {
                    *producer = Producer {
                        ids,
                        ..Producer::default()
                    }
                }
                Node::Broker(broker) => {
                    broker.dedup = dedup;
                    broker.forgets = forgets;
                    broker.ids = ids;
                    broker.log.clear();
                    broker.pushes.clear();
                    broker.seen.clear(ids);
                    broker.repushes = 0;
                }
                Node::Consumer(consumer) => {
                    consumer.seen.clear(ids);
                    consumer.duplicates = 0;
                }
            }
        }
    }

    fn tally(&self) -> Tally {
        let [
            Node::Producer(producer),
            Node::Broker(broker),
            Node::Consumer(consumer),
        ] = self.world.nodes()
        else {
            unreachable!("W has three nodes");
        };
        let counts = self.world.counts();
        Tally {
            events: counts.events,
            sends: counts.packets,
            stale: self.world.stale(),
            duplicates: consumer.duplicates,
            appended: self.observer.appends,
            retries: producer.retries,
            repushes: broker.repushes,
            ended: self.world.now(),
            appended_twice: self.observer.appended_twice,
            out_of_turn: self.observer.out_of_turn,
            digest: self.world.digest(),
        }
    }
}
