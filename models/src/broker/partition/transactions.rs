//! A partition's view of transactions (`semantics.md` §1.4).
//!
//! Protocol: the first transactional record of a producer opens a transaction here; a marker ends it, whatever the
//! producer's records were meant for: a partition goes by the producer id alone. Readers of committed records stop
//! before the first record that is not decided (the last stable offset) and pass over aborted ones.
//!
//! Promise: what a marker commits becomes visible at once and in order; what it aborts never does.
//!
//! Not promised: that a marker comes. A record that arrives after its transaction's marker opens one that nobody will
//! end (F020), and read-committed readers wait before it for ever; or the next transaction of the same producer takes
//! it along. Verification by the coordinator prevents both.
//!
//! All of it is rebuilt from the log after a boot.

use alloc::collections::BTreeMap;

use crate::observation::{Observation, TransactionId};
use crate::vocabulary::{Epoch, Generation, Offset, Partition, ProducerId};

/// What an entry of the log is to transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::broker) enum Part {
    /// A record for itself.
    None,
    /// A record of a transaction of its producer: which one, for observers; and for an output, who made it.
    Of(u32, Option<Maker>),
    /// The end of a transaction of its producer: whether it commits, and which incarnation of the coordinator says so.
    Marker { commit: bool, coordinator: u32 },
}

/// Who made an output record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::broker) struct Maker {
    pub(in crate::broker) consumer: u16,
    pub(in crate::broker) generation: Generation,
    /// By which attempt it was stored.
    pub(in crate::broker) attempt: u32,
}

/// What a marker is to whoever keeps records of its producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::broker) enum Standing {
    /// It is to be written.
    New,
    /// It was written before, or comes too late: it is confirmed, and nothing else.
    Void,
}

/// How a marker stands. `known` is the newest epoch of the producer and of its coordinator.
///
/// Version 1 writes a repeat again, where it decides nothing, unless the next transaction of the same epoch has begun
/// meanwhile: then it decides that. Version 2 knows a repeat by its epoch (KAFKA-19999, F028).
pub(in crate::broker) fn standing(
    version: u8,
    known: Option<(Epoch, u32)>,
    epoch: Epoch,
    coordinator: u32,
) -> Standing {
    let Some((newest, newest_coordinator)) = known else {
        return Standing::New;
    };
    let stale = epoch < newest || coordinator < newest_coordinator;
    if stale || (version >= 2 && epoch == newest) {
        Standing::Void
    } else {
        Standing::New
    }
}

/// Open and aborted transactions of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::broker) struct Transactions {
    /// By producer: where its undecided records begin, and which transaction they were written in first.
    open: BTreeMap<ProducerId, (Offset, u32)>,
    /// By producer and marker: where the aborted records begin.
    aborted: BTreeMap<(ProducerId, Offset), Offset>,
}

impl Transactions {
    pub(in crate::broker) fn clear(&mut self) {
        self.open.clear();
        self.aborted.clear();
    }

    /// An entry stands in the log.
    pub(in crate::broker) fn note(&mut self, producer: ProducerId, part: Part, offset: Offset) {
        match part {
            Part::None => {}
            Part::Of(number, _) => {
                self.open.entry(producer).or_insert((offset, number));
            }
            Part::Marker { commit, .. } => {
                if let Some((first, _)) = self.open.remove(&producer)
                    && !commit
                {
                    self.aborted.insert((producer, offset), first);
                }
            }
        }
    }

    /// Where the undecided records of a producer begin, if it has any.
    pub(in crate::broker) fn open(&self, producer: ProducerId) -> Option<Offset> {
        self.open.get(&producer).map(|(first, _)| *first)
    }

    /// The first undecided record, if there is any.
    pub(in crate::broker) fn first_open(&self) -> Option<Offset> {
        self.open.values().map(|(first, _)| *first).min()
    }

    /// Whether the record of a producer at an offset was aborted.
    pub(in crate::broker) fn is_aborted(&self, producer: ProducerId, offset: Offset) -> bool {
        let mut behind = self.aborted.range((producer, offset)..);
        behind
            .next()
            .is_some_and(|((other, _), first)| *other == producer && *first <= offset)
    }

    /// Entries before `begin` are gone.
    pub(in crate::broker) fn recycle(&mut self, begin: Offset) {
        self.aborted.retain(|(_, marker), _| *marker >= begin);
    }

    /// What still blocks readers.
    pub(in crate::broker) fn last_words(
        &self,
        partition: Partition,
        see: &mut dyn FnMut(Observation),
    ) {
        for (producer, (offset, number)) in &self.open {
            see(Observation::Hanging {
                partition,
                offset: *offset,
                transaction: TransactionId {
                    producer: *producer,
                    number: *number,
                },
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn marker(commit: bool) -> Part {
        let coordinator = 0;
        Part::Marker {
            commit,
            coordinator,
        }
    }

    #[test]
    fn a_marker_decides_its_own_producer_only() {
        let mut transactions = Transactions::default();
        transactions.note(1, Part::Of(1, None), 0);
        transactions.note(2, Part::Of(1, None), 1);
        transactions.note(1, Part::Of(1, None), 2);
        transactions.note(1, marker(false), 3);
        assert_eq!(transactions.first_open(), Some(1));
        let aborted = [0, 1, 2, 3].map(|offset| transactions.is_aborted(1, offset));
        assert_eq!(aborted, [true, true, true, true]);
        assert!(!transactions.is_aborted(2, 1));
        transactions.note(2, marker(true), 4);
        assert_eq!(transactions.first_open(), None);
    }

    #[test]
    fn records_behind_a_marker_are_of_the_next_transaction() {
        let mut transactions = Transactions::default();
        transactions.note(1, Part::Of(1, None), 0);
        transactions.note(1, marker(false), 1);
        transactions.note(1, Part::Of(2, None), 2);
        transactions.note(1, marker(true), 3);
        transactions.note(1, Part::Of(3, None), 4);
        transactions.note(1, marker(false), 5);
        assert!(transactions.is_aborted(1, 0) && !transactions.is_aborted(1, 2));
        assert!(transactions.is_aborted(1, 4));
    }
}
