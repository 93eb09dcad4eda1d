//! What takes a run down: the judge alone, or the judge and a trace. Eyes change nothing.

use semel_models::judge::Judge;
use semel_models::message::{Message, log};
use semel_models::model::Model;
use semel_models::observation::Observation;
use semel_models::vocabulary::Item;
use semel_sim::address::{Fate, NodeId, StepId, Strike, Weather};
use semel_sim::adversary::{Adversary, LossId, Sending, Step};
use semel_sim::record::{Entry, Recorder};
use semel_sim::time::{Span, Time};

/// Where the entries of an open run go.
pub(crate) trait Sink {
    /// Whether it wants any.
    const OPEN: bool;

    fn entry(&mut self, entry: &Entry<Model>, items: &[Item]);
}

/// A sink for a blind run.
pub(crate) struct Blind;

impl Sink for Blind {
    const OPEN: bool = false;

    fn entry(&mut self, _: &Entry<Model>, _: &[Item]) {}
}

/// The judge of a run, and where its entries go.
pub(crate) struct Court<'j, S> {
    pub(crate) judge: &'j mut Judge,
    pub(crate) sink: S,
}

impl<S: Sink> Recorder<Model> for Court<'_, S> {
    const OPEN: bool = S::OPEN;

    #[inline]
    fn entry(&mut self, entry: &Entry<Model>, items: &[Item]) {
        self.sink.entry(entry, items);
    }

    #[inline]
    fn observe(&mut self, entry: u64, at: Time, node: NodeId, observation: &Observation) {
        self.judge.observe(entry, at, node, observation);
    }

    fn fault(&mut self, at: Time, change: &Weather) {
        self.judge.fault(at, change);
    }

    fn duplicated(&mut self, at: Time) {
        self.judge.duplicated(at);
    }

    #[inline]
    fn complete(&self) -> bool {
        self.judge.complete()
    }

    #[inline]
    fn progress(&self) -> u64 {
        self.judge.progress()
    }
}

/// An adversary that counts the requests it is asked about.
#[derive(Clone, Debug)]
pub(crate) struct Counting<A> {
    pub(crate) adversary: A,
    pub(crate) requests: u64,
}

/// Whether a record waits for the answer to this message. Reading ahead (fetches), signs of life, forming a group and
/// markers are off the critical path, and what wants no answer is no round trip.
#[inline]
const fn is_waited_for(message: &Message) -> bool {
    use semel_models::message::{group, sink, transaction};
    match message {
        Message::Log(log::Message::Produce(produce)) => produce.answer,
        Message::Log(log::Message::InitProducer { .. })
        | Message::Group(group::Message::Commit { .. })
        | Message::Sink(sink::Message::Apply(_)) => true,
        Message::Transaction(message) => matches!(
            message,
            transaction::Message::InitTransactions { .. }
                | transaction::Message::AddPartition { .. }
                | transaction::Message::AddOffsets { .. }
                | transaction::Message::OffsetsInTransaction { .. }
                | transaction::Message::EndTransaction { .. }
                | transaction::Message::Verify { .. }
        ),
        _ => false,
    }
}

impl<A: Adversary<Model>> Adversary<Model> for Counting<A> {
    #[inline]
    fn fate(&mut self, sending: &Sending<'_, Model>) -> Fate {
        self.requests += u64::from(is_waited_for(sending.message));
        self.adversary.fate(sending)
    }

    #[inline]
    fn strike(&mut self, step: &Step<'_, Model>) -> Option<Strike> {
        self.adversary.strike(step)
    }

    fn jitter(&mut self, step: StepId, draw: u32, spread: Span) -> Span {
        self.adversary.jitter(step, draw, spread)
    }

    fn survives(&mut self, loss: LossId, unsynced: u64) -> u64 {
        self.adversary.survives(loss, unsynced)
    }

    #[inline]
    fn next_weather(&self) -> Option<Time> {
        self.adversary.next_weather()
    }

    fn weather(&mut self) -> Weather {
        self.adversary.weather()
    }

    fn heal(&mut self) {
        self.adversary.heal();
    }
}
