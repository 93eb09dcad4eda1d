//! `Pause`: the process stops and goes on later.

use crate::address::OutageKind;
use crate::faults::node::node_fault;

node_fault! {
    /// Stops a process, which keeps its memory and its beliefs: the way zombies are made. On return, what arrived and
    /// what fell due is handled in the order in which it came. Nobody is told.
    Pause, OutageKind::Pause
}
