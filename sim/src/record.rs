//! What leaves a run: entries, each with the entry that caused it, and observations for the judge.

use crate::address::{Fate, FaultIndex, NodeId, Outage, OutageKind, PacketId, StepId, Weather};
use crate::domain::Domain;
use crate::time::{Span, Time};

/// One line of a trace.
#[derive(Clone, Copy, Debug)]
pub struct Entry<D: Domain> {
    /// Its place in the trace, from 0.
    pub id: u64,
    /// The entry that brought it about; its own for what nothing in the run brought about.
    pub cause: u64,
    /// True time.
    pub at: Time,
    /// What happened.
    pub what: What<D>,
}

/// What can happen in a run.
#[derive(Clone, Copy, Debug)]
pub enum What<D: Domain> {
    /// A node booted.
    Started(NodeId),
    /// A packet left.
    Sent {
        /// Its address.
        id: PacketId,
        /// Who sent it.
        from: NodeId,
        /// To whom.
        to: NodeId,
        /// What it says.
        message: D::Message,
        /// What becomes of it.
        fate: Fate,
        /// Why no copy will arrive, if so.
        loss: Option<Loss>,
    },
    /// A step's packet never left, because its node went down first.
    Unsent(NodeId, D::Message),
    /// A copy arrived and was handled.
    Arrived(NodeId, NodeId, D::Message),
    /// A copy arrived where nobody was there to hear it.
    Missed(NodeId, NodeId, D::Message, Loss),
    /// A timer fired.
    Fired(NodeId, D::Timer),
    /// A connection was found broken by the first node.
    Disconnected(NodeId, NodeId),
    /// Something was observed at a node.
    Observed(NodeId, D::Observation),
    /// A node went down, right after this step if there is one.
    Struck(NodeId, Outage, FaultIndex, Option<StepId>),
    /// A node came back.
    Returned(NodeId, OutageKind),
    /// The weather changed.
    Weather(Weather),
    /// A process asked for a delay within a spread and got this much more than its least. (Not for jitter 0.)
    Jittered(StepId, u32, Span),
    /// Links heal, nodes come back; from here on the world must settle.
    Healed,
}

impl<D: Domain> What<D> {
    /// The message that it is about, if it is about one.
    pub const fn message(&self) -> Option<&D::Message> {
        match self {
            Self::Sent { message, .. }
            | Self::Unsent(_, message)
            | Self::Arrived(_, _, message)
            | Self::Missed(_, _, message, _) => Some(message),
            Self::Started(_)
            | Self::Fired(..)
            | Self::Disconnected(..)
            | Self::Observed(..)
            | Self::Struck(..)
            | Self::Returned(..)
            | Self::Weather(_)
            | Self::Jittered(..)
            | Self::Healed => None,
        }
    }
}

/// Why a packet reached nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loss {
    /// The network dropped it.
    Dropped,
    /// The network damaged it and the receiver noticed.
    Corrupted,
    /// Its link was cut when it was sent.
    Isolated,
    /// An earlier packet of its connection was lost, so this one could not be put in order.
    Behind,
    /// Its receiver was down.
    Down,
    /// Its receiver had given its connection up.
    GivenUp,
}

/// Where a run's output goes. A blind recorder keeps only what it judges; an open one keeps every entry.
pub trait Recorder<D: Domain> {
    /// Whether [`Recorder::entry`] wants to be called.
    const OPEN: bool = false;

    /// Something happened; `items` are those of the message's batch, if it is about a message.
    fn entry(&mut self, _entry: &Entry<D>, _items: &[D::Item]) {}

    /// Something was observed; `entry` is its place in the trace.
    fn observe(&mut self, entry: u64, at: Time, node: NodeId, observation: &D::Observation);

    /// A fault struck a node or changed the weather (packets' fates are not reported here).
    fn fault(&mut self, _at: Time, _change: &Weather) {}

    /// A second copy of a packet was put on its way.
    fn duplicated(&mut self, _at: Time) {}

    /// Whether everything that was to be done has been done and accounted for. Until it has, a run in which only
    /// chatter is left goes on for a quiet span.
    fn complete(&self) -> bool {
        true
    }

    /// A count that grows with every piece of useful progress. A run in which it does not grow is stuck before long.
    fn progress(&self) -> u64 {
        0
    }
}

/// A recorder for nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl<D: Domain> Recorder<D> for Nobody {
    fn observe(&mut self, _: u64, _: Time, _: NodeId, _: &D::Observation) {}
}
