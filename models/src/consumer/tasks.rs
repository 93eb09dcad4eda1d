//! Handling records: each one is processed, applied at the sink, and done with when the sink has answered.

use core::hash::{Hash, Hasher};

use semel_sim::context::TimerId;

use super::{Consumer, RECONNECT};
use crate::message::Message;
use crate::message::sink::{Answer, Apply, Message as SinkMessage};
use crate::model::Ctx;
use crate::observation::Observation;
use crate::strategy::Mark;
use crate::timer::Timer;
use crate::vocabulary::{Item, Partition};

/// A record in a worker's hands.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) request: u32,
    partition: Partition,
    item: Item,
    /// Attempts at the sink so far; 0 while it is being processed.
    attempt: u32,
    timer: Option<TimerId>,
}

impl Hash for Task {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.partition, self.item, self.attempt).hash(state);
    }
}

impl Task {
    pub(super) const fn is_applying(&self) -> bool {
        self.attempt > 0
    }
}

impl Consumer {
    /// Gives polled records to workers that are free.
    pub(super) fn hand_out(&mut self, ctx: &mut Ctx<'_>) {
        while self.memory.tasks.len() < usize::from(self.work.workers) {
            let Some((partition, item)) = self.memory.backlog.pop_front() else {
                break;
            };
            ctx.observe(Observation::Delivered {
                record: item.record,
                partition,
                offset: item.offset,
                consumer: self.me,
                generation: self.memory.generation,
                read: self.work.read,
            });
            let request = self.memory.requests.number();
            self.memory.tasks.push(Task {
                request,
                partition,
                item,
                attempt: 0,
                timer: None,
            });
            if self.work.processing.is_zero() {
                self.apply(request, ctx);
            } else {
                ctx.set_timer(self.work.processing, Timer::Processed { request });
            }
        }
        if self.memory.backlog.is_empty() && self.memory.tasks.is_empty() {
            self.batch_done(ctx);
        }
    }

    /// A record has been processed: on to the sink.
    pub(super) fn processed(&mut self, request: u32, ctx: &mut Ctx<'_>) {
        self.apply(request, ctx);
        self.next(ctx);
    }

    /// Sends a task's request to the sink (again).
    fn apply(&mut self, request: u32, ctx: &mut Ctx<'_>) {
        let Some(index) = self
            .memory
            .tasks
            .iter()
            .position(|task| task.request == request)
        else {
            return;
        };
        let task = &mut self.memory.tasks[index];
        task.attempt += 1;
        let record = self.workload.record(task.item.record);
        let mark = (self.work.mark == Mark::WithEffect).then_some(task.item.offset + 1);
        let apply = Apply {
            record: record.id,
            id: task.item.id,
            key: record.key,
            amount: record.amount,
            fingerprint: record.content(),
            partition: task.partition,
            offset: task.item.offset,
            mark,
            request,
            attempt: task.attempt,
            actor: self.me,
            token: self.memory.generation,
        };
        ctx.send(
            self.topology.sink(),
            Message::Sink(SinkMessage::Apply(apply)),
        );
        if let Some(timeout) = self.work.sink_timeout {
            let expired = Timer::ApplyExpired {
                request,
                attempt: task.attempt,
            };
            task.timer = Some(ctx.set_timer(timeout, expired));
        } else {
            self.finish(index, ctx);
        }
    }

    /// The sink has not answered in time: what was asked may have happened.
    pub(super) fn apply_expired(&mut self, request: u32, attempt: u32, ctx: &mut Ctx<'_>) {
        let current = |task: &Task| task.request == request && task.attempt == attempt;
        if self.memory.tasks.iter().any(current) {
            self.apply(request, ctx);
            let sink = self.topology.sink();
            self.give_up(sink, ctx);
        }
    }

    /// After a pause, a task that waits for the sink tries again.
    pub(super) fn try_again(&mut self, request: u32, ctx: &mut Ctx<'_>) {
        let Some(task) = self
            .memory
            .tasks
            .iter_mut()
            .find(|task| task.request == request)
        else {
            return;
        };
        if let Some(timer) = task.timer.take() {
            ctx.cancel(timer);
        }
        self.apply(request, ctx);
        self.next(ctx);
    }

    /// The sink has answered.
    pub(super) fn applied(&mut self, request: u32, answer: Answer, ctx: &mut Ctx<'_>) {
        let Some(index) = self
            .memory
            .tasks
            .iter()
            .position(|task| task.request == request)
        else {
            return;
        };
        if answer == Answer::InProgress {
            if let Some(timer) = self.memory.tasks[index].timer.take() {
                ctx.cancel(timer);
            }
            ctx.set_timer(RECONNECT, Timer::Reconnect { request });
            return;
        }
        self.finish(index, ctx);
        self.next(ctx);
    }

    /// A worker is done with its record.
    fn finish(&mut self, index: usize, ctx: &mut Ctx<'_>) {
        let task = self.memory.tasks.remove(index);
        if let Some(timer) = task.timer {
            ctx.cancel(timer);
        }
        ctx.observe(Observation::Handled {
            record: task.item.record,
            consumer: self.me,
        });
    }

    fn next(&mut self, ctx: &mut Ctx<'_>) {
        self.hand_out(ctx);
        if self.runs_ahead() {
            self.poll(ctx);
        }
    }
}
