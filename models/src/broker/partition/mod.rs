//! A partition: its log, and what is known of those who wrote it.
//!
//! [`log`] keeps the entries. Repeats are recognised by sequence (`producers`) or by id (`ids`, of which `highest` is
//! the kind with one number per producer); `transactions` says which of them readers may see.

mod highest;
pub(super) mod ids;
pub(super) mod log;
pub(super) mod producers;
pub(super) mod transactions;
