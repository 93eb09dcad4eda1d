//! The judge: oracles over observations.

mod finding;

pub use finding::{Cause, Findings, KEPT, Side, Tally, Violation};
