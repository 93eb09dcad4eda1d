//! Whether a run fits into memory: a scenario that does not is refused with the estimate.

use super::Objection;
use crate::file::complaint::Kind;
use crate::file::path::Path;
use crate::file::scenario::Scenario;

/// What one run may take.
const ALLOWED: u64 = 2 << 30;
/// What a record takes at most: 16 bytes with the judge, and its place in the log, in the sink's inbox and in
/// producers' and dedup tables while it is in flight.
const PER_RECORD: u64 = 96;
/// What a link takes: its two directions and its counters of packets by kind.
const PER_LINK: u64 = 512;
/// What a partition takes at its leader and at every consumer.
const PER_PARTITION: u64 = 256;
/// What an account takes.
const PER_KEY: u64 = 32;

pub(super) fn check(scenario: &Scenario) -> Result<(), Objection> {
    let bytes = estimate(scenario);
    if bytes <= ALLOWED {
        return Ok(());
    }
    let text = format!(
        "a run of {} records would take about {}; at most {} are allowed",
        scenario.records(),
        amount(bytes),
        amount(ALLOWED)
    );
    let path = Path::root().field("workload").field("records");
    Err(Objection::new(Kind::TooLarge, path, text)
        .help(format!("use at most {} records", ALLOWED / PER_RECORD)))
}

/// About how many bytes a run of this scenario takes.
pub(crate) fn estimate(scenario: &Scenario) -> u64 {
    let topology = scenario.topology;
    let nodes = u64::from(topology.size());
    let readers = u64::from(topology.consumers) + 1;
    u64::from(scenario.records()) * PER_RECORD
        + nodes * nodes * PER_LINK
        + u64::from(topology.partitions) * readers * PER_PARTITION
        + u64::from(scenario.workload.keys) * PER_KEY
}

fn amount(bytes: u64) -> String {
    match bytes {
        0..0x10_0000 => format!("{} KiB", bytes.div_ceil(1 << 10)),
        0x10_0000..0x4000_0000 => format!("{} MiB", bytes.div_ceil(1 << 20)),
        _ => format!("{}.{} GiB", bytes >> 30, (bytes >> 20 & 1023) * 10 / 1024),
    }
}
