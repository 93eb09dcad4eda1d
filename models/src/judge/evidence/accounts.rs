//! What every account should hold and what it holds.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Accounts with numbers below this have a place of their own; the others are looked up.
const DIRECT: u32 = 65_536;

/// One account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::judge) struct Account {
    pub(in crate::judge) expected: i64,
    /// The sum of what was applied.
    pub(in crate::judge) applied: i64,
    /// What it said itself in the end.
    pub(in crate::judge) stated: Option<i64>,
}

/// Something for each account.
#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct PerAccount<T> {
    near: Vec<T>,
    far: BTreeMap<u32, T>,
}

impl<T: Clone + Default> PerAccount<T> {
    pub(in crate::judge) fn clear(&mut self) {
        self.near.clear();
        self.far.clear();
    }

    pub(in crate::judge) fn get(&self, key: u32) -> Option<&T> {
        self.near.get(key as usize).or_else(|| self.far.get(&key))
    }

    #[inline]
    pub(in crate::judge) fn get_mut(&mut self, key: u32) -> &mut T {
        if (key as usize) < self.near.len() {
            return &mut self.near[key as usize];
        }
        self.add(key)
    }

    #[cold]
    fn add(&mut self, key: u32) -> &mut T {
        if key >= DIRECT {
            return self.far.entry(key).or_default();
        }
        self.near.resize(key as usize + 1, T::default());
        &mut self.near[key as usize]
    }

    /// For every account that was heard of, in order.
    fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let far = self.far.iter().map(|(key, one)| (*key, one));
        (0..).zip(&self.near).chain(far)
    }
}

/// All accounts: 32 bytes each.
#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct Accounts {
    all: PerAccount<Account>,
    /// Whether accounts have spoken for themselves.
    pub(in crate::judge) stated: bool,
}

impl Accounts {
    pub(in crate::judge) fn reset(&mut self) {
        self.all.clear();
        self.stated = false;
    }

    #[inline]
    pub(in crate::judge) fn get_mut(&mut self, key: u32) -> &mut Account {
        self.all.get_mut(key)
    }

    /// Every account that was heard of, in order.
    pub(in crate::judge) fn iter(&self) -> impl Iterator<Item = (u32, &Account)> {
        self.all.iter()
    }

    /// What an account holds: what it says, or else what was applied to it.
    pub(in crate::judge) fn holds(&self, account: &Account) -> i64 {
        if self.stated {
            account.stated.unwrap_or(0)
        } else {
            account.applied
        }
    }

    /// A sink lost its disk: nothing is left of what was applied.
    pub(in crate::judge) fn wipe(&mut self) {
        let PerAccount { near, far } = &mut self.all;
        for account in near.iter_mut().chain(far.values_mut()) {
            account.applied = 0;
        }
    }
}
