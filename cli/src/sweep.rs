//! Sweeps from Rust: many seeds of a scenario, and a panic that says everything where they do not come out as expected.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use semel_reports::Glyphs;
use semel_reports::words::thousands;
use semel_scenarios::explain::explain;
use semel_scenarios::outcome::row::Row;
use semel_scenarios::outcome::summary::{CauseCount, Summary};
use semel_scenarios::outcome::verdict::Judgement;
use semel_scenarios::shrink::{RUNS, shrink_to};
use semel_scenarios::sweep::{self, Audience, Trouble};
use semel_scenarios::trial::plan::Plan;
use semel_scenarios::witness;

use crate::{Error, Question};

/// Many seeds of a scenario, about to be run against strategies.
///
/// ```
/// use semel::Sweep;
///
/// let scenario = semel::scenario("lost-ack")?;
/// let swept = Sweep::new(&scenario).strategy("at-least-once").seeds(0..100).run()?;
///
/// assert_eq!(swept.summaries()[0].duplicated_runs, 100); // always doubled,
/// swept.expect_met(); // as the scenario expects
/// # Ok::<(), semel::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sweep {
    question: Question,
    strategies: Vec<String>,
    seeds: Range<u64>,
    jobs: usize,
    folder: PathBuf,
}

/// What the runs came to.
#[derive(Clone, Debug)]
pub struct Swept {
    question: Question,
    plans: Vec<Arc<Plan>>,
    summaries: Vec<Summary>,
    folder: PathBuf,
}

impl Sweep {
    /// The seeds 0 to 1000 of a scenario. Where no strategy is named, here or there: of each strategy of which the
    /// scenario expects something; where it expects nothing, of each that fits it.
    pub fn new(scenario: &Question) -> Self {
        Self {
            strategies: scenario.strategy.iter().cloned().collect(),
            question: scenario.clone(),
            seeds: 0..1000,
            jobs: 0,
            folder: std::env::temp_dir().join("semel-found"),
        }
    }

    /// Against this strategy, too.
    pub fn strategy(mut self, name: &str) -> Self {
        if !self.strategies.iter().any(|known| known == name) {
            self.strategies.push(name.into());
        }
        self
    }

    /// Which seeds: the first, and the one behind the last.
    pub fn seeds(mut self, seeds: Range<u64>) -> Self {
        self.seeds = seeds;
        self
    }

    /// On how many threads, of at most [`MOST_JOBS`](sweep::MOST_JOBS); 0, as where nothing is said: as many as there are processors.
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs;
        self
    }

    /// Where [`Swept::expect_met`] writes witnesses; where nothing is said: `semel-found` in the folder for
    /// temporary files.
    pub fn witnesses(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }

    /// Runs them.
    ///
    /// Fails where the scenario, a strategy or a setting makes no sense, where there is no seed, or where the program
    /// itself fails.
    pub fn run(&self) -> Result<Swept, Error> {
        self.run_each(|_| ())
    }

    /// Runs them, and shows the row of each run, in the order of strategies and seeds. Fails as [`Sweep::run`] does.
    pub fn run_each(&self, see: impl FnMut(&Row)) -> Result<Swept, Error> {
        let scenario = self.question.resolve()?;
        let settings = &self.question.settings;
        let plan = |name: &String| Plan::new(&scenario, name, settings).map(Arc::new);
        let plans = match &self.strategies[..] {
            [] => Plan::of_all(&scenario, settings)?.plans,
            names => names.iter().map(plan).collect::<Result<_, _>>()?,
        };
        let sweep = sweep::Sweep::of(plans)
            .seeds(self.seeds.clone())
            .jobs(self.jobs);
        let swept = sweep
            .go_on(sweep.sums(), &mut Shown(see))
            .map_err(|trouble| self.error(trouble))?;
        if let Some(run) = swept.unrepeatable.first() {
            let again = self.question.again(&run.token);
            let why = format!("a run came out differently when it was run again: {again}");
            return Err(Error::Internal(why));
        }
        Ok(Swept {
            question: self.question.clone(),
            plans: swept.plans,
            summaries: swept.summaries,
            folder: self.folder.clone(),
        })
    }

    fn error(&self, trouble: Trouble) -> Error {
        match trouble {
            Trouble::Complaint(complaint) => Error::Complaint(complaint),
            Trouble::Panicked(token, why) => {
                Error::Internal(format!("{why} (in {})", self.question.again(&token)))
            }
            Trouble::Audience(why) => Error::Internal(why.to_string()),
            Trouble::Threads(why) => Error::Internal(why),
            Trouble::NoSeeds(range) => Error::NoSeeds(range),
        }
    }
}

/// Rows, shown to somebody.
struct Shown<F>(F);

impl<F: FnMut(&Row)> Audience for Shown<F> {
    fn hear(&mut self, rows: &[Row], _: &str) -> io::Result<()> {
        rows.iter().for_each(&mut self.0);
        Ok(())
    }
}

impl Swept {
    /// What the runs of each strategy came to, in the order in which they were named.
    pub fn summaries(&self) -> &[Summary] {
        &self.summaries
    }

    /// Whether no promise was broken within its assumptions in any run.
    pub fn keeps_promises(&self) -> bool {
        self.summaries.iter().all(|summary| summary.broken == 0)
    }

    /// For tests: goes on where no promise was broken, and everything came out as the scenario expects of each
    /// strategy; what never happened is no success. (The command ends with 0 by the same rule.)
    ///
    /// # Panics
    ///
    /// As [`Swept::expect_promises`], or with the reason why a strategy came out differently.
    #[track_caller]
    pub fn expect_met(&self) {
        self.expect_promises();
        let unmet = |summary: &&Summary| summary.judgement() != Judgement::Met;
        if let Some(summary) = self.summaries.iter().find(unmet) {
            let (strategy, scenario) = (&summary.strategy, &summary.scenario);
            let runs = thousands(summary.runs);
            let why = &summary.why;
            panic!("{strategy} under {scenario} is not what is expected, in {runs} runs: {why}");
        }
    }

    /// For tests: goes on where no promise was broken, whatever else the scenario expects.
    ///
    /// # Panics
    ///
    /// Where one was. The message tells what repeats the simplest such run; why it went wrong; and the path of a
    /// witness, shrunk to what the failure needs.
    #[track_caller]
    pub fn expect_promises(&self) {
        let broken = self
            .plans
            .iter()
            .zip(&self.summaries)
            .find_map(|(plan, summary)| {
                let cause = summary.causes.iter().find(|cause| cause.broken)?;
                Some((plan, summary, cause))
            });
        if let Some((plan, summary, cause)) = broken {
            panic!("{}", self.story(plan, summary, cause));
        }
    }

    /// All that helps after a broken promise.
    fn story(&self, plan: &Arc<Plan>, summary: &Summary, cause: &CauseCount) -> String {
        let again = self.question.again(&plan.token(cause.seed));
        let head = format!(
            "{} broke its promise under {} in {} of {} runs: {}\n  seed     {}\n  again    {again}\n",
            summary.strategy,
            summary.scenario,
            thousands(summary.broken),
            thousands(summary.runs),
            format_args!(
                "{} at {}, cause {}",
                cause.invariant, cause.level, cause.cause
            ),
            cause.seed,
        );
        let Some(shrunk) = shrink_to(plan, cause.seed, Some(&cause.sought()), RUNS) else {
            return head;
        };
        // Tests run side by side: each plan has a file of its own.
        let name = format!("{}-{}-{}.ron", shrunk.witness.name, plan.hash, cause.seed);
        let witness = match write(&self.folder, &name, &witness::text(&shrunk.witness)) {
            Ok(path) => path.display().to_string(),
            Err(why) => format!("could not be written to {}: {why}", self.folder.display()),
        };
        let why = explain(&shrunk).map(|why| semel_reports::explain::text(&why, Glyphs::Unicode));
        format!("{head}  witness  {witness}\n\n{}", why.unwrap_or_default())
    }
}

/// Writes a file that appears whole.
fn write(folder: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let path = folder.join(name);
    let (process, thread) = (std::process::id(), std::thread::current().id());
    let draft = folder.join(format!(".{name}.{process}.{thread:?}"));
    fs::write(&draft, text)?;
    fs::rename(&draft, &path)?;
    Ok(path)
}
