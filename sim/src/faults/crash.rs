//! `Crash`: the process dies.

use crate::address::OutageKind;
use crate::faults::node::node_fault;

node_fault! {
    /// Kills a process: memory gone, disk and page cache kept. Connected peers are told one latency later, behind what
    /// it had sent them.
    Crash, OutageKind::Crash
}
