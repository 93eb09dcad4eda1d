//! `PowerLoss`: the machine dies.

use crate::address::OutageKind;
use crate::faults::node::node_fault;

node_fault! {
    /// Kills a machine: memory and unsynced bytes gone; how many of those survive is chance's to say. Nobody is told.
    PowerLoss, OutageKind::PowerLoss
}
