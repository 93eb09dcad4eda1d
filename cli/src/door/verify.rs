//! `semel verify`: every schedule of a menu.

use std::sync::Arc;

use semel_reports::text::Detail;
use semel_reports::{json, search as ink};
use semel_scenarios::file::scenario::Scenario;
use semel_scenarios::shrink::{RUNS, shrink_to};
use semel_scenarios::trial::plan::Plan;
use semel_scenarios::verify::{Verified, verify as verify_plan};
use semel_scenarios::witness;

use super::args::{Format, Verify};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Draft, Manner, Out};
use super::select::select;

/// Tries every schedule of a menu.
pub(crate) fn verify(args: &Verify, manner: Manner) -> Result<Exit, Failure> {
    let given = std::slice::from_ref(&args.scenario);
    let quiet = manner.detail == Detail::Quiet;
    let draft = Draft::begin_if("-o", args.output.as_ref())?;
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
    if let Some(mut file) = draft {
        // Of several strategies, the first that breaks its promise, or else the first that shows anything.
        let of = |broken: bool| {
            all.iter()
                .filter(move |one| one.breaking().is_some() == broken)
        };
        match of(true).chain(of(false)).find_map(Verified::witness) {
            Some(witness) => {
                file.add(&smallest(witness)?)?;
                file.finish()?;
            }
            None if quiet => {}
            None => manner.aside("no counterexample, so no file was written\n"),
        }
    }
    Ok(exit)
}

/// The file of a counterexample: it has the fewest faults already, but all records of the scenario.
fn smallest(found: &Scenario) -> Result<String, Failure> {
    let Some(known) = &found.witness else {
        return Ok(witness::text(found));
    };
    let plan = Plan::new(&Arc::new(found.clone()), &known.strategy, &[])?;
    let shrunk = shrink_to(&Arc::new(plan), known.seed, None, RUNS);
    let smallest = shrunk.map_or_else(|| found.clone(), |shrunk| shrunk.witness);
    Ok(witness::text(&smallest))
}

fn outcome(verified: &Verified) -> Exit {
    match (verified.breaking(), verified.finished) {
        (Some(_), _) => Exit::Broken,
        (None, false) => Exit::Open,
        (None, true) => Exit::Met,
    }
}
