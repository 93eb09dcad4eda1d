//! One partition: entries in order, as far as they are on disk, and what is known of their producers.

use semel_sim::address::OutageKind;
use semel_sim::digest::Digest;
use semel_sim::journal::Journal;

use super::producers::Producers;
use crate::model::Ctx;
use crate::observation::Observation;
use crate::strategy::{Bug, Recognise};
use crate::vocabulary::{Epoch, Item, Offset, Partition, ProducerId, RecordId};

/// One entry. The batch it came in is written with it, so that producer state can be rebuilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    pub(super) record: RecordId,
    pub(super) id: u64,
    pub(super) producer: ProducerId,
    pub(super) epoch: Epoch,
    /// The first and last sequence number of its batch.
    pub(super) first: u32,
    pub(super) last: u32,
    /// Where its batch begins.
    pub(super) begin: Offset,
    /// The client's wall clock.
    pub(super) stamp: u64,
}

/// A partition.
#[derive(Clone, Debug)]
pub(super) struct Log {
    pub(super) partition: Partition,
    disk: Disk,
    /// In memory: rebuilt from the disk at start.
    pub(super) producers: Producers,
}

#[derive(Clone, Debug, Default)]
struct Disk {
    entries: Journal<Entry>,
    /// What was known of producers before the first entry that is kept (Kafka's `.snapshot`).
    snapshot: Producers,
    /// What the last outage took, for those who watch.
    truncated: Option<(Offset, Offset)>,
}

/// So many consumed entries are kept, as a segment that is not full yet would.
const SEGMENT: u64 = 4096;

impl Log {
    pub(super) fn new(partition: Partition) -> Self {
        Self {
            partition,
            disk: Disk::default(),
            producers: Producers::default(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.disk.entries.clear();
        self.disk.snapshot.clear();
        self.disk.truncated = None;
        self.producers.clear();
    }

    /// Where the next entry will stand.
    pub(super) fn end(&self) -> Offset {
        self.disk.entries.end()
    }

    /// Where the first entry that is kept stands.
    pub(super) const fn begin(&self) -> Offset {
        self.disk.entries.begin()
    }

    /// How many entries a power loss might take.
    pub(super) fn waiting(&self) -> u64 {
        self.disk.entries.unsynced()
    }

    pub(super) fn unsynced(&self) -> bool {
        self.waiting() > 0
    }

    pub(super) fn append(&mut self, entry: Entry) -> Offset {
        self.disk.entries.append(entry)
    }

    pub(super) fn sync(&mut self, ctx: &mut Ctx<'_>) {
        if self.unsynced() {
            self.disk.entries.sync();
            ctx.observe(Observation::Synced {
                partition: self.partition,
                offset: self.end(),
            });
        }
    }

    /// Notes the batch at `begin` in the producer table.
    pub(super) fn remember(&mut self, begin: Offset, batches: u8) {
        if let Some(entry) = self.disk.entries.get(begin) {
            self.producers.remember(entry, batches);
        }
    }

    /// After a boot: tells what was lost, and rebuilds the producer table from snapshot and entries.
    pub(super) fn recover(&mut self, recognise: Recognise, bug: Option<Bug>, ctx: &mut Ctx<'_>) {
        if let Some((from, until)) = self.disk.truncated.take() {
            ctx.observe(Observation::Truncated {
                partition: self.partition,
                from,
                until,
            });
        }
        let Recognise::Sequence { batches, .. } = recognise else {
            return;
        };
        if bug == Some(Bug::TableNotRebuilt) {
            return;
        }
        self.producers = self.disk.snapshot.clone();
        for (offset, entry) in self.disk.entries.range(0) {
            if entry.begin == offset {
                self.producers.remember(entry, batches);
            }
        }
    }

    pub(super) fn crash(&mut self, kind: OutageKind, survives: &mut dyn FnMut(u64) -> u64) {
        let until = self.end();
        let lost = self.disk.entries.crash(kind, survives);
        if lost > 0 {
            self.disk.truncated = Some((until - lost, until));
        }
        if kind == OutageKind::DiskLoss {
            self.disk.snapshot.clear();
        }
        self.producers.clear();
    }

    /// Drops consumed entries, a segment at a time, and rolls the snapshot of the producer table forward.
    pub(super) fn recycle(&mut self, consumed: Offset, recognise: Recognise) {
        let keep = consumed.saturating_sub(SEGMENT);
        if keep < self.begin() + SEGMENT {
            return;
        }
        if let Recognise::Sequence { batches, .. } = recognise {
            for (offset, entry) in self
                .disk
                .entries
                .range(0)
                .take_while(|(offset, _)| *offset < keep)
            {
                if entry.begin == offset {
                    self.disk.snapshot.remember(entry, batches);
                }
            }
        }
        self.disk.entries.recycle(keep);
    }

    /// Up to `most` records from `from` on.
    pub(super) fn read(&self, from: Offset, most: u16) -> impl Iterator<Item = Item> {
        let entries = self.disk.entries.range(from).take(usize::from(most));
        entries.map(|(offset, entry)| Item {
            record: entry.record,
            id: entry.id,
            offset,
        })
    }

    pub(super) fn last_words(&self, see: &mut dyn FnMut(Observation)) {
        for (offset, entry) in self.disk.entries.range(0) {
            see(Observation::Found {
                record: entry.record,
                partition: self.partition,
                offset,
                visible: true,
            });
        }
    }

    pub(super) fn fingerprint(&self, digest: &mut Digest) {
        digest.add(&self.disk.entries);
        digest.add(&self.disk.snapshot);
        digest.add(&self.producers);
    }
}
