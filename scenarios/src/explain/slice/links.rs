//! How entries hang together: what brought one about, and what it brought about itself.

use semel_models::message::log::{Message as LogMessage, Produce};
use semel_models::message::{Kind, Message};
use semel_models::model::Model;
use semel_models::observation::Observation;
use semel_models::timer::Timer;
use semel_sim::address::{NodeId, OutageKind};
use semel_sim::record::{Entry, What};

use crate::explain::slice::Slice;

impl<'t> Slice<'t> {
    /// What brought an entry about; None for what nothing in the run did.
    pub(in crate::explain) fn cause(&self, entry: &Entry<Model>) -> Option<&'t Entry<Model>> {
        (entry.cause != entry.id).then(|| &self.trace.entries[entry.cause as usize])
    }

    /// The packet in answer to which an entry happened, if one.
    pub(in crate::explain) fn packet(&self, entry: &Entry<Model>) -> Option<&'t Entry<Model>> {
        let step = self.cause(entry)?;
        let sent = matches!(step.what, What::Arrived(..)).then(|| self.cause(step))?;
        sent.filter(|sent| matches!(sent.what, What::Sent { .. }))
    }

    /// The packet that somebody asked for it with, through whatever its receiver did before: of what a marker says, the
    /// one because of which that was decided; of what came after a question or in a second half, the first one.
    pub(in crate::explain) fn request(&self, entry: &Entry<Model>) -> Option<&'t Entry<Model>> {
        let mut step = self.cause(entry)?;
        while let What::Fired(_, Timer::Executed { .. } | Timer::Finish { .. }) = step.what {
            step = self.cause(step)?;
        }
        let sent = matches!(step.what, What::Arrived(..)).then(|| self.cause(step))??;
        match sent.what.message()?.kind() {
            Kind::WriteMarker => self.request(sent),
            // Several may wait for one answer.
            Kind::Verify | Kind::Verified => self
                .request(sent)
                .filter(|asked| self.answers(entry, asked)),
            _ => matches!(sent.what, What::Sent { .. }).then_some(sent),
        }
    }

    /// Who sent that packet.
    pub(in crate::explain) fn asker(&self, entry: &Entry<Model>) -> Option<String> {
        match self.request(entry)?.what {
            What::Sent { from, .. } => Some(self.node(from)),
            _ => None,
        }
    }

    /// Whether an entry that is about a record goes back to a packet about it.
    fn answers(&self, entry: &Entry<Model>, asked: &Entry<Model>) -> bool {
        let record = match &entry.what {
            What::Observed(_, seen) => seen.record(),
            what => what.message().and_then(|message| message.facts().record),
        };
        record.is_none_or(|record| self.is_of(asked, record))
    }

    /// Whether it is about an output that something was observed: of the record as a consumer had sent it on.
    pub(in crate::explain) fn came_as_output(&self, entry: &Entry<Model>) -> bool {
        let sent = self.request(entry).and_then(|sent| sent.what.message());
        sent.is_some_and(is_output)
    }

    /// What a step sent, and to whom.
    pub(in crate::explain) fn sent_in(
        &self,
        step: &Entry<Model>,
    ) -> impl Iterator<Item = (NodeId, &'t Message)> + use<'t, '_> {
        let trace = self.trace;
        let sent = self.sent.get(&step.id).map_or(&[][..], Vec::as_slice);
        sent.iter()
            .filter_map(move |id| match &trace.entries[*id as usize].what {
                What::Sent { to, message, .. } => Some((*to, message)),
                _ => None,
            })
    }

    /// Whether a member of a group says farewell in a step.
    pub(in crate::explain) fn leaves(&self, step: &Entry<Model>) -> bool {
        let mut sent = self.sent_in(step);
        sent.any(|(_, message)| message.kind() == Kind::Leave)
    }

    /// Whether a group begins a generation after the first one: told of its first partition.
    pub(in crate::explain) fn regroups(&self, entry: &Entry<Model>, generation: u32) -> bool {
        let first = matches!(
            entry.what,
            What::Observed(_, Observation::Granted { partition: 0, .. })
        );
        let joins = |step| {
            let mut sent = self.sent_in(step);
            sent.any(|(_, message)| message.kind() == Kind::Joined)
        };
        generation > 1 && first && self.cause(entry).is_some_and(joins)
    }

    /// The last packet of a node that an entry goes back to, through whatever others did meanwhile.
    pub(in crate::explain) fn request_of(&self, entry: &Entry<Model>, by: NodeId) -> Option<u64> {
        let mut at = self.cause(entry)?;
        while !matches!(at.what, What::Sent { from, .. } if from == by) {
            at = self.cause(at)?;
        }
        Some(at.id)
    }

    /// When a node went down last before an entry, and did not only stop.
    pub(in crate::explain) fn went_down(&self, node: NodeId, before: u64) -> Option<u64> {
        let mut before = self.trace.entries[..before as usize].iter().rev();
        let down = before.find(|entry| match &entry.what {
            What::Struck(struck, outage, ..) => *struck == node && outage.kind != OutageKind::Pause,
            _ => false,
        });
        Some(down?.id)
    }

    /// The transaction that the last packet speaks of which an entry goes back to.
    pub(in crate::explain) fn transaction_behind(&self, entry: &Entry<Model>) -> Option<u32> {
        let mut at = self.cause(entry)?;
        loop {
            let spoken = at
                .what
                .message()
                .and_then(|message| message.facts().transaction);
            if spoken.is_some() {
                return spoken;
            }
            at = self.cause(at)?;
        }
    }
}

/// Whether a packet carries what was made of records.
pub(in crate::explain) const fn is_output(message: &Message) -> bool {
    matches!(
        message,
        Message::Log(LogMessage::Produce(Produce {
            output: Some(_),
            ..
        }))
    )
}
