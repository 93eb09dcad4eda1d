//! O19: transfers create and destroy no money: of each, the debit and the credit took effect equally often. Guards
//! effect.
//!
//! Judged at the end, for the two legs never take effect at the same moment. Says nothing of credits.
//!
//! Keeps nothing of its own (a count of torn transfers is part of what is known).

use crate::judge::cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::Known;
use crate::judge::finding::Side;
use crate::judge::oracle::Oracle;
use crate::judge::oracles::no_loss::is_lost;
use crate::judge::standstill;
use crate::strategy::{Invariant, Level};

#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct Conservation;

impl Oracle for Conservation {
    const HEARS: u32 = 0;

    fn finish(&mut self, known: &Known, docket: &mut Docket) {
        if !known.transfers() {
            return;
        }
        let mut named = 0;
        let mut last = None;
        for (record, _) in known.records.iter() {
            let debit = record & !1;
            if last != Some(debit) && known.is_torn(debit) {
                last = Some(debit);
                named += 1;
                let (leg, origin) = culprit(debit, known, docket);
                docket.report(Invariant::Conservation, Level::Effect, leg, origin);
            }
        }
        if known.torn > named {
            let unnamed = u64::from(known.torn - named);
            docket.count(Invariant::Conservation, Level::Effect, unnamed);
        }
    }
}

/// The leg that is missing or, if both took effect, the one that did so again. And why: what went wrong with one of the
/// accounts; or else why it is missing, or took effect again.
fn culprit(debit: u32, known: &Known, docket: &Docket) -> (u32, cause::Origin) {
    let mut legs = [debit, debit | 1];
    legs.sort_by_key(|leg| known.records.get(*leg).effects);
    let missing = known.records.get(legs[0]).effects == 0;
    let leg = if missing { legs[0] } else { legs[1] };
    (leg, origin(legs, known, docket))
}

fn origin(legs: [u32; 2], known: &Known, docket: &Docket) -> cause::Origin {
    let debit = legs[0] & !1;
    let blame = |record: u32| {
        let (key, _) = known.contents(record, known.records.get(record));
        docket
            .blame(key)
            .filter(|(blamed, _)| *blamed & !1 == debit)
    };
    if let Some((_, origin)) = blame(debit).or_else(|| blame(debit | 1)) {
        return origin;
    }
    let [less, more] = legs.map(|leg| known.records.get(leg));
    let again = more.effect_cause.filter(|_| less.effects > 0);
    let Some(cause) = again else {
        let waits = less.is_owed() && !is_lost(known, less, Level::Effect);
        return if waits {
            standstill::of_standstill(known, legs[0])
        } else {
            cause::of_loss(known, less, Level::Effect)
        };
    };
    let side = if more.effect_cause == more.log_cause {
        Side::Inbound
    } else {
        Side::Outbound
    };
    (side, cause)
}
