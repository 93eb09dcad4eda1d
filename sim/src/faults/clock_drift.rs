//! `ClockDrift`: clocks that run fast or slow.

use alloc::string::String;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::FaultIndex;
use crate::faults::pick::{Item, Names, When, Wrong};
use crate::faults::rules::{Action, Rules};
use crate::time::Span;

/// Makes a node's clocks run fast or slow: its wall clock, its monotonic clock and so its timers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockDrift {
    /// What the fault is called. Default: its kind and ordinal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The node or role whose clocks drift.
    pub node: String,
    /// Parts per million: positive runs fast, negative slow; less than 1000000 either way.
    pub ppm: i32,
    /// When it begins.
    #[serde(default)]
    pub at: Span,
    /// When it ends. Default: when all heals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Span>,
}

impl<M, O> Item<M, O> for ClockDrift {
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
        if self.ppm.unsigned_abs() >= 1_000_000 {
            return Err(Wrong::new("ppm", "must lie between -999999 and 999999"));
        }
        if self.ppm == 0 {
            return Err(Wrong::new(
                "ppm",
                "is 0, which is no drift; leave the fault out",
            ));
        }
        for node in names.find(&self.node, "node")?.nodes(names.0.len()) {
            let wrong = Action::ClockDrift(node, self.ppm);
            When::from_until(self.at, self.until).lasting((index, name), wrong, rules)?;
        }
        Ok(())
    }
}
