//! The workload is money: records that credit accounts, or transfers of one debit and one credit.
//!
//! A record is a pure function of its number, so that ten million of them need no room.

use alloc::vec::Vec;

use schemars::JsonSchema;
use semel_sim::chance::{Address, Dice};
use semel_sim::digest::mix;
use semel_sim::time::Span;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{Partition, RecordId, Topology};

/// What records mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Money {
    /// Each record credits one account.
    #[default]
    Credits,
    /// Records come in pairs: an even one debits an account, the next credits another with as much.
    Transfers,
}

/// One record's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// Its number.
    pub id: RecordId,
    /// The account.
    pub key: u32,
    /// What it adds to the account; negative for a debit.
    pub amount: i64,
    /// How long after the record before it (of the same producer) it is intended.
    pub pace: Span,
}

impl Record {
    /// The payload's hash, for those who deduplicate by content. Two intents of equal content are equal here.
    pub fn content(&self) -> u64 {
        content(self.key, self.amount)
    }
}

/// The hash of a payload: of an account, and what is added to it. All bits of both count: amounts may have 64 of them.
pub(crate) const fn content(key: u32, amount: i64) -> u64 {
    mix(0, key as u64, amount.cast_unsigned())
}

/// A record as a witness writes it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The account.
    pub key: u32,
    /// What it adds to the account.
    pub amount: i64,
    /// How long after the record before it.
    pub pace: Span,
    /// Whether no handler can process it.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub poison: bool,
}

/// Everything that will be intended in a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Workload {
    /// How many records, over all producers.
    pub records: u32,
    /// How many accounts; 0 is read as 1.
    pub keys: u32,
    /// What records mean.
    pub money: Money,
    /// The least time between two intents of a producer.
    pub pace: Span,
    /// Chance adds up to this.
    pub pace_spread: Span,
    /// One record in so many is poison: no handler can process it. 0 is none.
    pub poison_every: u32,
    /// The amount of every record; otherwise chance draws 1 to 99.
    pub amount: Option<i64>,
    /// Where keys, amounts and pace come from.
    pub dice: Dice,
    /// Records written out, in place of drawn ones.
    pub written: Vec<Written>,
}

impl Workload {
    /// The contents of record `id`.
    pub fn record(&self, id: RecordId) -> Record {
        let (key, amount) = self.contents(id);
        Record {
            id,
            key,
            amount,
            pace: self.pace(id),
        }
    }

    /// The account of record `id`, and what it adds to it.
    pub fn contents(&self, id: RecordId) -> (u32, i64) {
        if let Some(written) = self.written.get(id as usize) {
            return (written.key, written.amount);
        }
        let keys = u64::from(self.keys.max(1));
        let draw = |record, what, count| self.draw(record, what, count);
        let drawn = |record| {
            self.amount
                .unwrap_or_else(|| 1 + draw(record, 1, 99).cast_signed())
        };
        match self.money {
            Money::Credits => (draw(id, 0, keys) as u32, drawn(id)),
            Money::Transfers => {
                let first = id & !1;
                let from = draw(first, 0, keys) as u32;
                let to =
                    (u64::from(from) + 1 + draw(first, 3, keys.saturating_sub(1).max(1))) % keys;
                if id == first {
                    (from, -drawn(first))
                } else {
                    (to as u32, drawn(first))
                }
            }
        }
    }

    /// How long after the record before it (of the same producer) a record is intended: what [`Workload::record`] says.
    pub fn pace(&self, id: RecordId) -> Span {
        if let Some(written) = self.written.get(id as usize) {
            return written.pace;
        }
        let second = self.money == Money::Transfers && id % 2 == 1;
        if second {
            return Span::ZERO;
        }
        Span(self.pace.0 + self.draw(id, 2, self.pace_spread.0.saturating_add(1)))
    }

    /// Chance's choice among so many. A choice of one costs no roll.
    fn draw(&self, record: RecordId, what: u64, count: u64) -> u64 {
        if count <= 1 {
            return 0;
        }
        self.dice.below(Address(u64::from(record), 0), what, count)
    }

    /// Whether no handler can process this record.
    pub fn is_poison(&self, id: RecordId) -> bool {
        let by_number = self.poison_every > 0 && id % self.poison_every == self.poison_every - 1;
        by_number
            || self
                .written
                .get(id as usize)
                .is_some_and(|written| written.poison)
    }

    /// Whether any record may be poison.
    pub fn has_poison(&self) -> bool {
        self.poison_every > 0 || self.written.iter().any(|written| written.poison)
    }

    /// All its records, written out.
    pub fn write_out(&self) -> Vec<Written> {
        let write = |id| {
            let record = self.record(id);
            Written {
                key: record.key,
                amount: record.amount,
                pace: record.pace,
                poison: self.is_poison(id),
            }
        };
        (0..self.records).map(write).collect()
    }

    /// The partition of a record: by its key, as hash partitioning does.
    pub fn partition(&self, id: RecordId, topology: Topology) -> Partition {
        match topology.partitions {
            1 => 0,
            partitions => (self.contents(id).0 % u32::from(partitions)) as Partition,
        }
    }

    /// The producer that intends a record: they take turns (by pairs, for transfers).
    pub const fn producer(&self, id: RecordId, topology: Topology) -> u16 {
        let turn = match self.money {
            Money::Credits => id,
            Money::Transfers => id / 2,
        };
        (turn % topology.producers as u32) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A payment of 2^32 units to one account is not one of as good as nothing to the next, nor is a credit a debit.
    #[test]
    fn different_payments_have_different_contents() {
        let contents = [
            content(1, 7),
            content(0, (1 << 32) + 7),
            content(0, 7),
            content(0, -7),
            content(0, i64::MIN),
            content(0, 0),
        ];
        for (index, one) in contents.iter().enumerate() {
            assert!(!contents[..index].contains(one), "number {index}");
        }
    }
}
