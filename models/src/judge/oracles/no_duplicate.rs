//! O2: ∀ e: e stands at most once in the committed log, is delivered at most once, has at most one net effect.
//! Guards every level.
//!
//! Log: a copy counts when every reader may see it: at once, or when its transaction is marked as committed. Copies
//! that were aborted or lost do not count. Outputs are a log of their own; so are dead letters, of which no promise
//! speaks (F052). Delivery: one per group. Effect: one per
//! record, whoever asked for it.
//!
//! Keeps nothing of its own.

use crate::judge::cause::{self, Made, Origin};
use crate::judge::causes::Cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::{Facts, Known, Waiting};
use crate::judge::finding::Side;
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::observation::Observation;
use crate::strategy::{Invariant, Level};
use crate::vocabulary::{Partition, ProducerId};

#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct NoDuplicate;

impl Oracle for NoDuplicate {
    const HEARS: u32 = hear::STORED | hear::MARKED | hear::DELIVERED | hear::APPLIED;

    #[inline(always)]
    fn observe(&mut self, seen: &Observation, now: Moment<'_>, known: &Known, docket: &mut Docket) {
        match *seen {
            Observation::Stored {
                record,
                partition,
                attempt,
                session,
                missed,
                enlisted: false,
                ..
            } if is_in_log(known, now.facts, partition) => {
                let cause = cause::of_copy(now.facts, attempt, session, missed, known.rules.name);
                let made = Made::by_latest(now.facts, attempt);
                let origin = origin(known, now.facts, partition, made, cause);
                if partition == known.rules.topology.dead_letters() {
                    docket.report_letter(Invariant::NoDuplicate, Level::Log, record, origin);
                } else {
                    docket.report(Invariant::NoDuplicate, Level::Log, record, origin);
                }
            }
            Observation::Marked {
                partition,
                transaction,
                commit: true,
                ..
            } => {
                committed(known, partition, transaction.producer, docket);
            }
            Observation::Delivered { record, .. } => {
                if let Some(origin) = now.again {
                    docket.report(Invariant::NoDuplicate, Level::Delivery, record, origin);
                }
            }
            Observation::Applied { record, .. } => {
                if let Some(origin) = now.again {
                    docket.report(Invariant::NoDuplicate, Level::Effect, record, origin);
                }
            }
            _ => {}
        }
    }
}

/// Whether a record has a committed copy in this log (the input, or the outputs).
fn is_in_log(known: &Known, facts: &Facts, partition: Partition) -> bool {
    let copies = if known.rules.is_output(partition) {
        facts.outputs
    } else {
        facts.copies
    };
    copies > 0
}

/// A transaction's records become visible in a partition: each that is there already is a duplicate.
fn committed(known: &Known, partition: Partition, producer: ProducerId, docket: &mut Docket) {
    let waiting = known.transactions.waiting(partition, producer);
    for (index, one) in waiting.iter().enumerate() {
        let Waiting {
            record,
            attempt,
            session,
            missed,
            stale,
            ..
        } = *one;
        let facts = known.records.get(record);
        let before = |other: &Waiting| other.record == record;
        let again = facts.open > 1 && waiting[..index].iter().any(before);
        if again || is_in_log(known, facts, partition) {
            let aborted = |other: &Waiting| {
                let ending = known.transactions.ending(producer, other.number);
                other.record == record && ending.is_some_and(|ending| ending.decided == Some(false))
            };
            let side = if known.rules.is_output(partition) {
                Side::Outbound
            } else {
                Side::Inbound
            };
            let origin = if stale {
                (side, Cause::TwoOwners)
            } else if waiting.iter().any(aborted) {
                (side, Cause::AbortedRead)
            } else {
                let name = known.rules.name;
                let fresh = || cause::of_copy(facts, attempt, session, missed, name);
                let cause = facts.log_cause.unwrap_or_else(fresh);
                origin(known, facts, partition, Made::of(one, facts), cause)
            };
            docket.report(Invariant::NoDuplicate, Level::Log, record, origin);
        }
    }
}

/// An input record came twice from its producer. An output record came twice because its input was worked on twice.
fn origin(known: &Known, facts: &Facts, partition: Partition, made: Made, cause: Cause) -> Origin {
    if known.rules.is_output(partition) {
        cause::of_output(known, facts, partition, made)
    } else {
        (Side::Inbound, cause)
    }
}
