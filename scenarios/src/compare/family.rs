//! Families of faults: the columns of a comparison.

use serde::Serialize;

use crate::file::scenario::{Fault, Scenario};

/// What goes wrong in a scenario, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Packets are lost: drops, bursts, damage.
    Loss,
    /// Packets are late: delays, holds, slow links.
    Late,
    /// Packets arrive twice.
    Copies,
    /// Nodes are cut off from each other.
    Cut,
    /// Processes crash.
    Crash,
    /// Machines lose power or their disk.
    Power,
    /// Processes stop or go slowly.
    Pause,
    /// Clocks are wrong.
    Clock,
    /// Nothing goes wrong but what is intended itself: poison, equal contents.
    Load,
    /// Faults of several families.
    Several,
}

impl Family {
    /// All of them, in the order of the columns.
    pub const ALL: [Self; 10] = [
        Self::Loss,
        Self::Late,
        Self::Copies,
        Self::Cut,
        Self::Crash,
        Self::Power,
        Self::Pause,
        Self::Clock,
        Self::Load,
        Self::Several,
    ];

    /// The word, as machines read it too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Late => "late",
            Self::Copies => "copies",
            Self::Cut => "cut",
            Self::Crash => "crash",
            Self::Power => "power",
            Self::Pause => "pause",
            Self::Clock => "clock",
            Self::Load => "load",
            Self::Several => "several",
        }
    }

    /// The family of a scenario: that of all its faults.
    pub fn of(scenario: &Scenario) -> Self {
        let mut families = scenario.faults.iter().map(of_fault);
        match families.next() {
            None => Self::Load,
            Some(first) if families.all(|other| other == first) => first,
            Some(_) => Self::Several,
        }
    }
}

const fn of_fault(fault: &Fault) -> Family {
    match fault {
        Fault::Drop(_) | Fault::Burst(_) | Fault::Corrupt(_) => Family::Loss,
        Fault::Delay(_) | Fault::Hold(_) | Fault::SlowLink(_) => Family::Late,
        Fault::Duplicate(_) => Family::Copies,
        Fault::Isolate(_) => Family::Cut,
        Fault::Crash(_) => Family::Crash,
        Fault::PowerLoss(_) | Fault::DiskLoss(_) => Family::Power,
        Fault::Pause(_) | Fault::Slow(_) => Family::Pause,
        Fault::ClockStep(_) | Fault::ClockDrift(_) => Family::Clock,
        Fault::Script(_) => Family::Several,
    }
}
