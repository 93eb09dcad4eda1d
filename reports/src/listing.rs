//! Lists: what there is, each with a sentence.

use std::collections::BTreeMap;

use crate::Glyphs;
use crate::ink::{BOLD, finish, paint};
use crate::table::{paragraph, width};

/// Things of one sort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelf {
    /// What one of them is: `scenario`.
    pub sort: &'static str,
    /// What they are together, as a title: `Scenarios: ..`.
    pub title: String,
    /// Names, each with a sentence.
    pub items: Vec<(String, String)>,
}

/// For a terminal: a title over each shelf, names to the left, sentences to the right.
pub fn text(shelves: &[Shelf], glyphs: Glyphs) -> String {
    let mut out = String::new();
    for shelf in shelves {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&paint(&glyphs.clean(&shelf.title), BOLD));
        out.push('\n');
        out.push_str(&items(&shelf.items, glyphs));
    }
    finish(&out)
}

/// Names to the left, sentences to the right.
pub(crate) fn items(items: &[(String, String)], glyphs: Glyphs) -> String {
    let items: Vec<(String, String)> = items
        .iter()
        .map(|(name, about)| (glyphs.clean(name), glyphs.clean(about)))
        .collect();
    let widest = items.iter().map(|(name, _)| width(name)).max();
    let line = |(name, about): &(String, String)| {
        let gap = " ".repeat(widest.unwrap_or(0) - width(name));
        let lead = format!("  {name}{gap}  ");
        paragraph(&lead, width(&lead), about)
    };
    items.iter().map(line).collect()
}

/// For machines: an array of `sort`, `name` and `about`.
pub fn json(shelves: &[Shelf]) -> String {
    serde_json::to_string_pretty(&values(shelves)).expect("plain strings") + "\n"
}

/// For machines: one item a line.
pub fn jsonl(shelves: &[Shelf]) -> String {
    let line = |value| serde_json::to_string(&value).expect("plain strings") + "\n";
    values(shelves).into_iter().map(line).collect()
}

fn values(shelves: &[Shelf]) -> Vec<BTreeMap<&str, &str>> {
    let item =
        |sort, name, about| BTreeMap::from([("sort", sort), ("name", name), ("about", about)]);
    shelves
        .iter()
        .flat_map(|shelf| {
            let items = shelf.items.iter();
            items.map(move |(name, about)| item(shelf.sort, name.as_str(), about.as_str()))
        })
        .collect()
}
