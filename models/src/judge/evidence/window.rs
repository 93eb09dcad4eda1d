//! Facts per record, with room for those that are still moving.
//!
//! The newest records live in a ring that grows to [`ROOM`] and then slides. What falls out of it is dropped when it
//! is *settled*: nothing more is expected of it, and its facts are those of every settled record. What is not (lost
//! records, late ones) goes to a sparse map, so that it holds nothing up. A clean run of any length needs one ring.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::facts::Facts;
use crate::vocabulary::RecordId;

/// Records in the ring, at most; a power of two.
pub(in crate::judge) const ROOM: usize = 8_192;
/// So many leave it at a time.
const STRIDE: u32 = 1_024;

/// Facts of records.
#[derive(Clone, Debug)]
pub(in crate::judge) struct Window {
    /// What lies beyond the records in use is of an earlier run, or of records that have left: it counts for nothing.
    ring: Vec<Facts>,
    /// Records that readers still have to come to.
    pub(super) owed: u32,
    /// The first record in the ring.
    base: RecordId,
    /// How many are in use from there on: those behind were never touched.
    used: u32,
    /// Records before `base` that are not settled.
    exceptions: BTreeMap<RecordId, Facts>,
    /// The facts of every settled record.
    settled: Facts,
}

impl Window {
    pub(in crate::judge) fn new(settled: Facts) -> Self {
        Self {
            ring: Vec::new(),
            owed: 0,
            base: 0,
            used: 0,
            exceptions: BTreeMap::new(),
            settled,
        }
    }

    pub(in crate::judge) fn reset(&mut self) {
        self.owed = 0;
        self.base = 0;
        self.used = 0;
        self.exceptions.clear();
    }

    /// Changes what is known of a record, and keeps count of what readers still have to come to.
    #[inline]
    pub(super) fn change(&mut self, record: RecordId, change: impl FnOnce(&mut Facts)) {
        let facts = self.get_mut(record);
        let before = facts.is_owed();
        change(facts);
        let after = facts.is_owed();
        self.owed = self.owed + u32::from(after) - u32::from(before);
        self.tidy(record);
    }

    #[inline]
    pub(in crate::judge) fn get(&self, record: RecordId) -> &Facts {
        if self.is_used(record) {
            &self.ring[record as usize & (self.ring.len() - 1)]
        } else {
            self.elsewhere(record)
        }
    }

    /// Whether a record is in the ring.
    #[inline]
    const fn is_used(&self, record: RecordId) -> bool {
        record.wrapping_sub(self.base) < self.used
    }

    /// A record of the past, or one that was never touched.
    #[cold]
    fn elsewhere(&self, record: RecordId) -> &Facts {
        const UNTOUCHED: &Facts = &Facts::EMPTY;
        if record >= self.base {
            return UNTOUCHED;
        }
        self.exceptions.get(&record).unwrap_or(&self.settled)
    }

    #[inline]
    pub(in crate::judge) fn get_mut(&mut self, record: RecordId) -> &mut Facts {
        if !self.is_used(record) {
            return self.touch(record);
        }
        let mask = self.ring.len() - 1;
        &mut self.ring[record as usize & mask]
    }

    /// A record of the past, or one that was never touched: then it is in use from now on, and all before it.
    #[inline(never)]
    fn touch(&mut self, record: RecordId) -> &mut Facts {
        if record < self.base {
            return self.exceptions.entry(record).or_insert(self.settled);
        }
        while (record - self.base) as usize >= self.ring.len() {
            if self.ring.len() < ROOM {
                self.grow();
            } else {
                self.slide();
            }
        }
        let mask = self.ring.len() - 1;
        for new in self.base + self.used..=record {
            self.ring[new as usize & mask] = Facts::EMPTY;
        }
        self.used = record - self.base + 1;
        &mut self.ring[record as usize & mask]
    }

    /// While the ring grows it begins at record 0, so every record keeps its place.
    fn grow(&mut self) {
        let room = (self.ring.len() * 2).max(16);
        self.ring.resize(room, Facts::EMPTY);
    }

    fn slide(&mut self) {
        let mask = self.ring.len() - 1;
        let leaving = self.used.min(STRIDE);
        for record in self.base..self.base + leaving {
            let facts = self.ring[record as usize & mask];
            if facts != Facts::EMPTY && !facts.is_settled() {
                self.exceptions.insert(record, facts);
            }
        }
        self.base += STRIDE;
        self.used -= leaving;
    }

    /// Lets go of a record of the past once it is settled.
    #[inline]
    pub(in crate::judge) fn tidy(&mut self, record: RecordId) {
        if record < self.base {
            self.tidy_past(record);
        }
    }

    #[cold]
    fn tidy_past(&mut self, record: RecordId) {
        if self.exceptions.get(&record).is_some_and(Facts::is_settled) {
            self.exceptions.remove(&record);
        }
    }

    /// Every record that is not known to be settled, in order.
    pub(in crate::judge) fn iter(&self) -> impl Iterator<Item = (RecordId, &Facts)> {
        let past = self
            .exceptions
            .iter()
            .map(|(record, facts)| (*record, facts));
        let newest = self.used as usize;
        let start = self.base as usize & self.ring.len().wrapping_sub(1);
        let (wrapped, first) = self.ring.split_at(start);
        let ring = first.iter().chain(wrapped).take(newest);
        past.chain((self.base..).zip(ring))
    }

    /// Changes the facts of every record, the settled ones too: what is asked here is rare, and may take room for each.
    pub(in crate::judge) fn for_each_mut(&mut self, mut change: impl FnMut(&mut Facts)) {
        for record in 0..self.base {
            self.exceptions.entry(record).or_insert(self.settled);
        }
        self.exceptions.values_mut().for_each(&mut change);
        self.exceptions.retain(|_, facts| !facts.is_settled());
        for record in self.base..self.base + self.used {
            change(self.get_mut(record));
        }
    }
}
