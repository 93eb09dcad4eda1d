//! Healing: which faults still went on when all of them ended.

use std::collections::BTreeSet;

use semel_models::model::Model;
use semel_sim::address::{Change, NodeId};
use semel_sim::record::{Entry, What};
use semel_sim::schedule::NamedChange;
use semel_sim::time::Span;

use crate::trial::trace::Trace;

/// What healing brings to an end.
#[derive(Clone, Debug, Default)]
pub(in crate::explain) struct Relief {
    /// The entry at which all heals.
    pub(in crate::explain) at: u64,
    /// What becomes of links, speeds and clocks.
    pub(in crate::explain) ends: Vec<NamedChange>,
    /// The nodes that come back.
    pub(in crate::explain) back: Vec<String>,
}

/// None where nothing heals, or nothing has to.
pub(in crate::explain) fn relief(trace: &Trace) -> Option<Relief> {
    let mut changes: Vec<Change> = Vec::new();
    let mut down: BTreeSet<NodeId> = BTreeSet::new();
    let healed = trace.entries.iter().find(|entry| {
        note(entry, &mut changes, &mut down);
        matches!(entry.what, What::Healed)
    })?;
    let name = |node: &NodeId| trace.nodes[usize::from(node.0)].clone();
    let mut ends: Vec<NamedChange> = Vec::new();
    for change in &changes {
        let named = NamedChange::new(change, &trace.nodes);
        if !ends.contains(&named) {
            ends.push(named);
        }
    }
    let relief = Relief {
        at: healed.id,
        ends,
        back: down.iter().map(name).collect(),
    };
    let idle = relief.ends.is_empty() && relief.back.is_empty();
    (!idle).then_some(relief)
}

/// Keeps what would have to change for all to be well.
fn note(entry: &Entry<Model>, changes: &mut Vec<Change>, down: &mut BTreeSet<NodeId>) {
    match &entry.what {
        What::Struck(node, ..) => {
            down.insert(*node);
        }
        What::Returned(node, _) => {
            down.remove(node);
        }
        What::Weather(weather) => {
            let Some(relief) = reliever(&weather.change) else {
                return;
            };
            let open = changes.iter().position(|open| *open == relief);
            match (weather.change == relief, open) {
                (true, Some(open)) => {
                    changes.remove(open);
                }
                // Cuts add up; of everything else the last one holds.
                (false, Some(_)) if !matches!(relief, Change::Join(..)) => {}
                (false, _) => changes.push(relief),
                (true, None) => {}
            }
        }
        _ => {}
    }
}

/// The change that takes this one back; a relief is its own. None for what ends by itself, or stays.
const fn reliever(change: &Change) -> Option<Change> {
    match *change {
        Change::Cut(from, to) | Change::Join(from, to) => Some(Change::Join(from, to)),
        Change::Latency(from, to, _) => Some(Change::Latency(from, to, Span::ZERO)),
        Change::Slow(node, _) => Some(Change::Slow(node, 1)),
        Change::ClockDrift(node, _) => Some(Change::ClockDrift(node, 0)),
        Change::Outage(..) | Change::ClockStep(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use semel_sim::address::{FaultIndex, Outage, OutageKind, Weather};
    use semel_sim::time::Time;

    use super::*;

    const A: NodeId = NodeId(0);
    const B: NodeId = NodeId(1);

    fn healed_after(all: Vec<What<Model>>) -> Option<Relief> {
        let mut trace = Trace::new(&["a".into(), "b".into()], &[]);
        for (id, what) in (0..).zip(all.into_iter().chain([What::Healed])) {
            let at = Time(id);
            trace.entries.push(Entry {
                id,
                cause: id,
                at,
                what,
            });
        }
        relief(&trace)
    }

    fn weather(change: Change) -> What<Model> {
        What::Weather(Weather {
            change,
            fault: FaultIndex(0),
        })
    }

    fn crash(node: NodeId) -> What<Model> {
        let outage = Outage {
            kind: OutageKind::Crash,
            down: Span::millis(50),
        };
        What::Struck(node, outage, FaultIndex(0), None)
    }

    #[test]
    fn what_still_goes_on_is_what_healing_ends() {
        let relief = healed_after(vec![
            weather(Change::Cut(A, B)),
            weather(Change::Cut(A, B)),
            weather(Change::Join(A, B)),
            weather(Change::Cut(B, A)),
            weather(Change::Join(B, A)),
            weather(Change::Slow(A, 4)),
            weather(Change::Slow(A, 8)),
            weather(Change::ClockStep(A, 9)),
            crash(A),
            What::Returned(A, OutageKind::Crash),
            crash(B),
        ]);
        let relief = relief.expect("much goes on");
        let ends = [
            NamedChange::Join("a".into(), "b".into()),
            NamedChange::Slow("a".into(), 1),
        ];
        assert_eq!(relief.ends, ends);
        assert_eq!((relief.at, relief.back), (11, vec!["b".to_string()]));
    }

    #[test]
    fn where_nothing_goes_on_healing_is_not_worth_a_word() {
        let over = vec![
            weather(Change::Cut(A, B)),
            weather(Change::Join(A, B)),
            weather(Change::Slow(A, 4)),
            weather(Change::Slow(A, 1)),
        ];
        assert!(healed_after(over).is_none());
    }
}
