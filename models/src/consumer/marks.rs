//! Marking progress: before a batch, after it, or on a timer (`semantics.md` §1.5, Appendix B3).
//!
//! *After* loses nothing and repeats what was handled since (F040); *before* repeats nothing and loses what was in hand
//! (F041); a *timer* marks what was returned, handled or not (F042).

use super::{Consumer, Phase};
use crate::message::{Message, group};
use crate::model::Ctx;
use crate::requests::Ask;
use crate::strategy::{Bug, Mark};
use crate::timer::Timer;
use crate::vocabulary::{Offset, Partition};

impl Consumer {
    pub(super) fn commit(&mut self, partition: Partition, offset: Offset, ctx: &mut Ctx<'_>) {
        let request = self.memory.requests.number();
        let (member, generation) = (self.me, self.memory.generation);
        let commit = group::Message::Commit {
            partition,
            offset,
            request,
            member,
            generation,
        };
        let to = self.topology.coordinator();
        self.ask(
            Ask {
                number: request,
                to,
                message: Message::Group(commit),
            },
            ctx,
        );
    }

    /// The coordinator has answered a mark.
    pub(super) fn committed(&mut self, request: u32, answer: group::Answer, ctx: &mut Ctx<'_>) {
        if !self.memory.requests.answered(request, ctx) {
            return;
        }
        if answer != group::Answer::Ok {
            self.out(answer, ctx);
        }
        if !self.memory.requests.committing() {
            self.marked(ctx);
        }
    }

    /// Marks have been answered. One that came before the batch and was refused takes the batch with it.
    fn marked(&mut self, ctx: &mut Ctx<'_>) {
        match self.memory.phase {
            Phase::MarkingBefore if !self.is_member() => {
                self.memory.backlog.clear();
                self.memory.phase = Phase::Polling;
                self.poll(ctx);
            }
            Phase::MarkingBefore => {
                let partition = self
                    .memory
                    .backlog
                    .front()
                    .map_or(0, |polled| polled.partition);
                self.memory.phase = Phase::Handling(partition);
                self.hand_out(ctx);
            }
            Phase::MarkingAfter(_) => {
                self.memory.phase = Phase::Polling;
                self.poll(ctx);
            }
            Phase::Polling | Phase::Handling(_) => {}
        }
    }

    /// The batch has been handled.
    pub(super) fn batch_done(&mut self, ctx: &mut Ctx<'_>) {
        if let Phase::Handling(partition) = self.memory.phase {
            let after = self.work.mark == Mark::After && self.bug != Some(Bug::CommitBeforeEffect);
            if after
                && self.session.is_none()
                && self.may_mark()
                && let Some(position) = self.position(partition)
            {
                self.memory.phase = Phase::MarkingAfter(partition);
                self.commit(partition, position, ctx);
                return;
            }
            self.memory.phase = Phase::Polling;
        }
        self.poll(ctx);
    }

    /// The position in a partition, if it is read here.
    pub(super) fn position(&self, partition: Partition) -> Option<Offset> {
        let reader = self
            .memory
            .readers
            .iter()
            .find(|reader| reader.partition == partition);
        reader.map(|reader| reader.position)
    }

    /// Auto-commit happens inside poll, and commits what earlier polls returned.
    pub(super) fn mark_on_timer(&mut self, ctx: &mut Ctx<'_>) {
        let Mark::Timer(timed) = self.work.mark else {
            return;
        };
        if ctx.elapsed() - self.memory.marked_at < timed.every {
            return;
        }
        self.memory.marked_at = ctx.elapsed();
        self.mark_returned(ctx);
    }

    /// With marks on a timer: marks what was returned and is not marked yet.
    pub(super) fn mark_returned(&mut self, ctx: &mut Ctx<'_>) {
        if !matches!(self.work.mark, Mark::Timer(_)) {
            return;
        }
        for index in 0..self.memory.readers.len() {
            let reader = &mut self.memory.readers[index];
            if let Some(position) = reader.unmarked() {
                let partition = reader.partition;
                self.drop_commits(partition, ctx);
                self.commit(partition, position, ctx);
            }
        }
    }

    /// An earlier mark that is not answered yet is never sent again: the next one says more (§1.5).
    fn drop_commits(&mut self, partition: Partition, ctx: &mut Ctx<'_>) {
        let older = |message: &Message| matches!(message, Message::Group(group::Message::Commit { partition: of, .. }) if *of == partition);
        self.memory.requests.drop_all(older, ctx);
    }

    /// A polling thread that has nothing else to do still polls, and so still marks.
    pub(super) fn mark_due(&mut self, ctx: &mut Ctx<'_>) {
        let Mark::Timer(timed) = self.work.mark else {
            return;
        };
        if self.may_poll() {
            self.mark_on_timer(ctx);
        }
        ctx.set_timer(timed.every, Timer::MarkDue);
    }
}
