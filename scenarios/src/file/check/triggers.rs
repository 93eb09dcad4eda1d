//! Triggers: whether what a fault waits for can ever come.
//!
//! A record beyond the last one is not refused: `--set workload.records=3` shall not make a scenario invalid, and a run
//! says itself that a fault never struck.

use semel_models::asked::Asked;
use semel_models::message::MessagePattern;
use semel_models::observation::ObservationPattern;

use super::Objection;
use crate::file::path::Path;
use crate::file::scenario::{Fault, Scenario};

pub(super) fn check(scenario: &Scenario, fault: &Fault, path: &Path) -> Result<(), Objection> {
    if let Some(pattern) = packets(fault) {
        let path = path.clone().field("packet");
        unsaid(pattern, &path)?;
        possible(scenario, pattern.asked(), &path)?;
    }
    if let Some(pattern) = fault.after() {
        let path = path.clone().field("after");
        if let Some(text) = never(pattern) {
            return Err(Objection::combination(path, text));
        }
        possible(scenario, pattern.asked(), &path)?;
    }
    Ok(())
}

/// Why an observation comes in no step that a fault could follow.
const fn never(pattern: &ObservationPattern) -> Option<&'static str> {
    match pattern {
        ObservationPattern::Attempt { .. } => Some(
            "an attempt is only seen when its packet leaves, after the step; use `Intent`, or `packet: Produce(..)`",
        ),
        ObservationPattern::Found { .. }
        | ObservationPattern::Balance { .. }
        | ObservationPattern::Hanging { .. }
        | ObservationPattern::Unsettled { .. } => {
            Some("it is only seen after the end, when nothing can go wrong any more")
        }
        _ => None,
    }
}

/// Objects to a pattern that asks for something which messages of its kind do not say: none would ever match.
fn unsaid(pattern: &MessagePattern, path: &Path) -> Result<(), Objection> {
    let kind = pattern.kind();
    let facts = kind.facts();
    let Some((field, _)) = pattern.asked().find(|(field, _)| !facts.contains(field)) else {
        return Ok(());
    };
    let kind = kind.name();
    let text = format!("`{kind}` has no {field}, so none would ever match");
    let known: Vec<String> = facts.iter().map(|fact| format!("`{fact}`")).collect();
    let help = if known.is_empty() {
        format!("there is nothing more to say of it: write `{kind}()`")
    } else {
        format!("it can be asked for: {}", known.join(", "))
    };
    Err(Objection::combination(path.clone().field(field), text).help(help))
}

/// The messages that a fault waits for, if any.
fn packets(fault: &Fault) -> Option<&MessagePattern> {
    let hit = fault.as_packet().and_then(|hit| hit.packet);
    hit.or_else(|| fault.as_outage().and_then(|(_, struck)| struck.packet))
}

/// Objects to numbers of what is not there.
fn possible(
    scenario: &Scenario,
    asked: impl Iterator<Item = (&'static str, Asked)>,
    path: &Path,
) -> Result<(), Objection> {
    for (field, asked) in asked {
        if let Asked::Number(wanted) = asked
            && let Some(text) = objection(scenario, field, wanted)
        {
            return Err(Objection::combination(path.clone().field(field), text));
        }
    }
    Ok(())
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
