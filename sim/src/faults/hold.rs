//! `Hold`: a clogged link. Packets are kept back and arrive together.

use alloc::format;

use crate::address::FaultIndex;
use crate::faults::pick::{Names, Wrong, packet_fault};
use crate::rules::{PacketAct, Rules};
use crate::time::{Span, Time};

packet_fault! {
    /// Keeps packets back and lets them all go at one time.
    Hold {
        /// When the link unclogs and everything that was held arrives.
        release: Span,
    }
}

impl<M: Clone> Hold<M> {
    pub(super) fn compile<O>(
        &self,
        index: FaultIndex,
        name: &str,
        names: &Names<'_>,
        rules: &mut Rules<M, O>,
    ) -> Result<(), Wrong> {
        let mut pick = self.pick();
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
        pick.compile(
            index,
            name,
            names,
            PacketAct::Hold(Time(self.release.0)),
            rules,
        )
    }
}
