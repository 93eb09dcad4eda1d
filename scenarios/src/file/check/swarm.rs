//! Ranges: whether each leads to a value that can be drawn, and whether the scenario makes sense at both ends.

use semel_models::strategy::Strategy;

use super::{Objection, basics, faults, fit, size, strategies};
use crate::catalog;
use crate::file::expect::Expected;
use crate::file::path::Path;
use crate::file::scenario::Scenario;
use crate::file::swarm::{Misfit, Range, Swarm, ends, misfit};

/// The most ranges of a scenario.
const RANGES_MAX: usize = 1000;

pub(super) fn check(scenario: &Scenario) -> Result<(), Objection> {
    let Some(swarm) = &scenario.swarm else {
        return Ok(());
    };
    let path = Path::root().field("swarm");
    if scenario.witness.is_some() {
        let text = "a witness repeats one run, so nothing is left to draw";
        return Err(Objection::combination(path, text).help("write the values out"));
    }
    let list = path.field("ranges");
    if swarm.ranges.len() > RANGES_MAX {
        let text = format!(
            "these are {} ranges; at most {RANGES_MAX} fit",
            swarm.ranges.len()
        );
        return Err(Objection::value(list, text));
    }
    let written = Scenario {
        swarm: None,
        ..scenario.clone()
    };
    let strategies = strategies_of(scenario);
    for (text, range) in &swarm.ranges {
        one(
            swarm,
            text,
            range,
            (&written, &strategies),
            &list.clone().field(text),
        )?;
    }
    Ok(())
}

/// The strategies that a scenario is about, by name: those of which it expects something, or else all.
fn strategies_of(scenario: &Scenario) -> Vec<(&str, &Strategy)> {
    let touched = scenario
        .expect
        .iter()
        .filter(|(_, expectation)| !matches!(expectation.verdict, Expected::NotApplicable(_)));
    let mut names: Vec<&str> = touched.map(|(name, _)| name.as_str()).collect();
    if names.is_empty() {
        names.extend(catalog::strategy_names());
        names.extend(scenario.define.keys().map(String::as_str));
    }
    let find = |name: &str| {
        scenario
            .define
            .get(name)
            .or_else(|| catalog::strategy(name))
    };
    names
        .into_iter()
        .filter_map(|name| Some((name, find(name)?)))
        .collect()
}

fn one(
    swarm: &Swarm,
    text: &str,
    range: &Range,
    (scenario, strategies): (&Scenario, &[(&str, &Strategy)]),
    path: &Path,
) -> Result<(), Objection> {
    let twice = |other: &&String| *other != text && same(other, text, scenario);
    if let Some(other) = swarm.ranges.keys().find(twice) {
        let text = format!("`{other}` is the same value");
        return Err(Objection::value(path.clone(), text).at_key());
    }
    let mut nowhere = None;
    let mut found = false;
    for (name, strategy) in strategies {
        match misfit(text, range, scenario, strategy) {
            Some(wrong) if wrong.of_path => nowhere = Some(wrong),
            Some(wrong) => return Err(objection(wrong, path)),
            None => {
                found = true;
                at_ends(text, range, (scenario, name, strategy), path)?;
            }
        }
        if !text.starts_with("strategy.") {
            break;
        }
    }
    match nowhere {
        Some(wrong) if !found => Err(objection(wrong, path)),
        _ => Ok(()),
    }
}

fn same(one: &str, other: &str, scenario: &Scenario) -> bool {
    let names = crate::file::load::faults(scenario);
    let canonical = |text: &str| {
        let path = text.parse::<Path>().ok()?;
        Some(crate::file::swarm::canonical(&path, &names))
    };
    canonical(one).is_some_and(|path| Some(path) == canonical(other))
}

fn objection(wrong: Misfit, path: &Path) -> Objection {
    let objection = Objection::value(path.clone(), wrong.text);
    let objection = match wrong.help {
        Some(help) => objection.help(help),
        None => objection,
    };
    if wrong.of_path {
        objection.at_key()
    } else {
        objection
    }
}

/// What is wrong with the scenario at the ends of a range is wrong with the range.
fn at_ends(
    text: &str,
    range: &Range,
    (scenario, name, strategy): (&Scenario, &str, &Strategy),
    path: &Path,
) -> Result<(), Objection> {
    for (scenario, strategy) in ends(text, range, scenario, strategy).into_iter().flatten() {
        let checked = basics::check(&scenario)
            .and_then(|()| size::check(&scenario))
            .and_then(|()| faults::check(&scenario))
            .and_then(|()| strategies::check(&scenario))
            .and_then(|()| fit(&scenario, name, &strategy));
        if let Err(wrong) = checked {
            let text = format!("at an end of `{range}`, {}", wrong.text);
            return Err(Objection {
                path: path.clone(),
                text,
                at_key: false,
                ..wrong
            });
        }
    }
    Ok(())
}
