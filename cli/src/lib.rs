//! # Semel
//!
//! *Semel* is Latin for "once". This is the library behind the command: put a question to a delivery strategy, run
//! it, and read off what became of the records. The same seed gives the same outcome, bit for bit.
//!
//! ```
//! let outcome = semel::scenario("lost-ack")?.strategy("at-least-once").seed(7).run()?;
//!
//! assert_eq!(outcome.row().duplicated, 1); // the ack was lost, so the record was sent again
//! assert_eq!(outcome.row().lost, 0);
//! println!("{outcome}"); // the same in sentences
//! # Ok::<(), semel::Error>(())
//! ```
//!
//! Any value of a scenario or a strategy can be changed on the way, under the path that a file would use:
//!
//! ```
//! let outcome = semel::scenario("lost-ack")?
//!     .strategy("idempotent-producer")
//!     .set("workload.records", "20")
//!     .run()?;
//! assert!(outcome.keeps_its_promise());
//! # Ok::<(), semel::Error>(())
//! ```
//!
//! In a test of your own, put many seeds to it, and let it say everything where it does not come out as the scenario
//! expects: of a broken promise the token, the reason and the path of a witness.
//!
//! ```
//! let scenario = semel::scenario("bad-day")?;
//! semel::Sweep::new(&scenario).strategy("outbox-inbox").seeds(0..100).run()?.expect_met();
//! # Ok::<(), semel::Error>(())
//! ```
//!
//! Under this front door stand four floors, each usable by itself: [`sim`], a deterministic world that has never
//! heard of a record, to test protocols of your own in; [`models`], the producers, streams, consumers, sinks,
//! strategies and oracles; [`scenarios`], the catalog and everything about files; [`reports`], the pages.
//!
//! **What this crate deliberately does not know**: anything of the domain. It passes questions down and answers up.

mod sweep;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::{fmt, fs};

pub use semel_models as models;
pub use semel_reports as reports;
pub use semel_scenarios as scenarios;
pub use semel_sim as sim;

pub use sweep::{Sweep, Swept};

use semel_reports::Glyphs;
use semel_reports::again::command;
use semel_reports::report::Line;
use semel_reports::words::{Word, word};
use semel_scenarios::catalog;
use semel_scenarios::file::complaint::{Complaint, Source};
use semel_scenarios::file::load::load_with;
use semel_scenarios::file::scenario::Scenario;
use semel_scenarios::file::setting::Setting;
use semel_scenarios::outcome::row::Row;
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;
use semel_scenarios::trial::token::Token;

/// A scenario of the catalog, to be put to a strategy. `semel list scenarios` shows them all.
///
/// Fails with [`Error::NoScenario`] where the catalog has none of this name.
pub fn scenario(name: &str) -> Result<Question, Error> {
    let source = catalog::find(name).ok_or_else(|| Error::NoScenario(name.into()))?;
    Ok(Question::new(source, Origin::Catalog))
}

/// A scenario of your own, in a file.
///
/// Fails with [`Error::Unreadable`] where it cannot be read. What is wrong with it is said where it is run.
pub fn scenario_file(path: impl AsRef<Path>) -> Result<Question, Error> {
    let name = path.as_ref().display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|why| Error::Unreadable(format!("cannot read {name}: {why}")))?;
    Ok(Question::new(Source { name, text }, Origin::File))
}

/// A scenario of your own, given as the text of its file; `name` is how messages call it.
///
/// ```
/// let text = r#"(schema: 1, name: "mine", faults: [Drop(rate: "1/5")])"#;
/// let outcome = semel::scenario_text("mine", text).strategy("at-least-once").run()?;
/// assert_eq!(outcome.row().lost, 0);
/// # Ok::<(), semel::Error>(())
/// ```
pub fn scenario_text(name: &str, text: &str) -> Question {
    let source = Source {
        name: name.into(),
        text: text.into(),
    };
    Question::new(source, Origin::Text)
}

/// A scenario, about to be put to a strategy.
#[derive(Clone, Debug)]
pub struct Question {
    source: Source,
    strategy: Option<String>,
    settings: Vec<Setting>,
    seed: u64,
    origin: Origin,
}

/// Where a scenario comes from, and so how a command would name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Catalog,
    File,
    Text,
}

impl Question {
    fn new(source: Source, origin: Origin) -> Self {
        Self {
            source,
            strategy: None,
            settings: Vec::new(),
            seed: 1,
            origin,
        }
    }

    /// To which strategy: one of the catalog, or one that the scenario defines.
    pub fn strategy(mut self, name: &str) -> Self {
        self.strategy = Some(name.into());
        self
    }

    /// Under which seed; 1 where nothing is said. A [`Sweep`] has its own.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Changes one value of the scenario (`faults[drop].rate`) or of the strategy (`strategy.bug`).
    pub fn set(mut self, path: &str, value: &str) -> Self {
        self.settings.push(Setting {
            path: path.into(),
            value: value.into(),
        });
        self
    }

    /// Runs it once.
    ///
    /// Fails where the scenario, the strategy or a setting makes no sense; the error says where, and the fix.
    pub fn run(&self) -> Result<Outcome, Error> {
        let strategy = self.strategy.as_ref().ok_or(Error::NoStrategy)?;
        let scenario = self.resolve()?;
        let plan = Arc::new(Plan::new(&scenario, strategy, &self.settings)?);
        let told = Runner::new(&plan).run_told(self.seed, None);
        let told = told.expect("nothing is written");
        let token = plan.token(self.seed).with_digest(&told.row.digest);
        Ok(Outcome {
            line: Line::new(&plan, told, token.to_string()),
            is_plain: self.origin == Origin::Catalog && self.settings.is_empty(),
        })
    }

    /// What repeats a run of it: a token; a command where values were set, or it is a file; Rust where it is neither
    /// a file nor of the catalog.
    fn again(&self, token: &Token) -> String {
        let (strategy, seed, set) = (&token.strategy, token.seed, &self.settings[..]);
        match (self.origin, set) {
            (Origin::Catalog, []) => token.to_string(),
            (Origin::Catalog, set) => command(&token.scenario, strategy, seed, set),
            (Origin::File, set) => command(&self.source.name, strategy, seed, set),
            (Origin::Text, set) => {
                let name = &self.source.name;
                let set = set.iter();
                let set = set.map(|one| format!(".set({:?}, {:?})", one.path, one.value));
                let set: String = set.collect();
                format!(
                    "scenario_text({name:?}, ..).strategy({strategy:?}){set}.seed({seed}).run()"
                )
            }
        }
    }

    /// The scenario, as it is after the settings.
    fn resolve(&self) -> Result<Arc<Scenario>, Error> {
        Ok(Arc::new(load_with(&self.source, &self.settings)?))
    }
}

/// What one run came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    line: Line,
    is_plain: bool,
}

impl Outcome {
    /// The numbers and the violations.
    pub fn row(&self) -> &Row {
        &self.line.row
    }

    /// The verdict, as people read it.
    pub fn verdict(&self) -> Word {
        word(&self.line)
    }

    /// Whether no promise was broken, whatever else went wrong.
    pub fn keeps_its_promise(&self) -> bool {
        self.verdict() != Word::Violates
    }

    /// The token that repeats this run from the command line (`semel replay`). None where a value was set or the
    /// scenario is not the catalog's: a token could not say that.
    pub fn token(&self) -> Option<&str> {
        self.is_plain.then_some(self.line.again.as_str())
    }
}

/// What became of the records, in sentences.
impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&semel_reports::text::outcome(&self.line, Glyphs::Unicode))
    }
}

/// Why there is no outcome. Tests show what they fail with as `{:?}`, so that says the same as `{}`.
#[derive(Clone, PartialEq, Eq)]
pub enum Error {
    /// The catalog has no scenario of this name.
    NoScenario(String),
    /// A file cannot be read: which, and why.
    Unreadable(String),
    /// There is no seed in this range.
    NoSeeds(Range<u64>),
    /// It was not said which strategy.
    NoStrategy,
    /// Something is wrong with the scenario, the strategy or a setting: where, what, and the fix.
    Complaint(Box<Complaint>),
    /// The program itself failed in a run, or a run came out differently when it was run again: how, and which.
    Internal(String),
}

impl From<Complaint> for Error {
    fn from(complaint: Complaint) -> Self {
        Self::Complaint(Box::new(complaint))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoScenario(name) => out.write_str(&catalog::unknown(name)),
            Self::NoStrategy => out.write_str("say which strategy: `.strategy(\"at-least-once\")`"),
            Self::Complaint(complaint) => write!(out, "{complaint}"),
            Self::NoSeeds(range) => write!(out, "there is no seed in {range:?}"),
            Self::Unreadable(why) | Self::Internal(why) => out.write_str(why),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl std::error::Error for Error {}
