//! `Slow`: a node that takes longer over everything.

use alloc::format;
use alloc::string::String;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::FaultIndex;
use crate::faults::pick::{Item, Names, When, Wrong};
use crate::faults::rules::{Action, Rules};
use crate::time::Span;

/// Multiplies a node's service time per step for a while: it does as much, and answers later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slow {
    /// What the fault is called. Default: its kind and ordinal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The node or role that is slow.
    pub node: String,
    /// How many times longer each step takes.
    pub factor: u32,
    /// When it begins.
    pub at: Span,
    /// When it ends. Default: when all heals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Span>,
}

impl<M, O> Item<M, O> for Slow {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn when(&self) -> When {
        When::from_until(self.at, self.until)
    }

    fn compile(
        &self,
        index: FaultIndex,
        name: &str,
        names: &Names<'_>,
        rules: &mut Rules<M, O>,
    ) -> Result<(), Wrong> {
        if self.factor < 2 {
            let text = format!(
                "is {}; a node is slowed by a factor of 2 or more, and 1 is its usual speed",
                self.factor
            );
            return Err(Wrong::new("factor", text));
        }
        for node in names.find(&self.node, "node")?.nodes(names.0.len()) {
            let slower = Action::Slow(node, self.factor);
            When::from_until(self.at, self.until).lasting((index, name), slower, rules)?;
        }
        Ok(())
    }
}
