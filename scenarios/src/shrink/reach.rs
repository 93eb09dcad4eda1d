//! What the faults of a plan can reach: which packets they can hit, and after which steps a node can go down.
//!
//! Records, attempts, numbers of nodes and times are no part of it: a smaller run has others, and a fault by rate may
//! hit any of them. Kinds of messages and observations, and roles of nodes, stay what they are.

use semel_models::message::{Kind, MessagePattern};
use semel_models::model::Model;
use semel_sim::address::{Fate, NodeId, OutageKind, Strike};
use semel_sim::adversary::watch::Watch;
use semel_sim::adversary::{Sending, Step};
use semel_sim::domain::Domain;
use semel_sim::schedule::{Deviation, NamedChange, step_label};
use semel_sim::time::Span;
use serde::Serialize;

use crate::file::scenario::Fault;
use crate::trial::plan::Plan;

/// Any of them, if none.
type Only<T> = Option<T>;

/// What the faults of a plan can reach.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    packets: Vec<(Only<Kind>, Only<String>, Only<String>)>,
    /// Packets that a node sends or that are sent to it.
    cut: Vec<Only<String>>,
    outages: Vec<(OutageKind, Only<String>, Moment)>,
}

/// When a node can go down.
#[derive(Clone, Debug)]
enum Moment {
    Any,
    Handled(Kind),
    /// A schedule names the step.
    After(String),
    Seen(&'static str),
}

/// A node's name without its number; nothing for every node.
fn role(name: Option<&String>) -> Only<String> {
    let name = name.filter(|name| *name != "*")?;
    Some(
        name.rsplit_once('-')
            .map_or(&**name, |(role, _)| role)
            .to_owned(),
    )
}

fn fits(only: Option<&String>, node: &str) -> bool {
    only.is_none_or(|wanted| {
        let rest = node.strip_prefix(wanted.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

impl Reach {
    pub(crate) fn of(plan: &Plan) -> Self {
        let mut reach = Self::default();
        for fault in plan.acting() {
            reach.add(fault);
        }
        reach
    }

    fn add(&mut self, fault: &Fault) {
        if let Some(hit) = fault.as_packet() {
            let kind = hit.packet.map(MessagePattern::kind);
            self.packets.push((kind, role(hit.from), role(hit.to)));
        }
        if let Some((kind, struck)) = fault.as_outage() {
            let moment = match (struck.after, struck.packet) {
                (Some(after), _) => Moment::Seen(after.name()),
                (None, Some(packet)) => Moment::Handled(packet.kind()),
                (None, None) => Moment::Any,
            };
            self.outages.push((kind, role(struck.node), moment));
        }
        match fault {
            Fault::Burst(_) | Fault::SlowLink(_) => self.packets.push((None, None, None)),
            Fault::Isolate(fault) => self.cut.push(role(Some(&fault.node))),
            Fault::Script(script) => script.iter().for_each(|one| self.add_scripted(one)),
            // Picked above; or about clocks and slow nodes, which lose no packet and take no node down.
            _ => {}
        }
    }

    /// A schedule reaches what is like the things that it names.
    fn add_scripted(&mut self, deviation: &Deviation) {
        match deviation {
            Deviation::Packet {
                from, to, label, ..
            } => {
                let mut kinds = Kind::ALL.iter().copied();
                let kind = kinds.find(|kind| kind.name() == label);
                self.packets.push((kind, role(Some(from)), role(Some(to))));
            }
            Deviation::Step {
                node,
                label,
                outage,
                ..
            } => {
                let moment = Moment::After(label.clone());
                self.outages
                    .push(((*outage).into(), role(Some(node)), moment));
            }
            Deviation::Weather { change, .. } | Deviation::After { change, .. } => match change {
                NamedChange::Outage(node, outage, _) => {
                    self.outages
                        .push(((*outage).into(), role(Some(node)), Moment::Any));
                }
                NamedChange::Cut(from, to) => {
                    self.packets.push((None, role(Some(from)), role(Some(to))));
                }
                _ => {}
            },
            Deviation::Jitter { .. } | Deviation::Survives { .. } => {}
        }
    }

    /// Whether some fault can decide the fate of a packet.
    pub(crate) fn packet(&self, sending: &Sending<'_, Model>, nodes: &[String]) -> bool {
        let name = |node: NodeId| &*nodes[usize::from(node.0)];
        let (from, to) = (name(sending.from), name(sending.to));
        let kind = sending.message.kind();
        let hit = |one: &(Only<Kind>, Only<String>, Only<String>)| {
            one.0.is_none_or(|wanted| wanted == kind)
                && fits(one.1.as_ref(), from)
                && fits(one.2.as_ref(), to)
        };
        let cut = |one: &Only<String>| fits(one.as_ref(), from) || fits(one.as_ref(), to);
        self.packets.iter().any(hit) || self.cut.iter().any(cut)
    }

    /// Whether some fault can take a node down after a step.
    pub(crate) fn step(&self, step: &Step<'_, Model>, kind: OutageKind, nodes: &[String]) -> bool {
        let node = &*nodes[usize::from(step.node.0)];
        let met = |moment: &Moment| match moment {
            Moment::Any => true,
            Moment::Handled(kind) => step
                .input
                .is_some_and(|(message, _)| message.kind() == *kind),
            Moment::After(label) => step_label::<Model>(step.id.label) == label,
            Moment::Seen(name) => step.seen.iter().any(|seen| seen.name() == *name),
        };
        let hit = |one: &(OutageKind, Only<String>, Moment)| {
            one.0 == kind && fits(one.1.as_ref(), node) && met(&one.2)
        };
        self.outages.iter().any(hit)
    }
}

/// Something that is hit, and that no fault of the plan can hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Beyond {
    /// A packet.
    Packet {
        /// What it says.
        what: String,
        /// Who sent it.
        from: String,
        /// To whom.
        to: String,
    },
    /// A node, after this step.
    Step {
        /// Which.
        node: String,
    },
}

/// Notes what an adversary hits that no fault of a plan can.
pub(crate) struct Reaching<'r> {
    reach: &'r Reach,
    nodes: &'r [String],
    /// The longest that a packet takes in fair weather.
    usual: Span,
    beyond: Vec<Beyond>,
}

impl<'r> Reaching<'r> {
    pub(crate) const fn new(reach: &'r Reach, (nodes, usual): (&'r [String], Span)) -> Self {
        Self {
            reach,
            nodes,
            usual,
            beyond: Vec::new(),
        }
    }

    /// All of it.
    pub(crate) fn into_beyond(self) -> Vec<Beyond> {
        self.beyond
    }
}

impl Watch<Model> for Reaching<'_> {
    fn fate(&mut self, sending: &Sending<'_, Model>, fate: &Fate) {
        let fair = matches!(fate.delays(), [only] if *only <= self.usual) && !fate.corrupted;
        if !fair && !self.reach.packet(sending, self.nodes) {
            let name = |node: NodeId| self.nodes[usize::from(node.0)].clone();
            self.beyond.push(Beyond::Packet {
                what: Model::describe(sending.message, sending.items),
                from: name(sending.from),
                to: name(sending.to),
            });
        }
    }

    fn strike(&mut self, step: &Step<'_, Model>, strike: Option<&Strike>) {
        if let Some(strike) = strike
            && !self.reach.step(step, strike.outage.kind, self.nodes)
        {
            let node = self.nodes[usize::from(step.node.0)].clone();
            self.beyond.push(Beyond::Step { node });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use semel_sim::address::{Label, StepId};
    use semel_sim::schedule::OutageName;
    use semel_sim::time::Time;

    /// The kernel's own labels are not the domain's to name.
    #[test]
    fn a_schedule_reaches_the_steps_that_the_kernel_itself_brings() {
        let mut reach = Reach::default();
        reach.add_scripted(&Deviation::Step {
            node: "sink-0".into(),
            label: "disconnected".into(),
            nth: 0,
            what: String::new(),
            outage: OutageName::PowerLoss,
            down: Span::millis(100),
            sends: 0,
        });
        let told = |label| Step::<Model> {
            id: StepId {
                node: 0,
                label,
                nth: 0,
            },
            node: NodeId(0),
            at: Time::ZERO,
            input: None,
            seen: &[],
            sends: 0,
            unsynced: true,
        };
        let nodes = ["sink-0".to_string()];
        let (boot, disconnected) = (Model::LABELS as u8, Model::LABELS as u8 + 1);
        let reaches = |label| reach.step(&told(Label(label)), OutageKind::PowerLoss, &nodes);
        assert!(reaches(disconnected));
        assert!(!reaches(boot));
    }
}
