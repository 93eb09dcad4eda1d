//! The rules that are judged as things happen: all of them, one after the other, so that none is shared with another.

use semel_models::observation::{Hit, Observation, Outcome, Place, Read, TransactionId};
use semel_models::strategy::{Invariant, Level, SinkKind};
use semel_models::vocabulary::Topology;
use semel_sim::address::NodeId;

use super::past::{
    Seen, State, applied, best, decided, delivered, handed, has, intended, intent, is_done,
    is_undone, legal, logs, of_offset, outcome, recognised_later, waiting, was_truncated,
};
use crate::history::Bench;

pub(super) type Kind = (Invariant, Level);
pub(super) type Finding = (Kind, Option<u32>);

/// The twin: a bench and a history.
pub(super) struct Twin<'a> {
    pub(super) bench: &'a Bench,
    pub(super) all: &'a [Seen],
    pub(super) found: Vec<Finding>,
}

impl Twin<'_> {
    pub(super) fn report(
        &mut self,
        invariant: Invariant,
        level: Level,
        record: impl Into<Option<u32>>,
    ) {
        self.found.push(((invariant, level), record.into()));
    }

    /// The first partition whose committed records are effects.
    pub(super) fn outputs(&self) -> u16 {
        if self.bench.strategy().sink.kind == SinkKind::Output {
            self.bench.topology.partitions
        } else {
            u16::MAX
        }
    }

    pub(super) fn is_output(&self, partition: u16) -> bool {
        partition >= self.bench.topology.partitions
    }

    /// Entries of a record in a state, in the inputs or in the outputs.
    pub(super) fn copies(&self, past: &[Seen], record: u32, output: bool, state: State) -> usize {
        let logs = logs(past);
        let side = logs
            .iter()
            .filter(|(partition, _)| self.is_output(**partition) == output);
        let entries = side.flat_map(|(_, log)| log);
        entries
            .filter(|entry| entry.record == record && entry.state == state)
            .count()
    }

    pub(super) fn judge(&mut self) {
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
            } if self.copies(past, record, self.is_output(partition), State::Plain) > 0 => {
                self.report(twice, log, record);
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
            Observation::Applied { record, .. } if applied(past, record, self.outputs()) > 0 => {
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
        let state = entry.map(|entry| entry.state);
        let topology = self.bench.topology;
        let excused =
            outcome(past, record) == Some(Outcome::Ok) || was_truncated(past, record, topology);
        if state == Some(State::Aborted) || (is_undone(past, record, topology) && !excused) {
            self.report(Invariant::NoAbortedEffect, Level::Delivery, record);
        }
        if state == Some(State::Open) {
            self.report(Invariant::NoEarlyRead, Level::Delivery, record);
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
        if let (
            _,
            Observation::Applied {
                record,
                partition,
                offset,
                ..
            },
        ) = self.all[index]
        {
            let past = &self.all[..index];
            if applied(past, record, self.outputs()) == 0 && intended(past, record) {
                let first = |(at, (_, seen)): (usize, &Seen)| match seen {
                    Observation::Applied { record, .. } => {
                        let new = applied(&past[..at], *record, self.outputs()) == 0
                            && intended(&past[..at], *record);
                        new.then_some(*record)
                    }
                    _ => None,
                };
                let sequence: Vec<u32> = past.iter().enumerate().filter_map(first).collect();
                // Outputs are read in the order of their log, once all before them is decided.
                let logs = logs(past);
                let log = logs.get(&partition).map_or(&[][..], Vec::as_slice);
                let read_before = |other: u32| {
                    let mut before = log.iter().take(offset as usize);
                    applied(past, other, self.outputs()) > 0
                        && before.any(|entry| entry.record == other && entry.state == State::Plain)
                };
                let same = |other: u32| {
                    let of =
                        |record| (self.bench.workload.record(record).key, intent(past, record));
                    intended(past, other) && of(other) == of(record)
                };
                let mut later = record + 1..self.bench.workload.records;
                let behind = later.any(|other| same(other) && read_before(other));
                let in_order = self.outputs() != u16::MAX && !behind;
                if !in_order && self.is_overtaken(record, &sequence, |_| true) {
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
            generation,
            read,
        } = *seen
        else {
            return;
        };
        let reading = Reading::of(past, (consumer, partition));
        // What was polled in an earlier assignment, or before a reset, says nothing of where it reads now.
        if generation < reading.generation || reading.polled_before(offset) {
            return;
        }
        let Some(expected) = reading.next else {
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

    fn atomic(&mut self, past: &[Seen], seen: &Observation) {
        let topology = self.bench.topology;
        match *seen {
            Observation::Decided {
                transaction,
                commit,
                ..
            } => {
                let (committed, aborted) = endings(transaction, past, topology);
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
                    let (committed, aborted) = endings(of, past, topology);
                    let contrary = if commit { aborted } else { committed };
                    let otherwise = decided(past, of).map_or(contrary, |decided| decided != commit);
                    if otherwise && last != Some(of) {
                        last = Some(of);
                        self.report(Invariant::Atomic, Level::Log, entry.record);
                    }
                }
            }
            Observation::Progress {
                partition,
                offset,
                consumer,
                accepted: true,
                ..
            } => {
                let its = of_offset(past, topology, (partition, offset), consumer);
                if let Some((record, of)) = its
                    && let (false, aborted) = endings(of, past, topology)
                    && decided(past, of).map_or(aborted, |commit| !commit)
                {
                    self.report(Invariant::Atomic, Level::Log, record);
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
            if stands && !is_done(past, entry.record, self.outputs()) {
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
        let high = (0..=past.len()).map(|index| super::past::logs(&past[..index]));
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
            duplicate,
        } = *seen
            && (!self.was_stored(past, record) || duplicate && self.was_mistaken(past, record))
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
        if let Observation::Unsettled { .. } = *seen {
            self.report(Invariant::StableProgress, Level::Log, None);
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

    /// Whether the stream took a record for a repeat when no copy of it stood anywhere, without an ok before or a copy
    /// since.
    fn was_mistaken(&self, past: &[Seen], record: u32) -> bool {
        let of = |index: &usize| match past[*index].1 {
            Observation::Recognised {
                record: of,
                place: Place::Stream,
                hit,
            } => of == record && hit != Hit::InFlight,
            _ => false,
        };
        (0..past.len()).filter(of).any(|index| {
            let (before, since) = (&past[..index], &past[index..]);
            let stood = self.copies(before, record, false, State::Plain) > 0
                || self.copies(before, record, false, State::Open) > 0
                || self.copies(before, record, true, State::Open) > 0;
            let ok = |seen: &Observation| {
                let outcome = Outcome::Ok;
                matches!(seen, Observation::Acked { record: of, outcome: said, .. } if (*of, *said) == (record, outcome))
            };
            !stood && !has(before, ok) && !self.was_stored(since, record)
        })
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
}

/// Whether something of a transaction became visible, and whether records of it were aborted, by earlier markers.
pub(super) fn endings(of: TransactionId, past: &[Seen], topology: Topology) -> (bool, bool) {
    let mut endings = (false, false);
    for (index, (_, seen)) in past.iter().enumerate() {
        match *seen {
            Observation::Marked {
                partition,
                transaction,
                commit,
                ..
            } => {
                let waiting = waiting(&past[..index], partition, transaction.producer);
                if waiting.iter().any(|entry| entry.transaction == Some(of)) {
                    endings.0 |= commit;
                    endings.1 |= !commit;
                }
            }
            Observation::Progress {
                partition,
                offset,
                consumer,
                accepted: true,
                ..
            } => {
                let its = of_offset(&past[..index], topology, (partition, offset), consumer);
                endings.0 |= its.is_some_and(|(_, its)| its == of);
            }
            _ => {}
        }
    }
    endings
}

/// Where a reader stands in a partition.
#[derive(Default)]
struct Reading {
    generation: u32,
    next: Option<u64>,
    /// Where a reset has put it, and what would have come next without it.
    reset: Option<(u64, u64)>,
}

impl Reading {
    fn of(past: &[Seen], whose: (u16, u16)) -> Self {
        let mut reading = Self::default();
        for (_, seen) in past {
            match *seen {
                Observation::Assigned {
                    consumer,
                    partition,
                    position,
                    generation,
                } if (consumer, partition) == whose => {
                    let next = (position != u64::MAX).then_some(position);
                    reading = Self {
                        generation,
                        next,
                        reset: None,
                    };
                }
                Observation::Reset {
                    consumer,
                    partition,
                    position,
                } if (consumer, partition) == whose => {
                    let before = reading.reset.map(|(_, before)| before).or(reading.next);
                    reading.reset = before.map(|before| (position, before));
                    reading.next = Some(position);
                }
                Observation::Delivered {
                    consumer,
                    partition,
                    offset,
                    generation,
                    ..
                } if (consumer, partition) == whose && generation >= reading.generation => {
                    if reading.polled_before(offset) {
                        reading.reset = reading.reset.map(|(at, _)| (at, offset + 1));
                    } else {
                        reading.reset = None;
                        reading.next = Some(offset + 1);
                    }
                }
                _ => {}
            }
        }
        reading
    }

    /// Whether this came with what was polled before the last reset.
    fn polled_before(&self, offset: u64) -> bool {
        let goes_on = |(at, before): (u64, u64)| {
            at != before && offset >= before && (at < before || offset < at)
        };
        self.reset.is_some_and(goes_on)
    }
}
