//! `Isolate`: nodes that cannot reach each other, one way or both.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::{FaultIndex, NodeId};
use crate::chance::Rate;
use crate::faults::pick::{Item, Names, When, Wrong};
use crate::faults::rules::{Action, Aim, Cuts, Rules, StepAct, StepRule, Trigger, Turn};
use crate::time::{Span, Time};

/// Which packets of an isolated node are lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Direction {
    /// Those it sends and those sent to it.
    #[default]
    Both,
    /// Only those it sends.
    Outgoing,
    /// Only those sent to it.
    Incoming,
}

/// Cuts one node or role off from others. A packet's fate is decided when it is sent: what is in flight arrives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[serde(bound(serialize = "O: Serialize", deserialize = "O: Deserialize<'de>"))]
pub struct Isolate<O> {
    /// What the fault is called; its dice depend on it. Default: its kind and ordinal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The nodes on one side: a node or a role each.
    pub node: String,
    /// The nodes on the other side. Default: all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Which way packets are lost.
    #[serde(default)]
    pub direction: Direction,
    /// With `every`: how likely at each of those times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// At this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Span>,
    /// Again and again, so far apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Span>,
    /// With `at` alone: when it ends. With `every`: when it happens no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Span>,
    /// Right after an observation that matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<O>,
    /// How long it lasts each time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasting: Option<Span>,
}

impl<O> Default for Isolate<O> {
    fn default() -> Self {
        Self {
            name: None,
            node: String::new(),
            from: None,
            direction: Direction::Both,
            rate: None,
            at: None,
            every: None,
            until: None,
            after: None,
            lasting: None,
        }
    }
}

impl<M, O: Clone> Item<M, O> for Isolate<O> {
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
        Some(("lasting", self.lasting?))
    }

    fn after(&self) -> Option<&O> {
        self.after.as_ref()
    }

    fn compile(
        &self,
        index: FaultIndex,
        name: &str,
        names: &Names<'_>,
        rules: &mut Rules<M, O>,
    ) -> Result<(), Wrong> {
        let lasting = self.lasting()?;
        let links = self.links(names)?;
        let action = Action::Cut(rules.cuts.len());
        rules.cuts.push(Cuts { links, lasting });
        if let Some(after) = &self.after {
            if self.at.is_some() || self.every.is_some() {
                return Err(Wrong::new("at", "stands beside a trigger; use two faults"));
            }
            rules.steps.push(StepRule {
                fault: index,
                turn: Turn::new(name, self.rate.unwrap_or(Rate::ONE), None, 1),
                trigger: Trigger::After(after.clone()),
                aim: Aim::Here,
                end: Time::NEVER,
                act: StepAct::Action(action),
            });
            return Ok(());
        }
        if self.at.is_none() && self.every.is_none() {
            return Err(Wrong::new(
                "at",
                "is missing, and nothing else says when: give a time (`at`, `every`) or a trigger (`after`)",
            ));
        }
        // With `at` alone, `until` says when the isolation ends, and not when it happens no more.
        let when = When {
            until: self.until.filter(|_| self.every.is_some()),
            ..Item::<M, O>::when(self)
        };
        when.compile(index, name, action, rules)
    }
}

impl<O> Isolate<O> {
    fn lasting(&self) -> Result<Span, Wrong> {
        match (self.lasting, self.at, self.until) {
            (Some(_), _, Some(_)) if self.every.is_none() => Err(Wrong::new(
                "until",
                "stands beside `lasting`; one of the two says when it ends",
            )),
            (Some(Span::ZERO), ..) => Err(Wrong::new(
                "lasting",
                "is 0, so nobody would be cut off; leave the fault out",
            )),
            (Some(lasting), ..) => Ok(lasting),
            (None, Some(at), Some(until)) if self.every.is_none() => {
                if until <= at {
                    return Err(Wrong::new("until", "is not after `at`"));
                }
                Ok(until - at)
            }
            _ => Err(Wrong::new(
                "lasting",
                "is missing: say how long the isolation lasts, for example \"500ms\"",
            )),
        }
    }

    /// The directed links that are cut.
    fn links(&self, names: &Names<'_>) -> Result<Vec<(NodeId, NodeId)>, Wrong> {
        let count = names.0.len();
        let one = names.find(&self.node, "node")?;
        let other = names.find_or_all(self.from.as_ref(), "from")?;
        let mut links = Vec::new();
        for inside in one.nodes(count) {
            for outside in other.nodes(count).filter(|node| *node != inside) {
                if self.from.is_none() && one.has(outside) {
                    continue;
                }
                if self.direction != Direction::Incoming {
                    links.push((inside, outside));
                }
                if self.direction != Direction::Outgoing {
                    links.push((outside, inside));
                }
            }
        }
        if links.is_empty() {
            return Err(Wrong::new(
                "node",
                "leaves nobody on the other side".to_string(),
            ));
        }
        Ok(links)
    }
}
