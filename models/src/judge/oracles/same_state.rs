//! O17: finalState(sink) = fold(effects of what was intended and accepted), per account. Guards effect.
//!
//! Accepted is what was acknowledged, poison aside, and what took effect without having been reported failed: an
//! unknown outcome counts as whatever happened. Credits commute, so an account's balance is the fold in any order.
//! What first made an account wrong names the record and the cause.
//!
//! Keeps 32 bytes per account.

use crate::judge::cause::Origin;
use crate::judge::causes::Cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::{Flags, Known};
use crate::judge::finding::Side;
use crate::judge::oracle::Oracle;
use crate::strategy::{Invariant, Level};
use crate::vocabulary::RecordId;

#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct SameState;

impl Oracle for SameState {
    const HEARS: u32 = 0;

    fn finish(&mut self, known: &Known, docket: &mut Docket) {
        for (key, account) in known.accounts.iter() {
            if known.accounts.holds(account) != account.expected {
                let (record, origin) = match docket.blame(key) {
                    Some((record, origin)) => (Some(record), origin),
                    None => unnamed(known, key),
                };
                docket.report(Invariant::SameState, Level::Effect, record, origin);
            }
        }
    }
}

/// Of an account that nothing else is said of: an effect that nobody had acknowledged went with the sink's disk.
fn unnamed(known: &Known, key: u32) -> (Option<RecordId>, Origin) {
    let mut all = known.records.iter();
    let undone = all.find(|(record, facts)| {
        let gone = facts.flags.has(Flags::UNDONE) && facts.effects == 0;
        gone && facts.flags.has(Flags::COUNTED) && known.contents(*record, facts).0 == key
    });
    match undone {
        Some((record, _)) => (Some(record), (Side::Outbound, Cause::AckedEarly)),
        None => (None, (Side::Outbound, Cause::Other)),
    }
}
