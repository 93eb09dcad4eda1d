//! Names by sequence number: the client side of Kafka's idempotent producer (`semantics.md` §1.3).
//!
//! The client holds a producer id and an epoch, and per partition the next sequence number and the last
//! acknowledged one. A batch that the broker finds out of order is sent again; if it should have been the next one,
//! the client raises its own epoch and numbers what is in flight anew from 0 (KIP-360). A batch given up with an
//! unknown outcome leaves its number open: the partition drains, and then the epoch is raised.

use alloc::vec::Vec;

use crate::producer::queue::{Queues, Request};
use crate::vocabulary::{Epoch, Partition, ProducerId};

/// The client's names.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Sequences {
    /// The request that registers this client, while it is unanswered.
    registering: Option<u32>,
    identity: Option<ProducerId>,
    epoch: Epoch,
    partitions: Vec<Numbers>,
}

/// A partition's numbers.
#[derive(Clone, Copy, Debug, Default, Hash)]
struct Numbers {
    epoch: Epoch,
    next: u32,
    last_acked: Option<u32>,
    /// A batch was given up without its outcome being known.
    unresolved: bool,
}

impl Sequences {
    pub(super) fn reset(&mut self, partitions: u16) {
        self.registering = None;
        self.identity = None;
        self.epoch = 0;
        self.partitions.clear();
        self.partitions
            .resize(usize::from(partitions), Numbers::default());
    }

    pub(super) fn register(&mut self, request: u32) {
        self.registering = Some(request);
    }

    pub(super) const fn registering(&self) -> bool {
        self.registering.is_some()
    }

    pub(super) fn waits_for(&self, request: u32) -> bool {
        self.registering == Some(request)
    }

    pub(super) fn registered(&mut self, request: u32, producer: ProducerId, epoch: Epoch) {
        if self.waits_for(request) {
            self.registering = None;
            self.identity = Some(producer);
            self.epoch = epoch;
            self.partitions.fill(Numbers {
                epoch,
                ..Numbers::default()
            });
        }
    }

    /// Whether the client has an id.
    pub(super) const fn ready(&self) -> bool {
        self.identity.is_some()
    }

    /// New batches wait while a partition's numbers are unresolved or an earlier epoch drains.
    pub(super) fn may_send(&self, request: &Request) -> bool {
        let numbers = self.partitions[usize::from(request.partition)];
        request.sequence.is_some() || !numbers.unresolved
    }

    /// Gives a batch its number, if it has none yet. Returns producer id and epoch.
    pub(super) fn name(&mut self, request: &mut Request) -> (ProducerId, Epoch) {
        let numbers = &mut self.partitions[usize::from(request.partition)];
        if request.sequence.is_none() {
            request.sequence = Some(numbers.next);
            request.epoch = numbers.epoch;
            numbers.next += request.len() as u32;
        }
        (self.identity.unwrap_or(0), request.epoch)
    }

    pub(super) fn acked(&mut self, request: &Request) {
        let Some(sequence) = request.sequence else {
            return;
        };
        let numbers = &mut self.partitions[usize::from(request.partition)];
        if request.epoch == numbers.epoch {
            let last = sequence + request.len() as u32 - 1;
            numbers.last_acked = numbers.last_acked.max(Some(last));
        }
    }

    /// The broker found a batch out of order (or of a stale epoch), which waits again by now.
    pub(super) fn rejected(
        &mut self,
        partition: Partition,
        epoch: Epoch,
        sequence: Option<u32>,
        queues: &mut Queues,
    ) {
        let numbers = self.partitions[usize::from(partition)];
        let expected = numbers.last_acked.map_or(0, |last| last + 1);
        if epoch == numbers.epoch && sequence == Some(expected) {
            self.raise(partition, queues);
        }
    }

    /// A batch was given up; its outcome is unknown.
    pub(super) fn unresolved(&mut self, request: &Request) {
        self.partitions[usize::from(request.partition)].unresolved = true;
    }

    /// Once nothing numbered is left in an unresolved partition, it goes on in a new epoch.
    pub(super) fn resolve(&mut self, queues: &mut Queues) {
        for index in 0..self.partitions.len() {
            let partition = index as Partition;
            if self.partitions[index].unresolved && queues.numbered(partition).is_empty() {
                self.raise(partition, queues);
            }
        }
    }

    /// Raises the epoch and numbers a partition's batches anew, in their order.
    fn raise(&mut self, partition: Partition, queues: &mut Queues) {
        self.epoch += 1;
        let mut next = 0;
        for request in queues.numbered(partition) {
            request.epoch = self.epoch;
            request.sequence = Some(next);
            next += request.len() as u32;
        }
        self.partitions[usize::from(partition)] = Numbers {
            epoch: self.epoch,
            next,
            last_acked: None,
            unresolved: false,
        };
    }
}
