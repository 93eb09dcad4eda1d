//! Traces: everything that happened in a run, kept or written out line by line, each entry with the one that caused it.

use std::collections::BTreeSet;
use std::io;

use semel_models::model::Model;
use semel_models::observation::{Hit, Observation, Place};
use semel_models::vocabulary::{Item, RecordId};
use semel_sim::address::{Change, FaultIndex, NodeId, OutageKind, Weather};
use semel_sim::domain::Domain;
use semel_sim::record::{Entry, Loss, What};
use serde::Serialize;

use crate::trial::recorders::Eyes;

/// Everything that happened in a run.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The names of the nodes.
    pub nodes: Vec<String>,
    /// The names of the faults.
    pub faults: Vec<String>,
    /// What happened, in order.
    pub entries: Vec<Entry<Model>>,
    items: Vec<Item>,
    ends: Vec<u32>,
}

impl Trace {
    pub(crate) fn new(nodes: &[String], faults: &[String]) -> Self {
        Self {
            nodes: nodes.to_vec(),
            faults: faults.to_vec(),
            entries: Vec::new(),
            items: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// What the message of an entry carried.
    pub fn items(&self, entry: u64) -> &[Item] {
        let index = entry as usize;
        let begin = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.items[begin as usize..self.ends[index] as usize]
    }

    /// The message of an entry in a few words (`Produce 17`).
    pub fn describe(&self, entry: &Entry<Model>) -> String {
        entry.what.message().map_or_else(String::new, |message| {
            Model::describe(message, self.items(entry.id))
        })
    }

    /// An entry as a line of the trace file.
    pub fn line(&self, entry: &Entry<Model>) -> Line {
        Line::new(entry, self.items(entry.id), &self.nodes, &self.faults)
    }
}

impl Eyes for &mut Trace {
    const OPEN: bool = true;

    fn entry(&mut self, entry: &Entry<Model>, items: &[Item]) {
        self.entries.push(*entry);
        self.items.extend_from_slice(items);
        self.ends.push(self.items.len() as u32);
    }
}

/// Watches a run as people are told of it: notices who recognised which repeats, and writes every entry out as a line
/// of JSON where somebody wants it. Keeps no entry. The first failure to write ends the writing, not the run.
pub(crate) struct Watching<'o, 'w> {
    nodes: &'o [String],
    faults: &'o [String],
    out: Option<&'o mut (dyn io::Write + 'w)>,
    failure: io::Result<()>,
    recognised: BTreeSet<(Place, RecordId)>,
}

impl<'o, 'w> Watching<'o, 'w> {
    pub(crate) fn new(
        nodes: &'o [String],
        faults: &'o [String],
        out: Option<&'o mut (dyn io::Write + 'w)>,
    ) -> Self {
        Self {
            nodes,
            faults,
            out,
            failure: Ok(()),
            recognised: BTreeSet::new(),
        }
    }

    /// Who recognised repeats of which records.
    pub(crate) fn finish(self) -> io::Result<BTreeSet<(Place, RecordId)>> {
        self.failure?;
        if let Some(out) = self.out {
            out.flush()?;
        }
        Ok(self.recognised)
    }
}

impl Eyes for &mut Watching<'_, '_> {
    const OPEN: bool = true;

    fn entry(&mut self, entry: &Entry<Model>, items: &[Item]) {
        // What is in progress is turned away, and another key's contents are an error: neither is known as a repeat.
        if let What::Observed(
            _,
            Observation::Recognised {
                record,
                place,
                hit: Hit::Stored,
            },
        ) = entry.what
        {
            self.recognised.insert((place, record));
        }
        if let (Some(out), Ok(())) = (&mut self.out, &self.failure) {
            let line = Line::new(entry, items, self.nodes, self.faults);
            let written = serde_json::to_writer(&mut *out, &line).map_err(io::Error::from);
            self.failure = written.and_then(|()| out.write_all(b"\n"));
        }
    }
}

/// One line of a trace file: what happened, and which of these can be said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its place in the trace, from 0.
    pub id: u64,
    /// The entry that brought it about; its own for what nothing in the run brought about.
    pub cause: u64,
    /// True time.
    pub at_ns: u64,
    /// What happened: `sent`, `arrived`, `observed`, ..
    pub what: &'static str,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The other end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The message in a few words (`Produce 17`), the timer's name, or what was observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// The record it is about, or the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<u32>,
    /// Which attempt it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// On which connection of the two, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<u32>,
    /// After which delays a packet's copies arrive.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub delays_ns: Vec<u64>,
    /// Why it reached nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<&'static str>,
    /// The faults that had a hand in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// For how long a node stays away, or how much longer a delay is than its least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_ns: Option<u64>,
}

impl Line {
    fn new(entry: &Entry<Model>, items: &[Item], nodes: &[String], faults: &[String]) -> Self {
        let name = |node: NodeId| nodes.get(usize::from(node.0)).cloned();
        let fault = |fault: FaultIndex| faults.get(usize::from(fault.0)).cloned();
        let mut line = Self {
            id: entry.id,
            cause: entry.cause,
            at_ns: entry.at.0,
            ..Self::default()
        };
        if let Some(message) = entry.what.message() {
            let facts = message.facts();
            line.says = Some(Model::describe(message, items));
            line.record = facts
                .record
                .or_else(|| items.first().map(|item| item.record));
            line.attempt = facts.attempt;
        }
        let (what, node, peer) = match entry.what {
            What::Started(node) => ("started", Some(node), None),
            What::Sent {
                id,
                from,
                to,
                fate,
                loss,
                ..
            } => {
                line.connection = Some(id.connection);
                line.delays_ns = fate.delays().iter().map(|delay| delay.0).collect();
                line.lost = loss.map(reason);
                line.faults = fate.acted().filter_map(fault).collect();
                ("sent", Some(from), Some(to))
            }
            What::Unsent(node, _) => ("unsent", Some(node), None),
            What::Arrived(from, to, _) => ("arrived", Some(to), Some(from)),
            What::Missed(from, to, _, loss) => {
                line.lost = Some(reason(loss));
                ("missed", Some(to), Some(from))
            }
            What::Fired(node, timer) => {
                line.says = Some(Model::label_name(Model::timer_label(&timer)).into());
                ("fired", Some(node), None)
            }
            What::Disconnected(node, peer) => ("disconnected", Some(node), Some(peer)),
            What::Observed(node, seen) => {
                line.says = Some(format!("{seen:?}"));
                ("observed", Some(node), None)
            }
            What::Struck(node, outage, by, _) => {
                line.for_ns = Some(outage.down.0);
                line.faults = fault(by).into_iter().collect();
                (outage_name(outage.kind), Some(node), None)
            }
            What::Returned(node, _) => ("returned", Some(node), None),
            What::Weather(weather) => {
                line.faults = fault(weather.fault).into_iter().collect();
                line.of_weather(weather)
            }
            What::Jittered(_, _, more) => {
                line.for_ns = Some(more.0);
                ("jittered", None, None)
            }
            What::Healed => ("healed", None, None),
        };
        line.what = what;
        line.node = node.and_then(name);
        line.peer = peer.and_then(name);
        line
    }

    fn of_weather(&mut self, weather: Weather) -> (&'static str, Option<NodeId>, Option<NodeId>) {
        match weather.change {
            Change::Outage(node, outage) => {
                self.for_ns = Some(outage.down.0);
                (outage_name(outage.kind), Some(node), None)
            }
            Change::Cut(from, to) => ("cut", Some(from), Some(to)),
            Change::Join(from, to) => ("joined", Some(from), Some(to)),
            Change::Latency(from, to, extra) => {
                self.for_ns = Some(extra.0);
                ("slower", Some(from), Some(to))
            }
            Change::Slow(node, factor) => {
                self.says = Some(format!("{factor} times slower"));
                ("slowed", Some(node), None)
            }
            Change::ClockStep(node, nanos) => {
                self.says = Some(format!("clock set by {nanos} ns"));
                ("clock", Some(node), None)
            }
            Change::ClockDrift(node, drift) => {
                self.says = Some(format!("clocks off by {drift} ppm"));
                ("clock", Some(node), None)
            }
        }
    }
}

const fn reason(loss: Loss) -> &'static str {
    match loss {
        Loss::Dropped => "dropped",
        Loss::Corrupted => "corrupted",
        Loss::Isolated => "isolated",
        Loss::Behind => "behind a loss",
        Loss::Down => "receiver down",
        Loss::GivenUp => "connection given up",
    }
}

pub(crate) const fn outage_name(kind: OutageKind) -> &'static str {
    match kind {
        OutageKind::Crash => "crash",
        OutageKind::PowerLoss => "power loss",
        OutageKind::DiskLoss => "disk loss",
        OutageKind::Pause => "pause",
    }
}
