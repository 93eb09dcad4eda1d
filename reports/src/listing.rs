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
        let items: Vec<(String, String)> = shelf
            .items
            .iter()
            .map(|(name, about)| (glyphs.clean(name), glyphs.clean(about)))
            .collect();
        let widest = items.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
        for (name, about) in &items {
            let gap = " ".repeat(widest - width(name));
            out.push_str(&paragraph(&format!("  {name}{gap}  "), widest + 4, about));
        }
    }
    finish(&out)
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
