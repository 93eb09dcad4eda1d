//! Records that no handler can process, and requests that a sink will never accept (F052).
//!
//! *Skip* passes over them, and they are lost (L9). *Block* tries for ever, and what is behind them waits as long (S4).
//! *Dead letter* tries so often and then publishes them to a partition of their own, again and again until that is
//! acknowledged: a second publish, which may store one twice when its answer is lost, or lose it with what the broker
//! had not synced (F088).

use super::Consumer;
use super::tasks::Stage;
use crate::message::{Message, log};
use crate::model::Ctx;
use crate::observation::Observation;
use crate::requests::RETRY_BACKOFF;
use crate::strategy::OnPoison;
use crate::timer::Timer;

impl Consumer {
    /// The handler of a task has failed.
    pub(super) fn failed(&mut self, index: usize, ctx: &mut Ctx<'_>) {
        let task = &mut self.memory.tasks[index];
        task.failures += 1;
        match self.work.poison {
            OnPoison::Skip => {
                ctx.observe(Observation::Skipped {
                    record: task.item.record,
                    consumer: self.me,
                });
                self.drop_task(index, ctx);
            }
            OnPoison::DeadLetter { attempts } if task.failures >= attempts => {
                task.attempt = 0;
                self.park(index, ctx);
            }
            OnPoison::Block | OnPoison::DeadLetter { .. } => {
                task.stage = Stage::Processing;
                let request = task.request;
                ctx.set_timer(RETRY_BACKOFF, Timer::Processed { request });
            }
        }
    }

    /// Publishes a task's record as a dead letter (again).
    pub(super) fn park(&mut self, index: usize, ctx: &mut Ctx<'_>) {
        let partition = self.topology.dead_letters();
        let task = &mut self.memory.tasks[index];
        task.stage = Stage::Parking;
        task.attempt += 1;
        let (request, attempt) = (task.request, task.attempt);
        let letter = log::Message::DeadLetter {
            partition,
            record: task.item.record,
            id: task.item.id,
            request,
            attempt,
        };
        ctx.send(self.topology.leader(partition), Message::Log(letter));
        let expired = Timer::LetterExpired { request, attempt };
        task.timer = Some(ctx.set_timer(self.work.fetch_timeout, expired));
    }

    /// A dead letter is stored.
    pub(super) fn parked(&mut self, request: u32, ctx: &mut Ctx<'_>) {
        let parking = |index: &usize| self.memory.tasks[*index].stage == Stage::Parking;
        if let Some(index) = self.task(request).filter(parking) {
            ctx.observe(Observation::Parked {
                record: self.memory.tasks[index].item.record,
                consumer: self.me,
            });
            self.drop_task(index, ctx);
            self.next(ctx);
        }
    }
}
