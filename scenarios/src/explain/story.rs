//! The steps of the proof: what became of the record, each from the packet that brought it about.

use std::collections::BTreeSet;

use semel_models::judge::Violation;
use semel_models::message::Kind;
use semel_models::model::Model;
use semel_models::observation::{Observation, Outcome};
use semel_models::strategy::Invariant;
use semel_models::vocabulary::{Partition, ProducerId};
use semel_sim::address::NodeId;
use semel_sim::record::{Entry, What};

use super::slice::{Slice, message_of, record_of};
use super::{Deed, Fact, Silence, Step};

/// Tells the story of a slice up to where the violation was seen; and if something is missing, that it is. No handler
/// can process a `poison` record.
pub(super) fn steps(slice: &Slice<'_>, violation: &Violation, poison: bool) -> Vec<Step> {
    let mut teller = Teller {
        slice,
        poison,
        lacks: violation.invariant == Invariant::NoLoss,
        stored: false,
        delivered: false,
        applied: false,
        produced: false,
        enlisted: BTreeSet::new(),
        struck: BTreeSet::new(),
        steps: Vec::new(),
    };
    for entry in &slice.trace.entries {
        if entry.id <= slice.last {
            teller.tell(entry);
        }
    }
    if teller.lacks && !teller.applied {
        let at = slice.trace.entries.last().map_or(0, |last| last.at.0);
        teller.push(at, String::new(), Fact::Missing, None);
    }
    teller.steps
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "two facts about the story and four about what was told of it, each on its own"
)]
struct Teller<'s, 't> {
    slice: &'s Slice<'t>,
    /// Whether no handler can process the record.
    poison: bool,
    /// Whether it is about something that did not happen: then marks and answers matter, too.
    lacks: bool,
    stored: bool,
    delivered: bool,
    applied: bool,
    /// Whether an output of it was stored.
    produced: bool,
    /// The open transactions that it belongs to, or what was made of it: in which partition, and whose.
    enlisted: BTreeSet<(Partition, ProducerId)>,
    /// Nodes that have been down.
    struck: BTreeSet<NodeId>,
    steps: Vec<Step>,
}

impl Teller<'_, '_> {
    fn push(&mut self, at_ns: u64, node: String, fact: Fact, because: Option<String>) {
        let step = Step {
            at_ns,
            node,
            fact,
            because,
        };
        self.steps.push(step);
    }

    fn tell(&mut self, entry: &Entry<Model>) {
        match &entry.what {
            What::Struck(node, ..) => {
                self.struck.insert(*node);
            }
            What::Observed(node, seen) => {
                if let Some(fact) = self.fact(*node, seen) {
                    let first = matches!(fact, Fact::Delivered { again: false, .. });
                    let because = self.reason(entry);
                    self.push(entry.at.0, self.slice.node(*node), fact, because);
                    // Its handler may try again for ever: once is enough.
                    if self.poison && first {
                        let node = self.slice.node(*node);
                        self.push(entry.at.0, node, Fact::Unprocessable, None);
                    }
                }
            }
            What::Sent { from, .. } => {
                if let Some(fact) = self.repeat(entry) {
                    self.push(entry.at.0, self.slice.node(*from), fact, None);
                }
            }
            _ => {}
        }
    }

    /// The packet of the proof that brought something about: what a marker says was decided because of another one.
    fn reason(&self, entry: &Entry<Model>) -> Option<String> {
        let sent = self.slice.packet(entry)?;
        let marker = message_of(&sent.what)?.kind() == Kind::WriteMarker;
        let name = self.slice.called(sent.id);
        name.or_else(|| self.reason(sent).filter(|_| marker))
    }

    /// What an observation says of the record.
    fn fact(&mut self, node: NodeId, seen: &Observation) -> Option<Fact> {
        let again = |known: &mut bool| std::mem::replace(known, true);
        let about = record_of(seen) == self.slice.record && self.slice.record.is_some();
        match *seen {
            Observation::Truncated { from, .. } => Some(Fact::Truncated { from }),
            Observation::Reset { position, .. } => Some(Fact::Resumed { offset: position }),
            Observation::Progress {
                offset, accepted, ..
            } if self.lacks || !accepted => Some(Fact::Marked { offset, accepted }),
            Observation::Assigned { position, .. }
                if self.delivered || self.struck.contains(&node) =>
            {
                Some(Fact::Resumed { offset: position })
            }
            Observation::Marked {
                partition,
                transaction,
                commit,
                ..
            } => {
                let of = (partition, transaction.producer);
                let output = partition >= self.slice.inputs;
                (self.enlisted.remove(&of) && !commit).then_some(Fact::Aborted { output })
            }
            _ if !about => self.overtaking(seen),
            Observation::Enlisted {
                partition,
                transaction,
                ..
            } => {
                self.enlisted.insert((partition, transaction.producer));
                None
            }
            Observation::Intent { .. } => Some(Fact::Intended),
            Observation::Stored {
                offset,
                missed,
                partition,
                ..
            } => {
                let output = partition >= self.slice.inputs;
                let known = if output {
                    &mut self.produced
                } else {
                    &mut self.stored
                };
                Some(Fact::Stored {
                    offset,
                    again: again(known),
                    missed: missed.into(),
                    output,
                })
            }
            Observation::Delivered { offset, .. } => {
                let again = again(&mut self.delivered);
                Some(Fact::Delivered { offset, again })
            }
            Observation::Applied {
                missed, partition, ..
            } => {
                let again = again(&mut self.applied);
                Some(Fact::Applied {
                    again,
                    missed: missed.into(),
                    output: partition >= self.slice.inputs,
                })
            }
            // An application that was told so while its client was up may send the record again (F003).
            Observation::Acked { outcome, .. }
                if self.lacks || (outcome == Outcome::Unknown && !self.struck.contains(&node)) =>
            {
                Some(Fact::Reported(outcome.into()))
            }
            Observation::Recognised { .. } => Some(Fact::Recognised),
            Observation::Refused { .. } => Some(Fact::Refused),
            Observation::Skipped { .. } | Observation::Parked { .. } => Some(Fact::PassedOver),
            _ => None,
        }
    }

    /// What an observation says of the record that overtook this one.
    fn overtaking(&self, seen: &Observation) -> Option<Fact> {
        let rival = record_of(seen).filter(|record| Some(*record) == self.slice.rival)?;
        let deed = match *seen {
            Observation::Intent { .. } => Deed::Intended,
            Observation::Stored { offset, .. } => Deed::Stored(offset),
            Observation::Applied { .. } => Deed::Applied,
            _ => return None,
        };
        Some(Fact::Overtaking(rival, deed))
    }

    /// Whether a packet repeats an earlier request about the record, and why.
    fn repeat(&self, entry: &Entry<Model>) -> Option<Fact> {
        let request = self.slice.called(entry.id)?;
        let kind = asks(entry).filter(|_| self.slice.is_about(entry))?;
        let earlier = self.slice.trace.entries[..entry.id as usize].iter().rev();
        let before = earlier
            .filter(|other| asks(other) == Some(kind) && self.slice.is_about(other))
            .find(|other| {
                matches!(other.what, What::Sent { .. }) && sender(other) == sender(entry)
            })?;
        Some(Fact::Repeated {
            request,
            before: self.slice.called(before.id)?,
            silence: self.silence(before, entry)?,
        })
    }

    /// Why an answer to a request was not heard before the next one left. None where it was heard.
    fn silence(&self, request: &Entry<Model>, next: &Entry<Model>) -> Option<Silence> {
        let entries = &self.slice.trace.entries;
        let heard = self.slice.arrivals(request.id);
        if sender(request).is_some_and(|node| self.down(node, request, next)) {
            return Some(Silence::Forgotten);
        }
        if heard.is_empty() {
            return Some(Silence::RequestLost);
        }
        if heard.iter().all(|at| *at > next.at.0) {
            return Some(Silence::RequestLate);
        }
        let answers = |entry: &&Entry<Model>| {
            let is_answer = message_of(&entry.what)
                .is_some_and(|message| matches!(message.kind(), Kind::Ack | Kind::Applied));
            is_answer
                && sender(request)
                    .and_then(|asker| self.slice.request_of(entry, asker))
                    .is_some_and(|sent| sent == request.id)
        };
        let Some(answer) = entries[..next.id as usize].iter().find(answers) else {
            return Some(Silence::NoAnswer);
        };
        let name = self.slice.called(answer.id);
        match self.slice.arrivals(answer.id) {
            [] => Some(Silence::AnswerLost(name)),
            [first, ..] if *first > next.at.0 => Some(Silence::AnswerLate(name)),
            _ => None,
        }
    }

    /// Whether a node went down, and did not only stop, between two entries.
    fn down(&self, node: NodeId, from: &Entry<Model>, to: &Entry<Model>) -> bool {
        let between = &self.slice.trace.entries[from.id as usize..to.id as usize];
        between
            .iter()
            .any(|entry| matches!(entry.what, What::Started(booted) if booted == node))
    }
}

/// The kind of a request whose repeats matter.
fn asks(entry: &Entry<Model>) -> Option<Kind> {
    let What::Sent { message, .. } = &entry.what else {
        return None;
    };
    Some(message.kind()).filter(|kind| matches!(kind, Kind::Produce | Kind::Apply))
}

fn sender(entry: &Entry<Model>) -> Option<NodeId> {
    match entry.what {
        What::Sent { from, .. } => Some(from),
        _ => None,
    }
}
