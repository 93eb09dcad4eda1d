//! What a command is about: scenarios, and the strategies to be run under them.

use std::collections::BTreeMap;
use std::sync::Arc;

use semel_reports::again::command;
use semel_scenarios::catalog;
use semel_scenarios::file::load::load_with;
use semel_scenarios::file::scenario::Scenario;
use semel_scenarios::file::setting::Setting;
use semel_scenarios::outcome::row::Row;
use semel_scenarios::trial::plan::{Plan, Unnamed};

use super::failure::Failure;
use super::output::Manner;
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
    /// The strategies of the catalog that nobody named and that do not fit.
    left_out: Vec<String>,
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
    let unnamed = match strategies {
        None => Plan::of_all(&scenario, settings)?,
        Some(asked) => {
            let names = names(&scenario, asked);
            let plan = |name: &String| Plan::new(&scenario, name, settings).map(Arc::new);
            Unnamed {
                plans: names.iter().map(plan).collect::<Result<_, _>>()?,
                left_out: Vec::new(),
            }
        }
    };
    if unnamed.plans.is_empty() {
        let text = format!("no strategy is selected for {given}; name some with --strategy");
        return Err(Failure::Nothing(text));
    }
    Ok(Selection {
        given: given.into(),
        settings: settings.to_vec(),
        scenario,
        plans: unnamed.plans,
        left_out: unnamed.left_out,
    })
}

/// The strategies that were named, each once.
fn names(scenario: &Scenario, asked: &[String]) -> Vec<String> {
    let known = catalog::strategy_names().iter().map(ToString::to_string);
    let all: Vec<String> = known.chain(scenario.define.keys().cloned()).collect();
    let named = asked.iter().flat_map(|name| match name.trim() {
        "all" => all.clone(),
        "" => Vec::new(),
        name => vec![name.to_owned()],
    });
    let mut names: Vec<String> = named.collect();
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
        command(&self.given, &plan.name, seed, &self.settings)
    }

    /// Tells a person who waits which strategies nobody named and nobody runs.
    pub(crate) fn tell_left_out(&self, manner: Manner) {
        if !self.left_out.is_empty() {
            let (given, names) = (manner.glyphs.clean(&self.given), self.left_out.join(", "));
            manner.aside(&format!(
                "not for {given}: {names} (--strategy NAME tells why)\n"
            ));
        }
    }

    /// What `--set` changed: path and value.
    pub(crate) fn set(&self) -> BTreeMap<String, String> {
        let pairs = self.settings.iter();
        pairs
            .map(|setting| (setting.path.clone(), setting.value.clone()))
            .collect()
    }
}
