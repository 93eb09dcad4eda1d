//! O8: within an assignment, the positions that a reader hands over rise, and skip no record that it may see.
//! Guards delivery.
//!
//! Offsets need not be contiguous: markers and, for readers of committed records, aborted entries have theirs. What
//! the consumer recognised as a repeat itself was not skipped. An assignment or a reset moves the position. What was
//! polled in an earlier generation and is handled only now belongs to an assignment that is over.
//!
//! Keeps 16 bytes per consumer and partition.

use alloc::vec::Vec;

use semel_sim::digest::Digest;

use crate::judge::docket::Docket;
use crate::judge::evidence::{Entry, Flags, Known, State};
use crate::judge::finding::{Cause, Side};
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::observation::{Observation, Read};
use crate::strategy::{Invariant, Level};
use crate::vocabulary::{Generation, Offset, Partition};

/// No position is known.
const UNKNOWN: Offset = Offset::MAX;

/// The next offset of every reader, and the generation that it was assigned in.
#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct ReadOrder {
    next: Vec<(Offset, Generation)>,
}

impl ReadOrder {
    #[inline]
    fn next(&mut self, consumer: u16, partition: Partition, known: &Known) -> &mut (Offset, Generation) {
        let partitions = usize::from(known.rules.topology.partitions);
        let index = usize::from(consumer) * partitions + usize::from(partition);
        if index >= self.next.len() {
            self.grow(index);
        }
        &mut self.next[index]
    }

    #[cold]
    fn grow(&mut self, index: usize) {
        self.next.resize(index + 1, (UNKNOWN, 0));
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
                *self.next(consumer, partition, known) = (position, generation);
            }
            Observation::Reset {
                consumer,
                partition,
                position,
            } => {
                self.next(consumer, partition, known).0 = position;
            }
            Observation::Delivered {
                record,
                partition,
                offset,
                consumer,
                generation,
                read,
            } => {
                let (next, assigned) = self.next(consumer, partition, known);
                if generation < *assigned {
                    return;
                }
                let expected = core::mem::replace(next, offset + 1);
                if expected == UNKNOWN || offset == expected {
                    return;
                }
                if offset < expected {
                    let origin = (Side::Outbound, Cause::Duplicate(9));
                    docket.report(Invariant::ReadOrder, Level::Delivery, record, origin);
                    return;
                }
                let mut between = known.lane(partition).range(expected, offset);
                if let Some((_, entry)) = between.find(|(_, entry)| is_skipped(*entry, read, known))
                {
                    let origin = (Side::Outbound, Cause::Loss(10));
                    docket.report(Invariant::ReadOrder, Level::Delivery, entry.record, origin);
                }
            }
            _ => {}
        }
    }

    fn reset(&mut self) {
        self.next.clear();
    }

    fn fingerprint(&self, digest: &mut Digest) {
        digest.add(&self.next);
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
