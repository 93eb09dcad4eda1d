//! The picture of a scene, as SVG: how many records took effect once, too often, or not at all.
//!
//! A bar for each strategy against one line, "each record once": too long is doubled, too short is lost. Words beside
//! the bars say the same, so that nothing hangs on colour.

mod results;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use semel_scenarios::outcome::row::RunVerdict;

use crate::Glyphs;
use crate::report::{Line, Scene};
use crate::words::{plural, thousands};

pub use results::{latencies, violations};

const WIDTH: u32 = 860;
const ROW: i32 = 30;
const TOP: i32 = 44;
const LEFT: i32 = 210;
const RIGHT: i32 = 600;

const INK: RGBColor = RGBColor(34, 40, 49);
const FAINT: RGBColor = RGBColor(120, 128, 140);
const ONCE: RGBColor = RGBColor(46, 139, 122);
const DOUBLED: RGBColor = RGBColor(214, 126, 20);
const LOST: RGBColor = RGBColor(190, 60, 70);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The chart of a scene: a whole `<svg>` element, with all text escaped.
pub fn effects(scene: &Scene) -> String {
    let mut svg = String::new();
    let height = top(scene.lines.len()) + 12;
    {
        let area =
            SVGBackend::with_string(&mut svg, (WIDTH, height.unsigned_abs())).into_drawing_area();
        let scale = Scale::over(&scene.lines);
        axis(&area, &scale, height);
        for (place, line) in scene.lines.iter().enumerate() {
            bar(&area, &scale, top(place), line);
        }
        area.present().expect("a string takes everything");
    }
    svg
}

/// Where the bar of a line begins. A scene has as many lines as there are strategies: a few dozen.
fn top(place: usize) -> i32 {
    TOP + ROW * i32::try_from(place).unwrap_or(0)
}

/// How records become pixels.
struct Scale {
    records: u64,
    longest: u64,
}

impl Scale {
    fn over(lines: &[Line]) -> Self {
        let rows = lines.iter().map(|line| &line.row);
        let records = rows.clone().map(|row| row.records).max().unwrap_or(0);
        let effects = rows.map(|row| row.applied.saturating_add(row.duplicated));
        Self {
            records,
            longest: effects.max().unwrap_or(0).max(records).max(1),
        }
    }

    fn x(&self, count: u64) -> i32 {
        let wide = u128::from((RIGHT - LEFT).unsigned_abs());
        let part = u128::from(count.min(self.longest)) * wide / u128::from(self.longest);
        LEFT + part as i32
    }
}

fn axis(area: &Area<'_>, scale: &Scale, height: i32) {
    let x = scale.x(scale.records);
    let title = format!("{}, each once", plural(scale.records, "record"));
    text(area, &title, (x, 10), FAINT, HPos::Center);
    let line = PathElement::new(vec![(x, 26), (x, height - 6)], INK.stroke_width(1));
    draw(area, &line);
}

fn bar(area: &Area<'_>, scale: &Scale, top: i32, line: &Line) {
    let row = &line.row;
    let middle = top + ROW / 2 - 7;
    text(area, &row.strategy, (LEFT - 12, middle), INK, HPos::Right);
    let (applied, all) = (
        scale.x(row.applied),
        scale.x(row.applied.saturating_add(row.duplicated)),
    );
    rectangle(area, (LEFT, applied), top, ONCE.filled());
    rectangle(area, (applied, all), top, DOUBLED.filled());
    if row.applied < row.records {
        let end = scale.x(row.records).max(all);
        rectangle(area, (all, end), top, LOST.stroke_width(1));
    }
    let said = said(line);
    text(area, &said, (RIGHT + 14, middle), INK, HPos::Left);
}

fn said(line: &Line) -> String {
    let row = &line.row;
    if row.verdict == RunVerdict::NotApplicable {
        return "not applicable".into();
    }
    let missing = row
        .records
        .saturating_sub(row.applied)
        .saturating_sub(row.lost);
    let counts = [
        (row.lost, "lost"),
        (row.duplicated, "doubled"),
        (missing, "without effect"),
    ];
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", thousands(count)))
        .collect();
    if parts.is_empty() {
        "all once".into()
    } else {
        parts.join(", ")
    }
}

fn rectangle(area: &Area<'_>, (from, to): (i32, i32), top: i32, style: ShapeStyle) {
    if to > from {
        draw(
            area,
            &Rectangle::new([(from, top + 5), (to, top + ROW - 7)], style),
        );
    }
}

fn text(area: &Area<'_>, text: &str, at: (i32, i32), colour: RGBColor, side: HPos) {
    let style = ("sans-serif", 17)
        .into_font()
        .color(&colour)
        .pos(Pos::new(side, VPos::Top));
    draw(area, &Text::new(Glyphs::Unicode.clean(text), at, style));
}

fn draw<'e, 'a, E>(area: &Area<'a>, element: &'e E)
where
    &'e E: plotters::element::PointCollection<'e, (i32, i32)>,
    E: plotters::element::Drawable<SVGBackend<'a>>,
{
    area.draw(element).expect("a string takes everything");
}
