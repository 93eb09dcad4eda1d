//! Which records the clients of transactions sent in them: what is not in a log is part of a transaction, too.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::observation::TransactionId;
use crate::vocabulary::RecordId;

/// What producers have sent in transactions. Consumers say of no output when they send it.
#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct Members {
    /// The transaction that each producer opened last.
    open: Vec<Option<TransactionId>>,
    /// Of each transaction, what was sent in it and is not in a log. Those that lack nothing are dropped with time.
    missing: BTreeMap<TransactionId, Vec<RecordId>>,
}

impl Members {
    pub(super) fn reset(&mut self) {
        self.open.clear();
        self.missing.clear();
    }

    /// A producer opens a transaction.
    pub(super) fn open(&mut self, producer: u16, of: TransactionId) {
        let index = usize::from(producer);
        if index >= self.open.len() {
            self.open.resize(index + 1, None);
        }
        let mut room = Vec::new();
        if let Some(before) = self.open[index].replace(of)
            && !self.lacks(before)
        {
            room = self.missing.remove(&before).unwrap_or_default();
        }
        self.missing.entry(of).or_insert(room);
    }

    /// The transaction that a producer sends in, if it has opened one.
    #[inline]
    pub(super) fn opened_by(&self, producer: u16) -> Option<TransactionId> {
        *self.open.get(usize::from(producer))?
    }

    /// A record is sent in a transaction. `again`: it may be known there.
    pub(super) fn send(&mut self, of: TransactionId, record: RecordId, again: bool) {
        let missing = self.missing.entry(of).or_default();
        if !again || !missing.contains(&record) {
            missing.push(record);
        }
    }

    /// A record of a transaction came into a log.
    pub(super) fn arrive(&mut self, of: TransactionId, record: RecordId) {
        if let Some(missing) = self.missing.get_mut(&of)
            && let Some(index) = missing.iter().position(|one| *one == record)
        {
            missing.remove(index);
        }
    }

    /// Whether something that was sent in a transaction is not in a log.
    pub(super) fn lacks(&self, of: TransactionId) -> bool {
        self.missing
            .get(&of)
            .is_some_and(|missing| !missing.is_empty())
    }

    /// What was sent in each transaction and is not in a log.
    pub(in crate::judge) fn missing(&self) -> impl Iterator<Item = (TransactionId, &[RecordId])> {
        let all = self.missing.iter();
        all.map(|(of, missing)| (*of, missing.as_slice()))
    }

    /// What of it decides future judgements.
    pub(super) fn state(&self) -> impl Iterator<Item = impl core::hash::Hash + '_> {
        let open = self.open.iter().map(|of| (*of, &[][..]));
        let lacking = self.missing().filter(|(_, missing)| !missing.is_empty());
        open.chain(lacking.map(|(of, missing)| (Some(of), missing)))
    }
}
