//! Text for a terminal: one scenario under one seed, strategy by strategy.
//!
//! Everything here writes styles; `anstream` strips them where they are not wanted.

use semel_scenarios::trial::token;

use crate::account::{self, Sentence};
use crate::ink::{BOLD, DIM, Glyphs, finish, paint, style};
use crate::report::{Heading, Line, Scene};
use crate::table::{Cell, Side, Table, paragraph};
use crate::words::{self, Mark, Word, plural, span, thousands, word};

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Only what failed.
    Quiet,
    /// What most people want.
    #[default]
    Normal,
    /// Also why each verdict was expected, what is promised, and the token of every run.
    Verbose,
}

/// What stands over the runs, before the first of them: the scenario, its world, and what repeats each run.
pub fn heading(heading: &Heading, glyphs: Glyphs) -> String {
    let mut out = format!("{}  semel {}\n", title(heading, glyphs), heading.semel);
    for text in [heading.question.as_str(), &goes_wrong(heading)] {
        if !text.is_empty() {
            out.push_str(&paragraph("", 0, &glyphs.clean(text)));
        }
    }
    let world = format!(
        "{}{}{}s",
        world(heading, glyphs),
        glyphs.dot(),
        words::transport(heading.transport)
    );
    out.push_str(&paint(&glyphs.clean(&world), DIM));
    out.push('\n');
    for (path, value) in &heading.set {
        out.push_str(&glyphs.clean(&format!("Changed: {path} = {value}")));
        out.push('\n');
    }
    out.push('\n');
    for again in &heading.again {
        out.push_str(&paint(&format!("  {}", glyphs.clean(again)), DIM));
        out.push('\n');
    }
    finish(&out)
}

/// What the runs came to: a table with a line for each strategy, then what went wrong in sentences.
///
/// [`Detail::Quiet`] shows only what failed, under a short heading of its own, and nothing where nothing did.
pub fn results(scene: &Scene, glyphs: Glyphs, detail: Detail) -> String {
    let quiet = detail == Detail::Quiet;
    let shown: Vec<&Line> = scene
        .lines
        .iter()
        .filter(|line| !quiet || word(line).is_failure())
        .collect();
    if shown.is_empty() {
        return String::new();
    }
    let mut out = if quiet {
        title(&scene.heading, glyphs) + "\n"
    } else {
        String::new()
    };
    out.push('\n');
    out.push_str(&table(&shown, glyphs));
    for comment in comments(&shown, detail) {
        out.push('\n');
        out.push_str(&comment.text(glyphs));
    }
    finish(&out)
}

/// Whether a run that was repeated is the recorded one.
pub fn replayed(digest: &str, recorded: Option<&str>, glyphs: Glyphs) -> String {
    let (mark, text) = match recorded {
        Some(recorded) if digest.starts_with(recorded) => {
            (Mark::Kept, format!("reproduced: digest {digest}"))
        }
        Some(recorded) => (
            Mark::Broken,
            format!("not reproduced: digest {digest}, recorded {recorded}"),
        ),
        None => (
            Mark::Idle,
            format!("digest {digest}; the token has none to compare"),
        ),
    };
    let symbol = paint(&mark.symbol().to_string(), style(mark));
    format!("\n{symbol} {}\n", glyphs.clean(&text))
}

fn title(heading: &Heading, glyphs: Glyphs) -> String {
    let name = paint(&glyphs.clean(&heading.scenario), BOLD);
    format!("{name}  seed {}", heading.seed)
}

/// What goes wrong, in a sentence: `Here the network loses Ack of record 3 (attempt 1).`
pub(crate) fn goes_wrong(heading: &Heading) -> String {
    let seed = heading.seed;
    match (heading.drawn, heading.faults.is_empty()) {
        (false, true) => "Here no fault is planned.".into(),
        (true, true) => format!("Seed {seed} draws no fault."),
        (false, false) => format!("Here {}.", heading.faults.join("; ")),
        (true, false) => format!("As seed {seed} draws it, {}.", heading.faults.join("; ")),
    }
}

/// The nodes of a run: `1 producer · 1 broker · 1 consumer · 40 records`.
pub(crate) fn world(heading: &Heading, glyphs: Glyphs) -> String {
    let count = |count: u16, noun: &str| plural(u64::from(count), noun);
    let topology = heading.topology;
    let brokers = match topology.partitions {
        1 => count(topology.brokers, "broker"),
        partitions => format!(
            "{} ({})",
            count(topology.brokers, "broker"),
            count(partitions, "partition")
        ),
    };
    [
        count(topology.producers, "producer"),
        brokers,
        count(topology.consumers, "consumer"),
        plural(u64::from(heading.records), "record"),
    ]
    .join(glyphs.dot())
}

fn table(lines: &[&Line], glyphs: Glyphs) -> String {
    let columns = [
        ("strategy", Side::Left),
        ("verdict", Side::Left),
        ("applied", Side::Right),
        ("dup", Side::Right),
        ("lost", Side::Right),
        ("late", Side::Right),
        ("p99", Side::Right),
        ("msgs", Side::Right),
        ("faults met", Side::Left),
    ];
    let mut table = Table::new(glyphs, &columns);
    for line in lines {
        let row = &line.row;
        let (strategy, word) = (row.strategy.clone(), word(line));
        if word == Word::NotApplicable {
            let mut cells = vec![strategy.into(), verdict(word)];
            cells.resize(columns.len(), Cell::new("", DIM));
            table.row(cells);
            continue;
        }
        table.row(vec![
            strategy.into(),
            verdict(word),
            format!("{}/{}", thousands(row.applied), thousands(row.records)).into(),
            number(row.duplicated),
            number(row.lost),
            number(row.reordered),
            span(row.latency_p99_ns).into(),
            thousands(row.messages).into(),
            faults_met(line, glyphs).into(),
        ]);
    }
    table.render()
}

/// A verdict as a cell: symbol, words, and the colour that repeats them.
pub(crate) fn verdict(word: Word) -> Cell {
    let mark = word.mark();
    Cell::new(format!("{} {}", mark.symbol(), word.text()), style(mark))
}

fn number(count: u64) -> Cell {
    let style = if count == 0 { DIM } else { BOLD };
    Cell::new(thousands(count), style)
}

/// Which faults struck, and how often.
pub(crate) fn faults_met(line: &Line, glyphs: Glyphs) -> String {
    let met: Vec<String> = line
        .row
        .fired
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(name, count)| format!("{name} {}", thousands(*count)))
        .collect();
    if met.is_empty() {
        glyphs.dash().into()
    } else {
        met.join(", ")
    }
}

/// One run in sentences, without colours: the verdict, what went wrong and why, and what it all comes to.
pub fn outcome(line: &Line, glyphs: Glyphs) -> String {
    let word = word(line);
    let sentences = account::sentences(line);
    let told = sentences
        .iter()
        .map(|sentence| account::capital(&sentence.text));
    let told: Vec<String> = told.chain(account::upshot(line)).collect();
    let (symbol, verdict) = (word.mark().symbol(), word.text());
    let (scenario, strategy) = (&line.row.scenario, &line.row.strategy);
    let text = format!(
        "{symbol} {strategy} under {scenario}: {verdict}. {}",
        told.join(" ")
    );
    finish(&glyphs.clean(&text))
}

/// What is said below the table of a run, or of several that came to the same.
#[derive(PartialEq)]
struct Comment<'l> {
    strategies: Vec<&'l str>,
    sentences: Vec<Sentence>,
    remarks: Vec<(&'static str, String)>,
    /// What repeats it, and what says more of it.
    commands: Vec<(&'static str, String)>,
}

/// Every run that there is something to say of. Those that came to the same share their sentences.
fn comments<'l>(lines: &[&'l Line], detail: Detail) -> Vec<Comment<'l>> {
    let mut comments: Vec<Comment> = Vec::new();
    for line in lines {
        let word = word(line);
        let all = word.is_failure() || detail == Detail::Verbose;
        let untouched = word == Word::NotApplicable;
        if line.row.violations.is_empty() && !all && !untouched {
            continue;
        }
        let comment = Comment {
            strategies: vec![&line.row.strategy],
            sentences: account::sentences(line),
            remarks: remarks(line, word, detail),
            commands: if all && !untouched {
                commands(line)
            } else {
                Vec::new()
            },
        };
        let same = |one: &&mut Comment| {
            (&one.sentences, &one.remarks, &one.commands)
                == (&comment.sentences, &comment.remarks, &comment.commands)
        };
        match comments.iter_mut().find(same) {
            Some(one) => one.strategies.extend(comment.strategies),
            None => comments.push(comment),
        }
    }
    comments
}

impl Comment<'_> {
    fn text(&self, glyphs: Glyphs) -> String {
        let strategies = words::list(&self.strategies);
        let mut out = String::new();
        for Sentence { mark, text } in &self.sentences {
            let lead = format!("{} ", paint(&mark.symbol().to_string(), style(*mark)));
            let text = match mark {
                Mark::Broken if text.starts_with(&strategies) => text.clone(),
                _ => format!("{strategies}: {text}"),
            };
            out.push_str(&paragraph(&lead, 2, &glyphs.clean(&text)));
        }
        for (label, text) in &self.remarks {
            let (label, indent) = match *label {
                "" => ("  ".into(), 2),
                label => (paint(&format!("  {label:<10}"), DIM), 12),
            };
            out.push_str(&paragraph(&label, indent, &glyphs.clean(text)));
        }
        for (label, command) in &self.commands {
            let line = format!("  {label:<10}{}\n", glyphs.clean(command));
            out.push_str(&paint(&line, DIM));
        }
        out
    }
}

/// What repeats a run; and where something went wrong in it, what says why, and what makes it smaller.
fn commands(line: &Line) -> Vec<(&'static str, String)> {
    let mut commands = vec![("again", again(line))];
    if !line.row.violations.is_empty() {
        commands.push(("why", following(line, "explain")));
        commands.push(("smaller", following(line, "shrink") + " -o witness.ron"));
    }
    commands
}

/// A command about the run that a token or a command of `semel run` names.
fn following(line: &Line, command: &str) -> String {
    let rest = line.again.strip_prefix("semel run ");
    format!("semel {command} {}", rest.unwrap_or(&line.again))
}

/// The command that repeats a run: its token is an argument of `semel replay`.
pub(crate) fn again(line: &Line) -> String {
    if line.again.starts_with(token::VERSION) {
        format!("semel replay {}", line.again)
    } else {
        line.again.clone()
    }
}

/// What follows the violations, some with a label: the money and the limits of the promise, the promise, the reason
/// for the expectation.
fn remarks(line: &Line, word: Word, detail: Detail) -> Vec<(&'static str, String)> {
    let mut remarks = Vec::new();
    let upshot = account::upshot(line).join(" ");
    if !upshot.is_empty() {
        remarks.push(("", upshot));
    }
    if word == Word::Unexpected {
        let expected = words::expected(line.row.expected);
        remarks.push(("", format!("The scenario expects that it {expected}.")));
    }
    if detail == Detail::Verbose {
        let told = [
            ("promises", words::promise(&line.promise)),
            ("expected", line.because.clone()),
        ];
        remarks.extend(told.into_iter().filter(|(_, text)| !text.is_empty()));
    }
    remarks
}
