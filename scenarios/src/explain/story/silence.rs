//! Why a request was sent again: what kept the answer to the earlier one away.

use semel_models::message::Kind;
use semel_models::model::Model;
use semel_sim::address::NodeId;
use semel_sim::record::{Entry, What};

use crate::explain::slice::Slice;
use crate::explain::{Repeat, Silence};

impl Slice<'_> {
    /// Whether a packet repeats an earlier request about the record, and why.
    pub(in crate::explain) fn repeat(&self, entry: &Entry<Model>) -> Option<Repeat> {
        let request = self.called(entry.id)?;
        let kind = asks(entry).filter(|_| self.is_about(entry))?;
        let earlier = self.trace.entries[..entry.id as usize].iter().rev();
        let before = earlier
            .filter(|other| asks(other) == Some(kind) && self.is_about(other))
            .find(|other| sender(other) == sender(entry))?;
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
            _ => None,
        }
    }

    /// Whether a node went down, and did not only stop, between two entries.
    fn down(&self, node: NodeId, from: &Entry<Model>, to: &Entry<Model>) -> bool {
        let between = &self.trace.entries[from.id as usize..to.id as usize];
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
