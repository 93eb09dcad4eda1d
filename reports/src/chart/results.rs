//! Pictures of many runs: how often what was violated, and how long effects took.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use semel_scenarios::outcome::statistics::{rate, wilson};
use semel_scenarios::outcome::summary::{CauseCount, Summary};
use semel_scenarios::sweep::gathered::{Group, Quantiles};

use super::{Area, DOUBLED, FAINT, INK, LEFT, LOST, ONCE, RIGHT, ROW, WIDTH, draw, text, top};
use crate::sweep::percent;
use crate::words::{plural, span};

/// Room for the side of a violation behind its name.
const SIDE: u32 = 80;

/// How often each violation was found, strategy by strategy: a bar for the rate, a line for its interval.
pub fn violations(groups: &[&Group]) -> String {
    let summaries = groups.iter().map(|group| &group.summary);
    let lines: Vec<(&Summary, &CauseCount)> = summaries
        .flat_map(|summary| summary.causes.iter().map(move |found| (summary, found)))
        .collect();
    picture(lines.len(), |area| {
        let title = "share of the runs, 0 to 100 %";
        text(area, title, (LEFT, 10), FAINT, HPos::Left);
        for (place, (summary, found)) in lines.iter().enumerate() {
            violation(area, top(place), summary, found);
        }
    })
}

fn violation(area: &Area<'_>, top: i32, summary: &Summary, found: &CauseCount) {
    let middle = top + ROW / 2 - 7;
    let name = format!("{} {}", summary.strategy, found.cause);
    text(area, &name, (LEFT - 12, middle), INK, HPos::Right);
    let share = rate(found.runs, summary.runs);
    let colour = if found.broken { LOST } else { DOUBLED };
    let bar = [(LEFT, top + 7), (place(share), top + ROW - 9)];
    draw(area, &Rectangle::new(bar, colour.filled()));
    let (low, high) = wilson(found.runs, summary.runs);
    stroke(area, (place(low), place(high)), top + ROW / 2 - 1);
    // The side tells two rows of one cause apart.
    let said = format!(
        "{} {} at {}, {}",
        percent(share),
        found.invariant,
        found.level,
        found.side
    );
    text(area, &said, (RIGHT + 14, middle), INK, HPos::Left);
}

/// How the runs' latencies are spread, strategy by strategy.
pub fn latencies(groups: &[&Group]) -> String {
    let slowest = |group: &&Group| group.latency_p50.0[4].max(group.latency_p99.0[4]);
    let longest = groups.iter().map(slowest).max().unwrap_or(0).max(1);
    picture(groups.len(), |area| {
        let title = format!("0 to {}", span(longest));
        text(area, &title, (LEFT, 10), FAINT, HPos::Left);
        for (place, group) in groups.iter().enumerate() {
            let top = top(place);
            let middle = top + ROW / 2 - 7;
            text(
                area,
                &group.summary.strategy,
                (LEFT - 12, middle),
                INK,
                HPos::Right,
            );
            spread(area, top + 8, &group.latency_p50, longest, ONCE);
            spread(area, top + 20, &group.latency_p99, longest, DOUBLED);
            let medians = [group.latency_p50.0[2], group.latency_p99.0[2]].map(span);
            let said = format!(
                "{}, {} of {}",
                medians[0],
                medians[1],
                plural(group.summary.runs, "run")
            );
            text(area, &said, (RIGHT + 14, middle), INK, HPos::Left);
        }
    })
}

/// A line over nine tenths of the runs, a box over the middle half, a stroke at the median.
fn spread(area: &Area<'_>, y: i32, quantiles: &Quantiles, longest: u64, colour: RGBColor) {
    let [low, quarter, middle, rest, high] = quantiles.0.map(|nanos| place(rate(nanos, longest)));
    stroke(area, (low, high), y);
    let bounds = [(quarter, y - 4), (rest.max(quarter + 2), y + 4)];
    draw(area, &Rectangle::new(bounds, colour.filled()));
    let tick = vec![(middle, y - 5), (middle, y + 5)];
    draw(area, &PathElement::new(tick, INK.stroke_width(2)));
}

fn stroke(area: &Area<'_>, (from, to): (i32, i32), y: i32) {
    draw(
        area,
        &PathElement::new(vec![(from, y), (to, y)], INK.stroke_width(1)),
    );
}

/// Where a share of the width stands.
fn place(share: f64) -> i32 {
    LEFT + (f64::from(RIGHT - LEFT) * share).round() as i32
}

/// A picture with so many rows under a title.
fn picture(rows: usize, paint: impl FnOnce(&Area<'_>)) -> String {
    let mut svg = String::new();
    let height = top(rows) + 12;
    {
        let size = (WIDTH + SIDE, height.unsigned_abs());
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        paint(&area);
        area.present().expect("a string takes everything");
    }
    svg
}
