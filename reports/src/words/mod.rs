//! Every word that a reader meets stands in this folder; everything else only places words on a page.

pub mod causes;
mod faults;
pub(crate) mod mishaps;
mod numbers;
mod promises;
pub(crate) mod sketches;
mod things;
mod verdicts;

pub use faults::fault;
pub(crate) use numbers::{GLUE, millis};
pub use numbers::{list, plural, quantity, span, thousands};
pub use promises::{
    INVARIANTS, InvariantWords, assumed, broken_assumption, clause, guarantee, invariant, place,
    promise, scope_of,
};
pub use things::transport;
pub use verdicts::{LEGEND, Mark, Word, expected, overall, word};
