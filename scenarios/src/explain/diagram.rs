//! The slice as a space-time diagram: nodes as columns, time going down. Lost packets, copies, outages and the timers
//! that matter are always in it: they are the point.

use std::collections::BTreeSet;

use semel_models::model::Model;
use semel_models::observation::{Hit, Observation, Place};
use semel_models::timer::Timer;
use semel_sim::address::{NodeId, OutageKind};
use semel_sim::domain::Domain;
use semel_sim::record::{Entry, What};
use serde::Serialize;

use super::condense::{More, condense};
use super::slice::Slice;

/// A picture as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagram {
    /// The nodes, one column each.
    pub nodes: Vec<String>,
    /// What happened, in order.
    pub rows: Vec<Row>,
}

/// A line of the picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// When.
    pub at_ns: u64,
    /// In which column.
    pub node: usize,
    /// What is drawn.
    pub mark: Mark,
    /// What is written.
    pub text: String,
    /// The fault that did it.
    pub fault: Option<String>,
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Mark {
    /// An arrow to another column.
    Packet {
        /// To which.
        to: usize,
        /// Whether it gets there.
        lost: bool,
        /// Whether it gets there twice.
        twice: bool,
        /// When it gets there.
        arrives_ns: Option<u64>,
    },
    /// Something happened to the record there.
    Fact,
    /// A timer fired.
    Timer,
    /// The node goes down.
    Down,
    /// The node stops.
    Stops,
    /// The node is back.
    Back,
    /// The weather changed.
    Weather,
    /// It goes on like this.
    More(More),
}

/// What makes two rows alike: where, what kind of thing, between which nodes, about which record.
type Kind = (usize, &'static str, Option<usize>, Option<u32>);

pub(super) fn draw(slice: &Slice<'_>) -> Diagram {
    let timers = timers(slice);
    let told = slice.trace.entries.iter();
    let told = told.take_while(|entry| entry.id <= slice.last);
    let rows = told.filter_map(|entry| Some((row(slice, entry, &timers)?, kind(slice, entry))));
    let count = |(row, kind): &(Row, Option<Kind>), more: More| {
        let row = Row {
            at_ns: more.until_ns,
            node: row.node,
            mark: Mark::More(more),
            text: String::new(),
            fault: None,
        };
        (row, *kind)
    };
    let rows = condense(rows.collect(), |row| row.1, |row| row.0.at_ns, count);
    Diagram {
        nodes: slice.trace.nodes.clone(),
        rows: rows.into_iter().map(|row| row.0).collect(),
    }
}

/// None for what a fault did: that is always drawn.
fn kind(slice: &Slice<'_>, entry: &Entry<Model>) -> Option<Kind> {
    let place = |node: &NodeId| usize::from(node.0);
    let drawn = match &entry.what {
        What::Sent {
            from, to, message, ..
        } => {
            let record = message.facts().record;
            (place(from), message.kind().name(), Some(place(to)), record)
        }
        What::Unsent(node, message) => (place(node), "never", None, message.facts().record),
        What::Fired(node, timer) => (place(node), timer.kind().name(), None, None),
        What::Observed(node, seen) => (place(node), seen.name(), None, seen.record()),
        _ => return None,
    };
    slice.fault(entry.id).is_none().then_some(drawn)
}

/// The timers that made somebody send something about the record.
fn timers(slice: &Slice<'_>) -> BTreeSet<u64> {
    let fired = |entry: &Entry<Model>| {
        let sent = matches!(entry.what, What::Sent { .. }) && slice.is_about(entry);
        let step = sent.then(|| slice.cause(entry))??;
        matches!(step.what, What::Fired(..)).then_some(step.id)
    };
    slice.trace.entries.iter().filter_map(fired).collect()
}

fn row(slice: &Slice<'_>, entry: &Entry<Model>, timers: &BTreeSet<u64>) -> Option<Row> {
    let fault = slice.fault(entry.id);
    let (node, mark, text) = match &entry.what {
        What::Sent { from, to, .. }
            if slice.is_about(entry) || slice.is_of_rival(entry) || fault.is_some() =>
        {
            let arrivals = slice.arrivals(entry.id);
            let mark = Mark::Packet {
                to: to.0.into(),
                lost: arrivals.is_empty() && !slice.is_under_way(entry),
                twice: arrivals.len() > 1,
                arrives_ns: arrivals.first().copied(),
            };
            (*from, mark, slice.trace.describe(entry))
        }
        What::Unsent(node, _) if slice.is_about(entry) => {
            let said = entry.what.message().map(|message| message.kind().name());
            let text = format!("never sends {}", said.unwrap_or_default());
            (*node, Mark::Fact, text)
        }
        What::Fired(node, timer) if timers.contains(&entry.id) => {
            let name = Model::label_name(Model::timer_label(timer));
            (*node, Mark::Timer, name.to_string())
        }
        What::Fired(node, Timer::SessionCheck { member }) => {
            let text = format!("consumer-{member} is silent");
            (*node, Mark::Timer, text)
        }
        What::Fired(node, Timer::PollOverdue { .. }) if slice.leaves(entry) => {
            (*node, Mark::Timer, "leaves its group".to_string())
        }
        What::Struck(node, outage, ..) => {
            let stops = outage.kind == OutageKind::Pause;
            let mark = if stops { Mark::Stops } else { Mark::Down };
            (*node, mark, slice.trace.line(entry).what.to_string())
        }
        What::Returned(node, _) => (*node, Mark::Back, "back".to_string()),
        What::Observed(node, seen) => (*node, Mark::Fact, fact(slice, entry, seen)?),
        What::Weather(_) => {
            let line = slice.trace.line(entry);
            let at = |name: &Option<String>| {
                slice
                    .trace
                    .nodes
                    .iter()
                    .position(|node| Some(node) == name.as_ref())
            };
            let node = NodeId(at(&line.node).unwrap_or(0) as u16);
            (node, Mark::Weather, slice.weather(entry))
        }
        _ => return None,
    };
    Some(Row {
        at_ns: entry.at.0,
        node: node.0.into(),
        mark,
        text,
        fault,
    })
}

/// What happened to the record, in the few words that fit into a column.
fn fact(slice: &Slice<'_>, entry: &Entry<Model>, seen: &Observation) -> Option<String> {
    let about = slice.is_about(entry);
    Some(match *seen {
        Observation::Stored { record, offset, .. } if about => {
            format!("offset {offset} = {record}")
        }
        Observation::Stored { record, offset, .. } if slice.rival == Some(record) => {
            format!("offset {offset} = {record}")
        }
        Observation::Applied { record, .. } if slice.rival == Some(record) => {
            let first = if slice.overtook { " first" } else { "" };
            format!("{record} applied{first}")
        }
        Observation::Applied { key, amount, .. } if about => format!("account {key} {amount:+}"),
        Observation::Recognised {
            record,
            hit: Hit::InFlight,
            place: Place::Sink,
        } if about || slice.rival == Some(record) => format!("{record} in progress"),
        Observation::Recognised { .. } if about => "recognised".into(),
        Observation::Refused { .. } if about => "refused".into(),
        Observation::Skipped { .. } | Observation::Parked { .. } if about => "passed over".into(),
        Observation::Progress {
            offset, accepted, ..
        } if slice.record.is_some() => {
            let refused = if accepted { "" } else { " refused" };
            format!("mark {offset}{refused}")
        }
        Observation::Truncated { from, .. } => format!("lost from {from} on"),
        Observation::Reset { position, .. } => format!("goes to {position}"),
        Observation::Granted { token, .. } if slice.regroups(entry, token) => {
            format!("generation {token}")
        }
        _ => return None,
    })
}
