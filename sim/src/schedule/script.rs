//! `Script`: the adversary that repeats a schedule.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::address::{Change, Fate, FaultIndex, Outage, PacketId, StepId, Strike, Weather};
use crate::adversary::{Adversary, LossId, Sending, Step};
use crate::digest::{mix, name_key};
use crate::domain::Domain;
use crate::schedule::{Deviation, Fated, Unknown, find, named};
use crate::time::{Span, Time};

/// An answer, what the run must say where it is given, and whether it was given.
#[derive(Clone, Debug)]
struct Line<A> {
    answer: A,
    what: String,
    met: bool,
}

/// Gives the answers of a schedule, and the quiet answer everywhere else.
#[derive(Clone, Debug)]
pub struct Script<D: Domain> {
    fates: BTreeMap<PacketId, Line<Fate>>,
    strikes: BTreeMap<StepId, Line<Strike>>,
    jitters: BTreeMap<(StepId, u32), Span>,
    survivals: BTreeMap<LossId, u64>,
    /// Changes of weather that steps bring about, and those that they have.
    after: BTreeMap<StepId, Line<Vec<Weather>>>,
    brought: VecDeque<(Time, Weather)>,
    /// Changes of weather in order of time, and how many have come.
    weather: Vec<(Time, Weather)>,
    come: usize,
    /// How many answers the run has been given.
    given: u64,
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
            after: BTreeMap::new(),
            brought: VecDeque::new(),
            weather: Vec::new(),
            come: 0,
            given: 0,
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
        let key = |name: &str| find(nodes, name).map(|_| name_key(name));
        let step = |node: &str, label: &str, nth: u32| -> Result<StepId, Unknown> {
            let (node, label) = (key(node)?, named::<D>(label)?);
            Ok(StepId { node, label, nth })
        };
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
                let id = PacketId {
                    link: mix(key(from)?, key(to)?, 0),
                    connection: *connection,
                    label: named::<D>(label)?,
                    nth: *nth,
                };
                self.fates.insert(id, line(fate.fate(), what));
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
                let strike = Strike {
                    outage: Outage {
                        kind: (*outage).into(),
                        down: *down,
                    },
                    sends: *sends,
                    fault: FaultIndex::NONE,
                };
                let id = step(node, label, *nth)?;
                self.strikes.insert(id, line(strike, what));
            }
            Deviation::Jitter {
                node,
                label,
                nth,
                draw,
                more,
            } => {
                let id = step(node, label, *nth)?;
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
            Deviation::After {
                node,
                label,
                nth,
                what,
                change,
            } => {
                let id = step(node, label, *nth)?;
                let entry = self.after.entry(id);
                let changes = entry.or_insert_with(|| line(Vec::new(), what));
                changes.answer.push(weather(change.resolve(nodes)?));
            }
            Deviation::Weather { at, change } => {
                let change = weather(change.resolve(nodes)?);
                self.weather.push((Time(at.0), change));
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
            && self.after.is_empty()
            && self.weather.is_empty()
    }

    /// From the beginning.
    pub fn reset(&mut self) {
        self.fates.values_mut().for_each(|line| line.met = false);
        self.strikes.values_mut().for_each(|line| line.met = false);
        self.after.values_mut().for_each(|line| line.met = false);
        self.brought.clear();
        self.come = 0;
        self.given = 0;
        self.mismatches.clear();
    }

    /// Weather that changes now, besides what the schedule says.
    pub fn bring(&mut self, at: Time, change: Change) {
        self.brought.push_back((at, weather(change)));
    }

    /// Where the run did not say what the schedule says it should.
    pub fn mismatches(&self) -> &[String] {
        &self.mismatches
    }

    /// How many deviations of the schedule have come about, before all healed.
    pub const fn given(&self) -> u64 {
        self.given
    }

    /// How many packets and steps of the schedule the run has not come to.
    pub fn unmet(&self) -> usize {
        self.fates.values().filter(|line| !line.met).count()
            + self.strikes.values().filter(|line| !line.met).count()
            + self.after.values().filter(|line| !line.met).count()
    }
}

fn line<A>(answer: A, what: &str) -> Line<A> {
    Line {
        answer,
        what: what.into(),
        met: false,
    }
}

const fn weather(change: Change) -> Weather {
    Weather {
        change,
        fault: FaultIndex::NONE,
    }
}

impl Fated {
    fn fate(&self) -> Fate {
        let mut fate = Fate::drop();
        match self {
            Self::Drop => {}
            Self::Corrupt => fate.corrupted = true,
            Self::Arrives(delays) => delays.iter().for_each(|delay| fate.copy(*delay)),
        }
        fate
    }
}

impl<A> Line<A> {
    /// The run has come to this line, and says what it says.
    fn meet(&mut self, kind: &str, said: impl FnOnce() -> String, mismatches: &mut Vec<String>) {
        self.met = true;
        if self.what.is_empty() {
            return;
        }
        let said = said();
        if said != self.what {
            let what = &self.what;
            mismatches.push(format!(
                "the schedule expects {kind} `{what}` where the run has `{said}`"
            ));
        }
    }
}

/// What a step's input says.
fn said<D: Domain>(step: &Step<'_, D>) -> String {
    step.input
        .map_or_else(String::new, |(message, items)| D::describe(message, items))
}

impl<D: Domain> Adversary<D> for Script<D> {
    fn fate(&mut self, sending: &Sending<'_, D>) -> Fate {
        let Some(line) = self.fates.get_mut(&sending.id) else {
            return Fate::deliver(sending.latency);
        };
        let said = || D::describe(sending.message, sending.items);
        line.meet("a packet", said, &mut self.mismatches);
        self.given += 1;
        line.answer
    }

    fn usual(&mut self, id: PacketId, latency: Span, _: Span) -> Option<Span> {
        (!self.fates.contains_key(&id)).then_some(latency)
    }

    fn strikes(&self) -> bool {
        !self.strikes.is_empty() || !self.after.is_empty()
    }

    fn strike(&mut self, step: &Step<'_, D>) -> Option<Strike> {
        if let Some(line) = self.after.get_mut(&step.id) {
            line.meet("a step on", || said(step), &mut self.mismatches);
            self.given += line.answer.len() as u64;
            let brought = line.answer.iter().map(|change| (step.at, *change));
            self.brought.extend(brought);
        }
        let line = self.strikes.get_mut(&step.id)?;
        line.meet("a step on", || said(step), &mut self.mismatches);
        self.given += 1;
        Some(line.answer)
    }

    fn jitter(&mut self, step: StepId, draw: u32, spread: Span) -> Span {
        let Some(more) = self.jitters.get(&(step, draw)) else {
            return Span::ZERO;
        };
        self.given += 1;
        (*more).min(spread)
    }

    fn survives(&mut self, loss: LossId, unsynced: u64) -> u64 {
        let Some(kept) = self.survivals.get(&loss) else {
            return 0;
        };
        self.given += 1;
        (*kept).min(unsynced)
    }

    fn next_weather(&self) -> Option<Time> {
        let brought = self.brought.front();
        brought
            .or_else(|| self.weather.get(self.come))
            .map(|(at, _)| *at)
    }

    fn weather(&mut self) -> Weather {
        if let Some((_, weather)) = self.brought.pop_front() {
            return weather;
        }
        self.come += 1;
        self.given += 1;
        self.weather[self.come - 1].1
    }

    fn heal(&mut self) -> Option<(Time, Weather)> {
        let averted = self.brought.front().or_else(|| self.weather.get(self.come));
        let averted = averted.copied();
        self.brought.clear();
        self.come = self.weather.len();
        averted
    }
}
