//! A torn transaction: which of its parts are there, and which are not.

use std::collections::BTreeMap;

use semel_models::judge::{Cause, Violation};
use semel_models::model::Model;
use semel_models::observation::{Observation, TransactionId};
use semel_models::strategy::Invariant;
use semel_models::vocabulary::{Offset, Partition, ProducerId, RecordId};
use semel_sim::record::{Entry, What};

use crate::explain::slice::Slice;
use crate::explain::{Asked, Ended, LogFact, Part, Torn};

/// A record in a transaction, and what became of it there.
struct Enlisted {
    partition: Partition,
    offset: Offset,
    record: RecordId,
    transaction: TransactionId,
    /// At which entry.
    at: u64,
    /// Committed, aborted, or neither; by the marker at which offset, and of which transaction.
    commit: Option<bool>,
    marker: Offset,
    with: Option<TransactionId>,
    /// It was lost later.
    lost: bool,
}

/// The halves of the transaction that a violation is about. None where none is torn.
pub(in crate::explain) fn torn(slice: &Slice<'_>, violation: &Violation) -> Option<Torn> {
    let speaks = violation.cause == Cause::Torn || violation.invariant == Invariant::Atomic;
    let (all, _) = enlisted(slice);
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

/// Every record that joined a transaction, up to the end of the story; and at which entries markers ended which.
fn enlisted(slice: &Slice<'_>) -> (Vec<Enlisted>, Vec<(u64, TransactionId)>) {
    let mut all: Vec<Enlisted> = Vec::new();
    let mut ended = Vec::new();
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
                at: entry.id,
                commit: None,
                marker: 0,
                with: None,
                lost: false,
            }),
            Observation::Marked {
                partition,
                offset,
                transaction,
                commit,
                ..
            } => {
                for one in waiting(&mut all, (partition, transaction.producer)) {
                    (one.commit, one.marker) = (Some(commit), offset);
                    one.with = Some(transaction);
                    ended.push((entry.id, one.transaction));
                }
            }
            Observation::Truncated {
                partition, from, ..
            } => {
                for one in all.iter_mut().filter(|one| one.partition == partition) {
                    one.lost |= one.offset >= from;
                    one.commit = one.commit.filter(|_| one.lost || one.marker < from);
                }
            }
            _ => {}
        }
    }
    (all, ended)
}

/// A marker decides whatever waits of its producer in a partition.
fn waiting(
    all: &mut [Enlisted],
    of: (Partition, ProducerId),
) -> impl Iterator<Item = &mut Enlisted> {
    all.iter_mut().filter(move |one| {
        (one.partition, one.transaction.producer) == of && one.commit.is_none() && !one.lost
    })
}

/// What is decided of a transaction that a violation says is torn, or that a copy of the record joined or left when it
/// should not, and what markers do to it: at which entries.
pub(in crate::explain) fn endings(
    slice: &Slice<'_>,
    violation: &Violation,
) -> BTreeMap<u64, LogFact> {
    let (all, ended) = enlisted(slice);
    let torn = spoken_of(slice, violation, &all);
    let torn = torn.filter(|_| violation.invariant == Invariant::Atomic);
    let mut told: BTreeMap<TransactionId, Option<&Enlisted>> = BTreeMap::new();
    let decisions = decisions(slice);
    for stray in strays(slice, &all, &decisions) {
        told.entry(stray.transaction).or_insert(Some(stray));
    }
    told.extend(torn.map(|torn| (torn, None)));
    told.into_iter()
        .flat_map(|(of, stray)| ends_of(slice, (of, stray), &ended))
        .collect()
}

/// The copies of the record that came when their transaction was decided, or that the marker of another one ended.
fn strays<'e>(
    slice: &Slice<'_>,
    all: &'e [Enlisted],
    decisions: &BTreeMap<TransactionId, u64>,
) -> impl Iterator<Item = &'e Enlisted> {
    let record = slice.record;
    let mine = all.iter().filter(move |one| Some(one.record) == record);
    mine.filter(|one| {
        let decided = decisions.get(&one.transaction);
        let late = decided.is_some_and(|at| *at < one.at);
        late || one.with.is_some_and(|with| with != one.transaction)
    })
}

/// At which entry it was decided of which transaction first.
fn decisions(slice: &Slice<'_>) -> BTreeMap<TransactionId, u64> {
    let mut decisions = BTreeMap::new();
    for entry in &slice.trace.entries {
        if let What::Observed(_, Observation::Decided { transaction, .. }) = entry.what {
            decisions.entry(transaction).or_insert(entry.id);
        }
    }
    decisions
}

/// The ends of a transaction, and that it was over where a stray copy came to later.
fn ends_of(
    slice: &Slice<'_>,
    (of, stray): (TransactionId, Option<&Enlisted>),
    ended: &[(u64, TransactionId)],
) -> Vec<(u64, LogFact)> {
    let number = of.number;
    let mut decided = None;
    let told = slice.trace.entries.iter();
    let told = told.take_while(|entry| entry.id <= slice.last);
    let facts = told.filter_map(|entry| {
        let What::Observed(_, seen) = &entry.what else {
            return None;
        };
        let fact = match *seen {
            Observation::Decided {
                transaction,
                commit,
                forced,
            } if transaction == of => {
                decided = Some(commit);
                LogFact::Decided {
                    transaction: number,
                    commit,
                    asked: (!forced).then(|| asked(slice, entry, number)).flatten(),
                }
            }
            Observation::Marked {
                transaction,
                commit,
                ..
            } if ended.contains(&(entry.id, of))
                && (transaction != of || Some(commit) != decided) =>
            {
                LogFact::Ended(Ended {
                    transaction: number,
                    with: (transaction != of).then_some(transaction.number),
                    commit,
                    early: decided.is_none(),
                })
            }
            Observation::Marked {
                transaction,
                partition,
                commit,
                ..
            } if transaction == of
                && stray.is_some_and(|one| one.partition == partition && entry.id < one.at) =>
            {
                LogFact::Over {
                    transaction: number,
                    commit,
                    output: partition >= slice.inputs,
                }
            }
            _ => return None,
        };
        Some((entry.id, fact))
    });
    facts.collect()
}

/// What the owner of a transaction asked for when it was decided.
fn asked(slice: &Slice<'_>, decided: &Entry<Model>, number: u32) -> Option<Asked> {
    let spoken_of = slice.transaction_behind(decided);
    Some(Asked {
        by: slice.asker(decided)?,
        of: spoken_of.filter(|of| *of != number),
    })
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
