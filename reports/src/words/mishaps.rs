//! Mishaps in words: what the world did in a run, or may do in any run of a menu, and where it would have done no harm.

use semel_scenarios::explain::{Hidden, Variation};
use semel_scenarios::shrink::Beyond;
use semel_scenarios::verify::Mishap;
use semel_sim::address::OutageKind;
use semel_sim::schedule::{NamedChange, OutageName};
use semel_sim::time::Span;

/// What a node does that goes down.
pub(crate) const fn outage(kind: OutageKind) -> &'static str {
    match kind {
        OutageKind::Crash => "crashes",
        OutageKind::PowerLoss => "loses power",
        OutageKind::DiskLoss => "loses its disk",
        OutageKind::Pause => "stops",
    }
}

/// A change of the weather in a few words.
pub(crate) fn weather(change: &NamedChange) -> String {
    match change {
        NamedChange::Outage(node, _, down) => format!("{node} is away for {down}"),
        NamedChange::Cut(from, to) => format!("{from} can no longer reach {to}"),
        NamedChange::Join(from, to) => format!("{from} can reach {to} again"),
        NamedChange::Latency(from, to, Span::ZERO) => {
            format!("{from} reaches {to} as fast as before")
        }
        NamedChange::Latency(from, to, extra) => {
            format!("{from} takes {extra} longer to reach {to}")
        }
        NamedChange::Slow(node, 1) => format!("{node} works as fast as before"),
        NamedChange::Slow(node, factor) => format!("{node} works {factor} times slower"),
        NamedChange::ClockStep(node, nanos) => {
            let way = if *nanos < 0 { "back" } else { "forward" };
            let by = Span(nanos.unsigned_abs());
            format!("the wall clock of {node} is set {way} by {by}")
        }
        NamedChange::ClockDrift(node, 0) => format!("the clocks of {node} run true again"),
        NamedChange::ClockDrift(node, drift) => {
            format!("the clocks of {node} are off by {drift} ppm")
        }
    }
}

/// What no line of a proof shows.
pub(crate) fn hidden(hidden: &Hidden) -> String {
    match hidden {
        Hidden::Survives {
            node,
            journal,
            kept,
        } => {
            let entries = if *kept == 1 {
                "entry survives"
            } else {
                "entries survive"
            };
            format!("{kept} unsynced {entries} in journal {journal} of {node}")
        }
        Hidden::Longer { node, label, more } => {
            format!("a delay at {node} after {label} is {more} longer")
        }
    }
}

/// What was hit.
pub(crate) fn beyond(hit: &Beyond) -> String {
    match hit {
        Beyond::Packet { what, from, to } => format!("{what} from {from} to {to}"),
        Beyond::Step { node } => format!("{node} at this step"),
    }
}

/// How a strategy was changed.
pub(crate) const fn variation(variation: Variation) -> &'static str {
    match variation {
        Variation::WithoutBug => "without the bug",
        Variation::OneInFlight => "with one request in flight",
        Variation::WaitsUntilStored => "waiting until it is stored",
        Variation::MarksAfter => "marking after the effect",
        Variation::Inbox => "with an inbox at the sink",
        Variation::FencingSink => "with a sink that fences",
    }
}

/// A line of a menu.
pub(crate) fn mishap(mishap: &Mishap) -> String {
    match mishap {
        Mishap::Lost => "a packet is lost".into(),
        Mishap::Twice => "a packet arrives twice".into(),
        Mishap::Late(late) => format!("a packet is {late} late"),
        Mishap::Outage { nodes, kind, down } => {
            let names = nodes.join(", ");
            let takes = match kind {
                OutageName::PowerLoss => {
                    "loses power and what is not synced, of all its journals or of all but one,"
                }
                kind => outage((*kind).into()),
            };
            format!(
                "after a step, with any number of its packets still leaving: {names} {takes} for {down}"
            )
        }
        Mishap::Cut {
            one,
            other,
            both_ways: false,
            lasting,
        } => format!("after a step of either: {one} cannot reach {other} for {lasting}"),
        Mishap::Cut {
            one,
            other,
            both_ways: true,
            lasting,
        } => format!(
            "after a step of either: {one} and {other} cannot reach each other for {lasting}"
        ),
    }
}
