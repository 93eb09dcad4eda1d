//! A space-time diagram as SVG: nodes as columns, time going down, a line for each thing that happened.

use maud::{Markup, html};
use semel_scenarios::explain::{Diagram, Mark, Row};

use crate::ink::Glyphs;
use crate::words::millis;
use crate::words::sketches::{self, more_like_it};

/// Between two columns, and left of the first.
const COLUMN: usize = 220;
const MARGIN: usize = 110;
/// Between two rows, and above the first.
const ROW: usize = 26;
const HEAD: usize = 40;

/// The whole picture. Everything that comes from a file is escaped.
pub(crate) fn svg(diagram: &Diagram) -> String {
    let width = MARGIN + COLUMN * diagram.nodes.len() + 40;
    let height = HEAD + ROW * (diagram.rows.len() + 1);
    let picture = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {width} {height}"))
            font-family="monospace" font-size="12" role="img" aria-label="space-time diagram" {
            rect width=(width) height=(height) fill="white" {}
            @for (column, node) in diagram.nodes.iter().enumerate() {
                text x=(x(column)) y="20" text-anchor="middle" font-weight="bold" { (clean(node)) }
                (line((x(column), 28), (x(column), height), "#bbbbbb", false))
            }
            @for (index, row) in diagram.rows.iter().enumerate() { (drawn(row, HEAD + ROW * index)) }
        }
    };
    picture.into_string() + "\n"
}

const fn x(column: usize) -> usize {
    MARGIN + COLUMN * column + 20
}

fn drawn(row: &Row, y: usize) -> Markup {
    let from = x(row.node);
    let fault = row.fault.clone().unwrap_or_default();
    let color = if fault.is_empty() {
        "#222222"
    } else {
        "#b00020"
    };
    html! {
        @if !matches!(row.mark, Mark::More(_)) {
            text x="4" y=(y + 4) fill="#666666" { (millis(row.at_ns)) }
        }
        @match &row.mark {
            Mark::More(more) => {
                text x=(x(0)) y=(y + 4) fill="#666666" { (more_like_it(*more)) }
            }
            Mark::Packet { what, to, lost, twice, .. } => {
                @let twice = if *twice { " (twice)" } else { "" };
                (arrow((from, x(*to)), y, color, *lost))
                text x=(usize::midpoint(from, x(*to))) y=(y - 4) text-anchor="middle" fill=(color) {
                    (clean(what)) (twice)
                    @if !fault.is_empty() { " " (fault) }
                }
            }
            mark => {
                text x=(from) y=(y + 4) text-anchor="middle" fill=(color) { (sign(mark)) }
                text x=(from + 12) y=(y + 4) fill=(color) {
                    (clean(&sketches::mark(mark)))
                    @if !fault.is_empty() { " " (fault) }
                }
            }
        }
    }
}

/// From one column to another; what gets lost ends in a cross on its way.
fn arrow((from, to): (usize, usize), y: usize, color: &str, lost: bool) -> Markup {
    let (end, back) = if to > from {
        (to - if lost { 40 } else { 2 }, to.saturating_sub(10))
    } else {
        (to + if lost { 40 } else { 2 }, to + 10)
    };
    html! {
        (line((from, y), (end, y), color, lost))
        @if lost {
            (line((end - 5, y - 5), (end + 5, y + 5), color, false))
            (line((end - 5, y + 5), (end + 5, y - 5), color, false))
        } @else {
            (line((end, y), (back, y - 4), color, false))
            (line((end, y), (back, y + 4), color, false))
        }
    }
}

fn line(from: (usize, usize), to: (usize, usize), color: &str, dashed: bool) -> Markup {
    let dashes = dashed.then_some("6 4");
    html! {
        line x1=(from.0) y1=(from.1) x2=(to.0) y2=(to.1) stroke=(color) stroke-dasharray=[dashes] {}
    }
}

const fn sign(mark: &Mark) -> &'static str {
    match mark {
        Mark::Fact(_) => "#",
        Mark::Timer(_) => "@",
        Mark::Down(_) => "X",
        Mark::Stops => "=",
        Mark::Back => "^",
        Mark::Weather(_) | Mark::Healed | Mark::Packet { .. } | Mark::More(_) => "~",
    }
}

fn clean(text: &str) -> String {
    Glyphs::Unicode.clean(text)
}
