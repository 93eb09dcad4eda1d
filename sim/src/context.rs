//! What a process can do during a step: read its own clocks, arm timers, and push sends and observations into
//! buffers lent by the world.

use alloc::vec::Vec;
use core::hash::Hash;

use crate::address::{Label, NodeId};
use crate::clock::Clock;
use crate::digest::Sum;
use crate::domain::Domain;
use crate::store::{Batch, Store};
use crate::time::{Span, Time};
use crate::world::queue::{Queue, Ticket, Weight};

/// The other end of a conversation: a node, and the connection its message came on.
///
/// Answering a peer uses that connection, even when the peer has given it up since, and even when an answer before was
/// lost on it: then this one is lost, too. A `Peer` made from a [`NodeId`] uses whatever connection is newest. So a
/// protocol on connections needs one of three: who asks gives up when its answer is late, who answers gives up in
/// [`disconnected`](crate::domain::Process::disconnected), or who answers sends to `from.node`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer {
    /// The node.
    pub node: NodeId,
    pub(crate) connection: Option<u32>,
}

impl From<NodeId> for Peer {
    fn from(node: NodeId) -> Self {
        Self {
            node,
            connection: None,
        }
    }
}

/// A timer that may be cancelled while it has not fired.
pub type TimerId = Ticket;

/// What waits in the kernel's queue, and the node that it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<D: Domain> {
    pub(crate) node: NodeId,
    pub(crate) due: Due<D>,
}

/// What falls due.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Due<D: Domain> {
    /// A copy of a packet reaches the node.
    Arrival {
        from: NodeId,
        connection: u32,
        /// The message's: asking it again would cost a jump.
        label: Label,
        message: D::Message,
        /// The entry that tells of its sending.
        cause: u64,
    },
    /// A timer, if the node still is what it was when it armed it.
    Timer {
        incarnation: u32,
        timer: D::Timer,
        cause: u64,
    },
    /// The node finds a connection broken.
    Told {
        peer: NodeId,
        connection: u32,
        cause: u64,
    },
    /// The busy node is free again.
    Ready,
    /// The node comes back from this outage of its.
    Return { cause: u64 },
}

impl<D: Domain> Due<D> {
    /// Whether it is the node's to handle: what is the kernel's waits for no node.
    pub(crate) const fn is_input(&self) -> bool {
        !matches!(self, Self::Ready | Self::Return { .. })
    }
}

/// What an event with this label weighs.
#[inline]
pub(crate) fn weight<D: Domain>(label: Label) -> Weight {
    if D::chatter(label) {
        Weight::Chatter
    } else {
        Weight::Useful
    }
}

/// A message on its way out of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing<D: Domain> {
    pub(crate) to: Peer,
    /// The message's: where it is made, its kind is hardly ever a question.
    pub(crate) label: Label,
    /// The message's, too.
    pub(crate) sum: Sum,
    pub(crate) message: D::Message,
}

/// A timer whose exact delay the adversary will choose after the step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jittered<T> {
    pub(crate) timer: T,
    pub(crate) delay: Span,
    pub(crate) spread: Span,
}

/// The part of the world that a step may touch.
#[derive(Clone, Debug)]
pub(crate) struct Core<D: Domain> {
    pub(crate) now: Time,
    /// How long the step takes: timers that it arms run from its end.
    pub(crate) service: Span,
    pub(crate) queue: Queue<Event<D>>,
    pub(crate) store: Store<D::Item>,
    pub(crate) sends: Vec<Outgoing<D>>,
    pub(crate) seen: Seen<D::Observation>,
    pub(crate) jittered: Vec<Jittered<D::Timer>>,
    pub(crate) batches: Vec<Batch>,
    pub(crate) given_up: Vec<NodeId>,
}

/// What has been observed and not been told yet.
#[derive(Clone, Debug)]
pub(crate) struct Seen<O> {
    pub(crate) all: Vec<O>,
    pub(crate) sum: Sum,
}

impl<O: Hash> Seen<O> {
    pub(crate) const fn new() -> Self {
        Self {
            all: Vec::new(),
            sum: Sum::NONE,
        }
    }

    #[expect(clippy::inline_always, reason = "what it is is known where it is made")]
    #[inline(always)]
    pub(crate) fn push(&mut self, observation: O) {
        observation.hash(&mut self.sum);
        self.all.push(observation);
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.all.clear();
        self.sum = Sum::NONE;
    }
}

/// A step's view of the world. Everything it can do is here.
pub struct Context<'a, D: Domain> {
    pub(crate) core: &'a mut Core<D>,
    pub(crate) clock: &'a Clock,
    pub(crate) me: NodeId,
    pub(crate) incarnation: u32,
    pub(crate) cause: u64,
}

impl<D: Domain> Context<'_, D> {
    /// This node.
    pub fn me(&self) -> NodeId {
        self.me
    }

    /// How often this node has booted before.
    pub fn incarnation(&self) -> u32 {
        self.incarnation
    }

    /// Time since boot on the node's own monotonic clock.
    pub fn elapsed(&self) -> Span {
        self.clock.elapsed(self.core.now)
    }

    /// The node's wall clock.
    pub fn wall(&self) -> Time {
        self.clock.wall(self.core.now)
    }

    /// Sends a message after the step, in the order of the calls.
    #[expect(
        clippy::inline_always,
        reason = "the kind of message is known where it is made"
    )]
    #[inline(always)]
    pub fn send(&mut self, to: impl Into<Peer>, message: D::Message) {
        self.core.sends.push(Outgoing {
            to: to.into(),
            label: D::label(&message),
            sum: Sum::of(&message),
            message,
        });
    }

    /// Makes a batch to put into messages of this step.
    #[inline]
    pub fn batch(&mut self, items: &[D::Item]) -> Batch {
        let batch = self.core.store.put(items);
        self.core.batches.push(batch);
        batch
    }

    /// The items of a batch that arrived in this step.
    #[inline]
    pub fn items(&self, batch: Batch) -> &[D::Item] {
        self.core.store.get(batch)
    }

    /// Arms a timer on the node's own clock. It runs from the end of the step, when what the step sends leaves: a step
    /// that takes long does not use up the patience for its answer.
    pub fn set_timer(&mut self, delay: Span, timer: D::Timer) -> TimerId {
        let delay = self.clock.true_span(delay) + self.core.service;
        let weight = weight::<D>(D::timer_label(&timer));
        let event = Event {
            node: self.me,
            due: Due::Timer {
                incarnation: self.incarnation,
                timer,
                cause: self.cause,
            },
        };
        let Core { queue, now, .. } = self.core;
        queue.push_after(*now, delay, weight, event)
    }

    /// Arms a timer somewhere in `delay ..= delay + spread`; where exactly is chance's to say. It cannot be
    /// cancelled: let the process ignore it when it has become pointless.
    pub fn set_timer_within(&mut self, delay: Span, spread: Span, timer: D::Timer) {
        self.core.jittered.push(Jittered {
            timer,
            delay,
            spread,
        });
    }

    /// Cancels a timer; one that has fired is left alone.
    #[inline]
    pub fn cancel(&mut self, timer: TimerId) {
        self.core.queue.cancel(timer);
    }

    /// Tells observers something.
    #[expect(clippy::inline_always, reason = "what it is is known where it is made")]
    #[inline(always)]
    pub fn observe(&mut self, observation: D::Observation) {
        self.core.seen.push(observation);
    }

    /// Gives up the connection with `peer`: what arrives on it later is not heard here, of which its sender is told,
    /// and the next send opens a new one, a round trip later. What was sent on it may still arrive there. Nothing
    /// happens on datagrams.
    pub fn give_up(&mut self, peer: NodeId) {
        self.core.given_up.push(peer);
    }
}
