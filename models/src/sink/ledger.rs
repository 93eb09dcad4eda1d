//! The ledger: accounts that do as they are told, as often as they are told.

use alloc::vec::Vec;

use crate::observation::Observation;

/// Accounts, by number.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Ledger {
    accounts: Vec<i64>,
}

impl Ledger {
    pub(super) fn clear(&mut self) {
        self.accounts.clear();
    }

    /// Adds to an account. Returns what it holds then.
    pub(super) fn add(&mut self, key: u32, amount: i64) -> i64 {
        let index = key as usize;
        if self.accounts.len() <= index {
            self.accounts.resize(index + 1, 0);
        }
        self.accounts[index] += amount;
        self.accounts[index]
    }

    pub(super) fn last_words(&self, see: &mut dyn FnMut(Observation)) {
        for (key, amount) in (0..).zip(&self.accounts) {
            see(Observation::Balance {
                key,
                amount: *amount,
            });
        }
    }
}
