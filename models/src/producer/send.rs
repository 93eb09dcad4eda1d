//! Sending: which request may leave now, and under which name.

use alloc::vec::Vec;

use semel_sim::store::Batch;

use super::queue::Request;
use super::{Memory, Producer};
use crate::message::{Message, log};
use crate::model::Ctx;
use crate::strategy::{Bug, Name, Wait};
use crate::timer::Timer;
use crate::vocabulary::{Item, RecordId};
use crate::workload::Workload;

impl Producer {
    /// Sends what the window allows. Most often nothing waits.
    #[inline]
    pub(super) fn pump(&mut self, ctx: &mut Ctx<'_>) {
        if self.publish.name == Name::Sequence || self.memory.queues.wait() {
            self.send_all(ctx);
        }
    }

    #[inline(never)]
    fn send_all(&mut self, ctx: &mut Ctx<'_>) {
        if self.publish.name == Name::Sequence && !self.may_name(ctx) {
            return;
        }
        while self
            .memory
            .breaking
            .lets_through(self.memory.queues.in_flight())
            && self.launch(ctx)
        {
            self.send(ctx);
        }
    }

    /// Puts the next request that may be sent now in flight. False if there is none.
    #[inline]
    fn launch(&mut self, ctx: &Ctx<'_>) -> bool {
        let next = self.memory.queues.next(|head| self.may_send(head, ctx));
        if let Some(index) = next {
            self.memory.queues.launch(index);
        }
        next.is_some()
    }

    /// Whether the head of a queue may be sent now: it is full or has lingered, and what is in flight lets it go.
    #[inline(never)]
    fn may_send(&self, head: &Request, ctx: &Ctx<'_>) -> bool {
        let Memory {
            queues,
            sequences,
            taking,
            ..
        } = &self.memory;
        if !queues.lets(head, &self.room) {
            return false;
        }
        let batch = &self.publish.batch;
        if head.attempt == 0 {
            let session = self.session.as_ref();
            // The source waits for room, or a transaction is to end: then batches wait for no more records.
            let hurry = || taking.blocked || session.is_some_and(|session| session.hurries());
            let waits = head.len() < usize::from(batch.records) && !hurry();
            if waits && head.created + batch.linger > ctx.elapsed() {
                return false;
            }
            if session.is_some_and(|session| !session.may_write(head.partition)) {
                return false;
            }
        }
        let in_turn = || sequences.may_send(head, queues.oldest_of(head), &self.room);
        self.publish.name != Name::Sequence || in_turn()
    }

    /// Whether there is a producer id to name batches by. If there is none, it is asked for.
    fn may_name(&mut self, ctx: &mut Ctx<'_>) -> bool {
        if self.session.is_some() {
            self.advance(ctx);
            return self.memory.sequences.ready();
        }
        self.memory.sequences.resolve(&mut self.memory.queues);
        if !self.memory.sequences.ready() && self.memory.sequences.registering().is_none() {
            self.register(ctx);
        }
        self.memory.sequences.ready()
    }

    /// Sends the request that has just been put in flight.
    #[inline(never)]
    fn send(&mut self, ctx: &mut Ctx<'_>) {
        let timeout = self.timeout();
        let Some(request) = self.memory.queues.newest() else {
            return;
        };
        request.attempt += 1;
        request.renumbered = false;
        if self.publish.name == Name::Sequence {
            self.memory.sequences.name(request);
        }
        let (producer, epoch) = request
            .name
            .map_or((u32::from(self.me), 0), |name| (name.producer, name.epoch));
        let attempt = request.nth();
        let transaction = self
            .session
            .as_mut()
            .map_or(0, |session| session.wrote(attempt));
        let wait = self.publish.wait != Wait::Nothing;
        let session = ctx.incarnation();
        let ids = Ids {
            name: self.publish.name,
            bug: self.bug,
            workload: &self.workload,
            attempt,
            session,
        };
        let produce = log::Produce {
            partition: request.partition,
            request: request.number,
            attempt,
            client: self.me,
            session,
            output: None,
            producer,
            epoch,
            sequence: request.name.map(|name| name.first),
            transaction,
            answer: wait,
            stamp: request.stamp,
            batch: ids.batch(request, ctx),
        };
        ctx.send(
            self.topology.leader(request.partition),
            Message::Log(log::Message::Produce(produce)),
        );
        if wait {
            let expired = Timer::ProduceExpired {
                request: request.number,
                attempt,
            };
            request.timer = Some(ctx.set_timer(timeout, expired));
        } else {
            self.left(ctx);
        }
    }

    /// Nobody waits for an answer to the request that was sent last.
    #[inline(never)]
    fn left(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(request) = self.memory.queues.take_newest() {
            self.memory.queues.release(&request);
            request.records(|record| self.memory.leaving.push(record));
            request.records(|record| self.note_settled(record));
            self.after_settling(ctx);
        }
    }
}

/// What the ids of a request's records are made of.
struct Ids<'a> {
    name: Name,
    bug: Option<Bug>,
    workload: &'a Workload,
    attempt: u32,
    session: u32,
}

impl Ids<'_> {
    #[inline]
    fn batch(&self, request: &Request, ctx: &mut Ctx<'_>) -> Batch {
        if request.more.is_empty() {
            return ctx.batch(&[self.item(request.first)]);
        }
        self.batch_of_several(request, ctx)
    }

    #[inline(never)]
    fn batch_of_several(&self, request: &Request, ctx: &mut Ctx<'_>) -> Batch {
        let mut items = Vec::with_capacity(request.len());
        request.records(|record| items.push(self.item(record)));
        ctx.batch(&items)
    }

    #[inline]
    fn item(&self, record: RecordId) -> Item {
        Item {
            record,
            id: self.of(record),
            offset: 0,
        }
    }

    /// The id that a deduplicating store goes by. Ids of intents rise with the records of a workload.
    #[inline]
    fn of(&self, record: RecordId) -> u64 {
        let intent = u64::from(record) + 1;
        let attempt = u64::from(self.attempt & 0xffff) << 34;
        let of_attempt = intent | attempt | u64::from(self.session & 0x3fff) << 50;
        match self.name {
            Name::Content => self.workload.record(record).content(),
            Name::Attempt => of_attempt,
            Name::Intent if self.bug == Some(Bug::RetryWithNewId) => of_attempt,
            Name::None | Name::Sequence | Name::Intent => intent,
        }
    }
}
