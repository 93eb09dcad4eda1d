//! The producer table of a partition: how Kafka recognises a repeated batch (`semantics.md` §1.3).
//!
//! Per producer id: the epoch and the last few batches with their offsets. A batch that equals a remembered one is
//! a repeat; one that follows the last is new; anything else is out of order. A producer that is not in the table
//! may begin anywhere: that is how forgotten state becomes a duplicate (F004).

use alloc::collections::{BTreeMap, VecDeque};

use semel_sim::digest::Digest;
use semel_sim::time::{Span, Time};

use crate::broker::partition::log::Entry;
use crate::broker::partition::transactions::Part;
use crate::observation::Miss;
use crate::strategy::Bug;
use crate::vocabulary::{Epoch, Offset, ProducerId};

/// What the table says of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::broker) enum Verdict {
    New(Miss),
    Duplicate(Option<Offset>),
    InFlight,
    OutOfOrder,
    StaleEpoch,
}

/// The producer table.
#[derive(Clone, Debug, Default)]
pub(in crate::broker) struct Producers {
    entries: BTreeMap<ProducerId, Known>,
    /// The highest id that was forgotten for its age.
    expired: Option<ProducerId>,
    /// It was lost once, and is made anew from what comes.
    lost: bool,
    /// Batches of all producers.
    batches: u32,
}

#[derive(Clone, Debug)]
struct Known {
    epoch: Epoch,
    /// The newest incarnation of the coordinator that has ended a transaction of it here.
    coordinator: u32,
    /// When its last batch was made, by the client's clock, not the broker's (F005).
    stamp: u64,
    /// What a batch of this epoch that follows the last one is not recognised for: the entry may have begun in the
    /// middle, where an earlier one was forgotten.
    excuse: Miss,
    /// Oldest first.
    batches: VecDeque<Remembered>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Remembered {
    first: u32,
    last: u32,
    offset: Offset,
}

impl Producers {
    pub(in crate::broker) fn clear(&mut self) {
        self.entries.clear();
        self.expired = None;
        self.lost = false;
        self.batches = 0;
    }

    /// A restart does not make it from the log, as it should: see [`Bug::TableNotRebuilt`].
    pub(in crate::broker) const fn lose(&mut self) {
        self.lost = true;
    }

    /// How many batches it holds.
    pub(in crate::broker) const fn len(&self) -> u32 {
        self.batches
    }

    /// Rules 1 and 3 to 7 of the append algorithm.
    pub(in crate::broker) fn judge(
        &self,
        producer: ProducerId,
        epoch: Epoch,
        first: u32,
        last: u32,
        bug: Option<Bug>,
    ) -> Verdict {
        let Some(known) = self.entries.get(&producer) else {
            return Verdict::New(self.forgotten(producer).unwrap_or(Miss::Absent));
        };
        let same = |batch: &&Remembered| batch.first == first && batch.last == last;
        let repeats_last = known.epoch == epoch && known.batches.back().as_ref().is_some_and(same);
        if repeats_last && bug == Some(Bug::SequenceOffByOne) {
            return Verdict::New(Miss::New);
        }
        if known.epoch == epoch
            && let Some(batch) = known.batches.iter().find(same)
        {
            return Verdict::Duplicate(Some(batch.offset));
        }
        if epoch < known.epoch && bug != Some(Bug::EpochNotChecked) {
            return Verdict::StaleEpoch;
        }
        if epoch != known.epoch {
            return if first == 0 {
                Verdict::New(Miss::New)
            } else {
                Verdict::OutOfOrder
            };
        }
        let next = known
            .batches
            .back()
            .map_or(0, |batch| batch.last.wrapping_add(1));
        if first == next {
            Verdict::New(known.excuse)
        } else {
            Verdict::OutOfOrder
        }
    }

    /// How an entry of a producer was lost, if one may have been.
    fn forgotten(&self, producer: ProducerId) -> Option<Miss> {
        if self.expired.is_some_and(|expired| producer <= expired) {
            Some(Miss::Expired)
        } else {
            self.lost.then_some(Miss::Absent)
        }
    }

    /// Notes a batch that was appended, by its first entry.
    pub(in crate::broker) fn remember(&mut self, entry: &Entry, most: u8) {
        let excuse = self.forgotten(entry.producer).unwrap_or(Miss::New);
        let known = self.entries.entry(entry.producer).or_insert_with(|| Known {
            epoch: entry.epoch,
            coordinator: 0,
            stamp: entry.stamp,
            excuse,
            batches: VecDeque::new(),
        });
        if known.epoch != entry.epoch {
            known.epoch = entry.epoch;
            known.excuse = Miss::New;
            self.batches -= known.batches.len() as u32;
            known.batches.clear();
        }
        known.stamp = entry.stamp;
        known.batches.push_back(Remembered {
            first: entry.first,
            last: entry.last,
            offset: entry.begin,
        });
        self.batches += 1;
        if known.batches.len() > usize::from(most) {
            known.batches.pop_front();
            self.batches -= 1;
        }
    }

    /// Learns again what an entry of the log says.
    pub(in crate::broker) fn replay(&mut self, entry: &Entry, offset: Offset, most: u8) {
        match entry.part {
            Part::Marker { coordinator, .. } => self.raise(entry, coordinator),
            Part::None | Part::Of(..) if entry.begin == offset => self.remember(entry, most),
            Part::None | Part::Of(..) => {}
        }
    }

    /// The newest epoch of a producer and of its coordinator, if it is known.
    pub(in crate::broker) fn epochs(&self, producer: ProducerId) -> Option<(Epoch, u32)> {
        let known = self.entries.get(&producer)?;
        Some((known.epoch, known.coordinator))
    }

    /// A marker is in the log: older epochs are refused from now on, and a newer one counts its batches anew.
    pub(in crate::broker) fn raise(&mut self, marker: &Entry, coordinator: u32) {
        let excuse = self.forgotten(marker.producer).unwrap_or(Miss::New);
        let known = self
            .entries
            .entry(marker.producer)
            .or_insert_with(|| Known {
                epoch: marker.epoch,
                coordinator,
                stamp: marker.stamp,
                excuse,
                batches: VecDeque::new(),
            });
        if known.epoch != marker.epoch {
            known.epoch = marker.epoch;
            known.excuse = Miss::New;
            self.batches -= known.batches.len() as u32;
            known.batches.clear();
        }
        known.coordinator = coordinator;
        known.stamp = marker.stamp;
    }

    /// Forgets producers whose last batch is too old, except those that are spared.
    pub(in crate::broker) fn expire(
        &mut self,
        now: u64,
        after: Span,
        spared: impl Fn(ProducerId) -> bool,
    ) {
        let old = |producer: ProducerId, known: &Known| {
            now.saturating_sub(known.stamp) >= after.0 && !spared(producer)
        };
        while let Some((producer, known)) = self.entries.iter().find(|(p, known)| old(**p, known)) {
            let (producer, batches) = (*producer, known.batches.len() as u32);
            self.entries.remove(&producer);
            self.batches -= batches;
            self.expired = self.expired.max(Some(producer));
        }
    }

    /// Adds its contents to a fingerprint, with stamps as age.
    pub(in crate::broker) fn fingerprint(&self, now: Time, digest: &mut Digest) {
        digest.add(&(self.entries.len(), self.expired, self.lost));
        for (producer, known) in &self.entries {
            let age = known.stamp.wrapping_sub(now.0);
            digest.add(&(
                producer,
                known.epoch,
                known.coordinator,
                age,
                known.excuse,
                &known.batches,
            ));
        }
    }
}
