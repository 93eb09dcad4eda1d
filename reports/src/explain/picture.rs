//! The space-time diagram as text: nodes as columns, time going down.

use semel_scenarios::explain::{Diagram, Mark, Row};

use super::{millis, more_like_it};
use crate::words::sketches;

/// How wide a column is.
const COLUMN: usize = 24;
/// How wide the times before the columns are, at least.
const MARGIN: usize = 9;

/// The whole picture.
pub(super) fn diagram(diagram: &Diagram) -> String {
    let times = diagram.rows.iter().map(|row| millis(row.at_ns).len());
    let margin = times.max().unwrap_or(0).max(MARGIN);
    let columns = diagram.nodes.iter().map(|node| format!("{node:COLUMN$}"));
    let head = columns.fold(" ".repeat(margin + 2), |head, column| head + &column);
    let mut lines = vec![head.trim_end().to_string()];
    let rows = diagram.rows.iter();
    lines.extend(rows.map(|row| line(row, diagram.nodes.len(), margin)));
    lines.join("\n")
}

fn line(row: &Row, nodes: usize, margin: usize) -> String {
    if let Mark::More(more) = row.mark {
        return format!("{:>margin$}  {}", "", more_like_it(more));
    }
    let mut canvas: Vec<char> = vec![' '; nodes * COLUMN];
    for column in 0..nodes {
        canvas[column * COLUMN] = '|';
    }
    let place = row.node * COLUMN;
    match &row.mark {
        Mark::Packet {
            to, lost, twice, ..
        } => arrow(&mut canvas, row, *to, *lost, *twice),
        mark => {
            let sign = match mark {
                Mark::Fact(_) => '#',
                Mark::Timer(_) => '@',
                Mark::Down(_) => 'X',
                Mark::Stops => '=',
                Mark::Back => '^',
                Mark::Weather(_) | Mark::Healed | Mark::Packet { .. } | Mark::More(_) => '~',
            };
            write(
                &mut canvas,
                place,
                &format!("{sign} {}", sketches::mark(mark)),
            );
        }
    }
    let drawn: String = canvas.into_iter().collect();
    let fault = row
        .fault
        .as_ref()
        .map_or_else(String::new, |fault| format!("  {fault}"));
    let at = millis(row.at_ns);
    format!("{at:>margin$}  {}{fault}", drawn.trim_end())
}

/// An arrow between columns; one that gets lost ends in a cross before it gets there.
fn arrow(canvas: &mut Vec<char>, row: &Row, to: usize, lost: bool, twice: bool) {
    let (from, to) = (row.node * COLUMN, to * COLUMN);
    let (low, high) = (from.min(to), from.max(to));
    let rightward = to > from;
    for (index, cell) in canvas[low..high].iter_mut().enumerate().skip(1) {
        let gap = lost && index % 2 == 0;
        *cell = if gap { ' ' } else { '-' };
    }
    canvas[from] = 'o';
    let text = sketches::mark(&row.mark) + if twice { " (twice)" } else { "" };
    // Between the ends, if they stay in sight.
    let (room, length) = (high - low, text.chars().count());
    let start = if length + 4 <= room {
        low + (room - length) / 2
    } else {
        high + 2
    };
    write(canvas, start, &text);
    let end = match (lost, rightward) {
        (true, true) => to - 2,
        (true, false) => to + 2,
        (false, true) => to - 1,
        (false, false) => to + 1,
    };
    canvas[end] = if lost {
        'x'
    } else if rightward {
        '>'
    } else {
        '<'
    };
}

fn write(canvas: &mut Vec<char>, place: usize, text: &str) {
    let end = place + text.chars().count();
    canvas.resize(canvas.len().max(end), ' ');
    for (cell, letter) in canvas[place..].iter_mut().zip(text.chars()) {
        *cell = letter;
    }
}
