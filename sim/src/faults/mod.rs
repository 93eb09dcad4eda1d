//! Faults as people write them: items of one list, each in a file of its own.
//!
//! A fault acts by *rate*, by *time* (`at`, `until`, `every`) or by *trigger*: a pattern on a message (`packet`) or
//! on an observation (`after`). What it does is compiled into rules for [`crate::adversary::seeded::Seeded`]. To add a fault:
//! one file here with its struct and what the list asks of it (`pick::Item`), one variant and two arms below.

mod burst;
mod clock_drift;
mod clock_step;
mod corrupt;
mod crash;
mod delay;
mod disk_loss;
mod drop;
mod duplicate;
mod hold;
mod isolate;
mod node;
mod packet;
mod pause;
mod pick;
mod power_loss;
pub(crate) mod rules;
mod script;
mod slow;
mod slow_link;
pub(crate) mod spell;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::{FaultIndex, OutageKind};
use crate::adversary::seeded::Seeded;
use crate::domain::Domain;
use crate::faults::rules::Rules;
use crate::schedule::{Deviation, Unknown};
use crate::time::Span;

pub use burst::Burst;
pub use clock_drift::ClockDrift;
pub use clock_step::ClockStep;
pub use corrupt::Corrupt;
pub use crash::Crash;
pub use delay::{Delay, Spread};
pub use disk_loss::DiskLoss;
pub use drop::Drop;
pub use duplicate::Duplicate;
pub use hold::Hold;
pub use isolate::{Direction, Isolate};
pub use node::NodePick;
pub use packet::PacketPick;
pub use pause::Pause;
pub use pick::{Names, NodeSet, When, Wrong};
pub use power_loss::PowerLoss;
pub use slow::Slow;
pub use slow_link::SlowLink;

use pick::Item;

/// One item of a fault plan, over a domain's patterns on messages (`M`) and on observations (`O`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Fault<M, O> {
    /// Loses packets.
    Drop(Drop<M>),
    /// Makes packets late.
    Delay(Delay<M>),
    /// Delivers packets twice (datagrams only).
    Duplicate(Duplicate<M>),
    /// Keeps packets back and releases them together.
    Hold(Hold<M>),
    /// Loses packets in bursts (Gilbert–Elliott).
    Burst(Burst),
    /// Damages packets; the receiver notices.
    Corrupt(Corrupt<M>),
    /// Cuts nodes off from each other.
    Isolate(Isolate<O>),
    /// Makes a link slower for a while.
    SlowLink(SlowLink),
    /// Kills a process: memory gone, disk and page cache kept; peers are told.
    Crash(Crash<M, O>),
    /// Kills a machine: memory and unsynced bytes gone; nobody is told.
    PowerLoss(PowerLoss<M, O>),
    /// Kills a machine and its disk.
    DiskLoss(DiskLoss<M, O>),
    /// Stops a process, which later goes on with its memory and its beliefs.
    Pause(Pause<M, O>),
    /// Makes a node slower for a while.
    Slow(Slow),
    /// Sets a wall clock forward or back.
    ClockStep(ClockStep),
    /// Makes a node's clocks run fast or slow.
    ClockDrift(ClockDrift),
    /// An explicit schedule: deviations from the quiet run, each with its address.
    Script(Vec<Deviation>),
}

impl<M: Clone, O: Clone> Fault<M, O> {
    /// The kind, as it is called in rows and on the command line.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Drop(_) => "drop",
            Self::Delay(_) => "delay",
            Self::Duplicate(_) => "duplicate",
            Self::Hold(_) => "hold",
            Self::Burst(_) => "burst",
            Self::Corrupt(_) => "corrupt",
            Self::Isolate(_) => "isolate",
            Self::SlowLink(_) => "slow_link",
            Self::Crash(_) => "crash",
            Self::PowerLoss(_) => "power_loss",
            Self::DiskLoss(_) => "disk_loss",
            Self::Pause(_) => "pause",
            Self::Slow(_) => "slow",
            Self::ClockStep(_) => "clock_step",
            Self::ClockDrift(_) => "clock_drift",
            Self::Script(_) => "script",
        }
    }

    fn item(&self) -> &dyn Item<M, O> {
        match self {
            Self::Drop(fault) => fault,
            Self::Delay(fault) => fault,
            Self::Duplicate(fault) => fault,
            Self::Hold(fault) => fault,
            Self::Burst(fault) => fault,
            Self::Corrupt(fault) => fault,
            Self::Isolate(fault) => fault,
            Self::SlowLink(fault) => fault,
            Self::Crash(fault) => fault,
            Self::PowerLoss(fault) => fault,
            Self::DiskLoss(fault) => fault,
            Self::Pause(fault) => fault,
            Self::Slow(fault) => fault,
            Self::ClockStep(fault) => fault,
            Self::ClockDrift(fault) => fault,
            Self::Script(deviations) => deviations,
        }
    }

    /// The name it was given, if any.
    pub fn given_name(&self) -> Option<&str> {
        self.item().name()
    }

    /// When it strikes, or may. (A script says that line by line.)
    pub fn when(&self) -> When {
        self.item().when()
    }

    /// The length of time that it has besides, and what its field is called.
    pub fn length(&self) -> Option<(&'static str, Span)> {
        self.item().length()
    }

    /// Which packets it hits, if it picks packets one by one.
    pub fn as_packet(&self) -> Option<PacketPick<'_, M>> {
        self.item().as_packet()
    }

    /// How nodes go down, and which of them, if it takes nodes down.
    pub fn as_outage(&self) -> Option<(OutageKind, NodePick<'_, M, O>)> {
        self.item().as_outage()
    }

    /// The observation that it waits for, if any.
    pub fn after(&self) -> Option<&O> {
        self.item().after()
    }
}

/// What each fault of a plan is called: its own name, or its kind and ordinal (`drop`, `drop-2`, ..).
pub fn names_of<M: Clone, O: Clone>(faults: &[Fault<M, O>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (index, fault) in faults.iter().enumerate() {
        let name = fault.given_name().map_or_else(
            || {
                let alike = |other: &&Fault<M, O>| {
                    other.given_name().is_none() && other.kind() == fault.kind()
                };
                match faults[..index].iter().filter(alike).count() {
                    0 => fault.kind().to_string(),
                    before => format!("{}-{}", fault.kind(), before + 1),
                }
            },
            ToString::to_string,
        );
        names.push(name);
    }
    names
}

/// The adversary that follows a plan, in run number `seed` of a world with these nodes. On failure: which fault, and
/// what is wrong with it.
pub fn adversary<D: Domain>(
    faults: &[Fault<D::MessagePattern, D::ObservationPattern>],
    nodes: &[String],
    seed: u64,
) -> Result<Seeded<D>, (usize, Wrong)> {
    let rules = compile(faults, nodes)?;
    Seeded::new(rules, nodes, seed).map_err(|unknown| {
        let script = |fault: &Fault<_, _>| matches!(fault, Fault::Script(_));
        let place = faults.iter().position(script).unwrap_or_default();
        let wrong = match unknown {
            Unknown::Node(name) => Wrong::NoNode {
                field: "script",
                name,
            },
            Unknown::Label(_) | Unknown::Ambiguous(_) => Wrong::new("script", unknown.to_string()),
        };
        (place, wrong)
    })
}

/// Compiles a plan. On failure: which fault, and what is wrong with it.
pub fn compile<M: Clone, O: Clone>(
    faults: &[Fault<M, O>],
    nodes: &[String],
) -> Result<Rules<M, O>, (usize, Wrong)> {
    compile_some(faults, nodes, |_| true)
}

/// Compiles those faults of a plan whose place is chosen. Places, names and so dice stay as they are in the whole plan.
pub fn compile_some<M: Clone, O: Clone>(
    faults: &[Fault<M, O>],
    nodes: &[String],
    chosen: impl Fn(usize) -> bool,
) -> Result<Rules<M, O>, (usize, Wrong)> {
    if !faults.is_empty() && nodes.len() > NodeSet::MOST {
        let text = format!("a world with faults has at most {} nodes", NodeSet::MOST);
        return Err((0, Wrong::new("nodes", text)));
    }
    let mut rules = Rules::default();
    let names = Names(nodes);
    let named = faults.iter().zip(names_of(faults)).enumerate();
    for (index, (fault, name)) in named.filter(|(index, _)| chosen(*index)) {
        fault
            .item()
            .compile(FaultIndex(index as u16), &name, &names, &mut rules)
            .map_err(|wrong| (index, wrong))?;
    }
    spell::settle(&mut rules);
    Ok(rules)
}
