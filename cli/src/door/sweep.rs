//! `semel sweep`: many seeds, strategy by strategy.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use semel_reports::json;
use semel_reports::search::stale_witness;
use semel_reports::sweep::{self as page, Sweeping};
use semel_reports::text::Detail;
use semel_scenarios::plan::Plan;
use semel_scenarios::replay;
use semel_scenarios::results::{Refusal, Results};
use semel_scenarios::row::Row;
use semel_scenarios::summary::{CauseCount, Summary};
use semel_scenarios::sweep::{Audience, Sums, Sweep, Swept, Trouble};

use super::args::{Format, Sweep as Args};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Manner, Out};
use super::select::{Selection, select};

/// Runs everything that was asked for.
pub(crate) fn sweep(args: &Args, manner: Manner) -> Result<Exit, Failure> {
    let selections = select(&args.scenarios, args.strategy.as_deref(), &args.set)?;
    let (witnesses, stale) = replay_found(&selections, manner);
    let plans = selections.iter().flat_map(|one| one.plans.iter().cloned());
    let stop = Arc::new(AtomicBool::new(false));
    let interrupted = on_interrupt(&stop);
    let sweep = Sweep::of(plans.collect())
        .seeds(args.seeds.clone())
        .jobs(args.jobs.map_or(0, usize::from))
        .check_determinism(args.check_determinism)
        .stop_on(Arc::clone(&stop));
    let mut sums = sweep.sums();
    let results = begin(args.out.as_deref(), args.resume, &sweep, &mut sums)?;
    let mut listener = Listener {
        results,
        out: Out::new(manner),
        format: manner.format,
        bar: bar(sweep.total(), sums.rows),
        deadline: args.limit.map(|limit| Instant::now() + limit),
        stop,
    };
    let swept = sweep.go_on(sums, &mut listener);
    listener.bar.finish_and_clear();
    let swept = swept.map_err(|trouble| failure(trouble, &selections))?;
    if let Some(results) = listener.results {
        results
            .finish(&sweep, &swept)
            .map_err(|why| unwritable(args.out.as_deref(), &why))?;
    }
    tell(&selections, (&swept, witnesses), manner, &mut listener.out)?;
    Ok(exit(&swept, interrupted.load(Ordering::Relaxed), manner).max(stale))
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

/// Sets both flags when the user interrupts; a second time ends the program as usual.
pub(super) fn on_interrupt(stop: &Arc<AtomicBool>) -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let (stop, seen) = (Arc::clone(stop), Arc::clone(&interrupted));
    let asked = ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        stop.store(true, Ordering::Relaxed);
    });
    // Without a handler an interruption ends the program at once, which `--resume` can take.
    drop(asked);
    interrupted
}

pub(super) fn begin(
    out: Option<&Path>,
    resume: bool,
    sweep: &Sweep,
    sums: &mut Sums,
) -> Result<Option<Results>, Failure> {
    let Some(folder) = out else {
        return Ok(None);
    };
    let begun = if resume {
        Results::resume(folder, sweep, sums)
    } else {
        Results::begin(folder, sweep)
    };
    begun.map(Some).map_err(|refusal| match refusal {
        Refusal::Unmergeable(text) => {
            Failure::Unmergeable(format!("--out {}: {text}", folder.display()))
        }
        Refusal::Unwritable(why) => Failure::unwritable("--out", folder, &why),
    })
}

pub(super) fn unwritable(folder: Option<&Path>, why: &io::Error) -> Failure {
    let folder = folder.unwrap_or(Path::new("")).display();
    Failure::Unwritable(format!("--out {folder}: cannot go on writing: {why}"))
}

/// Runs per second and the time left, on stderr, where that is a terminal.
pub(super) fn bar(total: u64, done: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} runs  {per_sec}  {eta} left");
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    bar.set_style(style.expect("the template is sound"));
    bar.set_position(done);
    bar.reset_eta();
    bar
}

/// Takes rows where they are to go, and looks at the clock.
struct Listener {
    results: Option<Results>,
    out: Out,
    format: Format,
    bar: ProgressBar,
    deadline: Option<Instant>,
    stop: Arc<AtomicBool>,
}

impl Audience for Listener {
    fn wants_lines(&self) -> bool {
        self.results.is_some() || self.format == Format::Jsonl
    }

    fn hear(&mut self, rows: &[Row], lines: &str) -> io::Result<()> {
        if let Some(results) = &mut self.results {
            results.add(lines)?;
        }
        if self.format == Format::Jsonl {
            let said = self.out.say(lines);
            said.map_err(|_| io::Error::other("cannot write to stdout"))?;
        }
        self.bar.inc(rows.len() as u64);
        if self
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
        {
            self.stop.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// The program itself failed; what repeats the run is said too.
pub(super) fn failure(trouble: Trouble, selections: &[Selection]) -> Failure {
    match trouble {
        Trouble::Complaint(complaint) => Failure::from(*complaint),
        Trouble::Audience(why) => Failure::Unwritable(why.to_string()),
        Trouble::Threads(why) => Failure::Internal(why),
        Trouble::Panicked(token, why) => {
            let plans = selections
                .iter()
                .flat_map(|one| one.plans.iter().map(move |plan| (one, plan)));
            let mut again = plans.filter(|(_, plan)| plan.token(token.seed) == *token);
            let again = again.next().map_or_else(
                || token.to_string(),
                |(one, plan)| one.again(plan, token.seed, None),
            );
            Failure::Internal(format!("{why}\nIt happens again with: {again}"))
        }
    }
}

fn tell(
    selections: &[Selection],
    (swept, witnesses): (&Swept, usize),
    manner: Manner,
    out: &mut Out,
) -> Result<(), Failure> {
    let ran = || swept.summaries.iter().filter(|one| one.runs > 0);
    match manner.format {
        Format::Json => return out.say(&json::document(ran())),
        Format::Jsonl => return ran().try_for_each(|summary| out.say(&json::line(summary))),
        Format::Human => {}
    }
    let mut summaries = swept.summaries.iter();
    let quiet = manner.detail == Detail::Quiet;
    for selection in selections {
        let lines = selection.plans.iter().zip(summaries.by_ref());
        let lines = lines.map(|(plan, summary)| line(selection, plan, summary));
        let lines: Vec<page::Swept> = lines
            .filter(|line| !quiet || page::is_failure(line))
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
        out.say(&page::page(&sweeping, manner.glyphs))?;
        out.say("\n")?;
    }
    if quiet {
        return Ok(());
    }
    let never = swept.never_provoked();
    let never: Vec<&str> = never.iter().map(|one| one.name()).collect();
    out.say(&page::last_words(
        (swept.rows, swept.repeated),
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

/// The exit code, and what stderr is told of an end before the end.
pub(super) fn exit(swept: &Swept, interrupted: bool, manner: Manner) -> Exit {
    let mut exits = vec![Exit::Met];
    let complete = swept.is_complete();
    for summary in swept.summaries.iter().filter(|one| one.runs > 0) {
        let exit = Exit::from(summary.judgement());
        // What did not appear yet may still appear.
        let exit = if !complete && exit == Exit::NoShow {
            Exit::Open
        } else {
            exit
        };
        exits.push(exit);
    }
    if !complete {
        manner.aside(&format!(
            "incomplete: {} runs, the longest complete prefix\n",
            swept.rows
        ));
        exits.push(Exit::Open);
    }
    if interrupted {
        exits.push(Exit::Interrupted);
    }
    for one in &swept.unrepeatable {
        let text = format!(
            "not reproducible: {} gave digest {}, and {} when it was run again\n",
            one.token, one.blind, one.open
        );
        manner.aside(&text);
        exits.push(Exit::Irreproducible);
    }
    exits.into_iter().max().unwrap_or(Exit::Met)
}
