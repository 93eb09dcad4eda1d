//! Handling records: each one is processed, applied at the sink, and done with when the sink has answered.

use core::hash::{Hash, Hasher};

use semel_sim::address::NodeId;
use semel_sim::context::TimerId;

use super::Consumer;
use super::reader::Polled;
use crate::message::Message;
use crate::message::sink::{Answer, Apply, Message as SinkMessage};
use crate::model::Ctx;
use crate::observation::{Hit, Observation, Place};
use crate::requests::RECONNECT;
use crate::strategy::Mark;
use crate::timer::{SECOND_WRITE, Timer};
use crate::vocabulary::{Generation, Item, Partition};
use crate::workload::content;

/// A record in a worker's hands.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) request: u32,
    pub(super) partition: Partition,
    pub(super) item: Item,
    /// In which generation it was polled.
    generation: Generation,
    pub(super) stage: Stage,
    /// Attempts at the sink (or at the dead-letter partition) so far.
    pub(super) attempt: u32,
    /// How often the handler failed.
    pub(super) failures: u32,
    /// It pauses before another attempt.
    pub(super) pausing: bool,
    pub(super) timer: Option<TimerId>,
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// The handler works on it, or will try again.
    Processing,
    /// The sink has been asked.
    Applying,
    /// It took effect; that it did is being written down.
    Remembering,
    /// The dead-letter partition has been asked.
    Parking,
}

impl Hash for Task {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            partition,
            item,
            generation,
            stage,
            attempt,
            failures,
            pausing,
            ..
        } = self;
        (
            partition, item, generation, stage, attempt, failures, pausing,
        )
            .hash(state);
    }
}

impl Task {
    /// Its handler has failed, and tries again.
    pub(super) const fn is_failing(&self) -> bool {
        self.failures > 0 && matches!(self.stage, Stage::Processing)
    }
}

impl Consumer {
    /// Gives polled records to workers that are free.
    pub(super) fn hand_out(&mut self, ctx: &mut Ctx<'_>) {
        if self.is_ending() {
            self.advance(ctx);
            return;
        }
        while self.memory.tasks.len() < usize::from(self.work.workers) {
            let Some(Polled {
                partition,
                item,
                generation,
            }) = self.memory.backlog.pop_front()
            else {
                break;
            };
            if self.repeats.knows(item.id, ctx) {
                ctx.observe(Observation::Recognised {
                    record: item.record,
                    place: Place::Consumer,
                    hit: Hit::Stored,
                });
                continue;
            }
            self.begin(ctx);
            ctx.observe(Observation::Delivered {
                record: item.record,
                partition,
                offset: item.offset,
                consumer: self.me,
                generation,
                read: self.work.read,
            });
            let request = self.memory.requests.number();
            self.memory.tasks.push(Task {
                request,
                partition,
                item,
                generation,
                stage: Stage::Processing,
                attempt: 0,
                failures: 0,
                pausing: false,
                timer: None,
            });
            if self.work.processing.is_zero() {
                self.step(self.memory.tasks.len() - 1, ctx);
            } else {
                ctx.set_timer(self.work.processing, Timer::Processed { request });
            }
        }
        if self.memory.backlog.is_empty() && self.memory.tasks.is_empty() {
            self.batch_done(ctx);
        }
    }

    pub(super) fn task(&self, request: u32) -> Option<usize> {
        let same = |task: &Task| task.request == request;
        self.memory.tasks.iter().position(same)
    }

    /// A record has been processed, or what was done with it written down.
    pub(super) fn processed(&mut self, request: u32, ctx: &mut Ctx<'_>) {
        self.go_on(request, ctx);
        self.next(ctx);
    }

    /// Takes a task's next step (again), if it is not done with.
    fn go_on(&mut self, request: u32, ctx: &mut Ctx<'_>) {
        if let Some(index) = self.task(request) {
            self.step(index, ctx);
        }
    }

    fn step(&mut self, index: usize, ctx: &mut Ctx<'_>) {
        let task = &self.memory.tasks[index];
        match task.stage {
            Stage::Processing if self.fails(task) => self.failed(index, ctx),
            Stage::Processing if self.writes_only() => self.done(index, ctx),
            Stage::Processing | Stage::Applying => self.apply(index, ctx),
            Stage::Remembering => {
                self.repeats.remember(task.item.id, ctx);
                self.finish(index, ctx);
            }
            Stage::Parking => self.park(index, ctx),
        }
    }

    /// Whether the handler of a task cannot process it, or is not to try again: its transaction is to end.
    fn fails(&self, task: &Task) -> bool {
        self.workload.is_poison(task.item.record) || (task.is_failing() && self.is_ending())
    }

    /// Sends a task's request to the sink (again).
    fn apply(&mut self, index: usize, ctx: &mut Ctx<'_>) {
        let task = &mut self.memory.tasks[index];
        task.stage = Stage::Applying;
        task.attempt += 1;
        let (request, attempt) = (task.request, task.attempt);
        let (key, amount) = self.workload.contents(task.item.record);
        let mark = (self.work.mark == Mark::WithEffect).then_some(task.item.offset + 1);
        let apply = Apply {
            record: task.item.record,
            id: task.item.id,
            key,
            amount,
            fingerprint: content(key, amount),
            partition: task.partition,
            offset: task.item.offset,
            mark,
            request,
            attempt,
            actor: self.me,
            token: task.generation,
        };
        ctx.send(
            self.topology.sink(),
            Message::Sink(SinkMessage::Apply(apply)),
        );
        if let Some(timeout) = self.work.sink_timeout {
            let expired = Timer::ApplyExpired { request, attempt };
            task.timer = Some(ctx.set_timer(timeout, expired));
        } else {
            self.done(index, ctx);
        }
    }

    /// Whose answer a task waits for.
    fn asked(&self, index: usize) -> Option<NodeId> {
        match self.memory.tasks[index].stage {
            Stage::Applying => Some(self.topology.sink()),
            Stage::Parking => Some(self.topology.leader(self.topology.dead_letters())),
            Stage::Processing | Stage::Remembering => None,
        }
    }

    /// No answer has come in time: what was asked may have happened. It is asked again, on a new connection.
    pub(super) fn task_expired(&mut self, request: u32, attempt: u32, ctx: &mut Ctx<'_>) {
        let Some(index) = self.task(request) else {
            return;
        };
        let task = &self.memory.tasks[index];
        if task.attempt != attempt || task.pausing {
            return;
        }
        if let Some(peer) = self.asked(index) {
            self.give_up(peer, ctx);
            self.memory.tasks[index].pausing = false;
            self.go_on(request, ctx);
        }
    }

    /// A connection is gone, and with it the answers that were to come on it: those who wait for one try again soon.
    pub(super) fn tasks_disconnected(&mut self, peer: NodeId, ctx: &mut Ctx<'_>) {
        for index in 0..self.memory.tasks.len() {
            if self.asked(index) == Some(peer) {
                self.pause(index, ctx);
            }
        }
    }

    fn pause(&mut self, index: usize, ctx: &mut Ctx<'_>) {
        let task = &mut self.memory.tasks[index];
        if let Some(timer) = task.timer.take() {
            ctx.cancel(timer);
        }
        if !core::mem::replace(&mut task.pausing, true) {
            let request = task.request;
            ctx.set_timer(RECONNECT, Timer::Reconnect { request });
        }
    }

    /// After a pause, a task tries again.
    pub(super) fn try_again(&mut self, request: u32, ctx: &mut Ctx<'_>) {
        if let Some(index) = self.task(request)
            && core::mem::take(&mut self.memory.tasks[index].pausing)
        {
            self.processed(request, ctx);
        }
    }

    /// The sink has answered.
    pub(super) fn applied(&mut self, request: u32, answer: Answer, ctx: &mut Ctx<'_>) {
        let Some(index) = self.task(request) else {
            return;
        };
        if self.memory.tasks[index].stage != Stage::Applying {
            return;
        }
        if answer == Answer::InProgress {
            self.pause(index, ctx);
            return;
        }
        if let Some(timer) = self.memory.tasks[index].timer.take() {
            ctx.cancel(timer);
        }
        match answer {
            Answer::Done | Answer::Before => self.done(index, ctx),
            Answer::Mismatch => self.failed(index, ctx),
            Answer::Fenced if self.session.is_some() => self.abort(ctx),
            Answer::Fenced | Answer::InProgress => self.drop_task(index, ctx),
        }
        self.next(ctx);
    }

    /// A record has taken effect, as far as this consumer knows.
    fn done(&mut self, index: usize, ctx: &mut Ctx<'_>) {
        let task = &mut self.memory.tasks[index];
        if self.repeats.writes() {
            task.stage = Stage::Remembering;
            let request = task.request;
            ctx.set_timer(SECOND_WRITE, Timer::Processed { request });
        } else {
            self.repeats.remember(task.item.id, ctx);
            self.finish(index, ctx);
        }
    }

    /// A worker is done with its record.
    #[inline]
    fn finish(&mut self, index: usize, ctx: &mut Ctx<'_>) {
        let Task {
            partition, item, ..
        } = self.memory.tasks[index];
        ctx.observe(Observation::Handled {
            record: item.record,
            consumer: self.me,
        });
        self.drop_task(index, ctx);
        self.produced(partition, item, ctx);
    }

    #[inline]
    pub(super) fn drop_task(&mut self, index: usize, ctx: &mut Ctx<'_>) {
        let tasks = &mut self.memory.tasks;
        // Nearly always it is the only one: then nothing moves up.
        let task = if index + 1 == tasks.len() {
            tasks.pop()
        } else {
            Some(tasks.remove(index))
        };
        if let Some(timer) = task.and_then(|task| task.timer) {
            ctx.cancel(timer);
        }
    }

    pub(super) fn next(&mut self, ctx: &mut Ctx<'_>) {
        self.hand_out(ctx);
        if self.runs_ahead() {
            self.poll(ctx);
        }
    }
}
