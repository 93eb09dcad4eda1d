//! `semel run`: each scenario under one seed, strategy by strategy.

use std::sync::Arc;

use semel_reports::report::{Heading, Line, Scene};
use semel_reports::text::{Detail, heading, results};
use semel_reports::words::word;
use semel_reports::{html, json};
use semel_scenarios::outcome::row::Row;
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;

use super::args::{Format, Run};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Draft, Manner, Out};
use super::panic;
use super::select::{Selection, select};
use super::trace::Labelled;

/// Runs everything that was asked for.
pub(crate) fn run(args: &Run, manner: Manner) -> Result<Exit, Failure> {
    let selections = select(&args.scenarios, args.strategy.as_deref(), &args.set)?;
    let mut files = Files::begin(args)?;
    let mut out = Out::new(manner);
    let mut scenes = Vec::new();
    for selection in &selections {
        before(selection, args.seed, manner, &mut out)?;
        let scene = scene(selection, args.seed, files.trace.as_mut())?;
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
    files.finish(&scenes)?;
    Ok(exit(&scenes))
}

/// The files that were asked for. They are begun before any run.
struct Files {
    trace: Option<Draft>,
    page: Option<Draft>,
}

impl Files {
    fn begin(args: &Run) -> Result<Self, Failure> {
        if args.trace.is_some() && args.trace == args.report {
            let text = "--trace and --report name the same file";
            return Err(Failure::Usage(text.into()));
        }
        Ok(Self {
            trace: Draft::begin_if("--trace", args.trace.as_ref())?,
            page: Draft::begin_if("--report", args.report.as_ref())?,
        })
    }

    fn finish(self, scenes: &[Scene]) -> Result<(), Failure> {
        if let Some(trace) = self.trace {
            trace.finish()?;
        }
        if let Some(mut page) = self.page {
            page.add(&html::page(scenes))?;
            page.finish()?;
        }
        Ok(())
    }
}

/// The exit code that scenes come to.
pub(crate) fn exit(scenes: &[Scene]) -> Exit {
    let lines = scenes.iter().flat_map(|scene| &scene.lines);
    let worst = lines.map(|line| Exit::from(line.judgement)).max();
    worst.unwrap_or(Exit::Met)
}

/// Every row, in order.
pub(crate) fn rows(scenes: &[Scene]) -> impl Iterator<Item = &Row> {
    let lines = scenes.iter().flat_map(|scene| &scene.lines);
    lines.map(|line| &line.row)
}

/// The runs of one scenario, strategy by strategy.
pub(crate) fn scene(
    selection: &Selection,
    seed: u64,
    mut trace: Option<&mut Draft>,
) -> Result<Scene, Failure> {
    let lines = selection
        .plans
        .iter()
        .map(|plan| trial(selection, plan, seed, trace.as_deref_mut()))
        .collect::<Result<Vec<_>, Failure>>()?;
    Ok(Scene {
        heading: head(selection, seed),
        lines,
    })
}

fn head(selection: &Selection, seed: u64) -> Heading {
    let again = |plan: &Arc<Plan>| selection.again(plan, seed, None);
    Heading::new(
        &selection.plans[0],
        seed,
        selection.set(),
        selection
            .plans
            .iter()
            .filter(|plan| plan.is_applicable())
            .map(again)
            .collect(),
    )
}

/// One run. Should the program itself fail in it, that is said together with what repeats it.
fn trial(
    selection: &Selection,
    plan: &Arc<Plan>,
    seed: u64,
    trace: Option<&mut Draft>,
) -> Result<Line, Failure> {
    let run = || {
        let mut runner = Runner::new(plan);
        let told = match trace {
            Some(file) => {
                let told = runner.run_told(seed, Some(&mut Labelled::new(&mut *file, plan, seed)));
                told.map_err(|why| file.broken(&why))?
            }
            None => runner.run_told(seed, None).expect("nothing is written"),
        };
        let again = selection.again(plan, seed, Some(&told.row));
        Ok(Line::new(plan, told, again))
    };
    panic::caught(run).unwrap_or_else(|why| {
        let again = selection.again(plan, seed, None);
        Err(Failure::Internal(format!(
            "{why}\nIt happens again with: {again}"
        )))
    })
}

/// What is said before the first run: for people the heading, for machines what repeats the runs, on stderr.
fn before(selection: &Selection, seed: u64, manner: Manner, out: &mut Out) -> Result<(), Failure> {
    if manner.detail == Detail::Quiet {
        return Ok(());
    }
    selection.tell_left_out(manner);
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
        if word(line).is_failure() {
            let text = format!("{}: {}", word(line).text(), line.again);
            manner.aside(&(manner.glyphs.clean(&text) + "\n"));
        }
    }
    Ok(())
}
