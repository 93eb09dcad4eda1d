//! The slice as a space-time diagram: nodes as columns, time going down. Lost packets, copies, outages and the timers
//! that matter are always in it: they are the point.

use std::collections::BTreeSet;

use semel_models::model::Model;
use semel_models::observation::{Hit, Observation, Place};
use semel_models::timer::Timer;
use semel_sim::address::{Change, NodeId, OutageKind};
use semel_sim::domain::Domain;
use semel_sim::record::{Entry, What};
use semel_sim::schedule::{NamedChange, OutageName};
use serde::Serialize;

use super::condense::{More, condense};
use super::slice::Slice;
use super::slice::subject::Rivalry;

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
    /// What is drawn, and what stands there.
    pub mark: Mark,
    /// The fault that did it.
    pub fault: Option<String>,
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Mark {
    /// An arrow to another column.
    Packet {
        /// What it says.
        what: String,
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
    Fact(Sketch),
    /// A timer fired.
    Timer(Alarm),
    /// The node goes down.
    Down(OutageName),
    /// The node stops.
    Stops,
    /// The node is back.
    Back,
    /// The weather changed.
    Weather(NamedChange),
    /// All faults end.
    Healed,
    /// It goes on like this.
    More(More),
}

/// A fact as it fits into a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Sketch {
    /// A record is stored at an offset.
    Stored {
        /// Which.
        record: u32,
        /// Where.
        offset: u64,
    },
    /// What was made of a record is stored at an offset of the outputs.
    StoredOutput {
        /// Of which.
        record: u32,
        /// Where.
        offset: u64,
    },
    /// The record takes effect.
    Applied {
        /// On which account.
        account: u32,
        /// By how much.
        amount: i64,
    },
    /// The other record takes effect.
    OtherApplied {
        /// Which that is.
        record: u32,
        /// It has overtaken the first one.
        first: bool,
    },
    /// A request for a record is still in progress.
    InProgress(u32),
    /// The record is recognised as a repeat.
    Recognised,
    /// The record is refused.
    Refused,
    /// The record is passed over.
    PassedOver,
    /// A record is stored as a dead letter, at this offset of those.
    Letter {
        /// Which record.
        record: u32,
        /// The offset.
        offset: u64,
    },
    /// The record is put aside.
    PutAside,
    /// Progress is marked.
    Marked {
        /// The next offset to read.
        offset: u64,
        /// Whether that was accepted.
        accepted: bool,
    },
    /// Entries from this offset on are lost.
    Truncated(u64),
    /// Outputs from this offset on are lost.
    TruncatedOutputs(u64),
    /// Dead letters from this offset on are lost.
    TruncatedLetters(u64),
    /// A reader goes to this offset.
    Reset(u64),
    /// A group begins this generation.
    Generation(u32),
    /// A message of this kind never leaves.
    NeverSends(&'static str),
}

/// What a timer says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Alarm {
    /// It is time for this.
    Due(&'static str),
    /// A member of the group is silent.
    Silent(String),
    /// Somebody leaves its group.
    Leaves,
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
    let (node, mark) = match &entry.what {
        What::Sent { from, to, .. }
            if slice.is_about(entry)
                || slice.is_of_rival(entry)
                || slice.is_ground(entry)
                || fault.is_some() =>
        {
            let arrivals = slice.arrivals(entry.id);
            let mark = Mark::Packet {
                what: slice.trace.describe(entry),
                to: to.0.into(),
                lost: arrivals.is_empty() && !slice.is_under_way(entry),
                twice: arrivals.len() > 1,
                arrives_ns: arrivals.first().copied(),
            };
            (*from, mark)
        }
        What::Unsent(node, message) if slice.is_about(entry) => {
            let never = Sketch::NeverSends(message.kind().name());
            (*node, Mark::Fact(never))
        }
        What::Fired(node, timer) => (*node, Mark::Timer(alarm(slice, entry, timer, timers)?)),
        What::Struck(node, outage, ..) => {
            let mark = match outage.kind {
                OutageKind::Pause => Mark::Stops,
                kind => Mark::Down(kind.into()),
            };
            (*node, mark)
        }
        What::Returned(node, _) => (*node, Mark::Back),
        What::Observed(node, seen) => (*node, Mark::Fact(sketch(slice, entry, seen)?)),
        What::Healed if slice.heals(entry) => (NodeId(0), Mark::Healed),
        What::Weather(weather) => {
            let change = NamedChange::new(&weather.change, &slice.trace.nodes);
            (first(&weather.change), Mark::Weather(change))
        }
        _ => return None,
    };
    Some(Row {
        at_ns: entry.at.0,
        node: node.0.into(),
        mark,
        fault,
    })
}

/// What a timer says that matters.
fn alarm(
    slice: &Slice<'_>,
    entry: &Entry<Model>,
    timer: &Timer,
    timers: &BTreeSet<u64>,
) -> Option<Alarm> {
    match timer {
        timer if timers.contains(&entry.id) => {
            Some(Alarm::Due(Model::label_name(Model::timer_label(timer))))
        }
        Timer::SessionCheck { member } => Some(Alarm::Silent(format!("consumer-{member}"))),
        Timer::PollOverdue { .. } => slice.leaves(entry).then_some(Alarm::Leaves),
        _ => None,
    }
}

/// The node that a change is about, or the first of them.
const fn first(change: &Change) -> NodeId {
    match *change {
        Change::Outage(node, _)
        | Change::Cut(node, _)
        | Change::Join(node, _)
        | Change::Latency(node, _, _)
        | Change::Slow(node, _)
        | Change::ClockStep(node, _)
        | Change::ClockDrift(node, _) => node,
    }
}

/// What happened to the record, or to what it depends on.
fn sketch(slice: &Slice<'_>, entry: &Entry<Model>, seen: &Observation) -> Option<Sketch> {
    let about = slice.is_about(entry);
    let of_rival = slice.is_of_rival(entry);
    // Outputs follow the inputs, one for each, and dead letters these.
    let is_letter = |partition| partition >= 2 * slice.inputs;
    Some(match *seen {
        Observation::Stored {
            record,
            partition,
            offset,
            ..
        } if about || of_rival => {
            if is_letter(partition) {
                Sketch::Letter { record, offset }
            } else if partition >= slice.inputs {
                Sketch::StoredOutput { record, offset }
            } else {
                Sketch::Stored { record, offset }
            }
        }
        Observation::Applied { record, .. } if of_rival => Sketch::OtherApplied {
            record,
            first: matches!(slice.rival, Some((_, Rivalry::Overtakes))),
        },
        Observation::Applied { key, amount, .. } if about => Sketch::Applied {
            account: key,
            amount,
        },
        Observation::Recognised {
            record,
            hit: Hit::InFlight,
            place: Place::Sink,
        } if about || of_rival => Sketch::InProgress(record),
        Observation::Recognised { .. } if about => Sketch::Recognised,
        Observation::Refused { .. } if about => Sketch::Refused,
        Observation::Skipped { .. } if about => Sketch::PassedOver,
        Observation::Parked { .. } if about => Sketch::PutAside,
        Observation::Progress {
            offset, accepted, ..
        } if slice.record.is_some() || slice.marks.contains(&entry.id) => {
            Sketch::Marked { offset, accepted }
        }
        Observation::Truncated {
            partition, from, ..
        } if is_letter(partition) => Sketch::TruncatedLetters(from),
        Observation::Truncated {
            partition, from, ..
        } if partition >= slice.inputs => Sketch::TruncatedOutputs(from),
        Observation::Truncated { from, .. } => Sketch::Truncated(from),
        Observation::Reset { position, .. } => Sketch::Reset(position),
        Observation::Granted { token, .. }
            if slice.regroups(entry, token) || slice.is_granted(entry) =>
        {
            Sketch::Generation(token)
        }
        _ => return None,
    })
}
