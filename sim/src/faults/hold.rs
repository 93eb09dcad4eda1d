//! `Hold`: a clogged link. Packets are kept back and go on together.

use alloc::format;

use crate::faults::packet::{PacketPick, Packets, packet_fault};
use crate::faults::pick::Wrong;
use crate::faults::rules::PacketAct;
use crate::time::{Span, Time};

packet_fault! {
    /// Keeps packets back and lets them all go at one time.
    Hold {
        /// When the link unclogs, and everything that was held goes on: it arrives one latency later.
        release: Span,
    }
}

impl<M> Packets<M> for Hold<M> {
    fn act(&self, pick: &mut PacketPick<'_, M>) -> Result<PacketAct, Wrong> {
        if let Some(at) = pick.at
            && at >= self.release
        {
            let text = format!("is not after `at` ({at}); what is held then would never be let go");
            return Err(Wrong::new("release", text));
        }
        if pick.until.is_some_and(|until| until > self.release) {
            return Err(Wrong::new(
                "until",
                "is after `release`; a link holds nothing back once it is unclogged",
            ));
        }
        pick.until = pick.until.or(Some(self.release));
        if pick.times.is_none() {
            pick.times = Some(u32::MAX);
        }
        Ok(PacketAct::Hold(Time(self.release.0)))
    }

    fn length(&self) -> Option<(&'static str, Span)> {
        Some(("release", self.release))
    }
}
