//! What faults have in common: which nodes, which packets or steps, when, how often.

use alloc::format;
use alloc::string::{String, ToString};

use crate::address::{FaultIndex, NodeId, Outage};
use crate::chance::Rate;
use crate::rules::{
    Action, Aim, PacketAct, PacketRule, Rules, Scope, Spells, StepAct, StepRule, Timed, Trigger,
    Turn,
};
use crate::time::{Span, Time};

/// A field of a fault that makes no sense, and the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The field's name.
    pub field: &'static str,
    /// What is wrong, and what to write instead.
    pub text: String,
}

impl Wrong {
    pub(crate) fn new(field: &'static str, text: impl Into<String>) -> Self {
        Self {
            field,
            text: text.into(),
        }
    }
}

/// A set of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeSet(u128);

impl NodeSet {
    /// Every node.
    pub const ALL: Self = Self(u128::MAX);
    /// The most nodes a world with faults can have.
    pub const MOST: usize = 128;

    /// Whether a node is in it.
    #[inline]
    pub const fn has(self, node: NodeId) -> bool {
        self.0 >> (node.0 & 127) & 1 == 1
    }

    /// Its nodes below `count`, in order.
    pub fn nodes(self, count: usize) -> impl Iterator<Item = NodeId> {
        (0..count as u16)
            .map(NodeId)
            .filter(move |node| self.has(*node))
    }
}

/// The names of a world's nodes, in order.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a>(pub &'a [String]);

impl Names<'_> {
    /// The nodes called `name`: one (`"broker-0"`), a role (`"consumer"`), or all (`"*"`).
    pub fn find(&self, name: &str, field: &'static str) -> Result<NodeSet, Wrong> {
        if name == "*" {
            return Ok(NodeSet::ALL);
        }
        let role = format!("{name}-");
        let mut set = 0;
        for (index, node) in self.0.iter().enumerate() {
            let of_role = node
                .strip_prefix(&role)
                .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
            if node == name || of_role {
                set |= 1_u128 << index;
            }
        }
        if set == 0 {
            let known = self.0.join(", ");
            return Err(Wrong::new(
                field,
                format!("no node is called `{name}`; there are {known}"),
            ));
        }
        Ok(NodeSet(set))
    }

    pub(crate) fn find_or_all(
        &self,
        name: Option<&String>,
        field: &'static str,
    ) -> Result<NodeSet, Wrong> {
        name.map_or(Ok(NodeSet::ALL), |name| self.find(name, field))
    }
}

/// The common part of a packet fault, borrowed.
pub(crate) struct PacketPick<'a, M> {
    pub(crate) rate: Option<Rate>,
    pub(crate) packet: Option<&'a M>,
    pub(crate) from: Option<&'a String>,
    pub(crate) to: Option<&'a String>,
    pub(crate) at: Option<Span>,
    pub(crate) until: Option<Span>,
    pub(crate) nth: Option<u32>,
    pub(crate) times: Option<u32>,
    pub(crate) spells: Option<Spells>,
}

impl<M: Clone> PacketPick<'_, M> {
    pub(crate) fn compile<O>(
        &self,
        index: FaultIndex,
        name: &str,
        names: &Names<'_>,
        act: PacketAct,
        rules: &mut Rules<M, O>,
    ) -> Result<(), Wrong> {
        let windowed = self.at.is_some() || self.until.is_some();
        let patterned = self.packet.is_some() || self.nth.is_some();
        if self.rate.is_none() && !windowed && !patterned {
            return Err(Wrong::new(
                "rate",
                "is missing, and nothing else says when: give a `rate`, a time (`at`, `until`) or a `packet`",
            ));
        }
        window(self.at, self.until)?;
        once("nth", self.nth)?;
        once("times", self.times)?;
        let times = self.times.unwrap_or(if self.rate.is_none() && patterned {
            1
        } else {
            u32::MAX
        });
        let scope = Scope {
            pattern: self.packet.cloned(),
            from: names.find_or_all(self.from, "from")?,
            to: names.find_or_all(self.to, "to")?,
            start: Time(self.at.map_or(0, |span| span.0)),
            end: self.until.map_or(Time::NEVER, |span| Time(span.0)),
            spells: self.spells,
        };
        rules.packets.push(PacketRule {
            fault: index,
            turn: Turn::new(name, self.rate.unwrap_or(Rate::ONE), self.nth, times),
            scope: scope.unless_all(),
            act,
        });
        Ok(())
    }
}

fn window(at: Option<Span>, until: Option<Span>) -> Result<(), Wrong> {
    match (at, until) {
        (Some(at), Some(until)) if until <= at => Err(Wrong::new(
            "until",
            format!("ends at {until}, which is not after its start at {at}"),
        )),
        _ => Ok(()),
    }
}

fn once(field: &'static str, count: Option<u32>) -> Result<(), Wrong> {
    if count == Some(0) {
        Err(Wrong::new(field, "is 0; counts start at 1"))
    } else {
        Ok(())
    }
}

/// When something of the weather happens: once, or again and again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct When {
    pub(crate) rate: Option<Rate>,
    pub(crate) at: Option<Span>,
    pub(crate) every: Option<Span>,
    pub(crate) until: Option<Span>,
}

impl When {
    pub(crate) fn compile<M, O>(
        self,
        index: FaultIndex,
        name: &str,
        action: Action,
        rules: &mut Rules<M, O>,
    ) -> Result<(), Wrong> {
        if self.every.is_some_and(|every| every < Span::micros(1)) {
            return Err(Wrong::new(
                "every",
                "is shorter than \"1us\"; give it a longer period",
            ));
        }
        if self.until.is_some() && self.every.is_none() {
            return Err(Wrong::new(
                "until",
                "means nothing without `every`: what happens once does not go on; leave it out",
            ));
        }
        window(self.at, self.until)?;
        let first = self.at.or(self.every).unwrap_or(Span::ZERO);
        rules.timed.push(Timed {
            fault: index,
            turn: Turn::new(name, self.rate.unwrap_or(Rate::ONE), None, u32::MAX),
            first: Time(first.0),
            every: self.every,
            until: self.until.map_or(Time::NEVER, |span| Time(span.0)),
            action,
        });
        Ok(())
    }
}

/// The common part of a node fault, borrowed.
pub(crate) struct NodePick<'a, M, O> {
    pub(crate) node: Option<&'a String>,
    pub(crate) when: When,
    pub(crate) after: Option<&'a O>,
    pub(crate) packet: Option<&'a M>,
    pub(crate) nth: Option<u32>,
    pub(crate) times: Option<u32>,
    pub(crate) sends: Option<u32>,
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
            for node in nodes.nodes(names.0.len()) {
                let own = if nodes.nodes(names.0.len()).count() > 1 {
                    format!("{name}@{}", names.0[usize::from(node.0)])
                } else {
                    name.to_string()
                };
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

/// Defines a packet fault: its doc, its own fields, and the fields that all packet faults share.
macro_rules! packet_fault {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[serde(bound(serialize = "M: serde::Serialize", deserialize = "M: serde::Deserialize<'de>"))]
        pub struct $name<M> {
            /// What the fault is called; its dice depend on it. Default: its kind and ordinal.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub name: Option<alloc::string::String>,
            /// How likely each packet is hit. Default 1 where a time or a pattern is given.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub rate: Option<$crate::chance::Rate>,
            /// Only packets that match this pattern.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub packet: Option<M>,
            /// Only packets from this node or role.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub from: Option<alloc::string::String>,
            /// Only packets to this node or role.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub to: Option<alloc::string::String>,
            /// Only from this time on.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub at: Option<$crate::time::Span>,
            /// Only before this time.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub until: Option<$crate::time::Span>,
            /// Only the nth match (from 1), counted per sender.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub nth: Option<u32>,
            /// At most so many hits. Default: 1 for a pattern without a rate, else no limit.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub times: Option<u32>,
            $($(#[$field_doc])* pub $field: $kind,)*
        }

        impl<M> Default for $name<M> {
            fn default() -> Self {
                Self {
                    name: None,
                    rate: None,
                    packet: None,
                    from: None,
                    to: None,
                    at: None,
                    until: None,
                    nth: None,
                    times: None,
                    $($field: <$kind>::default(),)*
                }
            }
        }

        impl<M: Clone> $name<M> {
            fn pick(&self) -> $crate::faults::pick::PacketPick<'_, M> {
                $crate::faults::pick::PacketPick {
                    rate: self.rate,
                    packet: self.packet.as_ref(),
                    from: self.from.as_ref(),
                    to: self.to.as_ref(),
                    at: self.at,
                    until: self.until,
                    nth: self.nth,
                    times: self.times,
                    spells: None,
                }
            }
        }
    };
}

/// Defines an outage of nodes: its doc, and how long it lasts by default.
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

        impl<M: Clone, O: Clone> $name<M, O> {
            pub(super) fn compile(
                &self,
                index: $crate::address::FaultIndex,
                name: &str,
                names: &$crate::faults::pick::Names<'_>,
                rules: &mut $crate::rules::Rules<M, O>,
            ) -> Result<(), $crate::faults::pick::Wrong> {
                let when = $crate::faults::pick::When {
                    rate: self.rate,
                    at: self.at,
                    every: self.every,
                    until: self.until,
                };
                let pick = $crate::faults::pick::NodePick {
                    node: self.node.as_ref(),
                    when,
                    after: self.after.as_ref(),
                    packet: self.packet.as_ref(),
                    nth: self.nth,
                    times: self.times,
                    sends: self.sends,
                };
                pick.compile(index, name, names, $crate::address::Outage { kind: $kind, down: self.down }, rules)
            }
        }

        const fn default_down() -> $crate::time::Span {
            $crate::time::Span::millis(100)
        }
    };
}

pub(crate) use {node_fault, packet_fault};
