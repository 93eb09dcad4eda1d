//! A page about a folder of results: verdicts with rates, what was violated and why, latencies, the price.
//!
//! Everything on it is read from [`Gathered`]; nothing is loaded, nothing runs, everything from files is escaped.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use semel_scenarios::gathered::{Gathered, Group};
use semel_scenarios::row::ExpectedKind;
use semel_scenarios::statistics::{rate, upper_bound};

use crate::chart;
use crate::html::{POLICY, STYLE, badge, clean};
use crate::ink::finish;
use crate::sweep::percent;
use crate::words::{Mark, causes, list, plural, span, thousands};

/// A whole page.
pub fn page(gathered: &Gathered) -> String {
    let scenarios = scenarios(gathered);
    let names: Vec<&str> = scenarios.iter().map(|one| one.0).collect();
    let title = format!("{} · semel", list(&names));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (clean(&title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    (heading(gathered))
                    @for (name, groups) in &scenarios { (section(name, groups)) }
                    (legend(gathered))
                }
            }
        }
    };
    finish(&page.into_string())
}

/// The groups of each scenario, in order.
fn scenarios(gathered: &Gathered) -> Vec<(&str, Vec<&Group>)> {
    let mut scenarios: Vec<(&str, Vec<&Group>)> = Vec::new();
    for group in &gathered.groups {
        match scenarios.iter_mut().find(|one| one.0 == group.scenario) {
            Some((_, groups)) => groups.push(group),
            None => scenarios.push((&group.scenario, vec![group])),
        }
    }
    scenarios
}

fn heading(gathered: &Gathered) -> Markup {
    let manifest = &gathered.manifest;
    let facts = [
        plural(manifest.rows, "run"),
        format!("seeds {}..{}", manifest.seeds.0, manifest.seeds.1),
        format!("semel {}", manifest.semel),
    ];
    html! {
        h1 { "Results of a sweep" }
        p.world { (clean(&facts.join(" · "))) }
        @if !manifest.complete {
            p.open { b { "?" } " The sweep was cut short: this is the longest complete prefix of its runs." }
        }
    }
}

fn section(name: &str, groups: &[&Group]) -> Markup {
    let run: Vec<&Group> = groups.iter().filter(|one| one.runs > 0).copied().collect();
    let found = run.iter().any(|one| !one.causes.is_empty());
    html! {
        section {
            h2 { (clean(name)) }
            (verdicts(groups))
            @if found {
                figure {
                    (PreEscaped(chart::violations(&run)))
                    figcaption { "In which share of the runs each violation was found, with its 95 % Wilson interval." }
                }
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

/// The verdict over the runs of a group: symbol and words.
fn verdict(group: &Group) -> (Mark, &'static str) {
    match group.expected {
        _ if group.runs == 0 => (Mark::Untouched, "not applicable"),
        _ if group.broken > 0 => (Mark::Broken, "VIOLATES"),
        _ if group.unmet > 0 => (Mark::Broken, "not as expected"),
        ExpectedKind::Breaks | ExpectedKind::Always if group.violating > 0 => {
            (Mark::Beyond, "violates, expected")
        }
        _ if group.violating > 0 => (Mark::Beyond, "beyond its promise"),
        _ if group.inconclusive > 0 => (Mark::Open, "inconclusive"),
        _ => (Mark::Kept, "holds"),
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
    table(groups, &titles, |group| {
        let (mark, words) = verdict(group);
        let counts = format!("{}/{}", thousands(group.violating), thousands(group.runs));
        let first = group.first_seed.map(|seed| seed.to_string());
        html! {
            td { (badge(mark, words)) }
            @if group.runs == 0 { td {} td {} td {} td {} } @else {
                td.number { (counts) }
                td.number { (percent(rate(group.violating, group.runs))) }
                td { (interval(group)) }
                td.number { (first.unwrap_or_default()) }
            }
        }
    })
}

/// The interval of a rate; where nothing was seen, its bound by the rule of three.
fn interval(group: &Group) -> String {
    let (low, high) = group.interval95;
    if group.violating == 0 {
        format!("at most {}", percent(upper_bound(group.runs)))
    } else {
        format!("{} to {}", percent(low), percent(high))
    }
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
            format!("{:.1}", group.messages_per_record),
            format!("{:.1}", group.round_trips_per_record),
            thousands(group.dedup_bytes_max),
            thousands(group.faults),
        ];
        html! { @for number in numbers { td.number { (number) } } }
    })
}

/// A table with a row for each strategy.
fn table(groups: &[&Group], titles: &[&str], row: impl Fn(&Group) -> Markup) -> Markup {
    html! {
        div.wide {
            table {
                thead {
                    tr {
                        th scope="col" { "strategy" }
                        @for title in titles { th scope="col" { (title) } }
                    }
                }
                tbody {
                    @for group in groups {
                        tr { th scope="row" { (clean(&group.strategy)) } (row(group)) }
                    }
                }
            }
        }
    }
}

/// The causes that were met.
fn legend(gathered: &Gathered) -> Markup {
    let found = gathered.groups.iter().flat_map(|group| &group.causes);
    let mut met: Vec<&str> = found.map(|one| one.cause.as_str()).collect();
    met.sort_unstable();
    met.dedup();
    html! {
        @if !met.is_empty() {
            footer {
                h2 { "Causes" }
                dl {
                    @for code in met {
                        @let cause = causes::find(code);
                        dt { (clean(code)) } dd { b { (cause.name) } ": " (cause.meaning) "." }
                    }
                }
            }
        }
    }
}
