//! `--set PATH=VALUE`: one value of a scenario or of its strategies, changed from outside.

use crate::complaint::{Complaint, Kind, Source};

/// One `--set`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What is set, as error messages print it: `faults[drop].rate`.
    pub path: String,
    /// To what: RON, or a bare word or number where a string, a rate or a span is meant.
    pub value: String,
}

impl Setting {
    /// Reads `PATH=VALUE`.
    pub fn parse(text: &str) -> Result<Self, Complaint> {
        match text.split_once('=') {
            Some((path, value)) if !path.trim().is_empty() && !value.trim().is_empty() => {
                Ok(Self {
                    path: path.trim().into(),
                    value: value.trim().into(),
                })
            }
            _ => Err(Complaint {
                kind: Kind::Syntax,
                message: "a setting is written PATH=VALUE".into(),
                help: Some("for example `workload.records=100`".into()),
                path: String::new(),
                source: Source {
                    name: "--set".into(),
                    text: text.into(),
                },
                span: 0..text.len(),
                flag: true,
            }),
        }
    }

    /// Whether it changes the strategies, not the scenario.
    pub fn is_of_strategy(&self) -> bool {
        self.path.starts_with("strategy.") || self.path == "strategy"
    }
}
