//! `ClockStep`: a wall clock that jumps.

use alloc::string::String;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::FaultIndex;
use crate::chance::Rate;
use crate::faults::pick::{Item, Names, When, Wrong};
use crate::faults::rules::{Action, Rules};
use crate::time::Span;

/// Sets a node's wall clock forward or back. Its monotonic clock and its timers do not notice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockStep {
    /// What the fault is called; its dice depend on it. Default: its kind and ordinal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The node or role whose clock jumps.
    pub node: String,
    /// How far forward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward: Option<Span>,
    /// How far back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Span>,
    /// With `every`: how likely at each of those times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// At this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Span>,
    /// Again and again, so far apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Span>,
    /// With `every`: until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Span>,
}

impl<M, O> Item<M, O> for ClockStep {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn when(&self) -> When {
        When {
            rate: self.rate,
            at: self.at,
            every: self.every,
            until: self.until,
        }
    }

    fn length(&self) -> Option<(&'static str, Span)> {
        let forward = self.forward.map(|length| ("forward", length));
        forward.or(self.back.map(|length| ("back", length)))
    }

    fn compile(
        &self,
        index: FaultIndex,
        name: &str,
        names: &Names<'_>,
        rules: &mut Rules<M, O>,
    ) -> Result<(), Wrong> {
        let nanos = match (self.forward, self.back) {
            (Some(span), None) => i64::try_from(span.0).ok(),
            (None, Some(span)) => i64::try_from(span.0).ok().map(|nanos| -nanos),
            _ => {
                return Err(Wrong::new(
                    "forward",
                    "or `back`: give exactly one of the two",
                ));
            }
        };
        let nanos = nanos.ok_or_else(|| {
            Wrong::new(
                "forward",
                "is longer than a clock can jump (about 292 years)",
            )
        })?;
        if nanos == 0 {
            let field = self.forward.map_or("back", |_| "forward");
            return Err(Wrong::new(
                field,
                "is 0, which is no jump; leave the fault out",
            ));
        }
        if self.at.is_none() && self.every.is_none() {
            return Err(Wrong::new(
                "at",
                "is missing, and nothing else says when: give `at` or `every`",
            ));
        }
        let when = Item::<M, O>::when(self);
        for (node, own) in names.each(names.find(&self.node, "node")?, name) {
            when.compile(index, &own, Action::ClockStep(node, nanos), rules)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::*;
    use crate::chance::Seed;

    /// Two brokers do not jump at the same times, and a role of one jumps as its node does.
    #[test]
    fn nodes_of_a_role_do_not_share_their_luck() {
        let names = ["broker-0", "broker-1", "sink-0"].map(ToString::to_string);
        let jumps = |node: &str| -> Vec<Vec<u64>> {
            let step = ClockStep {
                node: node.into(),
                forward: Some(Span::secs(1)),
                rate: Some(Rate::new(1, 2)),
                every: Some(Span::secs(1)),
                ..ClockStep::default()
            };
            let mut rules = Rules::<(), ()>::default();
            Item::<(), ()>::compile(&step, FaultIndex(0), "jump", &Names(&names), &mut rules)
                .expect("it makes sense");
            rules.reset(Seed::new(1));
            let times = |timed: &crate::faults::rules::Timed| {
                let mut nth = 0;
                let mut next = || {
                    let (n, _) = timed.next(nth)?;
                    nth = n + 1;
                    Some(n)
                };
                (0..20).filter_map(|_| next()).collect()
            };
            rules.timed.iter().map(times).collect()
        };
        let brokers = jumps("broker");
        assert_ne!(brokers[0], brokers[1]);
        assert_eq!(jumps("sink"), jumps("sink-0"));
    }
}
