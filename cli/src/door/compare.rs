//! `semel compare`: strategies against families of faults, with the price of each.

use semel_reports::sweep::is_failure;
use semel_reports::text::Detail;
use semel_reports::{compare as page, json};
use semel_scenarios::catalog;
use semel_scenarios::compare::Comparer;
use semel_scenarios::sweep::Share;

use super::args::{Compare as Args, Format};
use super::exit::Exit;
use super::failure::Failure;
use super::many::Many;
use super::output::{Manner, Out};
use super::select::{Selection, select};

/// Runs all strategies under all scenarios and seeds, and puts them side by side.
pub(crate) fn compare(args: &Args, manner: Manner) -> Result<Exit, Failure> {
    let selections = selected(args)?;
    let many = Many {
        selections: &selections,
        seeds: args.seeds.clone(),
        jobs: args.jobs,
        again: Share::percent(0),
        limit: None,
        out: args.out.as_deref(),
        resume: false,
        lines: false,
    };
    let mut comparer = Comparer::new(&many.plans(), args.seeds.clone());
    let ended = many.run(&mut |rows, _| {
        rows.iter().for_each(|row| comparer.add(row));
        Ok(())
    })?;
    let faults = if ended.interrupted { 0 } else { args.faults };
    let mut comparison = comparer.finish(faults);
    let mut out = Out::new(manner);
    let quiet = manner.format == Format::Human && manner.detail == Detail::Quiet;
    if quiet {
        let summaries = &ended.swept.summaries;
        let failed = |strategy: &str| {
            let mut its = summaries.iter().filter(|one| one.strategy == strategy);
            its.any(is_failure)
        };
        comparison.lines.retain(|line| failed(&line.strategy));
    }
    match manner.format {
        Format::Human if quiet && comparison.lines.is_empty() => {}
        Format::Human => out.say(&page::page(&comparison, manner.glyphs))?,
        Format::Json => out.say(&json::document(&comparison.lines))?,
        Format::Jsonl => {
            let mut lines = comparison.lines.iter();
            lines.try_for_each(|line| out.say(&json::line(line)))?;
        }
    }
    Ok(ended.exit(manner))
}

/// The scenarios that were named; or the whole catalog but `throughput`, with the catalog's own strategies.
fn selected(args: &Args) -> Result<Vec<Selection>, Failure> {
    let owned = |names: &[&str]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
    if !args.scenarios.is_empty() {
        return select(&args.scenarios, args.strategy.as_deref(), &args.set);
    }
    let mut scenarios = owned(catalog::names());
    scenarios.retain(|name| name != "throughput");
    let strategies = args.strategy.clone();
    let strategies = strategies.unwrap_or_else(|| owned(catalog::strategy_names()));
    select(&scenarios, Some(&strategies), &args.set)
}
