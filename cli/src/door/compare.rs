//! `semel compare`: strategies against families of faults, with the price of each.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::ProgressBar;
use semel_reports::{compare as page, json};
use semel_scenarios::catalog;
use semel_scenarios::compare::Comparer;
use semel_scenarios::results::Results;
use semel_scenarios::row::Row;
use semel_scenarios::sweep::{Audience, Share, Sweep};

use super::args::{Compare as Args, Format};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Manner, Out};
use super::select::{Selection, select};
use super::sweep::{bar, begin, exit, failure, on_interrupt, unwritable};

/// Runs all strategies under all scenarios and seeds, and puts them side by side.
pub(crate) fn compare(args: &Args, manner: Manner) -> Result<Exit, Failure> {
    let selections = selected(args)?;
    let plans = selections.iter().flat_map(|one| one.plans.iter().cloned());
    let stop = Arc::new(AtomicBool::new(false));
    let interrupted = on_interrupt(&stop);
    let sweep = Sweep::of(plans.collect())
        .seeds(args.seeds.clone())
        .jobs(args.jobs.map_or(0, usize::from))
        .check_determinism(Share::percent(0))
        .stop_on(stop);
    let mut sums = sweep.sums();
    let mut listener = Listener {
        comparer: Comparer::new(sweep.plans(), sweep.range()),
        results: begin(args.out.as_deref(), false, &sweep, &mut sums)?,
        bar: bar(sweep.total(), 0),
    };
    let swept = sweep.go_on(sums, &mut listener);
    listener.bar.finish_and_clear();
    let swept = swept.map_err(|trouble| failure(trouble, &selections))?;
    if let Some(results) = listener.results {
        results
            .finish(&sweep, &swept)
            .map_err(|why| unwritable(args.out.as_deref(), &why))?;
    }
    let interrupted = interrupted.load(Ordering::Relaxed);
    let faults = if interrupted { 0 } else { args.faults };
    let comparison = listener.comparer.finish(faults);
    let mut out = Out::new(manner);
    match manner.format {
        Format::Human => out.say(&page::page(&comparison, manner.glyphs))?,
        Format::Json => out.say(&json::document(&comparison.lines))?,
        Format::Jsonl => {
            let mut lines = comparison.lines.iter();
            lines.try_for_each(|line| out.say(&json::line(line)))?;
        }
    }
    Ok(exit(&swept, interrupted, manner))
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

/// Adds rows up as they come, and writes them where they are to go.
struct Listener {
    comparer: Comparer,
    results: Option<Results>,
    bar: ProgressBar,
}

impl Audience for Listener {
    fn wants_lines(&self) -> bool {
        self.results.is_some()
    }

    fn hear(&mut self, rows: &[Row], lines: &str) -> io::Result<()> {
        if let Some(results) = &mut self.results {
            results.add(lines)?;
        }
        rows.iter().for_each(|row| self.comparer.add(row));
        self.bar.inc(rows.len() as u64);
        Ok(())
    }
}
