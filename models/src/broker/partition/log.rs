//! One partition: entries in order, as far as they are on disk, and what is known of their producers and transactions.

use alloc::vec::Vec;

use semel_sim::address::OutageKind;
use semel_sim::digest::Digest;
use semel_sim::journal::Journal;
use semel_sim::time::{Span, Time};

use crate::broker::partition::ids::Ids;
use crate::broker::partition::producers::Producers;
use crate::broker::partition::transactions::{Part, Transactions};
use crate::model::Ctx;
use crate::observation::{Observation, Place, Read};
use crate::strategy::{Bug, Recognise};
use crate::vocabulary::{Epoch, Item, Offset, Partition, ProducerId, RecordId};

/// One entry. The batch it came in is written with it, so that producer state can be rebuilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::broker) struct Entry {
    pub(in crate::broker) record: RecordId,
    pub(in crate::broker) id: u64,
    pub(in crate::broker) producer: ProducerId,
    pub(in crate::broker) epoch: Epoch,
    /// The first and last sequence number of its batch.
    pub(in crate::broker) first: u32,
    pub(in crate::broker) last: u32,
    /// Where its batch begins.
    pub(in crate::broker) begin: Offset,
    /// The wall clock that dedup state ages by: the client's for sequences, the store's for ids.
    pub(in crate::broker) stamp: u64,
    /// What it is to transactions.
    pub(in crate::broker) part: Part,
}

/// A partition.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Log {
    pub(in crate::broker) partition: Partition,
    recognise: Recognise,
    disk: Disk,
    /// In memory: rebuilt from the disk at start.
    pub(in crate::broker) producers: Producers,
    pub(in crate::broker) transactions: Transactions,
    /// What is known of ids, if repeats are recognised by them.
    pub(in crate::broker) ids: Option<Ids>,
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
    pub(in crate::broker) fn new(
        partition: Partition,
        recognise: Recognise,
        bug: Option<Bug>,
    ) -> Self {
        Self {
            partition,
            recognise,
            disk: Disk::default(),
            producers: Producers::default(),
            transactions: Transactions::default(),
            ids: Ids::new(recognise, bug),
        }
    }

    pub(in crate::broker) fn reset(&mut self) {
        self.disk.entries.clear();
        self.disk.snapshot.clear();
        self.disk.truncated = None;
        self.producers.clear();
        self.transactions.clear();
        if let Some(ids) = &mut self.ids {
            ids.reset();
        }
    }

    /// Where the next entry will stand.
    pub(in crate::broker) fn end(&self) -> Offset {
        self.disk.entries.end()
    }

    /// Where the first entry that is kept stands.
    pub(in crate::broker) const fn begin(&self) -> Offset {
        self.disk.entries.begin()
    }

    /// The last stable offset: the first record whose transaction is undecided, or the end.
    pub(in crate::broker) fn stable(&self) -> Offset {
        self.transactions.first_open().unwrap_or_else(|| self.end())
    }

    /// How many entries a power loss might take.
    pub(in crate::broker) fn waiting(&self) -> u64 {
        self.disk.entries.unsynced()
    }

    pub(in crate::broker) fn unsynced(&self) -> bool {
        self.waiting() > 0
    }

    #[inline]
    pub(in crate::broker) fn append(&mut self, entry: Entry) -> Offset {
        let Entry { producer, part, .. } = entry;
        let offset = self.disk.entries.append(entry);
        if part != Part::None {
            self.transactions.note(producer, part, offset);
        }
        offset
    }

    pub(in crate::broker) fn sync(&mut self, ctx: &mut Ctx<'_>) {
        if self.unsynced() {
            self.disk.entries.sync();
            ctx.observe(Observation::Synced {
                partition: self.partition,
                offset: self.end(),
            });
        }
    }

    /// Notes the batch at `begin`, which reaches to the end of the log, in the dedup state.
    #[inline]
    pub(in crate::broker) fn remember(&mut self, begin: Offset, ctx: &mut Ctx<'_>) {
        if self.recognise != Recognise::Nothing {
            self.remember_batch(begin, ctx);
        }
    }

    fn remember_batch(&mut self, begin: Offset, ctx: &mut Ctx<'_>) {
        let before = self.remembered();
        let now = ctx.wall();
        if let Recognise::Sequence { batches, .. } = self.recognise
            && let Some(entry) = self.disk.entries.get(begin)
        {
            self.producers.remember(entry, batches);
        }
        if let Some(ids) = &mut self.ids {
            for (_, entry) in self.disk.entries.range(begin) {
                ids.note(entry, now);
            }
        }
        let entries = self.remembered();
        if entries != before {
            ctx.observe(Observation::Kept {
                place: Place::Stream,
                entries,
                bound: self.recognise.bound(),
            });
        }
    }

    /// Forgets producers whose last batch is too old; not one with an open transaction.
    pub(in crate::broker) fn expire(&mut self, now: u64, after: Span) {
        let transactions = &self.transactions;
        let open = |producer| transactions.open(producer).is_some();
        self.producers.expire(now, after, open);
    }

    /// How many entries of dedup state there are.
    fn remembered(&self) -> u32 {
        self.ids
            .as_ref()
            .map_or_else(|| self.producers.len(), Ids::len)
    }

    /// After a boot: tells what was lost, and rebuilds dedup state from snapshot and entries.
    pub(in crate::broker) fn recover(&mut self, bug: Option<Bug>, ctx: &mut Ctx<'_>) {
        if let Some((from, until)) = self.disk.truncated.take() {
            ctx.observe(Observation::Truncated {
                partition: self.partition,
                from,
                until,
            });
        }
        for (offset, entry) in self.disk.entries.range(0) {
            self.transactions.note(entry.producer, entry.part, offset);
        }
        let end = self.end();
        if let Some(ids) = &mut self.ids {
            ids.recover(end);
        }
        if bug == Some(Bug::TableNotRebuilt) {
            self.producers.lose();
            return;
        }
        if let Some(ids) = &mut self.ids {
            let entries = self.disk.entries.range(0);
            ids.rebuild(entries.map(|(_, entry)| entry), ctx.wall());
        }
        if let Recognise::Sequence { batches, .. } = self.recognise {
            self.producers = self.disk.snapshot.clone();
            for (offset, entry) in self.disk.entries.range(0) {
                self.producers.replay(entry, offset, batches);
            }
        }
    }

    pub(in crate::broker) fn crash(
        &mut self,
        kind: OutageKind,
        survives: &mut dyn FnMut(u64) -> u64,
    ) {
        let (synced, until) = (self.disk.entries.synced(), self.end());
        let unsynced = self.disk.entries.range(synced);
        let begins: Vec<Offset> = unsynced.map(|(_, entry)| entry.begin).collect();
        // A batch is written with one checksum: torn, it goes whole.
        let mut whole = |unsynced: u64| {
            let kept = survives(unsynced);
            let torn = begins.get(kept as usize);
            torn.map_or(kept, |begin| kept.min(begin.saturating_sub(synced)))
        };
        let lost = self.disk.entries.crash(kind, &mut whole);
        if lost > 0 {
            self.disk.truncated = Some((until - lost, until));
        }
        if kind == OutageKind::DiskLoss {
            self.disk.snapshot.clear();
        }
        self.producers.clear();
        self.transactions.clear();
        if let Some(ids) = &mut self.ids {
            ids.crash(kind);
        }
    }

    /// Drops consumed entries, a segment at a time. What dedup state they held is kept in a snapshot.
    pub(in crate::broker) fn recycle(&mut self, consumed: Offset, now: Time) {
        let keep = consumed.min(self.stable()).saturating_sub(SEGMENT);
        if keep < self.begin() + SEGMENT {
            return;
        }
        for (offset, entry) in self.disk.entries.range(0) {
            if offset >= keep {
                break;
            }
            if let Recognise::Sequence { batches, .. } = self.recognise {
                self.disk.snapshot.replay(entry, offset, batches);
            }
            if let Some(ids) = &mut self.ids {
                ids.roll(entry, now);
            }
        }
        self.disk.entries.recycle(keep);
        self.transactions.recycle(keep);
    }

    /// Puts up to `most` records from `from` on into `items`, as far as the reader may see them. Returns where to read
    /// on: markers and hidden records have offsets too.
    pub(in crate::broker) fn read(
        &self,
        from: Offset,
        most: u16,
        read: Read,
        items: &mut Vec<Item>,
    ) -> Offset {
        let limit = match read {
            Read::Any => self.end(),
            Read::Committed => self.stable(),
        };
        let mut next = from;
        for (offset, entry) in self.disk.entries.range(from) {
            if offset >= limit || items.len() >= usize::from(most) {
                break;
            }
            next = offset + 1;
            if self.shows(entry, offset, read) {
                items.push(Item {
                    record: entry.record,
                    id: entry.id,
                    offset,
                });
            }
        }
        next
    }

    /// Whether a reader that has come so far is given this entry.
    #[inline]
    fn shows(&self, entry: &Entry, offset: Offset, read: Read) -> bool {
        match entry.part {
            Part::None => true,
            Part::Of(..) => {
                read == Read::Any || !self.transactions.is_aborted(entry.producer, offset)
            }
            Part::Marker { .. } => false,
        }
    }

    /// The records of a producer in `from..until`, which a marker decides together.
    pub(in crate::broker) fn decided(
        &self,
        producer: ProducerId,
        from: Offset,
        until: Offset,
    ) -> impl Iterator<Item = (Offset, &Entry)> {
        let all = self.disk.entries.range(from);
        all.take_while(move |(offset, _)| *offset < until)
            .filter(move |(_, entry)| {
                entry.producer == producer && matches!(entry.part, Part::Of(..))
            })
    }

    pub(in crate::broker) fn last_words(&self, see: &mut dyn FnMut(Observation)) {
        let stable = self.stable();
        for (offset, entry) in self.disk.entries.range(0) {
            if matches!(entry.part, Part::Marker { .. }) {
                continue;
            }
            see(Observation::Found {
                record: entry.record,
                partition: self.partition,
                offset,
                visible: offset < stable && self.shows(entry, offset, Read::Committed),
            });
        }
        self.transactions.last_words(self.partition, see);
    }

    /// Stamps count only as age, and only where something ages by them.
    pub(in crate::broker) fn fingerprint(&self, now: Time, digest: &mut Digest) {
        let Disk {
            entries, snapshot, ..
        } = &self.disk;
        digest.add(&(entries.begin(), entries.end(), entries.unsynced()));
        let ages = self.recognise.ages();
        for (_, entry) in entries.range(0) {
            let stamp = if ages {
                entry.stamp.wrapping_sub(now.0)
            } else {
                0
            };
            digest.add(&Entry { stamp, ..*entry });
        }
        snapshot.fingerprint(now, digest);
        self.producers.fingerprint(now, digest);
        digest.add(&self.transactions);
        if let Some(ids) = &self.ids {
            ids.fingerprint(now, digest);
        }
    }
}
