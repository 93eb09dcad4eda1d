//! HTML: one page that needs nothing else. No scripts, no network, everything from files escaped.

use std::collections::BTreeSet;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use semel_models::judge::Cause;
use semel_models::strategy::Level;
use semel_scenarios::file::expect::LEVELS;

use crate::Glyphs;
use crate::account;
use crate::chart;
use crate::ink::finish;
use crate::levels::standing;
use crate::report::{Heading, Line, Scene};
use crate::text::{again, faults_met, goes_wrong, world};
use crate::words::{self, Mark, Word, causes, span, thousands, word};

const STYLE: &str = include_str!("page.css");
/// Nothing may be loaded and nothing run, whatever a name in a file says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// A whole page about some scenes.
pub fn page(scenes: &[Scene]) -> String {
    let names: Vec<&str> = scenes
        .iter()
        .map(|scene| scene.heading.scenario.as_str())
        .collect();
    let title = format!("{} · semel", words::list(&names));
    sheet(
        &title,
        &html! {
            @for scene in scenes { (scene_section(scene)) }
            (legend(scenes))
        },
    )
}

/// A page with a title: nothing in it loads anything or runs.
pub(crate) fn sheet(title: &str, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (clean(title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main { (content) }
            }
        }
    };
    finish(&page.into_string())
}

fn scene_section(scene: &Scene) -> Markup {
    let heading = &scene.heading;
    let all: Vec<&Line> = scene.lines.iter().collect();
    let is_run = |line: &&&Line| word(line) != Word::NotApplicable;
    let run: Vec<&Line> = all.iter().filter(is_run).copied().collect();
    html! {
        section {
            h1 { (clean(&heading.scenario)) }
            @if !heading.question.is_empty() { p.question { (clean(&heading.question)) } }
            p { (clean(&goes_wrong(heading))) }
            p.world { (facts(heading)) }
            (standings(&all))
            figure {
                (PreEscaped(chart::effects(scene)))
                figcaption { "Effects per strategy: too long a bar is doubled, too short a bar is lost." }
            }
            h2 { "What happened" }
            @for line in &scene.lines { (account_of(line)) }
            h2 { "In numbers" }
            (numbers(&run))
            h2 { "Run it again" }
                        ul.again { @for line in &run { li { code { (clean(&again(line))) } } } }
        }
    }
}

fn facts(heading: &Heading) -> String {
    let mut facts = vec![
        format!("seed {}", heading.seed),
        world(heading, Glyphs::Unicode),
        format!("{}s", words::transport(heading.transport)),
        format!("semel {}", heading.semel),
    ];
    facts.extend(
        heading
            .set
            .iter()
            .map(|(path, value)| format!("{path} = {value}")),
    );
    clean(&facts.join(" · "))
}

/// Who kept what, at which level.
fn standings(lines: &[&Line]) -> Markup {
    let row = |line: &Line| {
        html! {
            td { (badge(word(line).mark(), word(line).text())) }
            @for level in LEVELS {
                @let standing = standing(line, level);
                td { (badge(standing.mark, &standing.text)) }
            }
            td { (balance(line)) }
            td { (clean(&faults_met(line, Glyphs::Unicode))) }
        }
    };
    let levels = LEVELS.map(Level::name);
    let titles = [&["verdict"][..], &levels, &["balance", "faults met"]].concat();
    table(lines, &titles, "", row)
}

/// The counts, and what it all cost.
fn numbers(lines: &[&Line]) -> Markup {
    let row = |line: &Line| {
        let row = &line.row;
        let numbers = [
            format!("{}/{}", thousands(row.applied), thousands(row.records)),
            thousands(row.duplicated),
            thousands(row.lost),
            thousands(row.reordered),
            span(row.latency_p50_ns),
            span(row.latency_p99_ns),
            thousands(row.messages),
            format!("{:.1}", row.round_trips_per_record),
            thousands(row.dedup_bytes_max),
        ];
        html! { @for number in numbers { td.number { (number) } } }
    };
    let titles = [
        "applied",
        "dup",
        "lost",
        "late",
        "p50",
        "p99",
        "messages",
        "round trips per record",
        "dedup bytes",
    ];
    table(lines, &titles, "number", row)
}

fn table(lines: &[&Line], titles: &[&str], class: &str, row: impl Fn(&Line) -> Markup) -> Markup {
    let rows = lines.iter().map(|line| (&*line.row.strategy, row(line)));
    by_strategy(rows, titles, Some(class))
}

/// A table with a row for each strategy.
pub(crate) fn by_strategy<'a>(
    rows: impl Iterator<Item = (&'a str, Markup)>,
    titles: &[&str],
    class: Option<&str>,
) -> Markup {
    html! {
        div.wide {
            table {
                thead {
                    tr {
                        th scope="col" { "strategy" }
                        @for title in titles { th class=[class] scope="col" { (title) } }
                    }
                }
                tbody {
                    @for (strategy, row) in rows {
                        tr { th scope="row" { (clean(strategy)) } (row) }
                    }
                }
            }
        }
    }
}

fn balance(line: &Line) -> String {
    if word(line) == Word::NotApplicable {
        return String::new();
    }
    let (due, is) = (line.row.expected_balance, line.row.actual_balance);
    if due == is {
        is.to_string()
    } else {
        format!("{is} instead of {due}")
    }
}

/// Symbol and words; the class only repeats them in colour.
pub(crate) fn badge(mark: Mark, text: &str) -> Markup {
    html! { span class=(class(mark)) { b { (mark.symbol()) } " " (clean(text)) } }
}

const fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Kept => "kept",
        Mark::Beyond => "beyond",
        Mark::Broken => "broken",
        Mark::Open => "open",
        Mark::Untouched | Mark::Idle => "idle",
    }
}

fn account_of(line: &Line) -> Markup {
    let word = word(line);
    let upshot = account::upshot(line);
    html! {
        article {
            h3 { (clean(&line.row.strategy)) " " (badge(word.mark(), word.text())) }
            @if !line.about.is_empty() { p.about { (clean(&line.about)) } }
            @for sentence in account::sentences(line) {
                p class=(class(sentence.mark)) { b { (sentence.mark.symbol()) } " " (clean(&account::capital(&sentence.text))) }
            }
            @if !upshot.is_empty() { p { (upshot.join(" ")) } }
            dl {
                @if !line.promise.is_empty() {
                    dt { "promises" } dd { (words::promise(&line.promise)) }
                }
                @if !line.because.is_empty() {
                    dt { "expected" } dd { (clean(&line.because)) }
                }
            }
        }
    }
}

fn legend(scenes: &[Scene]) -> Markup {
    let lines = scenes.iter().flat_map(|scene| &scene.lines);
    let violations = lines.flat_map(|line| &line.row.violations);
    how_to_read(violations.map(|violation| violation.cause))
}

/// What the symbols and levels mean, and the causes that were met.
pub(crate) fn how_to_read(met: impl Iterator<Item = Cause>) -> Markup {
    let causes = causes_met(met);
    html! {
        footer {
            h2 { "How to read this" }
            p {
                @for (mark, meaning) in words::LEGEND { span.key { (badge(mark, meaning)) } " " }
            }
            p {
                "A stream can promise \"once\" at three levels: of the log (stored once), of delivery (handed to \
                 the consumer once), of the effect (applied once). Inbound is between producer and log, outbound \
                 between log, consumer and sink."
            }
            @if let Some(causes) = causes { (causes) }
        }
    }
}

/// What the causes that were met mean, if there were any.
fn causes_met(causes: impl Iterator<Item = Cause>) -> Option<Markup> {
    let met: BTreeSet<&str> = causes.map(Cause::code).collect();
    let words = |code: &str| {
        code.parse()
            .map(causes::words)
            .expect("it is the code of one")
    };
    let list = html! {
        dl {
            @for code in &met {
                @let cause = words(code);
                dt { (code) } dd { b { (cause.name) } ": " (cause.meaning) "." }
            }
        }
    };
    (!met.is_empty()).then_some(list)
}

/// Text from a file: control characters written out; maud escapes the rest.
pub(crate) fn clean(text: &str) -> String {
    Glyphs::Unicode.clean(text)
}
