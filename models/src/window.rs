//! A store of ids: what was seen, as far back as a window by time or count allows.
//!
//! An id that is in it is a repeat. One that is not in it is new, or was forgotten: the store does not know which, but
//! it knows what it has been doing to its oldest ids, and says that ([`Miss`]).
//!
//! Ids age by whatever stamp they came with. The oldest *written* is looked at first, as JetStream, SQS and Redis do:
//! one with a late stamp in front keeps those behind it.

use alloc::collections::{BTreeSet, VecDeque};

use semel_sim::digest::Digest;
use semel_sim::time::Time;

use crate::observation::Miss;
use crate::strategy::Keep;

/// Ids, and when they were written.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    keep: Keep,
    ids: BTreeSet<u64>,
    /// In the order they were written, when ids are dropped at all.
    order: VecDeque<(u64, u64)>,
    /// What may have become of an id that is not here.
    excuse: Miss,
}

impl Window {
    pub(crate) const fn new(keep: Keep) -> Self {
        Self {
            keep,
            ids: BTreeSet::new(),
            order: VecDeque::new(),
            excuse: Miss::New,
        }
    }

    /// As new.
    pub(crate) fn clear(&mut self) {
        self.ids.clear();
        self.order.clear();
        self.excuse = Miss::New;
    }

    /// Forgets everything, and knows that it did.
    pub(crate) fn lose(&mut self) {
        self.clear();
        self.excuse = Miss::Absent;
    }

    /// Knows that what it holds is not all there was.
    pub(crate) const fn doubt(&mut self) {
        self.excuse = Miss::Absent;
    }

    /// How many ids it holds.
    pub(crate) fn len(&self) -> u32 {
        self.ids.len() as u32
    }

    /// None if the id is here; otherwise why it may not be.
    pub(crate) fn miss(&mut self, id: u64, now: Time) -> Option<Miss> {
        self.drop_old(now);
        (!self.ids.contains(&id)).then_some(self.excuse)
    }

    /// Writes an id that ages from `stamp` on.
    pub(crate) fn insert(&mut self, id: u64, stamp: Time, now: Time) {
        if !self.ids.insert(id) {
            return;
        }
        if self.keep != Keep::default() {
            self.order.push_back((stamp.0, id));
            self.drop_old(now);
        }
    }

    /// Writes an id unless it is too old to be kept, by its stamp: whatever stands in front.
    pub(crate) fn insert_by_age(&mut self, id: u64, stamp: Time, now: Time) {
        if self.keep.time.is_some_and(|time| now.since(stamp) >= time) {
            self.excuse = Miss::Expired;
        } else {
            self.insert(id, stamp, now);
        }
    }

    fn drop_old(&mut self, now: Time) {
        while let Some((stamp, id)) = self.order.front().copied() {
            let age = now.0.saturating_sub(stamp);
            self.excuse = if self.keep.time.is_some_and(|time| age >= time.0) {
                Miss::Expired
            } else if self.keep.count.is_some_and(|count| self.len() > count) {
                Miss::Evicted
            } else {
                return;
            };
            self.order.pop_front();
            self.ids.remove(&id);
        }
    }

    /// Adds its contents to a fingerprint, with stamps as age.
    pub(crate) fn fingerprint(&self, now: Time, digest: &mut Digest) {
        digest.add(&(self.excuse, self.ids.len()));
        if self.keep == Keep::default() {
            digest.add(&self.ids);
            return;
        }
        for (stamp, id) in &self.order {
            digest.add(&(stamp.wrapping_sub(now.0), *id));
        }
    }
}

#[cfg(test)]
mod tests {
    use semel_sim::time::Span;

    use super::*;

    fn at(second: u64) -> Time {
        Time(second * 1_000_000_000)
    }

    #[test]
    fn an_id_is_a_repeat_as_long_as_the_window_reaches_back_to_it() {
        let mut window = Window::new(Keep {
            time: Some(Span::secs(120)),
            count: None,
        });
        assert_eq!(window.miss(7, at(0)), Some(Miss::New));
        window.insert(7, at(0), at(0));
        assert_eq!(window.miss(7, at(119)), None);
        assert_eq!(window.miss(7, at(120)), Some(Miss::Expired));
    }

    #[test]
    fn the_oldest_id_goes_when_there_are_too_many() {
        let mut window = Window::new(Keep {
            time: None,
            count: Some(2),
        });
        for id in [1, 2, 3] {
            window.insert(id, at(0), at(0));
        }
        assert_eq!(
            (window.len(), window.miss(1, at(0))),
            (2, Some(Miss::Evicted))
        );
        assert_eq!(window.miss(2, at(0)), None);
    }

    #[test]
    fn a_window_that_lost_its_ids_says_so() {
        let mut window = Window::new(Keep::default());
        window.insert(1, at(0), at(0));
        window.lose();
        assert_eq!(window.miss(1, at(0)), Some(Miss::Absent));
    }
}
