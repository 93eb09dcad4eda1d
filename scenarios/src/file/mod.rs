//! Scenario files: what they say, and how they are read, checked, changed and written.
//!
//! Reading order: [`scenario`] (the fields), [`expect`] (what is expected of a strategy), [`load`] (from text to a
//! checked scenario), [`complaint`] (what is said of a bad one); then [`setting`] and [`swarm`], which change values.

pub(crate) mod check;
pub mod complaint;
pub mod expect;
pub(crate) mod format;
pub mod load;
pub(crate) mod nearest;
pub mod path;
pub mod scenario;
pub mod schema;
mod seek;
pub mod setting;
mod shape;
pub mod swarm;
