//! Questions about the past of a history, each answered by going through it from the beginning.

use std::collections::{BTreeMap, BTreeSet};

use semel_models::observation::{Hit, Observation, Outcome, Place, TransactionId};
use semel_models::vocabulary::Topology;
use semel_models::workload::Workload;
use semel_sim::address::NodeId;

pub(super) type Seen = (NodeId, Observation);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Plain,
    Open,
    Aborted,
    Marker,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) record: u32,
    pub(super) transaction: Option<TransactionId>,
    pub(super) state: State,
    /// Where the marker stands that decided it.
    pub(super) marker: Option<usize>,
}

pub(super) type Logs = BTreeMap<u16, Vec<Entry>>;

/// The logs as they stand after a history.
pub(super) fn logs(past: &[Seen]) -> Logs {
    let mut logs = Logs::new();
    for (_, seen) in past {
        match *seen {
            Observation::Stored {
                record,
                partition,
                enlisted,
                ..
            } => {
                let state = if enlisted { State::Open } else { State::Plain };
                let transaction = None;
                logs.entry(partition).or_default().push(Entry {
                    record,
                    transaction,
                    state,
                    marker: None,
                });
            }
            Observation::Enlisted {
                partition,
                transaction,
                ..
            } => {
                let log = logs.get_mut(&partition).expect("it was stored");
                log.last_mut().expect("it was stored").transaction = Some(transaction);
            }
            Observation::Marked {
                partition,
                transaction,
                commit,
                ..
            } => {
                let log = logs.entry(partition).or_default();
                let marker = Some(log.len());
                for entry in log
                    .iter_mut()
                    .filter(|entry| waits_for(entry, transaction.producer))
                {
                    entry.state = if commit { State::Plain } else { State::Aborted };
                    entry.marker = marker;
                }
                let (record, state) = (u32::MAX, State::Marker);
                log.push(Entry {
                    record,
                    transaction: None,
                    state,
                    marker: None,
                });
            }
            Observation::Truncated {
                partition, from, ..
            } => {
                let log = logs.entry(partition).or_default();
                log.truncate(from as usize);
                let lost = |marker: usize| marker >= from as usize;
                for entry in log
                    .iter_mut()
                    .filter(|entry| entry.marker.is_some_and(lost))
                {
                    entry.state = State::Open;
                    entry.marker = None;
                }
            }
            _ => {}
        }
    }
    logs
}

pub(super) fn waits_for(entry: &Entry, producer: u32) -> bool {
    entry.state == State::Open && entry.transaction.is_some_and(|of| of.producer == producer)
}

/// What a marker at the end of `past` decides.
pub(super) fn waiting(past: &[Seen], partition: u16, producer: u32) -> Vec<Entry> {
    let logs = logs(past);
    let log = logs.get(&partition).map_or(&[][..], Vec::as_slice);
    log.iter()
        .filter(|entry| waits_for(entry, producer))
        .copied()
        .collect()
}

pub(super) fn has(past: &[Seen], what: impl Fn(&Observation) -> bool) -> bool {
    past.iter().any(|(_, seen)| what(seen))
}

pub(super) fn intent(past: &[Seen], record: u32) -> Option<(u16, u32)> {
    past.iter().find_map(|(_, seen)| match *seen {
        Observation::Intent {
            record: of,
            producer,
            session,
        } if of == record => Some((producer, session)),
        _ => None,
    })
}

pub(super) fn intended(past: &[Seen], record: u32) -> bool {
    intent(past, record).is_some()
}

pub(super) fn delivered(past: &[Seen], record: u32) -> usize {
    let of =
        |seen: &&Seen| matches!(seen.1, Observation::Delivered { record: of, .. } if of == record);
    past.iter().filter(of).count()
}

/// The effects that stand: each that was applied, but for outputs that are no longer in their log, or no longer
/// decided.
/// `outputs` is the first partition whose committed records are effects.
pub(super) fn applied(past: &[Seen], record: u32, outputs: u16) -> usize {
    effects(past, outputs, record).0
}

/// How many effects of a record stand, and how many were undone.
fn effects(past: &[Seen], outputs: u16, record: u32) -> (usize, usize) {
    let (mut stand, mut undone) = (0, 0);
    for (index, (_, seen)) in past.iter().enumerate() {
        match *seen {
            Observation::Applied { record: of, .. } if of == record => stand += 1,
            Observation::Truncated { partition, .. } if partition >= outputs => {
                let committed = |past: &[Seen]| {
                    let logs = logs(past);
                    let log = logs.get(&partition).map_or(&[][..], Vec::as_slice);
                    let of = |entry: &&Entry| entry.record == record && entry.state == State::Plain;
                    log.iter().filter(of).count()
                };
                let lost = committed(&past[..index]) - committed(&past[..=index]);
                let lost = lost.min(stand);
                stand -= lost;
                undone += lost;
            }
            _ => {}
        }
    }
    (stand, undone)
}

/// The last thing that was said of a record; ok wins.
pub(super) fn outcome(past: &[Seen], record: u32) -> Option<Outcome> {
    let said = past.iter().filter_map(|(_, seen)| match *seen {
        Observation::Acked {
            record: of,
            outcome,
            ..
        } if of == record => Some(outcome),
        _ => None,
    });
    let said: Vec<Outcome> = said.collect();
    let ok = said.iter().find(|outcome| **outcome == Outcome::Ok);
    ok.or(said.last()).copied()
}

pub(super) fn recognised_later(past: &[Seen], record: u32) -> bool {
    has(past, |seen| {
        matches!(
            seen,
            Observation::Recognised { record: of, place: Place::Consumer | Place::Sink, hit: Hit::Stored }
                if *of == record
        )
    })
}

pub(super) fn is_done(past: &[Seen], record: u32, outputs: u16) -> bool {
    let aside = has(past, |seen| match seen {
        Observation::Skipped { record: of, .. } | Observation::Parked { record: of, .. } => {
            *of == record
        }
        _ => false,
    });
    let failed = outcome(past, record) == Some(Outcome::Failed);
    aside || failed || applied(past, record, outputs) > 0 || recognised_later(past, record)
}

pub(super) fn decided(past: &[Seen], of: TransactionId) -> Option<bool> {
    past.iter().rev().find_map(|(_, seen)| match *seen {
        Observation::Decided {
            transaction,
            commit,
            ..
        } if transaction == of => Some(commit),
        _ => None,
    })
}

/// Whether a transaction was aborted: so it was decided, or so its client was told.
pub(super) fn is_aborted(past: &[Seen], of: TransactionId) -> bool {
    let told = past.iter().rev().find_map(|(_, seen)| match *seen {
        Observation::Concluded {
            transaction,
            commit: false,
            outcome,
        } if transaction == of => Some(outcome),
        _ => None,
    });
    decided(past, of) == Some(false) || told == Some(Outcome::Ok)
}

/// What producers sent in transactions, and is part of them in no input log.
pub(super) fn missing(past: &[Seen], topology: Topology) -> BTreeSet<(TransactionId, u32)> {
    let mut open = BTreeMap::new();
    let mut missing = BTreeSet::new();
    for (index, (node, seen)) in past.iter().enumerate() {
        match *seen {
            Observation::Opened { transaction, .. } => {
                open.insert(*node, transaction);
            }
            Observation::Attempt {
                record, producer, ..
            } => {
                let Some(of) = open.get(&topology.producer(producer)).copied() else {
                    continue;
                };
                let is_it = |entry: &Entry| entry.record == record && entry.transaction == Some(of);
                let logs = logs(&past[..index]);
                let mut inputs = logs.range(..topology.partitions);
                let stands = inputs.any(|(_, log)| log.iter().any(is_it));
                let comes = has(&past[index..], |seen| match *seen {
                    Observation::Enlisted {
                        record: other,
                        partition,
                        transaction,
                        ..
                    } => (other, transaction) == (record, of) && partition < topology.partitions,
                    _ => false,
                });
                if !stands && !comes {
                    missing.insert((of, record));
                }
            }
            _ => {}
        }
    }
    missing
}

/// Whether a record stands in the inputs only as part of aborted transactions, and was sent in no other.
pub(super) fn is_undone(past: &[Seen], record: u32, topology: Topology) -> bool {
    let logs = logs(past);
    let inputs = logs.range(..topology.partitions).flat_map(|(_, log)| log);
    let mine: Vec<&Entry> = inputs.filter(|entry| entry.record == record).collect();
    let aborted = |entry: &&&Entry| entry.transaction.is_some_and(|of| is_aborted(past, of));
    let of = |state: State| mine.iter().filter(move |entry| entry.state == state);
    let stands = of(State::Plain).count() > 0;
    let only = of(State::Plain).all(|entry| aborted(&entry));
    let waits = of(State::Open).any(|entry| !aborted(&entry));
    let sent = missing(past, topology);
    let sent = sent
        .iter()
        .any(|(of, sent)| *sent == record && !is_aborted(past, *of));
    stands && only && !waits && !sent
}

/// Whether a copy of a record was lost, in an input or in an output.
pub(super) fn was_truncated(all: &[Seen], record: u32, topology: Topology) -> bool {
    all.iter()
        .enumerate()
        .any(|(index, (_, seen))| match *seen {
            Observation::Truncated {
                partition, from, ..
            } => {
                let logs = logs(&all[..index]);
                let log = logs.get(&partition).map_or(&[][..], Vec::as_slice);
                let from = from as usize;
                log.iter().enumerate().any(|(offset, entry)| {
                    let stands = matches!(entry.state, State::Plain | State::Open);
                    // An output is as good as lost with what had committed it.
                    let undone = partition >= topology.partitions
                        && entry.state == State::Plain
                        && entry.marker.is_some_and(|marker| marker >= from);
                    entry.record == record && ((offset >= from && stands) || undone)
                })
            }
            _ => false,
        })
}

/// The highest offset ever accepted.
pub(super) fn best(past: &[Seen], partition: u16) -> u64 {
    let accepted = past.iter().filter_map(|(_, seen)| match *seen {
        Observation::Progress {
            partition: of,
            offset,
            accepted: true,
            ..
        } if of == partition => Some(offset),
        _ => None,
    });
    accepted.max().unwrap_or(0)
}

/// With which transaction a consumer commits an offset, and the record by which that shows: the last one that is
/// passed for the first time, none of whose copies was lost, and of which the consumer made an output in the last
/// transaction that it opened, or in the one before.
pub(super) fn of_offset(
    past: &[Seen],
    topology: Topology,
    (partition, offset): (u16, u64),
    consumer: u16,
) -> Option<(u32, TransactionId)> {
    let latest = past.iter().rev().find_map(|(node, seen)| match *seen {
        Observation::Opened { transaction, .. } if *node == topology.consumer(consumer) => {
            Some(transaction)
        }
        _ => None,
    })?;
    let logs = logs(past);
    let log = logs.get(&partition).map_or(&[][..], Vec::as_slice);
    let until = log.len().min(offset as usize);
    let passed = log.get(best(past, partition) as usize..until)?;
    passed.iter().rev().find_map(|entry| {
        if was_truncated(past, entry.record, topology) {
            return None;
        }
        let outputs = logs.range(topology.partitions..).flat_map(|(_, log)| log);
        let its = outputs.filter(|output| output.record == entry.record);
        let near = |of: &TransactionId| {
            let age = latest.number.checked_sub(of.number);
            of.producer == latest.producer && age.is_some_and(|age| age < 2)
        };
        let made = its.filter_map(|output| output.transaction).filter(near);
        let newest = made.max_by_key(|of| of.number)?;
        Some((entry.record, newest))
    })
}

/// The lowest offset that may be committed next.
pub(super) fn legal(past: &[Seen], partition: u16) -> u64 {
    past.iter().fold(0, |legal, (_, seen)| match *seen {
        Observation::Progress {
            partition: of,
            offset,
            accepted: true,
            ..
        } if of == partition => offset,
        Observation::Reset {
            partition: of,
            position,
            ..
        } if of == partition => legal.min(position),
        _ => legal,
    })
}

/// Where a reader was reset to last.
pub(super) fn reset(past: &[Seen], partition: u16) -> u64 {
    past.iter().fold(0, |reset, (_, seen)| match *seen {
        Observation::Reset {
            partition: of,
            position,
            ..
        } if of == partition => position,
        _ => reset,
    })
}

/// The first offset that nobody was given or put behind.
pub(super) fn handed(past: &[Seen], partition: u16) -> u64 {
    let ends = past.iter().filter_map(|(_, seen)| match *seen {
        Observation::Delivered {
            partition: of,
            offset,
            ..
        } if of == partition => Some(offset + 1),
        Observation::Assigned {
            partition: of,
            position,
            ..
        }
        | Observation::Reset {
            partition: of,
            position,
            ..
        } if of == partition => Some(position),
        _ => None,
    });
    ends.max().unwrap_or(0)
}

/// What an account holds.
pub(super) fn holds(all: &[Seen], key: u32, outputs: u16, workload: &Workload) -> i64 {
    let amounts = all.iter().filter_map(|(_, seen)| match *seen {
        Observation::Applied {
            key: of, amount, ..
        } if of == key => Some(amount),
        _ => None,
    });
    let its = (0..workload.records).map(|record| workload.record(record));
    let undone = its.filter(|record| record.key == key).map(|record| {
        record.amount * i64::try_from(effects(all, outputs, record.id).1).unwrap_or_default()
    });
    amounts.sum::<i64>() - undone.sum::<i64>()
}
