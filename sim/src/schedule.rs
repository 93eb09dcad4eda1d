//! Schedules: runs written down as what differs from the quiet run.
//!
//! [`Noted`] wraps any adversary and writes the differences down; [`Script`] gives the same answers again. A
//! [`Deviation`] names nodes and labels in words, so that it survives in a file and a person can read it.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::{
    Change, Fate, FaultIndex, Label, NodeId, Outage, OutageKind, PacketId, StepId, Strike, Weather,
};
use crate::adversary::{Adversary, LossId, Sending, Step};
use crate::digest::{mix, name_key};
use crate::domain::Domain;
use crate::time::{Span, Time};

/// One answer that differs from the quiet run's, and its address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Deviation {
    /// A packet is lost, late or copied.
    Packet {
        /// Who sends it.
        from: String,
        /// To whom.
        to: String,
        /// On which connection of the two, from 0.
        #[serde(default)]
        connection: u32,
        /// What kind of message.
        label: String,
        /// Which of that kind there, from 0.
        nth: u32,
        /// What it says; asserted when the schedule is followed.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        what: String,
        /// What becomes of it.
        fate: Fated,
    },
    /// A node goes down right after a step.
    Step {
        /// The node.
        node: String,
        /// What kind of input.
        label: String,
        /// Which of that kind there, from 0.
        nth: u32,
        /// What it was; asserted when the schedule is followed.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        what: String,
        /// What happens.
        outage: OutageName,
        /// For how long.
        down: Span,
        /// How many of the step's packets still leave.
        #[serde(default)]
        sends: u32,
    },
    /// A delay within a spread is longer than its least.
    Jitter {
        /// The node.
        node: String,
        /// What kind of input.
        label: String,
        /// Which of that kind there, from 0.
        nth: u32,
        /// Which delay of that step, from 0.
        #[serde(default)]
        draw: u32,
        /// How much longer.
        more: Span,
    },
    /// Some unsynced entries of a journal survive.
    Survives {
        /// The node.
        node: String,
        /// How often it had booted before.
        incarnation: u32,
        /// Which of its journals.
        journal: u32,
        /// How many entries.
        kept: u64,
    },
    /// The weather changes at a time.
    Weather {
        /// When.
        at: Span,
        /// What.
        change: NamedChange,
    },
}

/// What becomes of a scripted packet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Fated {
    /// It is lost.
    Drop,
    /// It arrives damaged.
    Corrupt,
    /// It arrives after each of these delays.
    Arrives(Vec<Span>),
}

/// The kinds of outage, as files call them.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum OutageName {
    /// Memory gone, disk kept.
    Crash,
    /// Memory and unsynced bytes gone.
    PowerLoss,
    /// Everything gone.
    DiskLoss,
    /// Nothing gone but time.
    Pause,
}

/// A change of weather with its nodes in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum NamedChange {
    /// A node goes down for so long.
    Outage(String, OutageName, Span),
    /// Packets from the first to the second are lost from now on.
    Cut(String, String),
    /// One cut ends.
    Join(String, String),
    /// Packets from the first to the second take so much longer.
    Latency(String, String, Span),
    /// A node's steps take so many times longer.
    Slow(String, u32),
    /// A wall clock jumps by so many nanoseconds.
    ClockStep(String, i64),
    /// A node's clocks run fast by so many parts per million.
    ClockDrift(String, i32),
}

/// A script names a node or a label that this world does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown(pub String);

/// Gives the answers of a schedule, and the quiet answer everywhere else.
#[derive(Clone, Debug)]
pub struct Script<D: Domain> {
    fates: BTreeMap<PacketId, (Fated, String)>,
    strikes: BTreeMap<StepId, (Strike, String)>,
    jitters: BTreeMap<(StepId, u32), Span>,
    survivals: BTreeMap<LossId, u64>,
    /// In order of time.
    weather: Vec<(Time, Weather)>,
    next: usize,
    mismatches: Vec<String>,
    domain: core::marker::PhantomData<D>,
}

impl<D: Domain> Script<D> {
    /// Resolves the names of a schedule against a world's nodes and a domain's labels.
    pub fn new(deviations: &[Deviation], nodes: &[String]) -> Result<Self, Unknown> {
        let mut script = Self {
            fates: BTreeMap::new(),
            strikes: BTreeMap::new(),
            jitters: BTreeMap::new(),
            survivals: BTreeMap::new(),
            weather: Vec::new(),
            next: 0,
            mismatches: Vec::new(),
            domain: core::marker::PhantomData,
        };
        for deviation in deviations {
            script.add(deviation, nodes)?;
        }
        script.weather.sort_by_key(|(at, _)| *at);
        Ok(script)
    }

    fn add(&mut self, deviation: &Deviation, nodes: &[String]) -> Result<(), Unknown> {
        let key = |name: &String| find(nodes, name).map(|_| name_key(name));
        match deviation {
            Deviation::Packet {
                from,
                to,
                connection,
                label,
                nth,
                what,
                fate,
            } => {
                let link = mix(key(from)?, key(to)?, 0);
                let id = PacketId {
                    link,
                    connection: *connection,
                    label: named::<D>(label)?,
                    nth: *nth,
                };
                self.fates.insert(id, (fate.clone(), what.clone()));
            }
            Deviation::Step {
                node,
                label,
                nth,
                what,
                outage,
                down,
                sends,
            } => {
                let id = StepId {
                    node: key(node)?,
                    label: named::<D>(label)?,
                    nth: *nth,
                };
                let outage = Outage {
                    kind: (*outage).into(),
                    down: *down,
                };
                let strike = Strike {
                    outage,
                    sends: *sends,
                    fault: FaultIndex::NONE,
                };
                self.strikes.insert(id, (strike, what.clone()));
            }
            Deviation::Jitter {
                node,
                label,
                nth,
                draw,
                more,
            } => {
                let id = StepId {
                    node: key(node)?,
                    label: named::<D>(label)?,
                    nth: *nth,
                };
                self.jitters.insert((id, *draw), *more);
            }
            Deviation::Survives {
                node,
                incarnation,
                journal,
                kept,
            } => {
                let id = LossId {
                    node: key(node)?,
                    incarnation: *incarnation,
                    journal: *journal,
                };
                self.survivals.insert(id, *kept);
            }
            Deviation::Weather { at, change } => {
                let change = change.resolve(nodes)?;
                self.weather.push((
                    Time(at.0),
                    Weather {
                        change,
                        fault: FaultIndex::NONE,
                    },
                ));
            }
        }
        Ok(())
    }

    /// True when the schedule deviates nowhere.
    pub fn is_empty(&self) -> bool {
        self.fates.is_empty()
            && self.strikes.is_empty()
            && self.jitters.is_empty()
            && self.survivals.is_empty()
            && self.weather.is_empty()
    }

    /// From the beginning.
    pub fn reset(&mut self) {
        self.next = 0;
        self.mismatches.clear();
    }

    /// Where the run did not say what the schedule says it should.
    pub fn mismatches(&self) -> &[String] {
        &self.mismatches
    }
}

impl<D: Domain> Adversary<D> for Script<D> {
    fn fate(&mut self, sending: &Sending<'_, D>) -> Fate {
        let Some((fated, what)) = self.fates.get(&sending.id) else {
            return Fate::deliver(sending.latency);
        };
        let said = D::describe(sending.message, sending.items);
        if !what.is_empty() && *what != said {
            self.mismatches.push(format!(
                "the schedule expects `{what}` where the run sends `{said}`"
            ));
        }
        let mut fate = Fate::drop();
        match fated {
            Fated::Drop => {}
            Fated::Corrupt => fate.corrupted = true,
            Fated::Arrives(delays) => delays.iter().for_each(|delay| fate.copy(*delay)),
        }
        fate
    }

    fn strike(&mut self, step: &Step<'_, D>) -> Option<Strike> {
        let (strike, what) = self.strikes.get(&step.id)?;
        let said = step
            .input
            .map_or_else(String::new, |(message, items)| D::describe(message, items));
        if !what.is_empty() && *what != said {
            self.mismatches.push(format!(
                "the schedule expects a step on `{what}` where the run has `{said}`"
            ));
        }
        Some(*strike)
    }

    fn jitter(&mut self, step: StepId, draw: u32, spread: Span) -> Span {
        self.jitters
            .get(&(step, draw))
            .map_or(Span::ZERO, |more| (*more).min(spread))
    }

    fn survives(&mut self, loss: LossId, unsynced: u64) -> u64 {
        self.survivals
            .get(&loss)
            .map_or(0, |kept| (*kept).min(unsynced))
    }

    fn next_weather(&self) -> Option<Time> {
        self.weather.get(self.next).map(|(at, _)| *at)
    }

    fn weather(&mut self) -> Weather {
        self.next += 1;
        self.weather[self.next - 1].1
    }

    fn heal(&mut self) {
        self.next = self.weather.len();
    }
}

/// Writes down what an adversary answers differently from [`crate::adversary::Quiet`].
#[derive(Clone, Debug)]
pub struct Noted<A> {
    adversary: A,
    nodes: Vec<String>,
    deviations: Vec<Deviation>,
}

impl<A> Noted<A> {
    /// Wraps an adversary in a world with these nodes.
    pub fn new(adversary: A, nodes: &[String]) -> Self {
        Self {
            adversary,
            nodes: nodes.to_vec(),
            deviations: Vec::new(),
        }
    }

    /// The adversary, and what it did.
    pub fn into_parts(self) -> (A, Vec<Deviation>) {
        (self.adversary, self.deviations)
    }

    fn name(&self, node: NodeId) -> String {
        self.nodes[usize::from(node.0)].clone()
    }

    fn name_keyed(&self, key: u64) -> String {
        let found = self.nodes.iter().find(|name| name_key(name) == key);
        found
            .expect("an address names a node of this world")
            .clone()
    }
}

impl<D: Domain, A: Adversary<D>> Adversary<D> for Noted<A> {
    fn fate(&mut self, sending: &Sending<'_, D>) -> Fate {
        let fate = self.adversary.fate(sending);
        if fate.delays() != [sending.latency] {
            let fated = match fate.delays() {
                [] if fate.corrupted => Fated::Corrupt,
                [] => Fated::Drop,
                delays => Fated::Arrives(delays.to_vec()),
            };
            self.deviations.push(Deviation::Packet {
                from: self.name(sending.from),
                to: self.name(sending.to),
                connection: sending.id.connection,
                label: D::label_name(sending.id.label).to_string(),
                nth: sending.id.nth,
                what: D::describe(sending.message, sending.items),
                fate: fated,
            });
        }
        fate
    }

    fn strike(&mut self, step: &Step<'_, D>) -> Option<Strike> {
        let strike = self.adversary.strike(step)?;
        self.deviations.push(Deviation::Step {
            node: self.name(step.node),
            label: step_label::<D>(step.id.label).to_string(),
            nth: step.id.nth,
            what: step
                .input
                .map_or_else(String::new, |(message, items)| D::describe(message, items)),
            outage: strike.outage.kind.into(),
            down: strike.outage.down,
            sends: strike.sends,
        });
        Some(strike)
    }

    fn jitter(&mut self, step: StepId, draw: u32, spread: Span) -> Span {
        let more = self.adversary.jitter(step, draw, spread);
        if !more.is_zero() {
            let label = step_label::<D>(step.label).to_string();
            let node = self.name_keyed(step.node);
            self.deviations.push(Deviation::Jitter {
                node,
                label,
                nth: step.nth,
                draw,
                more,
            });
        }
        more
    }

    fn survives(&mut self, loss: LossId, unsynced: u64) -> u64 {
        let kept = self.adversary.survives(loss, unsynced);
        if kept > 0 {
            let node = self.name_keyed(loss.node);
            let LossId {
                incarnation,
                journal,
                ..
            } = loss;
            self.deviations.push(Deviation::Survives {
                node,
                incarnation,
                journal,
                kept,
            });
        }
        kept
    }

    fn next_weather(&self) -> Option<Time> {
        self.adversary.next_weather()
    }

    fn weather(&mut self) -> Weather {
        let at = self
            .adversary
            .next_weather()
            .expect("weather is taken only when some is due");
        let weather = self.adversary.weather();
        let change = NamedChange::new(&weather.change, &self.nodes);
        self.deviations.push(Deviation::Weather {
            at: Span(at.0),
            change,
        });
        weather
    }

    fn heal(&mut self) {
        self.adversary.heal();
    }
}

/// The labels that the kernel itself gives to steps.
const BOOT: &str = "boot";
const DISCONNECTED: &str = "disconnected";

fn step_label<D: Domain>(label: Label) -> &'static str {
    match usize::from(label.0) {
        boot if boot == D::LABELS => BOOT,
        told if told == D::LABELS + 1 => DISCONNECTED,
        _ => D::label_name(label),
    }
}

fn named<D: Domain>(name: &str) -> Result<Label, Unknown> {
    let all = (0..D::LABELS as u8 + 2).map(Label);
    let found = all
        .into_iter()
        .find(|label| step_label::<D>(*label) == name);
    found.ok_or_else(|| Unknown(format!("no message or timer is called `{name}`")))
}

fn find(nodes: &[String], name: &str) -> Result<NodeId, Unknown> {
    let place = nodes.iter().position(|node| node == name);
    place
        .map(|index| NodeId(index as u16))
        .ok_or_else(|| Unknown(format!("no node is called `{name}`")))
}

impl NamedChange {
    fn new(change: &Change, nodes: &[String]) -> Self {
        let name = |node: &NodeId| nodes[usize::from(node.0)].clone();
        match change {
            Change::Outage(node, outage) => {
                Self::Outage(name(node), outage.kind.into(), outage.down)
            }
            Change::Cut(from, to) => Self::Cut(name(from), name(to)),
            Change::Join(from, to) => Self::Join(name(from), name(to)),
            Change::Latency(from, to, extra) => Self::Latency(name(from), name(to), *extra),
            Change::Slow(node, factor) => Self::Slow(name(node), *factor),
            Change::ClockStep(node, nanos) => Self::ClockStep(name(node), *nanos),
            Change::ClockDrift(node, ppm) => Self::ClockDrift(name(node), *ppm),
        }
    }

    fn resolve(&self, nodes: &[String]) -> Result<Change, Unknown> {
        let node = |name: &String| find(nodes, name);
        Ok(match self {
            Self::Outage(name, kind, down) => Change::Outage(
                node(name)?,
                Outage {
                    kind: (*kind).into(),
                    down: *down,
                },
            ),
            Self::Cut(from, to) => Change::Cut(node(from)?, node(to)?),
            Self::Join(from, to) => Change::Join(node(from)?, node(to)?),
            Self::Latency(from, to, extra) => Change::Latency(node(from)?, node(to)?, *extra),
            Self::Slow(name, factor) => Change::Slow(node(name)?, *factor),
            Self::ClockStep(name, nanos) => Change::ClockStep(node(name)?, *nanos),
            Self::ClockDrift(name, ppm) => Change::ClockDrift(node(name)?, *ppm),
        })
    }
}

impl From<OutageName> for OutageKind {
    fn from(name: OutageName) -> Self {
        match name {
            OutageName::Crash => Self::Crash,
            OutageName::PowerLoss => Self::PowerLoss,
            OutageName::DiskLoss => Self::DiskLoss,
            OutageName::Pause => Self::Pause,
        }
    }
}

impl From<OutageKind> for OutageName {
    fn from(kind: OutageKind) -> Self {
        match kind {
            OutageKind::Crash => Self::Crash,
            OutageKind::PowerLoss => Self::PowerLoss,
            OutageKind::DiskLoss => Self::DiskLoss,
            OutageKind::Pause => Self::Pause,
        }
    }
}
