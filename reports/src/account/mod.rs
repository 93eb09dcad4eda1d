//! An account of a run: its violations in sentences, made from nothing but the row and the promise.
//!
//! Violations of one cause are told together, over all levels that they reach: "record 3 was stored, delivered and
//! applied twice". Which record, which level and which cause the row says; how to say it stands in [`crate::words`].

mod group;

use semel_models::observation::Place;
use semel_models::strategy::{Invariant, Level};
use semel_scenarios::expect::LEVELS;
use semel_scenarios::row::Row;

use crate::report::Line;
use crate::words::{self, GLUE, Mark};

/// How many records a sentence names before it only counts them.
const NAMED: usize = 4;

/// The invariants that "at least once" and "at most once" speak of.
const COUNTED: [&str; 2] = [Invariant::NoLoss.name(), Invariant::NoDuplicate.name()];

/// One sentence about a run, and how grave it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// How grave it is.
    pub mark: Mark,
    /// The sentence.
    pub text: String,
}

/// Everything that went wrong in a run, gravest first. Empty when nothing did.
///
/// That the state or the sum of money is wrong goes without saying where a loss or a duplicate is told, unless a
/// promise was broken by it.
pub fn violations(line: &Line) -> Vec<Sentence> {
    let groups = group::groups(&line.row.violations);
    let first_hand = groups.iter().any(|group| !group.is_aftermath());
    let mut sentences: Vec<Sentence> = groups
        .iter()
        .filter(|group| !first_hand || group.gravest.is_breach() || !group.is_aftermath())
        .map(|group| group.tell(line))
        .collect();
    sentences.sort_by_key(|sentence| sentence.mark != Mark::Broken);
    sentences
}

/// Whether the accounts hold what they should, in a sentence; nothing where they do.
pub fn balance(row: &Row) -> Option<String> {
    (row.expected_balance != row.actual_balance).then(|| {
        format!(
            "The accounts hold {} instead of {}.",
            row.actual_balance, row.expected_balance
        )
    })
}

/// What there is to say of a run in which nothing was violated.
pub fn intact(line: &Line) -> String {
    let order = if line.row.reordered == 0 {
        ""
    } else {
        ", but not everything in order"
    };
    let why = recognised(line).map(|clause| format!(": {clause}"));
    format!(
        "nothing lost, nothing doubled{order}{}.",
        why.unwrap_or_default()
    )
}

/// Who recognised which repeats, as a clause; nothing where nobody did, or nobody watched.
pub fn recognised(line: &Line) -> Option<String> {
    let of = |place: Place, who: &str| {
        let repeats = line.recognised.iter().filter(|(there, _)| *there == place);
        let records: Vec<String> = repeats.map(|(_, record)| record.to_string()).collect();
        let what = match &records[..] {
            [] => return None,
            [one] => format!("the repeat of record{GLUE}{one}"),
            several => format!("the repeats of {}", named(several, false)),
        };
        Some(format!("{who} recognised {what}"))
    };
    let clauses: Vec<String> = [
        of(Place::Stream, "the stream"),
        of(Place::Consumer, "the consumer"),
        of(Place::Sink, "the sink"),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!clauses.is_empty()).then(|| words::list(&clauses))
}

/// `records 3, 4 and 5`; of many, the first and how many others there are, or are at least.
fn named(records: &[String], cut_short: bool) -> String {
    match records.len() {
        count if count <= NAMED => format!("records {}", words::list(records)),
        count => format!(
            "records {} and {}{} others",
            records[..NAMED - 1].join(", "),
            if cut_short { "at least " } else { "" },
            count - NAMED + 1
        ),
    }
}

/// What the strategy promises of the level where it went wrong, as a reminder that it promised no more.
pub fn reminder(line: &Line) -> Option<String> {
    let worst = line
        .row
        .violations
        .iter()
        .filter(|violation| !violation.promised && COUNTED.contains(&violation.invariant.as_str()))
        .filter_map(|violation| level(&violation.level))
        .max()?;
    let place = words::place(worst);
    Some(match words::guarantee(&line.promise, worst) {
        Some(guarantee) => format!("For {place} it promises {guarantee}, no more."),
        None => format!("For {place} it promises nothing."),
    })
}

/// The level of this name.
pub(crate) fn level(name: &str) -> Option<Level> {
    LEVELS.into_iter().find(|level| level.name() == name)
}

/// How many copies, deliveries or effects there were beyond the first of each record.
pub(crate) const fn extra(row: &Row, level: Level) -> u64 {
    match level {
        Level::Log => row.duplicated_in_log,
        Level::Delivery => row.redelivered,
        Level::Effect => row.duplicated,
    }
}

/// The text with its first letter as a capital.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
