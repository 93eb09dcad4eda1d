//! Requests that are repeated until they are answered: finding and committing offsets.

use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use semel_sim::address::NodeId;
use semel_sim::context::TimerId;
use semel_sim::time::Span;

use crate::message::{Message, group, sink};
use crate::model::Ctx;
use crate::timer::Timer;

/// A request and whom it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) number: u32,
    pub(super) to: NodeId,
    pub(super) message: Message,
}

/// Unanswered requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests {
    last: u32,
    open: Vec<(Ask, TimerId)>,
}

impl Hash for Requests {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for (ask, _) in &self.open {
            (ask.to, ask.message.kind(), ask.message.facts().partition).hash(state);
        }
    }
}

impl Requests {
    pub(super) fn clear(&mut self) {
        self.last = 0;
        self.open.clear();
    }

    /// A fresh number.
    pub(super) const fn number(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    pub(super) fn ask(&mut self, ask: Ask, timeout: Span, ctx: &mut Ctx<'_>) {
        ctx.send(ask.to, ask.message);
        let timer = ctx.set_timer(
            timeout,
            Timer::RequestExpired {
                request: ask.number,
            },
        );
        self.open.push((ask, timer));
    }

    /// An answer came. False if nobody waits for it any more.
    pub(super) fn answered(&mut self, number: u32, ctx: &mut Ctx<'_>) -> bool {
        let Some(index) = self.open.iter().position(|(ask, _)| ask.number == number) else {
            return false;
        };
        let (_, timer) = self.open.remove(index);
        ctx.cancel(timer);
        true
    }

    /// Sends an unanswered request again. Returns whom it is for, if it still was unanswered.
    pub(super) fn again(
        &mut self,
        number: u32,
        timeout: Span,
        ctx: &mut Ctx<'_>,
    ) -> Option<NodeId> {
        let index = self.open.iter().position(|(ask, _)| ask.number == number)?;
        let (ask, timer) = self.open.remove(index);
        ctx.cancel(timer);
        self.ask(ask, timeout, ctx);
        Some(ask.to)
    }

    /// Whether a commit is unanswered.
    pub(super) fn committing(&self) -> bool {
        let commits =
            |ask: &Ask| matches!(ask.message, Message::Group(group::Message::Commit { .. }));
        self.open.iter().any(|(ask, _)| commits(ask))
    }

    /// Gives up looking for positions.
    pub(super) fn drop_positions(&mut self, ctx: &mut Ctx<'_>) {
        let finds = |ask: &Ask| {
            matches!(
                ask.message,
                Message::Group(group::Message::FindOffset { .. })
                    | Message::Sink(sink::Message::FindMark { .. })
            )
        };
        self.open.retain(|(ask, timer)| {
            if finds(ask) {
                ctx.cancel(*timer);
            }
            !finds(ask)
        });
    }

    /// The numbers of unanswered requests to a node.
    pub(super) fn to(&self, node: NodeId) -> Vec<u32> {
        self.open
            .iter()
            .filter(|(ask, _)| ask.to == node)
            .map(|(ask, _)| ask.number)
            .collect()
    }
}
