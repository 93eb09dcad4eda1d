//! Deviations by meaning: "the first reply to storing 17", wherever and whenever that is sent.
//!
//! An address counts packets of a kind on a connection; add a record, take a retry away, change the strategy, and it
//! names something else. A meaning says who says what about which record, and survives all that. [`Meant`] wraps an
//! adversary and writes its deviations down with their meanings; [`Carried`] brings them about in another run.

use std::collections::BTreeMap;

use semel_models::message::Message;
use semel_models::model::Model;
use semel_models::observation::Observation;
use semel_models::vocabulary::{Item, RecordId, Topology};
use semel_sim::address::{
    Change, Fate, FaultIndex, Label, NodeId, Outage, StepId, Strike, Weather,
};
use semel_sim::adversary::{Adversary, LossId, Sending, Step};
use semel_sim::domain::Domain;
use semel_sim::schedule::{Deviation, Fated, Noted, Script};
use semel_sim::time::{Span, Time};

/// Who does what about which record: the same in every run, whatever came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) node: NodeId,
    /// For a packet, to whom.
    pub(crate) to: Option<NodeId>,
    pub(crate) label: Label,
    pub(crate) record: Option<RecordId>,
    attempt: Option<u32>,
    partition: Option<u16>,
    transaction: Option<u32>,
    commit: Option<bool>,
}

/// A deviation and what it hits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Meaning {
    /// By address, as in the run it was seen in.
    pub(crate) deviation: Deviation,
    /// What it hits, and which of those that mean the same, from 0. None for weather at a time, jitter and what survives.
    pub(crate) place: Option<(Place, u32)>,
    /// When it struck, if it has a place.
    pub(crate) at: Time,
}

impl Place {
    fn new(
        node: NodeId,
        to: Option<NodeId>,
        label: Label,
        message: Option<(&Message, &[Item])>,
    ) -> Self {
        let facts = message
            .map(|(message, _)| message.facts())
            .unwrap_or_default();
        let first = message
            .and_then(|(_, items)| items.first())
            .map(|item| item.record);
        Self {
            node,
            to,
            label,
            record: facts.record.or(first),
            attempt: facts.attempt,
            partition: facts.partition,
            transaction: facts.transaction,
            commit: facts.commit,
        }
    }

    pub(crate) fn of_packet(sending: &Sending<'_, Model>) -> Self {
        let said = (sending.message, sending.items);
        let label = Model::label(sending.message);
        Self::new(sending.from, Some(sending.to), label, Some(said))
    }

    pub(crate) fn of_step(step: &Step<'_, Model>) -> Self {
        let mut place = Self::new(step.node, None, step.id.label, step.input);
        place.record = place
            .record
            .or_else(|| step.seen.iter().find_map(record_of));
        place
    }

    /// The same after records were renumbered and nodes taken away. None where what it is about is gone.
    pub(crate) fn renamed(
        mut self,
        record: impl Fn(RecordId) -> Option<RecordId>,
        (before, after): (Topology, Topology),
    ) -> Option<Self> {
        if let Some(old) = self.record {
            self.record = Some(record(old)?);
        }
        self.partition = self.partition.map(|partition| partition % after.partitions);
        self.node = moved(self.node, before, after);
        self.to = self.to.map(|node| moved(node, before, after));
        Some(self)
    }
}

/// Where a node of one topology stands in another that has no more of each role.
pub(crate) fn moved(node: NodeId, before: Topology, after: Topology) -> NodeId {
    let roles = |topology: Topology| [topology.producers, topology.brokers, topology.consumers, 1];
    let (mut index, mut first) = (node.0, 0);
    for (old, new) in roles(before).into_iter().zip(roles(after)) {
        if index < old {
            return NodeId(first + index % new);
        }
        index -= old;
        first += new;
    }
    node
}

/// The record that an observation of a step is about.
fn record_of(seen: &Observation) -> Option<RecordId> {
    match *seen {
        Observation::Intent { record, .. }
        | Observation::Acked { record, .. }
        | Observation::Stored { record, .. }
        | Observation::Recognised { record, .. }
        | Observation::Delivered { record, .. }
        | Observation::Handled { record, .. }
        | Observation::Applied { record, .. }
        | Observation::Refused { record, .. }
        | Observation::Skipped { record, .. }
        | Observation::Parked { record, .. } => Some(record),
        _ => None,
    }
}

/// Writes down what an adversary answers differently from the quiet one, with its meaning.
pub(crate) struct Meant<A> {
    noted: Noted<A>,
    counts: BTreeMap<Place, u32>,
    places: Vec<Option<(Place, u32, Time)>>,
    /// The step taken last: weather that comes because of it has its place.
    last: Option<(Place, u32, Time)>,
}

impl<A> Meant<A> {
    pub(crate) fn new(adversary: A, nodes: &[String]) -> Self {
        Self {
            noted: Noted::new(adversary, nodes),
            counts: BTreeMap::new(),
            places: Vec::new(),
            last: None,
        }
    }

    /// The adversary, and what it did.
    pub(crate) fn into_parts(self) -> (A, Vec<Meaning>) {
        let (adversary, deviations) = self.noted.into_parts();
        let pairs = deviations.into_iter().zip(self.places);
        let meanings = pairs.map(|(deviation, place)| Meaning {
            deviation,
            place: place.map(|(place, nth, _)| (place, nth)),
            at: place.map_or(Time(0), |(_, _, at)| at),
        });
        (adversary, meanings.collect())
    }

    fn count(&mut self, place: Place) -> u32 {
        let count = self.counts.entry(place).or_default();
        *count += 1;
        *count - 1
    }
}

impl<A: Adversary<Model>> Adversary<Model> for Meant<A> {
    fn fate(&mut self, sending: &Sending<'_, Model>) -> Fate {
        let place = Place::of_packet(sending);
        let nth = self.count(place);
        let fate = self.noted.fate(sending);
        if fate.delays() != [sending.latency] {
            self.places.push(Some((place, nth, sending.at)));
        }
        fate
    }

    fn strike(&mut self, step: &Step<'_, Model>) -> Option<Strike> {
        let place = Place::of_step(step);
        let nth = self.count(place);
        let strike = self.noted.strike(step);
        if strike.is_some() {
            self.places.push(Some((place, nth, step.at)));
        }
        self.last = Some((place, nth, step.at));
        strike
    }

    fn jitter(&mut self, step: StepId, draw: u32, spread: Span) -> Span {
        let more = Adversary::<Model>::jitter(&mut self.noted, step, draw, spread);
        if !more.is_zero() {
            self.places.push(None);
        }
        more
    }

    fn survives(&mut self, loss: LossId, unsynced: u64) -> u64 {
        let kept = Adversary::<Model>::survives(&mut self.noted, loss, unsynced);
        if kept > 0 {
            self.places.push(None);
        }
        kept
    }

    fn next_weather(&self) -> Option<Time> {
        Adversary::<Model>::next_weather(&self.noted)
    }

    fn weather(&mut self) -> Weather {
        let weather = Adversary::<Model>::weather(&mut self.noted);
        let after = matches!(self.noted.last(), Some(Deviation::After { .. }));
        self.places.push(self.last.filter(|_| after));
        weather
    }

    fn heal(&mut self) {
        let noted = self.noted.len();
        Adversary::<Model>::heal(&mut self.noted);
        self.places
            .resize(self.places.len() + self.noted.len() - noted, None);
    }
}

/// What is to happen at a place, and how often the place has come up.
#[derive(Clone, Debug, Default)]
struct Wanted {
    count: u32,
    acts: Vec<(u32, Act)>,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Fate(Fate),
    Strike(Strike),
    Change(Change),
}

/// Brings deviations about by meaning, and is quiet otherwise.
pub(crate) struct Carried {
    wanted: BTreeMap<Place, Wanted>,
    script: Script<Model>,
    /// How many have not struck yet; weather and chance of the script are not counted.
    left: usize,
}

impl Carried {
    /// Of these deviations, in a world with these nodes (of the same names).
    pub(crate) fn new(meanings: &[Meaning], nodes: &[String]) -> Option<Self> {
        let mut wanted: BTreeMap<Place, Wanted> = BTreeMap::new();
        let mut rest = Vec::new();
        let mut left = 0;
        for Meaning {
            deviation, place, ..
        } in meanings
        {
            let Some((place, nth)) = place else {
                rest.push(deviation.clone());
                continue;
            };
            left += 1;
            wanted
                .entry(*place)
                .or_default()
                .acts
                .push((*nth, Act::new(deviation, nodes)?));
        }
        let script = Script::new(&rest, nodes).ok()?;
        Some(Self {
            wanted,
            script,
            left,
        })
    }

    /// Whether every deviation has struck.
    pub(crate) fn all_struck(&self) -> bool {
        self.left == 0 && Adversary::<Model>::next_weather(&self.script).is_none()
    }

    /// What is to happen here and now; nothing nearly always.
    fn acts(&mut self, place: &Place) -> Vec<Act> {
        let Some(wanted) = self.wanted.get_mut(place) else {
            return Vec::new();
        };
        let now = wanted.count;
        wanted.count += 1;
        let acts = wanted.acts.iter().filter(|(nth, _)| *nth == now);
        let acts: Vec<Act> = acts.map(|(_, act)| *act).collect();
        self.left -= acts.len();
        acts
    }
}

impl Act {
    /// None where it names a node that is not there.
    fn new(deviation: &Deviation, nodes: &[String]) -> Option<Self> {
        Some(match deviation {
            Deviation::Packet { fate, .. } => Self::Fate(fate_of(fate)),
            Deviation::Step {
                outage,
                down,
                sends,
                ..
            } => Self::Strike(Strike {
                outage: Outage {
                    kind: (*outage).into(),
                    down: *down,
                },
                sends: *sends,
                fault: FaultIndex::NONE,
            }),
            Deviation::After { change, .. } => Self::Change(change.resolve(nodes).ok()?),
            Deviation::Jitter { .. } | Deviation::Survives { .. } | Deviation::Weather { .. } => {
                unreachable!("only packets and steps have a place")
            }
        })
    }
}

fn fate_of(fated: &Fated) -> Fate {
    let mut fate = Fate::drop();
    match fated {
        Fated::Drop => {}
        Fated::Corrupt => fate.corrupted = true,
        Fated::Arrives(delays) => delays.iter().for_each(|delay| fate.copy(*delay)),
    }
    fate
}

impl Adversary<Model> for Carried {
    fn fate(&mut self, sending: &Sending<'_, Model>) -> Fate {
        match self.acts(&Place::of_packet(sending)).first() {
            Some(Act::Fate(fate)) => *fate,
            _ => Fate::deliver(sending.latency),
        }
    }

    fn strike(&mut self, step: &Step<'_, Model>) -> Option<Strike> {
        let mut strike = None;
        for act in self.acts(&Place::of_step(step)) {
            match act {
                Act::Strike(struck) => strike = Some(struck),
                Act::Change(change) => self.script.bring(step.at, change),
                Act::Fate(_) => unreachable!("fates are of packets"),
            }
        }
        strike
    }

    fn jitter(&mut self, step: StepId, draw: u32, spread: Span) -> Span {
        Adversary::<Model>::jitter(&mut self.script, step, draw, spread)
    }

    fn survives(&mut self, loss: LossId, unsynced: u64) -> u64 {
        Adversary::<Model>::survives(&mut self.script, loss, unsynced)
    }

    fn next_weather(&self) -> Option<Time> {
        Adversary::<Model>::next_weather(&self.script)
    }

    fn weather(&mut self) -> Weather {
        Adversary::<Model>::weather(&mut self.script)
    }

    fn heal(&mut self) {
        Adversary::<Model>::heal(&mut self.script);
    }
}
