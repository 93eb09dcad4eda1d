//! The kernel's behaviour as short plays that a stranger can read, and its laws as properties.

mod clocks;
mod connections;
mod datagrams;
mod ends;
mod laws;
mod outages;
mod service;
mod stage;
