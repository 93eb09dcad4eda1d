//! What stood in logs and sinks at a moment of the story: a step says what is new in it.

use std::collections::{BTreeMap, BTreeSet};

use semel_models::observation::{Observation, TransactionId};
use semel_models::vocabulary::{Offset, Partition, ProducerId, RecordId};

use crate::explain::Standing;

type Copy = (Partition, Offset);

#[derive(Debug, Default)]
pub(in crate::explain) struct Known {
    /// Which record stands where.
    copies: BTreeMap<Copy, RecordId>,
    /// Which record stood where before that was lost.
    lost: BTreeMap<Copy, RecordId>,
    /// The first offset behind each log.
    ends: BTreeMap<Partition, Offset>,
    /// Which copies took effect at the sink.
    effects: BTreeMap<Copy, RecordId>,
    /// Which record was handed to a handler from where.
    handed: BTreeMap<Copy, RecordId>,
    /// The mark that was accepted last.
    marks: BTreeMap<Partition, Offset>,
    /// Which copies wait for the end of which transaction of a producer.
    open: BTreeMap<(Partition, ProducerId), Vec<(Offset, TransactionId)>>,
    /// Which copies are aborted.
    aborted: BTreeSet<Copy>,
    /// Transactions that are decided.
    decided: BTreeSet<TransactionId>,
}

impl Known {
    pub(in crate::explain) fn note(&mut self, seen: &Observation) {
        match *seen {
            Observation::Stored {
                record,
                partition,
                offset,
                ..
            } => {
                self.copies.insert((partition, offset), record);
                self.ends.insert(partition, offset + 1);
            }
            Observation::Truncated {
                partition, from, ..
            } => {
                let gone = self.copies.split_off(&(partition, from));
                for (copy, record) in gone {
                    if copy.0 == partition {
                        self.lost.insert(copy, record);
                    } else {
                        self.copies.insert(copy, record);
                    }
                }
                self.ends.insert(partition, from);
                self.aborted
                    .retain(|copy| copy.0 != partition || copy.1 < from);
                let of_log = self.open.iter_mut().filter(|(of, _)| of.0 == partition);
                of_log.for_each(|(_, copies)| copies.retain(|copy| copy.0 < from));
            }
            Observation::Delivered {
                record,
                partition,
                offset,
                ..
            } => {
                self.handed.insert((partition, offset), record);
            }
            Observation::Applied {
                record,
                partition,
                offset,
                ..
            } => {
                self.effects.insert((partition, offset), record);
            }
            Observation::Progress {
                partition,
                offset,
                accepted: true,
                ..
            } => {
                self.marks.insert(partition, offset);
            }
            _ => self.note_transactions(seen),
        }
    }

    /// What becomes of transactions, and of what belongs to them.
    fn note_transactions(&mut self, seen: &Observation) {
        match *seen {
            Observation::Enlisted {
                partition,
                offset,
                transaction,
                ..
            } => {
                let open = self.open.entry((partition, transaction.producer));
                open.or_default().push((offset, transaction));
            }
            Observation::Decided { transaction, .. } => {
                self.decided.insert(transaction);
            }
            Observation::Marked {
                partition,
                offset,
                transaction,
                commit,
                ..
            } => {
                self.ends.insert(partition, offset + 1);
                let ended = self.open.remove(&(partition, transaction.producer));
                let copies = ended.into_iter().flatten().filter(|_| !commit);
                self.aborted
                    .extend(copies.map(|(offset, _)| (partition, offset)));
            }
            _ => {}
        }
    }

    /// The record that stands at an offset.
    pub(in crate::explain) fn at(&self, copy: Copy) -> Option<RecordId> {
        self.copies.get(&copy).copied()
    }

    /// Another record that stood at an offset and was lost.
    pub(in crate::explain) fn before(&self, copy: Copy, record: RecordId) -> Option<RecordId> {
        let before = self.lost.get(&copy).copied();
        before.filter(|before| *before != record)
    }

    /// How a copy stands to its transaction; None where it is in none, or that is committed.
    pub(in crate::explain) fn standing(&self, copy: Copy) -> Option<Standing> {
        let mut open = self.open.iter().filter(|(of, _)| of.0 == copy.0);
        let waits = open.any(|(_, copies)| copies.iter().any(|(offset, _)| *offset == copy.1));
        if waits {
            return Some(Standing::Open);
        }
        self.aborted.contains(&copy).then_some(Standing::Aborted)
    }

    /// The transaction of a producer that is open in a partition.
    pub(in crate::explain) fn open_in(&self, of: (Partition, ProducerId)) -> Option<TransactionId> {
        let (_, transaction) = self.open.get(&of)?.last()?;
        Some(*transaction)
    }

    pub(in crate::explain) fn is_decided(&self, transaction: TransactionId) -> bool {
        self.decided.contains(&transaction)
    }

    /// Whether a record stood somewhere and was lost.
    pub(in crate::explain) fn is_lost(&self, record: RecordId) -> bool {
        self.lost.values().any(|lost| *lost == record)
    }

    /// Another record that was handed to a handler from an offset.
    pub(in crate::explain) fn handed(&self, copy: Copy, record: RecordId) -> Option<RecordId> {
        let handed = self.handed.get(&copy).copied();
        handed.filter(|handed| *handed != record)
    }

    /// The record that took effect from an offset.
    pub(in crate::explain) fn effect(&self, copy: Copy) -> Option<RecordId> {
        self.effects.get(&copy).copied()
    }

    /// Records that were stored, or took effect, so far.
    pub(in crate::explain) fn all(&self) -> impl Iterator<Item = RecordId> + '_ {
        self.copies.values().chain(self.effects.values()).copied()
    }

    /// Where a record stands in one of the first partitions.
    pub(in crate::explain) fn place(&self, record: RecordId, inputs: u16) -> Option<Copy> {
        let mut copies = self.copies.iter();
        let found = copies.find(|(copy, known)| copy.0 < inputs && **known == record);
        found.map(|(copy, _)| *copy)
    }

    /// Whether a record, or what was made of it, stands at or behind an offset of a partition.
    pub(in crate::explain) fn is_behind(&self, record: RecordId, (partition, from): Copy) -> bool {
        let behind = self
            .copies
            .range((partition, from)..=(partition, Offset::MAX));
        behind.into_iter().any(|(_, known)| *known == record)
    }

    pub(in crate::explain) fn end(&self, partition: Partition) -> Offset {
        self.ends.get(&partition).copied().unwrap_or(0)
    }

    pub(in crate::explain) fn mark(&self, partition: Partition) -> Option<Offset> {
        self.marks.get(&partition).copied()
    }
}
