//! What a domain must say of itself so that the kernel can run it: its words, its nodes, its kinds.

use alloc::string::String;
use core::fmt::Debug;
use core::hash::Hash;

use crate::address::{Label, NodeId, OutageKind};
use crate::context::{Context, Peer};
use crate::digest::Digest;
use crate::store::Batch;
use crate::time::Time;

/// A protocol's vocabulary. The kernel moves these words and never looks inside.
pub trait Domain: Copy + Debug + 'static {
    /// What nodes say to each other: small and `Copy`; larger contents go in a [`Batch`].
    type Message: Copy + Hash + Debug;
    /// What nodes tell themselves to do later.
    type Timer: Copy + Hash + Debug;
    /// What an observer may see.
    type Observation: Copy + Hash + Debug;
    /// What batches are made of.
    type Item: Copy + Hash + Debug;
    /// Every kind of node.
    type Node: Process<Self> + Clone;
    /// A pattern on messages, for faults that wait for one.
    type MessagePattern: Clone + Debug;
    /// A pattern on observations, for faults that wait for one.
    type ObservationPattern: Clone + Debug;

    /// How many labels there are; messages and timers share the numbering. With one for all of them, which will do for
    /// a small protocol, one more message renames the choices after it.
    const LABELS: usize = 1;

    /// The kind of a message.
    fn label(_message: &Self::Message) -> Label {
        Label(0)
    }

    /// The kind of a timer.
    fn timer_label(_timer: &Self::Timer) -> Label {
        Label(0)
    }

    /// The word for a label, as schedules and traces call it. No two labels share a word.
    fn label_name(_label: Label) -> &'static str {
        "step"
    }

    /// A message in a few words (`Ack 17`), as schedules and traces call it.
    fn describe(message: &Self::Message, _items: &[Self::Item]) -> String {
        Self::label_name(Self::label(message)).into()
    }

    /// Heartbeats, empty polls and the like: they keep no run alive and are never deviated singly.
    fn chatter(_label: Label) -> bool {
        false
    }

    /// The batch a message carries, if any. The kernel keeps it alive while the packet is in flight.
    fn batch(_message: &Self::Message) -> Option<Batch> {
        None
    }

    /// Whether [`Domain::departed`] may have something to say of packets with this label: if not, it is not asked.
    fn tells(_label: Label) -> bool {
        true
    }

    /// What becomes observable when a packet leaves (attempts; with acks none, the client's ok).
    fn departed(
        _from: NodeId,
        _message: &Self::Message,
        _items: &[Self::Item],
        _see: &mut impl FnMut(Self::Observation),
    ) {
    }

    /// Whether a message matches a pattern.
    fn message_matches(
        _pattern: &Self::MessagePattern,
        _message: &Self::Message,
        _items: &[Self::Item],
    ) -> bool {
        false
    }

    /// Whether an observation, whichever node makes it, matches a pattern.
    fn observation_matches(
        _pattern: &Self::ObservationPattern,
        _observation: &Self::Observation,
    ) -> bool {
        false
    }
}

/// A node's program: a plain state machine. It sees its own state, its own clocks and what it receives; never
/// true time, another node's state, or whether a packet was lost.
pub trait Process<D: Domain> {
    /// The node boots, for the first time or after an outage that took its memory.
    fn start(&mut self, ctx: &mut Context<'_, D>);

    /// A message arrives.
    fn receive(&mut self, from: Peer, message: &D::Message, ctx: &mut Context<'_, D>);

    /// A timer that was not cancelled falls due.
    fn fire(&mut self, timer: D::Timer, ctx: &mut Context<'_, D>);

    /// A connection with `peer` is found broken; what was sent on it may or may not have arrived. Who opened it hears
    /// nothing more on it. The other end still hears what comes there, but cannot answer on it: it may
    /// [give it up](Context::give_up), and then the one who opened it is told.
    fn disconnected(&mut self, _peer: NodeId, _ctx: &mut Context<'_, D>) {}

    /// The node goes down: forget what this kind of outage takes. What is not forgotten here is kept, as if it were on
    /// disk: nothing can check that. A pause takes nothing, and is not told. For unsynced journals, `survives` says how
    /// many of so many unsynced entries are kept, always a prefix; it is asked once per journal.
    fn crash(&mut self, kind: OutageKind, survives: &mut dyn FnMut(u64) -> u64);

    /// Whether a power loss now would take anything that a crash would not. Where it would not, an exploration offers
    /// none: the crash is the same.
    fn unsynced(&self) -> bool {
        true
    }

    /// What a fresh reader finds here once a run is over: told when [`World::last_words`](crate::world::World::last_words)
    /// asks, never during a run.
    fn last_words(&self, _see: &mut dyn FnMut(D::Observation)) {}

    /// Adds everything that decides the node's future to a fingerprint, times only as age or as time to go. Whoever
    /// [explores](crate::search::explore) and merges needs it: of two worlds whose fingerprints agree only one is
    /// followed.
    fn fingerprint(&self, _now: Time, _digest: &mut Digest) {}
}
