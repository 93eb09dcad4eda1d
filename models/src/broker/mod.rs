//! The broker: keeps partitions of a log, serves readers, and coordinates groups and transactions.

mod dead_letters;
mod fetch;
mod group;
mod partition;
mod produce;
mod transaction;

use alloc::sync::Arc;
use alloc::vec::Vec;

use semel_sim::address::{NodeId, OutageKind};
use semel_sim::context::Peer;
use semel_sim::digest::Digest;
use semel_sim::time::{Span, Time};

use crate::message::log::Message as LogMessage;
use crate::message::{Message, log as words};
use crate::model::Ctx;
use crate::observation::Observation;
use crate::strategy::{Bug, SinkKind, Strategy, Stream, Work};
use crate::timer::Timer;
use crate::vocabulary::{Partition, ProducerId, Topology};
use crate::workload::Workload;

use dead_letters::Letter;
use fetch::Readers;
use group::Coordinator;
use partition::log::Log;
use produce::Writer;
use transaction::coordinator::TransactionCoordinator;
use transaction::pending::PendingOffsets;
use transaction::verification::Verifications;

/// How long a broker waits for the answer of another one (`request.timeout.ms`).
const REQUEST_TIMEOUT: Span = Span::secs(30);

/// A broker.
#[derive(Clone, Debug)]
pub struct Broker {
    me: u16,
    topology: Topology,
    stream: Stream,
    bug: Option<Bug>,
    /// Its partitions, in order: `me`, `me + brokers`, .., and the one of dead letters last, if it has that.
    logs: Vec<Log>,
    /// Offsets and members of the group, if this broker coordinates it.
    group: Coordinator,
    /// Transactions, if it coordinates them, and the offsets that wait for their end.
    ends: TransactionCoordinator,
    pending: PendingOffsets,
    verifications: Verifications,
    /// What records hold, where an effect is a committed output record.
    outputs: Option<Arc<Workload>>,
    /// On disk: the next producer id to hand out.
    next_producer: ProducerId,
    readers: Readers,
    writer: Writer,
    flush_armed: bool,
}

impl Broker {
    /// The `me`th broker of a topology.
    pub fn new(me: u16, strategy: &Strategy, topology: Topology, workload: &Arc<Workload>) -> Self {
        let all = match strategy.work {
            Work::Loop(_) => topology.partitions,
            Work::Transact(_) => 2 * topology.partitions,
        };
        let partitions = (me..all)
            .step_by(usize::from(topology.brokers.max(1)))
            .chain(dead_letters::hosted(me, strategy, topology));
        let outputs = strategy.sink.kind == SinkKind::Output;
        let transactions = strategy.stream.transactions;
        Self {
            me,
            topology,
            stream: strategy.stream,
            bug: strategy.bug,
            logs: partitions
                .map(|partition| Log::new(partition, strategy.stream.recognise, strategy.bug))
                .collect(),
            group: Coordinator::new(
                strategy,
                topology.partitions,
                strategy.stream.copies.flush(),
            ),
            ends: TransactionCoordinator::new(transactions, strategy.bug, topology),
            pending: PendingOffsets::default(),
            verifications: Verifications::default(),
            outputs: outputs.then(|| Arc::clone(workload)),
            next_producer: 1,
            readers: Readers::default(),
            writer: Writer::default(),
            flush_armed: false,
        }
    }

    /// Ready for another run, with the room kept.
    pub fn reset(&mut self, workload: &Arc<Workload>) {
        self.logs.iter_mut().for_each(Log::reset);
        self.group.reset();
        self.ends.reset();
        self.pending.reset();
        self.verifications.reset();
        if let Some(outputs) = &mut self.outputs {
            *outputs = Arc::clone(workload);
        }
        self.next_producer = 1;
        self.readers.clear();
        self.writer.clear();
        self.flush_armed = false;
    }

    pub(crate) fn start(&mut self, ctx: &mut Ctx<'_>) {
        for log in &mut self.logs {
            log.recover(self.bug, ctx);
        }
        self.group.start(ctx);
        self.ends.start(ctx);
    }

    pub(crate) fn receive(&mut self, from: Peer, message: &Message, ctx: &mut Ctx<'_>) {
        match *message {
            Message::Log(LogMessage::InitProducer { request }) => {
                let producer = self.next_producer;
                self.next_producer += 1;
                ctx.send(
                    from,
                    Message::Log(LogMessage::ProducerIs {
                        request,
                        producer,
                        epoch: 0,
                    }),
                );
            }
            Message::Log(LogMessage::Produce(ref produce)) => self.produce(from, produce, ctx),
            Message::Log(LogMessage::Fetch {
                partition,
                offset,
                request,
                most,
                read,
                wait,
            }) => {
                let fetch = fetch::Fetch {
                    client: from,
                    partition,
                    offset,
                    request,
                    most,
                    read,
                    wait,
                };
                self.fetch(fetch, ctx);
            }
            Message::Log(LogMessage::DeadLetter {
                partition,
                record,
                id,
                request,
                attempt,
            }) => {
                let letter = Letter {
                    partition,
                    record,
                    id,
                    request,
                    attempt,
                };
                self.dead_letter(from, letter, ctx);
            }
            Message::Group(message) => {
                if let Some(unstable) = self.is_unstable(&message) {
                    ctx.send(from, Message::Group(unstable));
                    return;
                }
                self.group.receive(from, message, ctx);
                self.recycle(ctx.wall());
            }
            Message::Transaction(message) => self.transaction(from, message, ctx),
            _ => {}
        }
    }

    pub(crate) fn fire(&mut self, timer: Timer, ctx: &mut Ctx<'_>) {
        match timer {
            Timer::FetchWaited {
                request, client, ..
            } => self.readers.give_up(client, request, ctx),
            Timer::Flush => {
                self.flush_armed = false;
                self.logs.iter_mut().for_each(|log| log.sync(ctx));
                self.group.sync();
            }
            Timer::Finish { number } => self.finish(number, ctx),
            Timer::CopyIds => self.copy_ids(),
            Timer::ScanTransactions => self.ends.scan(&mut self.next_producer, ctx),
            Timer::DecisionDue { name } => self.ends.decision_due(name, ctx),
            Timer::MarkerExpired { request } => self.marker_expired(request, ctx),
            Timer::VerifyExpired { .. } => self.verify_expired(ctx),
            _ => self.group.fire(timer, ctx),
        }
    }

    pub(crate) fn disconnected(&mut self, peer: NodeId, ctx: &mut Ctx<'_>) {
        self.readers.forget(peer);
        self.ends.disconnected(peer, ctx);
        if peer == self.topology.coordinator() {
            self.unverified(ctx);
        }
    }

    pub(crate) fn crash(&mut self, kind: OutageKind, survives: &mut dyn FnMut(u64) -> u64) {
        for log in &mut self.logs {
            log.crash(kind, survives);
        }
        self.group.crash(kind, survives);
        self.ends.crash(kind, survives);
        self.pending.crash(kind);
        self.verifications.lose();
        if kind == OutageKind::DiskLoss {
            self.next_producer = 1;
        }
        self.readers.clear();
        self.writer.clear();
        self.flush_armed = false;
    }

    pub(crate) fn unsynced(&self) -> bool {
        self.group.unsynced() || self.logs.iter().any(Log::unsynced)
    }

    /// Where in its list a partition is.
    fn place(&self, partition: Partition) -> usize {
        let place = match self.topology.brokers {
            1 => usize::from(partition),
            brokers => usize::from(partition / brokers),
        };
        place.min(self.logs.len().saturating_sub(1))
    }

    fn log(&mut self, partition: Partition) -> &mut Log {
        let place = self.place(partition);
        &mut self.logs[place]
    }

    fn fetch(&mut self, fetch: fetch::Fetch, ctx: &mut Ctx<'_>) {
        let index = self.place(fetch.partition);
        if !self.readers.answer(&fetch, &self.logs[index], ctx) {
            self.readers.park(fetch, ctx);
        }
    }

    fn serve(&mut self, partition: Partition, ctx: &mut Ctx<'_>) {
        let index = self.place(partition);
        self.readers.serve(&self.logs[index], partition, ctx);
    }

    /// Consumed segments are recycled.
    fn recycle(&mut self, now: Time) {
        if self.topology.brokers == 1 {
            let inputs = self.topology.partitions;
            for log in self.logs.iter_mut().filter(|log| log.partition < inputs) {
                log.recycle(self.group.get(log.partition).unwrap_or(0), now);
            }
        }
    }

    pub(crate) fn last_words(&self, see: &mut dyn FnMut(Observation)) {
        self.logs.iter().for_each(|log| log.last_words(see));
        self.pending.last_words(see);
    }

    pub(crate) fn fingerprint(&self, now: Time, digest: &mut Digest) {
        digest.add(&self.next_producer);
        for log in &self.logs {
            log.fingerprint(now, digest);
        }
        self.writer.fingerprint(now, digest);
        digest.add(&self.group);
        self.ends.fingerprint(now, digest);
        digest.add(&self.pending);
        self.verifications.fingerprint(now, digest);
        self.readers.fingerprint(digest);
    }

    /// Which broker this is.
    pub const fn number(&self) -> u16 {
        self.me
    }
}

/// What a broker says to a reader whose offset is outside the log.
fn outside(partition: Partition, request: u32, begin: u64, end: u64) -> Message {
    Message::Log(words::Message::Records {
        partition,
        request,
        batch: None,
        next: begin,
        range: words::Range::Outside(end),
    })
}
