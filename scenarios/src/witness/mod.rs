//! Witnesses: scenario files that repeat one failure from an explicit schedule, whatever becomes of random draws.

pub mod replay;
pub mod sought;

use std::collections::BTreeMap;
use std::sync::Arc;

use semel_models::workload::Workload;
use semel_sim::digest::Digest;
use semel_sim::schedule::Deviation;
use serde::Serialize;

use crate::catalog;
use crate::file::expect::{Breach, Expectation, Expected};
use crate::file::format::options;
use crate::file::scenario::{Fault, Load, Network, SCHEMA, Scenario, Settle, Witness};
use crate::outcome::verdict;
use crate::shrink::Aim;
use crate::trial::plan::Plan;
use crate::trial::trace::Trace;

/// The most entries of which a witness keeps a mark each.
const MARKS: usize = 512;

/// Makes a witness of a scenario with its records written out: runs it once, and notes what it must come to. None if
/// it does not come to the violation that is aimed at.
pub(crate) fn write(
    plan: &Plan,
    seed: u64,
    mut scenario: Scenario,
    script: Vec<Deviation>,
    aim: Aim,
) -> Option<Scenario> {
    // A built-in strategy that was changed is another one, and needs a name of its own.
    let strategy = match catalog::strategy(&plan.name) {
        Some(known) if *known != plan.strategy => format!("{}-found", plan.name),
        _ => plan.name.clone(),
    };
    let cause = aim.cause;
    let violation = Breach {
        invariant: aim.invariant,
        level: aim.level,
    };
    if scenario.witness.is_none() {
        scenario.name = format!(
            "{}-{strategy}-{}",
            scenario.name,
            cause.code().to_lowercase()
        );
    }
    scenario.faults = if script.is_empty() {
        Vec::new()
    } else {
        vec![Fault::Script(script)]
    };
    scenario.define.clear();
    if catalog::strategy(&strategy) != Some(&plan.strategy) {
        scenario
            .define
            .insert(strategy.clone(), plan.strategy.clone());
    }
    let expectation = Expectation {
        verdict: Expected::Always(vec![violation]),
        because: format!("found by semel under seed {seed}; its cause is {cause}"),
    };
    scenario.expect = BTreeMap::from([(strategy.clone(), expectation)]);
    scenario.workload.keys = accounts(&scenario.workload);
    scenario.witness = None;
    scenario.marks.clear();
    scenario.menu = None;
    let opened = replay::open(&Arc::new(scenario.clone()), &strategy, seed)?;
    let side = aim.find(&opened.findings)?.side;
    scenario.witness = Some(Witness {
        version: verdict::VERSION.into(),
        strategy,
        seed,
        violation,
        side: Some(side),
        cause: Some(cause),
        digest: opened.row.digest,
    });
    scenario.marks = marks(&opened.trace);
    Some(scenario)
}

/// Writes the records of a run out into its scenario, in place of what they were drawn from.
pub(crate) fn write_out(scenario: &mut Scenario, workload: &Workload) {
    scenario.workload = Load {
        money: workload.money,
        written: Some(workload.write_out()),
        ..Load::default()
    };
}

/// So many accounts that every record written out has one.
fn accounts(load: &Load) -> u32 {
    let written = load.written.iter().flatten();
    let needed = written.map(|record| record.key + 1).max();
    needed.unwrap_or(0).max(Load::default().keys)
}

/// A mark for each of the first entries of a trace, so that the first one that differs can be told.
pub(crate) fn marks(trace: &Trace) -> String {
    let marks = trace.entries.iter().take(MARKS).map(|entry| {
        let mut digest = Digest::new();
        let line = serde_json::to_string(&trace.line(entry)).expect("a line of a trace is JSON");
        digest.add(&line);
        format!("{:04x}", digest.value() as u16)
    });
    marks.collect()
}

/// A witness as a file for people: everything that matters, nothing that goes without saying.
pub fn text(scenario: &Scenario) -> String {
    let mut out = String::from(
        "// A failure, shrunk to what it needs. Repeat it with `semel replay`, read it with `semel explain`.\n(\n",
    );
    let mut field = |name: &str, value: String| out.extend(["    ", name, ": ", &value, ",\n"]);
    field("schema", SCHEMA.to_string());
    field("name", inline(&scenario.name));
    if !scenario.question.is_empty() {
        field("question", inline(&scenario.question));
    }
    field("transport", inline(&scenario.transport));
    field("topology", inline(&scenario.topology));
    field("workload", workload(&scenario.workload));
    if scenario.network != Network::default() {
        field("network", inline(&scenario.network));
    }
    field(
        "faults",
        list(&scenario.faults.iter().map(fault).collect::<Vec<_>>(), 1),
    );
    if scenario.heal_at.is_some() {
        field("heal_at", inline(&scenario.heal_at));
    }
    if scenario.settle != Settle::default() {
        field("settle", inline(&scenario.settle));
    }
    if scenario.events.is_some() {
        field("events", inline(&scenario.events));
    }
    if !scenario.define.is_empty() {
        field("define", inline(&scenario.define));
    }
    field("expect", inline(&scenario.expect));
    if let Some(witness) = &scenario.witness {
        field("witness", self::witness(witness));
    }
    if !scenario.marks.is_empty() {
        field("marks", inline(&scenario.marks));
    }
    out + ")\n"
}

fn workload(load: &Load) -> String {
    let plain = Load {
        written: None,
        ..load.clone()
    };
    let mut parts = Vec::new();
    if load.keys != Load::default().keys {
        parts.push(format!("keys: {}", load.keys));
    }
    if load.money != Load::default().money {
        parts.push(format!("money: {}", inline(&load.money)));
    }
    if load.poison_every > 0 {
        parts.push(format!("poison_every: {}", load.poison_every));
    }
    match &load.written {
        Some(written) => {
            let records: Vec<String> = written.iter().map(inline).collect();
            parts.push(format!("written: {}", list(&records, 1)));
            format!("({})", parts.join(", "))
        }
        None => inline(&plain),
    }
}

fn fault(fault: &Fault) -> String {
    match fault {
        Fault::Script(script) => {
            let deviations: Vec<String> = script.iter().map(inline).collect();
            format!("Script({})", list(&deviations, 2))
        }
        other => inline(other),
    }
}

fn witness(witness: &Witness) -> String {
    let Witness {
        version,
        strategy,
        seed,
        violation,
        side,
        cause,
        digest,
    } = witness;
    let indent = "        ";
    let line = |name: &str, word: &str| format!("{name}: {word:?},\n{indent}");
    let side = side.map_or_else(String::new, |side| line("side", side.name()));
    let cause = cause.map_or_else(String::new, |cause| line("cause", cause.code()));
    format!(
        "(\n{indent}version: {version:?},\n{indent}strategy: {strategy:?},\n{indent}seed: {seed},\n\
         {indent}violation: {},\n{indent}{side}{cause}digest: {digest:?},\n    )",
        inline(violation)
    )
}

/// A list with an item per line.
fn list(items: &[String], depth: usize) -> String {
    if items.is_empty() {
        return "[]".into();
    }
    let indent = "    ".repeat(depth);
    let inner = format!("\n{indent}    ");
    format!("[{inner}{},\n{indent}]", items.join(&format!(",{inner}")))
}

/// A value in one line with blanks.
pub(crate) fn inline<T: Serialize>(value: &T) -> String {
    let config = ron::ser::PrettyConfig::default()
        .struct_names(false)
        .compact_structs(true)
        .compact_arrays(true)
        .compact_maps(true);
    let text = options().to_string_pretty(value, config);
    text.expect("every value of a scenario can be written")
        .replace("r#None", "None")
}
