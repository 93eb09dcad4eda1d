//! How the log becomes evidence: what is stored, marked and lost.

use alloc::vec::Vec;

use semel_sim::address::{NodeId, OutageKind};
use semel_sim::time::Time;

use super::facts::Attempts;
use super::{Entry, Facts, Flags, Known, State, Struck, Waiting};
use crate::judge::cause;
use crate::observation::{Miss, Observation, TransactionId};
use crate::strategy::Name;
use crate::vocabulary::{Epoch, Offset, Partition, ProducerId, RecordId};

impl Known {
    pub(super) fn stored(&mut self, at: Time, seen: &Observation) {
        let Observation::Stored {
            record,
            partition,
            offset,
            attempt,
            session,
            missed,
            enlisted,
        } = *seen
        else {
            return;
        };
        self.tallies.stored(partition);
        let output = self.rules.is_output(partition);
        let state = if enlisted { State::Open } else { State::Plain };
        let lane = self.lane_mut(partition);
        lane.append(offset, Entry { record, state });
        let passed = lane.is_marked(offset);
        if enlisted {
            let number = 0;
            let waiting = Waiting {
                record,
                offset,
                number,
                attempt,
                session,
                missed,
                again: self.records.get(record).delivery_cause,
                stale: false,
            };
            self.transactions.stored = Some(waiting);
        }
        let name = self.rules.name;
        let stands = !output && self.stands_in_log(record);
        let (mut again, mut forgotten) = (false, false);
        self.touch(record, |facts| {
            if !output {
                note_copy(facts, at, seen, name, stands);
                facts.flags.put(Flags::PASSED.with(Flags::OVERRUN), passed);
            }
            forgotten = missed == Miss::Absent && facts.flags.has(Flags::FORGOTTEN);
            if enlisted {
                facts.open = facts.open.saturating_add(1);
            } else {
                again = facts.commit_copy(output);
            }
        });
        if forgotten {
            self.faults.struck.set(Struck::FORGOTTEN);
        }
        self.tallies.sums.duplicated_in_log += u64::from(again);
    }

    /// Whether a copy of a record stands in the input log, or waits there. What is made of it waits elsewhere.
    fn stands_in_log(&self, record: RecordId) -> bool {
        let facts = self.records.get(record);
        facts.copies > 0 || (facts.open > 0 && self.waits_in_log(record))
    }

    #[cold]
    fn waits_in_log(&self, record: RecordId) -> bool {
        let mut waiting = self.transactions.all();
        waiting.any(|(partition, _, one)| one.record == record && !self.rules.is_output(partition))
    }

    /// A copy that was undecided stands in the log for every reader.
    fn commit_copy(&mut self, record: RecordId, output: bool) {
        let mut again = false;
        self.touch(record, |facts| again = facts.commit_copy(output));
        self.tallies.sums.duplicated_in_log += u64::from(again);
    }

    pub(super) fn marked(
        &mut self,
        (partition, offset): (Partition, Offset),
        of: TransactionId,
        epoch: Epoch,
        commit: bool,
    ) {
        let record = RecordId::MAX;
        self.lane_mut(partition).append(
            offset,
            Entry {
                record,
                state: State::Marker,
            },
        );
        let waiting = self
            .transactions
            .mark(partition, offset, (of.producer, epoch), commit);
        for one in &waiting {
            self.decide(partition, of.producer, one, commit);
        }
        self.transactions.recycle(partition, of.producer, waiting);
    }

    fn decide(&mut self, partition: Partition, producer: ProducerId, one: &Waiting, commit: bool) {
        let output = self.rules.is_output(partition);
        let number = one.number;
        let ending = self.transactions.ending(producer, number);
        let torn = ending.is_some_and(|ending| {
            let otherwise = ending.decided.is_some_and(|decided| decided != commit);
            otherwise || (commit && output && ending.abort_told.is_some())
        });
        let of = TransactionId { producer, number };
        let undone = commit && !output && self.transactions.is_aborted(of);
        self.lane_mut(partition).decide(one.offset, commit);
        self.touch(one.record, |facts| {
            facts.open = facts.open.saturating_sub(1);
            if torn {
                facts.flags.set(Flags::TORN);
            }
            if undone {
                facts.count_undone(true);
            }
            if !commit {
                facts.flags.set(if output {
                    Flags::OUTPUT_ABORTED
                } else {
                    Flags::ABORTED
                });
            }
        });
        if commit {
            self.commit_copy(one.record, output);
        } else if !output {
            self.find_copy(partition, one.record);
        }
    }

    pub(super) fn of_loss(&mut self, seen: &Observation, node: NodeId) {
        if let Observation::Truncated {
            partition, from, ..
        } = *seen
        {
            self.truncated(node, partition, from);
        }
    }

    fn truncated(&mut self, node: NodeId, partition: Partition, from: Offset) {
        let how = match self.faults.last(node) {
            Some(OutageKind::PowerLoss) => Flags::TRUNCATED,
            Some(OutageKind::DiskLoss) => Flags::WIPED,
            _ => Flags::CUT,
        };
        let lane = self.lane(partition);
        let lost: Vec<Entry> = lane
            .range(from, lane.end())
            .map(|(_, entry)| entry)
            .collect();
        self.lane_mut(partition).truncate(from);
        let reopened = self.transactions.truncate(partition, from);
        for entry in lost {
            if matches!(entry.state, State::Plain | State::Open) {
                self.lose_copy(partition, entry, how);
            }
        }
        for (producer, one) in &reopened {
            self.reopen(partition, *producer, one, how);
        }
    }

    /// The end of a transaction is lost, and a record of it is not: it is undecided again.
    fn reopen(&mut self, partition: Partition, producer: ProducerId, one: &Waiting, how: Flags) {
        let output = self.rules.is_output(partition);
        let before = self.lane_mut(partition).reopen(one.offset);
        let committed = before == Some(State::Plain);
        let number = one.number;
        let of = TransactionId { producer, number };
        let undone = committed && !output && self.transactions.is_aborted(of);
        self.touch(one.record, |facts| {
            if undone {
                facts.count_undone(false);
            }
            facts.open = facts.open.saturating_add(1);
            if committed && output {
                facts.flags.set(how);
                facts.outputs = facts.outputs.saturating_sub(1);
            } else if committed {
                facts.copies = facts.copies.saturating_sub(1);
            }
        });
        if committed && output {
            self.undo_effect(one.record);
        } else if !output {
            self.find_copy(partition, one.record);
        }
    }

    fn lose_copy(&mut self, partition: Partition, entry: Entry, how: Flags) {
        let output = self.rules.is_output(partition);
        self.touch(entry.record, |facts| {
            facts.flags.set(how);
            if output {
                facts.flags.set(Flags::OUTPUT_LOST);
            }
            match entry.state {
                State::Open => facts.open = facts.open.saturating_sub(1),
                _ if output => facts.outputs = facts.outputs.saturating_sub(1),
                _ => facts.copies = facts.copies.saturating_sub(1),
            }
        });
        if !output {
            self.find_copy(partition, entry.record);
        } else if entry.state == State::Plain {
            self.undo_effect(entry.record);
        }
        if partition == self.rules.topology.dead_letters() {
            self.lose_letter(partition, entry.record);
        }
    }

    /// A dead letter is gone. Without another one, its record was only passed over.
    fn lose_letter(&mut self, partition: Partition, record: RecordId) {
        let lane = self.lane(partition);
        let another = lane
            .range(0, lane.end())
            .any(|(_, entry)| entry.record == record);
        if another {
            return;
        }
        self.touch(record, |facts| {
            if facts.flags.has(Flags::PARKED) {
                facts.flags.clear(Flags::PARKED);
                facts.flags.set(Flags::SKIPPED);
            }
        });
    }

    /// A copy in the input log is gone: which is the latest one now?
    fn find_copy(&mut self, partition: Partition, record: RecordId) {
        let facts = self.records.get(record);
        let vague = facts.flags.has(Flags::VAGUE);
        if facts.copies == 0 && facts.open == 0 && !vague {
            return;
        }
        let lane = self.lane(partition);
        let alive = |entry: &Entry| {
            entry.record == record && matches!(entry.state, State::Plain | State::Open)
        };
        let copies = lane.range(0, lane.end()).filter(|(_, entry)| alive(entry));
        let Some((offset, _)) = copies.last() else {
            return;
        };
        let passed = lane.is_marked(offset);
        self.touch(record, |facts| {
            facts.copy = super::short(offset);
            facts.flags.put(Flags::PASSED, passed);
            if vague {
                facts.copies = facts.copies.max(1);
            }
        });
    }
}

/// A copy came into the input log. `stands`: another one is there.
fn note_copy(facts: &mut Facts, at: Time, seen: &Observation, name: Name, stands: bool) {
    let Observation::Stored {
        partition,
        offset,
        attempt,
        session,
        missed,
        ..
    } = *seen
    else {
        return;
    };
    let stored = facts.flags.has(Flags::STORED);
    if !stored && !facts.flags.has(Flags::ATTEMPTED) {
        facts.since = at;
    }
    if facts.session != session && !facts.flags.has(Flags::VAGUE) {
        facts.flags.set(Flags::MIXED);
    }
    if stands {
        facts.log_cause = Some(cause::of_copy(facts, attempt, session, missed, name));
        if missed == Miss::Absent && facts.stored_session == session {
            facts.flags.set(Flags::FORGOTTEN);
        }
    }
    if stored && facts.stored_session == session {
        facts.stored.add(attempt);
    } else {
        facts.stored = Attempts::only(attempt);
    }
    facts.flags.set(Flags::STORED);
    facts.flags.clear(Flags::MISTAKEN);
    facts.stored_session = session;
    facts.partition = partition;
    facts.copy = super::short(offset);
}
