//! Offsets that a transaction will commit (`semantics.md` §1.4, KIP-447).
//!
//! They are kept beside the committed ones until the marker of their transaction comes, and meanwhile a reader that
//! asks for the offset is told to ask again: what it would get is about to change (F025). Who commits is checked when
//! the offset is taken in, as for a plain commit; it takes effect with the marker, even if the group has moved on by
//! then.
//!
//! `__consumer_offsets` is replicated, as `__transaction_state` is: all of this is on disk.

use alloc::collections::BTreeMap;

use semel_sim::address::OutageKind;

use crate::broker::partition::transactions::{Standing, standing};
use crate::message::transaction::Owner;
use crate::observation::{Observation, TransactionId};
use crate::vocabulary::{Epoch, Generation, Offset, Partition, ProducerId};

/// Offsets that wait for a marker.
#[derive(Clone, Debug, Default, Hash)]
pub(in crate::broker) struct PendingOffsets {
    disk: Disk,
}

#[derive(Clone, Debug, Default, Hash)]
struct Disk {
    /// By producer and partition.
    waiting: BTreeMap<(ProducerId, Partition), Waiting>,
    /// The newest epoch of each producer and of its coordinator.
    epochs: BTreeMap<ProducerId, (Epoch, u32)>,
}

/// An offset that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::broker) struct Waiting {
    pub(in crate::broker) offset: Offset,
    /// Which of its producer's transactions it came with.
    pub(in crate::broker) transaction: u32,
    pub(in crate::broker) member: u16,
    /// In which generation it was taken in, if that was not the current one even then.
    pub(in crate::broker) stale: Option<Generation>,
}

impl PendingOffsets {
    pub(in crate::broker) fn reset(&mut self) {
        self.disk.waiting.clear();
        self.disk.epochs.clear();
    }

    pub(in crate::broker) fn crash(&mut self, kind: OutageKind) {
        if kind == OutageKind::DiskLoss {
            self.reset();
        }
    }

    /// Whether an epoch is older than one that is known.
    pub(in crate::broker) fn is_stale(&self, of: Owner) -> bool {
        let known = self.disk.epochs.get(&of.producer);
        known.is_some_and(|(epoch, _)| of.epoch < *epoch)
    }

    /// An offset is taken in.
    pub(in crate::broker) fn put(&mut self, of: Owner, partition: Partition, waiting: Waiting) {
        let known = self.disk.epochs.entry(of.producer).or_default();
        known.0 = of.epoch.max(known.0);
        self.disk.waiting.insert((of.producer, partition), waiting);
    }

    /// Whether the committed offset of a partition is about to change.
    pub(in crate::broker) fn is_unstable(&self, partition: Partition) -> bool {
        let mut all = self.disk.waiting.keys();
        all.any(|(_, other)| *other == partition)
    }

    /// What nobody decided.
    pub(in crate::broker) fn last_words(&self, see: &mut dyn FnMut(Observation)) {
        for ((producer, partition), waiting) in &self.disk.waiting {
            see(Observation::Unsettled {
                partition: *partition,
                offset: waiting.offset,
                transaction: TransactionId {
                    producer: *producer,
                    number: waiting.transaction,
                },
            });
        }
    }

    /// A marker comes. Calls `commit` for every offset that it commits.
    pub(in crate::broker) fn mark(
        &mut self,
        of: Owner,
        coordinator: u32,
        version: u8,
        mut commit: impl FnMut(Partition, Waiting),
    ) {
        let Disk { waiting, epochs } = &mut self.disk;
        let known = epochs.get(&of.producer).copied();
        if standing(version, known, of.epoch, coordinator) == Standing::Void {
            return;
        }
        epochs.insert(of.producer, (of.epoch, coordinator));
        waiting.retain(|(producer, partition), waiting| {
            if *producer == of.producer {
                commit(*partition, *waiting);
            }
            *producer != of.producer
        });
    }
}
