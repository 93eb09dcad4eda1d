//! A comparison on a page: strategies against families of faults, what each costs, and how few faults break it.

use semel_scenarios::compare::{Cell as Met, Compared, Comparison, Family, Share};
use semel_scenarios::outcome::statistics::upper_bound;
use semel_scenarios::verify::Breaking;

use crate::ink::{BOLD, Glyphs, finish, paint, style};
use crate::table::{Cell, PAGE, Side, Table, paragraph};
use crate::words::{Mark, list, plural, span, thousands};

const KEY: &str = "Share of the runs in which a record was lost (L), doubled (D) or out of order (O) in the sink, or \
                   something was stuck (S): the run itself, or a part of it that never came to rest. An x before it: a promise was broken within its assumptions. A dot: not seen, \
                   with its 95 % bound. A dash: the faults cannot touch it.";

const COST: &str = "Latency from intent to visible effect; quiet: round trips per record where nothing goes wrong; \
                    work: executions per effect; recovery: from the last outage or cut to the first new effect; met: \
                    faults per 1000 packets. In parentheses: how many times those of the first \
                    strategy that was run.";

/// The whole page.
pub fn page(comparison: &Comparison, glyphs: Glyphs) -> String {
    let (start, end) = (comparison.seeds.start, comparison.seeds.end);
    let scenarios: usize = comparison.families.iter().map(|one| one.1.len()).sum();
    let head = format!(
        "  seeds {start}..{end}{}{}\n\n",
        glyphs.dot(),
        plural(scenarios as u64, "scenario")
    );
    let mut out = paint("compare", BOLD) + &head;
    for families in fitting(comparison) {
        out += &matrix(comparison, &families, glyphs);
        out.push('\n');
    }
    out += &paragraph("", 0, &glyphs.clean(KEY));
    for (family, scenarios) in &comparison.families {
        let text = format!(
            "{}: {}. {}.",
            family.name(),
            meaning(*family),
            list(scenarios)
        );
        out += &paragraph("  ", 4, &glyphs.clean(&text));
    }
    out.push('\n');
    out += &prices(comparison, glyphs);
    out.push('\n');
    out += &paragraph(
        "",
        0,
        &glyphs.clean(&(COST.to_owned() + &measured(comparison))),
    );
    out += &numbers(comparison, glyphs);
    finish(&out)
}

/// From what the prices were taken.
fn measured(comparison: &Comparison) -> String {
    match &comparison.priced[..] {
        [] => " No scenario touches every strategy, so each price is taken from other runs.".into(),
        [only] => format!(" Taken from {only}."),
        some => format!(
            " Taken from the {} that touch every strategy.",
            plural(some.len() as u64, "scenario")
        ),
    }
}

/// The families, in as many tables as a page is wide for.
fn fitting(comparison: &Comparison) -> Vec<Vec<usize>> {
    let width = |text: &str| text.chars().count() + 2;
    let names = comparison.lines.iter().map(|line| width(&line.strategy));
    let names = names.max().unwrap_or(0).max(width("strategy"));
    let mut tables: Vec<Vec<usize>> = Vec::new();
    let mut left = 0;
    for (place, (family, _)) in comparison.families.iter().enumerate() {
        let cells = comparison.lines.iter();
        let cells = cells.map(|line| width(&met(&line.families[place]).1));
        let wide = cells.max().unwrap_or(0).max(width(family.name()));
        if tables.is_empty() || wide > left {
            tables.push(Vec::new());
            left = PAGE.saturating_sub(names);
        }
        left = left.saturating_sub(wide);
        tables.last_mut().expect("one was pushed").push(place);
    }
    tables
}

fn matrix(comparison: &Comparison, families: &[usize], glyphs: Glyphs) -> String {
    let name = |place: &usize| comparison.families[*place].0.name();
    let columns = families.iter().map(|place| (name(place), Side::Left));
    let columns: Vec<(&str, Side)> = [("strategy", Side::Left)]
        .into_iter()
        .chain(columns)
        .collect();
    let mut table = Table::new(glyphs, &columns);
    for line in &comparison.lines {
        let cells = families.iter().map(|place| {
            let (mark, text) = met(&line.families[*place]);
            Cell::new(text, style(mark))
        });
        table.row(
            [line.strategy.clone().into()]
                .into_iter()
                .chain(cells)
                .collect(),
        );
    }
    table.render()
}

/// What a strategy met with in a family, in a few letters.
pub(crate) fn met(cell: &Met) -> (Mark, String) {
    if cell.runs == 0 {
        return (Mark::Untouched, "-".into());
    }
    let kinds = [
        ('L', cell.lost),
        ('D', cell.duplicated),
        ('O', cell.reordered),
        ('S', cell.stuck),
    ];
    let seen = kinds.iter().filter(|(_, share)| share.runs > 0);
    let parts: Vec<String> = seen
        .map(|(letter, share)| format!("{letter}{}", short(*share)))
        .collect();
    match (cell.broken > 0, parts.is_empty()) {
        (true, _) => (Mark::Broken, format!("x {}", parts.join(" "))),
        (false, false) => (Mark::Beyond, parts.join(" ")),
        (false, true) => {
            let bound = per_cent(upper_bound(cell.runs));
            (Mark::Kept, format!(". <{bound}"))
        }
    }
}

fn short(share: Share) -> String {
    per_cent(share.rate)
}

/// A rate in two digits.
fn per_cent(rate: f64) -> String {
    let percent = rate * 100.0;
    match percent {
        small if small < 0.095 => format!("{small:.2}%"),
        medium if medium < 9.5 => format!("{medium:.1}%"),
        large => format!("{large:.0}%"),
    }
}

fn prices(comparison: &Comparison, glyphs: Glyphs) -> String {
    let columns = [
        ("strategy", Side::Left),
        ("p50", Side::Right),
        ("p99", Side::Right),
        ("messages", Side::Right),
        ("round trips", Side::Right),
        ("quiet", Side::Right),
        ("dedup", Side::Right),
        ("work", Side::Right),
        ("recovery", Side::Right),
        ("met", Side::Right),
    ];
    let mut table = Table::new(glyphs, &columns);
    for line in &comparison.lines {
        let mut cells = vec![line.strategy.clone()];
        cells.extend(price(line));
        table.row(cells.into_iter().map(Cell::from).collect());
    }
    table.render()
}

/// What a strategy costs, and how many times the first one's that is.
pub(crate) fn price(line: &Compared) -> [String; 9] {
    let (price, relative) = (&line.price, &line.relative);
    if price.runs == 0 {
        return std::array::from_fn(|_| "-".into());
    }
    let times = |text: String, times: Option<f64>| match times {
        Some(times) => format!("{text} ({times:.1})"),
        None => text,
    };
    [
        times(span(price.latency_p50_ns), relative.latency_p50),
        times(span(price.latency_p99_ns), relative.latency_p99),
        times(
            format!("{:.1}", price.messages_per_record),
            relative.messages_per_record,
        ),
        times(
            format!("{:.1}", price.round_trips_per_record),
            relative.round_trips_per_record,
        ),
        format!("{:.1}", price.quiet_round_trips_per_record),
        times(
            format!("{} B", thousands(price.dedup_bytes_max)),
            relative.dedup_bytes_max,
        ),
        times(
            format!("{:.2}", price.reprocessing_factor),
            relative.reprocessing_factor,
        ),
        price.recovery_p50_ns.map_or_else(
            || "-".into(),
            |recovery| times(span(recovery), relative.recovery_p50),
        ),
        format!("{:.1}", price.faults_per_1000_packets),
    ]
}

/// How few faults break each strategy.
fn numbers(comparison: &Comparison, glyphs: Glyphs) -> String {
    let sought = comparison.lines.iter().filter_map(|line| {
        let breaking = line.breaking.as_ref()?;
        Some((line, breaking))
    });
    let columns = [
        ("breaking number", Side::Left),
        ("promise", Side::Left),
        ("the next stronger claim", Side::Left),
        ("schedules", Side::Right),
    ];
    let mut table = Table::new(glyphs, &columns);
    let mut any = false;
    for (line, breaking) in sought {
        any = true;
        let [promise, next] = broken(breaking);
        table.row(vec![
            line.strategy.clone().into(),
            promise.into(),
            next.into(),
            thousands(breaking.schedules).into(),
        ]);
    }
    if any {
        format!("\n{}", table.render())
    } else {
        String::new()
    }
}

/// The breaking numbers in words: of the promise, and of the next stronger claim.
pub(crate) fn broken(breaking: &Breaking) -> [String; 2] {
    let most = plural(breaking.faults as u64, "fault");
    let scope = if breaking.finished { "all" } else { "some" };
    let fewest = |number: Option<usize>| match number {
        Some(number) => plural(number as u64, "fault"),
        None => format!("none in {scope} of at most {most}"),
    };
    let next = format!("{}: {}", breaking.next.name(), fewest(breaking.next_level));
    [fewest(breaking.promise), next]
}

/// What a family is, for a heading.
pub(crate) const fn meaning(family: Family) -> &'static str {
    match family {
        Family::Loss => "packets are lost",
        Family::Late => "packets are late",
        Family::Copies => "packets arrive twice",
        Family::Cut => "nodes are cut off",
        Family::Crash => "processes crash",
        Family::Power => "machines lose power",
        Family::Pause => "processes stop or slow down",
        Family::Clock => "clocks are wrong",
        Family::Load => "the load itself is awkward",
        Family::Several => "several at once",
    }
}
