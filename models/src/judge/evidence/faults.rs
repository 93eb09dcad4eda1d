//! What has gone wrong so far: the ground on which assumptions of a promise are judged.

use alloc::vec::Vec;

use semel_sim::address::{Change, NodeId, OutageKind};

use crate::vocabulary::Topology;

/// Kinds of mishaps, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::judge) struct Struck(u16);

impl Struck {
    pub(in crate::judge) const POWER_LOSS: Self = Self(1);
    pub(in crate::judge) const DISK_LOSS: Self = Self(1 << 1);
    pub(in crate::judge) const PAUSE: Self = Self(1 << 2);
    pub(in crate::judge) const BROKER: Self = Self(1 << 3);
    pub(in crate::judge) const CONSUMER: Self = Self(1 << 4);
    pub(in crate::judge) const CLOCK: Self = Self(1 << 5);
    pub(in crate::judge) const DUPLICATE: Self = Self(1 << 6);
    pub(in crate::judge) const ZOMBIE: Self = Self(1 << 7);
    pub(in crate::judge) const GIVEN_UP: Self = Self(1 << 8);
    pub(in crate::judge) const FORGOTTEN: Self = Self(1 << 9);
    pub(in crate::judge) const SESSIONS: Self = Self(1 << 10);
    pub(in crate::judge) const SINK: Self = Self(1 << 11);
    pub(in crate::judge) const STORE_CLOCK: Self = Self(1 << 12);
    pub(in crate::judge) const LATE_MARK: Self = Self(1 << 13);
    pub(in crate::judge) const LATE_RECORD: Self = Self(1 << 14);
    pub(in crate::judge) const OUTLIVED: Self = Self(1 << 15);

    pub(in crate::judge) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    #[inline]
    pub(in crate::judge) fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Mishaps so far.
#[derive(Clone, Debug)]
pub(in crate::judge) struct Faults {
    topology: Topology,
    pub(in crate::judge) struck: Struck,
    /// How often each node lost its memory, and how it did so last.
    boots: Vec<(u16, Option<OutageKind>)>,
    /// How often each had lost its memory when it lost its disk last; 0 if it never did.
    wiped: Vec<u16>,
}

impl Faults {
    pub(in crate::judge) fn new(topology: Topology) -> Self {
        Self {
            topology,
            struck: Struck::default(),
            boots: alloc::vec![(0, None); usize::from(topology.size())],
            wiped: alloc::vec![0; usize::from(topology.size())],
        }
    }

    pub(in crate::judge) fn reset(&mut self) {
        self.struck = Struck::default();
        self.boots.fill((0, None));
        self.wiped.fill(0);
    }

    /// The weather changed, or an outage struck.
    pub(in crate::judge) fn note(&mut self, change: &Change) {
        match *change {
            Change::Outage(node, outage) => self.outage(node, outage.kind),
            Change::ClockStep(node, _) | Change::ClockDrift(node, _) => {
                self.struck.set(Struck::CLOCK);
                if self.is_broker(node) || node == self.topology.sink() {
                    self.struck.set(Struck::STORE_CLOCK);
                }
            }
            Change::Cut(..) | Change::Join(..) | Change::Latency(..) | Change::Slow(..) => {}
        }
    }

    fn outage(&mut self, node: NodeId, kind: OutageKind) {
        match kind {
            OutageKind::Pause => {
                self.struck.set(Struck::PAUSE);
                return;
            }
            OutageKind::PowerLoss => self.struck.set(Struck::POWER_LOSS),
            OutageKind::DiskLoss => self.struck.set(Struck::DISK_LOSS),
            OutageKind::Crash => {}
        }
        if self.is_broker(node) {
            self.struck.set(Struck::BROKER);
        }
        if node >= self.topology.consumer(0) && node < self.topology.sink() {
            self.struck.set(Struck::CONSUMER);
        }
        if node == self.topology.sink() {
            self.struck.set(Struck::SINK);
        }
        if let Some(known) = self.boots.get_mut(usize::from(node.0)) {
            *known = (known.0.wrapping_add(1), Some(kind));
            if kind == OutageKind::DiskLoss {
                self.wiped[usize::from(node.0)] = known.0;
            }
        }
    }

    fn is_broker(&self, node: NodeId) -> bool {
        node >= self.topology.broker(0) && node < self.topology.consumer(0)
    }

    /// How often a node has lost its memory.
    #[inline]
    pub(in crate::judge) fn boots(&self, node: NodeId) -> u16 {
        self.boots
            .get(usize::from(node.0))
            .map_or(0, |known| known.0)
    }

    /// Whether a node has lost its disk since it had lost its memory so often.
    pub(in crate::judge) fn is_wiped_since(&self, node: NodeId, boots: u16) -> bool {
        let wiped = self.wiped.get(usize::from(node.0));
        wiped.is_some_and(|wiped| *wiped > boots)
    }

    /// How a node lost its memory last.
    pub(in crate::judge) fn last(&self, node: NodeId) -> Option<OutageKind> {
        self.boots
            .get(usize::from(node.0))
            .and_then(|known| known.1)
    }
}
