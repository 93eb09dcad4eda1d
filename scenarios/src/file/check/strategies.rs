//! Strategies: those a file defines, those it expects something of, and whether they fit the scenario.

use semel_models::strategy::{Invariant, Level, Strategy};

use super::{Objection, basics, strategy};
use crate::catalog;
use crate::file::expect::Expected;
use crate::file::path::Path;
use crate::file::scenario::Scenario;

/// Everything about them but whether they fit.
pub(super) fn check(scenario: &Scenario) -> Result<(), Objection> {
    let root = Path::root();
    for name in scenario.define.keys() {
        let path = root.clone().field("define").field(name);
        basics::name(name, path.clone(), "strategy").map_err(Objection::at_key)?;
        if catalog::strategy(name).is_some() {
            let text = format!("`{name}` is a strategy that is built in");
            return Err(Objection::value(path, text)
                .help("give yours another name")
                .at_key());
        }
        for (index, clause) in scenario.define[name].promise.iter().enumerate() {
            let place = path.clone().field("promise").index(index).field("level");
            judged(clause.keeps, clause.level, place)?;
        }
    }
    for (name, expectation) in &scenario.expect {
        strategy(scenario, name)?;
        let path = root.clone().field("expect").field(name);
        if let Expected::Breaks(breaches) | Expected::Always(breaches) = &expectation.verdict
            && breaches.is_empty()
        {
            let help = "write for example Breaks([\"no_duplicate at effect\"])";
            return Err(
                Objection::value(path.field("verdict"), "it says nothing of what breaks")
                    .help(help),
            );
        }
        if let Expected::NotApplicable(why) = &expectation.verdict
            && why.trim().is_empty()
        {
            return Err(Objection::value(
                path.field("verdict"),
                "it does not say why the scenario cannot touch it",
            ));
        }
        for breach in expectation.verdict.breaches() {
            judged(
                breach.invariant,
                breach.level,
                path.clone().field("verdict"),
            )?;
        }
    }
    if let Some(witness) = &scenario.witness {
        strategy(scenario, &witness.strategy).map_err(|objection| Objection {
            path: root.field("witness").field("strategy"),
            at_key: false,
            ..objection
        })?;
    }
    Ok(())
}

/// Whether all that the scenario defines, or expects something of, make sense in it.
pub(super) fn all_fit(scenario: &Scenario) -> Result<(), Objection> {
    let names = scenario.define.keys().chain(scenario.expect.keys());
    for name in names.filter(|name| !is_untouched(scenario, name)) {
        fit(scenario, name, &strategy(scenario, name)?)?;
    }
    Ok(())
}

/// Refuses an invariant at a level where no oracle looks: it could neither break nor be kept.
fn judged(invariant: Invariant, level: Level, path: Path) -> Result<(), Objection> {
    let levels = invariant.levels();
    if levels.contains(&level) {
        return Ok(());
    }
    let known: Vec<&str> = levels.iter().map(|level| level.name()).collect();
    let text = format!("nobody judges {} at {}", invariant.name(), level.name());
    let help = format!("it is judged at {}", known.join(" and "));
    Err(Objection::combination(path, text).help(help))
}

/// Whether the scenario says that it cannot touch this strategy: then it is never run there.
fn is_untouched(scenario: &Scenario, name: &str) -> bool {
    matches!(
        scenario.expectation(name).verdict,
        Expected::NotApplicable(_)
    )
}

/// Whether a strategy makes sense in a scenario.
pub(crate) fn fit(scenario: &Scenario, name: &str, strategy: &Strategy) -> Result<(), Objection> {
    let Some(objection) = strategy
        .check(scenario.topology, scenario.transport)
        .into_iter()
        .next()
    else {
        return Ok(());
    };
    let own = scenario.define.contains_key(name);
    let text = sentence(objection.path, &objection.text);
    let path = Path::root()
        .field(if own { "define" } else { "expect" })
        .field(name);
    if !own {
        return Err(Objection::combination(path, format!("strategy `{name}`: {text}")).at_key());
    }
    let below = objection.path.split('.').fold(path, Path::field);
    Err(Objection::combination(below, text))
}

/// What is said of a field as a sentence. Some of it goes on from the field's name, some speaks of its value or of more.
fn sentence(subject: &str, text: &str) -> String {
    const VERBS: [&str; 15] = [
        "is", "are", "must", "makes", "says", "stands", "goes", "gives", "leaves", "needs",
        "keeps", "acts", "or", "ends", "means",
    ];
    let first = text.split(' ').next().unwrap_or_default();
    let link = if VERBS.contains(&first) { " " } else { ": " };
    format!("`{subject}`{link}{text}")
}
