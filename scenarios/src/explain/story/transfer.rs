//! A torn transfer: how often each of its legs took effect.

use semel_models::observation::Observation;
use semel_models::strategy::SinkKind;
use semel_models::vocabulary::{Offset, Partition, RecordId};
use semel_models::workload::Workload;
use semel_sim::address::OutageKind;
use semel_sim::record::What;

use crate::explain::Leg;
use crate::explain::slice::Slice;
use crate::explain::slice::subject::Rivalry;
use crate::trial::plan::Plan;

/// The debit and the credit, in the end. None where it is not told of a transfer.
pub(in crate::explain) fn legs(
    slice: &Slice<'_>,
    plan: &Plan,
    workload: &Workload,
) -> Option<[Leg; 2]> {
    let (other, _) = slice
        .rival
        .filter(|(_, rivalry)| *rivalry == Rivalry::Leg)?;
    let debit = slice.record?.min(other);
    let leg = |record: RecordId| {
        let intended = workload.record(record);
        Leg {
            record,
            account: intended.key,
            amount: intended.amount,
            effects: effects(slice, plan, record),
        }
    };
    Some([leg(debit), leg(debit | 1)])
}

/// How many effects of a record are there in the end: those that went with the sink's disk, or with the log of outputs,
/// are not.
fn effects(slice: &Slice<'_>, plan: &Plan, of: RecordId) -> u32 {
    let sink = plan.scenario.topology.sink();
    let outputs = plan.strategy.sink.kind == SinkKind::Output;
    let mut effects: Vec<(Partition, Offset)> = Vec::new();
    for entry in &slice.trace.entries {
        match &entry.what {
            What::Observed(
                _,
                Observation::Applied {
                    record,
                    partition,
                    offset,
                    ..
                },
            ) if *record == of => effects.push((*partition, *offset)),
            What::Observed(
                _,
                Observation::Truncated {
                    partition, from, ..
                },
            ) if outputs => effects.retain(|copy| copy.0 != *partition || copy.1 < *from),
            What::Struck(node, outage, ..)
                if *node == sink && outage.kind == OutageKind::DiskLoss && !outputs =>
            {
                effects.clear();
            }
            _ => {}
        }
    }
    effects.len() as u32
}
