//! Outages of nodes: what they have in common, and how one is defined.

use alloc::string::String;

use crate::address::{FaultIndex, Outage};
use crate::chance::Rate;
use crate::faults::pick::{Names, When, Wrong, once};
use crate::faults::rules::{Action, Aim, Rules, StepAct, StepRule, Trigger, Turn};
use crate::time::Time;

/// The common part of a node fault, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct NodePick<'a, M, O> {
    /// The node or role that is struck; with a trigger it may be left open.
    pub node: Option<&'a String>,
    /// At which times, or how likely.
    pub when: When,
    /// Right after an observation that matches.
    pub after: Option<&'a O>,
    /// Right after the step that handled a message that matches.
    pub packet: Option<&'a M>,
    /// Only the nth match.
    pub nth: Option<u32>,
    /// At most so often.
    pub times: Option<u32>,
    /// How many of the struck step's packets still leave.
    pub sends: Option<u32>,
}

impl<M: Clone, O: Clone> NodePick<'_, M, O> {
    /// What counts matches or a step's packets means nothing at a time.
    fn only_by_time(&self) -> Result<(), Wrong> {
        let counted = [
            ("nth", self.nth),
            ("times", self.times),
            ("sends", self.sends),
        ];
        match counted.into_iter().find(|(_, count)| count.is_some()) {
            Some((field, _)) => Err(Wrong::new(
                field,
                "means nothing at a time (`at`, `every`): there is no step to count; leave it out",
            )),
            None => Ok(()),
        }
    }

    /// A fault that strikes by trigger, by time, or by rate after any step, in this order of precedence.
    pub(crate) fn compile(
        &self,
        index: FaultIndex,
        name: &str,
        names: &Names<'_>,
        outage: Outage,
        rules: &mut Rules<M, O>,
    ) -> Result<(), Wrong> {
        once("nth", self.nth)?;
        once("times", self.times)?;
        let trigger = match (self.after, self.packet) {
            (Some(_), Some(_)) => {
                return Err(Wrong::new(
                    "packet",
                    "stands beside `after`; one trigger is enough",
                ));
            }
            (Some(after), None) => Trigger::After(after.clone()),
            (None, Some(packet)) => Trigger::Packet(packet.clone()),
            (None, None) => Trigger::Step,
        };
        let triggered = !matches!(trigger, Trigger::Step);
        let scheduled = self.when.at.is_some() || self.when.every.is_some();
        if triggered && scheduled {
            return Err(Wrong::new("at", "stands beside a trigger; use two faults"));
        }
        if scheduled {
            self.only_by_time()?;
        }
        if self.node.is_none() && !triggered {
            return Err(Wrong::new(
                "node",
                "is missing: say which node is struck, or \"*\"",
            ));
        }
        let nodes = names.find_or_all(self.node, "node")?;
        if scheduled {
            for (node, own) in names.each(nodes, name) {
                self.when
                    .compile(index, &own, Action::Outage(node, outage), rules)?;
            }
            return Ok(());
        }
        if !triggered && self.when.rate.is_none() {
            return Err(Wrong::new(
                "rate",
                "is missing, and nothing else says when: give a `rate`, a time (`at`, `every`) or a trigger",
            ));
        }
        let times = self
            .times
            .unwrap_or(if triggered && self.when.rate.is_none() {
                1
            } else {
                u32::MAX
            });
        let sends = self.sends.or(triggered.then_some(0));
        rules.steps.push(StepRule {
            fault: index,
            turn: Turn::new(name, self.when.rate.unwrap_or(Rate::ONE), self.nth, times),
            trigger,
            aim: self.node.map_or(Aim::Here, |_| Aim::At(nodes)),
            end: self.when.until.map_or(Time::NEVER, |span| Time(span.0)),
            act: StepAct::Outage(outage, sends),
        });
        Ok(())
    }
}

/// Defines an outage of nodes: its doc, its name and its kind.
macro_rules! node_fault {
    ($(#[$doc:meta])* $name:ident, $kind:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[serde(bound(
            serialize = "M: serde::Serialize, O: serde::Serialize",
            deserialize = "M: serde::Deserialize<'de>, O: serde::Deserialize<'de>"
        ))]
        pub struct $name<M, O> {
            /// What the fault is called; its dice depend on it. Default: its kind and ordinal.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub name: Option<alloc::string::String>,
            /// The node or role that is struck. Default, with a trigger: the node where it happened.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub node: Option<alloc::string::String>,
            /// How likely: after each step of the node; with `every`, at each of those times.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub rate: Option<$crate::chance::Rate>,
            /// At this time.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub at: Option<$crate::time::Span>,
            /// Again and again, so far apart.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub every: Option<$crate::time::Span>,
            /// Only before this time.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub until: Option<$crate::time::Span>,
            /// Right after an observation that matches, in the step that made it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub after: Option<O>,
            /// Right after the step that handled a message that matches.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub packet: Option<M>,
            /// Only the nth match (from 1), counted per node.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub nth: Option<u32>,
            /// At most so often. Default: once for a trigger without a rate, else no limit.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub times: Option<u32>,
            /// How many of the struck step's packets still leave. Default: none after a trigger, chance's choice
            /// by rate.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub sends: Option<u32>,
            /// How long the node stays away.
            #[serde(default = "default_down")]
            pub down: $crate::time::Span,
        }

        impl<M, O> Default for $name<M, O> {
            fn default() -> Self {
                Self {
                    name: None,
                    node: None,
                    rate: None,
                    at: None,
                    every: None,
                    until: None,
                    after: None,
                    packet: None,
                    nth: None,
                    times: None,
                    sends: None,
                    down: default_down(),
                }
            }
        }

        impl<M, O> $name<M, O> {
            const fn pick(&self) -> $crate::faults::node::NodePick<'_, M, O> {
                $crate::faults::node::NodePick {
                    node: self.node.as_ref(),
                    when: $crate::faults::pick::When {
                        rate: self.rate,
                        at: self.at,
                        every: self.every,
                        until: self.until,
                    },
                    after: self.after.as_ref(),
                    packet: self.packet.as_ref(),
                    nth: self.nth,
                    times: self.times,
                    sends: self.sends,
                }
            }
        }

        impl<M: Clone, O: Clone> $crate::faults::pick::Item<M, O> for $name<M, O> {
            fn name(&self) -> Option<&str> {
                self.name.as_deref()
            }

            fn when(&self) -> $crate::faults::pick::When {
                self.pick().when
            }

            fn length(&self) -> Option<(&'static str, $crate::time::Span)> {
                Some(("down", self.down))
            }

            fn as_outage(
                &self,
            ) -> Option<($crate::address::OutageKind, $crate::faults::node::NodePick<'_, M, O>)> {
                Some(($kind, self.pick()))
            }

            fn after(&self) -> Option<&O> {
                self.after.as_ref()
            }

            fn compile(
                &self,
                index: $crate::address::FaultIndex,
                name: &str,
                names: &$crate::faults::pick::Names<'_>,
                rules: &mut $crate::faults::rules::Rules<M, O>,
            ) -> Result<(), $crate::faults::pick::Wrong> {
                let outage = $crate::address::Outage {
                    kind: $kind,
                    down: self.down,
                };
                self.pick().compile(index, name, names, outage, rules)
            }
        }

        const fn default_down() -> $crate::time::Span {
            $crate::time::Span::millis(100)
        }
    };
}

pub(crate) use node_fault;
