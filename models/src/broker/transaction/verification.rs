//! Verification: a leader asks before a transaction begins in its partition (`semantics.md` §1.4, KIP-890).
//!
//! Protocol: while a producer has no open transaction in a partition, its transactional batches wait and the
//! coordinator is asked whether that transaction is open with this partition in it; with version 2 the partition joins
//! by this question. A marker that is written meanwhile voids the answer: it might be about the transaction before.
//! Without an answer in time the connection is given up, and the batches are refused for now.
//!
//! Promise: no record is appended to a transaction that the coordinator does not know to be open here.
//!
//! Without it a batch that was on its way when its transaction ended begins one that nobody will end (F020).
//!
//! All of it is in memory: a client whose leader crashed sends again.

use alloc::vec::Vec;

use semel_sim::context::{Peer, TimerId};
use semel_sim::digest::Digest;
use semel_sim::time::Time;

use crate::broker::REQUEST_TIMEOUT;
use crate::message::log::Produce;
use crate::message::transaction::Owner;
use crate::model::Ctx;
use crate::requests::Numbers;
use crate::timer::Timer;
use crate::vocabulary::{Item, Partition, ProducerId};

/// Batches that wait for the coordinator's word.
#[derive(Clone, Debug, Default)]
pub(in crate::broker) struct Verifications {
    open: Vec<Verification>,
    /// The numbers of its questions.
    numbers: Numbers,
}

/// A question to the coordinator, and the batches that wait for its answer.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Verification {
    request: u32,
    pub(in crate::broker) of: Owner,
    pub(in crate::broker) partition: Partition,
    /// The lowest sequence number that came: the first record of the transaction must have it.
    pub(in crate::broker) lowest: u32,
    /// A marker has been written since it was asked.
    pub(in crate::broker) void: bool,
    pub(in crate::broker) waiting: Vec<Held>,
    /// When no answer will have come in time.
    timer: TimerId,
}

/// A produce request that waits, with its records: a batch does not outlive its step.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Held {
    pub(in crate::broker) peer: Peer,
    pub(in crate::broker) produce: Produce,
    pub(in crate::broker) items: Vec<Item>,
}

impl Verifications {
    pub(in crate::broker) fn reset(&mut self) {
        self.open.clear();
        self.numbers = Numbers::default();
    }

    /// A crash takes them.
    pub(in crate::broker) fn lose(&mut self) {
        self.open.clear();
        self.numbers.skip();
    }

    /// A batch has to wait.
    pub(in crate::broker) fn hold(&mut self, of: Owner, held: Held, ctx: &mut Ctx<'_>) -> Hold {
        let partition = held.produce.partition;
        let same =
            |open: &Verification| open.partition == partition && open.of.producer == of.producer;
        self.open.retain(|open| {
            let outdated = same(open) && open.is_outdated(of, &held.produce);
            if outdated {
                ctx.cancel(open.timer);
            }
            !outdated
        });
        let Some(open) = self.open.iter_mut().find(|open| same(open) && !open.void) else {
            return self.ask(of, held, ctx);
        };
        if open.of.epoch > of.epoch {
            return Hold::Stale;
        }
        open.lowest = open.lowest.min(held.produce.sequence.unwrap_or(0));
        if let Some(index) = open.position(&held.produce) {
            open.waiting[index] = held;
            return Hold::Ask(open.request);
        }
        open.waiting.push(held);
        Hold::Wait
    }

    fn ask(&mut self, of: Owner, held: Held, ctx: &mut Ctx<'_>) -> Hold {
        let request = self.numbers.next();
        self.open.push(Verification {
            request,
            of,
            partition: held.produce.partition,
            lowest: held.produce.sequence.unwrap_or(0),
            void: false,
            waiting: alloc::vec![held],
            timer: ctx.set_timer(REQUEST_TIMEOUT, Timer::VerifyExpired { request }),
        });
        Hold::Ask(request)
    }

    /// The answer came: what waited for it.
    pub(in crate::broker) fn take(
        &mut self,
        request: u32,
        ctx: &mut Ctx<'_>,
    ) -> Option<Verification> {
        let index = self.open.iter().position(|open| open.request == request)?;
        ctx.cancel(self.open[index].timer);
        Some(self.open.remove(index))
    }

    /// No answer will come any more: everything that waited.
    pub(in crate::broker) fn take_all(&mut self, ctx: &mut Ctx<'_>) -> Vec<Verification> {
        self.open.iter().for_each(|open| ctx.cancel(open.timer));
        core::mem::take(&mut self.open)
    }

    /// Stamps count only as age.
    pub(in crate::broker) fn fingerprint(&self, now: Time, digest: &mut Digest) {
        for open in &self.open {
            digest.add(&(
                open.request,
                open.of,
                open.partition,
                open.lowest,
                open.void,
            ));
            for held in &open.waiting {
                let stamp = held.produce.stamp.wrapping_sub(now.0);
                let produce = Produce {
                    stamp,
                    ..held.produce
                };
                digest.add(&(held.peer.node, produce, &held.items));
            }
        }
    }

    /// A marker of a producer is written.
    pub(in crate::broker) fn void(&mut self, partition: Partition, producer: ProducerId) {
        for open in &mut self.open {
            open.void |= open.partition == partition && open.of.producer == producer;
        }
    }
}

impl Verification {
    /// Where an earlier attempt of the same request waits.
    fn position(&self, produce: &Produce) -> Option<usize> {
        let key = |produce: &Produce| (produce.client, produce.session, produce.request);
        let mut waiting = self.waiting.iter();
        waiting.position(|held| key(&held.produce) == key(produce))
    }

    /// Whether nobody waits for the answer any more, now that this request comes.
    fn is_outdated(&self, of: Owner, produce: &Produce) -> bool {
        self.of.epoch < of.epoch || (self.void && self.position(produce).is_some())
    }
}

/// What to do with a batch that cannot be appended at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::broker) enum Hold {
    /// It waits, and this question is to be asked.
    Ask(u32),
    /// It waits for a question that is on its way.
    Wait,
    /// Its epoch is older than one that is being asked about.
    Stale,
}
