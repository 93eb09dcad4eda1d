//! What there is, each with one sentence: for `semel list`.

/// Something that can be named, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// One sentence.
    pub about: String,
}

/// The catalog's scenarios, with their questions.
pub fn scenarios() -> Vec<Item> {
    Vec::new()
}

/// The strategies that are compiled in.
pub fn strategies() -> Vec<Item> {
    Vec::new()
}

/// The kinds of fault.
pub fn faults() -> Vec<Item> {
    Vec::new()
}

/// The invariants that are judged.
pub fn invariants() -> Vec<Item> {
    Vec::new()
}

/// The causes of violations.
pub fn causes() -> Vec<Item> {
    Vec::new()
}
