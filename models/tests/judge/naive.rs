//! A naive twin of the judge: every rule of `semantics.md` §4.2 said again over the whole history, however slowly,
//! and held against the judge on small random histories.
//!
//! It replays the past from its beginning for every question, and shares no code with the judge.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use semel_models::judge::{Judge, KEPT};
use semel_models::observation::{Hit, Miss, Observation, Outcome, Place, Read, TransactionId};
use semel_models::strategy::{Invariant, Level};
use semel_models::workload::Money;
use semel_sim::address::NodeId;
use semel_sim::time::{Span, Time};
use semel_sim::world::End;

use crate::history::Bench;

type Seen = (NodeId, Observation);
type Kind = (Invariant, Level);
type Finding = (Kind, Option<u32>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Plain,
    Open,
    Aborted,
    Marker,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    record: u32,
    transaction: Option<TransactionId>,
    state: State,
}

type Logs = BTreeMap<u16, Vec<Entry>>;

/// The logs as they stand after a history.
fn logs(past: &[Seen]) -> Logs {
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
                for entry in log
                    .iter_mut()
                    .filter(|entry| waits_for(entry, transaction.producer))
                {
                    entry.state = if commit { State::Plain } else { State::Aborted };
                }
                let (record, state) = (u32::MAX, State::Marker);
                log.push(Entry {
                    record,
                    transaction: None,
                    state,
                });
            }
            Observation::Truncated {
                partition, from, ..
            } => {
                logs.entry(partition).or_default().truncate(from as usize);
            }
            _ => {}
        }
    }
    logs
}

fn waits_for(entry: &Entry, producer: u32) -> bool {
    entry.state == State::Open && entry.transaction.is_some_and(|of| of.producer == producer)
}

/// What a marker at the end of `past` decides.
fn waiting(past: &[Seen], partition: u16, producer: u32) -> Vec<Entry> {
    let logs = logs(past);
    let log = logs.get(&partition).map_or(&[][..], Vec::as_slice);
    log.iter()
        .filter(|entry| waits_for(entry, producer))
        .copied()
        .collect()
}

/// The twin: a bench and a history.
struct Twin<'a> {
    bench: &'a Bench,
    all: &'a [Seen],
    found: Vec<Finding>,
}

impl Twin<'_> {
    fn report(&mut self, invariant: Invariant, level: Level, record: impl Into<Option<u32>>) {
        self.found.push(((invariant, level), record.into()));
    }

    fn is_output(&self, partition: u16) -> bool {
        partition >= self.bench.topology.partitions
    }

    /// Entries of a record in a state, in the inputs or in the outputs.
    fn copies(&self, past: &[Seen], record: u32, output: bool, state: State) -> usize {
        let logs = logs(past);
        let side = logs
            .iter()
            .filter(|(partition, _)| self.is_output(**partition) == output);
        let entries = side.flat_map(|(_, log)| log);
        entries
            .filter(|entry| entry.record == record && entry.state == state)
            .count()
    }

    fn judge(&mut self) {
        for index in 0..self.all.len() {
            let (past, (node, seen)) = (&self.all[..index], self.all[index]);
            self.duplicates(past, &seen);
            self.phantoms(past, &seen);
            self.visibility(past, &seen);
            self.key_order(index);
            self.read_order(past, &seen);
            self.atomic(past, &seen);
            self.marks(past, &seen);
            self.fencing(past, node, &seen);
            self.acks(past, &seen);
        }
        self.end();
    }

    fn duplicates(&mut self, past: &[Seen], seen: &Observation) {
        let (twice, log) = (Invariant::NoDuplicate, Level::Log);
        match *seen {
            Observation::Stored {
                record,
                partition,
                enlisted: false,
                ..
            } => {
                if self.copies(past, record, self.is_output(partition), State::Plain) > 0 {
                    self.report(twice, log, record);
                }
            }
            Observation::Marked {
                partition,
                transaction,
                commit: true,
                ..
            } => {
                let waiting = waiting(past, partition, transaction.producer);
                for (index, entry) in waiting.iter().enumerate() {
                    let output = self.is_output(partition);
                    let before = waiting[..index]
                        .iter()
                        .any(|other| other.record == entry.record);
                    if before || self.copies(past, entry.record, output, State::Plain) > 0 {
                        self.report(twice, log, entry.record);
                    }
                }
            }
            Observation::Delivered { record, .. } if delivered(past, record) > 0 => {
                self.report(twice, Level::Delivery, record);
            }
            Observation::Applied { record, .. } if applied(past, record) > 0 => {
                self.report(twice, Level::Effect, record);
            }
            _ => {}
        }
    }

    fn phantoms(&mut self, past: &[Seen], seen: &Observation) {
        let contents = |record: u32| {
            let record = self.bench.workload.record(record);
            (record.key, record.amount)
        };
        let (record, level, same) = match *seen {
            Observation::Stored { record, .. } => (record, Level::Log, true),
            Observation::Delivered { record, .. } => (record, Level::Delivery, true),
            Observation::Applied {
                record,
                key,
                amount,
                ..
            } => (record, Level::Effect, contents(record) == (key, amount)),
            _ => return,
        };
        if !same || !intended(past, record) {
            self.report(Invariant::NoPhantom, level, record);
        }
    }

    fn visibility(&mut self, past: &[Seen], seen: &Observation) {
        let Observation::Delivered {
            record,
            partition,
            offset,
            read: Read::Committed,
            ..
        } = *seen
        else {
            return;
        };
        let logs = logs(past);
        let entry = logs
            .get(&partition)
            .and_then(|log| log.get(offset as usize));
        match entry.map(|entry| entry.state) {
            Some(State::Aborted) => {
                self.report(Invariant::NoAbortedEffect, Level::Delivery, record);
            }
            Some(State::Open) => self.report(Invariant::NoEarlyRead, Level::Delivery, record),
            _ => {}
        }
    }

    /// Records that come into the input log for every reader by what is seen at `index`, having had no copy there.
    fn arrivals(&self, index: usize) -> Vec<u32> {
        let (past, (_, seen)) = (&self.all[..index], self.all[index]);
        let mut records = match seen {
            Observation::Stored {
                record,
                partition,
                enlisted: false,
                ..
            } if !self.is_output(partition) => {
                vec![record]
            }
            Observation::Marked {
                partition,
                transaction,
                commit: true,
                ..
            } if !self.is_output(partition) => {
                let waiting = waiting(past, partition, transaction.producer);
                waiting.iter().map(|entry| entry.record).collect()
            }
            _ => Vec::new(),
        };
        let mut known = Vec::new();
        records.retain(|record| {
            let new =
                !known.contains(record) && self.copies(past, *record, false, State::Plain) == 0;
            known.push(*record);
            new && intended(past, *record)
        });
        records
    }

    fn key_order(&mut self, index: usize) {
        let sequence: Vec<u32> = (0..=index).flat_map(|index| self.arrivals(index)).collect();
        for record in self.arrivals(index) {
            let place = sequence
                .iter()
                .rposition(|other| *other == record)
                .expect("it is there");
            let past = &self.all[..index];
            let here = |other: u32| self.arrivals(index).contains(&other);
            let stands =
                |other: u32| here(other) || self.copies(past, other, false, State::Plain) > 0;
            if self.is_overtaken(record, &sequence[..place], stands) {
                self.report(Invariant::KeyOrder, Level::Log, record);
            }
        }
        if let (_, Observation::Applied { record, .. }) = self.all[index] {
            let past = &self.all[..index];
            if applied(past, record) == 0 && intended(past, record) {
                let first = |(at, (_, seen)): (usize, &Seen)| match seen {
                    Observation::Applied { record, .. } => {
                        let new =
                            applied(&past[..at], *record) == 0 && intended(&past[..at], *record);
                        new.then_some(*record)
                    }
                    _ => None,
                };
                let sequence: Vec<u32> = past.iter().enumerate().filter_map(first).collect();
                if self.is_overtaken(record, &sequence, |_| true) {
                    self.report(Invariant::KeyOrder, Level::Effect, record);
                }
            }
        }
    }

    /// Whether a later record of the same key, producer and session came before this one and is still there, and none
    /// of a newer session came.
    fn is_overtaken(&self, record: u32, sequence: &[u32], stands: impl Fn(u32) -> bool) -> bool {
        let of = |record: u32| {
            let (producer, session) = intent(self.all, record).expect("it was intended");
            (self.bench.workload.record(record).key, producer, session)
        };
        let (key, producer, session) = of(record);
        let same = sequence
            .iter()
            .filter(|other| (of(**other).0, of(**other).1) == (key, producer));
        let same: Vec<u32> = same.copied().collect();
        let superseded = same.iter().any(|other| of(*other).2 > session);
        let later = |other: &u32| *other > record && of(*other).2 == session && stands(*other);
        !superseded && same.iter().any(later)
    }

    fn read_order(&mut self, past: &[Seen], seen: &Observation) {
        let Observation::Delivered {
            record,
            partition,
            offset,
            consumer,
            read,
            ..
        } = *seen
        else {
            return;
        };
        let mine = |reader: u16, of: u16| (reader, of) == (consumer, partition);
        let expected = past.iter().rev().find_map(|(_, seen)| match *seen {
            Observation::Assigned {
                consumer,
                partition,
                position,
                ..
            }
            | Observation::Reset {
                consumer,
                partition,
                position,
            } if mine(consumer, partition) => Some(position),
            Observation::Delivered {
                consumer,
                partition,
                offset,
                ..
            } if mine(consumer, partition) => Some(offset + 1),
            _ => None,
        });
        let Some(expected) = expected.filter(|position| *position != u64::MAX) else {
            return;
        };
        if offset < expected {
            self.report(Invariant::ReadOrder, Level::Delivery, record);
        }
        let logs = logs(past);
        let log = logs.get(&partition).map_or(&[][..], Vec::as_slice);
        let skipped = (expected..offset)
            .filter_map(|offset| log.get(offset as usize))
            .find(|entry| {
                let visible = entry.state == State::Plain
                    || (read == Read::Any && matches!(entry.state, State::Open | State::Aborted));
                visible && !recognised_later(past, entry.record)
            });
        if let Some(entry) = skipped {
            self.report(Invariant::ReadOrder, Level::Delivery, entry.record);
        }
    }

    /// Whether records of a transaction were committed, and whether some were aborted, by earlier markers.
    fn endings(&self, of: TransactionId, past: &[Seen]) -> (bool, bool) {
        let mut endings = (false, false);
        for (index, (_, seen)) in past.iter().enumerate() {
            if let Observation::Marked {
                partition,
                transaction,
                commit,
                ..
            } = *seen
            {
                let waiting = waiting(&past[..index], partition, transaction.producer);
                if waiting.iter().any(|entry| entry.transaction == Some(of)) {
                    endings.0 |= commit;
                    endings.1 |= !commit;
                }
            }
        }
        endings
    }

    fn atomic(&mut self, past: &[Seen], seen: &Observation) {
        match *seen {
            Observation::Decided {
                transaction,
                commit,
                ..
            } => {
                let (committed, aborted) = self.endings(transaction, past);
                let contrary = if commit { aborted } else { committed };
                if contrary && decided(past, transaction) != Some(commit) {
                    self.report(Invariant::Atomic, Level::Log, None);
                }
            }
            Observation::Marked {
                partition,
                transaction,
                commit,
                ..
            } => {
                let mut last = None;
                for entry in waiting(past, partition, transaction.producer) {
                    let of = entry.transaction.expect("it waits");
                    let (committed, aborted) = self.endings(of, past);
                    let contrary = if commit { aborted } else { committed };
                    let otherwise = decided(past, of).is_some_and(|decided| decided != commit);
                    if (contrary || otherwise) && last != Some(of) {
                        last = Some(of);
                        self.report(Invariant::Atomic, Level::Log, entry.record);
                    }
                }
            }
            _ => {}
        }
    }

    /// O10 for marks after effects, and O11.
    fn marks(&mut self, past: &[Seen], seen: &Observation) {
        let Observation::Progress {
            partition,
            offset,
            accepted: true,
            ..
        } = *seen
        else {
            return;
        };
        let logs = logs(past);
        let log = logs.get(&partition).map_or(&[][..], Vec::as_slice);
        let best = best(past, partition);
        let here = |from: u64| {
            (from..offset)
                .filter_map(|offset| log.get(offset as usize))
                .copied()
                .collect::<Vec<_>>()
        };
        for entry in here(best) {
            let stands = matches!(entry.state, State::Plain | State::Open);
            if stands && !is_done(past, entry.record) {
                self.report(Invariant::MarkMatchesEffect, Level::Effect, entry.record);
            }
        }
        if offset < legal(past, partition) {
            self.report(Invariant::MonotoneOffset, Level::Delivery, None);
            return;
        }
        let handed = handed(past, partition);
        let ahead = here(best.max(handed)).into_iter().find(|entry| {
            let known = recognised_later(past, entry.record);
            entry.state == State::Plain && delivered(past, entry.record) == 0 && !known
        });
        let high = (0..=past.len()).map(|index| crate::naive::logs(&past[..index]));
        let high = high
            .map(|logs| logs.get(&partition).map_or(0, Vec::len))
            .max()
            .unwrap_or(0);
        if ahead.is_some() || offset > handed.max(high as u64) {
            let record = ahead.map(|entry| entry.record);
            self.report(Invariant::MonotoneOffset, Level::Delivery, record);
        }
    }

    fn fencing(&mut self, past: &[Seen], node: NodeId, seen: &Observation) {
        let granted = |partition: u16| {
            let tokens = past.iter().filter_map(|(by, seen)| match seen {
                Observation::Granted {
                    partition: of,
                    token,
                } if (*by, *of) == (node, partition) => Some(*token),
                _ => None,
            });
            tokens.max().unwrap_or(0)
        };
        let newest = |partition: u16, producer: u32| {
            let epochs = past.iter().filter_map(|(_, seen)| match seen {
                Observation::Enlisted {
                    partition: of,
                    transaction,
                    epoch,
                    ..
                }
                | Observation::Marked {
                    partition: of,
                    transaction,
                    epoch,
                    ..
                } if (*of, transaction.producer) == (partition, producer) => Some(*epoch),
                _ => None,
            });
            epochs.max().unwrap_or(0)
        };
        let stale = match *seen {
            Observation::Progress {
                partition,
                generation,
                accepted: true,
                ..
            } => (generation < granted(partition)).then_some((Level::Delivery, None)),
            Observation::Applied {
                record,
                partition,
                token,
                ..
            } => (token < granted(partition)).then_some((Level::Effect, Some(record))),
            Observation::Enlisted {
                record,
                partition,
                transaction,
                epoch,
                ..
            } => (epoch < newest(partition, transaction.producer))
                .then_some((Level::Log, Some(record))),
            Observation::Marked {
                partition,
                transaction,
                epoch,
                ..
            } => (epoch < newest(partition, transaction.producer)).then_some((Level::Log, None)),
            _ => None,
        };
        if let Some((level, record)) = stale {
            self.report(Invariant::Fencing, level, record);
        }
    }

    fn acks(&mut self, past: &[Seen], seen: &Observation) {
        if let Observation::Acked {
            record,
            outcome: Outcome::Ok,
            ..
        } = *seen
            && !self.was_stored(past, record)
        {
            self.report(Invariant::HonestAck, Level::Log, record);
        }
        if let Observation::Kept {
            place,
            entries,
            bound,
        } = *seen
            && bound > 0
            && entries > bound
        {
            let level = match place {
                Place::Stream => Level::Log,
                Place::Consumer => Level::Delivery,
                Place::Sink => Level::Effect,
            };
            self.report(Invariant::BoundedState, level, None);
        }
        if let Observation::Hanging {
            partition, offset, ..
        } = *seen
        {
            let logs = logs(past);
            let entry = logs
                .get(&partition)
                .and_then(|log| log.get(offset as usize));
            let record = entry
                .map(|entry| entry.record)
                .filter(|record| *record != u32::MAX);
            self.report(Invariant::StableProgress, Level::Log, record);
        }
        if let Observation::Answered {
            record,
            key,
            fingerprint,
            response,
            error: false,
        } = *seen
        {
            let first = past.iter().find_map(|(_, seen)| match *seen {
                Observation::Answered {
                    key: of,
                    fingerprint,
                    response,
                    error: false,
                    ..
                } if of == key => Some((fingerprint, response)),
                _ => None,
            });
            if first.is_some_and(|first| first != (fingerprint, response)) {
                self.report(Invariant::StableResult, Level::Effect, record);
            }
        }
    }

    fn was_stored(&self, past: &[Seen], record: u32) -> bool {
        past.iter().any(|(_, seen)| match seen {
            Observation::Stored {
                record: of,
                partition,
                ..
            } => *of == record && !self.is_output(*partition),
            _ => false,
        })
    }

    /// Whether every copy of a record in the input is below the committed offset.
    fn is_passed(&self, record: u32) -> bool {
        let logs = logs(self.all);
        let mut latest = None;
        for (partition, log) in logs
            .iter()
            .filter(|(partition, _)| !self.is_output(**partition))
        {
            for (offset, entry) in log.iter().enumerate() {
                if entry.record == record && matches!(entry.state, State::Plain | State::Open) {
                    latest = latest.max(Some((offset as u64, *partition)));
                }
            }
        }
        latest.is_some_and(|(offset, partition)| offset < best(self.all, partition))
    }

    fn end(&mut self) {
        let all = self.all;
        for record in 0..self.bench.workload.records {
            self.end_of(record);
        }
        for (_, log) in logs(all) {
            for entry in log.iter().filter(|entry| entry.state == State::Open) {
                let of = entry.transaction.expect("it waits");
                if self.endings(of, all).0 {
                    self.report(Invariant::Atomic, Level::Log, entry.record);
                }
            }
        }
        let accounts: std::collections::BTreeSet<u32> = self
            .bench
            .workload
            .written
            .iter()
            .map(|record| record.key)
            .collect();
        for key in accounts {
            if self.expected(key) != holds(all, key) {
                self.found
                    .push(((Invariant::SameState, Level::Effect), None));
            }
        }
        if self.bench.workload.money == Money::Transfers {
            for debit in (0..self.bench.workload.records).step_by(2) {
                if applied(all, debit).min(255) != applied(all, debit + 1).min(255) {
                    self.report(Invariant::Conservation, Level::Effect, debit);
                }
            }
        }
    }

    fn end_of(&mut self, record: u32) {
        let all = self.all;
        let copies = self.copies(all, record, false, State::Plain);
        let open = self.copies(all, record, false, State::Open)
            + self.copies(all, record, true, State::Open);
        let (given, effects) = (delivered(all, record), applied(all, record));
        let skipped = has(
            all,
            |seen| matches!(seen, Observation::Skipped { record: of, .. } if *of == record),
        );
        let parked = has(
            all,
            |seen| matches!(seen, Observation::Parked { record: of, .. } if *of == record),
        );
        let owed = copies > 0 && effects == 0 && !skipped && !parked && !self.is_passed(record);
        let mistaken = given > 0 && recognised_later(all, record);
        let late = (owed && !mistaken) || (copies == 0 && open > 0);
        let outcome = outcome(all, record);
        if outcome == Some(Outcome::Ok) && !late {
            let absent = [
                (Level::Log, copies == 0),
                (Level::Delivery, given == 0),
                (Level::Effect, effects == 0 && !parked),
            ];
            for (level, _) in absent.into_iter().filter(|(_, absent)| *absent) {
                self.report(Invariant::NoLoss, level, record);
            }
        }
        let unanswered = intended(all, record) && outcome.is_none();
        if unanswered || (copies == 0 && open > 0) {
            self.report(Invariant::Convergence, Level::Log, record);
        } else if owed && !mistaken {
            let level = if given == 0 {
                Level::Delivery
            } else {
                Level::Effect
            };
            self.report(Invariant::Convergence, level, record);
        }
        if outcome == Some(Outcome::Failed) && copies > 0 {
            self.report(Invariant::HonestAck, Level::Log, record);
        }
        let aborted = self.was_aborted(record) && copies == 0 && !self.was_truncated(record);
        if effects > 0 && (aborted || outcome == Some(Outcome::Failed)) {
            self.report(Invariant::NoAbortedEffect, Level::Effect, record);
        }
    }

    fn was_aborted(&self, record: u32) -> bool {
        self.all
            .iter()
            .enumerate()
            .any(|(index, (_, seen))| match *seen {
                Observation::Marked {
                    partition,
                    transaction,
                    commit: false,
                    ..
                } if !self.is_output(partition) => {
                    let waiting = waiting(&self.all[..index], partition, transaction.producer);
                    waiting.iter().any(|entry| entry.record == record)
                }
                _ => false,
            })
    }

    fn was_truncated(&self, record: u32) -> bool {
        self.all
            .iter()
            .enumerate()
            .any(|(index, (_, seen))| match *seen {
                Observation::Truncated {
                    partition, from, ..
                } => {
                    let logs = logs(&self.all[..index]);
                    let log = logs.get(&partition).map_or(&[][..], Vec::as_slice);
                    log.iter().skip(from as usize).any(|entry| {
                        entry.record == record && matches!(entry.state, State::Plain | State::Open)
                    })
                }
                _ => false,
            })
    }

    fn expected(&self, key: u32) -> i64 {
        let accepted = |record: &u32| {
            let outcome = outcome(self.all, *record);
            let poison = self.bench.workload.is_poison(*record);
            let happened = applied(self.all, *record) > 0 && outcome != Some(Outcome::Failed);
            (outcome == Some(Outcome::Ok) && !poison) || happened
        };
        let records = (0..self.bench.workload.records).filter(accepted);
        let contents = records.map(|record| self.bench.workload.record(record));
        contents
            .filter(|record| record.key == key)
            .map(|record| record.amount)
            .sum()
    }
}

fn has(past: &[Seen], what: impl Fn(&Observation) -> bool) -> bool {
    past.iter().any(|(_, seen)| what(seen))
}

fn intent(past: &[Seen], record: u32) -> Option<(u16, u32)> {
    past.iter().find_map(|(_, seen)| match *seen {
        Observation::Intent {
            record: of,
            producer,
            session,
        } if of == record => Some((producer, session)),
        _ => None,
    })
}

fn intended(past: &[Seen], record: u32) -> bool {
    intent(past, record).is_some()
}

fn delivered(past: &[Seen], record: u32) -> usize {
    let of =
        |seen: &&Seen| matches!(seen.1, Observation::Delivered { record: of, .. } if of == record);
    past.iter().filter(of).count()
}

fn applied(past: &[Seen], record: u32) -> usize {
    let of =
        |seen: &&Seen| matches!(seen.1, Observation::Applied { record: of, .. } if of == record);
    past.iter().filter(of).count()
}

/// The last thing that was said of a record; ok wins.
fn outcome(past: &[Seen], record: u32) -> Option<Outcome> {
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

fn recognised_later(past: &[Seen], record: u32) -> bool {
    has(past, |seen| {
        matches!(
            seen,
            Observation::Recognised { record: of, place: Place::Consumer | Place::Sink, hit: Hit::Stored }
                if *of == record
        )
    })
}

fn is_done(past: &[Seen], record: u32) -> bool {
    let aside = has(past, |seen| match seen {
        Observation::Skipped { record: of, .. } | Observation::Parked { record: of, .. } => {
            *of == record
        }
        _ => false,
    });
    let failed = outcome(past, record) == Some(Outcome::Failed);
    aside || failed || applied(past, record) > 0 || recognised_later(past, record)
}

fn decided(past: &[Seen], of: TransactionId) -> Option<bool> {
    past.iter().rev().find_map(|(_, seen)| match *seen {
        Observation::Decided {
            transaction,
            commit,
            ..
        } if transaction == of => Some(commit),
        _ => None,
    })
}

/// The highest offset ever accepted.
fn best(past: &[Seen], partition: u16) -> u64 {
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

/// The lowest offset that may be committed next.
fn legal(past: &[Seen], partition: u16) -> u64 {
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

/// The first offset that nobody was given or put behind.
fn handed(past: &[Seen], partition: u16) -> u64 {
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

fn holds(all: &[Seen], key: u32) -> i64 {
    let amounts = all.iter().filter_map(|(_, seen)| match *seen {
        Observation::Applied {
            key: of, amount, ..
        } if of == key => Some(amount),
        _ => None,
    });
    amounts.sum()
}

/// A step of a random history: what, and three small numbers that say of what.
type Step = (u8, u8, u8, u8);

/// Makes a history of steps: whatever happens in it can happen, but in no sensible order.
fn history(bench: &Bench, steps: &[Step]) -> Vec<Seen> {
    let mut all: Vec<Seen> = Vec::new();
    for step in steps {
        let seen = inbound(bench, &all, *step).or_else(|| outbound(bench, &all, *step));
        all.extend(seen.into_iter().flatten());
    }
    all
}

fn inbound(bench: &Bench, all: &[Seen], (what, first, second, third): Step) -> Option<Vec<Seen>> {
    let topology = bench.topology;
    let (broker, client) = (topology.broker(0), topology.producer(0));
    let record = u32::from(first) % bench.workload.records;
    let logs = logs(all);
    let end = |partition: u16| logs.get(&partition).map_or(0, |log| log.len() as u64);
    let of = TransactionId {
        producer: 7 + u32::from(second % 2),
        number: 1 + u32::from(third % 2),
    };
    let epoch = u16::from(third % 3);
    Some(match what % 24 {
        0..=2 => {
            let (producer, session) = (u16::from(second % 2), u32::from(third % 2));
            if has(
                all,
                |seen| matches!(seen, Observation::Stored { record: of, .. } if *of == record),
            ) {
                return Some(Vec::new()); // A phantom stays one.
            }
            vec![(
                client,
                Observation::Intent {
                    record,
                    producer,
                    session,
                },
            )]
        }
        3..=4 => {
            let (attempt, session) = (1 + u32::from(second % 3), u32::from(third % 2));
            vec![(
                client,
                Observation::Attempt {
                    record,
                    attempt,
                    producer: 0,
                    session,
                },
            )]
        }
        5..=6 => {
            let outcome = [Outcome::Ok, Outcome::Ok, Outcome::Unknown, Outcome::Failed];
            let outcome = outcome[usize::from(second % 4)];
            vec![(
                client,
                Observation::Acked {
                    record,
                    outcome,
                    duplicate: third % 2 == 0,
                },
            )]
        }
        7..=11 => {
            let enlisted = what % 24 > 9;
            let partition = if third % 8 == 7 {
                2
            } else {
                (record % 2) as u16
            };
            let offset = end(partition);
            let missed =
                [Miss::Unasked, Miss::New, Miss::Absent, Miss::Expired][usize::from(second % 4)];
            let (attempt, session) = (1 + u32::from(second % 3), u32::from(third % 2));
            let stored = Observation::Stored {
                record,
                partition,
                offset,
                attempt,
                session,
                missed,
                enlisted,
            };
            let transaction = of;
            let enlist = Observation::Enlisted {
                record,
                partition,
                offset,
                transaction,
                epoch,
            };
            let mut both = vec![(broker, stored)];
            both.extend(enlisted.then_some((broker, enlist)));
            both
        }
        12 => {
            let partition = u16::from(first % 3);
            let (offset, transaction, commit) = (end(partition), of, second % 4 < 2);
            vec![(
                broker,
                Observation::Marked {
                    partition,
                    offset,
                    transaction,
                    commit,
                    epoch,
                },
            )]
        }
        13 => {
            let partition = u16::from(first % 3);
            let until = end(partition);
            let from = until.saturating_sub(u64::from(second % 4));
            if from == until {
                return Some(Vec::new());
            }
            vec![(
                broker,
                Observation::Truncated {
                    partition,
                    from,
                    until,
                },
            )]
        }
        14 => {
            let (transaction, commit, forced) = (of, first % 2 == 0, false);
            vec![(
                broker,
                Observation::Decided {
                    transaction,
                    commit,
                    forced,
                },
            )]
        }
        _ => return None,
    })
}

fn outbound(bench: &Bench, all: &[Seen], (what, first, second, third): Step) -> Option<Vec<Seen>> {
    let topology = bench.topology;
    let (reader, sink) = (topology.consumer(0), topology.sink());
    let coordinator = topology.coordinator();
    let partition = u16::from(first % 2);
    let logs = logs(all);
    let log = logs.get(&partition).map_or(&[][..], Vec::as_slice);
    let records = log
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.state != State::Marker);
    let records: Vec<(u64, u32)> = records
        .map(|(at, entry)| (at as u64, entry.record))
        .collect();
    let (consumer, token) = (u16::from(third % 2), u32::from(third % 3));
    let some = |number: u8| {
        records
            .get(usize::from(number) % records.len().max(1))
            .copied()
    };
    let record = some(second).map_or(0, |(_, record)| record);
    let seen = match what % 24 {
        15..=16 => {
            let (offset, record) = some(second)?;
            let read = if third % 4 < 2 {
                Read::Any
            } else {
                Read::Committed
            };
            let generation = token;
            (
                reader,
                Observation::Delivered {
                    record,
                    partition,
                    offset,
                    consumer,
                    generation,
                    read,
                },
            )
        }
        17..=18 => {
            let (offset, record) = some(second)?;
            let contents = bench.workload.record(record);
            let (key, amount, actor) = (contents.key, contents.amount, consumer);
            let (missed, attempt) = (Miss::Unasked, 1 + u32::from(third % 3));
            let applied = Observation::Applied {
                record,
                key,
                amount,
                actor,
                token,
                missed,
                partition,
                offset,
                attempt,
            };
            (sink, applied)
        }
        19..=20 => {
            let offset = u64::from(second) % (log.len() as u64 + 2);
            let accepted = third % 4 > 0;
            let generation = token;
            let progress = Observation::Progress {
                partition,
                offset,
                consumer,
                generation,
                accepted,
            };
            (coordinator, progress)
        }
        21 => {
            let position = u64::from(second) % (log.len() as u64 + 1);
            let generation = token;
            if third % 2 == 0 {
                (
                    reader,
                    Observation::Reset {
                        consumer,
                        partition,
                        position,
                    },
                )
            } else {
                (
                    reader,
                    Observation::Assigned {
                        consumer,
                        partition,
                        generation,
                        position,
                    },
                )
            }
        }
        22 => match third % 5 {
            0 => (reader, Observation::Skipped { record, consumer }),
            1 => (reader, Observation::Parked { record, consumer }),
            2 => (coordinator, Observation::Granted { partition, token }),
            3 => (sink, Observation::Granted { partition, token }),
            _ => {
                let hit = if second % 3 == 0 {
                    Hit::InFlight
                } else {
                    Hit::Stored
                };
                let place = [Place::Stream, Place::Consumer, Place::Sink][usize::from(first % 3)];
                (sink, Observation::Recognised { record, place, hit })
            }
        },
        _ => match third % 3 {
            0 => {
                let (key, fingerprint, response) = (1, u64::from(second % 2), u64::from(first % 2));
                let error = second % 5 == 0;
                (
                    sink,
                    Observation::Answered {
                        record,
                        key,
                        fingerprint,
                        response,
                        error,
                    },
                )
            }
            1 => {
                let (place, entries) = (Place::Sink, u32::from(second % 4));
                (
                    sink,
                    Observation::Kept {
                        place,
                        entries,
                        bound: 2,
                    },
                )
            }
            _ => {
                let transaction = TransactionId {
                    producer: 7,
                    number: 1,
                };
                let offset = u64::from(second) % (log.len() as u64 + 1);
                (
                    coordinator,
                    Observation::Hanging {
                        partition,
                        offset,
                        transaction,
                    },
                )
            }
        },
    };
    Some(vec![seen])
}

fn count(found: &[Finding]) -> BTreeMap<Kind, u64> {
    let mut counts = BTreeMap::new();
    for (kind, _) in found {
        *counts.entry(*kind).or_default() += 1;
    }
    counts
}

/// The judge and its twin agree on a history.
fn agree(bench: &Bench, all: &[Seen]) {
    let mut judge = bench.judge();
    tell(all, &mut judge);
    let mut twin = Twin {
        bench,
        all,
        found: Vec::new(),
    };
    twin.judge();
    let findings = judge.findings();
    let counts: BTreeMap<Kind, u64> = findings
        .counts
        .iter()
        .map(|(invariant, level, count)| ((*invariant, *level), *count))
        .collect();
    assert_eq!(
        counts,
        count(&twin.found),
        "the judge counts what its twin counts"
    );
    for ((invariant, level), count) in counts {
        let of = |kind: &Kind| *kind == (invariant, level) && invariant != Invariant::SameState;
        let mut wanted: Vec<Option<u32>> = twin
            .found
            .iter()
            .filter(|found| of(&found.0))
            .map(|found| found.1)
            .collect();
        let kept = findings
            .violations
            .iter()
            .filter(|one| of(&(one.invariant, one.level)));
        let mut kept: Vec<Option<u32>> = kept.map(|one| one.record).collect();
        if count <= KEPT as u64 {
            wanted.sort_unstable();
            kept.sort_unstable();
            assert_eq!(
                kept,
                wanted,
                "of {} in the {}",
                invariant.name(),
                level.name()
            );
        }
    }
}

fn tell(all: &[Seen], judge: &mut Judge) {
    for (entry, (node, seen)) in (0..).zip(all) {
        judge.observe(entry, Time::ZERO + Span::millis(entry), *node, seen);
    }
    judge.finish(End::Settled, Time::ZERO + Span::secs(10));
}

fn step() -> impl Strategy<Value = Step> {
    (any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>())
}

fn bench(money: Money) -> Bench {
    let mut bench = Bench::default();
    bench.workload.records = 6;
    bench.workload.money = money;
    bench.workload.written.truncate(6);
    for (index, record) in (0..).zip(&mut bench.workload.written) {
        record.key = index / 2 % 2;
    }
    bench
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_judge_agrees_with_its_naive_twin(steps in proptest::collection::vec(step(), 1..50), transfers: bool) {
        let bench = bench(if transfers { Money::Transfers } else { Money::Credits });
        agree(&bench, &history(&bench, &steps));
    }

    #[test]
    fn a_judge_that_was_reset_is_as_good_as_new(
        before in proptest::collection::vec(step(), 1..50),
        after in proptest::collection::vec(step(), 1..50),
    ) {
        let bench = bench(Money::Credits);
        let mut used = bench.judge();
        tell(&history(&bench, &before), &mut used);
        used.reset(Arc::new(bench.workload.clone()));
        let mut fresh = bench.judge();
        let history = history(&bench, &after);
        tell(&history, &mut used);
        tell(&history, &mut fresh);
        prop_assert_eq!(used.findings(), fresh.findings());
        prop_assert_eq!(used.progress(), fresh.progress());
        prop_assert_eq!(used.complete(), fresh.complete());
    }
}
