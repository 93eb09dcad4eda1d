//! What a command is about: scenarios, and the strategies to be run under them.

use std::collections::BTreeMap;
use std::sync::Arc;

use semel_scenarios::catalog;
use semel_scenarios::file::load::load_with;
use semel_scenarios::file::scenario::Scenario;
use semel_scenarios::file::setting::Setting;
use semel_scenarios::outcome::row::Row;
use semel_scenarios::trial::plan::Plan;

use super::failure::Failure;
use super::source;

/// One scenario and its plans, a plan for each strategy.
pub(crate) struct Selection {
    /// What was typed for the scenario.
    given: String,
    /// The settings, as they were typed.
    settings: Vec<Setting>,
    /// The scenario, resolved.
    pub(crate) scenario: Arc<Scenario>,
    /// A plan for each strategy.
    pub(crate) plans: Vec<Arc<Plan>>,
}

/// Resolves everything that was typed, each scenario once, before any run. All mistakes of one kind are reported
/// together.
pub(crate) fn select(
    scenarios: &[String],
    strategies: Option<&[String]>,
    set: &[String],
) -> Result<Vec<Selection>, Failure> {
    let settings = settings(set)?;
    let mut selections = Vec::new();
    let mut complaints = Vec::new();
    let mut seen = Vec::new();
    for given in scenarios {
        if seen.contains(&given) {
            continue;
        }
        seen.push(given);
        match selection(given, strategies, &settings) {
            Ok(selection) => selections.push(selection),
            Err(Failure::Complaints(found)) => complaints.extend(found),
            Err(failure) => return Err(failure),
        }
    }
    if complaints.is_empty() {
        Ok(selections)
    } else {
        Err(Failure::Complaints(complaints))
    }
}

/// What `--set` was given, each time.
pub(super) fn settings(set: &[String]) -> Result<Vec<Setting>, Failure> {
    let parsed = set.iter().map(|text| Setting::parse(text));
    Ok(parsed.collect::<Result<_, _>>()?)
}

fn selection(
    given: &str,
    strategies: Option<&[String]>,
    settings: &[Setting],
) -> Result<Selection, Failure> {
    let scenario = Arc::new(load_with(&source::find(given)?, settings)?);
    let names = names(&scenario, strategies);
    if names.is_empty() {
        let text = format!("no strategy is selected for {given}; name some with --strategy");
        return Err(Failure::Nothing(text));
    }
    let plans = names
        .iter()
        .map(|name| match Plan::new(&scenario, name, settings) {
            Ok(plan) => Ok(Arc::new(plan)),
            Err(complaint) => Err(Failure::from(complaint)),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Selection {
        given: given.into(),
        settings: settings.to_vec(),
        scenario,
        plans,
    })
}

/// The strategies that are meant, each once: those named; or all; or those of which the scenario expects something.
fn names(scenario: &Scenario, asked: Option<&[String]>) -> Vec<String> {
    let known = catalog::strategy_names().iter().map(ToString::to_string);
    let own = scenario.define.keys().cloned();
    let all: Vec<String> = known.chain(own).collect();
    let mut names: Vec<String> = match asked {
        None => {
            let expected = |name: &String| scenario.expect.contains_key(name);
            let some: Vec<String> = all.iter().filter(|name| expected(name)).cloned().collect();
            if some.is_empty() { all } else { some }
        }
        Some(asked) => asked
            .iter()
            .flat_map(|name| match name.trim() {
                "all" => all.clone(),
                "" => Vec::new(),
                name => vec![name.to_owned()],
            })
            .collect(),
    };
    let mut seen = Vec::new();
    names.retain(|name| {
        let new = !seen.contains(name);
        seen.push(name.clone());
        new
    });
    names
}

impl Selection {
    /// What repeats the run of a plan: a token; the whole command where `--set` or a path was used.
    pub(crate) fn again(&self, plan: &Plan, seed: u64, row: Option<&Row>) -> String {
        if self.settings.is_empty() && !source::is_path(&self.given) {
            let token = plan.token(seed);
            return match row {
                Some(row) => token.with_digest(&row.digest).to_string(),
                None => token.to_string(),
            };
        }
        let mut command = format!(
            "semel run {} --strategy {} --seed {seed}",
            quoted(&self.given),
            quoted(&plan.name)
        );
        for setting in &self.settings {
            command.push_str(" --set ");
            command.push_str(&quoted(&format!("{}={}", setting.path, setting.value)));
        }
        command
    }

    /// What `--set` changed: path and value.
    pub(crate) fn set(&self) -> BTreeMap<String, String> {
        let pairs = self.settings.iter();
        pairs
            .map(|setting| (setting.path.clone(), setting.value.clone()))
            .collect()
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=:,+@%".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("workload.records=5"), "workload.records=5");
        assert_eq!(quoted("faults[drop].rate=1/5"), "'faults[drop].rate=1/5'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
