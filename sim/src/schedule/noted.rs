//! `Noted`: any adversary, and what it answers differently from the quiet one, written down.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::address::{Fate, NodeId, StepId, Strike, Weather};
use crate::adversary::{Adversary, LossId, Sending, Step};
use crate::digest::name_key;
use crate::domain::Domain;
use crate::schedule::{BOOT, Deviation, Fated, NamedChange, step_label};
use crate::time::{Span, Time};

/// Writes down what an adversary answers differently from [`crate::adversary::Quiet`].
#[derive(Clone, Debug)]
pub struct Noted<A> {
    adversary: A,
    nodes: Vec<String>,
    deviations: Vec<Deviation>,
    /// The step taken last: changes of weather at its time are its doing.
    last: Option<Stepped>,
}

#[derive(Clone, Debug)]
struct Stepped {
    at: Time,
    node: NodeId,
    label: &'static str,
    nth: u32,
    what: String,
}

impl<A> Noted<A> {
    /// Wraps an adversary in a world with these nodes.
    pub fn new(adversary: A, nodes: &[String]) -> Self {
        Self {
            adversary,
            nodes: nodes.to_vec(),
            deviations: Vec::new(),
            last: None,
        }
    }

    /// The adversary, and what it did.
    pub fn into_parts(self) -> (A, Vec<Deviation>) {
        (self.adversary, self.deviations)
    }

    /// How much is written down so far.
    pub fn len(&self) -> usize {
        self.deviations.len()
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.deviations.is_empty()
    }

    /// What was written down last.
    pub fn last(&self) -> Option<&Deviation> {
        self.deviations.last()
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
        let what = step
            .input
            .map_or_else(String::new, |(message, items)| D::describe(message, items));
        let stepped = Stepped {
            at: step.at,
            node: step.node,
            label: step_label::<D>(step.id.label),
            nth: step.id.nth,
            what,
        };
        let strike = self.adversary.strike(step);
        if let Some(strike) = strike {
            self.deviations.push(Deviation::Step {
                node: self.name(stepped.node),
                label: stepped.label.to_string(),
                nth: stepped.nth,
                what: stepped.what.clone(),
                outage: strike.outage.kind.into(),
                down: strike.outage.down,
                sends: strike.sends,
            });
        }
        self.last = Some(stepped);
        strike
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
        let deviation = match &self.last {
            Some(step) if step.at == at && (at > Time::ZERO || step.label != BOOT) => {
                Deviation::After {
                    node: self.name(step.node),
                    label: step.label.to_string(),
                    nth: step.nth,
                    what: step.what.clone(),
                    change,
                }
            }
            _ => Deviation::Weather {
                at: Span(at.0),
                change,
            },
        };
        self.deviations.push(deviation);
        weather
    }

    /// A run does not settle while more weather is to come: so the one that no longer comes is noted too.
    fn heal(&mut self) {
        if let Some(at) = self.adversary.next_weather() {
            let change = NamedChange::new(&self.adversary.weather().change, &self.nodes);
            self.deviations.push(Deviation::Weather {
                at: Span(at.0),
                change,
            });
        }
        self.adversary.heal();
    }
}
