//! The rules that are judged in the end.

use std::collections::BTreeSet;

use semel_models::observation::{Observation, Outcome};
use semel_models::strategy::{Invariant, Level};
use semel_models::workload::Money;

use super::past::{
    Seen, State, applied, best, delivered, has, holds, intended, is_undone, logs, missing, outcome,
    recognised_later, reset, waiting, was_truncated,
};
use super::twin::{Twin, endings};

impl Twin<'_> {
    /// Where the latest copy of a record in the input stands.
    fn latest(&self, record: u32) -> Option<(u64, u16)> {
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
        latest
    }

    pub(super) fn end(&mut self) {
        let all = self.all;
        for record in 0..self.bench.workload.records {
            self.end_of(record);
        }
        for (_, log) in logs(all) {
            for entry in log.iter().filter(|entry| entry.state == State::Open) {
                let of = entry.transaction.expect("it waits");
                if endings(of, all, self.bench.topology).0 {
                    self.report(Invariant::Atomic, Level::Log, entry.record);
                }
            }
        }
        for (of, record) in missing(all, self.bench.topology) {
            if endings(of, all, self.bench.topology).0
                && self.copies(all, record, false, State::Plain) == 0
            {
                self.report(Invariant::Atomic, Level::Log, record);
            }
        }
        let accounts: BTreeSet<u32> = self
            .bench
            .workload
            .written
            .iter()
            .map(|record| record.key)
            .collect();
        for key in accounts {
            if self.expected(key) != holds(all, key, self.outputs(), &self.bench.workload) {
                self.found
                    .push(((Invariant::SameState, Level::Effect), None));
            }
        }
        if self.bench.workload.money == Money::Transfers {
            for debit in (0..self.bench.workload.records).step_by(2) {
                let [first, second] =
                    [debit, debit + 1].map(|leg| applied(all, leg, self.outputs()).min(255));
                let missing = first.min(second) == 0;
                let leg = debit + u32::from((second < first) == missing);
                if first != second {
                    self.report(Invariant::Conservation, Level::Effect, leg);
                }
            }
        }
    }

    fn end_of(&mut self, record: u32) {
        let all = self.all;
        let copies = self.copies(all, record, false, State::Plain);
        let open = self.copies(all, record, false, State::Open)
            + self.copies(all, record, true, State::Open);
        let (given, effects) = (delivered(all, record), applied(all, record, self.outputs()));
        let skipped = has(
            all,
            |seen| matches!(seen, Observation::Skipped { record: of, .. } if *of == record),
        );
        let parked = has(
            all,
            |seen| matches!(seen, Observation::Parked { record: of, .. } if *of == record),
        );
        let before = |position: fn(&[Seen], u16) -> u64| {
            self.latest(record)
                .is_some_and(|(offset, partition)| offset < position(all, partition))
        };
        let owed = copies > 0 && effects == 0 && !skipped && !parked && !before(best);
        let mistaken = recognised_later(all, record);
        let gone = mistaken || before(reset);
        let late = (owed && !gone) || (copies == 0 && open > 0);
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
        } else if owed && !gone {
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
        let topology = self.bench.topology;
        let lost = was_truncated(all, record, topology);
        let aborted = self.was_aborted(record) && copies == 0 && !lost;
        let undone = is_undone(all, record, topology) && !lost && outcome != Some(Outcome::Ok);
        if effects > 0 && (aborted || undone || outcome == Some(Outcome::Failed)) {
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

    fn expected(&self, key: u32) -> i64 {
        let accepted = |record: &u32| {
            let outcome = outcome(self.all, *record);
            let poison = self.bench.workload.is_poison(*record);
            let happened =
                applied(self.all, *record, self.outputs()) > 0 && outcome != Some(Outcome::Failed);
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
