//! What must be true of a scenario beyond its shape: every objection names a path, what is wrong there, and the fix.

mod basics;
mod faults;
mod links;
mod scripts;
mod size;
mod strategies;
mod swarm;
mod triggers;

pub(crate) use strategies::fit;

use semel_models::node;
use semel_models::strategy::Strategy;

use crate::catalog;
use crate::file::complaint::Kind;
use crate::file::nearest::nearest;
use crate::file::path::Path;
use crate::file::scenario::Scenario;

/// Something wrong with a scenario: where, what, and the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Objection {
    pub(crate) kind: Kind,
    pub(crate) path: Path,
    pub(crate) text: String,
    pub(crate) help: Option<String>,
    /// Whether the key at the path is wrong, not its value.
    pub(crate) at_key: bool,
}

impl Objection {
    fn new(kind: Kind, path: Path, text: impl Into<String>) -> Self {
        Self {
            kind,
            path,
            text: text.into(),
            help: None,
            at_key: false,
        }
    }

    fn value(path: Path, text: impl Into<String>) -> Self {
        Self::new(Kind::Value, path, text)
    }

    fn combination(path: Path, text: impl Into<String>) -> Self {
        Self::new(Kind::Combination, path, text)
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Suggests the nearest of these names, or lists them.
    fn suggest<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Self {
        match nearest(word, known.clone()) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self.help(format!(
                "known: {}",
                known.into_iter().collect::<Vec<_>>().join(", ")
            )),
        }
    }

    fn at_key(mut self) -> Self {
        self.at_key = true;
        self
    }
}

/// The first objection to a scenario, in the order of the file, or none.
pub(crate) fn check(scenario: &Scenario) -> Result<(), Objection> {
    changed(scenario)?;
    strategies::all_fit(scenario)
}

/// The same of one that settings have changed: which of its strategies still fit is asked of those that are run.
pub(crate) fn changed(scenario: &Scenario) -> Result<(), Objection> {
    basics::check(scenario)?;
    size::check(scenario)?;
    faults::check(scenario)?;
    strategies::check(scenario)?;
    swarm::check(scenario)
}

/// Whether what a seed has drawn hangs together.
pub(crate) fn mix(scenario: &Scenario, strategy: &Strategy) -> bool {
    basics::check(scenario).is_ok()
        && size::check(scenario).is_ok()
        && faults::check(scenario).is_ok()
        && strategy
            .check(scenario.topology, scenario.transport)
            .is_empty()
}

/// The strategy of this name, from the scenario or compiled in.
pub(crate) fn strategy(scenario: &Scenario, name: &str) -> Result<Strategy, Objection> {
    if let Some(own) = scenario.define.get(name) {
        return Ok(own.clone());
    }
    catalog::strategy(name).cloned().ok_or_else(|| {
        let mut known: Vec<&str> = catalog::strategy_names().to_vec();
        known.extend(scenario.define.keys().map(String::as_str));
        let path = Path::root().field("expect").field(name);
        Objection::new(
            Kind::Unknown,
            path,
            format!("there is no strategy `{name}`"),
        )
        .suggest(name, known.iter().copied())
        .at_key()
    })
}

/// The names of the scenario's nodes.
pub(crate) fn nodes(scenario: &Scenario) -> Vec<String> {
    node::names(scenario.topology)
}
