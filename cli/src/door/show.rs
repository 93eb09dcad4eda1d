//! The small commands: the demo, lists, checks, the schema, and what shells and manuals want.

use clap::CommandFactory;
use clap_complete::Shell;
use semel_models::judge::Cause;
use semel_reports::listing::{self, Shelf};
use semel_reports::report::Scene;
use semel_reports::text::Detail;
use semel_reports::words::{self, causes};
use semel_reports::{demo, json};
use semel_scenarios::catalog::list::{self, Item};
use semel_scenarios::file::load::resolved;
use semel_scenarios::file::scenario::Scenario;
use semel_scenarios::file::schema;

use super::args::{Cli, Format, SEED, Topic};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Manner, Out};
use super::run::{exit, rows, scene};
use super::select::select;

/// The mishaps of the demo, simplest first.
const MISHAPS: [&str; 3] = ["lost-request", "lost-ack", "crash-before-commit"];

const STRINGS: &str = "scenarios and schemas have string keys";

/// The strategies of the demo, simplest first.
const BASIC: [&str; 5] = [
    "at-most-once",
    "at-least-once",
    "idempotent-producer",
    "idempotent-consumer",
    "transactional",
];

/// Three mishaps against every basic strategy.
pub(crate) fn demo(manner: Manner) -> Result<Exit, Failure> {
    let selections = select(
        &MISHAPS.map(String::from),
        Some(&BASIC.map(String::from)),
        &[],
    )?;
    let scenes = selections
        .iter()
        .map(|selection| scene(selection, SEED, None))
        .collect::<Result<Vec<Scene>, _>>()?;
    let text = match manner.format {
        Format::Human => demo::demo(&scenes, manner.glyphs),
        Format::Json => json::document(rows(&scenes)),
        Format::Jsonl => rows(&scenes).map(json::line).collect(),
    };
    Out::new(manner).say(&text)?;
    Ok(exit(&scenes))
}

/// What there is.
pub(crate) fn list(what: Option<Topic>, manner: Manner) -> Result<Exit, Failure> {
    let shelves: Vec<Shelf> = match what {
        Some(topic) => vec![shelf(topic)],
        None => TOPICS.map(shelf).into(),
    };
    let text = match manner.format {
        Format::Human => listing::text(&shelves, manner.glyphs),
        Format::Json => listing::json(&shelves),
        Format::Jsonl => listing::jsonl(&shelves),
    };
    Out::new(manner).say(&text)?;
    Ok(Exit::Met)
}

const TOPICS: [Topic; 5] = [
    Topic::Scenarios,
    Topic::Strategies,
    Topic::Faults,
    Topic::Invariants,
    Topic::Causes,
];

fn shelf(topic: Topic) -> Shelf {
    let (sort, title, items) = match topic {
        Topic::Scenarios => (
            "scenario",
            "Scenarios: each asks one question",
            pairs(list::scenarios()),
        ),
        Topic::Strategies => (
            "strategy",
            "Strategies: how records can be delivered",
            pairs(list::strategies()),
        ),
        Topic::Faults => ("fault", "Faults: what can go wrong", pairs(list::faults())),
        Topic::Invariants => (
            "invariant",
            "Invariants: what is judged, at the level of log, delivery or effect",
            words::INVARIANTS
                .iter()
                .map(|words| (words.invariant.name().into(), words.kept.into()))
                .collect(),
        ),
        Topic::Causes => (
            "cause",
            "Causes: why a record was doubled (D), lost (L), late (R) or stuck (S)",
            Cause::ALL
                .iter()
                .map(|cause| {
                    let words = causes::words(*cause);
                    let told = format!("{}: {}", words.name, words.meaning);
                    (cause.code().into(), told)
                })
                .collect(),
        ),
    };
    Shelf {
        sort,
        title: title.into(),
        items,
    }
}

fn pairs(items: Vec<Item>) -> Vec<(String, String)> {
    let pair = |item: Item| (item.name, item.about);
    items.into_iter().map(pair).collect()
}

/// Validates scenarios, with the strategies that they name, and prints them with every default written out.
pub(crate) fn check(given: &[String], manner: Manner) -> Result<Exit, Failure> {
    let selections = select(given, None, &[])?;
    let scenarios: Vec<&Scenario> = selections
        .iter()
        .map(|selection| &*selection.scenario)
        .collect();
    let text = match manner.format {
        _ if manner.detail == Detail::Quiet => String::new(),
        Format::Human => scenarios
            .iter()
            .map(|scenario| resolved(scenario).trim_end().to_owned() + "\n")
            .collect::<Vec<_>>()
            .join("\n"),
        Format::Json => serde_json::to_string_pretty(&scenarios).expect(STRINGS) + "\n",
        Format::Jsonl => scenarios
            .iter()
            .map(|scenario| serde_json::to_string(scenario).expect(STRINGS) + "\n")
            .collect(),
    };
    Out::new(manner).say(&text)?;
    Ok(Exit::Met)
}

/// The JSON Schema of the scenario format.
pub(crate) fn schema(manner: Manner) -> Result<Exit, Failure> {
    let schema = schema::schema();
    let text = match manner.format {
        Format::Jsonl => serde_json::to_string(&schema),
        Format::Human | Format::Json => serde_json::to_string_pretty(&schema),
    };
    Out::new(manner).say(&(text.expect(STRINGS) + "\n"))?;
    Ok(Exit::Met)
}

/// The completion script of a shell.
pub(crate) fn completions(shell: Shell, manner: Manner) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "semel", &mut script);
    Out::new(manner).say(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Met)
}

/// The manual page.
pub(crate) fn man(manner: Manner) -> Result<Exit, Failure> {
    let page = manual().map_err(|error| Failure::Internal(error.to_string()))?;
    Out::new(manner).say(&page)?;
    Ok(Exit::Met)
}

/// One page for all commands: each of them is a section of it.
fn manual() -> std::io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    let mut text = String::from_utf8_lossy(&page).into_owned();
    for command in Cli::command().get_subcommands() {
        let mut section = Vec::new();
        let man = clap_mangen::Man::new(command.clone().disable_help_flag(true));
        man.render_synopsis_section(&mut section)?;
        man.render_description_section(&mut section)?;
        man.render_options_section(&mut section)?;
        let name = command.get_name().to_uppercase();
        let parts = String::from_utf8_lossy(&section).replace(".SH ", ".SS ");
        text = format!("{text}.SH SEMEL {name}\n{parts}");
    }
    Ok(text)
}
