//! Requests that are repeated until they are answered: each keeps its number in every attempt.

use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use semel_sim::address::NodeId;
use semel_sim::context::TimerId;
use semel_sim::time::Span;

use crate::message::{Message, group, sink};
use crate::model::Ctx;
use crate::timer::Timer;

/// A pause before a broken connection is tried again (Kafka's `reconnect.backoff.ms`).
pub(crate) const RECONNECT: Span = Span::millis(50);
/// A pause before something is tried again that was refused for now, or failed (Kafka's `retry.backoff.ms`).
pub(crate) const RETRY_BACKOFF: Span = Span::millis(100);

/// The numbers of a node's requests. Those of an earlier life are never used again, so that a late answer to one of
/// them is not taken for an answer to a request of this one; real clients go by their connection. (Lives begin at round
/// numbers, so that runs which differ only in how many requests an earlier life made go on alike.)
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    last: u32,
}

impl Numbers {
    /// A life takes so many numbers, or a multiple. In one run a node has a million lives, or four billion requests.
    const LIFE: u32 = 1 << 12;

    /// A fresh number.
    #[inline]
    pub(crate) const fn next(&mut self) -> u32 {
        self.last = self
            .last
            .checked_add(1)
            .expect("a node makes fewer than 2^32 requests in a run");
        self.last
    }

    /// A life is over.
    pub(crate) const fn skip(&mut self) {
        self.last = (self.last / Self::LIFE + 1)
            .checked_mul(Self::LIFE)
            .expect("a node has fewer than 2^20 lives in a run");
    }
}

/// A request and whom it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) number: u32,
    pub(crate) to: NodeId,
    pub(crate) message: Message,
}

/// Unanswered requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests {
    numbers: Numbers,
    open: Vec<Open>,
}

/// An unanswered request.
#[derive(Clone, Copy, Debug)]
struct Open {
    ask: Ask,
    /// How often it has been sent.
    sent: u32,
    /// When it is sent again.
    timer: TimerId,
}

impl Hash for Requests {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for Open { ask, sent, .. } in &self.open {
            let repeated = *sent > 1;
            (ask.to, ask.message, repeated).hash(state);
        }
    }
}

impl Requests {
    pub(crate) fn reset(&mut self) {
        self.numbers = Numbers::default();
        self.open.clear();
    }

    /// A crash takes them.
    pub(crate) fn lose(&mut self) {
        self.numbers.skip();
        self.open.clear();
    }

    /// A fresh number.
    pub(crate) const fn number(&mut self) -> u32 {
        self.numbers.next()
    }

    pub(crate) fn ask(&mut self, ask: Ask, timeout: Span, ctx: &mut Ctx<'_>) {
        self.send(ask, 1, timeout, ctx);
    }

    fn send(&mut self, ask: Ask, sent: u32, timeout: Span, ctx: &mut Ctx<'_>) {
        ctx.send(ask.to, ask.message);
        let request = ask.number;
        let timer = ctx.set_timer(timeout, Timer::RequestExpired { request });
        self.open.push(Open { ask, sent, timer });
    }

    fn position(&self, number: u32) -> Option<usize> {
        self.open.iter().position(|open| open.ask.number == number)
    }

    /// An answer came. False if nobody waits for it any more.
    pub(crate) fn answered(&mut self, number: u32, ctx: &mut Ctx<'_>) -> bool {
        self.take(number, ctx).is_some()
    }

    /// An answer came: to what, and how often that had been sent.
    pub(crate) fn take(&mut self, number: u32, ctx: &mut Ctx<'_>) -> Option<(Message, u32)> {
        let index = self.position(number)?;
        let Open { ask, sent, timer } = self.open.remove(index);
        ctx.cancel(timer);
        Some((ask.message, sent))
    }

    /// Sends an unanswered request again. Returns whom it is for, if it still was unanswered.
    pub(crate) fn again(
        &mut self,
        number: u32,
        timeout: Span,
        ctx: &mut Ctx<'_>,
    ) -> Option<NodeId> {
        let index = self.position(number)?;
        let Open { ask, sent, timer } = self.open.remove(index);
        ctx.cancel(timer);
        self.send(ask, sent + 1, timeout, ctx);
        Some(ask.to)
    }

    /// Sends an unanswered request again after a pause, and not before.
    pub(crate) fn pause(&mut self, number: u32, pause: Span, ctx: &mut Ctx<'_>) {
        if let Some(index) = self.position(number) {
            let timer = ctx.set_timer(pause, Timer::Reconnect { request: number });
            let before = core::mem::replace(&mut self.open[index].timer, timer);
            ctx.cancel(before);
        }
    }

    /// Whether a request of this kind is unanswered.
    pub(crate) fn any(&self, kind: impl Fn(&Message) -> bool) -> bool {
        self.open.iter().any(|open| kind(&open.ask.message))
    }

    /// Gives up requests of this kind.
    pub(crate) fn drop_all(&mut self, kind: impl Fn(&Message) -> bool, ctx: &mut Ctx<'_>) {
        self.open.retain(|open| {
            let dropped = kind(&open.ask.message);
            if dropped {
                ctx.cancel(open.timer);
            }
            !dropped
        });
    }

    /// Whether a commit is unanswered.
    pub(crate) fn committing(&self) -> bool {
        self.any(|message| matches!(message, Message::Group(group::Message::Commit { .. })))
    }

    /// Gives up looking for positions.
    pub(crate) fn drop_positions(&mut self, ctx: &mut Ctx<'_>) {
        let finds = |message: &Message| {
            matches!(
                message,
                Message::Group(group::Message::FindOffset { .. })
                    | Message::Sink(sink::Message::FindMark { .. })
            )
        };
        self.drop_all(finds, ctx);
    }

    /// The numbers of unanswered requests to a node.
    pub(crate) fn to(&self, node: NodeId) -> Vec<u32> {
        let to_node = self.open.iter().filter(|open| open.ask.to == node);
        to_node.map(|open| open.ask.number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lives of no requests, of a few, and of more than one life's numbers.
    #[test]
    fn no_two_lives_share_a_number() {
        let mut numbers = Numbers::default();
        let mut last = 0;
        for requests in [5, 0, 3 * Numbers::LIFE, 1] {
            for _ in 0..requests {
                let next = numbers.next();
                assert!(next > last);
                last = next;
            }
            numbers.skip();
        }
        for life in 0..1_000 {
            let next = numbers.next();
            assert!(next > last, "after {life} more lives");
            last = next;
            numbers.skip();
        }
    }
}
