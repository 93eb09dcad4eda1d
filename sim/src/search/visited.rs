//! Who has been where: fingerprints of worlds, and who had most to spend there.
//!
//! Fingerprints are well mixed already, so an open table needs no hash of its own.

use alloc::vec::Vec;

use crate::time::Time;

/// Who was at a point before, and with how much left to spend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    /// Which run; they count from 1.
    pub(crate) run: u64,
    pub(crate) spare: usize,
    pub(crate) at: Time,
}

/// A map from fingerprints to visits that only grows.
#[derive(Debug, Default)]
pub(crate) struct Visited {
    /// A power of two of them, at most three quarters taken.
    slots: Vec<Option<(u64, Visit)>>,
    taken: usize,
}

/// The first number of slots.
const SLOTS: usize = 1024;

impl Visited {
    pub(crate) fn get(&self, fingerprint: u64) -> Option<Visit> {
        let slot = self.slots.get(self.find(fingerprint)?)?;
        slot.map(|(_, visit)| visit)
    }

    /// Notes a visit, in place of an earlier one.
    pub(crate) fn insert(&mut self, fingerprint: u64, visit: Visit) {
        if (self.taken + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let place = self.find(fingerprint).expect("it has grown");
        self.taken += usize::from(self.slots[place].is_none());
        self.slots[place] = Some((fingerprint, visit));
    }

    /// The slot of a fingerprint, or the free one where it belongs. None where there are no slots at all.
    fn find(&self, fingerprint: u64) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut place = fingerprint as usize & mask;
        while self.slots[place].is_some_and(|(known, _)| known != fingerprint) {
            place = (place + 1) & mask;
        }
        Some(place)
    }

    fn grow(&mut self) {
        let slots = (self.slots.len() * 2).max(SLOTS);
        let old = core::mem::replace(&mut self.slots, alloc::vec![None; slots]);
        for (fingerprint, visit) in old.into_iter().flatten() {
            let place = self.find(fingerprint).expect("there are slots");
            self.slots[place] = Some((fingerprint, visit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_last_is_found_however_much_there_is() {
        let mut visited = Visited::default();
        assert!(visited.get(7).is_none());
        // Every tenth shares its low bits with the one before it.
        let fingerprint = |number: u64| ((number / 10) << 40) | (number % 10);
        for run in 1..=2 {
            for number in 0..5000 {
                let (spare, at) = (number as usize, Time(number));
                visited.insert(fingerprint(number), Visit { run, spare, at });
            }
        }
        for number in 0..5000 {
            let visit = visited.get(fingerprint(number)).expect("it was noted");
            assert_eq!((visit.run, visit.spare), (2, number as usize));
        }
        assert!(visited.get(fingerprint(5000)).is_none());
        assert_eq!(visited.taken, 5000);
    }
}
