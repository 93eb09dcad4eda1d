//! O9: of a transaction all records and offsets become visible, or none. Guards the log.
//!
//! Broken when a record is marked otherwise than its transaction was decided; before that is known, when some of its
//! records were committed and others aborted; or when, in the end, some are committed and others still wait, or were
//! sent in it and are nowhere (F022: a late end of another transaction came before them). An offset that is committed
//! is as visible as a record: it must not be all that is left of a transaction that had records. Whether committed
//! offsets agree with committed outputs, whichever transactions they are of, is O10's question.
//!
//! Keeps nothing of its own.

use crate::judge::causes::Cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::{Ending, Known, Waiting};
use crate::judge::finding::Side;
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::observation::{Observation, TransactionId};
use crate::strategy::{Invariant, Level};
use crate::vocabulary::{Offset, Partition, RecordId};

#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct Atomic;

impl Oracle for Atomic {
    const HEARS: u32 = hear::DECIDED | hear::MARKED | hear::PROGRESS;

    fn observe(&mut self, seen: &Observation, _: Moment<'_>, known: &Known, docket: &mut Docket) {
        match *seen {
            Observation::Decided {
                transaction,
                commit,
                ..
            } => {
                let TransactionId { producer, number } = transaction;
                let ending = known.transactions.ending(producer, number);
                let new = |decided: Option<bool>| decided != Some(commit);
                let contrary = ending.is_some_and(|ending| {
                    let otherwise = if commit {
                        ending.aborted
                    } else {
                        ending.committed
                    };
                    otherwise && new(ending.decided)
                });
                if contrary {
                    let origin = (Side::Inbound, Cause::Torn);
                    docket.report(Invariant::Atomic, Level::Log, None, origin);
                }
            }
            Observation::Marked {
                partition,
                transaction,
                commit,
                ..
            } => {
                marked(partition, transaction, commit, known, docket);
            }
            Observation::Progress {
                partition,
                offset,
                consumer,
                accepted: true,
                ..
            } => offset_committed((partition, offset), consumer, known, docket),
            _ => {}
        }
    }

    fn finish(&mut self, known: &Known, docket: &mut Docket) {
        for (partition, producer, waiting) in known.transactions.all() {
            let ending = known.transactions.ending(producer, waiting.number);
            if ending.is_some_and(|ending| ending.committed) {
                let origin = (side(partition, known), Cause::Torn);
                docket.report(Invariant::Atomic, Level::Log, waiting.record, origin);
            }
        }
        for (TransactionId { producer, number }, missing) in known.transactions.members.missing() {
            let ending = known.transactions.ending(producer, number);
            if !ending.is_some_and(|ending| ending.committed) {
                continue;
            }
            let nowhere = |record: &&RecordId| known.records.get(**record).copies == 0;
            for record in missing.iter().filter(nowhere) {
                let origin = (Side::Inbound, Cause::Torn);
                docket.report(Invariant::Atomic, Level::Log, *record, origin);
            }
        }
    }
}

/// What waits is decided. The first record of each transaction for which that is wrong is reported.
fn marked(
    partition: Partition,
    transaction: TransactionId,
    commit: bool,
    known: &Known,
    docket: &mut Docket,
) {
    let producer = transaction.producer;
    let mut last = None;
    for waiting in known.transactions.waiting(partition, producer) {
        let Waiting { record, number, .. } = *waiting;
        let ending = known.transactions.ending(producer, number);
        let torn = ending.is_some_and(|ending| {
            let elsewhere = if commit {
                ending.aborted
            } else {
                ending.committed
            };
            ending
                .decided
                .map_or(elsewhere, |decided| decided != commit)
        });
        if torn && last != Some(number) {
            last = Some(number);
            let undone = commit && ending.is_some_and(is_undone);
            let cause = if undone {
                Cause::AbortedRead
            } else {
                Cause::Torn
            };
            let origin = (side(partition, known), cause);
            docket.report(Invariant::Atomic, Level::Log, record, origin);
        }
    }
}

/// Whether a transaction was to come to nothing: its client asked for that, or no record of it is known to lack where
/// others are visible. Otherwise it was torn by the end of another one.
const fn is_undone(ending: Ending) -> bool {
    ending.abort_told.is_some() || !ending.aborted
}

/// An offset becomes visible. All records of its transaction may have been aborted.
fn offset_committed(place: (Partition, Offset), consumer: u16, known: &Known, docket: &mut Docket) {
    let Some((record, of)) = known.of_offset(place, consumer) else {
        return;
    };
    let ending = known.transactions.ending(of.producer, of.number);
    let alone = ending.is_some_and(|ending| {
        let aborted = ending.decided.map_or(ending.aborted, |commit| !commit);
        aborted && !ending.committed
    });
    if alone {
        let origin = (Side::Outbound, Cause::Torn);
        docket.report(Invariant::Atomic, Level::Log, record, origin);
    }
}

/// Inputs are written by producers, outputs by consumers.
fn side(partition: Partition, known: &Known) -> Side {
    if known.rules.is_output(partition) {
        Side::Outbound
    } else {
        Side::Inbound
    }
}
