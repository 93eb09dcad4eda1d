//! JSON: the rows themselves. Every other page is a view of them.

use semel_scenarios::row::Row;

/// One document: an array of rows.
pub fn document<'a>(rows: impl IntoIterator<Item = &'a Row>) -> String {
    let rows: Vec<&Row> = rows.into_iter().collect();
    serde_json::to_string_pretty(&rows).expect("rows have string keys") + "\n"
}

/// One row on a line of its own.
pub fn line(row: &Row) -> String {
    serde_json::to_string(row).expect("rows have string keys") + "\n"
}
