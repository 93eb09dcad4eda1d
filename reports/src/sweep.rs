//! A sweep on a page: verdicts with rates, causes with their simplest runs, and what never happened.

use semel_models::strategy::Level;
use semel_scenarios::outcome::minimal::FaultSet;
use semel_scenarios::outcome::summary::{CauseCount, Summary};
use semel_scenarios::witness::sought::Sought;

use crate::ink::{BOLD, DIM, Glyphs, finish, paint, style};
use crate::table::{Cell, Side, Table, paragraph};
use crate::text::Detail;
use crate::words::{Mark, Word, list, overall, plural, thousands};

/// Many runs of one scenario: everything that is said of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweeping {
    /// The scenario's name.
    pub scenario: String,
    /// What it asks, in one sentence.
    pub question: String,
    /// The seeds that were asked for: the first, and the one behind the last.
    pub seeds: (u64, u64),
    /// A line for each strategy.
    pub lines: Vec<Swept>,
}

/// Many runs of one strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct Swept {
    /// What they come to.
    pub summary: Summary,
    /// What repeats the simplest run of each cause and set of faults, in the order of the summary.
    pub again: Vec<Vec<String>>,
}

/// Whether somebody should look into what the runs of a strategy came to.
pub fn is_failure(summary: &Summary) -> bool {
    overall(summary).is_failure()
}

/// A rate for the eye: three digits.
pub(crate) fn percent(rate: f64) -> String {
    let percent = rate * 100.0;
    match percent {
        0.0 => "0".into(),
        small if small < 0.1 => format!("{small:.3}\u{a0}%"),
        medium if medium < 10.0 => format!("{medium:.2}\u{a0}%"),
        large => format!("{large:.1}\u{a0}%"),
    }
}

/// The whole page. In detail: each violation by itself, with the sets of faults it was met with.
pub fn page(sweeping: &Sweeping, glyphs: Glyphs, detail: Detail) -> String {
    let (start, end) = sweeping.seeds;
    let mut out = paint(&glyphs.clean(&sweeping.scenario), BOLD);
    for part in ["  seeds ", &start.to_string(), "..", &end.to_string(), "\n"] {
        out += part;
    }
    if !sweeping.question.is_empty() {
        out.push_str(&paragraph("", 0, &glyphs.clean(&sweeping.question)));
    }
    out.push('\n');
    out.push_str(&table(&sweeping.lines, glyphs));
    for line in &sweeping.lines {
        out.push_str(&reason(line, glyphs));
    }
    out.push_str(&causes(&sweeping.lines, glyphs, detail));
    out.push_str(&never_struck(&sweeping.lines, glyphs));
    finish(&out)
}

fn table(lines: &[Swept], glyphs: Glyphs) -> String {
    let columns = [
        ("strategy", Side::Left),
        ("verdict", Side::Left),
        ("violating", Side::Right),
        ("rate", Side::Right),
        ("95 % interval", Side::Left),
        ("first seed", Side::Right),
    ];
    let mut table = Table::new(glyphs, &columns);
    for Swept { summary, .. } in lines {
        let word = overall(summary);
        let untouched = matches!(word, Word::NotApplicable | Word::NotRun);
        let of = |text: String| if untouched { String::new() } else { text };
        let counts = format!(
            "{}/{}",
            thousands(summary.violating),
            thousands(summary.runs)
        );
        let first = summary
            .first_seed
            .map_or_else(String::new, |seed| seed.to_string());
        table.row(vec![
            summary.strategy.clone().into(),
            Cell::new(
                format!("{} {}", word.mark().symbol(), word.text()),
                style(word.mark()),
            ),
            of(counts).into(),
            of(percent(summary.rate)).into(),
            of(interval(summary)).into(),
            first.into(),
        ]);
    }
    table.render()
}

/// The interval of a rate; where nothing was seen, its bound by the rule of three.
pub(crate) fn interval(summary: &Summary) -> String {
    let (low, high) = summary.interval95;
    if summary.violating == 0 {
        return format!("at most {}", percent(high));
    }
    format!("{} to {}", percent(low), percent(high))
}

/// Why a strategy did not come out as expected.
fn reason(line: &Swept, glyphs: Glyphs) -> String {
    let mark = overall(&line.summary).mark();
    if line.summary.why.is_empty() {
        return String::new();
    }
    let text = format!("{}: {}.", line.summary.strategy, line.summary.why);
    let lead = format!("{} ", paint(&mark.symbol().to_string(), style(mark)));
    paragraph(&lead, 2, &glyphs.clean(&text))
}

/// So many sets of faults are told of each cause, the most frequent ones.
const SETS: usize = 2;

/// Every distinct cause: how often, and the simplest run that shows it.
fn causes(lines: &[Swept], glyphs: Glyphs, detail: Detail) -> String {
    if lines.iter().all(|line| line.summary.causes.is_empty()) {
        return String::new();
    }
    let columns = [
        ("cause", Side::Left),
        ("what", Side::Left),
        ("strategy", Side::Left),
        ("runs", Side::Right),
        ("smallest set met", Side::Left),
        ("simplest run", Side::Left),
    ];
    let mut table = Table::new(glyphs, &columns);
    let mut shortened = false;
    for line in lines {
        let strategy = &line.summary.strategy;
        if detail == Detail::Verbose {
            for (cause, again) in line.summary.causes.iter().zip(&line.again) {
                of_violation(&mut table, strategy, cause, again);
            }
        } else {
            for group in groups(line) {
                shortened |= group.len() > 1;
                of_cause(&mut table, strategy, &group);
            }
        }
    }
    let mut several = lines.iter().filter(|line| line.summary.causes.len() > 1);
    let other = several.find_map(|line| Some(line.summary.causes.last()?.sought()));
    let note = paragraph("", 0, &glyphs.clean(&met(other.as_ref(), shortened)));
    format!("\n{}{note}", table.render())
}

/// What the table of causes leaves open, and who says it. Where a run may show several things, one can be asked for.
fn met(other: Option<&Sought>, shortened: bool) -> String {
    let more = if shortened {
        " With -v each violation has its own line."
    } else {
        ""
    };
    let asked = other.map_or_else(String::new, |other| {
        format!(" Of several violations of a run both take the gravest, or the one asked for: --violation \"{other}\".")
    });
    format!(
        "Smallest set met: the fewest kinds of faults that struck in a run of that kind. What such a run needs, \
         `semel shrink` says, and why, `semel explain`.{more}{asked}"
    )
}

/// A violation, and what repeats the simplest run of each of its sets of faults.
type Told<'s> = (&'s CauseCount, &'s [String]);

/// What a strategy shows by the same cause on the same side, the gravest violation first.
fn groups(line: &Swept) -> Vec<Vec<Told<'_>>> {
    let mut groups: Vec<Vec<Told<'_>>> = Vec::new();
    for told in line
        .summary
        .causes
        .iter()
        .zip(line.again.iter().map(Vec::as_slice))
    {
        let key = |cause: &CauseCount| (cause.broken, cause.cause, cause.side);
        let same = |group: &&mut Vec<Told<'_>>| key(group[0].0) == key(told.0);
        match groups.iter_mut().find(same) {
            Some(group) => group.push(told),
            None => groups.push(vec![told]),
        }
    }
    let gravity = |(cause, _): &Told<'_>| (cause.level == Level::Effect, cause.runs);
    for group in &mut groups {
        group.sort_by_key(|told| std::cmp::Reverse(gravity(told)));
    }
    groups
}

/// The line of one cause: of its gravest violation, and how many others there are.
fn of_cause(table: &mut Table, strategy: &str, group: &[Told<'_>]) {
    let (cause, again) = group[0];
    let others = match group.len() - 1 {
        0 => String::new(),
        count => format!(", and {count} more"),
    };
    let mut row = head(cause, strategy, &others);
    if let (Some(set), Some(again)) = (cause.sets.first(), again.first()) {
        row.push(thousands(cause.runs).into());
        row.push(names(set).into());
        row.push(Cell::new(again.clone(), DIM));
    }
    table.row(row);
}

/// The first cells of a line: which cause, what it broke, and whose.
fn head(cause: &CauseCount, strategy: &str, others: &str) -> Vec<Cell> {
    let mark = if cause.broken {
        Mark::Broken
    } else {
        Mark::Beyond
    };
    let name = format!("{} {}", mark.symbol(), cause.cause);
    let what = format!(
        "{} at {}, {}{others}",
        cause.invariant, cause.level, cause.side
    );
    vec![
        Cell::new(name, style(mark)),
        what.into(),
        strategy.to_string().into(),
    ]
}

fn names(set: &FaultSet) -> String {
    match set.faults[..] {
        [] => "none".into(),
        _ => set.faults.join(" + "),
    }
}

/// The lines of one violation, one for each of its sets of faults: what it is stands in the first of them.
fn of_violation(table: &mut Table, strategy: &str, cause: &CauseCount, again: &[String]) {
    let mut head = head(cause, strategy, "");
    for (set, again) in cause.sets.iter().zip(again).take(SETS) {
        head.push(thousands(set.runs).into());
        head.push(names(set).into());
        head.push(Cell::new(again.clone(), DIM));
        table.row(std::mem::replace(
            &mut head,
            vec![
                String::new().into(),
                String::new().into(),
                String::new().into(),
            ],
        ));
    }
    if cause.sets.len() > SETS {
        let rest = &cause.sets[SETS..];
        let runs: u64 = rest.iter().map(|set| set.runs).sum();
        head.push(thousands(runs).into());
        let others = match rest.len() {
            1 => "one other set".into(),
            count => format!("any of {}", plural(count as u64, "other set")),
        };
        head.push(others.into());
        head.push(String::new().into());
        table.row(head);
    }
}

/// Faults that never struck any strategy.
fn never_struck(lines: &[Swept], glyphs: Glyphs) -> String {
    let ran: Vec<&Summary> = lines
        .iter()
        .map(|line| &line.summary)
        .filter(|one| one.messages > 0)
        .collect();
    let Some(first) = ran.first() else {
        return String::new();
    };
    let never = |name: &&String| ran.iter().all(|one| one.fired.get(*name) == Some(&0));
    let names: Vec<&String> = first.fired.keys().filter(never).collect();
    if names.is_empty() {
        return String::new();
    }
    let text = format!("never struck in any run: {}.", list(&names));
    format!("\n{}", paragraph("? ", 2, &glyphs.clean(&text)))
}

/// How much was run, and what was never seen; after the last scenario.
pub fn last_words(
    (runs, repeated): (u64, u64),
    witnesses: usize,
    never_provoked: &[&str],
    glyphs: Glyphs,
) -> String {
    let mut text = match runs {
        0 => "Nothing was run".into(),
        _ => plural(runs, "run"),
    };
    if repeated > 0 {
        text += "; ";
        text += &thousands(repeated);
        text += " run again with open eyes";
    }
    if witnesses > 0 {
        text += if runs == 0 { "; " } else { "; before them " };
        text += &plural(witnesses as u64, "earlier failure");
        text += " replayed";
    }
    text.push('.');
    if !never_provoked.is_empty() {
        text += " Never violated by any: ";
        text += &list(never_provoked);
        text.push('.');
    }
    finish(&paragraph("", 0, &glyphs.clean(&text)))
}
