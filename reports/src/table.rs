//! Columns of text, and paragraphs: where things stand on a terminal.

use anstyle::Style;

use crate::ink::{BOLD, Glyphs, PLAIN, paint};

/// How wide a page of text is. It is the same everywhere, so that the same run gives the same bytes.
pub(crate) const PAGE: usize = 100;

/// To which side the text of a column keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// One field of a table.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, PLAIN)
    }
}

/// Columns under headings, as wide as what stands in them.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    glyphs: Glyphs,
    sides: Vec<Side>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table whose columns have these titles and keep to these sides.
    pub(crate) fn new(glyphs: Glyphs, columns: &[(&str, Side)]) -> Self {
        let titles = columns
            .iter()
            .map(|(title, _)| Cell::new(*title, BOLD))
            .collect();
        Self {
            glyphs,
            sides: columns.iter().map(|(_, side)| *side).collect(),
            rows: vec![titles],
        }
    }

    /// A table of so many columns that needs no titles.
    pub(crate) fn bare(glyphs: Glyphs, columns: usize) -> Self {
        Self {
            glyphs,
            sides: vec![Side::Left; columns],
            rows: Vec::new(),
        }
    }

    /// Adds a row: a cell for each column.
    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        assert!(cells.len() == self.sides.len(), "a cell for each column");
        self.rows.push(cells);
    }

    /// The table, indented by two, without spaces at the ends of lines.
    pub(crate) fn render(mut self) -> String {
        for cell in self.rows.iter_mut().flatten() {
            cell.text = self.glyphs.clean(&cell.text);
        }
        let widths: Vec<usize> = (0..self.sides.len())
            .map(|column| {
                self.rows
                    .iter()
                    .map(|row| width(&row[column].text))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let mut out = String::new();
        for row in &self.rows {
            out.push_str(&self.line(row, &widths));
            out.push('\n');
        }
        out
    }

    fn line(&self, row: &[Cell], widths: &[usize]) -> String {
        let last = row.iter().rposition(|cell| !cell.text.is_empty());
        let mut out = String::new();
        for (column, cell) in row.iter().enumerate().take(last.map_or(0, |last| last + 1)) {
            out.push_str("  ");
            let gap = " ".repeat(widths[column] - width(&cell.text));
            let text = paint(&cell.text, cell.style);
            match self.sides[column] {
                Side::Right => out.push_str(&(gap + &text)),
                Side::Left if Some(column) == last => out.push_str(&text),
                Side::Left => out.push_str(&(text + &gap)),
            }
        }
        out
    }
}

/// How many columns a text takes. Wide scripts take two a letter.
pub(crate) fn width(text: &str) -> usize {
    let wide = |letter: char| matches!(letter, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}');
    text.chars()
        .map(|letter| if wide(letter) { 2 } else { 1 })
        .sum()
}

/// A paragraph: `lead` (already painted, `indent` wide) before the first line, blanks before the others.
pub(crate) fn paragraph(lead: &str, indent: usize, text: &str) -> String {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let size = width(word);
        if used > 0 && indent + used + 1 + size > PAGE {
            lines.push(String::new());
            used = 0;
        }
        let line = lines.last_mut().expect("there is always a line");
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += size;
    }
    let blank = " ".repeat(indent);
    let mut out = String::new();
    for (number, line) in lines.iter().enumerate() {
        out.push_str(if number == 0 { lead } else { &blank });
        out.push_str(line);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(Glyphs::Unicode, &[("name", Side::Left), ("n", Side::Right)]);
        table.row(vec!["a".into(), "7".into()]);
        table.row(vec!["longer".into(), "12".into()]);
        let text = anstream::adapter::strip_str(&table.render()).to_string();
        assert_eq!(text, "  name     n\n  a        7\n  longer  12\n");
    }

    #[test]
    fn paragraphs_hang() {
        let text = paragraph("x ", 2, &"word ".repeat(30));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("x word") && lines[1].starts_with("  word"));
        assert!(lines.iter().all(|line| width(line) <= PAGE));
    }
}
