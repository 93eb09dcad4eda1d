//! The producer: a client that gets records from its source into the stream (`semantics.md` §1.2, §1.3).
//!
//! Records are intended, wait in a batch per partition, and are sent as the window allows. A request without a good
//! answer goes back to the front of its partition's queue and pauses there: a head that pauses holds back what is
//! behind it, as Kafka's accumulator does. Without sequence numbers two requests that fail together come back in the
//! order of their failures, which is how retries reorder (F002).

mod breaker;
mod queue;
mod sequence;

use alloc::sync::Arc;
use alloc::vec::Vec;

use semel_sim::address::{NodeId, OutageKind};
use semel_sim::context::Peer;
use semel_sim::digest::Digest;
use semel_sim::net::Transport;
use semel_sim::time::{Span, Time};

use crate::message::{Message, log};
use crate::model::Ctx;
use crate::observation::{Observation, Outcome};
use crate::strategy::{Backoff, Bug, Name, Publish, Retry, Source, Strategy, Wait};
use crate::timer::Timer;
use crate::vocabulary::{Item, RecordId, Topology};
use crate::workload::Workload;

use breaker::Breaking;
use queue::{Queues, Request};
use sequence::Sequences;

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
    disk: Disk,
    memory: Memory,
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
    /// The next record to take from the source.
    next: RecordId,
    /// The next record's number among all requests of this session.
    requests: u32,
    queues: Queues,
    sequences: Sequences,
    breaking: Breaking,
    /// The source waits for room in the buffer.
    blocked: bool,
    /// A pause between intents is running.
    pacing: bool,
    /// Records whose outcome is known, not saved yet, beyond the saved position (replayed sources).
    settled: Vec<RecordId>,
    deadline_armed: bool,
    save_armed: bool,
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
        let mut producer = Self {
            me,
            topology,
            transport,
            workload: Arc::clone(workload),
            publish: strategy.publish,
            source: strategy.source,
            bug: strategy.bug,
            disk: Disk::default(),
            memory: Memory::default(),
            orphans: Vec::new(),
        };
        producer.rewind();
        producer
    }

    /// Ready for another run, with the room kept.
    pub fn reset(&mut self, workload: &Arc<Workload>) {
        self.workload = Arc::clone(workload);
        self.orphans.clear();
        self.rewind();
    }

    fn rewind(&mut self) {
        let first = self.own(0);
        self.disk = Disk {
            intended: first,
            position: first,
        };
        self.forget();
        self.memory.next = first;
    }

    fn forget(&mut self) {
        let memory = &mut self.memory;
        memory.requests = 0;
        memory.queues.reset(self.topology.partitions);
        memory.sequences.reset(self.topology.partitions);
        memory.breaking = Breaking::default();
        memory.blocked = false;
        memory.pacing = false;
        memory.settled.clear();
        memory.deadline_armed = false;
        memory.save_armed = false;
    }

    /// The first record from `id` on that is this producer's.
    fn own(&self, id: RecordId) -> RecordId {
        (id..self.workload.records)
            .find(|id| self.workload.producer(*id, self.topology) == self.me)
            .unwrap_or(self.workload.records)
    }

    pub(crate) fn start(&mut self, ctx: &mut Ctx<'_>) {
        for record in core::mem::take(&mut self.orphans) {
            ctx.observe(Observation::Acked {
                record,
                outcome: Outcome::Unknown,
                duplicate: false,
            });
        }
        if self.publish.name == Name::Sequence {
            self.register(ctx);
        }
        self.take(ctx);
        self.pump(ctx);
    }

    pub(crate) fn receive(&mut self, _: Peer, message: log::Message, ctx: &mut Ctx<'_>) {
        match message {
            log::Message::ProducerIs {
                request,
                producer,
                epoch,
            } => {
                self.memory.sequences.registered(request, producer, epoch);
                self.pump(ctx);
            }
            log::Message::Ack {
                request, answer, ..
            } => self.answered(request, answer, ctx),
            _ => {}
        }
    }

    pub(crate) fn fire(&mut self, timer: Timer, ctx: &mut Ctx<'_>) {
        match timer {
            Timer::Intend => {
                self.memory.pacing = false;
                self.intend(ctx);
                self.take(ctx);
            }
            Timer::Linger => {}
            Timer::ProduceExpired { request, attempt } => self.expired(request, attempt, ctx),
            Timer::Retry { request } => self.memory.queues.resume(request),
            Timer::Deadline => self.enforce_deadline(ctx),
            Timer::InitExpired { request } if self.memory.sequences.waits_for(request) => {
                ctx.give_up(self.topology.coordinator());
                self.register(ctx);
            }
            Timer::SaveSource => {
                self.memory.save_armed = false;
                self.save_position();
            }
            Timer::Probe => self.memory.breaking.probe(),
            _ => {}
        }
        self.pump(ctx);
    }

    pub(crate) fn disconnected(&mut self, peer: NodeId, ctx: &mut Ctx<'_>) {
        if peer == self.topology.coordinator() && self.memory.sequences.registering() {
            self.register(ctx);
        }
        self.fail_all(peer, ctx);
        self.pump(ctx);
    }

    pub(crate) fn crash(&mut self, kind: OutageKind) {
        self.orphans.clear();
        if kind == OutageKind::DiskLoss || self.source == Source::Live {
            self.orphans.extend(self.memory.queues.records());
            self.disk.position = self.disk.intended;
        }
        self.forget();
        self.memory.next = if self.source == Source::Live {
            self.disk.intended
        } else {
            self.disk.position
        };
    }

    fn register(&mut self, ctx: &mut Ctx<'_>) {
        let request = self.next_request();
        self.memory.sequences.register(request);
        ctx.send(
            self.topology.coordinator(),
            Message::Log(log::Message::InitProducer { request }),
        );
        let wait = match self.publish.retry {
            Retry::Never { timeout } => timeout,
            Retry::Backoff(backoff) => backoff.timeout,
        };
        ctx.set_timer(wait, Timer::InitExpired { request });
    }

    fn next_request(&mut self) -> u32 {
        self.memory.requests += 1;
        self.memory.requests
    }

    /// Takes records from the source as pace and buffer allow.
    fn take(&mut self, ctx: &mut Ctx<'_>) {
        while !self.memory.pacing && self.memory.next < self.workload.records {
            if self.memory.queues.held() >= self.publish.buffer {
                self.memory.blocked = true;
                return;
            }
            let record = self.workload.record(self.memory.next);
            let again = self.memory.next < self.disk.intended;
            if again || record.pace.is_zero() {
                self.intend(ctx);
            } else {
                self.memory.pacing = true;
                ctx.set_timer(record.pace, Timer::Intend);
            }
        }
    }

    /// The next record enters the client.
    fn intend(&mut self, ctx: &mut Ctx<'_>) {
        let record = self.memory.next;
        if record >= self.workload.records {
            return;
        }
        self.memory.next = self.own(record + 1);
        if record >= self.disk.intended {
            self.disk.intended = self.memory.next;
            let session = ctx.incarnation();
            ctx.observe(Observation::Intent {
                record,
                producer: self.me,
                session,
            });
        }
        if self.memory.breaking.loses(self.publish.retry) {
            self.settle(record, Outcome::Ok, false, ctx);
            return;
        }
        if self.memory.breaking.refuses(self.publish.retry) {
            self.settle(record, Outcome::Failed, false, ctx);
            return;
        }
        let partition = self.workload.partition(record, self.topology);
        let batch = self.publish.batch;
        if self.memory.queues.join(partition, record, batch.records) {
            return;
        }
        let request = self.next_request();
        let ready_at = ctx.elapsed() + batch.linger;
        self.memory.queues.push(Request::new(
            request,
            partition,
            record,
            ctx.elapsed(),
            ready_at,
        ));
        if !batch.linger.is_zero() {
            ctx.set_timer(batch.linger, Timer::Linger);
        }
        self.arm_deadline(ctx);
    }

    /// Sends what the window allows.
    fn pump(&mut self, ctx: &mut Ctx<'_>) {
        if self.publish.name == Name::Sequence {
            self.memory.sequences.resolve(&mut self.memory.queues);
            if !self.memory.sequences.ready() {
                return;
            }
        }
        let now = ctx.elapsed();
        while self
            .memory
            .breaking
            .lets_through(self.memory.queues.in_flight())
        {
            let window = usize::from(self.publish.window);
            let brokers = self.topology.brokers;
            let full = self.publish.batch.records;
            let sequences = &self.memory.sequences;
            let may_send = |request: &Request| {
                self.publish.name != Name::Sequence || sequences.may_send(request)
            };
            let Some(request) = self
                .memory
                .queues
                .take_ready(now, window, brokers, full, may_send)
            else {
                return;
            };
            self.send(request, ctx);
        }
    }

    fn send(&mut self, mut request: Request, ctx: &mut Ctx<'_>) {
        request.attempt += 1;
        let partition = request.partition;
        let named = if self.publish.name == Name::Sequence {
            Some(self.memory.sequences.name(&mut request))
        } else {
            None
        };
        let (producer, epoch) = named.unwrap_or((u32::from(self.me), 0));
        let batch = self.batch(&request, ctx);
        let wait = self.publish.wait != Wait::Nothing;
        let produce = log::Produce {
            partition,
            request: request.number,
            attempt: request.attempt,
            client: self.me,
            session: ctx.incarnation(),
            output: None,
            producer,
            epoch,
            sequence: named.map(|_| request.sequence.unwrap_or(0)),
            transaction: 0,
            answer: wait,
            stamp: ctx.wall().0,
            batch,
        };
        ctx.send(
            self.topology.leader(partition),
            Message::Log(log::Message::Produce(produce)),
        );
        if wait {
            let expired = Timer::ProduceExpired {
                request: request.number,
                attempt: request.attempt,
            };
            request.timer = Some(ctx.set_timer(self.timeout(), expired));
            self.memory.queues.sent(request);
        } else {
            self.memory.queues.release(&request);
            request.records(|record| self.note_settled(record));
            self.after_settling(ctx);
        }
    }

    fn batch(&self, request: &Request, ctx: &mut Ctx<'_>) -> semel_sim::store::Batch {
        let item = |record| Item {
            record,
            id: self.id_of(record, request.attempt),
            offset: 0,
        };
        if request.more.is_empty() {
            return ctx.batch(&[item(request.first)]);
        }
        let mut items = Vec::with_capacity(request.len());
        request.records(|record| items.push(item(record)));
        ctx.batch(&items)
    }

    /// The id that a deduplicating store goes by.
    fn id_of(&self, record: RecordId, attempt: u32) -> u64 {
        let intent = u64::from(record) + 1;
        match self.publish.name {
            Name::Content => self.workload.record(record).content(),
            Name::Attempt => intent | u64::from(attempt) << 40,
            Name::Intent if self.bug == Some(Bug::RetryWithNewId) => {
                intent | u64::from(attempt) << 40
            }
            Name::None | Name::Sequence | Name::Intent => intent,
        }
    }

    const fn timeout(&self) -> Span {
        match self.publish.retry {
            Retry::Never { timeout } => timeout,
            Retry::Backoff(backoff) => backoff.timeout,
        }
    }

    fn answered(&mut self, number: u32, answer: log::Answer, ctx: &mut Ctx<'_>) {
        let Some(request) = self.memory.queues.take(number) else {
            return;
        };
        if let Some(timer) = request.timer {
            ctx.cancel(timer);
        }
        let (partition, epoch, sequence) = (request.partition, request.epoch, request.sequence);
        match answer {
            log::Answer::Stored | log::Answer::Duplicate => {
                self.memory.breaking.succeeded();
                self.memory.sequences.acked(&request);
                let duplicate = answer == log::Answer::Duplicate;
                self.memory.queues.release(&request);
                request.records(|record| self.acked(record, duplicate, ctx));
                self.after_settling(ctx);
            }
            log::Answer::OutOfOrder | log::Answer::StaleEpoch => {
                self.again(request, ctx);
                self.memory
                    .sequences
                    .rejected(partition, epoch, sequence, &mut self.memory.queues);
            }
            log::Answer::InFlight | log::Answer::InvalidTransaction | log::Answer::NotYet => {
                self.again(request, ctx);
            }
        }
        self.pump(ctx);
    }

    fn acked(&mut self, record: RecordId, duplicate: bool, ctx: &mut Ctx<'_>) {
        ctx.observe(Observation::Acked {
            record,
            outcome: Outcome::Ok,
            duplicate,
        });
        self.note_settled(record);
    }

    fn settle(&mut self, record: RecordId, outcome: Outcome, duplicate: bool, ctx: &mut Ctx<'_>) {
        ctx.observe(Observation::Acked {
            record,
            outcome,
            duplicate,
        });
        self.note_settled(record);
        self.after_settling(ctx);
    }

    /// Remembers for a replayed source that it is done with a record.
    fn note_settled(&mut self, record: RecordId) {
        if self.source != Source::Live {
            self.memory.settled.push(record);
        }
    }

    fn after_settling(&mut self, ctx: &mut Ctx<'_>) {
        match self.source {
            Source::Live => {}
            Source::Replayed(intake) | Source::Outbox(intake) if intake.save_every.is_zero() => {
                self.save_position()
            }
            Source::Replayed(intake) | Source::Outbox(intake) => {
                if !self.memory.save_armed {
                    self.memory.save_armed = true;
                    ctx.set_timer(intake.save_every, Timer::SaveSource);
                }
            }
        }
        if core::mem::take(&mut self.memory.blocked) {
            self.take(ctx);
        }
    }

    /// The saved position moves over every record that is done with, up to the first that is not.
    fn save_position(&mut self) {
        self.memory.settled.sort_unstable();
        let mut done = 0;
        for record in &self.memory.settled {
            if *record > self.disk.position {
                break;
            }
            if *record == self.disk.position {
                self.disk.position = self.own_after(*record);
            }
            done += 1;
        }
        self.memory.settled.drain(..done);
    }

    fn own_after(&self, record: RecordId) -> RecordId {
        self.own(record + 1)
    }

    fn expired(&mut self, number: u32, attempt: u32, ctx: &mut Ctx<'_>) {
        let Some(request) = self.memory.queues.expired(number, attempt) else {
            return;
        };
        if self.transport == Transport::Connection {
            let broker = self.topology.leader(request.partition);
            ctx.give_up(broker);
            self.memory.queues.sent(request);
            self.fail_all(broker, ctx);
        } else {
            self.failed(request, ctx);
        }
    }

    /// Everything in flight to a broker has an unknown outcome now.
    fn fail_all(&mut self, broker: NodeId, ctx: &mut Ctx<'_>) {
        let topology = self.topology;
        for request in self
            .memory
            .queues
            .take_in_flight(|partition| topology.leader(partition) == broker)
        {
            self.failed(request, ctx);
        }
    }

    fn failed(&mut self, request: Request, ctx: &mut Ctx<'_>) {
        if let Some(timer) = request.timer {
            ctx.cancel(timer);
        }
        if let Some(open_for) = self.memory.breaking.failed(self.publish.retry) {
            ctx.set_timer(open_for, Timer::Probe);
        }
        self.again(request, ctx);
    }

    /// A request without a good answer is tried again later, or given up.
    fn again(&mut self, mut request: Request, ctx: &mut Ctx<'_>) {
        request.timer = None;
        let Retry::Backoff(backoff) = self.publish.retry else {
            self.give_up(&request, ctx);
            return;
        };
        let spent = backoff.attempts.is_some_and(|most| request.attempt >= most);
        if spent || ctx.elapsed() - request.created >= backoff.deadline {
            self.give_up(&request, ctx);
            return;
        }
        let pause = pause(&backoff, request.attempt);
        let spread = Span(pause.0 / 100 * u64::from(backoff.jitter));
        request.pausing = true;
        ctx.set_timer_within(
            pause,
            spread,
            Timer::Retry {
                request: request.number,
            },
        );
        let ordered = self.publish.name == Name::Sequence;
        self.memory.queues.put_back(request, ordered);
        self.arm_deadline(ctx);
    }

    fn give_up(&mut self, request: &Request, ctx: &mut Ctx<'_>) {
        self.memory.queues.release(request);
        let outcome = if request.attempt > 0 {
            Outcome::Unknown
        } else {
            Outcome::Failed
        };
        if self.publish.name == Name::Sequence && request.attempt > 0 {
            self.memory.sequences.unresolved(request);
        }
        request.records(|record| {
            ctx.observe(Observation::Acked {
                record,
                outcome,
                duplicate: false,
            });
            self.note_settled(record);
        });
        self.after_settling(ctx);
    }

    fn arm_deadline(&mut self, ctx: &mut Ctx<'_>) {
        if let Retry::Backoff(backoff) = self.publish.retry
            && !self.memory.deadline_armed
        {
            self.memory.deadline_armed = true;
            ctx.set_timer(backoff.deadline, Timer::Deadline);
        }
    }

    /// Gives up what has waited too long in all; what is in flight is given up when its answer fails to come.
    fn enforce_deadline(&mut self, ctx: &mut Ctx<'_>) {
        self.memory.deadline_armed = false;
        let Retry::Backoff(backoff) = self.publish.retry else {
            return;
        };
        let now = ctx.elapsed();
        while let Some(request) = self.memory.queues.take_older(now, backoff.deadline) {
            self.give_up(&request, ctx);
        }
        if self.memory.queues.held() > 0 {
            self.memory.deadline_armed = true;
            let oldest = self.memory.queues.oldest().unwrap_or(now);
            let left = (oldest + backoff.deadline - now).max(Span::millis(1));
            ctx.set_timer(left, Timer::Deadline);
        }
    }

    pub(crate) fn fingerprint(&self, _: Time, digest: &mut Digest) {
        digest.add(&self.disk);
        let Memory {
            next,
            queues,
            sequences,
            breaking,
            blocked,
            pacing,
            settled,
            deadline_armed,
            save_armed,
            ..
        } = &self.memory;
        digest.add(&(
            next,
            queues,
            sequences,
            breaking,
            blocked,
            pacing,
            settled,
            deadline_armed,
            save_armed,
        ));
        digest.add(&self.orphans);
    }
}

/// How long to pause before the attempt after number `attempt`: doubled each time, up to the most.
fn pause(backoff: &Backoff, attempt: u32) -> Span {
    let doublings = attempt.saturating_sub(1).min(32);
    backoff
        .delay_min
        .times(1 << doublings)
        .min(backoff.delay_max)
}
