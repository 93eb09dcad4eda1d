//! `semel sweep`: many seeds, strategy by strategy.

use std::io;
use std::sync::Arc;

use semel_reports::json;
use semel_reports::search::stale_witness;
use semel_reports::sweep::{self as page, Sweeping};
use semel_reports::text::Detail;
use semel_scenarios::outcome::summary::{CauseCount, Summary};
use semel_scenarios::sweep::Swept;
use semel_scenarios::trial::plan::Plan;
use semel_scenarios::witness::replay;

use super::args::{Format, Sweep as Args};
use super::exit::Exit;
use super::failure::Failure;
use super::many::Many;
use super::output::{Manner, Out};
use super::select::{Selection, select};

/// Runs everything that was asked for.
pub(crate) fn sweep(args: &Args, manner: Manner) -> Result<Exit, Failure> {
    let selections = select(&args.scenarios, args.strategy.as_deref(), &args.set)?;
    if manner.detail > Detail::Quiet {
        selections.iter().for_each(|one| one.tell_left_out(manner));
    }
    let (witnesses, stale) = replay_found(&selections, manner);
    let many = Many {
        selections: &selections,
        seeds: args.seeds.clone(),
        jobs: args.jobs,
        again: args.check_determinism,
        limit: args.limit,
        out: args.out.as_deref(),
        resume: args.resume,
        lines: manner.format == Format::Jsonl,
    };
    let mut out = Out::new(manner);
    let ended = many.run(&mut |_, lines| match manner.format {
        Format::Jsonl => out
            .say(lines)
            .map_err(|_| io::Error::other("cannot write to stdout")),
        Format::Human | Format::Json => Ok(()),
    })?;
    tell(&selections, (&ended.swept, witnesses), manner, &mut out)?;
    Ok(ended.exit(manner).max(stale))
}

/// First of all, what was found in these scenarios before: how many witnesses there are, and whether all repeat.
fn replay_found(selections: &[Selection], manner: Manner) -> (usize, Exit) {
    let mut exit = Exit::Met;
    let mut all = 0;
    for selection in selections {
        let (stale, count) = replay::found_in(&selection.scenario.name);
        all += count;
        for (name, difference) in stale {
            manner.aside(&stale_witness(&name, &difference));
            exit = Exit::Irreproducible;
        }
    }
    (all, exit)
}

fn tell(
    selections: &[Selection],
    (swept, witnesses): (&Swept, usize),
    manner: Manner,
    out: &mut Out,
) -> Result<(), Failure> {
    let begun = || swept.summaries.iter().filter(|one| one.is_begun());
    match manner.format {
        Format::Json => return out.say(&json::document(begun())),
        Format::Jsonl => return begun().try_for_each(|summary| out.say(&json::line(summary))),
        Format::Human => {}
    }
    let mut summaries = swept.summaries.iter();
    let quiet = manner.detail == Detail::Quiet;
    for selection in selections {
        let lines = selection.plans.iter().zip(summaries.by_ref());
        let lines = lines.map(|(plan, summary)| line(selection, plan, summary));
        let lines: Vec<page::Swept> = lines
            .filter(|line| !quiet || page::is_failure(&line.summary))
            .collect();
        if lines.is_empty() {
            continue;
        }
        let sweeping = Sweeping {
            scenario: selection.scenario.name.clone(),
            question: selection.scenario.question.clone(),
            seeds: (swept.seeds.start, swept.seeds.end),
            lines,
        };
        out.say(&page::page(&sweeping, manner.glyphs, manner.detail))?;
        out.say("\n")?;
    }
    if quiet {
        return Ok(());
    }
    let never = swept.never_provoked();
    let never: Vec<&str> = never.iter().map(|one| one.name()).collect();
    out.say(&page::last_words(
        (swept.runs(), swept.repeated),
        witnesses,
        &never,
        manner.glyphs,
    ))
}

fn line(selection: &Selection, plan: &Arc<Plan>, summary: &Summary) -> page::Swept {
    let again = |cause: &CauseCount| {
        let sets = cause.sets.iter();
        sets.map(|set| selection.again(plan, set.seed, None))
            .collect()
    };
    page::Swept {
        again: summary.causes.iter().map(again).collect(),
        summary: summary.clone(),
    }
}
