//! Repeats recognised by a high-water mark: the highest id per producer (`semantics.md` §1.10, §1.14).
//!
//! An id that is not above its producer's mark is a repeat. That needs one number per producer, and ids that rise:
//! what comes late, behind a higher id, is taken for a repeat though it never was stored (L5).

use alloc::collections::BTreeMap;

use crate::observation::Miss;
use crate::vocabulary::ProducerId;

/// The highest id of each producer.
#[derive(Clone, Debug, Hash)]
pub(in crate::broker) struct Highest {
    marks: BTreeMap<ProducerId, u64>,
    /// What may have become of a mark that should be higher.
    excuse: Miss,
}

impl Highest {
    pub(in crate::broker) const fn new() -> Self {
        Self {
            marks: BTreeMap::new(),
            excuse: Miss::New,
        }
    }

    /// As new.
    pub(in crate::broker) fn clear(&mut self) {
        self.marks.clear();
        self.excuse = Miss::New;
    }

    /// Forgets everything, and knows that it did.
    pub(in crate::broker) fn lose(&mut self) {
        self.clear();
        self.excuse = Miss::Absent;
    }

    /// Knows that what it holds is not all there was.
    pub(in crate::broker) const fn doubt(&mut self) {
        self.excuse = Miss::Absent;
    }

    /// How many producers it knows.
    pub(in crate::broker) fn len(&self) -> u32 {
        self.marks.len() as u32
    }

    /// None if an id is not above its producer's mark; otherwise why the mark may be too low.
    pub(in crate::broker) fn miss(&self, producer: ProducerId, id: u64) -> Option<Miss> {
        let mark = self.marks.get(&producer);
        mark.is_none_or(|mark| id > *mark).then_some(self.excuse)
    }

    pub(in crate::broker) fn raise(&mut self, producer: ProducerId, id: u64) {
        let mark = self.marks.entry(producer).or_insert(id);
        *mark = id.max(*mark);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_above_the_mark_of_its_producer_is_a_repeat() {
        let mut highest = Highest::new();
        assert_eq!(highest.miss(1, 5), Some(Miss::New));
        highest.raise(1, 5);
        assert_eq!((highest.miss(1, 5), highest.miss(1, 4)), (None, None));
        assert_eq!(highest.miss(1, 6), Some(Miss::New));
        assert_eq!(
            highest.miss(2, 1),
            Some(Miss::New),
            "each producer has its own"
        );
    }
}
