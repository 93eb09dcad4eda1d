//! Searching: trying many runs of one world, for the few that show something.
//!
//! A [`menu`] says what may be done to a run, [`explore`] tries all of it up to a number of deviations, and [`shrink`]
//! takes away what a failure does not need.

pub mod explore;
pub mod menu;
pub mod shrink;
mod visited;
