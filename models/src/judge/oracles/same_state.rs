//! O17: finalState(sink) = fold(effects of what was intended and accepted), per account. Guards effect.
//!
//! Accepted is what was acknowledged, poison aside, and what took effect without having been reported failed: an
//! unknown outcome counts as whatever happened. Credits commute, so an account's balance is the fold in any order.
//! What first made an account wrong names the record and the cause.
//!
//! Keeps 32 bytes per account.

use crate::judge::docket::Docket;
use crate::judge::evidence::Known;
use crate::judge::finding::{Cause, Side};
use crate::judge::oracle::Oracle;
use crate::strategy::{Invariant, Level};

#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct SameState;

impl Oracle for SameState {
    const HEARS: u32 = 0;

    fn finish(&mut self, known: &Known, docket: &mut Docket) {
        for (key, account) in known.accounts.iter() {
            if known.accounts.holds(account) != account.expected {
                let (record, origin) = match docket.blame(key) {
                    Some((record, origin)) => (Some(record), origin),
                    None => (None, (Side::Outbound, Cause::Other)),
                };
                docket.report(Invariant::SameState, Level::Effect, record, origin);
            }
        }
    }
}
