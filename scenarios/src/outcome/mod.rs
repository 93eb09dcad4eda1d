//! What trials come to: one ([`row`]), or many ([`summary`]); and whether that was expected ([`verdict`]).

pub mod minimal;
pub mod row;
pub(crate) mod spelling;
pub(crate) mod spread;
pub mod statistics;
mod summarizer;
pub mod summary;
pub mod verdict;
