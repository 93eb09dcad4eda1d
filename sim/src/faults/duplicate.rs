//! `Duplicate`: packets that arrive twice.

use crate::faults::packet::{PacketPick, Packets, packet_fault};
use crate::faults::pick::Wrong;
use crate::faults::rules::PacketAct;

packet_fault! {
    /// Delivers a second copy, with a delay of its own. Only datagrams are duplicated: a connection sorts copies
    /// out (`semantics.md` §6.4).
    Duplicate {}
}

impl<M> Packets<M> for Duplicate<M> {
    fn act(&self, _: &mut PacketPick<'_, M>) -> Result<PacketAct, Wrong> {
        Ok(PacketAct::Duplicate)
    }
}
