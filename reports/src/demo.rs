//! The demo: the same few mishaps against every basic strategy, told so that a stranger can follow.
//!
//! Nothing here knows how a run comes out. Tables, counts and sentences are read off the rows and the promises.

use semel_scenarios::file::expect::LEVELS;
use semel_scenarios::outcome::row::{Row, RunVerdict};

use crate::account;
use crate::ink::{BOLD, DIM, Glyphs, finish, paint, style};
use crate::levels::standing;
use crate::listing;
use crate::report::{Line, Scene};
use crate::table::{Cell, PAGE, Side, Table, paragraph};
use crate::text::{goes_wrong, verdict, world};
use crate::words::{self, Mark, span, word};

/// The whole demo: who takes part, each mishap and what became of it, the price, and what to try next.
pub fn demo(scenes: &[Scene], glyphs: Glyphs) -> String {
    let mut out = String::new();
    if let Some(first) = scenes.first() {
        out.push_str(&opening(first, scenes.len(), glyphs));
    }
    for (number, scene) in scenes.iter().enumerate() {
        out.push('\n');
        out.push_str(&mishap(number + 1, scene, glyphs));
    }
    out.push('\n');
    out.push_str(&closing(scenes, glyphs));
    finish(&out)
}

fn opening(scene: &Scene, mishaps: usize, glyphs: Glyphs) -> String {
    let heading = &scene.heading;
    let arrow = glyphs.arrow();
    let title = format!(
        "semel {}  {mishaps} mishaps, each against {} ways to deliver a record \"exactly once\"",
        heading.semel,
        scene.lines.len()
    );
    let way = format!(
        "Each record is a payment on its way: producer {arrow} log {arrow} consumer {arrow} accounts. \"Once\" can be \
         promised at three levels: of the log (stored once), of delivery (handed to the consumer once), of the \
         effect (paid once). The strategies, and what each promises:"
    );
    let mut out = paint(&title, BOLD) + "\n\n";
    out.push_str(&paragraph("", 0, &way));
    out.push('\n');
    out.push_str(&cast(&scene.lines, glyphs));
    out.push('\n');
    out.push_str(&promises(&scene.lines, glyphs));
    out.push('\n');
    let assumed = words::scope_of(scene.lines.iter().flat_map(|line| &line.promise));
    let world = format!("In every run: {}.", world(heading, glyphs));
    if assumed.is_empty() {
        out.push_str(&paragraph("", 0, &world));
    } else {
        let limits = format!("{world} Promises have limits ({assumed}), which -v shows.");
        out.push_str(&paragraph("", 0, &glyphs.clean(&limits)));
    }
    out.push_str(&legend());
    out
}

/// Who takes part: each strategy in a sentence.
fn cast(lines: &[Line], glyphs: Glyphs) -> String {
    let items = lines
        .iter()
        .map(|line| (line.row.strategy.clone(), line.about.clone()));
    listing::items(&items.collect::<Vec<_>>(), glyphs)
}

fn legend() -> String {
    let parts = words::LEGEND.map(|(mark, meaning)| {
        let symbol = paint(&mark.symbol().to_string(), style(mark));
        format!("{symbol} {meaning}")
    });
    parts.join("   ") + "\n"
}

fn promises(lines: &[Line], glyphs: Glyphs) -> String {
    let mut columns = vec![("", Side::Left)];
    columns.extend(LEVELS.map(|level| (level.name(), Side::Left)));
    let mut table = Table::new(glyphs, &columns);
    for line in lines {
        let mut cells = vec![line.row.strategy.clone().into()];
        for level in LEVELS {
            cells.push(match words::guarantee(&line.promise, level) {
                Some(guarantee) => guarantee.into(),
                None => Cell::new(glyphs.dash(), DIM),
            });
        }
        table.row(cells);
    }
    table.render()
}

fn mishap(number: usize, scene: &Scene, glyphs: Glyphs) -> String {
    let heading = &scene.heading;
    let name = glyphs.clean(&heading.scenario);
    let title = format!("{number}. {name} ");
    let rule = glyphs
        .rule()
        .repeat(PAGE.saturating_sub(title.chars().count()));
    let mut out = format!("{}{}\n", paint(&title, BOLD), paint(&rule, DIM));
    out.push_str(&paragraph("   ", 3, &glyphs.clean(&heading.question)));
    out.push_str(&paragraph("   ", 3, &glyphs.clean(&goes_wrong(heading))));
    out.push('\n');
    out.push_str(&standings(&scene.lines, glyphs));
    out.push('\n');
    out.push_str(&accounts(&scene.lines, glyphs));
    out
}

fn standings(lines: &[Line], glyphs: Glyphs) -> String {
    let mut columns = vec![("", Side::Left)];
    columns.extend(LEVELS.map(|level| (level.name(), Side::Left)));
    columns.extend([
        ("due", Side::Right),
        ("paid", Side::Right),
        ("verdict", Side::Left),
    ]);
    let mut table = Table::new(glyphs, &columns);
    for line in lines {
        let row = &line.row;
        let mut cells = vec![row.strategy.clone().into()];
        for level in LEVELS {
            let standing = standing(line, level);
            let text = format!("{} {}", standing.mark.symbol(), standing.text);
            cells.push(Cell::new(text, style(standing.mark)));
        }
        cells.extend(money(line));
        cells.push(verdict(word(line)));
        table.row(cells);
    }
    table.render()
}

/// What the accounts should hold, and what they hold.
fn money(line: &Line) -> [Cell; 2] {
    let row = &line.row;
    if row.verdict == RunVerdict::NotApplicable {
        return ["", ""].map(Cell::from);
    }
    let wrong = row.expected_balance != row.actual_balance;
    [
        Cell::new(row.expected_balance.to_string(), DIM),
        Cell::new(
            row.actual_balance.to_string(),
            if wrong { BOLD } else { DIM },
        ),
    ]
}

/// What became of the strategies, in a few sentences each. Strategies that fared alike share theirs.
fn accounts(lines: &[Line], glyphs: Glyphs) -> String {
    let mut told: Vec<(Mark, String, Vec<&str>)> = Vec::new();
    for line in lines {
        let (mark, text) = (word(line).mark(), account(line));
        match told.iter_mut().find(|one| (one.0, &one.1) == (mark, &text)) {
            Some((_, _, names)) => names.push(&line.row.strategy),
            None => told.push((mark, text, vec![&line.row.strategy])),
        }
    }
    let mut out = String::new();
    for (mark, text, names) in told {
        let lead = format!("  {} ", paint(&mark.symbol().to_string(), style(mark)));
        let text = format!("{}: {text}", words::list(&names));
        out.push_str(&paragraph(&lead, 4, &glyphs.clean(&text)));
    }
    out
}

fn account(line: &Line) -> String {
    let sentences = account::sentences(line).into_iter();
    let mut parts: Vec<String> = sentences.map(|sentence| sentence.text).collect();
    for later in parts.iter_mut().skip(1) {
        *later = account::capital(later);
    }
    parts.extend(account::upshot(line));
    parts.join(" ")
}

fn closing(scenes: &[Scene], glyphs: Glyphs) -> String {
    let mut out = format!(
        "{}\n\n",
        paint(
            "In short: what each mishap did to the effect, and the price of it all",
            BOLD
        )
    );
    out.push_str(&summary(scenes, glyphs));
    out.push('\n');
    out.push_str(&paint("Try next", BOLD));
    out.push_str("\n\n");
    let mut table = Table::bare(glyphs, 2);
    for (command, what) in next(scenes) {
        table.row(vec![command.into(), Cell::new(what, DIM)]);
    }
    out.push_str(&table.render());
    out
}

/// A line for each strategy: what each mishap did to it in the end, and what it costs.
fn summary(scenes: &[Scene], glyphs: Glyphs) -> String {
    let mut columns = vec![("", Side::Left)];
    let names = scenes.iter().map(|scene| scene.heading.scenario.as_str());
    columns.extend(names.map(|name| (name, Side::Left)));
    columns.extend([
        ("messages per record", Side::Right),
        ("slowest record", Side::Right),
    ]);
    let mut table = Table::new(glyphs, &columns);
    let count = scenes.iter().map(|scene| scene.lines.len()).min();
    for place in 0..count.unwrap_or(0) {
        let lines: Vec<&Line> = scenes.iter().map(|scene| &scene.lines[place]).collect();
        let rows: Vec<&Row> = lines.iter().map(|line| &line.row).collect();
        let slowest = rows.iter().map(|row| row.latency_p99_ns).max();
        let mut cells = vec![rows[0].strategy.clone().into()];
        cells.extend(lines.iter().map(|line| effect(line)));
        cells.push(messages_per_record(&rows).into());
        cells.push(span(slowest.unwrap_or(0)).into());
        table.row(cells);
    }
    table.render()
}

/// To one decimal.
fn messages_per_record(rows: &[&Row]) -> String {
    let sum = |count: fn(&Row) -> u64| rows.iter().map(|row| u128::from(count(row))).sum::<u128>();
    let tenths = sum(|row| row.messages) * 10 / sum(|row| row.records).max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn effect(line: &Line) -> Cell {
    let standing = standing(line, LEVELS[LEVELS.len() - 1]);
    Cell::new(
        format!("{} {}", standing.mark.symbol(), standing.text),
        style(standing.mark),
    )
}

fn next(scenes: &[Scene]) -> Vec<(String, String)> {
    let mut next: Vec<(String, String)> = Vec::new();
    if let Some(scene) = scenes.last() {
        let name = &scene.heading.scenario;
        let mut lines = scene.lines.iter();
        if let Some(line) = lines.find(|line| !line.row.violations.is_empty()) {
            next.push((
                format!("semel explain {name} --strategy {}", line.row.strategy),
                "why: a short proof, and a picture of who sent what when".into(),
            ));
        }
        next.push((
            format!("semel run {name} --report page.html"),
            "the same as a page".into(),
        ));
    }
    next.extend(
        [
            (
                "semel list",
                "every scenario, strategy, fault, invariant and cause",
            ),
            (
                "semel run --help",
                "other strategies, other settings, your own scenario file",
            ),
        ]
        .map(|(command, what)| (command.into(), what.into())),
    );
    next
}
