//! `Drop`: packets that never arrive.

use crate::faults::packet::{PacketPick, Packets, packet_fault};
use crate::faults::pick::Wrong;
use crate::faults::rules::PacketAct;

packet_fault! {
    /// Loses packets. On a connection the loss breaks it; a datagram is simply gone.
    Drop {}
}

impl<M> Packets<M> for Drop<M> {
    fn act(&self, _: &mut PacketPick<'_, M>) -> Result<PacketAct, Wrong> {
        Ok(PacketAct::Drop)
    }
}
