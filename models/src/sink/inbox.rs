//! The inbox: a record's id and its effect in one transaction, so that a repeat finds the id (`semantics.md` §1.18).
//!
//! Exactly once as long as ids are kept. An inbox that keeps ids for a time, or so many of them, forgets: what comes
//! again after that takes effect again (F112).

use alloc::collections::{BTreeMap, VecDeque};

use semel_sim::time::Time;

use crate::observation::Miss;
use crate::strategy::Keep;

/// Ids and when they were written.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Inbox {
    ids: BTreeMap<u64, u64>,
    /// In the order they were written, when ids are dropped at all.
    order: VecDeque<(u64, u64)>,
    expired: bool,
    evicted: bool,
}

impl Inbox {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Writes an id, unless it is there already. If it was not: why it was not recognised.
    pub(super) fn insert(&mut self, id: u64, now: Time, keep: Keep) -> Option<Miss> {
        self.drop_old(now, keep);
        if self.ids.contains_key(&id) {
            return None;
        }
        let missed = match (self.expired, self.evicted) {
            (false, false) => Miss::New,
            (true, _) => Miss::Expired,
            (false, true) => Miss::Evicted,
        };
        self.ids.insert(id, now.0);
        if keep.time.is_some() || keep.count.is_some() {
            self.order.push_back((now.0, id));
        }
        Some(missed)
    }

    fn drop_old(&mut self, now: Time, keep: Keep) {
        while let Some((written, id)) = self.order.front().copied() {
            let old = keep
                .time
                .is_some_and(|time| now.0.saturating_sub(written) >= time.0);
            let many = keep
                .count
                .is_some_and(|count| self.order.len() >= count.max(1) as usize);
            if !old && !many {
                return;
            }
            self.expired |= old;
            self.evicted |= many && !old;
            self.order.pop_front();
            self.ids.remove(&id);
        }
    }
}
