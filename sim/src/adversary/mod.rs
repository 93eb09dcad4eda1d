//! The adversary: all nondeterminism of a run, behind a handful of questions.
//!
//! Two that answer are here: `seeded` by luck, and `watch` looks on while another does. The one that repeats noted
//! answers is in [`schedule`](crate::schedule), the ones that try all of them in [`menu`](crate::search::menu).

pub mod seeded;
pub mod watch;

use crate::address::{Fate, NodeId, PacketId, StepId, Strike, Weather};
use crate::chance::Address;
use crate::domain::Domain;
use crate::time::{Span, Time};

/// A packet about to leave, as an adversary sees it.
#[derive(Clone, Copy, Debug)]
pub struct Sending<'a, D: Domain> {
    /// Its address.
    pub id: PacketId,
    /// Who sends it.
    pub from: NodeId,
    /// To whom.
    pub to: NodeId,
    /// True time.
    pub at: Time,
    /// What it says.
    pub message: &'a D::Message,
    /// What its batch holds.
    pub items: &'a [D::Item],
    /// The least time it needs.
    pub latency: Span,
    /// How much longer it may take in fair weather.
    pub spread: Span,
    /// Whether it travels on a connection, where it arrives once or not at all.
    pub connected: bool,
}

/// A step just taken, before its sends leave.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a, D: Domain> {
    /// Its address.
    pub id: StepId,
    /// Whose step it was.
    pub node: NodeId,
    /// True time.
    pub at: Time,
    /// The message handled, and what its batch held, if the input was one.
    pub input: Option<(&'a D::Message, &'a [D::Item])>,
    /// What was observed in it.
    pub seen: &'a [D::Observation],
    /// How many packets are about to leave.
    pub sends: u32,
    /// Whether a power loss now would take anything with it.
    pub unsynced: bool,
}

/// An outage that left unsynced bytes to the mercy of chance: which node, which of its incarnations, which journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LossId {
    /// The key of the node, made from its name.
    pub node: u64,
    /// How often it had booted before.
    pub incarnation: u32,
    /// Which of its journals, in the order it asks.
    pub journal: u32,
}

impl From<LossId> for Address {
    fn from(id: LossId) -> Self {
        let place = u64::from(id.incarnation) << 32 | u64::from(id.journal);
        Self(id.node, place)
    }
}

/// Answers every question that a run leaves open.
pub trait Adversary<D: Domain> {
    /// What becomes of this packet?
    fn fate(&mut self, sending: &Sending<'_, D>) -> Fate;

    /// The delay of a packet of which no more than its address need be known to say that it is delivered once: what
    /// [`Adversary::fate`] would answer, only sooner. Most packets are like that, which makes this worth a question
    /// of its own; whoever has no quick answer answers nothing, and is asked again.
    #[inline]
    fn usual(&mut self, _id: PacketId, _latency: Span, _spread: Span) -> Option<Span> {
        None
    }

    /// Whether it may strike after some step, or bring weather about; if not, it is spared the questions.
    fn strikes(&self) -> bool {
        true
    }

    /// What befalls this node after this step?
    fn strike(&mut self, step: &Step<'_, D>) -> Option<Strike>;

    /// Which of `0 ..= spread` is the jitter that this step asked for, on its `draw`th time?
    fn jitter(&mut self, step: StepId, draw: u32, spread: Span) -> Span;

    /// How many of so many unsynced entries survive?
    fn survives(&mut self, loss: LossId, unsynced: u64) -> u64;

    /// When the weather next changes; never before it was asked last.
    fn next_weather(&self) -> Option<Time>;

    /// The next change of weather. Taken when [`Adversary::next_weather`] has fallen due.
    fn weather(&mut self) -> Weather;

    /// Faults stop here: no more weather comes. Returns the change that would have come next, and when, for whoever
    /// wants to know what was averted.
    fn heal(&mut self) -> Option<(Time, Weather)>;
}

/// Nominal latency, no jitter, no faults.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl<D: Domain> Adversary<D> for Quiet {
    fn fate(&mut self, sending: &Sending<'_, D>) -> Fate {
        Fate::deliver(sending.latency)
    }

    fn usual(&mut self, _: PacketId, latency: Span, _: Span) -> Option<Span> {
        Some(latency)
    }

    fn strikes(&self) -> bool {
        false
    }

    fn strike(&mut self, _: &Step<'_, D>) -> Option<Strike> {
        None
    }

    fn jitter(&mut self, _: StepId, _: u32, _: Span) -> Span {
        Span::ZERO
    }

    fn survives(&mut self, _: LossId, _: u64) -> u64 {
        0
    }

    fn next_weather(&self) -> Option<Time> {
        None
    }

    fn weather(&mut self) -> Weather {
        unreachable!("quiet weather never changes")
    }

    fn heal(&mut self) -> Option<(Time, Weather)> {
        None
    }
}
