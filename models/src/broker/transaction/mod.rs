//! The broker's part in transactions: who is asked, what is held back, what a marker does (`semantics.md` §1.4).

pub(super) mod coordinator;
pub(super) mod pending;
pub(super) mod verification;

use alloc::vec::Vec;

use semel_sim::context::Peer;

use crate::broker::Broker;
use crate::broker::partition::log::Entry;
use crate::broker::partition::transactions::{Part, Standing, standing};
use crate::broker::produce::answer_now;
use crate::broker::transaction::coordinator::Client;
use crate::broker::transaction::pending::Waiting;
use crate::broker::transaction::verification::{Held, Hold};
use crate::message::log::{Answer as LogAnswer, Produce};
use crate::message::transaction::{Answer, Message as Word, OFFSETS, Owner};
use crate::message::{Message, group};
use crate::model::Ctx;
use crate::observation::{Miss, Observation, TransactionId};
use crate::strategy::{Transactions, Verification};
use crate::vocabulary::{Generation, Offset, Partition};

/// A marker as it comes.
#[derive(Clone, Copy, Debug)]
struct Marker {
    of: Owner,
    partition: Partition,
    commit: bool,
    coordinator: u32,
}

/// An offset as it comes.
#[derive(Clone, Copy, Debug)]
struct Taken {
    of: Owner,
    partition: Partition,
    offset: Offset,
    member: u16,
    generation: Generation,
}

impl Broker {
    /// The version of the protocol, and whether leaders verify.
    const fn transactions(&self) -> (u8, Verification) {
        match self.stream.transactions {
            Transactions::None => (1, Verification::Off),
            Transactions::Markers {
                transaction_version,
                verification,
                ..
            } => (transaction_version, verification),
        }
    }

    pub(in crate::broker) fn transaction(&mut self, from: Peer, word: Word, ctx: &mut Ctx<'_>) {
        match word {
            Word::WriteMarker {
                of,
                partition,
                commit,
                request,
                coordinator,
            } => {
                let marker = Marker {
                    of,
                    partition,
                    commit,
                    coordinator,
                };
                self.mark(marker, ctx);
                let written = Word::MarkerWritten {
                    of,
                    partition,
                    request,
                };
                ctx.send(from, Message::Transaction(written));
            }
            Word::Verified {
                request, answer, ..
            } => self.verified(request, answer, ctx),
            word => self.coordinate(from, word, ctx),
        }
    }

    /// What the coordinator is asked.
    fn coordinate(&mut self, peer: Peer, word: Word, ctx: &mut Ctx<'_>) {
        match word {
            Word::InitTransactions {
                name,
                request,
                timeout,
                known,
            } => {
                let fresh = &mut self.next_producer;
                let answer = self.ends.register(name, timeout, known, fresh, ctx);
                let client = Client { peer, request };
                self.ends.answer_named(client, answer, name, ctx);
            }
            Word::AddPartition {
                of,
                partition,
                request,
            } => {
                let answer = self.ends.add(of, partition, ctx);
                self.ends.answer(Client { peer, request }, answer, of, ctx);
            }
            Word::AddOffsets { of, request } => {
                let answer = self.ends.add(of, OFFSETS, ctx);
                self.ends.answer(Client { peer, request }, answer, of, ctx);
            }
            Word::OffsetsInTransaction {
                of,
                partition,
                offset,
                member,
                generation,
                request,
            } => {
                let taken = Taken {
                    of,
                    partition,
                    offset,
                    member,
                    generation,
                };
                let answer = self.take_offset(taken, ctx);
                self.ends.answer(Client { peer, request }, answer, of, ctx);
            }
            Word::EndTransaction {
                of,
                commit,
                request,
            } => {
                let client = Client { peer, request };
                self.ends
                    .end(of, commit, client, &mut self.next_producer, ctx);
            }
            Word::Verify {
                of,
                partition,
                request,
            } => {
                let answer = self.ends.verify(of, partition, ctx);
                let verified = Word::Verified {
                    partition,
                    request,
                    answer,
                };
                ctx.send(peer, Message::Transaction(verified));
            }
            Word::MarkerWritten { request, .. } => self.ends.written(request, ctx),
            Word::TransactionAnswer { .. } | Word::WriteMarker { .. } | Word::Verified { .. } => {}
        }
    }

    /// An offset joins a transaction. Both coordinators live here, so the one asks the other without a packet.
    fn take_offset(&mut self, taken: Taken, ctx: &mut Ctx<'_>) -> Answer {
        let Taken {
            of,
            partition,
            offset,
            member,
            generation,
        } = taken;
        if self.transactions().1 == Verification::On {
            let answer = self.ends.verify(of, OFFSETS, ctx);
            if answer != Answer::Ok {
                return answer;
            }
        }
        if self.pending.is_stale(of) {
            return Answer::Fenced;
        }
        if self.group.may_commit(member, generation) != group::Answer::Ok {
            ctx.observe(Observation::Progress {
                partition,
                offset,
                consumer: member,
                generation,
                accepted: false,
            });
            return Answer::StaleGeneration;
        }
        let stale = (generation != self.group.generation()).then_some(generation);
        let waiting = Waiting {
            offset,
            transaction: of.number,
            member,
            stale,
        };
        self.pending.put(of, partition, waiting);
        Answer::Ok
    }

    /// Whether a produce request has to wait for the coordinator's word. If so, it does.
    pub(in crate::broker) fn must_wait(
        &mut self,
        peer: Peer,
        produce: &Produce,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        let verifies = self.transactions().1 == Verification::On;
        if !verifies || self.continues(produce) {
            return false;
        }
        let of = Owner {
            producer: produce.producer,
            epoch: produce.epoch,
            number: produce.transaction,
        };
        let held = Held {
            peer,
            produce: *produce,
            items: ctx.items(produce.batch).to_vec(),
        };
        let partition = produce.partition;
        match self.verifications.hold(of, held, ctx) {
            Hold::Ask(request) => {
                let verify = Word::Verify {
                    of,
                    partition,
                    request,
                };
                ctx.send(self.topology.coordinator(), Message::Transaction(verify));
            }
            Hold::Wait => {}
            Hold::Stale => answer_now(peer, produce, (LogAnswer::StaleEpoch, None), ctx),
        }
        true
    }

    /// Whether a batch belongs to the transaction that is open in its partition, as far as rule 2 goes. Not if its
    /// epoch is newer: then that one is decided, and its marker on the way. An older one is refused by rule 3.
    fn continues(&mut self, produce: &Produce) -> bool {
        let log = self.log(produce.partition);
        let open = log.transactions.open(produce.producer).is_some();
        let known = log.producers.epochs(produce.producer);
        open && known.is_some_and(|(epoch, _)| epoch >= produce.epoch)
    }

    /// The coordinator's word on a transaction: what waited for it goes on, or is refused.
    fn verified(&mut self, request: u32, answer: Answer, ctx: &mut Ctx<'_>) {
        let Some(verification) = self.verifications.take(request, ctx) else {
            return;
        };
        for held in verification.waiting {
            let batch = ctx.batch(&held.items);
            let produce = Produce {
                batch,
                ..held.produce
            };
            let first = produce.sequence.unwrap_or(0) <= verification.lowest;
            let begun = self.continues(&produce);
            let refusal = match answer {
                Answer::Ok if verification.void => Some(LogAnswer::InvalidTransaction),
                Answer::Ok if !(begun || first && self.may_begin(&produce)) => {
                    Some(LogAnswer::OutOfOrder)
                }
                Answer::Ok => None,
                Answer::Concurrent => Some(LogAnswer::NotYet),
                Answer::Fenced => Some(LogAnswer::StaleEpoch),
                _ => Some(LogAnswer::InvalidTransaction),
            };
            match refusal {
                Some(refusal) => answer_now(held.peer, &produce, (refusal, None), ctx),
                None => self.take_in(held.peer, &produce, ctx),
            }
        }
    }

    /// With version 2 a producer that is not known here begins at 0.
    fn may_begin(&mut self, produce: &Produce) -> bool {
        let known = self
            .log(produce.partition)
            .producers
            .epochs(produce.producer);
        known.is_some() || produce.sequence == Some(0) || self.transactions().0 < 2
    }

    /// The coordinator did not answer in time: what it was asked on that connection will not be answered any more.
    pub(in crate::broker) fn verify_expired(&mut self, ctx: &mut Ctx<'_>) {
        ctx.give_up(self.topology.coordinator());
        self.unverified(ctx);
    }

    /// The coordinator cannot be reached: its clients ask again.
    pub(in crate::broker) fn unverified(&mut self, ctx: &mut Ctx<'_>) {
        for verification in self.verifications.take_all(ctx) {
            for held in verification.waiting {
                let batch = ctx.batch(&held.items);
                let produce = Produce {
                    batch,
                    ..held.produce
                };
                answer_now(held.peer, &produce, (LogAnswer::NotYet, None), ctx);
            }
        }
    }

    /// The end of a transaction comes to one of its partitions.
    fn mark(&mut self, marker: Marker, ctx: &mut Ctx<'_>) {
        if marker.partition == OFFSETS {
            self.mark_offsets(marker, ctx);
            return;
        }
        let version = self.transactions().0;
        let Marker {
            of,
            partition,
            commit,
            coordinator,
        } = marker;
        let log = self.log(partition);
        let known = log.producers.epochs(of.producer);
        if standing(version, known, of.epoch, coordinator) == Standing::Void {
            return;
        }
        let from = log.transactions.open(of.producer);
        let entry = Entry {
            record: 0,
            id: 0,
            producer: of.producer,
            epoch: of.epoch,
            first: 0,
            last: 0,
            begin: log.end(),
            stamp: ctx.wall().0,
            part: Part::Marker {
                commit,
                coordinator,
            },
        };
        let offset = log.append(entry);
        log.producers.raise(&entry, coordinator);
        self.verifications.void(partition, of.producer);
        let Owner {
            producer,
            epoch,
            number,
        } = of;
        ctx.observe(Observation::Marked {
            partition,
            offset,
            transaction: TransactionId { producer, number },
            commit,
            epoch,
        });
        if let Some(from) = from.filter(|_| commit) {
            self.take_effect(of, partition, from, offset, ctx);
        }
        let place = self.place(partition);
        self.make_durable(place, ctx);
        self.serve(partition, ctx);
    }

    /// Where the effect is the committed output record: it takes effect with the marker.
    fn take_effect(
        &mut self,
        of: Owner,
        partition: Partition,
        from: Offset,
        until: Offset,
        ctx: &mut Ctx<'_>,
    ) {
        let Some(workload) = &self.outputs else {
            return;
        };
        let index = usize::from(partition / self.topology.brokers);
        for (offset, entry) in self.logs[index].decided(of.producer, from, until) {
            let Part::Of(_, Some(maker)) = entry.part else {
                continue;
            };
            let record = workload.record(entry.record);
            ctx.observe(Observation::Applied {
                record: record.id,
                key: record.key,
                amount: record.amount,
                actor: maker.consumer,
                token: maker.generation,
                missed: Miss::Unasked,
                partition,
                offset,
                attempt: maker.attempt,
            });
        }
    }

    /// A marker was not confirmed in time.
    pub(in crate::broker) fn marker_expired(&mut self, request: u32, ctx: &mut Ctx<'_>) {
        if let Some(peer) = self.ends.marker_expired(request, ctx) {
            ctx.give_up(peer);
        }
    }

    /// The offsets of a transaction are decided. What is committed moves in the name of the generation that is current
    /// by now: it was checked when it was taken in.
    fn mark_offsets(&mut self, marker: Marker, ctx: &mut Ctx<'_>) {
        let Marker {
            of,
            commit,
            coordinator,
            ..
        } = marker;
        let version = self.transactions().0;
        let mut decided: Vec<(Partition, Waiting)> = Vec::new();
        self.pending
            .mark(of, coordinator, version, |partition, waiting| {
                decided.push((partition, waiting));
            });
        let current = self.group.generation();
        for (partition, waiting) in decided.into_iter().filter(|_| commit) {
            let Waiting {
                offset,
                member,
                stale,
                ..
            } = waiting;
            self.group.write(partition, offset);
            ctx.observe(Observation::Progress {
                partition,
                offset,
                consumer: member,
                generation: stale.unwrap_or(current),
                accepted: true,
            });
        }
        self.recycle(ctx.wall());
    }

    /// A reader asks for an offset that is about to change: it is to ask again.
    pub(in crate::broker) fn is_unstable(&self, word: &group::Message) -> Option<group::Message> {
        let group::Message::FindOffset { partition, request } = *word else {
            return None;
        };
        let unstable = self.pending.is_unstable(partition);
        unstable.then_some(group::Message::OffsetIs {
            partition,
            request,
            offset: None,
            unstable,
        })
    }
}
