//! A journal on disk: entries in order, and how far they were synced.
//!
//! Everything appended survives a crash (the operating system has it); a power loss takes a suffix of what was not
//! synced. Old entries may be dropped from the front once nobody needs them.

use alloc::collections::VecDeque;
use core::hash::{Hash, Hasher};

use crate::address::OutageKind;

/// Entries `begin()..end()`, the first `synced()` of them safe from power loss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal<T> {
    entries: VecDeque<T>,
    begin: u64,
    synced: u64,
}

impl<T> Journal<T> {
    /// An empty journal.
    pub const fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            begin: 0,
            synced: 0,
        }
    }

    /// Empties it and keeps the room.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.begin = 0;
        self.synced = 0;
    }

    /// The first position that is still there.
    pub const fn begin(&self) -> u64 {
        self.begin
    }

    /// The position that the next entry will have.
    pub fn end(&self) -> u64 {
        self.begin + self.entries.len() as u64
    }

    /// The first position that a power loss might take.
    pub const fn synced(&self) -> u64 {
        self.synced
    }

    /// How many entries a power loss might take.
    pub fn unsynced(&self) -> u64 {
        self.end() - self.synced
    }

    /// Appends an entry and says where.
    pub fn append(&mut self, entry: T) -> u64 {
        self.entries.push_back(entry);
        self.end() - 1
    }

    /// Forces everything to disk.
    pub fn sync(&mut self) {
        self.synced = self.end();
    }

    /// The entry at a position, if it is still (or already) there.
    pub fn get(&self, position: u64) -> Option<&T> {
        self.entries
            .get(usize::try_from(position.checked_sub(self.begin)?).ok()?)
    }

    /// The entries from `from` on, with their positions.
    pub fn range(&self, from: u64) -> impl Iterator<Item = (u64, &T)> {
        let skipped = from
            .saturating_sub(self.begin)
            .min(self.entries.len() as u64);
        let first = self.begin + skipped;
        self.entries
            .range(skipped as usize..)
            .enumerate()
            .map(move |(index, entry)| (first + index as u64, entry))
    }

    /// Drops entries before `keep`.
    pub fn recycle(&mut self, keep: u64) {
        while self.begin < keep && self.entries.pop_front().is_some() {
            self.begin += 1;
        }
        self.synced = self.synced.max(self.begin);
    }

    /// Compacts a log of which only the last entry of each kind counts: with `2 * kept` entries or more all but the last
    /// `kept` are dropped, and each of those is handed to `fold`, in order.
    pub fn compact(&mut self, kept: u64, mut fold: impl FnMut(T)) {
        if self.end() - self.begin < 2 * kept {
            return;
        }
        let keep = self.end() - kept;
        let old = self.entries.drain(..(keep - self.begin) as usize);
        old.for_each(&mut fold);
        self.begin = keep;
        self.synced = self.synced.max(keep);
    }

    /// Suffers an outage: `survives` says how many unsynced entries a power loss leaves. Returns how many are lost.
    pub fn crash(&mut self, kind: OutageKind, survives: &mut dyn FnMut(u64) -> u64) -> u64 {
        let lost = match kind {
            OutageKind::Crash | OutageKind::Pause => 0,
            OutageKind::PowerLoss => self.unsynced() - survives(self.unsynced()),
            OutageKind::DiskLoss => self.entries.len() as u64,
        };
        self.entries.truncate(self.entries.len() - lost as usize);
        match kind {
            OutageKind::Crash | OutageKind::Pause => {}
            OutageKind::PowerLoss => self.synced = self.end(),
            OutageKind::DiskLoss => self.clear(),
        }
        lost
    }
}

impl<T> Default for Journal<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Hash> Hash for Journal<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.begin.hash(state);
        self.unsynced().hash(state);
        self.entries.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn journal() -> Journal<char> {
        let mut journal = Journal::new();
        journal.append('a');
        journal.sync();
        journal.append('b');
        journal.append('c');
        journal
    }

    #[test]
    fn a_crash_keeps_everything_and_a_power_loss_a_prefix_of_the_unsynced() {
        let mut journal = journal();
        assert_eq!(journal.crash(OutageKind::Crash, &mut |_| 0), 0);
        assert_eq!(
            (journal.end(), journal.unsynced()),
            (3, 2),
            "the page cache may still be lost with the power"
        );
        let mut journal = self::journal();
        assert_eq!(
            journal.crash(OutageKind::PowerLoss, &mut |unsynced| unsynced - 1),
            1
        );
        assert_eq!((journal.get(1), journal.get(2)), (Some(&'b'), None));
    }

    #[test]
    fn a_compacted_journal_hands_over_what_it_drops() {
        let mut journal = Journal::new();
        let mut old = Vec::new();
        for entry in 0..10 {
            journal.append(entry);
            journal.compact(3, |entry| old.push(entry));
        }
        assert_eq!(old, [0, 1, 2, 3, 4, 5]);
        let left: Vec<_> = journal.range(0).collect();
        assert_eq!(left, [(6, &6), (7, &7), (8, &8), (9, &9)]);
    }

    #[test]
    fn recycled_entries_are_gone_and_positions_stay() {
        let mut journal = journal();
        journal.sync();
        journal.recycle(2);
        assert_eq!(
            (
                journal.begin(),
                journal.end(),
                journal.get(0),
                journal.get(2)
            ),
            (2, 3, None, Some(&'c'))
        );
        assert_eq!(journal.range(0).collect::<Vec<_>>(), [(2, &'c')]);
    }
}
