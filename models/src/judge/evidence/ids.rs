//! Under which id a sink looked for a record, and under which it had taken effect before.
//!
//! Only sinks that go by ids say so, and only the causes of duplicates ask. So this is a table of its own, beside the
//! facts that every record has: as long as the records seen, and no longer than the facts are kept.

use alloc::vec::Vec;

use super::Known;
use super::window::ROOM;
use crate::vocabulary::RecordId;

/// The ids of one record.
#[derive(Clone, Copy, Debug)]
struct Ids {
    record: RecordId,
    /// That it is looked for under now.
    now: u64,
    /// That it last took effect under; and how often the sink had lost its memory by then.
    effect: Option<(u64, u16)>,
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

    /// The record that was looked for took effect, after the sink had lost its memory so often.
    #[inline]
    pub(super) fn applied(&mut self, record: RecordId, boots: impl FnOnce() -> u16) {
        if self.ring.is_empty() {
            return;
        }
        let mask = self.ring.len() - 1;
        if let Some(ids) = &mut self.ring[record as usize & mask]
            && ids.record == record
        {
            ids.effect = Some((ids.now, boots()));
        }
    }

    /// Whether a record that took effect before is now looked for under another id; None if nobody can tell.
    pub(in crate::judge) fn differ(&self, record: RecordId) -> Option<bool> {
        let ids = self.get(record)?;
        ids.effect.map(|(effect, _)| effect != ids.now)
    }

    /// How often the sink had lost its memory when a record took effect last, if that is known.
    fn boots_at_effect(&self, record: RecordId) -> Option<u16> {
        Some(self.get(record)?.effect?.1)
    }

    fn get(&self, record: RecordId) -> Option<Ids> {
        let mask = self.ring.len().checked_sub(1)?;
        self.ring[record as usize & mask].filter(|ids| ids.record == record)
    }
}

impl Known {
    /// Whether whoever had a record's key is dead when somebody takes it over: the sink has lost its memory since it
    /// worked on the record last.
    pub(in crate::judge) fn is_cut_short(&self, record: RecordId) -> bool {
        let boots = self.faults.boots(self.rules.topology.sink());
        let before = self.looks.boots_at_effect(record).unwrap_or(0);
        before != boots
    }
}
