//! How few faults break a strategy, on a scenario so small that every schedule can be tried.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::file::complaint::Source;
use crate::file::load::load;
use crate::file::scenario::Scenario;
use crate::trial::plan::Plan;
use crate::verify::{Breaking, verify};

/// The scenario on which strategies are tried: three records, each on its way before the next is intended.
const SMALL: &str =
    r#"(schema: 1, name: "three-records", workload: (records: 3, amount: 10, pace: "150ms"))"#;

/// Tries every schedule of at most `faults` faults, of at most so many in all, against a strategy on a scenario of
/// three records. None where the strategy does not fit there.
pub(super) fn breaking(plan: &Plan, faults: usize, schedules: u64) -> Option<Breaking> {
    let source = Source {
        name: "three-records".into(),
        text: SMALL.into(),
    };
    let small = load(&source).expect("it is valid");
    let own = BTreeMap::from([(plan.name.clone(), plan.strategy.clone())]);
    let small = Arc::new(Scenario {
        define: own,
        ..small
    });
    let plan = Arc::new(Plan::new(&small, &plan.name, &[]).ok()?);
    Some(verify(&plan, faults, schedules).numbers())
}
