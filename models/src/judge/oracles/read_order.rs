//! O8: within an assignment, the positions that a reader hands over rise, and skip no record that it may see.
//! Guards delivery.
//!
//! Offsets need not be contiguous: markers and, for readers of committed records, aborted entries have theirs. What
//! the consumer recognised as a repeat itself was not skipped. An assignment or a reset moves the position. What was
//! polled in an earlier generation, or before a reset, and is handled only now says nothing of where it reads since.
//!
//! Keeps 32 bytes per consumer and partition.

use alloc::vec::Vec;

use semel_sim::digest::Digest;

use crate::judge::causes::Cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::{Entry, Flags, Known, State};
use crate::judge::finding::Side;
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::observation::{Observation, Read};
use crate::strategy::{Invariant, Level};
use crate::vocabulary::{Generation, Offset, Partition};

/// No position is known.
const UNKNOWN: Offset = Offset::MAX;

/// Where every reader stands.
#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct ReadOrder {
    readers: Vec<Reader>,
}

#[derive(Clone, Copy, Debug, Hash)]
struct Reader {
    next: Offset,
    /// What it was assigned in.
    generation: Generation,
    /// Where a reset has put it, and what would have come next without it.
    reset_to: Offset,
    before: Offset,
}

impl Reader {
    const NEW: Self = Self {
        next: UNKNOWN,
        generation: 0,
        reset_to: UNKNOWN,
        before: UNKNOWN,
    };

    fn reset(&mut self, position: Offset) {
        if self.before == UNKNOWN {
            self.before = self.next;
        }
        self.reset_to = position;
        self.next = position;
    }

    /// Whether this came with what was polled before the last reset.
    #[inline]
    const fn polled_before(&self, offset: Offset) -> bool {
        let Self {
            reset_to, before, ..
        } = *self;
        before != UNKNOWN
            && reset_to != before
            && offset >= before
            && (reset_to < before || offset < reset_to)
    }
}

impl ReadOrder {
    #[inline]
    fn reader(&mut self, consumer: u16, partition: Partition, known: &Known) -> &mut Reader {
        let partitions = usize::from(known.rules.topology.partitions);
        let index = usize::from(consumer) * partitions + usize::from(partition);
        if index >= self.readers.len() {
            self.grow(index);
        }
        &mut self.readers[index]
    }

    #[cold]
    fn grow(&mut self, index: usize) {
        self.readers.resize(index + 1, Reader::NEW);
    }
}

impl Oracle for ReadOrder {
    const HEARS: u32 = hear::ASSIGNED | hear::RESET | hear::DELIVERED;

    #[inline(always)]
    fn observe(&mut self, seen: &Observation, _: Moment<'_>, known: &Known, docket: &mut Docket) {
        match *seen {
            Observation::Assigned {
                consumer,
                partition,
                position,
                generation,
            } => {
                *self.reader(consumer, partition, known) = Reader {
                    next: position,
                    generation,
                    ..Reader::NEW
                };
            }
            Observation::Reset {
                consumer,
                partition,
                position,
            } => {
                self.reader(consumer, partition, known).reset(position);
            }
            Observation::Delivered {
                record,
                partition,
                offset,
                consumer,
                generation,
                read,
            } => {
                let reader = self.reader(consumer, partition, known);
                if generation < reader.generation {
                    return;
                }
                if reader.polled_before(offset) {
                    reader.before = offset + 1;
                    return;
                }
                reader.before = UNKNOWN;
                let expected = core::mem::replace(&mut reader.next, offset + 1);
                if expected == UNKNOWN || offset == expected {
                    return;
                }
                if offset < expected {
                    let origin = (Side::Outbound, Cause::ProgressRegressed);
                    docket.report(Invariant::ReadOrder, Level::Delivery, record, origin);
                    return;
                }
                let mut between = known.lane(partition).range(expected, offset);
                if let Some((_, entry)) = between.find(|(_, entry)| is_skipped(*entry, read, known))
                {
                    let origin = (Side::Outbound, Cause::Filtered);
                    docket.report(Invariant::ReadOrder, Level::Delivery, entry.record, origin);
                }
            }
            _ => {}
        }
    }

    fn reset(&mut self) {
        self.readers.clear();
    }

    fn fingerprint(&self, digest: &mut Digest) {
        digest.add(&self.readers);
    }
}

/// Whether a reader should have handed this over.
fn is_skipped(entry: Entry, read: Read, known: &Known) -> bool {
    let visible = match entry.state {
        State::Marker => false,
        State::Plain => true,
        State::Open | State::Aborted => read == Read::Any,
    };
    visible
        && !known
            .records
            .get(entry.record)
            .flags
            .has(Flags::KNOWN_LATER)
}
