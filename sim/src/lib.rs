//! # The kernel of Semel
//!
//! A deterministic world: nodes exchange packets over links, write to disks, read their clocks and arm timers;
//! an *adversary* answers every question that is left to chance, and a *recorder* takes down what happened.
//! The same world, adversary and seed give the same run, bit for bit, on every machine.
//!
//! Reading order: [`domain`] (what a protocol must say of itself), [`context`] (what a step can do), [`address`]
//! and [`adversary`] (what is left to chance, how it is asked, and who answers by luck), [`world`] (how it all moves),
//! [`faults`] (what people write plans of), [`schedule`] (the answers that repeat a run), [`search`] (trying many runs).
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
pub mod faults;
pub mod journal;
pub mod net;
pub mod record;
pub mod schedule;
pub mod search;
pub mod store;
pub mod time;
pub mod world;
