//! `Corrupt`: packets that arrive damaged, which the receiver notices by their checksum.

use crate::address::FaultIndex;
use crate::faults::pick::{Names, Wrong, packet_fault};
use crate::rules::{PacketAct, Rules};

packet_fault! {
    /// Damages packets. The receiver notices and throws them away: a drop that the trace shows as what it is.
    Corrupt {}
}

impl<M: Clone> Corrupt<M> {
    pub(super) fn compile<O>(
        &self,
        index: FaultIndex,
        name: &str,
        names: &Names<'_>,
        rules: &mut Rules<M, O>,
    ) -> Result<(), Wrong> {
        self.pick()
            .compile(index, name, names, PacketAct::Corrupt, rules)
    }
}
