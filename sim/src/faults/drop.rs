//! `Drop`: packets that never arrive.

use crate::address::FaultIndex;
use crate::faults::pick::{Names, Wrong, packet_fault};
use crate::rules::{PacketAct, Rules};

packet_fault! {
    /// Loses packets. On a connection the loss breaks it; a datagram is simply gone.
    Drop {}
}

impl<M: Clone> Drop<M> {
    pub(super) fn compile<O>(
        &self,
        index: FaultIndex,
        name: &str,
        names: &Names<'_>,
        rules: &mut Rules<M, O>,
    ) -> Result<(), Wrong> {
        self.pick()
            .compile(index, name, names, PacketAct::Drop, rules)
    }
}
