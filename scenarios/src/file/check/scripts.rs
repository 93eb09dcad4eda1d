//! Scripts: whether their numbers are such that a world can bear them.

use semel_sim::schedule::{Deviation, Fated, NamedChange};
use semel_sim::time::Span;

use super::{Objection, basics};
use crate::file::path::Path;

pub(super) fn check(deviations: &[Deviation], path: &Path) -> Result<(), Objection> {
    for (index, deviation) in deviations.iter().enumerate() {
        let path = path.clone().index(index);
        for length in lengths(deviation) {
            basics::span(length, || path.clone())?;
        }
        if let Deviation::After { change, .. } | Deviation::Weather { change, .. } = deviation {
            speed(change, path)?;
        }
    }
    Ok(())
}

/// A clock that stands still or runs backwards counts nothing; a step slowed by nothing takes no time.
fn speed(change: &NamedChange, path: Path) -> Result<(), Objection> {
    match change {
        NamedChange::ClockDrift(_, ppm) if ppm.unsigned_abs() >= 1_000_000 => Err(
            Objection::value(path, "a drift must lie between -999999 and 999999"),
        ),
        NamedChange::Slow(_, 0) => Err(Objection::value(
            path,
            "a factor of 0 makes no node slower; use 1 or more",
        )),
        _ => Ok(()),
    }
}

/// All lengths of time in a line.
fn lengths(deviation: &Deviation) -> Vec<Span> {
    let of_change = |change: &NamedChange| match change {
        NamedChange::Outage(_, _, length) | NamedChange::Latency(_, _, length) => Some(*length),
        _ => None,
    };
    match deviation {
        Deviation::Packet {
            fate: Fated::Arrives(delays),
            ..
        } => delays.clone(),
        Deviation::Packet { .. } | Deviation::Survives { .. } => Vec::new(),
        Deviation::Step { down, .. } => vec![*down],
        Deviation::Jitter { more, .. } => vec![*more],
        Deviation::After { change, .. } => of_change(change).into_iter().collect(),
        Deviation::Weather { at, change } => [*at].into_iter().chain(of_change(change)).collect(),
    }
}
