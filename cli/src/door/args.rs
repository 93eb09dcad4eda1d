//! The command line: every flag, its words, and nothing of what it does.

use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::styling::Styles;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use semel_scenarios::sweep::{MOST_JOBS, Share};
use semel_scenarios::trial::token::Token;
use semel_scenarios::witness::sought::Sought;

const STYLES: Styles = Styles::styled()
    .header(anstyle::Style::new().bold())
    .usage(anstyle::Style::new().bold())
    .literal(anstyle::AnsiColor::Cyan.on_default());

const ABOUT: &str = "Finds out whether a record takes effect once: the same mishaps against every delivery strategy, \
                     run after run the same.";

const LONG: &str = "Semel (Latin: once) runs producer, stream, consumer and sink in a simulated world whose network \
                    loses and doubles packets and whose nodes crash, lose power and pause. Every strategy states \
                    what it promises; semel says whether that held, and if not, why. The same seed gives the same \
                    bytes.\n\nWithout a command it shows a demo.";

const CODES: &str = "Exit codes:
  0    every expectation met
  1    a promise was broken, or an expectation was not met in another way than below
  2    usage error
  3    a file is invalid
  4    nothing selected
  5    inconclusive, vacuous or incomplete
  6    an expected violation never appeared
  7    not reproducible
  8    results that cannot be merged
  70   internal error
  130  interrupted";

/// The heading over the flags that every command understands.
const EVERYWHERE: &str = "Everywhere";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "semel", version, about = ABOUT, long_about = LONG, after_long_help = CODES, styles = STYLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What every command understands.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Global {
    /// For people, one JSON document, or a JSON value per line
    #[arg(long, global = true, value_enum, env = "SEMEL_FORMAT", default_value_t, help_heading = EVERYWHERE)]
    pub(crate) format: Format,
    /// When to colour; `NO_COLOR` turns auto off
    #[arg(long, global = true, value_enum, env = "SEMEL_COLOR", default_value_t, help_heading = EVERYWHERE)]
    pub(crate) color: Color,
    /// ASCII only
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) ascii: bool,
    /// Only what failed; no remarks, no diagram
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = EVERYWHERE)]
    pub(crate) quiet: bool,
    /// Also promises, why each verdict is expected, each violation of a sweep
    #[arg(short, long, global = true, help_heading = EVERYWHERE)]
    pub(crate) verbose: bool,
}

/// The form of what goes to stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people
    #[default]
    Human,
    /// One JSON document
    Json,
    /// One JSON value per line
    Jsonl,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run scenarios, once per strategy, and say what became of the records
    Run(Run),
    /// Run again what a token names or a witness holds, and compare the digest
    Replay {
        /// As a run printed it: `semel1:lost-ack:9f3c2a71:idempotent-producer:4127`, with or without a digest; or a
        /// witness file
        #[arg(value_name = "TOKEN|WITNESS", value_parser = Repeat::from_str)]
        run: Repeat,
    },
    /// Run scenarios under many seeds, and say how often promises broke, and why
    Sweep(Sweep),
    /// Put strategies against families of faults, with the price of each
    Compare(Compare),
    /// Shrink a failure to the few faults and records that it needs, and write it as a scenario file
    Shrink(Shrink),
    /// Say why a run went wrong: a short proof and a space-time diagram
    Explain(Explain),
    /// Try every schedule of at most K faults from a menu
    Verify(Verify),
    /// Make a page of the results of a sweep or a comparison
    Report(Report),
    /// List what there is
    List {
        /// Only this
        #[arg(value_enum)]
        what: Option<Topic>,
    },
    /// Validate scenario files, and print them with every default written out
    Check {
        /// Scenario files, or names from the catalog
        #[arg(required = true, value_name = "SCENARIO")]
        scenarios: Vec<String>,
    },
    /// Print the JSON Schema of the scenario format
    Schema,
    /// Print the completion script of a shell
    Completions {
        /// For which shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

/// What to run, and where to put it.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Names from the catalog (`semel list scenarios`), or paths of RON files
    #[arg(required = true, value_name = "SCENARIO")]
    pub(crate) scenarios: Vec<String>,
    /// Strategies, separated by commas, or `all`; default: those of which the scenario expects something
    #[arg(long, value_name = "NAMES", value_delimiter = ',', action = ArgAction::Append)]
    pub(crate) strategy: Option<Vec<String>>,
    /// The seed of all chance in the run
    #[arg(long, value_name = "N", value_parser = seed, default_value_t = SEED)]
    pub(crate) seed: u64,
    /// Change a value of the scenario, or of the strategies: `faults[drop].rate=0.2`, `strategy.bug=TableNotRebuilt`
    #[arg(long, value_name = "PATH=VALUE", action = ArgAction::Append)]
    pub(crate) set: Vec<String>,
    /// Write every entry of the runs into this file, one JSON value per line
    #[arg(long, value_name = "FILE.jsonl")]
    pub(crate) trace: Option<PathBuf>,
    /// Write a page about the runs into this file
    #[arg(long, value_name = "FILE.html")]
    pub(crate) report: Option<PathBuf>,
}

/// Which runs, and where to put them.
#[derive(Debug, Args)]
pub(crate) struct Sweep {
    /// Names from the catalog (`semel list scenarios`), or paths of RON files
    #[arg(required = true, value_name = "SCENARIO")]
    pub(crate) scenarios: Vec<String>,
    /// The first seed and the one behind the last; a bare number counts from 0
    #[arg(long, value_name = "A..B", value_parser = seeds, default_value = "0..1000")]
    pub(crate) seeds: Range<u64>,
    /// Strategies, separated by commas, or `all`; default: those of which the scenario expects something
    #[arg(long, value_name = "NAMES", value_delimiter = ',', action = ArgAction::Append)]
    pub(crate) strategy: Option<Vec<String>>,
    /// Change a value of the scenario, or of the strategies
    #[arg(long, value_name = "PATH=VALUE", action = ArgAction::Append)]
    pub(crate) set: Vec<String>,
    /// Threads; default: as many as there are processors
    #[arg(long, value_name = "N", env = "SEMEL_JOBS", value_parser = clap::value_parser!(u16).range(1..=MOST_JOBS as i64))]
    pub(crate) jobs: Option<u16>,
    /// Stop after this long, and say that it is incomplete: `90s`, `10m`, `2h`
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) limit: Option<Duration>,
    /// Write every row into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Go on with what is in the folder
    #[arg(long, requires = "out")]
    pub(crate) resume: bool,
    /// Run this share of the runs a second time with open eyes, and compare
    #[arg(long, value_name = "SHARE", default_value = "5%")]
    pub(crate) check_determinism: Share,
}

/// What to compare.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Names from the catalog, or paths of RON files; default: the whole catalog but `throughput`
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenarios: Vec<String>,
    /// The first seed and the one behind the last; a bare number counts from 0
    #[arg(long, value_name = "A..B", value_parser = seeds, default_value = "0..1000")]
    pub(crate) seeds: Range<u64>,
    /// Strategies, separated by commas, or `all`; default: those of which a scenario expects something, and of the whole
    /// catalog its own
    #[arg(long, value_name = "NAMES", value_delimiter = ',', action = ArgAction::Append)]
    pub(crate) strategy: Option<Vec<String>>,
    /// Change a value of the scenarios, or of the strategies
    #[arg(long, value_name = "PATH=VALUE", action = ArgAction::Append)]
    pub(crate) set: Vec<String>,
    /// Threads; default: as many as there are processors
    #[arg(long, value_name = "N", env = "SEMEL_JOBS", value_parser = clap::value_parser!(u16).range(1..=MOST_JOBS as i64))]
    pub(crate) jobs: Option<u16>,
    /// Write every row into this folder, for `semel report`
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Seek the fewest faults that break each strategy, up to this many; 0 skips the search
    #[arg(long, value_name = "K", value_parser = faults, default_value_t = semel_scenarios::compare::FAULTS)]
    pub(crate) faults: usize,
}

/// One seed.
fn seed(text: &str) -> Result<u64, String> {
    let wrong = || match seeds(text) {
        Ok(_) => "that is more than one seed; `semel sweep --seeds` takes a range".into(),
        Err(_) => "it is no whole number; write for example `4127`".to_string(),
    };
    text.parse().map_err(|_| wrong())
}

/// `A..B`, or `B` for `0..B`.
fn seeds(text: &str) -> Result<Range<u64>, String> {
    let (start, end) = text.split_once("..").unwrap_or(("0", text));
    let number = |text: &str| {
        text.trim()
            .parse::<u64>()
            .map_err(|_| format!("`{text}` is not a whole number; write for example `0..1000`"))
    };
    let range = number(start)?..number(end)?;
    if range.is_empty() {
        return Err(
            "there is no seed in it; the second number must be larger than the first".into(),
        );
    }
    if range.end - range.start > MOST_SEEDS {
        return Err(format!(
            "nobody sees the end of so many; at most {MOST_SEEDS} fit"
        ));
    }
    Ok(range)
}

/// The longest range of seeds: its runs under every strategy can still be counted.
const MOST_SEEDS: u64 = 1_000_000_000_000;

/// The most faults that a search puts into one run.
const MOST_FAULTS: usize = 100;

fn faults(text: &str) -> Result<usize, String> {
    let number = text.parse().ok();
    number
        .filter(|number| *number <= MOST_FAULTS)
        .ok_or_else(|| format!("`{text}` is not a whole number up to {MOST_FAULTS}"))
}

/// `90s`, `10m`, `2h`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a time; write for example `90s`, `10m` or `2h`");
    let unit = text.char_indices().last().ok_or_else(wrong)?;
    let seconds = match unit.1 {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return Err(wrong()),
    };
    let count: u64 = text[..unit.0].parse().map_err(|_| wrong())?;
    count
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .ok_or_else(wrong)
}

/// A run to be repeated.
#[derive(Clone, Debug)]
pub(crate) enum Repeat {
    /// By token.
    Token(Token),
    /// By the path of a witness.
    Witness(String),
}

impl FromStr for Repeat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if super::source::is_path(text) && !super::source::is_token(text) {
            return Ok(Self::Witness(text.into()));
        }
        text.parse().map(Self::Token)
    }
}

/// A run: by token, by witness, or by scenario, strategy and seed.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// A token, a witness file, or a scenario with --strategy (and --seed)
    #[arg(value_name = "TOKEN|WITNESS|SCENARIO")]
    pub(crate) given: String,
    /// Which strategy, where a scenario is given
    #[arg(long, value_name = "NAME")]
    pub(crate) strategy: Option<String>,
    /// Which seed, where a scenario is given; default: 1
    #[arg(long, value_name = "N", value_parser = seed)]
    pub(crate) seed: Option<u64>,
    /// Change a value of the scenario, or of the strategy
    #[arg(long, value_name = "PATH=VALUE", action = ArgAction::Append)]
    pub(crate) set: Vec<String>,
    /// Which violation of the run, with its cause and side if that matters: "atomic at log, L7"; default: what a witness
    /// holds, or else the gravest
    #[arg(long, value_name = "WHAT")]
    pub(crate) violation: Option<Sought>,
}

/// What to shrink, and where to put it.
#[derive(Debug, Args)]
pub(crate) struct Shrink {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Write the witness into this file; default: to stdout
    #[arg(short, value_name = "FILE.ron")]
    pub(crate) output: Option<PathBuf>,
    /// At most this many runs
    #[arg(long, value_name = "N", default_value_t = semel_scenarios::shrink::RUNS)]
    pub(crate) runs: u64,
}

/// What to explain.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) target: Target,
    /// In which form
    #[arg(long = "as", value_enum, default_value_t)]
    pub(crate) form: Form,
    /// Shrink it in at most this many runs; a witness is told as it stands
    #[arg(long, value_name = "N", default_value_t = semel_scenarios::shrink::RUNS)]
    pub(crate) runs: u64,
}

/// The form of an explanation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Text for people
    #[default]
    Text,
    /// The space-time diagram, drawn
    Svg,
    /// A page with both
    Html,
    /// One JSON value
    Json,
}

/// What to verify.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A name from the catalog, or the path of a RON file
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: String,
    /// At most this many faults in one run
    #[arg(long, value_name = "K", value_parser = faults, default_value_t = 1)]
    pub(crate) faults: usize,
    /// Strategies, separated by commas, or `all`
    #[arg(long, value_name = "NAMES", value_delimiter = ',', action = ArgAction::Append)]
    pub(crate) strategy: Option<Vec<String>>,
    /// At most this many schedules of each number of faults
    #[arg(long, value_name = "N", default_value_t = semel_scenarios::verify::SCHEDULES)]
    pub(crate) states: u64,
    /// Write a witness of the gravest counterexample into this file, for `replay` and `explain`
    #[arg(short, value_name = "FILE.ron")]
    pub(crate) output: Option<PathBuf>,
    /// Change a value of the scenario, or of the strategies
    #[arg(long, value_name = "PATH=VALUE", action = ArgAction::Append)]
    pub(crate) set: Vec<String>,
}

/// From what to make a page, and where to put it.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The folder that `--out` of `sweep` or `compare` filled
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Write the page into this file; default: to stdout
    #[arg(short, value_name = "FILE.html")]
    pub(crate) output: Option<PathBuf>,
}

/// The seed where none is given.
pub(crate) const SEED: u64 = 1;

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Topic {
    /// The catalog
    Scenarios,
    /// How records can be delivered
    Strategies,
    /// What can go wrong
    Faults,
    /// What is judged
    Invariants,
    /// Why it broke
    Causes,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
