//! A torn transaction: which of its parts are there, and which are not.

use semel_models::judge::{Cause, Violation};
use semel_models::observation::{Observation, TransactionId};
use semel_models::strategy::Invariant;
use semel_models::vocabulary::{Offset, Partition, ProducerId, RecordId};
use semel_sim::record::What;

use super::slice::Slice;
use super::{Part, Torn};

/// A record in a transaction, and what became of it there.
struct Enlisted {
    partition: Partition,
    offset: Offset,
    record: RecordId,
    transaction: TransactionId,
    /// Committed, aborted, or neither.
    commit: Option<bool>,
    /// It was lost later.
    lost: bool,
}

/// The halves of the transaction that a violation is about. None where none is torn.
pub(super) fn torn(slice: &Slice<'_>, violation: &Violation) -> Option<Torn> {
    let speaks = violation.cause == Cause::Torn || violation.invariant == Invariant::Atomic;
    let all = enlisted(slice);
    let transaction = spoken_of(slice, violation, &all).filter(|_| speaks)?;
    let mut parts: Vec<(Part, bool)> = Vec::new();
    for one in all.iter().filter(|one| one.transaction == transaction) {
        let output = one.partition >= slice.inputs;
        let part = if output {
            Part::Output(one.record)
        } else {
            Part::Record(one.record)
        };
        parts.push((part, one.commit == Some(true) && !one.lost));
        if output {
            parts.extend(mark(slice, one.record, transaction.number));
        }
    }
    parts.sort_unstable();
    parts.dedup();
    let (there, missing): (Vec<_>, Vec<_>) = parts.into_iter().partition(|one| one.1);
    let commit = decided(slice, transaction);
    let is_torn = match commit {
        Some(true) => !missing.is_empty(),
        Some(false) => !there.is_empty(),
        None => !there.is_empty() && !missing.is_empty(),
    };
    let parts = |some: Vec<(Part, bool)>| some.into_iter().map(|one| one.0).collect();
    is_torn.then(|| Torn {
        transaction: transaction.number,
        commit,
        there: parts(there),
        missing: parts(missing),
    })
}

/// The transaction of the record that was decided with another one, or of its last copy; or the one that the violation
/// was seen at.
fn spoken_of(slice: &Slice<'_>, violation: &Violation, all: &[Enlisted]) -> Option<TransactionId> {
    let seen = slice.trace.entries.get(violation.entry as usize);
    let named = seen.and_then(|entry| match entry.what {
        What::Observed(
            _,
            Observation::Marked { transaction, .. } | Observation::Decided { transaction, .. },
        ) => Some(transaction),
        _ => None,
    });
    let mut mine = all
        .iter()
        .filter(|one| Some(one.record) == violation.record)
        .map(|one| one.transaction);
    let strange = |one: &TransactionId| named.is_some_and(|named| named != *one);
    mine.clone().find(strange).or(mine.next_back()).or(named)
}

/// What was decided of a transaction first.
fn decided(slice: &Slice<'_>, of: TransactionId) -> Option<bool> {
    let told = slice.trace.entries.iter();
    let mut told = told.take_while(|entry| entry.id <= slice.last);
    told.find_map(|entry| match entry.what {
        What::Observed(
            _,
            Observation::Decided {
                transaction,
                commit,
                ..
            },
        ) if transaction == of => Some(commit),
        _ => None,
    })
}

/// Every record that joined a transaction, up to the end of the story.
fn enlisted(slice: &Slice<'_>) -> Vec<Enlisted> {
    let mut all: Vec<Enlisted> = Vec::new();
    let told = slice.trace.entries.iter();
    for entry in told.take_while(|entry| entry.id <= slice.last) {
        let What::Observed(_, seen) = &entry.what else {
            continue;
        };
        match *seen {
            Observation::Enlisted {
                record,
                partition,
                offset,
                transaction,
                ..
            } => all.push(Enlisted {
                partition,
                offset,
                record,
                transaction,
                commit: None,
                lost: false,
            }),
            Observation::Marked {
                partition,
                transaction,
                commit,
                ..
            } => decide(&mut all, (partition, transaction.producer), commit),
            Observation::Truncated {
                partition, from, ..
            } => {
                let gone = |one: &&mut Enlisted| one.partition == partition && one.offset >= from;
                all.iter_mut().filter(gone).for_each(|one| one.lost = true);
            }
            _ => {}
        }
    }
    all
}

/// A marker decides whatever waits of its producer in a partition.
fn decide(all: &mut [Enlisted], of: (Partition, ProducerId), commit: bool) {
    for one in all {
        if (one.partition, one.transaction.producer) == of && one.commit.is_none() {
            one.commit = Some(commit);
        }
    }
}

/// The mark of a transaction that passes a record: whether it was accepted.
fn mark(slice: &Slice<'_>, record: RecordId, transaction: u32) -> Option<(Part, bool)> {
    let told = slice.trace.entries.iter();
    let told = told.take_while(|entry| entry.id <= slice.last);
    let mut seen = told.filter_map(|entry| match &entry.what {
        What::Observed(_, seen) => Some((entry, *seen)),
        _ => None,
    });
    let (partition, offset) = seen.clone().find_map(|(_, seen)| match seen {
        Observation::Delivered {
            record: delivered,
            partition,
            offset,
            ..
        } if delivered == record => Some((partition, offset)),
        _ => None,
    })?;
    let passed = seen.find_map(|(entry, seen)| match seen {
        Observation::Progress {
            partition: of,
            offset: next,
            accepted: true,
            ..
        } if of == partition && next > offset => {
            let with = slice.transaction_behind(entry);
            with.is_none_or(|with| with == transaction).then_some(next)
        }
        _ => None,
    });
    let part = Part::Mark(passed.unwrap_or(offset + 1));
    Some((part, passed.is_some()))
}
