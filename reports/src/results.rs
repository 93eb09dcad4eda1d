//! A page about a folder of results, whichever command filled it: verdicts with rates, what was violated and why, latencies, the price.
//!
//! Everything on it is read from [`Gathered`]; nothing is loaded, nothing runs, everything from files is escaped.

use maud::{Markup, PreEscaped, html};
use semel_scenarios::catalog;
use semel_scenarios::file::setting::Setting;
use semel_scenarios::outcome::summary::{CauseCount, Summary};
use semel_scenarios::sweep::gathered::{Gathered, Group};
use semel_scenarios::trial::token::Token;

use crate::again::command;
use crate::chart;
use crate::html::{badge, by_strategy, clean, how_to_read, sheet};
use crate::sweep::{interval, percent};
use crate::words::{Word, list, overall, plural, span, thousands};

/// A whole page.
pub fn page(gathered: &Gathered) -> String {
    let scenarios = scenarios(gathered);
    let names: Vec<&str> = scenarios.iter().map(|one| one.0).collect();
    let title = format!("{} · semel", list(&names));
    let found = gathered
        .groups
        .iter()
        .flat_map(|group| &group.summary.causes);
    sheet(
        &title,
        &html! {
            (heading(gathered))
            @for (name, groups) in &scenarios { (section(name, groups)) }
            (how_to_read(found.map(|cause| cause.cause)))
        },
    )
}

/// The groups of each scenario, in order.
fn scenarios(gathered: &Gathered) -> Vec<(&str, Vec<&Group>)> {
    let mut scenarios: Vec<(&str, Vec<&Group>)> = Vec::new();
    for group in &gathered.groups {
        match scenarios
            .iter_mut()
            .find(|one| one.0 == group.summary.scenario)
        {
            Some((_, groups)) => groups.push(group),
            None => scenarios.push((&group.summary.scenario, vec![group])),
        }
    }
    scenarios
}

fn heading(gathered: &Gathered) -> Markup {
    let manifest = &gathered.manifest;
    let runs = gathered.groups.iter().map(|group| group.summary.runs);
    let facts = [
        plural(runs.sum(), "run"),
        format!("seeds {}..{}", manifest.seeds.0, manifest.seeds.1),
        format!("semel {}", manifest.semel),
    ];
    html! {
        h1 { "Results" }
        p.world { (clean(&facts.join(" · "))) }
        @if !manifest.complete {
            p.open { b { "?" } " It was cut short: this is the longest complete prefix of its runs." }
        }
    }
}

fn section(name: &str, groups: &[&Group]) -> Markup {
    let is_run = |one: &&&Group| overall(&one.summary) != Word::NotApplicable;
    let run: Vec<&Group> = groups.iter().filter(is_run).copied().collect();
    let found = run.iter().any(|one| !one.summary.causes.is_empty());
    html! {
        section {
            h2 { (clean(name)) }
            (verdicts(groups))
            @for group in groups.iter().filter(|one| !one.summary.why.is_empty()) { (reason(&group.summary)) }
            @if found {
                figure {
                    (PreEscaped(chart::violations(&run)))
                    figcaption { "In which share of the runs each violation was found, with its 95 % Wilson interval." }
                }
                (causes(&run))
            }
            @if !run.is_empty() {
                figure {
                    (PreEscaped(chart::latencies(&run)))
                    figcaption {
                        "From intent to visible effect. Above: the median of a run; below: its 99th percentile. \
                         A line from the 5th to the 95th in a hundred runs, a box over the middle half, a stroke at \
                         the median."
                    }
                }
                (prices(&run))
            }
        }
    }
}

fn verdicts(groups: &[&Group]) -> Markup {
    let titles = [
        "verdict",
        "violating",
        "rate",
        "95 % interval",
        "first seed",
    ];
    table(groups, &titles, |Group { summary, .. }| {
        let word = overall(summary);
        let counts = format!(
            "{}/{}",
            thousands(summary.violating),
            thousands(summary.runs)
        );
        let first = summary.first_seed.map(|seed| seed.to_string());
        html! {
            td { (badge(word.mark(), word.text())) }
            @if word == Word::NotApplicable { td {} td {} td {} td {} } @else {
                td.number { (counts) }
                td.number { (percent(summary.rate)) }
                td { (interval(summary)) }
                td.number { (first.unwrap_or_default()) }
            }
        }
    })
}

/// Why a strategy did not come out as expected.
fn reason(summary: &Summary) -> Markup {
    let text = format!("{}: {}.", summary.strategy, summary.why);
    html! { p.open { b { (overall(summary).mark().symbol()) } " " (clean(&text)) } }
}

/// What was violated and why, with the run in which the fewest faults struck.
fn causes(groups: &[&Group]) -> Markup {
    let titles = ["violated", "cause", "runs", "simplest run"];
    let found = groups.iter().flat_map(|group| {
        let causes = group.summary.causes.iter();
        causes.map(|cause| (&*group.summary.strategy, violated(&group.summary, cause)))
    });
    html! {
        (by_strategy(found, &titles, None))
        p.world {
            "Simplest run: the one in which the fewest faults struck. What it needs, " code { "semel shrink" }
            " says of it, and why, " code { "semel explain" } "."
        }
    }
}

fn violated(summary: &Summary, cause: &CauseCount) -> Markup {
    let finding = cause.finding();
    html! {
        td { (format!("{} at {}", finding.invariant, finding.level)) }
        td { (format!("{}, {}", finding.cause, finding.side.name())) }
        td.number { (thousands(cause.runs)) }
        td { code { (clean(&again(summary, cause.seed))) } }
    }
}

/// What repeats a run, as far as results tell: a scenario that is not of the catalog is in a file that they do not name.
fn again(summary: &Summary, seed: u64) -> String {
    if catalog::find(&summary.scenario).is_none() {
        return format!("seed {seed}");
    }
    if summary.set.is_empty() {
        return Token {
            scenario: summary.scenario.clone(),
            plan: summary.plan.clone(),
            strategy: summary.strategy.clone(),
            seed,
            digest: None,
        }
        .to_string();
    }
    let set = summary.set.iter().map(|(path, value)| Setting {
        path: path.clone(),
        value: value.clone(),
    });
    command(
        &summary.scenario,
        &summary.strategy,
        seed,
        &set.collect::<Vec<_>>(),
    )
}

fn prices(groups: &[&Group]) -> Markup {
    let titles = [
        "p50",
        "p99",
        "messages per record",
        "round trips per record",
        "dedup bytes",
        "faults met",
    ];
    table(groups, &titles, |group| {
        let numbers = [
            span(group.latency_p50.0[2]),
            span(group.latency_p99.0[2]),
            format!("{:.1}", group.summary.messages_per_record),
            format!("{:.1}", group.summary.round_trips_per_record),
            thousands(group.summary.dedup_bytes_max),
            thousands(group.summary.fired.values().sum::<u64>()),
        ];
        html! { @for number in numbers { td.number { (number) } } }
    })
}

fn table(groups: &[&Group], titles: &[&str], row: impl Fn(&Group) -> Markup) -> Markup {
    let rows = groups.iter();
    let rows = rows.map(|group| (&*group.summary.strategy, row(group)));
    by_strategy(rows, titles, None)
}
