//! Schedules: runs written down as what differs from the quiet run.
//!
//! [`Noted`] watches any adversary and writes the differences down; [`Script`] gives the same answers again. A
//! [`Deviation`] names nodes and labels in words, so that it survives in a file and a person can read it.

mod noted;
mod script;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::{Change, Label, NodeId, Outage, OutageKind};
use crate::domain::Domain;
use crate::time::Span;

pub use noted::Noted;
pub use script::Script;

/// One answer that differs from the quiet run's, and its address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Deviation {
    /// A packet is lost, late or copied.
    Packet {
        /// Who sends it.
        from: String,
        /// To whom.
        to: String,
        /// On which connection of the two, from 0.
        #[serde(default)]
        connection: u32,
        /// What kind of message.
        label: String,
        /// Which of that kind there, from 0.
        nth: u32,
        /// What it says; asserted when a witness is replayed.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        what: String,
        /// What becomes of it.
        fate: Fated,
    },
    /// A node goes down right after a step.
    Step {
        /// The node.
        node: String,
        /// What kind of input.
        label: String,
        /// Which of that kind there, from 0.
        nth: u32,
        /// What it was; asserted when a witness is replayed.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        what: String,
        /// What happens.
        outage: OutageName,
        /// For how long.
        down: Span,
        /// How many of the step's packets still leave.
        #[serde(default)]
        sends: u32,
    },
    /// A delay within a spread is longer than its least.
    Jitter {
        /// The node.
        node: String,
        /// What kind of input.
        label: String,
        /// Which of that kind there, from 0.
        nth: u32,
        /// Which delay of that step, from 0.
        #[serde(default)]
        draw: u32,
        /// How much longer.
        more: Span,
    },
    /// Some unsynced entries of a journal survive.
    Survives {
        /// The node.
        node: String,
        /// How often it had booted before.
        incarnation: u32,
        /// Which of its journals.
        journal: u32,
        /// How many entries.
        kept: u64,
    },
    /// The weather changes right after a step, and because of it.
    After {
        /// The node.
        node: String,
        /// What kind of input.
        label: String,
        /// Which of that kind there, from 0.
        nth: u32,
        /// What it was; asserted when a witness is replayed.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        what: String,
        /// What changes.
        change: NamedChange,
    },
    /// The weather changes at a time.
    Weather {
        /// When.
        at: Span,
        /// What.
        change: NamedChange,
    },
}

/// What becomes of a scripted packet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Fated {
    /// It is lost.
    Drop,
    /// It arrives damaged.
    Corrupt,
    /// It arrives after each of these delays.
    Arrives(Vec<Span>),
}

/// The kinds of outage, as files call them.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum OutageName {
    /// Memory gone, disk kept.
    Crash,
    /// Memory and unsynced bytes gone.
    PowerLoss,
    /// Everything gone.
    DiskLoss,
    /// Nothing gone but time.
    Pause,
}

/// A change of weather with its nodes in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum NamedChange {
    /// A node goes down for so long.
    Outage(String, OutageName, Span),
    /// Packets from the first to the second are lost from now on.
    Cut(String, String),
    /// One cut ends.
    Join(String, String),
    /// Packets from the first to the second take so much longer.
    Latency(String, String, Span),
    /// A node's steps take so many times longer.
    Slow(String, u32),
    /// A wall clock jumps by so many nanoseconds.
    ClockStep(String, i64),
    /// A node's clocks run fast by so many parts per million.
    ClockDrift(String, i32),
}

/// A script names a node or a label that this world does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// No node is called that.
    Node(String),
    /// No message or timer is.
    Label(String),
    /// More than one label is: see [`Domain::label_name`].
    Ambiguous(String),
}

impl fmt::Display for Unknown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(name) => write!(out, "no node is called `{name}`"),
            Self::Label(name) => write!(out, "no message or timer is called `{name}`"),
            Self::Ambiguous(name) => write!(out, "more than one label is called `{name}`"),
        }
    }
}

impl core::error::Error for Unknown {}

/// The labels that the kernel itself gives to steps.
const BOOT: &str = "boot";
const DISCONNECTED: &str = "disconnected";

/// Whether a step's label is one of the kernel's own. These follow the labels of the domain.
pub const fn is_own<D: Domain>(label: Label) -> bool {
    label.0 as usize >= D::LABELS
}

/// The word for a step's label, the domain's or the kernel's own, as schedules and traces call it.
pub fn step_label<D: Domain>(label: Label) -> &'static str {
    match usize::from(label.0) {
        boot if boot == D::LABELS => BOOT,
        told if told == D::LABELS + 1 => DISCONNECTED,
        _ => D::label_name(label),
    }
}

fn named<D: Domain>(name: &str) -> Result<Label, Unknown> {
    let all = (0..D::LABELS as u8 + 2).map(Label);
    let mut called = all.filter(|label| step_label::<D>(*label) == name);
    match (called.next(), called.next()) {
        (Some(label), None) => Ok(label),
        (None, _) => Err(Unknown::Label(name.into())),
        (Some(_), Some(_)) => Err(Unknown::Ambiguous(name.into())),
    }
}

fn find(nodes: &[String], name: &str) -> Result<NodeId, Unknown> {
    let place = nodes.iter().position(|node| node == name);
    place
        .map(|index| NodeId(index as u16))
        .ok_or_else(|| Unknown::Node(name.into()))
}

impl NamedChange {
    /// A change in a world with these nodes, with their names.
    pub fn new(change: &Change, nodes: &[String]) -> Self {
        let name = |node: &NodeId| nodes[usize::from(node.0)].clone();
        match change {
            Change::Outage(node, outage) => {
                Self::Outage(name(node), outage.kind.into(), outage.down)
            }
            Change::Cut(from, to) => Self::Cut(name(from), name(to)),
            Change::Join(from, to) => Self::Join(name(from), name(to)),
            Change::Latency(from, to, extra) => Self::Latency(name(from), name(to), *extra),
            Change::Slow(node, factor) => Self::Slow(name(node), *factor),
            Change::ClockStep(node, nanos) => Self::ClockStep(name(node), *nanos),
            Change::ClockDrift(node, ppm) => Self::ClockDrift(name(node), *ppm),
        }
    }

    /// With its nodes by number, in a world with these.
    pub fn resolve(&self, nodes: &[String]) -> Result<Change, Unknown> {
        let node = |name: &String| find(nodes, name);
        Ok(match self {
            Self::Outage(name, kind, down) => Change::Outage(
                node(name)?,
                Outage {
                    kind: (*kind).into(),
                    down: *down,
                },
            ),
            Self::Cut(from, to) => Change::Cut(node(from)?, node(to)?),
            Self::Join(from, to) => Change::Join(node(from)?, node(to)?),
            Self::Latency(from, to, extra) => Change::Latency(node(from)?, node(to)?, *extra),
            Self::Slow(name, factor) => Change::Slow(node(name)?, *factor),
            Self::ClockStep(name, nanos) => Change::ClockStep(node(name)?, *nanos),
            Self::ClockDrift(name, ppm) => Change::ClockDrift(node(name)?, *ppm),
        })
    }
}

impl From<OutageName> for OutageKind {
    fn from(name: OutageName) -> Self {
        match name {
            OutageName::Crash => Self::Crash,
            OutageName::PowerLoss => Self::PowerLoss,
            OutageName::DiskLoss => Self::DiskLoss,
            OutageName::Pause => Self::Pause,
        }
    }
}

impl From<OutageKind> for OutageName {
    fn from(kind: OutageKind) -> Self {
        match kind {
            OutageKind::Crash => Self::Crash,
            OutageKind::PowerLoss => Self::PowerLoss,
            OutageKind::DiskLoss => Self::DiskLoss,
            OutageKind::Pause => Self::Pause,
        }
    }
}
