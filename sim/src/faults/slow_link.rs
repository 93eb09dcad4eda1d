//! `SlowLink`: a link on which everything takes longer for a while.

use alloc::string::String;
use alloc::vec::Vec;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::FaultIndex;
use crate::faults::pick::{Item, Names, When, Wrong};
use crate::faults::rules::{Action, Rules};
use crate::time::Span;

/// Adds to the latency of links for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlowLink {
    /// What the fault is called. Default: its kind and ordinal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only packets from this node or role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Only packets to this node or role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How much longer every packet takes.
    pub extra: Span,
    /// When it begins.
    pub at: Span,
    /// When it ends. Default: when all heals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Span>,
}

impl<M, O> Item<M, O> for SlowLink {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn when(&self) -> When {
        When::from_until(self.at, self.until)
    }

    fn length(&self) -> Option<(&'static str, Span)> {
        Some(("extra", self.extra))
    }

    fn compile(
        &self,
        index: FaultIndex,
        name: &str,
        names: &Names<'_>,
        rules: &mut Rules<M, O>,
    ) -> Result<(), Wrong> {
        if self.extra.is_zero() {
            return Err(Wrong::new(
                "extra",
                "is 0, so nothing would be slower; leave the fault out",
            ));
        }
        let count = names.0.len();
        let from: Vec<_> = names
            .find_or_all(self.from.as_ref(), "from")?
            .nodes(count)
            .collect();
        let to: Vec<_> = names
            .find_or_all(self.to.as_ref(), "to")?
            .nodes(count)
            .collect();
        for from in from {
            for to in to.iter().copied().filter(|to| *to != from) {
                let slower = Action::Latency(from, to, self.extra);
                When::from_until(self.at, self.until).lasting((index, name), slower, rules)?;
            }
        }
        Ok(())
    }
}
