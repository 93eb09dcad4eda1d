//! What all faults have in common: what the list asks of each, which nodes it is about, and when it strikes.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use crate::address::{FaultIndex, NodeId, OutageKind};
use crate::chance::Rate;
use crate::faults::node::NodePick;
use crate::faults::packet::PacketPick;
use crate::faults::rules::{Action, Rules, Spell, Timed, Turn};
use crate::time::{Span, Time};

/// What the list of faults asks of each of its items.
pub(super) trait Item<M, O> {
    /// The name it was given, if any.
    fn name(&self) -> Option<&str>;

    /// When it strikes, or may.
    fn when(&self) -> When;

    /// The length of time that it has besides, and what its field is called.
    fn length(&self) -> Option<(&'static str, Span)> {
        None
    }

    /// Which packets it hits, if it picks packets.
    fn as_packet(&self) -> Option<PacketPick<'_, M>> {
        None
    }

    /// How nodes go down, and which of them, if it takes nodes down.
    fn as_outage(&self) -> Option<(OutageKind, NodePick<'_, M, O>)> {
        None
    }

    /// The observation that it waits for, if any.
    fn after(&self) -> Option<&O> {
        None
    }

    /// Adds its rules. `index` is its place in the plan, `name` what keys its dice.
    fn compile(
        &self,
        index: FaultIndex,
        name: &str,
        names: &Names<'_>,
        rules: &mut Rules<M, O>,
    ) -> Result<(), Wrong>;
}

/// What is wrong with a fault, and the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A field names what is no node and no role.
    NoNode {
        /// The field's name.
        field: &'static str,
        /// What it says.
        name: String,
    },
    /// A field makes no sense.
    Field {
        /// The field's name.
        field: &'static str,
        /// What is wrong, and what to write instead.
        text: String,
    },
}

impl Wrong {
    pub(crate) fn new(field: &'static str, text: impl Into<String>) -> Self {
        Self::Field {
            field,
            text: text.into(),
        }
    }

    /// The field that it is about.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::NoNode { field, .. } | Self::Field { field, .. } => field,
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNode { field, name } => {
                write!(out, "{field}: no node and no role is called `{name}`")
            }
            Self::Field { field, text } => write!(out, "{field}: {text}"),
        }
    }
}

impl core::error::Error for Wrong {}

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
            let name = name.into();
            return Err(Wrong::NoNode { field, name });
        }
        Ok(NodeSet(set))
    }

    /// Each node of a set, and what keys the dice of a fault of this name there: nodes do not share their luck.
    pub(crate) fn each(
        &self,
        nodes: NodeSet,
        name: &str,
    ) -> impl Iterator<Item = (NodeId, String)> {
        let count = self.0.len();
        let alone = nodes.nodes(count).nth(1).is_none();
        let own = move |node: NodeId| {
            if alone {
                return name.to_string();
            }
            format!("{name}@{}", self.0[usize::from(node.0)])
        };
        nodes.nodes(count).map(move |node| (node, own(node)))
    }

    pub(crate) fn find_or_all(
        &self,
        name: Option<&String>,
        field: &'static str,
    ) -> Result<NodeSet, Wrong> {
        name.map_or(Ok(NodeSet::ALL), |name| self.find(name, field))
    }
}

/// When a fault strikes, or may: once, again and again, or by chance for a while.
#[derive(Clone, Copy, Debug, Default)]
pub struct When {
    /// How likely, each time.
    pub rate: Option<Rate>,
    /// At this time, or from it on.
    pub at: Option<Span>,
    /// Again and again, so far apart.
    pub every: Option<Span>,
    /// Until then.
    pub until: Option<Span>,
}

impl When {
    /// From one time on, perhaps until another.
    pub(crate) const fn from_until(at: Span, until: Option<Span>) -> Self {
        Self {
            rate: None,
            at: Some(at),
            every: None,
            until,
        }
    }

    /// Something that begins at `at` and ends at `until`, if ever: two changes of the weather.
    pub(crate) fn lasting<M, O>(
        self,
        (index, name): (FaultIndex, &str),
        own: Action,
        rules: &mut Rules<M, O>,
    ) -> Result<(), Wrong> {
        window(self.at, self.until)?;
        let once = |at| Self {
            at,
            ..Self::default()
        };
        let begins = rules.timed.len();
        once(self.at).compile(index, name, own, rules)?;
        if self.until.is_some() {
            once(self.until).compile(FaultIndex::NONE, name, own, rules)?;
        }
        rules.spells.push(Spell {
            own,
            from: Time(self.at.unwrap_or_default().0),
            until: self.until.map_or(Time::NEVER, |span| Time(span.0)),
            begins,
            ends: self.until.map(|_| begins + 1),
        });
        Ok(())
    }

    /// At each of these times an action of the weather.
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

pub(super) fn window(at: Option<Span>, until: Option<Span>) -> Result<(), Wrong> {
    match (at, until) {
        (Some(at), Some(until)) if until <= at => Err(Wrong::new(
            "until",
            format!("ends at {until}, which is not after its start at {at}"),
        )),
        _ => Ok(()),
    }
}

pub(super) fn once(field: &'static str, count: Option<u32>) -> Result<(), Wrong> {
    if count == Some(0) {
        Err(Wrong::new(field, "is 0; counts start at 1"))
    } else {
        Ok(())
    }
}
