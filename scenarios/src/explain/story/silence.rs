//! Why a request was sent again: what kept the answer to the earlier one away.

use semel_models::message::log::{Answer, Message as LogMessage};
use semel_models::message::{Kind, Message};
use semel_models::model::Model;
use semel_models::observation::{Observation, Outcome};
use semel_models::vocabulary::Epoch;
use semel_sim::address::NodeId;
use semel_sim::record::{Entry, What};

use crate::explain::slice::Slice;
use crate::explain::{Header, RecordFact, Refusal, Repeat, Silence};

impl Slice<'_> {
    /// Whether a packet repeats an earlier request about the record, and why. It does not where its sender was handed the
    /// record anew in between: then that is why.
    pub(in crate::explain) fn repeat(&self, entry: &Entry<Model>) -> Option<Repeat> {
        let request = self.called(entry.id)?;
        let kind = asks(entry).filter(|_| self.is_about(entry))?;
        let earlier = self.trace.entries[..entry.id as usize].iter().rev();
        let before = earlier
            .filter(|other| asks(other) == Some(kind) && self.is_about(other))
            .find(|other| sender(other) == sender(entry))?;
        let down = sender(entry).is_some_and(|node| self.down(node, before, entry));
        if !down && self.handed_anew(before, entry) {
            return None;
        }
        Some(Repeat {
            request,
            before: self.called(before.id)?,
            silence: self.silence(before, entry)?,
        })
    }

    /// Why an answer to a request was not heard before the next one left. None where it was heard.
    fn silence(&self, request: &Entry<Model>, next: &Entry<Model>) -> Option<Silence> {
        let heard = self.arrivals(request.id);
        if sender(request).is_some_and(|node| self.down(node, request, next)) {
            return Some(Silence::Forgotten);
        }
        if self.gave_up(request, next) {
            return Some(Silence::GaveUp);
        }
        if heard.is_empty() {
            return Some(Silence::RequestLost);
        }
        if heard.iter().all(|at| *at > next.at.0) {
            return Some(Silence::RequestLate);
        }
        let answers = |entry: &&Entry<Model>| {
            let is_answer = entry
                .what
                .message()
                .is_some_and(|message| matches!(message.kind(), Kind::Ack | Kind::Applied));
            is_answer
                && sender(request)
                    .and_then(|asker| self.request_of(entry, asker))
                    .is_some_and(|sent| sent == request.id)
        };
        let between = &self.trace.entries[request.id as usize..next.id as usize];
        let Some(answer) = between.iter().find(answers) else {
            return Some(Silence::NoAnswer);
        };
        let name = self.called(answer.id);
        match self.arrivals(answer.id) {
            [] => Some(Silence::AnswerLost(name)),
            [first, ..] if *first > next.at.0 => Some(Silence::AnswerLate(name)),
            _ => refusal(answer).map(|_| Silence::Refused {
                epoch: raised(request, next),
            }),
        }
    }

    /// Whether a consumer was handed the record between two entries of it.
    fn handed_anew(&self, from: &Entry<Model>, to: &Entry<Model>) -> bool {
        let mut between = self.trace.entries[from.id as usize..to.id as usize].iter();
        between.any(|entry| match &entry.what {
            What::Observed(node, Observation::Delivered { .. }) => {
                Some(*node) == sender(to) && self.is_about(entry)
            }
            _ => false,
        })
    }

    /// Whether a client told its application between two entries of it that the record is not, or may not be, stored.
    fn gave_up(&self, from: &Entry<Model>, to: &Entry<Model>) -> bool {
        let mut between = self.trace.entries[from.id as usize..to.id as usize].iter();
        between.any(|entry| match &entry.what {
            What::Observed(node, Observation::Acked { outcome, .. }) => {
                Some(*node) == sender(to) && self.is_about(entry) && *outcome != Outcome::Ok
            }
            _ => false,
        })
    }

    /// Whether a packet turns a request about the record away, and whether that was about what was made of it.
    pub(in crate::explain) fn turned_away(&self, entry: &Entry<Model>) -> Option<RecordFact> {
        let why = refusal(entry).filter(|_| self.is_about(entry))?;
        let output = self.came_as_output(entry);
        Some(RecordFact::TurnedAway { why, output })
    }

    /// Whether a node went down, and did not only stop, between two entries.
    fn down(&self, node: NodeId, from: &Entry<Model>, to: &Entry<Model>) -> bool {
        let between = &self.trace.entries[from.id as usize..to.id as usize];
        between
            .iter()
            .any(|entry| matches!(entry.what, What::Started(booted) if booted == node))
    }
}

/// Why a log does not take something in, where a packet says so.
fn refusal(entry: &Entry<Model>) -> Option<Refusal> {
    let What::Sent { message, .. } = &entry.what else {
        return None;
    };
    match message {
        Message::Log(LogMessage::Ack { answer, .. }) => match answer {
            Answer::OutOfOrder => Some(Refusal::OutOfOrder),
            Answer::StaleEpoch => Some(Refusal::StaleEpoch),
            Answer::InvalidTransaction => Some(Refusal::InvalidTransaction),
            Answer::Stored | Answer::Duplicate | Answer::InFlight | Answer::NotYet => None,
        },
        _ => None,
    }
}

/// The epoch of a request, where that is newer than the one of an earlier request.
fn raised(earlier: &Entry<Model>, later: &Entry<Model>) -> Option<Epoch> {
    let epoch = |entry: &Entry<Model>| Header::of(entry.what.message()?).epoch;
    epoch(later).filter(|later| epoch(earlier).is_some_and(|earlier| earlier < *later))
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
