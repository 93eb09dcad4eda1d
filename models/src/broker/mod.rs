//! The broker: keeps partitions of a log, serves readers, and coordinates groups and transactions.

mod fetch;
mod group;
mod log;
mod members;
mod producers;

use alloc::vec::Vec;

use semel_sim::address::{NodeId, OutageKind};
use semel_sim::context::Peer;
use semel_sim::digest::Digest;
use semel_sim::time::Time;

use crate::message::log::{Answer, Message as LogMessage, Produce};
use crate::message::{Message, log as words};
use crate::model::Ctx;
use crate::observation::Observation;
use crate::strategy::{Bug, Flush, Recognise, Strategy, Stream};
use crate::timer::Timer;
use crate::vocabulary::{Item, Partition, ProducerId, Topology};

use fetch::Readers;
use group::Coordinator;
use log::{Entry, Log};
use producers::Verdict;

/// A broker.
#[derive(Clone, Debug)]
pub struct Broker {
    me: u16,
    topology: Topology,
    stream: Stream,
    bug: Option<Bug>,
    /// Its partitions, in order: `me`, `me + brokers`, ..
    logs: Vec<Log>,
    /// Offsets and members of the group, if this broker coordinates it.
    group: Coordinator,
    /// On disk: the next producer id to hand out.
    next_producer: ProducerId,
    readers: Readers,
    flush_armed: bool,
}

impl Broker {
    /// The `me`th broker of a topology.
    pub fn new(me: u16, strategy: &Strategy, topology: Topology) -> Self {
        let partitions = (me..topology.partitions).step_by(usize::from(topology.brokers.max(1)));
        Self {
            me,
            topology,
            stream: strategy.stream,
            bug: strategy.bug,
            logs: partitions.map(Log::new).collect(),
            group: Coordinator::new(
                strategy,
                topology.partitions,
                strategy.stream.copies.flush(),
            ),
            next_producer: 1,
            readers: Readers::default(),
            flush_armed: false,
        }
    }

    /// Ready for another run, with the room kept.
    pub fn reset(&mut self) {
        self.logs.iter_mut().for_each(Log::reset);
        self.group.reset();
        self.next_producer = 1;
        self.readers.clear();
        self.flush_armed = false;
    }

    pub(crate) fn start(&mut self, ctx: &mut Ctx<'_>) {
        for log in &mut self.logs {
            log.recover(self.stream.recognise, self.bug, ctx);
        }
        self.group.start(ctx);
    }

    pub(crate) fn receive(&mut self, from: Peer, message: Message, ctx: &mut Ctx<'_>) {
        match message {
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
            Message::Log(LogMessage::Produce(produce)) => self.produce(from, &produce, ctx),
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
            Message::Group(message) => {
                self.group.receive(from, message, ctx);
                self.recycle();
            }
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
            _ => self.group.fire(timer, ctx),
        }
    }

    pub(crate) fn disconnected(&mut self, peer: NodeId) {
        self.readers.forget(peer);
    }

    pub(crate) fn crash(&mut self, kind: OutageKind, survives: &mut dyn FnMut(u64) -> u64) {
        for log in &mut self.logs {
            log.crash(kind, survives);
        }
        self.group.crash(kind, survives);
        if kind == OutageKind::DiskLoss {
            self.next_producer = 1;
        }
        self.readers.clear();
        self.flush_armed = false;
    }

    pub(crate) fn unsynced(&self) -> bool {
        self.group.unsynced() || self.logs.iter().any(Log::unsynced)
    }

    fn log(&mut self, partition: Partition) -> &mut Log {
        &mut self.logs[usize::from(partition / self.topology.brokers)]
    }

    /// Records arrive: recognise repeats, append, make durable, answer, serve those who wait.
    fn produce(&mut self, from: Peer, produce: &Produce, ctx: &mut Ctx<'_>) {
        let first = ctx
            .items(produce.batch)
            .first()
            .map_or(0, |item| item.record);
        let verdict = self.recognise(produce, ctx);
        let (answer, offset) = match verdict {
            Verdict::New(missed) => {
                let offset = self.append(produce, missed, ctx);
                (Answer::Stored, Some(offset))
            }
            Verdict::Duplicate(offset) => {
                for index in 0..produce.batch.len() {
                    let record = ctx.items(produce.batch)[index].record;
                    let (place, hit) = (
                        crate::observation::Place::Stream,
                        crate::observation::Hit::Stored,
                    );
                    ctx.observe(Observation::Recognised { record, place, hit });
                }
                (Answer::Duplicate, Some(offset))
            }
            Verdict::OutOfOrder => (Answer::OutOfOrder, None),
            Verdict::StaleEpoch => (Answer::StaleEpoch, None),
        };
        if produce.answer {
            let several = produce.batch.len() > 1;
            let ack = LogMessage::Ack {
                partition: produce.partition,
                request: produce.request,
                record: first,
                attempt: produce.attempt,
                answer,
                offset,
                batch: several.then_some(produce.batch),
            };
            ctx.send(from, Message::Log(ack));
        }
        if answer == Answer::Stored {
            self.serve(produce.partition, ctx);
        }
    }

    fn recognise(&mut self, produce: &Produce, ctx: &mut Ctx<'_>) -> Verdict {
        let (recognise, bug) = (self.stream.recognise, self.bug);
        let now = ctx.wall();
        match (recognise, produce.sequence) {
            (Recognise::Sequence { expire, .. }, Some(sequence)) => {
                let last = sequence + produce.batch.len() as u32 - 1;
                let log = self.log(produce.partition);
                log.producers.expire(now.0, expire);
                log.producers
                    .judge(produce.producer, produce.epoch, sequence, last, bug)
            }
            _ => Verdict::New(crate::observation::Miss::Unasked),
        }
    }

    /// Appends a batch and makes it as durable as the policy says. Returns the first offset.
    fn append(
        &mut self,
        produce: &Produce,
        missed: crate::observation::Miss,
        ctx: &mut Ctx<'_>,
    ) -> u64 {
        let recognise = self.stream.recognise;
        let flush = self.stream.copies.flush();
        let log = self.log(produce.partition);
        let first = log.end();
        let count = produce.batch.len();
        for index in 0..count {
            let Item { record, id, .. } = ctx.items(produce.batch)[index];
            let offset = log.append(Entry {
                record,
                id,
                producer: produce.producer,
                epoch: produce.epoch,
                first: produce.sequence.unwrap_or(0),
                last: produce.sequence.unwrap_or(0) + count as u32 - 1,
                begin: first,
                stamp: produce.stamp,
            });
            ctx.observe(Observation::Stored {
                record,
                partition: produce.partition,
                offset,
                attempt: produce.attempt,
                session: produce.session,
                missed,
                enlisted: false,
            });
        }
        if let Recognise::Sequence { batches, .. } = recognise {
            log.remember(first, batches);
        }
        match flush {
            Flush::Always => log.sync(ctx),
            Flush::Entries(most) if log.waiting() >= u64::from(most) => log.sync(ctx),
            Flush::Every(span) if !self.flush_armed => {
                self.flush_armed = true;
                ctx.set_timer(span, Timer::Flush);
            }
            Flush::Entries(_) | Flush::Every(_) | Flush::Never => {}
        }
        first
    }

    fn fetch(&mut self, fetch: fetch::Fetch, ctx: &mut Ctx<'_>) {
        let index = usize::from(fetch.partition / self.topology.brokers);
        if !self.readers.answer(&fetch, &self.logs[index], ctx) {
            self.readers.park(fetch, ctx);
        }
    }

    fn serve(&mut self, partition: Partition, ctx: &mut Ctx<'_>) {
        let index = usize::from(partition / self.topology.brokers);
        self.readers.serve(&self.logs[index], partition, ctx);
    }

    /// Consumed segments are recycled.
    fn recycle(&mut self) {
        if self.topology.brokers == 1 {
            for log in &mut self.logs {
                log.recycle(
                    self.group.get(log.partition).unwrap_or(0),
                    self.stream.recognise,
                );
            }
        }
    }

    pub(crate) fn last_words(&self, see: &mut dyn FnMut(Observation)) {
        self.logs.iter().for_each(|log| log.last_words(see));
    }

    pub(crate) fn fingerprint(&self, _: Time, digest: &mut Digest) {
        digest.add(&self.next_producer);
        self.logs.iter().for_each(|log| log.fingerprint(digest));
        digest.add(&self.group);
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
