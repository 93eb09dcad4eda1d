//! Segmented storage for the items that batches are made of.
//!
//! A batch is a range in a segment. Packets in flight hold references; a sealed segment is recycled with its last
//! one. So a message stays small and `Copy`, however much it carries, and a long run needs no more room than a
//! short one.

use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

/// Items of one segment; also the largest batch.
pub const SEGMENT: usize = 1024;

/// A range of items in a [`Store`], valid while somebody holds a reference to it.
///
/// Hashes as its length: positions in storage are no part of a state's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    segment: u32,
    start: u16,
    len: u16,
}

impl Batch {
    /// The number of items.
    pub const fn len(self) -> usize {
        self.len as usize
    }

    /// True when there are no items.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }
}

impl Hash for Batch {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len.hash(state);
    }
}

#[derive(Clone, Debug)]
struct Segment<T> {
    items: Vec<T>,
    references: u32,
}

/// Segments of items, filled one after another and reused when nobody refers to them.
#[derive(Clone, Debug)]
pub struct Store<T> {
    segments: Vec<Segment<T>>,
    free: Vec<u32>,
    open: u32,
}

impl<T: Copy> Store<T> {
    /// An empty store.
    pub fn new() -> Self {
        Self {
            segments: Vec::from([Segment {
                items: Vec::new(),
                references: 0,
            }]),
            free: Vec::new(),
            open: 0,
        }
    }

    /// Forgets every batch and keeps the room.
    pub fn clear(&mut self) {
        self.free.clear();
        for (index, segment) in self.segments.iter_mut().enumerate() {
            segment.items.clear();
            segment.references = 0;
            if index > 0 {
                self.free.push(index as u32);
            }
        }
        self.open = 0;
    }

    /// Stores a batch of at most [`SEGMENT`] items, with one reference to it.
    pub fn put(&mut self, items: &[T]) -> Batch {
        assert!(items.len() <= SEGMENT, "a batch fits in one segment");
        if self.segments[self.open as usize].items.len() + items.len() > SEGMENT {
            self.seal();
        }
        let segment = &mut self.segments[self.open as usize];
        let start = segment.items.len() as u16;
        // Most batches are of one: to call for a copy of so little would cost more than the copy.
        match items {
            [item] => segment.items.push(*item),
            items => segment.items.extend_from_slice(items),
        }
        segment.references += 1;
        Batch {
            segment: self.open,
            start,
            len: items.len() as u16,
        }
    }

    /// The items of a batch.
    pub fn get(&self, batch: Batch) -> &[T] {
        let start = usize::from(batch.start);
        &self.segments[batch.segment as usize].items[start..start + batch.len()]
    }

    /// Adds a reference.
    pub fn retain(&mut self, batch: Batch) {
        self.segments[batch.segment as usize].references += 1;
    }

    /// Gives a reference back; the last one of a segment recycles it.
    pub fn release(&mut self, batch: Batch) {
        let segment = &mut self.segments[batch.segment as usize];
        assert!(
            segment.references > 0,
            "a batch is released once per reference"
        );
        segment.references -= 1;
        if segment.references == 0 {
            segment.items.clear();
            if batch.segment != self.open {
                self.free.push(batch.segment);
            }
        }
    }

    fn seal(&mut self) {
        self.open = self.free.pop().unwrap_or_else(|| {
            self.segments.push(Segment {
                items: Vec::new(),
                references: 0,
            });
            self.segments.len() as u32 - 1
        });
    }
}

impl<T: Copy> Default for Store<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_keeps_its_items_until_its_last_reference_goes() {
        let mut store = Store::new();
        let first = store.put(&[1, 2, 3]);
        store.retain(first);
        store.release(first);
        let second = store.put(&[4]);
        assert_eq!(
            (store.get(first), store.get(second)),
            ([1, 2, 3].as_slice(), [4].as_slice())
        );
    }

    #[test]
    fn a_long_run_needs_no_more_room_than_a_short_one() {
        let mut store = Store::new();
        let mut in_flight = Vec::new();
        for n in 0..100_000 {
            in_flight.push(store.put(&[n; 10]));
            if in_flight.len() > 5 {
                store.release(in_flight.remove(0));
            }
        }
        assert!(
            store.segments.len() <= 3,
            "{} segments",
            store.segments.len()
        );
    }
}
