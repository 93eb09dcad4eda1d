//! Writing the outputs of a transaction: sending, hearing of, and sending again.

use semel_sim::address::NodeId;
use semel_sim::time::Span;

use super::super::Consumer;
use super::outputs::{Batch, Fate};
use crate::conductor::SHORT_BACKOFF;
use crate::message::Message;
use crate::message::log::{Answer, Message as LogMessage, Produce};
use crate::model::Ctx;
use crate::requests::RECONNECT;
use crate::timer::Timer;
use crate::vocabulary::{Item, Partition};

impl Consumer {
    /// A record is handled: its output is written, and its offset will be committed with it.
    #[inline]
    pub(in crate::consumer) fn produced(
        &mut self,
        partition: Partition,
        item: Item,
        ctx: &mut Ctx<'_>,
    ) {
        self.begin(ctx);
        let Some(session) = &mut self.session else {
            return;
        };
        session.outputs.push(partition, item);
        session.consumed.insert(partition, item.offset + 1);
        self.write_outputs(ctx);
    }

    /// Sends what may be sent.
    pub(super) fn write_outputs(&mut self, ctx: &mut Ctx<'_>) {
        let topology = self.topology;
        let Some(session) = &mut self.session else {
            return;
        };
        let requests = &mut self.memory.requests;
        let output = |partition: Partition| topology.partitions + partition;
        for partition in session.outputs.wanted() {
            session.conductor.join(output(partition), requests, ctx);
        }
        loop {
            let conductor = &session.conductor;
            let may_begin = |partition| conductor.may_write(output(partition));
            let number = || requests.number();
            let now = ctx.elapsed();
            let Some(mut batch) = session
                .outputs
                .take(now, topology.brokers, number, may_begin)
            else {
                return;
            };
            batch.attempt += 1;
            let owner = conductor.owner();
            let produce = Produce {
                partition: output(batch.partition),
                request: batch.request,
                attempt: batch.attempt,
                client: self.me,
                session: ctx.incarnation(),
                output: Some(self.memory.generation),
                producer: owner.producer,
                epoch: owner.epoch,
                sequence: Some(batch.sequence),
                transaction: owner.number,
                answer: true,
                stamp: ctx.wall().0,
                batch: ctx.batch(&batch.items),
            };
            let message = Message::Log(LogMessage::Produce(produce));
            ctx.send(topology.leader(produce.partition), message);
            let expired = Timer::ProduceExpired {
                request: batch.request,
                attempt: batch.attempt,
            };
            batch.timer = Some(ctx.set_timer(session.work.request_timeout, expired));
            session.conductor.wrote();
            session.outputs.sent(batch);
        }
    }

    /// A leader has answered a batch of outputs.
    pub(in crate::consumer) fn output_answered(
        &mut self,
        request: u32,
        answer: Answer,
        ctx: &mut Ctx<'_>,
    ) {
        let Some(session) = &mut self.session else {
            return;
        };
        let Some((batch, fate)) = session.outputs.answered(request, answer) else {
            return;
        };
        if let Some(timer) = batch.timer {
            ctx.cancel(timer);
        }
        match fate {
            Fate::Stored => {}
            Fate::Again => self.write_again(batch, SHORT_BACKOFF, ctx),
            Fate::Refused => self.output_lost(ctx),
        }
        self.advance(ctx);
    }

    /// A batch without a good answer is sent again, unless it has taken too long.
    fn write_again(&mut self, batch: Batch, pause: Span, ctx: &mut Ctx<'_>) {
        if !self.put_back(batch, pause, ctx) {
            self.output_lost(ctx);
        }
    }

    /// Puts a batch where it will be sent again. False if it has taken too long: then it is gone.
    fn put_back(&mut self, mut batch: Batch, pause: Span, ctx: &mut Ctx<'_>) -> bool {
        let Some(session) = &mut self.session else {
            return true;
        };
        if let Some(timer) = batch.timer.take() {
            ctx.cancel(timer);
        }
        if ctx.elapsed() - batch.created >= session.work.delivery_timeout {
            return false;
        }
        let partition = batch.partition;
        if session.outputs.put_back(batch) {
            ctx.set_timer(pause, Timer::WriteAgain { partition });
        }
        true
    }

    /// An output will not be stored, or nobody knows: its transaction is broken.
    fn output_lost(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(session) = &mut self.session {
            session.conductor.must_renew();
        }
        self.abort(ctx);
    }

    /// A partition's pause is over.
    pub(in crate::consumer) fn resume_outputs(&mut self, partition: Partition, ctx: &mut Ctx<'_>) {
        if let Some(session) = &mut self.session {
            session.outputs.resume(partition);
        }
        self.advance(ctx);
    }

    /// No answer has come in time.
    pub(in crate::consumer) fn output_expired(
        &mut self,
        request: u32,
        attempt: u32,
        ctx: &mut Ctx<'_>,
    ) {
        let session = self.session.as_ref();
        let waits = session.and_then(|session| session.outputs.waits_for(request, attempt));
        if let Some(partition) = waits {
            let leader = self.topology.leader(self.topology.partitions + partition);
            self.give_up(leader, ctx);
        }
    }

    /// A connection is gone, and with it the answers that were to come on it.
    pub(in crate::consumer) fn outputs_disconnected(&mut self, peer: NodeId, ctx: &mut Ctx<'_>) {
        let topology = self.topology;
        let Some(session) = &mut self.session else {
            return;
        };
        let to_it = |partition: Partition| topology.leader(topology.partitions + partition) == peer;
        // All are put back before one that took too long breaks the transaction: an abort waits for the others.
        let mut lost = false;
        for batch in session.outputs.take_in_flight(to_it) {
            lost |= !self.put_back(batch, RECONNECT, ctx);
        }
        if lost {
            self.output_lost(ctx);
        }
        self.advance(ctx);
    }
}
