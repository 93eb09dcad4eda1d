//! `Duplicate`: packets that arrive twice.

use crate::address::FaultIndex;
use crate::faults::pick::{Names, Wrong, packet_fault};
use crate::rules::{PacketAct, Rules};

packet_fault! {
    /// Delivers a second copy, with a delay of its own. Only datagrams are duplicated: a connection sorts copies
    /// out (`semantics.md` §6.4).
    Duplicate {}
}

impl<M: Clone> Duplicate<M> {
    pub(super) fn compile<O>(
        &self,
        index: FaultIndex,
        name: &str,
        names: &Names<'_>,
        rules: &mut Rules<M, O>,
    ) -> Result<(), Wrong> {
        self.pick()
            .compile(index, name, names, PacketAct::Duplicate, rules)
    }
}
