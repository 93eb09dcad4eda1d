//! Deviations by meaning: "the first reply to storing 17", wherever and whenever that is sent.
//!
//! An address counts packets of a kind on a connection; add a record, take a retry away, change the strategy, and it
//! names something else. A meaning says who says what about which record, and survives all that. [`Meant`] watches
//! an adversary and writes its deviations down with their meanings; [`Carried`] brings them about in another run.

use std::collections::BTreeMap;

use semel_models::message::Message;
use semel_models::model::Model;
use semel_models::observation::Observation;
use semel_models::vocabulary::{Item, RecordId, Topology};
use semel_sim::address::{
    Change, Fate, FaultIndex, Label, NodeId, Outage, PacketId, StepId, Strike, Weather,
};
use semel_sim::adversary::watch::Watch;
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
    /// What it hits, and which of those that mean the same, from 0. None for weather at a time, jitter and what
    /// survives.
    pub(crate) place: Option<(Place, u32)>,
    /// When it struck, if it has a place.
    pub(crate) at: Time,
}

impl Meaning {
    /// When it comes: at its place, or at its time.
    pub(crate) const fn comes(&self) -> Span {
        match self.deviation {
            Deviation::Weather { at, .. } => at,
            _ => Span(self.at.0),
        }
    }
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
            .or_else(|| step.seen.iter().find_map(Observation::record));
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

/// A place, which of those that mean the same it is, and when it came up.
type Visit = (Place, u32, Time);

/// Writes down what an adversary answers differently from the quiet one, with its meaning.
pub(crate) struct Meant {
    noted: Noted,
    counts: BTreeMap<Place, u32>,
    /// Where each of the things noted struck.
    places: Vec<Option<Visit>>,
    /// The step taken last: weather that comes because of it has its place.
    last: Option<Visit>,
}

impl Meant {
    pub(crate) fn new(nodes: &[String]) -> Self {
        Self {
            noted: Noted::new(nodes),
            counts: BTreeMap::new(),
            places: Vec::new(),
            last: None,
        }
    }

    /// What was written down.
    pub(crate) fn into_meanings(self) -> Vec<Meaning> {
        let deviations = self.noted.into_deviations();
        let pairs = deviations.into_iter().zip(self.places);
        let meanings = pairs.map(|(deviation, place)| Meaning {
            deviation,
            place: place.map(|(place, nth, _)| (place, nth)),
            at: place.map_or(Time(0), |(_, _, at)| at),
        });
        meanings.collect()
    }

    fn visit(&mut self, place: Place, at: Time) -> Visit {
        let count = self.counts.entry(place).or_default();
        *count += 1;
        (place, *count - 1, at)
    }

    /// Whatever was noted just now struck here.
    fn put(&mut self, place: Option<Visit>) {
        self.places.resize(self.noted.deviations().len(), place);
    }
}

impl Watch<Model> for Meant {
    fn fate(&mut self, sending: &Sending<'_, Model>, fate: &Fate) {
        let visit = self.visit(Place::of_packet(sending), sending.at);
        self.noted.fate(sending, fate);
        self.put(Some(visit));
    }

    fn strike(&mut self, step: &Step<'_, Model>, strike: Option<&Strike>) {
        let visit = self.visit(Place::of_step(step), step.at);
        self.noted.strike(step, strike);
        self.put(Some(visit));
        self.last = Some(visit);
    }

    fn jitter(&mut self, step: StepId, draw: u32, more: Span) {
        Watch::<Model>::jitter(&mut self.noted, step, draw, more);
        self.put(None);
    }

    fn survives(&mut self, loss: LossId, unsynced: u64, kept: u64) {
        Watch::<Model>::survives(&mut self.noted, loss, unsynced, kept);
        self.put(None);
    }

    fn weather(&mut self, at: Time, weather: &Weather) {
        Watch::<Model>::weather(&mut self.noted, at, weather);
        let after = matches!(self.noted.deviations(), [.., Deviation::After { .. }]);
        self.put(self.last.filter(|_| after));
    }

    fn averted(&mut self, at: Time, weather: &Weather) {
        Watch::<Model>::averted(&mut self.noted, at, weather);
        self.put(None);
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
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    wanted: BTreeMap<Place, Wanted>,
    script: Script<Model>,
    /// How many packets have not been hit yet, and after how many steps nothing has come yet; weather and chance of
    /// the script are not counted. Most runs go on for long after the last of them, and are not asked any more.
    packets: usize,
    steps: usize,
}

impl Carried {
    /// Of these deviations, in a world with these nodes (of the same names).
    pub(crate) fn new(meanings: &[Meaning], nodes: &[String]) -> Option<Self> {
        let mut wanted: BTreeMap<Place, Wanted> = BTreeMap::new();
        let mut rest = Vec::new();
        let (mut packets, mut steps) = (0, 0);
        for Meaning {
            deviation, place, ..
        } in meanings
        {
            let Some((place, nth)) = place else {
                rest.push(deviation.clone());
                continue;
            };
            if place.to.is_some() {
                packets += 1;
            } else {
                steps += 1;
            }
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
            packets,
            steps,
        })
    }

    /// Whether every deviation has struck.
    pub(crate) fn all_struck(&self) -> bool {
        self.packets + self.steps == 0 && Adversary::<Model>::next_weather(&self.script).is_none()
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
        if place.to.is_some() {
            self.packets -= acts.len();
        } else {
            self.steps -= acts.len();
        }
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

pub(crate) fn fate_of(fated: &Fated) -> Fate {
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

    fn usual(&mut self, _: PacketId, latency: Span, _: Span) -> Option<Span> {
        (self.packets == 0).then_some(latency)
    }

    fn strikes(&self) -> bool {
        self.steps > 0
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

    fn heal(&mut self) -> Option<(Time, Weather)> {
        Adversary::<Model>::heal(&mut self.script)
    }
}
