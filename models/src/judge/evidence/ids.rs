//! Under which id a sink looked for a record, and under which it had taken effect before.
//!
//! Only sinks that go by ids say so, and only the causes of duplicates ask. So this is a table of its own, beside the
//! facts that every record has: as long as the records seen, and no longer than the facts are kept.

use alloc::vec::Vec;

use super::window::ROOM;
use crate::vocabulary::RecordId;

/// The ids of one record.
#[derive(Clone, Copy, Debug)]
struct Ids {
    record: RecordId,
    /// That it is looked for under now.
    now: u64,
    /// That it last took effect under.
    effect: Option<u64>,
}

/// The ids of the latest records.
#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct Looks {
    ring: Vec<Option<Ids>>,
}

impl Looks {
    pub(in crate::judge) fn reset(&mut self) {
        self.ring.clear();
    }

    /// A sink looked for a record, and did not know this id.
    pub(super) fn look(&mut self, record: RecordId, id: u64) {
        let room = (record as usize + 1).next_power_of_two().min(ROOM);
        if self.ring.len() < room {
            self.ring.resize(room, None);
        }
        let mask = self.ring.len() - 1;
        let seen = &mut self.ring[record as usize & mask];
        let before = seen.filter(|ids| ids.record == record);
        *seen = Some(Ids {
            record,
            now: id,
            effect: before.and_then(|ids| ids.effect),
        });
    }

    /// The record that was looked for took effect.
    #[inline]
    pub(super) fn applied(&mut self, record: RecordId) {
        if self.ring.is_empty() {
            return;
        }
        let mask = self.ring.len() - 1;
        if let Some(ids) = &mut self.ring[record as usize & mask]
            && ids.record == record
        {
            ids.effect = Some(ids.now);
        }
    }

    /// Whether a record that took effect before is now looked for under another id; None if nobody can tell.
    pub(in crate::judge) fn differ(&self, record: RecordId) -> Option<bool> {
        let mask = self.ring.len().checked_sub(1)?;
        let ids = self.ring[record as usize & mask].filter(|ids| ids.record == record)?;
        ids.effect.map(|effect| effect != ids.now)
    }
}
