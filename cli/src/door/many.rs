//! Many runs for a command: where their rows go, how far they have come, and how they end.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use semel_scenarios::outcome::row::Row;
use semel_scenarios::sweep::results::{Refusal, Results};
use semel_scenarios::sweep::{Audience, Share, Sums, Sweep, Swept, Trouble};
use semel_scenarios::trial::plan::Plan;

use super::exit::Exit;
use super::failure::Failure;
use super::output::Manner;
use super::select::Selection;

/// What is to be run, and where its rows go.
pub(super) struct Many<'a> {
    pub(super) selections: &'a [Selection],
    pub(super) seeds: Range<u64>,
    pub(super) jobs: Option<u16>,
    /// This share is run a second time, and compared.
    pub(super) again: Share,
    /// It stops after this long.
    pub(super) limit: Option<Duration>,
    /// The folder for its rows.
    pub(super) out: Option<&'a Path>,
    /// It goes on with what is in the folder.
    pub(super) resume: bool,
    /// Whether whoever listens wants rows as lines of JSON, too.
    pub(super) lines: bool,
}

/// How it ended.
pub(super) struct Ended {
    pub(super) swept: Swept,
    pub(super) interrupted: bool,
}

impl Many<'_> {
    /// The plans, in the order of their rows.
    pub(super) fn plans(&self) -> Vec<Arc<Plan>> {
        let plans = self.selections.iter().flat_map(|one| &one.plans);
        plans.cloned().collect()
    }

    /// Runs it all. `hear` is told every row, in order.
    pub(super) fn run(
        &self,
        hear: &mut dyn FnMut(&[Row], &str) -> io::Result<()>,
    ) -> Result<Ended, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        let interrupted = on_interrupt(&stop);
        let sweep = Sweep::of(self.plans())
            .seeds(self.seeds.clone())
            .jobs(self.jobs.map_or(0, usize::from))
            .check_determinism(self.again)
            .stop_on(Arc::clone(&stop));
        let mut sums = sweep.sums();
        let mut listener = Listener {
            results: begin((self.out, self.resume), &sweep, &mut sums)?,
            hear,
            lines: self.lines,
            bar: bar(sweep.total(), sums.rows),
            deadline: self.limit.map(|limit| Instant::now() + limit),
            stop,
        };
        let swept = sweep.go_on(sums, &mut listener);
        listener.bar.finish_and_clear();
        let swept = swept.map_err(|trouble| failure(trouble, self.selections))?;
        if let Some(results) = listener.results {
            let finished = results.finish(&sweep, &swept);
            finished.map_err(|why| unwritable(self.out, &why))?;
        }
        // From here on nothing is left to be kept: another interruption ends the program at once.
        let interrupted = interrupted.swap(true, Ordering::Relaxed);
        Ok(Ended { swept, interrupted })
    }
}

/// Takes rows where they are to go, and looks at the clock.
struct Listener<'h> {
    results: Option<Results>,
    hear: &'h mut dyn FnMut(&[Row], &str) -> io::Result<()>,
    lines: bool,
    bar: ProgressBar,
    deadline: Option<Instant>,
    stop: Arc<AtomicBool>,
}

impl Audience for Listener<'_> {
    fn wants_lines(&self) -> bool {
        self.results.is_some() || self.lines
    }

    fn hear(&mut self, rows: &[Row], lines: &str) -> io::Result<()> {
        if let Some(results) = &mut self.results {
            results.add(lines)?;
        }
        (self.hear)(rows, lines)?;
        self.bar.inc(rows.len() as u64);
        let is_over = |deadline| Instant::now() >= deadline;
        if self.deadline.is_some_and(is_over) {
            self.stop.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Runs per second and the time left, on stderr, where that is a terminal.
fn bar(total: u64, done: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} runs  {per_sec}  {eta} left");
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    bar.set_style(style.expect("the template is sound"));
    bar.set_position(done);
    bar.reset_eta();
    bar
}

/// Sets both flags when the user interrupts; a second time ends the program as usual.
fn on_interrupt(stop: &Arc<AtomicBool>) -> Arc<AtomicBool> {
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

fn begin(
    (out, resume): (Option<&Path>, bool),
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

fn unwritable(folder: Option<&Path>, why: &io::Error) -> Failure {
    let folder = folder.unwrap_or(Path::new("")).display();
    Failure::Unwritable(format!("--out {folder}: cannot go on writing: {why}"))
}

/// The program itself failed; what repeats the run is said too.
fn failure(trouble: Trouble, selections: &[Selection]) -> Failure {
    match trouble {
        Trouble::Complaint(complaint) => Failure::from(*complaint),
        Trouble::Audience(why) => Failure::Unwritable(why.to_string()),
        Trouble::Threads(why) => Failure::Internal(why),
        Trouble::NoSeeds(range) => Failure::Internal(format!("there is no seed in {range:?}")),
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

impl Ended {
    /// The exit code, and what stderr is told of an end before the end.
    pub(super) fn exit(&self, manner: Manner) -> Exit {
        let Self { swept, interrupted } = self;
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
        if *interrupted {
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
}
