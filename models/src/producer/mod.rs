//! The producer: a client that gets records from its source into the stream (`semantics.md` §1.2, §1.3).
//!
//! Records are intended, wait in a batch per partition, and are sent as the window allows. A request without a good
//! answer goes back to the front of its partition's queue and pauses there: a head that pauses holds back what is
//! behind it, as Kafka's accumulator does. Without ordered names two requests that fail together come back in the
//! order of their failures, which is how retries reorder (F002).

mod breaker;
mod outcome;
mod queue;
mod send;
mod sequence;
mod source;
mod transact;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use semel_sim::address::{NodeId, OutageKind};
use semel_sim::context::TimerId;
use semel_sim::digest::Digest;
use semel_sim::net::Transport;
use semel_sim::time::Time;

use crate::message::{Message, log};
use crate::model::Ctx;
use crate::observation::{Observation, Outcome};
use crate::requests::Numbers;
use crate::strategy::{Bug, Name, Publish, Recognise, Source, Strategy, Unit};
use crate::timer::Timer;
use crate::vocabulary::{RecordId, Topology};
use crate::workload::Workload;

use breaker::Breaking;
use queue::{Queues, Room};
use sequence::Sequences;
use source::Taking;
use transact::Session;

/// A producer client.
#[derive(Clone, Debug)]
pub struct Producer {
    me: u16,
    topology: Topology,
    transport: Transport,
    workload: Arc<Workload>,
    publish: Publish,
    source: Source,
    bug: Option<Bug>,
    room: Room,
    disk: Disk,
    memory: Memory,
    /// If it publishes in transactions: all of it in memory.
    session: Option<Box<Session>>,
    /// Records in the client when it crashed: what an observer knows of, and nobody else.
    orphans: Vec<RecordId>,
}

/// What outlives a crash: the source's side.
#[derive(Clone, Debug, Default, Hash)]
struct Disk {
    /// The first record of this producer that has not been intended yet.
    intended: RecordId,
    /// The first record whose outcome is not saved (replayed sources and outboxes).
    position: RecordId,
}

/// What a crash takes.
#[derive(Clone, Debug, Default)]
struct Memory {
    /// When it booted, by its wall clock.
    booted: Time,
    /// The numbers of its requests: what a simulator keeps, so that no two lives share one.
    numbers: Numbers,
    taking: Taking,
    queues: Queues,
    sequences: Sequences,
    breaking: Breaking,
    probe: Option<TimerId>,
    deadline_armed: bool,
    /// Records that nobody waits for, handed to the network in this step: a crash may keep them from leaving.
    leaving: Vec<RecordId>,
}

impl Producer {
    /// The `me`th producer of a topology.
    pub fn new(
        me: u16,
        strategy: &Strategy,
        topology: Topology,
        transport: Transport,
        workload: &Arc<Workload>,
    ) -> Self {
        let Strategy {
            publish,
            source,
            stream,
            bug,
            ..
        } = strategy;
        let rising = matches!(stream.recognise, Recognise::Highest(_));
        let rows = matches!(source, Source::Outbox(_));
        let mut producer = Self {
            me,
            topology,
            transport,
            workload: Arc::clone(workload),
            publish: *publish,
            source: *source,
            bug: *bug,
            room: Room {
                window: usize::from(publish.window),
                brokers: topology.brokers,
                // Some names only serve so, and a relay keeps to its rows.
                ordered: rising || rows || publish.name == Name::Sequence,
                transport,
            },
            disk: Disk::default(),
            memory: Memory::default(),
            session: None,
            orphans: Vec::new(),
        };
        if let Unit::Transaction(unit) = publish.unit {
            let wait = producer.timeout();
            let session = Session::new(me, unit, wait, stream.transactions, topology);
            producer.session = Some(Box::new(session));
        }
        producer.rewind();
        producer
    }

    /// Ready for another run, with the room kept.
    pub fn reset(&mut self, workload: &Arc<Workload>) {
        self.workload = Arc::clone(workload);
        self.orphans.clear();
        if let Some(session) = &mut self.session {
            session.reset();
        }
        self.rewind();
    }

    fn rewind(&mut self) {
        let first = self.own(0);
        self.disk = Disk {
            intended: first,
            position: first,
        };
        self.forget(first);
        self.memory.numbers = Numbers::default();
    }

    /// Loses what is in memory; the source will be read from `next` on.
    fn forget(&mut self, next: RecordId) {
        let memory = &mut self.memory;
        memory.numbers.skip();
        memory.taking.reset(next);
        memory.queues.reset(self.topology.partitions);
        memory.sequences.reset(self.topology.partitions);
        memory.breaking = Breaking::default();
        memory.probe = None;
        memory.deadline_armed = false;
        memory.leaving.clear();
        if let Some(session) = &mut self.session {
            session.forget();
        }
    }

    pub(crate) fn start(&mut self, ctx: &mut Ctx<'_>) {
        self.memory.booted = ctx.wall();
        for record in core::mem::take(&mut self.orphans) {
            ctx.observe(Observation::Acked {
                record,
                outcome: Outcome::Unknown,
                duplicate: false,
            });
        }
        if let Some(session) = &mut self.session {
            session.register(ctx);
        }
        self.take(ctx);
        self.pump(ctx);
    }

    #[inline(never)]
    pub(crate) fn receive(&mut self, message: &Message, ctx: &mut Ctx<'_>) {
        match *message {
            Message::Log(log::Message::ProducerIs {
                request,
                producer,
                epoch,
            }) => {
                let queues = &mut self.memory.queues;
                self.memory
                    .sequences
                    .registered(request, producer, epoch, queues);
                self.pump(ctx);
            }
            Message::Log(log::Message::Ack {
                request,
                attempt,
                answer,
                ..
            }) => self.answered((request, attempt), answer, ctx),
            Message::Transaction(word) => {
                self.transaction_answered(word, ctx);
                self.pump(ctx);
            }
            _ => {}
        }
    }

    pub(crate) fn fire(&mut self, timer: Timer, ctx: &mut Ctx<'_>) {
        self.memory.leaving.clear();
        match timer {
            Timer::Intend => self.intend_due(ctx),
            Timer::ProduceExpired { request, attempt } => self.expired(request, attempt, ctx),
            Timer::Retry { request } if self.memory.sequences.waits_for(request) => {
                self.register(ctx);
            }
            Timer::Retry { request } => self.memory.queues.resume(request),
            Timer::Deadline => self.enforce_deadline(ctx),
            Timer::InitExpired { request } if self.memory.sequences.waits_for(request) => {
                self.abandon(self.topology.coordinator(), ctx);
                self.register(ctx);
            }
            Timer::SaveSource => self.save_due(),
            Timer::Probe => self.memory.breaking.probe(),
            timer => self.session_due(timer, ctx),
        }
        self.pump(ctx);
    }

    /// Something of its transactions is due, if it has any.
    fn session_due(&mut self, timer: Timer, ctx: &mut Ctx<'_>) {
        let Some(session) = &mut self.session else {
            return;
        };
        match timer {
            Timer::CommitDue => session.commit_due(),
            Timer::Reconnect { request } => session.ask_again(request, ctx),
            Timer::RequestExpired { .. } => self.abandon(self.topology.coordinator(), ctx),
            _ => {}
        }
    }

    pub(crate) fn disconnected(&mut self, peer: NodeId, ctx: &mut Ctx<'_>) {
        self.memory.leaving.clear();
        if peer == self.topology.coordinator()
            && let Some(request) = self.memory.sequences.registering()
        {
            self.pause(request, 1, ctx);
        }
        self.fail_all(peer, ctx);
        self.pump(ctx);
    }

    /// A live application loses what its client held. A source that is read again loses only with its disk.
    pub(crate) fn crash(&mut self, kind: OutageKind) {
        self.orphans.clear();
        if kind == OutageKind::DiskLoss && self.source != Source::Live {
            self.orphans.extend(self.unsettled());
            self.disk.position = self.disk.intended;
        } else if self.source == Source::Live {
            match &self.session {
                Some(session) => self.orphans.extend(session.unsettled()),
                None => self.orphans.extend(self.memory.queues.records()),
            }
            self.orphans.append(&mut self.memory.leaving);
            self.disk.position = self.disk.intended;
        }
        self.forget(self.disk.position);
    }

    /// Asks for a producer id.
    fn register(&mut self, ctx: &mut Ctx<'_>) {
        let request = self.memory.numbers.next();
        self.memory.sequences.register(request);
        ctx.send(
            self.topology.coordinator(),
            Message::Log(log::Message::InitProducer { request }),
        );
        ctx.set_timer(self.timeout(), Timer::InitExpired { request });
    }

    pub(crate) fn fingerprint(&self, now: Time, digest: &mut Digest) {
        digest.add(&self.disk);
        let Memory {
            booted,
            taking,
            queues,
            sequences,
            breaking,
            deadline_armed,
            leaving,
            ..
        } = &self.memory;
        queues.fingerprint(*booted, now, digest);
        digest.add(&(taking, sequences, breaking, deadline_armed, leaving));
        if let Some(session) = &self.session {
            digest.add(session);
        }
        digest.add(&self.orphans);
    }
}
