//! Witnesses: scenario files that repeat one failure from an explicit schedule, so that they outlive versions and
//! changes of random draws.

use std::collections::BTreeMap;
use std::sync::Arc;

use semel_models::workload::Written;
use semel_sim::schedule::Deviation;

use crate::catalog;
use crate::expect::Breach;
use crate::plan::Plan;
use crate::row::Row;
use crate::scenario::{Fault, Load, Scenario, Witness};
use crate::trial::{Opened, Runner};
use crate::verdict::{VERSION, shows};

/// What became of an attempt to repeat a witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeated {
    /// The same violation in the same run, entry by entry.
    Same,
    /// The same violation, in a run that is not the same.
    Otherwise,
    /// The violation did not appear.
    Gone,
}

/// The scenario that repeats this run of a plan by its schedule, and in it this violation. None if it does not.
pub fn witness(plan: &Arc<Plan>, opened: &Opened, violation: Breach) -> Option<Scenario> {
    let plan = &plan.drawn(opened.row.seed);
    let strategy = if catalog::strategy(&plan.name) == Some(&plan.strategy) {
        plan.name.clone()
    } else {
        format!("{}-found", plan.name)
    };
    scripted(
        plan,
        opened,
        opened.deviations.clone(),
        &strategy,
        violation,
    )
}

/// The same with fewer deviations, as found by shrinking.
pub fn with_deviations(scenario: &Scenario, deviations: Vec<Deviation>) -> Option<Scenario> {
    let mut scenario = Scenario {
        faults: vec![Fault::Script(deviations)],
        ..scenario.clone()
    };
    let row = run(&scenario)?;
    let witness = scenario.witness.as_mut()?;
    if !shows(&row, witness.violation) {
        return None;
    }
    witness.digest = row.digest;
    Some(scenario)
}

/// Runs a witness again. None if it is none, or does not fit this version.
pub fn repeat(scenario: &Scenario) -> Option<(Repeated, Row)> {
    let witness = scenario.witness.as_ref()?;
    let row = run(scenario)?;
    let repeated = match (shows(&row, witness.violation), row.digest == witness.digest) {
        (true, true) => Repeated::Same,
        (true, false) => Repeated::Otherwise,
        (false, _) => Repeated::Gone,
    };
    Some((repeated, row))
}

fn scripted(
    plan: &Plan,
    opened: &Opened,
    deviations: Vec<Deviation>,
    strategy: &str,
    violation: Breach,
) -> Option<Scenario> {
    let written = (0..opened.workload.records).map(|id| {
        let record = opened.workload.record(id);
        Written {
            key: record.key,
            amount: record.amount,
            pace: record.pace,
        }
    });
    let workload = Load {
        written: Some(written.collect()),
        ..plan.scenario.workload.clone()
    };
    let own = catalog::strategy(strategy)
        .is_none()
        .then(|| (strategy.to_string(), plan.strategy.clone()));
    let scenario = Scenario {
        workload,
        define: own.into_iter().collect(),
        expect: BTreeMap::new(),
        witness: Some(Witness {
            version: VERSION.into(),
            strategy: strategy.into(),
            seed: opened.row.seed,
            violation,
            digest: String::new(),
        }),
        ..Scenario::clone(&plan.scenario)
    };
    with_deviations(&scenario, deviations)
}

/// One run of a witness.
fn run(scenario: &Scenario) -> Option<Row> {
    let witness = scenario.witness.as_ref()?;
    let plan = Plan::new(&Arc::new(scenario.clone()), &witness.strategy, &[]).ok()?;
    Some(Runner::new(&Arc::new(plan)).run(witness.seed))
}
