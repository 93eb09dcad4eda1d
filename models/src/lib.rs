//! # The domain of Semel
//!
//! Producers, streams, consumers and sinks as state machines on the kernel of [`semel_sim`]; strategies as values;
//! what can be observed of a run; and the oracles that judge it.
//!
//! Reading order: [`strategy`] (what can be chosen), [`message`] and [`observation`] (what is said and seen),
//! [`node`] and the mechanisms behind it, [`judge`].
//!
//! How the real systems behave is cited by section and number (`semantics.md` §1.3, F001, O15, D5); what is cited stands
//! in `models/semantics.md`, with its sources.
//!
//! **What this crate deliberately does not know**: files, prose, seeds. It holds no chance: workloads are lent their
//! dice, and all else is the adversary's. Oracles read observations, never messages or node state.

#![no_std]

extern crate alloc;

#[macro_use]
mod hashed;

pub mod strategy;

pub mod asked;
pub mod message;
pub mod model;
pub mod observation;
pub mod timer;
pub mod vocabulary;
mod window;
pub mod workload;

pub mod broker;
mod conductor;
pub mod consumer;
pub mod node;
pub mod producer;
mod requests;
pub mod sink;

pub mod judge;
