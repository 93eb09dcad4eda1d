//! The files that are compiled in: scenarios that each ask one question, and the strategies that answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use semel_models::strategy::Strategy;

use crate::complaint::Source;
use crate::scenario::Scenario;

/// The text of a scenario of the catalog.
pub fn find(name: &str) -> Option<Source> {
    let _ = name;
    None
}

/// Every scenario of the catalog, in the order in which to read them.
pub fn scenarios() -> Vec<Arc<Scenario>> {
    Vec::new()
}

/// The names of the strategies, simplest first.
pub fn strategy_names() -> &'static [&'static str] {
    &[]
}

/// The strategies that are compiled in, by name.
pub fn strategies() -> BTreeMap<&'static str, Strategy> {
    BTreeMap::new()
}

/// A strategy that is compiled in.
pub fn strategy(name: &str) -> Option<Strategy> {
    strategies().remove(name)
}
