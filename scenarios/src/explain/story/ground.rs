//! What an observation rests on: found by going back to the step that made it, and to what brought that about.

use semel_models::message::group::Message as GroupMessage;
use semel_models::message::log::Message as LogMessage;
use semel_models::message::sink::Message as SinkMessage;
use semel_models::message::transaction::{Message as Word, Owner};
use semel_models::message::{Kind, Message};
use semel_models::model::Model;
use semel_models::observation::{Observation, Outcome, Place, TransactionId};
use semel_models::strategy::{
    Backoff, Breaker, Kept as KeptIn, Mark, Name, OnOpen, Recognise, Retry, Wait, Work,
};
use semel_models::timer::Timer;
use semel_models::vocabulary::{Generation, Offset, RecordId};
use semel_sim::address::NodeId;
use semel_sim::record::{Entry, What};

use crate::explain::story::Teller;
use crate::explain::{Cue, Ground, IdOf, ReaderFact, RecordFact, Sign, Taken};

impl Teller<'_, '_> {
    /// How a client knew what it says of a record.
    pub(in crate::explain) fn ground(&self, entry: &Entry<Model>, outcome: Outcome) -> Ground {
        let step = self.slice.cause(entry);
        let answered = step.is_some_and(|step| {
            let said = step.what.message().map(Message::kind);
            matches!(said, Some(Kind::Ack | Kind::TransactionAnswer))
        });
        let publish = &self.plan.strategy.publish;
        let on_open = match publish.retry {
            Retry::Backoff(Backoff {
                breaker: Some(Breaker { on_open, .. }),
                ..
            }) => Some(on_open),
            _ => None,
        };
        let started = step.is_some_and(|step| matches!(step.what, What::Started(_)));
        match (outcome, on_open) {
            _ if answered => Ground::Answer,
            _ if started => Ground::Forgotten,
            (Outcome::Ok, Some(OnOpen::Lose)) | (Outcome::Failed, Some(OnOpen::Fail)) => {
                Ground::Breaker
            }
            (Outcome::Ok, _) if publish.wait == Wait::Nothing => Ground::Unasked,
            (Outcome::Ok, _) => Ground::Answer,
            _ => Ground::Patience,
        }
    }

    /// For what the record is taken: a repeat of itself, of another one, or of what stands in no log.
    pub(in crate::explain) fn recognised(
        &self,
        (node, entry): (NodeId, &Entry<Model>),
        place: Place,
    ) -> RecordFact {
        let taken = self.taken_for(entry, place);
        let unstored = || (place == Place::Stream).then(|| self.outlived(node, entry))?;
        match taken {
            None => unstored().map_or(RecordFact::Recognised(None), RecordFact::RecognisedUnstored),
            taken => RecordFact::Recognised(taken),
        }
    }

    /// Of what the record's id is known, where that stands in no log.
    fn outlived(&self, node: NodeId, entry: &Entry<Model>) -> Option<IdOf> {
        let record = self.slice.record?;
        if self.place().is_some() {
            return None;
        }
        if self.stored {
            return self.known.is_lost(record).then_some(IdOf::Lost);
        }
        let ahead = matches!(
            self.plan.strategy.stream.recognise,
            Recognise::Id(_, KeptIn::Durable) | Recognise::Highest(KeptIn::Durable)
        );
        let down = self.slice.went_down(node, entry.id).filter(|_| ahead)?;
        let before = self.slice.trace.entries[..down as usize].iter().rev();
        let mut came = before.filter(|entry| {
            let produce = entry.what.message().map(Message::kind) == Some(Kind::Produce);
            produce && is_arrival(&entry.what, node) && self.slice.is_about(entry)
        });
        let written = self.slice.called(came.next()?.cause)?;
        Some(IdOf::Unwritten(written, self.slice.called(down)))
    }

    /// The other record that this one is taken for, if it is.
    fn taken_for(&self, entry: &Entry<Model>, place: Place) -> Option<Taken> {
        let record = self.slice.record?;
        let other = |other: RecordId| other != record;
        let found = match place {
            Place::Stream => self.stands_for(entry).map(|found| (found, Sign::Name)),
            Place::Sink if self.keeps_offsets() => {
                self.read_before(entry).map(|found| (found, Sign::Offset))
            }
            Place::Sink | Place::Consumer => None,
        };
        let by_contents = self.plan.strategy.publish.name == Name::Content;
        let twin = || self.twin(record).filter(|_| by_contents);
        let (record, by) = match found.filter(|(found, _)| other(*found)) {
            Some((found, _)) if by_contents => (found, Sign::Contents),
            Some(found) => found,
            None => (twin()?, Sign::Contents),
        };
        Some(Taken { record, by })
    }

    /// Whether the sink goes by offsets.
    fn keeps_offsets(&self) -> bool {
        match &self.plan.strategy.work {
            Work::Loop(work) => work.mark == Mark::WithEffect,
            Work::Transact(_) => false,
        }
    }

    /// The record that a stream answers with: the one at the offset that its ack tells.
    fn stands_for(&self, entry: &Entry<Model>) -> Option<RecordId> {
        let step = self.slice.cause(entry)?;
        let mut answers = self.slice.sent_in(step);
        let copy = answers.find_map(|(_, message)| match message {
            Message::Log(LogMessage::Ack {
                partition,
                offset: Some(offset),
                ..
            }) => Some((*partition, *offset)),
            _ => None,
        })?;
        self.known.at(copy)
    }

    /// The record that took effect from the offset that a request names.
    fn read_before(&self, entry: &Entry<Model>) -> Option<RecordId> {
        let step = self.slice.cause(entry)?;
        match step.what.message()? {
            Message::Sink(SinkMessage::Apply(apply)) => {
                self.known.effect((apply.partition, apply.offset))
            }
            _ => None,
        }
    }

    /// A record with the same contents that came before.
    fn twin(&self, record: RecordId) -> Option<RecordId> {
        let contents = |record| self.workload.record(record).content();
        let same = |other: &RecordId| *other != record && contents(*other) == contents(record);
        self.known.all().find(same)
    }

    /// What put a reader where it begins.
    pub(in crate::explain) fn cue(&self, node: NodeId, entry: &Entry<Model>) -> Cue {
        let mut at = entry;
        while let Some(before) = self.slice.cause(at) {
            let said = before
                .what
                .message()
                .filter(|_| is_arrival(&before.what, node));
            match (said.map(Message::kind), &before.what) {
                (Some(Kind::Joined), _) => {
                    return generation(said).map_or(Cue::Unsaid, Cue::Generation);
                }
                (Some(Kind::TransactionAnswer), _) => {
                    return match self.was_aborted(node, before) {
                        Some(true) => Cue::Abort,
                        Some(false) => Cue::Unsaid,
                        None => Cue::Start,
                    };
                }
                (_, What::Started(started)) if *started == node => return Cue::Start,
                _ => at = before,
            }
        }
        Cue::Unsaid
    }

    /// Whether the last transaction that a client has ended since it started was decided to be aborted, when it hears
    /// from the coordinator.
    fn was_aborted(&self, node: NodeId, heard: &Entry<Model>) -> Option<bool> {
        let before = &self.slice.trace.entries[..heard.id as usize];
        let since = before
            .iter()
            .rev()
            .take_while(|one| !matches!(one.what, What::Started(started) if started == node));
        let mut ended = since.filter_map(|one| match &one.what {
            What::Sent {
                from,
                message: Message::Transaction(Word::EndTransaction { of, .. }),
                ..
            } if *from == node => Some(*of),
            _ => None,
        });
        let Owner {
            producer, number, ..
        } = ended.next()?;
        let mine = TransactionId { producer, number };
        before.iter().rev().find_map(|one| match one.what {
            What::Observed(
                _,
                Observation::Decided {
                    transaction,
                    commit,
                    ..
                },
            ) => (transaction == mine).then_some(!commit),
            _ => None,
        })
    }

    /// A new generation, and of whom it is. None where it is not the coordinator of a group that grants something.
    pub(in crate::explain) fn regrouped(
        &self,
        node: NodeId,
        entry: &Entry<Model>,
        generation: Generation,
    ) -> Option<ReaderFact> {
        if node != self.plan.scenario.topology.coordinator() {
            return None;
        }
        let step = self.slice.cause(entry)?;
        let joined = self.slice.sent_in(step);
        let joined = joined.filter(|(_, message)| message.kind() == Kind::Joined);
        Some(ReaderFact::Regrouped {
            generation,
            members: joined.map(|(to, _)| self.slice.node(to)).collect(),
        })
    }

    /// Why a coordinator decides what nobody asked it to: whether it took too long.
    pub(in crate::explain) fn given_up(&self, entry: &Entry<Model>) -> Option<bool> {
        let mut at = self.slice.cause(entry)?;
        loop {
            match &at.what {
                What::Fired(_, Timer::ScanTransactions) => {
                    return Some(true);
                }
                What::Arrived(_, _, message) if message.kind() == Kind::InitTransactions => {
                    return Some(false);
                }
                _ => at = self.slice.cause(at)?,
            }
        }
    }

    /// The offset from which somebody asks for records of its partition.
    pub(in crate::explain) fn asks_for(&self, message: &Message) -> Option<Offset> {
        match message {
            Message::Log(LogMessage::Fetch {
                partition, offset, ..
            }) if Some(*partition) == self.partition => Some(*offset),
            _ => None,
        }
    }
}

fn is_arrival(what: &What<Model>, node: NodeId) -> bool {
    matches!(what, What::Arrived(_, to, _) if *to == node)
}

fn generation(said: Option<&Message>) -> Option<Generation> {
    match said? {
        Message::Group(GroupMessage::Joined { generation, .. }) => Some(*generation),
        _ => None,
    }
}
