//! Sending: which request may leave now, and under which name.

use alloc::vec::Vec;

use semel_sim::store::Batch;

use super::Producer;
use super::queue::{Request, Room};
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
        let now = ctx.elapsed();
        while self.memory.queues.wait()
            && self
                .memory
                .breaking
                .lets_through(self.memory.queues.in_flight())
        {
            let room = Room {
                window: usize::from(self.publish.window),
                brokers: self.topology.brokers,
                full: self.publish.batch.records,
                hurry: self.memory.taking.blocked || self.flushes(),
                ordered: self.ordered,
                transport: self.transport,
            };
            let sequences = &self.memory.sequences;
            let session = self.session.as_deref();
            let may_send = |request: &Request, oldest| {
                let part = session.is_none_or(|session| session.may_write(request.partition));
                (request.attempt > 0 || part) && sequences.may_send(request, oldest, &room)
            };
            let Some(request) = self.memory.queues.take_ready(now, &room, may_send) else {
                return;
            };
            self.send(request, ctx);
        }
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

    fn send(&mut self, mut request: Request, ctx: &mut Ctx<'_>) {
        request.attempt += 1;
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
