//! Faults: whether each can act, whether each ends, and whether their names are known.

use std::collections::BTreeSet;
use std::slice;

use semel_models::model::Model;
use semel_sim::adversary::seeded::Seeded;
use semel_sim::faults::{When, Wrong, compile, names_of};
use semel_sim::net::Transport;
use semel_sim::schedule::{Deviation, Script, Unknown};
use semel_sim::time::Span;

use super::{Objection, basics, links, nodes, scripts, triggers};
use crate::file::complaint::Kind;
use crate::file::path::Path;
use crate::file::scenario::{Fault, Scenario};

/// The most faults of a plan.
const FAULTS_MAX: usize = 1000;
/// The most times that a recurring fault may come round.
const OCCURRENCES_MAX: u64 = 1_000_000;

pub(super) fn check(scenario: &Scenario) -> Result<(), Objection> {
    let list = Path::root().field("faults");
    if scenario.faults.len() > FAULTS_MAX {
        let text = format!(
            "these are {} faults; at most {FAULTS_MAX} fit",
            scenario.faults.len()
        );
        return Err(Objection::value(list, text));
    }
    let mut names = BTreeSet::new();
    for (index, name) in names_of(&scenario.faults).into_iter().enumerate() {
        let path = list.clone().index(index);
        if !names.insert(name.clone()) {
            let text =
                format!("another fault is called `{name}` too; their dice would be the same");
            return Err(Objection::value(path, text).help("give it a `name` of its own"));
        }
        one(scenario, &scenario.faults[index], &path)?;
        triggers::check(scenario, &scenario.faults[index], &path)?;
    }
    let nodes = nodes(scenario);
    for (index, fault) in scenario.faults.iter().enumerate() {
        if let Some(text) = links::mute(fault, &nodes) {
            return Err(Objection::combination(list.index(index), text));
        }
    }
    let rules = compile(&scenario.faults, &nodes).map_err(|(index, wrong)| {
        let about = list.clone().index(index).field(wrong.field());
        said(&wrong, about, &nodes)
    })?;
    match Seeded::<Model>::new(rules, &nodes, 0) {
        Ok(_) => slow(scenario),
        Err(unknown) => {
            let place = misnaming(scenario, &nodes).unwrap_or(list);
            Err(match unknown {
                // A schedule names single nodes, never roles.
                Unknown::Node(word) => {
                    no_node(place, &word).suggest(&word, nodes.iter().map(String::as_str))
                }
                Unknown::Label(_) | Unknown::Ambiguous(_) => {
                    Objection::new(Kind::Unknown, place, unknown.to_string())
                }
            })
        }
    }
}

/// A node whose steps take no time is not slowed by anything. (A swarm may draw how long they take.)
fn slow(scenario: &Scenario) -> Result<(), Objection> {
    let slows = |fault: &Fault| matches!(fault, Fault::Slow(_));
    match scenario.faults.iter().position(slows) {
        Some(index) if scenario.network.service.is_zero() && scenario.swarm.is_none() => {
            let path = Path::root().field("faults").index(index);
            let text = "a step takes no time here, and many times nothing is nothing";
            Err(Objection::combination(path, text).help("give `network.service`"))
        }
        _ => Ok(()),
    }
}

/// The first line of a script that names what is not there.
fn misnaming(scenario: &Scenario, nodes: &[String]) -> Option<Path> {
    let wrong =
        |deviation: &Deviation| Script::<Model>::new(slice::from_ref(deviation), nodes).is_err();
    scenario
        .faults
        .iter()
        .enumerate()
        .find_map(|(index, fault)| {
            let Fault::Script(deviations) = fault else {
                return None;
            };
            let line = deviations.iter().position(wrong)?;
            Some(Path::root().field("faults").index(index).index(line))
        })
}

fn no_node(path: Path, word: &str) -> Objection {
    Objection::new(Kind::Unknown, path, format!("no node is called `{word}`"))
}

/// What the kernel says of a fault's field.
fn said(wrong: &Wrong, path: Path, nodes: &[String]) -> Objection {
    match wrong {
        Wrong::NoNode { name, .. } => {
            let parts = nodes.iter().filter_map(|name| name.rsplit_once('-'));
            let roles = parts.map(|(role, _)| role);
            let mut known: Vec<&str> = nodes.iter().map(String::as_str).chain(roles).collect();
            known.dedup();
            no_node(path, name).suggest(name, known.iter().copied())
        }
        Wrong::Field { field, text } => {
            // What the kernel says of a field goes on from its name.
            Objection::value(path, format!("`{field}` {text}"))
        }
    }
}

fn one(scenario: &Scenario, fault: &Fault, path: &Path) -> Result<(), Objection> {
    if let Fault::Script(deviations) = fault {
        return scripts::check(deviations, path);
    }
    if matches!(fault, Fault::Duplicate(_)) && scenario.transport == Transport::Connection {
        let text = "a connection sorts copies out: no packet arrives twice there (semantics §6.4)";
        let help = "use `transport: Datagram`, or `Delay` to make retries cross";
        return Err(Objection::combination(path.clone(), text).help(help));
    }
    let when = fault.when();
    for (field, length) in spans(fault) {
        basics::span(length, || path.clone().field(field))?;
    }
    if let (Some(at), Some(heal_at)) = (when.at, scenario.heal_at)
        && at >= heal_at
    {
        let text = format!("it begins at {at}, but everything heals at {heal_at}");
        return Err(Objection::combination(path.clone().field("at"), text));
    }
    let end = when.until.or(scenario.heal_at);
    let (Some(end), every) = (end, when.every) else {
        if recurs(fault) {
            let text = format!(
                "`{}` goes on for ever, so no run would settle",
                fault.kind()
            );
            let help = "give it an `until`, or the scenario a `heal_at`";
            return Err(Objection::combination(path.clone(), text).help(help));
        }
        return Ok(());
    };
    let times = every.map_or(0, |every| {
        (end - when.at.unwrap_or_default()).0 / every.0.max(1)
    });
    if times > OCCURRENCES_MAX {
        let text =
            format!("it would come round {times} times; at most {OCCURRENCES_MAX} are allowed");
        return Err(Objection::value(path.clone().field("every"), text).help("use a longer period"));
    }
    Ok(())
}

/// The lengths of time in a fault, and what their fields are called.
fn spans(fault: &Fault) -> impl Iterator<Item = (&'static str, Span)> {
    let when = fault.when();
    let times = [
        ("at", when.at),
        ("every", when.every),
        ("until", when.until),
    ];
    let times = times.into_iter();
    let times = times.filter_map(|(field, length)| Some((field, length?)));
    times.chain(fault.length())
}

/// Whether it strikes nodes or cuts links again and again until something stops it.
fn recurs(fault: &Fault) -> bool {
    let by_rate = fault.as_outage().is_some_and(|(_, struck)| {
        let When { rate, at, .. } = struck.when;
        rate.is_some_and(|rate| !rate.is_zero()) && at.is_none() && struck.times.is_none()
    });
    fault.when().every.is_some() || by_rate
}
