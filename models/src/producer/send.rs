//! Sending: which request may leave now, and under which name.

use alloc::vec::Vec;

use semel_sim::store::Batch;

use super::Producer;
use super::queue::{Queues, Request, Room};
use crate::message::{Message, log};
use crate::model::Ctx;
use crate::strategy::{Bug, Name, Wait};
use crate::timer::Timer;
use crate::vocabulary::{Item, RecordId};

impl Producer {
    /// Sends what the window allows.
    pub(super) fn pump(&mut self, ctx: &mut Ctx<'_>) {
        if self.publish.name == Name::Sequence && !self.may_name(ctx) {
            return;
        }
        while self.memory.queues.wait()
            && self
                .memory
                .breaking
                .lets_through(self.memory.queues.in_flight())
        {
            let Some(request) = self.take_ready(ctx) else {
                return;
            };
            self.send(request, ctx);
        }
    }

    /// The next request that may be sent now.
    fn take_ready(&mut self, ctx: &Ctx<'_>) -> Option<Request> {
        let room = Room {
            window: usize::from(self.publish.window),
            brokers: self.topology.brokers,
            full: self.publish.batch.records,
            hurry: self.memory.taking.blocked || self.flushes(),
            ordered: self.ordered,
            transport: self.transport,
        };
        let named = self.publish.name == Name::Sequence;
        let sequences = &self.memory.sequences;
        let session = self.session.as_deref();
        let may_send = |request: &Request, queues: &Queues| {
            let part = session.is_none_or(|session| session.may_write(request.partition));
            let in_turn = || sequences.may_send(request, queues.oldest_of(request), &room);
            (request.attempt > 0 || part) && (!named || in_turn())
        };
        self.memory
            .queues
            .take_ready(ctx.elapsed(), &room, may_send)
    }

    /// Whether batches wait for no more records, because a transaction is to end.
    fn flushes(&self) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| session.hurries())
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

    #[inline(never)]
    fn send(&mut self, mut request: Request, ctx: &mut Ctx<'_>) {
        request.attempt += 1;
        request.renumbered = false;
        if self.publish.name == Name::Sequence {
            self.memory.sequences.name(&mut request);
        }
        let (producer, epoch) = request
            .name
            .map_or((u32::from(self.me), 0), |name| (name.producer, name.epoch));
        let transaction = self
            .session
            .as_mut()
            .map_or(0, |session| session.wrote(request.nth()));
        let wait = self.publish.wait != Wait::Nothing;
        let Request {
            number: request_number,
            partition,
            stamp,
            ..
        } = request;
        let attempt = request.nth();
        let produce = log::Produce {
            partition,
            request: request_number,
            attempt,
            client: self.me,
            session: ctx.incarnation(),
            output: None,
            producer,
            epoch,
            sequence: request.name.map(|name| name.first),
            transaction,
            answer: wait,
            stamp,
            batch: self.batch(&request, ctx),
        };
        ctx.send(
            self.topology.leader(partition),
            Message::Log(log::Message::Produce(produce)),
        );
        if wait {
            let expired = Timer::ProduceExpired {
                request: request_number,
                attempt,
            };
            request.timer = Some(ctx.set_timer(self.timeout(), expired));
            self.memory.queues.sent(request);
        } else {
            self.memory.queues.release(&request);
            request.records(|record| self.memory.leaving.push(record));
            request.records(|record| self.note_settled(record));
            self.after_settling(ctx);
        }
    }

    fn batch(&self, request: &Request, ctx: &mut Ctx<'_>) -> Batch {
        let session = ctx.incarnation();
        let item = |record| Item {
            record,
            id: self.id_of(record, request.nth(), session),
            offset: 0,
        };
        if request.more.is_empty() {
            return ctx.batch(&[item(request.first)]);
        }
        let mut items = Vec::with_capacity(request.len());
        request.records(|record| items.push(item(record)));
        ctx.batch(&items)
    }

    /// The id that a deduplicating store goes by. Ids of intents rise with the records of a workload.
    fn id_of(&self, record: RecordId, attempt: u32, session: u32) -> u64 {
        let intent = u64::from(record) + 1;
        let of_attempt =
            intent | u64::from(attempt & 0xffff) << 34 | u64::from(session & 0x3fff) << 50;
        match self.publish.name {
            Name::Content => self.workload.record(record).content(),
            Name::Attempt => of_attempt,
            Name::Intent if self.bug == Some(Bug::RetryWithNewId) => of_attempt,
            Name::None | Name::Sequence | Name::Intent => intent,
        }
    }
}
