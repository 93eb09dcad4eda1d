//! `Noted`: what an adversary answers differently from the quiet one, written down.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::address::{Fate, NodeId, StepId, Strike, Weather};
use crate::adversary::watch::Watch;
use crate::adversary::{LossId, Sending, Step};
use crate::digest::name_key;
use crate::domain::Domain;
use crate::schedule::{BOOT, Deviation, Fated, NamedChange, step_label};
use crate::time::{Span, Time};

/// Writes down what an adversary answers differently from [`crate::adversary::Quiet`].
#[derive(Clone, Debug)]
pub struct Noted {
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

impl Noted {
    /// Nothing yet, of a run in a world with these nodes.
    pub fn new(nodes: &[String]) -> Self {
        Self {
            nodes: nodes.to_vec(),
            deviations: Vec::new(),
            last: None,
        }
    }

    /// What was written down.
    pub fn into_deviations(self) -> Vec<Deviation> {
        self.deviations
    }

    /// What is written down so far.
    pub fn deviations(&self) -> &[Deviation] {
        &self.deviations
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

impl<D: Domain> Watch<D> for Noted {
    fn fate(&mut self, sending: &Sending<'_, D>, fate: &Fate) {
        let fated = match fate.delays() {
            [only] if *only == sending.latency => return,
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

    fn strike(&mut self, step: &Step<'_, D>, strike: Option<&Strike>) {
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
    }

    fn jitter(&mut self, step: StepId, draw: u32, more: Span) {
        if !more.is_zero() {
            self.deviations.push(Deviation::Jitter {
                node: self.name_keyed(step.node),
                label: step_label::<D>(step.label).to_string(),
                nth: step.nth,
                draw,
                more,
            });
        }
    }

    fn survives(&mut self, loss: LossId, _: u64, kept: u64) {
        if kept > 0 {
            self.deviations.push(Deviation::Survives {
                node: self.name_keyed(loss.node),
                incarnation: loss.incarnation,
                journal: loss.journal,
                kept,
            });
        }
    }

    fn weather(&mut self, at: Time, weather: &Weather) {
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
    }

    /// A run does not settle while more weather is to come: so the one that no longer comes is noted too.
    fn averted(&mut self, at: Time, weather: &Weather) {
        self.deviations.push(Deviation::Weather {
            at: Span(at.0),
            change: NamedChange::new(&weather.change, &self.nodes),
        });
    }
}
