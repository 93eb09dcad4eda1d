//! `semel run`: each scenario under one seed, strategy by strategy.

use std::sync::Arc;

use semel_reports::report::{Heading, Line, Scene};
use semel_reports::text::{Detail, heading, results};
use semel_reports::words::word;
use semel_reports::{html, json};
use semel_scenarios::plan::Plan;
use semel_scenarios::row::Row;
use semel_scenarios::trial::Runner;

use super::args::{Format, Run};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Draft, Manner, Out};
use super::panic;
use super::select::{Selection, select};

/// Runs everything that was asked for.
pub(crate) fn run(args: &Run, manner: Manner) -> Result<Exit, Failure> {
    let selections = select(&args.scenarios, args.strategy.as_deref(), &args.set)?;
    let page = args
        .report
        .as_ref()
        .map(|path| Draft::begin("--report", path))
        .transpose()?;
    let mut out = Out::new(manner);
    let mut scenes = Vec::new();
    for selection in &selections {
        before(selection, args.seed, manner, &mut out)?;
        let scene = scene(selection, args.seed)?;
        after(&scene, manner, &mut out)?;
        scenes.push(scene);
        if manner.format == Format::Human
            && scenes.len() < selections.len()
            && manner.detail > Detail::Quiet
        {
            out.say("\n")?;
        }
    }
    if manner.format == Format::Json {
        out.say(&json::document(rows(&scenes)))?;
    }
    if let Some(mut page) = page {
        page.write(&html::page(&scenes))?;
        page.finish()?;
    }
    Ok(exit(&scenes))
}

/// The exit code that scenes come to.
pub(crate) fn exit(scenes: &[Scene]) -> Exit {
    let exits = rows(scenes).map(|row| Exit::from(word(row)));
    exits.max().unwrap_or(Exit::Met)
}

/// Every row, in order.
pub(crate) fn rows(scenes: &[Scene]) -> impl Iterator<Item = &Row> {
    let lines = scenes.iter().flat_map(|scene| &scene.lines);
    lines.map(|line| &line.row)
}

/// The runs of one scenario, strategy by strategy.
pub(crate) fn scene(selection: &Selection, seed: u64) -> Result<Scene, Failure> {
    let lines = selection
        .plans
        .iter()
        .map(|plan| {
            let row = trial(plan, seed, &selection.again(plan, seed, None))?;
            let again = selection.again(plan, seed, Some(&row));
            Ok(Line::new(plan, row, again))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    Ok(Scene {
        heading: head(selection, seed),
        lines,
    })
}

fn head(selection: &Selection, seed: u64) -> Heading {
    let again = |plan: &Arc<Plan>| selection.again(plan, seed, None);
    Heading::new(
        &selection.scenario,
        seed,
        selection.set(),
        selection.plans.iter().map(again).collect(),
    )
}

/// One run. Should the program itself fail in it, that is said together with what repeats it.
fn trial(plan: &Arc<Plan>, seed: u64, again: &str) -> Result<Row, Failure> {
    panic::caught(|| Runner::new(plan).run(seed))
        .map_err(|why| Failure::Internal(format!("{why}\nIt happens again with: {again}")))
}

/// What is said before the first run: for people the heading, for machines what repeats the runs, on stderr.
fn before(selection: &Selection, seed: u64, manner: Manner, out: &mut Out) -> Result<(), Failure> {
    if manner.detail == Detail::Quiet {
        return Ok(());
    }
    let head = head(selection, seed);
    if manner.format == Format::Human {
        return out.say(&heading(&head, manner.glyphs));
    }
    for again in &head.again {
        manner.aside(&format!("{}\n", manner.glyphs.clean(again)));
    }
    Ok(())
}

fn after(scene: &Scene, manner: Manner, out: &mut Out) -> Result<(), Failure> {
    match manner.format {
        Format::Human => return out.say(&results(scene, manner.glyphs, manner.detail)),
        Format::Jsonl => {
            for line in &scene.lines {
                out.say(&json::line(&line.row))?;
            }
        }
        Format::Json => {}
    }
    for line in &scene.lines {
        if word(&line.row).is_failure() {
            let text = format!("{}: {}", word(&line.row).text(), line.again);
            manner.aside(&(manner.glyphs.clean(&text) + "\n"));
        }
    }
    Ok(())
}
