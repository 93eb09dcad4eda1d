//! O19: transfers create and destroy no money: of each, the debit and the credit took effect equally often. Guards
//! effect.
//!
//! Judged at the end, for the two legs never take effect at the same moment. Says nothing of credits.
//!
//! Keeps nothing of its own (a count of torn transfers is part of what is known).

use crate::judge::cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::Known;
use crate::judge::finding::{Cause, Side};
use crate::judge::oracle::Oracle;
use crate::judge::oracles::no_loss::is_lost;
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
                docket.report(
                    Invariant::Conservation,
                    Level::Effect,
                    debit,
                    origin(debit, known, docket),
                );
            }
        }
        if known.torn > named {
            let unnamed = u64::from(known.torn - named);
            docket.count(Invariant::Conservation, Level::Effect, unnamed);
        }
    }
}

/// What went wrong with one of its accounts; or else why the leg that is missing is missing, or why the other one took
/// effect again.
fn origin(debit: u32, known: &Known, docket: &Docket) -> cause::Origin {
    let blame = |record: u32| {
        let (key, _) = known.contents(record, known.records.get(record));
        docket
            .blame(key)
            .filter(|(blamed, _)| *blamed & !1 == debit)
    };
    if let Some((_, origin)) = blame(debit).or_else(|| blame(debit | 1)) {
        return origin;
    }
    let mut legs = [debit, debit | 1];
    legs.sort_by_key(|leg| known.records.get(*leg).effects);
    let [less, more] = legs.map(|leg| known.records.get(leg));
    if less.effects == 0 || more.effect_cause == 0 {
        let waits = less.is_owed() && !is_lost(known, less, Level::Effect);
        return if waits {
            cause::of_standstill(known, legs[0])
        } else {
            cause::of_loss(known, less)
        };
    }
    let side = if more.effect_cause == more.log_cause {
        Side::Inbound
    } else {
        Side::Outbound
    };
    (side, Cause::Duplicate(more.effect_cause))
}
