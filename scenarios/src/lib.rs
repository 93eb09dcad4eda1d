//! # The questions of Semel
//!
//! Scenarios and strategies as files; how they are read, checked and resolved; how a trial of one strategy under one
//! seed is run; and what one or many trials come to.
//!
//! Reading order: [`scenario`] (what a file says) and [`expect`] (what it expects), [`load`] and [`complaint`] (how a
//! file is read, and what is said of a bad one), [`catalog`] (the files that are compiled in), [`plan`] and [`trial`]
//! (one strategy under one scenario, and its runs), [`row`] and [`summary`] (what they come to), [`sweep`] and
//! [`results`] (many seeds, and the files that they fill).
//!
//! **What this crate deliberately does not know**: terminals, pages, charts. It prints nothing; it returns data and
//! complaints. Inside a run it adds nothing to the kernel and the models: it only lends them seeds.
//!
//! ```
//! use std::sync::Arc;
//! use semel_scenarios::{catalog, plan::Plan, trial::Runner};
//!
//! let scenario = catalog::scenario("lost-ack").expect("it is in the catalog");
//! let plan = Arc::new(Plan::new(&scenario, "at-least-once", &[])?);
//! let row = Runner::new(&plan).run(7);
//! assert_eq!(row.duplicated, 1); // the ack was lost, and the retry was stored again
//! # Ok::<(), semel_scenarios::complaint::Complaint>(())
//! ```

pub mod scenario;

pub mod expect;

mod check;
pub mod complaint;
mod format;
pub mod load;
mod nearest;
pub mod path;
mod patience;
mod seek;
pub mod setting;
mod shape;
pub mod swarm;

pub mod catalog;
pub mod list;
pub mod schema;

pub mod plan;
mod recorders;
pub mod token;
pub mod trace;
pub mod trial;

mod bench;
pub mod explain;
pub mod found;
mod incident;
mod meaning;
mod reach;
pub mod replay;
pub mod shrink;
pub mod sought;
mod survey;
pub mod verify;

pub mod minimal;
pub mod row;
mod spread;
pub mod statistics;
mod summarizer;
pub mod summary;
pub mod verdict;

pub mod compare;
pub mod gathered;
pub mod results;
pub mod sweep;
