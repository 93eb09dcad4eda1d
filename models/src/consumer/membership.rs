//! A consumer as a member of a group (`semantics.md` §1.5).
//!
//! It joins at a poll, when the work in hand is done and marked, as a client does whose heartbeats run on a thread of
//! their own. While a new generation is being formed the old one may still mark: what was handled is marked, and
//! marks on a timer are brought forward, before it joins (`onJoinPrepare`). A member that learns it is out finishes
//! what it has in hand all the same: its effects are not fenced here, only its mark is refused.

use semel_sim::context::TimerId;

use super::{Consumer, Phase, Reader};
use crate::message::Message;
use crate::message::group::{self, Answer};
use crate::model::Ctx;
use crate::strategy::{Bug, Group};
use crate::timer::Timer;
use crate::vocabulary::{Generation, Offset, Partition};

use crate::requests::Ask;

/// What a consumer knows of its membership.
#[derive(Clone, Debug, Default)]
pub(super) struct Membership {
    standing: Standing,
    /// It must join anew only because others do: until then its generation may mark.
    revoking: bool,
    polls: u32,
    overdue: Option<TimerId>,
    /// What a consumer with the bug will commit although it lost it.
    lost: Option<(Partition, Offset)>,
}

/// How a consumer stands with its group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Standing {
    /// It is not in it, or must join anew at its next poll.
    #[default]
    Out,
    /// It has asked to join.
    Joining,
    /// It is in it.
    In,
}

impl core::hash::Hash for Membership {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        (self.standing, self.revoking, self.lost).hash(state);
    }
}

impl Consumer {
    pub(super) fn group(&self) -> Option<Group> {
        self.work.right.group()
    }

    /// Whether the consumer must join (again) before it can poll. Asks to, if it has not yet.
    pub(super) fn must_join(&mut self, ctx: &mut Ctx<'_>) -> bool {
        if self.group().is_none() || self.memory.membership.standing == Standing::In {
            return false;
        }
        if self.memory.membership.standing == Standing::Out {
            self.memory.membership.standing = Standing::Joining;
            if core::mem::take(&mut self.memory.membership.revoking) {
                self.mark_returned(ctx);
            }
            self.drop_assignment(ctx);
            let request = self.memory.requests.number();
            let join = group::Message::Join {
                member: self.me,
                request,
            };
            let to = self.topology.coordinator();
            self.ask(
                Ask {
                    number: request,
                    to,
                    message: Message::Group(join),
                },
                ctx,
            );
        }
        true
    }

    fn drop_assignment(&mut self, ctx: &mut Ctx<'_>) {
        for reader in &mut self.memory.readers {
            reader.stop_waiting(ctx);
        }
        self.memory.readers.clear();
        self.memory.requests.drop_positions(ctx);
    }

    /// A new generation has begun with this consumer in it.
    pub(super) fn joined(
        &mut self,
        request: u32,
        generation: Generation,
        partitions: core::ops::Range<Partition>,
        ctx: &mut Ctx<'_>,
    ) {
        let Some(group) = self.group() else { return };
        if !self.memory.requests.answered(request, ctx) {
            return;
        }
        let again = self.memory.generation > 0;
        self.memory.generation = generation;
        self.memory.membership.standing = Standing::In;
        if let Some((partition, offset)) = self.memory.membership.lost.take() {
            self.commit(partition, offset, ctx);
        }
        for partition in partitions {
            self.memory.readers.push(Reader::new(partition));
            self.find_position(partition, ctx);
        }
        self.note_poll(ctx);
        if !again {
            ctx.set_timer(group.heartbeat, Timer::HeartbeatDue);
        }
    }

    pub(super) fn heartbeat_due(&mut self, ctx: &mut Ctx<'_>) {
        let Some(group) = self.group() else { return };
        if self.memory.membership.standing == Standing::In {
            let (member, generation) = (self.me, self.memory.generation);
            let to = self.topology.coordinator();
            ctx.send(
                to,
                Message::Group(group::Message::Heartbeat { member, generation }),
            );
        }
        ctx.set_timer(group.heartbeat, Timer::HeartbeatDue);
    }

    /// The coordinator has answered a sign of life.
    pub(super) fn beat(&mut self, generation: Generation, answer: Answer, ctx: &mut Ctx<'_>) {
        if generation == self.memory.generation && answer != Answer::Ok {
            self.out(answer, ctx);
        }
    }

    /// The consumer learns that it must join anew; it does so at its next poll.
    pub(super) fn out(&mut self, answer: Answer, ctx: &mut Ctx<'_>) {
        if self.memory.membership.standing != Standing::In {
            return;
        }
        self.memory.membership.standing = Standing::Out;
        self.memory.membership.revoking = answer == Answer::Rebalancing;
        if answer != Answer::Rebalancing
            && self.bug == Some(Bug::CommitForLostAssignment)
            && let Phase::Handling(partition) | Phase::MarkingAfter(partition) = self.memory.phase
        {
            self.memory.membership.lost = self
                .position(partition)
                .map(|position| (partition, position));
        }
        if self.end_before_leaving(answer, ctx) {
            return;
        }
        if self.memory.phase == Phase::Polling {
            self.poll(ctx);
        }
    }

    /// It begins anew as somebody who is in no group.
    pub(super) fn leave_quietly(&mut self) {
        self.memory.membership.standing = Standing::Out;
        self.memory.membership.revoking = false;
    }

    /// Whether a mark would still be accepted, as far as this consumer knows.
    pub(super) fn is_member(&self) -> bool {
        self.group().is_none() || self.memory.membership.standing == Standing::In
    }

    /// Whether a mark of what is handled would be, too: it is still in the old generation while a new one is formed.
    pub(super) fn may_mark(&self) -> bool {
        self.is_member() || self.memory.membership.revoking
    }

    /// It has polled: the time until it counts as stuck begins anew.
    pub(super) fn note_poll(&mut self, ctx: &mut Ctx<'_>) {
        let Some(group) = self.group() else { return };
        let membership = &mut self.memory.membership;
        membership.polls += 1;
        let timer = ctx.set_timer(
            group.poll_interval,
            Timer::PollOverdue {
                poll: membership.polls,
            },
        );
        if let Some(before) = membership.overdue.replace(timer) {
            ctx.cancel(before);
        }
    }

    /// It has not polled for too long: the client leaves by itself (F045). A thread that only waits for records polls.
    pub(super) fn poll_overdue(&mut self, poll: u32, ctx: &mut Ctx<'_>) {
        if poll != self.memory.membership.polls {
            return;
        }
        if self.memory.phase == Phase::Polling {
            self.note_poll(ctx);
            return;
        }
        let (member, generation) = (self.me, self.memory.generation);
        ctx.send(
            self.topology.coordinator(),
            Message::Group(group::Message::Leave { member, generation }),
        );
        self.out(Answer::UnknownMember, ctx);
    }
}
