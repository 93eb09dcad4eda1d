//! The record that overtook another.

use semel_models::judge::Violation;
use semel_models::observation::Observation;
use semel_models::strategy::{Invariant, Level};
use semel_models::vocabulary::RecordId;
use semel_models::workload::Workload;
use semel_sim::record::What;

use crate::trace::Trace;

/// The record of the same account, intended later, that was last to come before the one that it overtook, at the level
/// at which the order is broken. None where no order is.
pub(super) fn overtaker(
    trace: &Trace,
    workload: &Workload,
    violation: &Violation,
) -> Option<RecordId> {
    let late = violation
        .record
        .filter(|_| violation.invariant == Invariant::KeyOrder)?;
    let before = trace.entries.iter().rev();
    let before = before.filter(|entry| entry.id < violation.entry);
    let mut arrived = before.filter_map(|entry| match (&entry.what, violation.level) {
        (What::Observed(_, Observation::Stored { record, .. }), Level::Log)
        | (What::Observed(_, Observation::Delivered { record, .. }), Level::Delivery)
        | (What::Observed(_, Observation::Applied { record, .. }), Level::Effect) => Some(*record),
        _ => None,
    });
    let key = |record| workload.record(record).key;
    arrived.find(|record| *record > late && key(*record) == key(late))
}
