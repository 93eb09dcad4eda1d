//! Of which records the proof is told: the one that the violation is about, and one that it has to do with.

use std::collections::BTreeMap;

use semel_models::judge::{Cause, Violation};
use semel_models::observation::{Hit, Observation};
use semel_models::strategy::{Invariant, Level};
use semel_models::vocabulary::RecordId;
use semel_models::workload::Workload;
use semel_sim::record::What;

use crate::trial::trace::Trace;

/// The records of a proof.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::explain) struct Subject {
    /// The one that the violation is about; where it is about none, one that shows it.
    pub(in crate::explain) record: Option<RecordId>,
    /// The one that overtook it.
    pub(in crate::explain) overtaker: Option<RecordId>,
    /// The one that it waits behind.
    pub(in crate::explain) ahead: Option<RecordId>,
    /// The one that is the other leg of its transfer.
    pub(in crate::explain) leg: Option<RecordId>,
}

/// What another record is to the one that the proof is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explain) enum Rivalry {
    /// It overtook it.
    Overtakes,
    /// It stands ahead of it.
    Ahead,
    /// It is the other leg of its transfer.
    Leg,
}

impl Subject {
    pub(in crate::explain) fn of(
        trace: &Trace,
        workload: &Workload,
        violation: &Violation,
    ) -> Self {
        Self {
            record: violation.record.or_else(|| example(trace, violation)),
            overtaker: overtaker(trace, workload, violation),
            ahead: ahead(trace, workload, violation),
            leg: leg(violation),
        }
    }

    /// The other record, and what it is to this one.
    pub(in crate::explain) fn rival(self) -> Option<(RecordId, Rivalry)> {
        let as_what = |rivalry| move |record| (record, rivalry);
        let overtaker = self.overtaker.map(as_what(Rivalry::Overtakes));
        let ahead = self.ahead.map(as_what(Rivalry::Ahead));
        overtaker.or(ahead).or(self.leg.map(as_what(Rivalry::Leg)))
    }
}

fn observed(trace: &Trace) -> impl DoubleEndedIterator<Item = (u64, &Observation)> {
    trace.entries.iter().filter_map(|entry| match &entry.what {
        What::Observed(_, seen) => Some((entry.id, seen)),
        _ => None,
    })
}

/// The record of the same account, intended later, that was last to come before the one that it overtook, at the level
/// at which the order is broken. None where no order is.
fn overtaker(trace: &Trace, workload: &Workload, violation: &Violation) -> Option<RecordId> {
    let late = violation
        .record
        .filter(|_| violation.invariant == Invariant::KeyOrder)?;
    let before = observed(trace).rev();
    let before = before.filter(|(entry, _)| *entry < violation.entry);
    let mut arrived = before.filter_map(|(_, seen)| match (seen, violation.level) {
        (Observation::Stored { record, .. }, Level::Log)
        | (Observation::Delivered { record, .. }, Level::Delivery)
        | (Observation::Applied { record, .. }, Level::Effect) => Some(*record),
        _ => None,
    });
    let key = |record| workload.record(record).key;
    arrived.find(|record| *record > late && key(*record) == key(late))
}

/// The record that a reader is caught on, where another one waits behind it: its key is in progress for ever, or nobody
/// can process it.
fn ahead(trace: &Trace, workload: &Workload, violation: &Violation) -> Option<RecordId> {
    let waits = violation.record?;
    let mut seen = observed(trace).rev();
    let caught = seen.find_map(|(_, seen)| match (violation.cause, *seen) {
        (
            Cause::KeyInProgress,
            Observation::Recognised {
                record,
                hit: Hit::InFlight,
                ..
            },
        ) => Some(record),
        (Cause::PoisonAhead, Observation::Delivered { record, .. })
            if workload.is_poison(record) =>
        {
            Some(record)
        }
        _ => None,
    });
    caught.filter(|record| *record != waits)
}

/// The other leg of a transfer that is torn: debits are even, and each credit follows its debit.
fn leg(violation: &Violation) -> Option<RecordId> {
    let torn = violation.invariant == Invariant::Conservation;
    violation.record.filter(|_| torn).map(|record| record ^ 1)
}

/// Where a world moves without getting anywhere and no record can be named: one that was handled most often.
fn example(trace: &Trace, violation: &Violation) -> Option<RecordId> {
    if violation.invariant != Invariant::Convergence {
        return None;
    }
    let mut handled: BTreeMap<RecordId, u64> = BTreeMap::new();
    for (_, seen) in observed(trace) {
        if let Observation::Delivered { record, .. } = seen {
            *handled.entry(*record).or_default() += 1;
        }
    }
    let most = handled.into_iter().rev().max_by_key(|(_, times)| *times);
    most.map(|(record, _)| record)
}
