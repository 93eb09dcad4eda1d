//! An account of a run: its violations in sentences, made from nothing but the row and the promise.
//!
//! Violations of one cause are told together, over all levels that they reach: "record 3 was stored, delivered and
//! applied twice". Which record, which level and which cause the row says; how to say it stands in [`crate::words`].

mod group;

use semel_models::judge::Cause;
use semel_models::observation::Place;
use semel_models::strategy::{Invariant, Level};
use semel_scenarios::outcome::row::Row;

use crate::report::Line;
use crate::words::{self, GLUE, Mark, Word, thousands, word};

/// How many records a sentence names before it only counts them.
const NAMED: usize = 4;

/// The invariants that "at least once" and "at most once" speak of.
const COUNTED: [Invariant; 2] = [Invariant::NoLoss, Invariant::NoDuplicate];

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
fn violations(line: &Line) -> Vec<Sentence> {
    let groups = group::groups(&line.row);
    let first_hand = groups.iter().any(|group| !group.is_aftermath());
    let mut sentences: Vec<Sentence> = groups
        .iter()
        .filter(|group| !first_hand || group.gravest.is_breach() || !group.is_aftermath())
        .map(|group| group.tell(line))
        .collect();
    sentences.sort_by_key(|sentence| sentence.mark != Mark::Broken);
    sentences
}

/// Everything there is to say of a run: what went wrong, gravest first; and where nothing did, or the verdict is about
/// something else, the verdict. Never empty.
pub fn sentences(line: &Line) -> Vec<Sentence> {
    let word = word(line);
    let mut sentences = violations(line);
    let aside = matches!(word, Word::NoShow | Word::Vacuous | Word::Inconclusive);
    if sentences.is_empty() || aside {
        sentences.push(Sentence {
            mark: word.mark(),
            text: verdict(line, word),
        });
    }
    sentences
}

/// What it all comes to, in whole sentences: who saved what could be saved, the money, and how much was promised at
/// all. Empty where nothing went wrong.
pub fn upshot(line: &Line) -> Vec<String> {
    let row = &line.row;
    let (due, paid) = (row.expected_balance, row.actual_balance);
    let saved = (!row.violations.is_empty()).then(|| recognised(line));
    let saved = saved.flatten().map(|clause| capital(&clause) + ".");
    let money = (due != paid).then(|| format!("The accounts hold {paid} instead of {due}."));
    let limits = (word(line) != Word::Violates).then(|| reminder(line));
    let all = [saved, money, limits.flatten()];
    all.into_iter().flatten().collect()
}

/// The verdict itself in a sentence.
fn verdict(line: &Line, word: Word) -> String {
    match word {
        Word::NoShow if !line.never_struck.is_empty() => format!(
            "{} never struck, so the violation that the scenario expects could not appear.",
            words::list(&line.never_struck)
        ),
        Word::NoShow => {
            "the violation that the scenario expects did not appear: the model is too kind, or the \
                         scenario too weak."
                .into()
        }
        Word::Vacuous => format!(
            "{} never struck, so this run does not answer the question.",
            words::list(&line.never_struck)
        ),
        Word::Inconclusive => format!(
            "it ran out of events ({}) while it was still making progress.",
            thousands(line.row.events)
        ),
        Word::NotApplicable if line.untouched.is_empty() => "this cannot touch it.".into(),
        Word::NotApplicable => format!("this cannot touch it: {}.", line.untouched),
        _ => intact(line),
    }
}

/// What there is to say of a run in which nothing was violated.
fn intact(line: &Line) -> String {
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

/// Who recognised which repeats, as a clause; nothing where nobody did. What was wrongly taken for one saved nothing.
fn recognised(line: &Line) -> Option<String> {
    let mistaken = |of: u32| {
        let mut all = line.row.violations.iter();
        all.any(|one| one.cause == Cause::Mistaken && one.record == Some(of))
    };
    let of = |place: Place, who: &str| {
        let repeats = line.recognised.iter().filter(|(there, _)| *there == place);
        let repeats = repeats.filter(|(_, record)| !mistaken(*record));
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
fn reminder(line: &Line) -> Option<String> {
    let worst = line
        .row
        .violations
        .iter()
        .filter(|violation| !violation.promised && COUNTED.contains(&violation.invariant))
        .map(|violation| violation.level)
        .max()?;
    let place = words::place(worst);
    Some(match words::guarantee(&line.promise, worst) {
        Some(guarantee) => format!("For {place} it promises {guarantee}, no more."),
        None => format!("For {place} it promises nothing."),
    })
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
