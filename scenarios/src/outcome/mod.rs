//! What trials come to: one ([`row`]), or many ([`summary`]); and whether that was expected ([`verdict`]).

pub mod minimal;
pub mod row;
pub(crate) mod spelling;
pub(crate) mod spread;
pub mod statistics;
mod summarizer;
pub mod summary;
pub mod verdict;

use semel_models::judge::Findings;
use semel_sim::time::Time;
use semel_sim::world::{Counts, End};

/// What one run came to. Nothing in it is copied from the runner.
#[derive(Debug)]
pub struct Outcome<'r> {
    /// How it ended.
    pub end: End,
    /// The true time at which it ended.
    pub at: Time,
    /// The digest of all its entries.
    pub digest: u64,
    /// What was counted.
    pub counts: &'r Counts,
    /// Requests that records waited for: see [`row::Row::round_trips_per_record`].
    pub requests: u64,
    /// How many deviations of the plan's script came about.
    pub scripted: u64,
    /// What the judge found.
    pub findings: &'r Findings,
}
