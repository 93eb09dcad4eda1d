//! # The questions of Semel
//!
//! Scenarios and strategies as files; how they are read, checked and resolved; how a trial of one strategy under one
//! seed is run; and what one or many trials come to.
//!
//! Reading order: [`mod@file`] (what a file says, and what is said of a bad one), [`catalog`] (the files that are compiled
//! in), [`trial`] (one strategy under one scenario, and its runs), [`outcome`] (what they come to), [`sweep`] (many
//! seeds); then what is asked of a failure: [`witness`] (a file that repeats it), [`shrink`] (the fewest faults that do)
//! and [`explain`] (why); and of a strategy: [`verify`] (every schedule of a menu) and [`compare`] (side by side).
//!
//! **What this crate deliberately does not know**: terminals, pages, charts. It prints nothing; it returns data and
//! complaints. Inside a run it adds nothing to the kernel and the models: it only lends them seeds.
//!
//! ```
//! use std::sync::Arc;
//! use semel_scenarios::catalog;
//! use semel_scenarios::trial::{Runner, plan::Plan};
//!
//! let scenario = catalog::scenario("lost-ack").expect("it is in the catalog");
//! let plan = Arc::new(Plan::new(&scenario, "at-least-once", &[])?);
//! let row = Runner::new(&plan).run(7);
//! assert_eq!(row.duplicated, 1); // the ack was lost, and the retry was stored again
//! # Ok::<(), semel_scenarios::file::complaint::Complaint>(())
//! ```

pub mod file;

pub mod catalog;

pub mod trial;

pub mod outcome;

pub mod sweep;

pub mod witness;

pub mod shrink;

pub mod explain;

pub mod verify;

pub mod compare;
