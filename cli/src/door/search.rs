//! The commands that search: shrink a failure, repeat it, explain it, try every schedule of a menu.

use std::path::PathBuf;
use std::sync::Arc;

use semel_reports::text::Detail;
use semel_reports::{explain as prose, json, search as ink};
use semel_scenarios::catalog;
use semel_scenarios::explain as explaining;
use semel_scenarios::file::load::load_with;
use semel_scenarios::file::scenario::Scenario;
use semel_scenarios::shrink::{Shrunk, shrink_to};
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;
use semel_scenarios::trial::token::Token;
use semel_scenarios::verify::{Verified, verify as verify_plan};
use semel_scenarios::witness;
use semel_scenarios::witness::replay;
use semel_scenarios::witness::sought::Sought;

use super::args::{Explain, Form, Format, Shrink, Target, Verify};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Draft, Manner, Out};
use super::replay::is_recorded;
use super::select::{select, settings};
use super::source;

/// A run that was named.
struct Named {
    plan: Arc<Plan>,
    seed: u64,
}

/// Shrinks a failure and writes a witness of it.
pub(crate) fn shrink(args: &Shrink, manner: Manner) -> Result<Exit, Failure> {
    let draft = begin(args.output.as_ref())?;
    still_a_witness(&args.target, manner)?;
    let shrunken = shrunk(&args.target, args.runs)?;
    let text = witness::text(&shrunken.witness);
    let mut out = Out::new(manner);
    let (written, quiet) = (draft.is_some(), manner.detail == Detail::Quiet);
    if let Some(mut draft) = draft {
        draft.add(&text)?;
        draft.finish()?;
    }
    match manner.format {
        Format::Json | Format::Jsonl => out.say(&ink::shrunk_json(&shrunken, &text))?,
        Format::Human if written && quiet => {}
        Format::Human if written => out.say(&ink::shrunk(&shrunken, manner.glyphs))?,
        Format::Human => {
            if !quiet {
                manner.aside(&ink::shrunk(&shrunken, manner.glyphs));
            }
            out.say(&text)?;
        }
    }
    Ok(Exit::Met)
}

/// Runs a witness again.
pub(crate) fn replay(path: &str, manner: Manner) -> Result<Exit, Failure> {
    let scenario = Arc::new(load_with(&source::find(path)?, &[])?);
    let replayed = replay::witness(&scenario)?.ok_or_else(|| {
        Failure::Usage(format!(
            "{path} is no witness; give a token, or a file that `semel shrink` wrote"
        ))
    })?;
    let as_before = replayed.difference.is_none();
    let text = match manner.format {
        Format::Human if as_before && manner.detail == Detail::Quiet => String::new(),
        Format::Human => ink::replayed(&replayed, manner.glyphs),
        Format::Json => json::document(std::iter::once(&replayed.run.row)),
        Format::Jsonl => json::line(&replayed.run.row),
    };
    Out::new(manner).say(&text)?;
    Ok(match replayed.difference {
        None => Exit::Met,
        Some(_) => Exit::Irreproducible,
    })
}

fn nothing() -> Failure {
    Failure::Nothing("nothing goes wrong in this run".into())
}

fn shrunk(target: &Target, runs: u64) -> Result<Shrunk, Failure> {
    let named = named(target)?;
    let held = named.plan.scenario.witness.as_ref().map(Sought::of);
    let sought = target.violation.as_ref();
    shrink_to(&named.plan, named.seed, sought, runs).ok_or_else(|| match (sought, held) {
        (Some(sought), _) => Failure::Nothing(format!("no {sought} appears in this run")),
        (None, Some(held)) => Failure::Nothing(format!("it no longer shows {held}")),
        (None, None) => nothing(),
    })
}

/// Says why a run went wrong.
pub(crate) fn explain(args: &Explain, manner: Manner) -> Result<Exit, Failure> {
    let witness = still_a_witness(&args.target, manner)?;
    let as_it_stands = witness.filter(|_| args.target.violation.is_none());
    let explanation = if let Some(scenario) = as_it_stands {
        explaining::witness(&scenario).ok_or_else(nothing)?
    } else {
        let found = shrunk(&args.target, args.runs)?;
        explaining::explain(&found).ok_or_else(nothing)?
    };
    let form = match manner.format {
        Format::Human => args.form,
        Format::Json | Format::Jsonl => Form::Json,
    };
    let text = match form {
        Form::Text if manner.detail == Detail::Quiet => prose::proof(&explanation, manner.glyphs),
        Form::Text => prose::text(&explanation, manner.glyphs),
        Form::Svg => prose::svg(&explanation),
        Form::Html => prose::html(&explanation),
        Form::Json => prose::json(&explanation),
    };
    Out::new(manner).say(&text)?;
    Ok(Exit::Met)
}

/// A witness is shrunk further, or told as it stands, only if it still repeats what it holds. None: it is none, or it
/// is to be changed first.
fn still_a_witness(target: &Target, manner: Manner) -> Result<Option<Arc<Scenario>>, Failure> {
    if source::is_token(&target.given) || !target.set.is_empty() {
        return Ok(None);
    }
    let scenario = Arc::new(load_with(&source::find(&target.given)?, &[])?);
    let Some(replayed) = replay::witness(&scenario)? else {
        return Ok(None);
    };
    if replayed.difference.is_some() {
        let text = ink::replayed(&replayed, manner.glyphs);
        return Err(Failure::Irreproducible(text.trim_end().into()));
    }
    Ok(Some(scenario))
}

/// Tries every schedule of a menu.
pub(crate) fn verify(args: &Verify, manner: Manner) -> Result<Exit, Failure> {
    let given = std::slice::from_ref(&args.scenario);
    let quiet = manner.detail == Detail::Quiet;
    let mut draft = begin(args.output.as_ref())?;
    let mut exit = Exit::Met;
    let mut all = Vec::new();
    let mut out = Out::new(manner);
    for selection in select(given, args.strategy.as_deref(), &args.set)? {
        for plan in &selection.plans {
            if !plan.is_applicable() {
                if !quiet {
                    let text = format!("{} does not apply to {}\n", plan.scenario.name, plan.name);
                    manner.aside(&text);
                }
                continue;
            }
            let verified = verify_plan(plan, args.faults, args.states);
            let came_to = outcome(&verified);
            match manner.format {
                Format::Human if quiet && came_to == Exit::Met => {}
                Format::Human => out.say(&(ink::verified(&verified, manner.glyphs) + "\n"))?,
                Format::Jsonl => out.say(&json::line(&verified))?,
                Format::Json => {}
            }
            // Of several strategies, the first that shows one.
            if let Some(witness) = verified.witness()
                && let Some(mut file) = draft.take()
            {
                file.add(&witness::text(witness))?;
                file.finish()?;
            }
            exit = exit.max(came_to);
            all.push(verified);
        }
    }
    if all.is_empty() {
        return Err(Failure::Nothing(
            "nothing that was selected can be run".into(),
        ));
    }
    match (manner.format, &all[..]) {
        (Format::Json, [one]) => out.say(&json::line(one))?,
        (Format::Json, several) => out.say(&json::document(several))?,
        (Format::Human | Format::Jsonl, _) => {}
    }
    if draft.is_some() && !quiet {
        manner.aside("no counterexample, so no file was written\n");
    }
    Ok(exit)
}

fn outcome(verified: &Verified) -> Exit {
    match (verified.breaking(), verified.finished) {
        (Some(_), _) => Exit::Broken,
        (None, false) => Exit::Open,
        (None, true) => Exit::Met,
    }
}

/// The file of a witness, if one was asked for. It is begun before any run.
fn begin(path: Option<&PathBuf>) -> Result<Option<Draft>, Failure> {
    path.map(|path| Draft::begin("-o", path)).transpose()
}

/// Finds the run that is meant: by a token, a witness, or a scenario with strategy and seed.
fn named(target: &Target) -> Result<Named, Failure> {
    if source::is_token(&target.given) {
        return by_token(&target.given);
    }
    let settings = settings(&target.set)?;
    let scenario = Arc::new(load_with(&source::find(&target.given)?, &settings)?);
    if let Some(known) = &scenario.witness {
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
        seed: target.seed,
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
