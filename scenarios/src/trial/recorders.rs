//! What takes a run down: the judge alone, or the judge and a trace. Eyes change nothing.

use semel_models::judge::Judge;
use semel_models::message::Kind;
use semel_models::model::Model;
use semel_models::observation::Observation;
use semel_models::strategy::{Loop, Strategy, Wait, Work};
use semel_models::vocabulary::Item;
use semel_sim::address::{Fate, NodeId, PacketId, StepId, Strike, Weather};
use semel_sim::adversary::{Adversary, LossId, Sending, Step};
use semel_sim::record::{Entry, Recorder};
use semel_sim::time::{Span, Time};

/// Where the entries of an open run go.
pub(crate) trait Eyes {
    /// Whether it wants any.
    const OPEN: bool;

    fn entry(&mut self, entry: &Entry<Model>, items: &[Item]);
}

/// Those of a blind run.
pub(crate) struct Blind;

impl Eyes for Blind {
    const OPEN: bool = false;

    fn entry(&mut self, _: &Entry<Model>, _: &[Item]) {}
}

/// Those of a run that nobody asks about: they are shown every entry, as all open ones are, and only count them. So a
/// run can be repeated with open eyes however long it is.
#[derive(Debug, Default)]
pub(crate) struct Glance {
    pub(crate) entries: u64,
}

impl Eyes for &mut Glance {
    const OPEN: bool = true;

    fn entry(&mut self, _: &Entry<Model>, _: &[Item]) {
        self.entries += 1;
    }
}

/// The judge of a run, and where its entries go.
pub(crate) struct Court<'j, E> {
    pub(crate) judge: &'j mut Judge,
    pub(crate) eyes: E,
}

impl<E: Eyes> Recorder<Model> for Court<'_, E> {
    const OPEN: bool = E::OPEN;

    #[inline]
    fn entry(&mut self, entry: &Entry<Model>, items: &[Item]) {
        self.eyes.entry(entry, items);
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
    /// Which kinds count, a bit for each.
    kinds: u64,
}

impl<A> Counting<A> {
    pub(crate) fn new(adversary: A, strategy: &Strategy) -> Self {
        let kinds = waited_for(strategy);
        Self {
            adversary,
            requests: 0,
            kinds: kinds.iter().fold(0, |bits, kind| bits | 1 << *kind as u64),
        }
    }

    #[inline]
    const fn count(&mut self, id: PacketId) {
        self.requests += self.kinds >> id.label.0 & 1;
    }
}

/// The requests whose answer a record waits for. Reading ahead (fetches), signs of life, forming a group and markers
/// are off the critical path, and what wants no answer is no round trip.
fn waited_for(strategy: &Strategy) -> Vec<Kind> {
    let mut kinds = vec![
        Kind::InitProducer,
        Kind::Commit,
        Kind::InitTransactions,
        Kind::AddPartition,
        Kind::AddOffsets,
        Kind::OffsetsInTransaction,
        Kind::EndTransaction,
        Kind::Verify,
    ];
    if strategy.publish.wait != Wait::Nothing || matches!(strategy.work, Work::Transact(_)) {
        kinds.push(Kind::Produce);
    }
    if !matches!(
        strategy.work,
        Work::Loop(Loop {
            sink_timeout: None,
            ..
        })
    ) {
        kinds.push(Kind::Apply);
    }
    kinds
}

impl<A: Adversary<Model>> Adversary<Model> for Counting<A> {
    #[inline]
    fn fate(&mut self, sending: &Sending<'_, Model>) -> Fate {
        self.count(sending.id);
        self.adversary.fate(sending)
    }

    #[expect(clippy::inline_always, reason = "every packet asks for it")]
    #[inline(always)]
    fn usual(&mut self, id: PacketId, latency: Span, spread: Span) -> Option<Span> {
        let usual = self.adversary.usual(id, latency, spread);
        if usual.is_some() {
            self.count(id);
        }
        usual
    }

    #[inline]
    fn strikes(&self) -> bool {
        self.adversary.strikes()
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

    fn heal(&mut self) -> Option<(Time, Weather)> {
        self.adversary.heal()
    }
}
