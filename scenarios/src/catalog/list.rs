//! What there is, each with one sentence: for `semel list`. What invariants and causes mean is said by reports.

use schemars::schema_for;
use serde_json::Value;

use crate::catalog;
use crate::file::scenario::Fault;

/// Something that can be named, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// One sentence.
    pub about: String,
}

/// The catalog's scenarios, with their questions, in the order in which to read them.
pub fn scenarios() -> Vec<Item> {
    let item = |name: &&str| {
        let scenario = catalog::scenario(name).expect("it is in the catalog");
        Item {
            name: scenario.name.clone(),
            about: scenario.question.clone(),
        }
    };
    catalog::names().iter().map(item).collect()
}

/// The strategies that are compiled in, simplest first.
pub fn strategies() -> Vec<Item> {
    let item = |name: &&str| {
        let strategy = catalog::strategy(name).expect("it is in the catalog");
        Item {
            name: (*name).into(),
            about: strategy.about.clone(),
        }
    };
    catalog::strategy_names().iter().map(item).collect()
}

/// The kinds of fault, as files write them. What they do is said where they are defined, and read from the schema.
pub fn faults() -> Vec<Item> {
    let schema = schema_for!(Fault).to_value();
    let variants = schema["oneOf"].as_array().map_or(&[][..], Vec::as_slice);
    let item = |variant: &Value| {
        let name = variant["required"][0].as_str()?;
        let about = variant["description"].as_str()?;
        Some(Item {
            name: name.into(),
            about: about.into(),
        })
    };
    variants.iter().filter_map(item).collect()
}
