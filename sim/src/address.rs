//! Addresses of choices, and the answers an adversary may give to them.

use crate::chance::Address;
use crate::time::Span;

/// A node of the world, by its place in the list the world was built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u16);

/// The kind of a message or timer, so that one more poll does not rename everything after it.
///
/// Messages and timers of a domain share one numbering, `0..Domain::LABELS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(pub u8);

/// One packet: the `nth` of its label on one connection of one link. `link` is keyed by the names of its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketId {
    /// The key of the directed link: made from the two node names, so that more nodes rename none.
    pub link: u64,
    /// The connection, counted from 0 per pair of nodes; always 0 for datagrams.
    pub connection: u32,
    /// The kind of message.
    pub label: Label,
    /// Counted from 0 per link, connection and label.
    pub nth: u32,
}

/// One step of a node: the `nth` input of its label there. `node` is keyed by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId {
    /// The key of the node, made from its name.
    pub node: u64,
    /// The kind of message or timer that was the input.
    pub label: Label,
    /// Counted from 0 per node and label.
    pub nth: u32,
}

impl From<PacketId> for Address {
    #[inline]
    fn from(id: PacketId) -> Self {
        let place = u64::from(id.connection) << 32 | u64::from(id.nth);
        Self(id.link ^ (u64::from(id.label.0) << 56), place)
    }
}

impl From<StepId> for Address {
    #[inline]
    fn from(id: StepId) -> Self {
        Self(id.node, u64::from(id.label.0) << 32 | u64::from(id.nth))
    }
}

/// The place of a fault in the plan; [`FaultIndex::NONE`] for what no fault did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaultIndex(pub u16);

impl FaultIndex {
    /// Nobody's doing.
    pub const NONE: Self = Self(u16::MAX);
}

/// What becomes of a packet: its arrival delays. None is a drop, one a delivery, two a duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fate {
    pub(crate) delays: [Span; Fate::COPIES],
    pub(crate) acted: Acted,
    pub(crate) copies: u8,
    /// Lost because its contents were damaged and the receiver noticed.
    pub corrupted: bool,
}

impl Fate {
    /// The most copies of one packet that can arrive.
    pub const COPIES: usize = 2;

    /// One copy, `delay` from now.
    #[inline]
    pub const fn deliver(delay: Span) -> Self {
        let mut fate = Self::drop();
        fate.delays[0] = delay;
        fate.copies = 1;
        fate
    }

    /// No copy.
    #[inline]
    pub const fn drop() -> Self {
        Self {
            delays: [Span::ZERO; Self::COPIES],
            acted: Acted::NONE,
            copies: 0,
            corrupted: false,
        }
    }

    /// The arrival delays, in the order in which the copies were made.
    #[inline]
    pub fn delays(&self) -> &[Span] {
        &self.delays[..usize::from(self.copies)]
    }

    /// Adds a copy; beyond [`Fate::COPIES`] nothing happens.
    pub fn copy(&mut self, delay: Span) {
        if usize::from(self.copies) < Self::COPIES {
            self.delays[usize::from(self.copies)] = delay;
            self.copies += 1;
        }
    }

    /// At most the first copy: a connection sorts the others out.
    pub(crate) fn sort_out(&mut self) {
        self.copies = self.copies.min(1);
    }

    /// Takes all copies away.
    #[inline]
    pub fn lose(&mut self) {
        self.copies = 0;
    }

    /// Delays every copy by `more`.
    pub fn delay(&mut self, more: Span) {
        for delay in &mut self.delays[..usize::from(self.copies)] {
            *delay = *delay + more;
        }
    }

    /// Notes that a fault had a hand in this. The last four are remembered.
    #[inline]
    pub fn blame(&mut self, fault: FaultIndex) {
        self.acted = self.acted.and(fault);
    }

    /// The faults that had a hand in this, in the order in which they were blamed.
    #[inline]
    pub fn acted(&self) -> impl Iterator<Item = FaultIndex> + use<> {
        self.acted.faults()
    }
}

/// Up to four faults in one word, 16 bits each, the latest lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Acted(u64);

impl Acted {
    pub(crate) const NONE: Self = Self(u64::MAX);

    #[inline]
    pub(crate) const fn and(self, fault: FaultIndex) -> Self {
        Self(self.0 << 16 | fault.0 as u64)
    }

    #[inline]
    fn faults(self) -> impl Iterator<Item = FaultIndex> + use<> {
        let lanes = [48, 32, 16, 0].map(|shift| FaultIndex((self.0 >> shift) as u16));
        lanes.into_iter().filter(|fault| *fault != FaultIndex::NONE)
    }
}

/// What can befall a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutageKind {
    /// The process dies: memory gone, disk and page cache kept. Connected peers are told.
    Crash,
    /// The machine dies: memory and unsynced bytes gone. Nobody is told.
    PowerLoss,
    /// The disk dies with the machine: nothing is kept. Nobody is told.
    DiskLoss,
    /// The process stops and later goes on where it was, with memory and beliefs. Nobody is told.
    Pause,
}

/// An outage and how long it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Outage {
    /// What happens.
    pub kind: OutageKind,
    /// How long the node stays away.
    pub down: Span,
}

/// An outage right after a step, before all of the step's packets have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Strike {
    /// What happens to the node.
    pub outage: Outage,
    /// How many of the step's sends still leave.
    pub sends: u32,
    /// Whose doing it is.
    pub fault: FaultIndex,
}

/// What time alone decides: the same for every strategy in a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// An outage of a node, between steps.
    Outage(NodeId, Outage),
    /// Packets sent from the first node to the second are lost from now on (counted: cuts add up).
    Cut(NodeId, NodeId),
    /// Takes one cut away.
    Join(NodeId, NodeId),
    /// Every packet sent from the first node to the second takes so much longer, from now on.
    Latency(NodeId, NodeId, Span),
    /// A node's service time is multiplied by this from now on.
    Slow(NodeId, u32),
    /// A node's wall clock jumps by so many nanoseconds.
    ClockStep(NodeId, i64),
    /// A node's clocks run faster by so many parts per million from now on.
    ClockDrift(NodeId, i32),
}

/// A change of the weather and whose doing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Weather {
    /// What changes.
    pub change: Change,
    /// Whose doing it is.
    pub fault: FaultIndex,
}
