//! The run that is to be shrunk or explained: by a token, a witness, or a scenario with strategy and seed.

use std::sync::Arc;

use semel_reports::search as ink;
use semel_scenarios::catalog;
use semel_scenarios::file::load::load_with;
use semel_scenarios::file::scenario::Scenario;
use semel_scenarios::shrink::{Shrunk, shrink_to};
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;
use semel_scenarios::trial::token::Token;
use semel_scenarios::witness::replay;
use semel_scenarios::witness::sought::Sought;

use super::args::{SEED, Target};
use super::failure::Failure;
use super::output::Manner;
use super::replay::is_recorded;
use super::select::settings;
use super::source;

/// A run that was named.
struct Named {
    plan: Arc<Plan>,
    seed: u64,
}

/// What is said of a run besides what it is.
#[derive(Clone, Copy)]
enum Flag {
    Strategy,
    Seed,
    Set,
}

/// Refuses what a token or a witness says already.
fn refuse(target: &Target, given: &str, said: &[Flag]) -> Result<(), Failure> {
    let typed = |flag: &&Flag| match flag {
        Flag::Strategy => target.strategy.is_some(),
        Flag::Seed => target.seed.is_some(),
        Flag::Set => !target.set.is_empty(),
    };
    let Some(flag) = said.iter().find(typed) else {
        return Ok(());
    };
    let (flag, what) = match flag {
        Flag::Strategy => ("--strategy", "its strategy"),
        Flag::Seed => ("--seed", "its seed"),
        Flag::Set => ("--set", "all its values"),
    };
    Err(Failure::Usage(format!(
        "a {given} says {what} itself: leave out {flag}, or give a scenario instead of the {given}"
    )))
}

/// Shrinks the run that is meant, in at most so many runs.
pub(super) fn shrunk(target: &Target, runs: u64) -> Result<Shrunk, Failure> {
    let named = named(target)?;
    let held = named.plan.scenario.witness.as_ref().map(Sought::of);
    let sought = target.violation.as_ref();
    shrink_to(&named.plan, named.seed, sought, runs).ok_or_else(|| match (sought, held) {
        (Some(sought), _) => Failure::Nothing(format!("no {sought} appears in this run")),
        (None, Some(held)) => Failure::Nothing(format!("it no longer shows {held}")),
        (None, None) => nothing(),
    })
}

/// Why a run without a failure comes to nothing.
pub(super) fn nothing() -> Failure {
    Failure::Nothing("nothing goes wrong in this run".into())
}

/// A witness is shrunk further, or told as it stands, only if it still repeats what it holds. None: it is none, or it
/// is to be changed first.
pub(super) fn still_a_witness(
    target: &Target,
    manner: Manner,
) -> Result<Option<Arc<Scenario>>, Failure> {
    if source::is_token(&target.given) || !target.set.is_empty() {
        return Ok(None);
    }
    let scenario = Arc::new(load_with(&source::find(&target.given)?, &[])?);
    let Some(replayed) = replay::witness(&scenario)? else {
        return Ok(None);
    };
    refuse(target, "witness", &[Flag::Strategy, Flag::Seed])?;
    if replayed.difference.is_some() {
        let text = ink::replayed(&replayed, manner.glyphs);
        return Err(Failure::Irreproducible(text.trim_end().into()));
    }
    Ok(Some(scenario))
}

/// Finds the run that is meant: by a token, a witness, or a scenario with strategy and seed.
fn named(target: &Target) -> Result<Named, Failure> {
    if source::is_token(&target.given) {
        refuse(target, "token", &[Flag::Strategy, Flag::Seed, Flag::Set])?;
        return by_token(&target.given);
    }
    let settings = settings(&target.set)?;
    let scenario = Arc::new(load_with(&source::find(&target.given)?, &settings)?);
    if let Some(known) = &scenario.witness {
        refuse(target, "witness", &[Flag::Strategy, Flag::Seed])?;
        let plan = Arc::new(Plan::new(&scenario, &known.strategy, &settings)?);
        return Ok(Named {
            plan,
            seed: known.seed,
        });
    }
    let strategy = target.strategy.as_ref().ok_or_else(|| {
        Failure::Usage(
            "say which strategy: a token, a witness, or a scenario with --strategy".into(),
        )
    })?;
    Ok(Named {
        plan: Arc::new(Plan::new(&scenario, strategy, &settings)?),
        seed: target.seed.unwrap_or(SEED),
    })
}

fn by_token(text: &str) -> Result<Named, Failure> {
    let token: Token = text.parse().map_err(Failure::Usage)?;
    let source = catalog::find(&token.scenario)
        .ok_or_else(|| Failure::Usage(catalog::unknown(&token.scenario)))?;
    let scenario = Arc::new(load_with(&source, &[])?);
    let plan = Arc::new(Plan::new(&scenario, &token.strategy, &[])?);
    replay::is_current(&token, &plan)
        .map_err(|stale| Failure::Irreproducible(ink::stale(&stale)))?;
    if token.digest.is_some() && plan.is_applicable() {
        // What is told of another run would be true of that one only.
        is_recorded(&token, &Runner::new(&plan).run(token.seed).digest)?;
    }
    Ok(Named {
        plan,
        seed: token.seed,
    })
}
