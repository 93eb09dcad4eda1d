//! Triggers: whether what a fault waits for can ever come.
//!
//! A record beyond the last one is not refused: `--set workload.records=3` shall not make a scenario invalid, and a run
//! says itself that a fault never struck.

use semel_models::message::MessagePattern;
use serde::Serialize;
use serde_json::Value;

use super::Objection;
use crate::file::path::Path;
use crate::file::scenario::{Fault, Scenario};

pub(super) fn check(scenario: &Scenario, fault: &Fault, path: &Path) -> Result<(), Objection> {
    for (trigger, pattern) in patterns(fault) {
        if let Some(text) = never(trigger, &pattern) {
            return Err(Objection::combination(path.clone().field(trigger), text));
        }
        if let Some(objection) = unsaid(fault, path) {
            return Err(objection);
        }
        for (field, wanted) in fields(&pattern) {
            if let Some(text) = objection(scenario, &field, wanted) {
                let path = path.clone().field(trigger).field(&field);
                return Err(Objection::combination(path, text));
            }
        }
    }
    Ok(())
}

/// Why an observation comes in no step that a fault could follow.
fn never(trigger: &str, pattern: &Value) -> Option<&'static str> {
    let kind = pattern.as_object()?.keys().next()?.as_str();
    match (trigger, kind) {
        ("after", "Attempt") => Some(
            "an attempt is only seen when its packet leaves, after the step; use `Intent`, or `packet: Produce(..)`",
        ),
        ("after", "Found" | "Balance" | "Hanging" | "Unsettled") => {
            Some("it is only seen after the end, when nothing can go wrong any more")
        }
        _ => None,
    }
}

/// A pattern that asks for something which messages of its kind do not say: none would ever match.
fn unsaid(fault: &Fault, path: &Path) -> Option<Objection> {
    let pattern = packets(fault)?;
    let facts = pattern.kind().facts();
    let data = serde_json::to_value(pattern).ok()?;
    let (kind, asked) = data.as_object()?.iter().next()?;
    let field = asked
        .as_object()?
        .keys()
        .find(|field| !facts.contains(&field.as_str()))?;
    let known = facts
        .iter()
        .map(|fact| format!("`{fact}`"))
        .collect::<Vec<_>>();
    let text = format!("`{kind}` has no {field}, so none would ever match");
    let help = match known.as_slice() {
        [] => format!("there is nothing more to say of it: write `{kind}()`"),
        known => format!("it can be asked for: {}", known.join(", ")),
    };
    let path = path.clone().field("packet").field(field);
    Some(Objection::combination(path, text).help(help))
}

/// The messages that a fault waits for, if any.
fn packets(fault: &Fault) -> Option<&MessagePattern> {
    let hit = fault.as_packet().and_then(|hit| hit.packet);
    hit.or_else(|| fault.as_outage().and_then(|(_, struck)| struck.packet))
}

/// The patterns of a fault, as data: they are many enums with the same few fields.
fn patterns(fault: &Fault) -> Vec<(&'static str, Value)> {
    fn read(
        field: &'static str,
        pattern: Option<&impl Serialize>,
    ) -> Option<(&'static str, Value)> {
        Some((field, serde_json::to_value(pattern?).ok()?))
    }
    [read("packet", packets(fault)), read("after", fault.after())]
        .into_iter()
        .flatten()
        .collect()
}

/// The numbers that a pattern asks for.
fn fields(pattern: &Value) -> Vec<(String, u64)> {
    let of_kind = pattern.as_object().and_then(|kind| kind.values().next());
    let numbers = of_kind.and_then(Value::as_object).into_iter().flatten();
    numbers
        .filter_map(|(field, value)| Some((field.clone(), value.as_u64()?)))
        .collect()
}

/// Why nothing will ever match this number.
fn objection(scenario: &Scenario, field: &str, wanted: u64) -> Option<String> {
    let topology = scenario.topology;
    let beyond = |count: u64, what: &str| {
        let text = format!(
            "there is no {what} {wanted}: they are numbered from 0 to {}",
            count - 1
        );
        (wanted >= count).then_some(text)
    };
    match field {
        // The output partitions follow the input ones, and the dead letters these.
        "partition" => beyond(2 * u64::from(topology.partitions) + 1, "partition"),
        "consumer" | "actor" => beyond(topology.consumers.into(), "consumer"),
        "producer" => beyond(topology.producers.into(), "producer"),
        "attempt" | "transaction" if wanted == 0 => {
            Some(format!("there is no {field} 0: they are counted from 1"))
        }
        _ => None,
    }
}
