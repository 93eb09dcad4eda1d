//! `Corrupt`: packets that arrive damaged, which the receiver notices by their checksum.

use crate::faults::packet::{PacketPick, Packets, packet_fault};
use crate::faults::pick::Wrong;
use crate::faults::rules::PacketAct;

packet_fault! {
    /// Damages packets. The receiver notices and throws them away: a drop that the trace shows as what it is.
    Corrupt {}
}

impl<M> Packets<M> for Corrupt<M> {
    fn act(&self, _: &mut PacketPick<'_, M>) -> Result<PacketAct, Wrong> {
        Ok(PacketAct::Corrupt)
    }
}
