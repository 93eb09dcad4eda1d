//! `DiskLoss`: the machine dies and its disk with it.

use crate::address::OutageKind;
use crate::faults::node::node_fault;

node_fault! {
    /// Kills a machine and its disk: it comes back empty. Nobody is told.
    DiskLoss, OutageKind::DiskLoss
}
