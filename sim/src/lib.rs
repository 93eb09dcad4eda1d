//! # The kernel of Semel
//!
//! A deterministic world: nodes exchange packets over links, write to disks, read their clocks and arm timers;
//! an *adversary* answers every question that is left to chance, and a *recorder* takes down what happened.
//! The same world, adversary and seed give the same run, bit for bit, on every machine.
//!
//! Reading order: [`domain`] (what a protocol must say of itself), [`context`] (what a step can do), [`address`]
//! and [`adversary`] (what is left to chance, and how it is asked), [`world`] (how it all moves), [`faults`] (the
//! adversary that people write plans for), [`watch`] (looking on while one answers), [`schedule`] (the one that repeats
//! a run), [`menu`], [`explore`] and [`shrink`] (searching).
//!
//! **What this crate deliberately does not know**: what a record is, or a broker, or a promise. It has no threads,
//! no wall clock, no floats, no hash iteration, no global state and no files; `no_std` makes most of that a
//! compile error.

#![no_std]

extern crate alloc;

pub mod address;
pub mod adversary;
pub mod chance;
mod clock;
pub mod context;
pub mod digest;
pub mod domain;
pub mod explore;
pub mod faults;
mod fingerprint;
mod finish;
pub mod journal;
mod limits;
pub mod menu;
pub mod net;
mod outage;
pub mod queue;
pub mod record;
mod rules;
pub mod schedule;
pub mod seeded;
pub mod shrink;
mod step;
pub mod store;
pub mod time;
mod trouble;
mod visited;
pub mod watch;
mod wire;
pub mod world;
