//! JSON: rows and summaries themselves. Every other page is a view of them.

use serde::Serialize;

/// One document: an array of rows, or of summaries.
pub fn document<'a, T: Serialize + 'a>(rows: impl IntoIterator<Item = &'a T>) -> String {
    let rows: Vec<&T> = rows.into_iter().collect();
    serde_json::to_string_pretty(&rows).expect("rows have string keys") + "\n"
}

/// One of them on a line of its own.
pub fn line(row: &impl Serialize) -> String {
    serde_json::to_string(row).expect("rows have string keys") + "\n"
}
