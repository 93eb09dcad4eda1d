//! The client side of a transaction: its conversation with the coordinators (`semantics.md` §1.4, Appendix B2).
//!
//! Protocol: register under a transactional id; begin; with version 1 tell the coordinator of every partition before
//! its first record, and of the group's offsets; have the offsets taken in; end. What to write, and when all of it is
//! acknowledged, is for the owner of this to know.
//!
//! Promise: an end is asked for until its outcome is known. An answer that allows no going on in this transaction
//! makes the owner abort it; one that says that somebody else has taken over makes it start again from nothing.
//!
//! Version 1 keeps its epoch from one transaction to the next, and asks for a new one after an error (KIP-360).
//! Version 2 is given one at every end.

use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use semel_sim::address::NodeId;
use semel_sim::time::Span;

use crate::message::Message;
use crate::message::transaction::{Answer, Message as Word, Owner};
use crate::model::Ctx;
use crate::observation::{Observation, Outcome, TransactionId};
use crate::requests::{Ask, RETRY_BACKOFF, Requests};
use crate::strategy::Transactions;
use crate::vocabulary::{Epoch, Generation, Offset, Partition, ProducerId, Topology};

/// A pause before a request is repeated that came too early, while only the transaction before is being ended (a constant
/// of Kafka's; otherwise it is [`RETRY_BACKOFF`]).
pub(crate) const SHORT_BACKOFF: Span = Span::millis(20);

/// How long a client lets things take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waits {
    /// A transaction: then the coordinator aborts it (`transaction.timeout.ms`).
    pub(crate) transaction: Span,
    /// An answer: then it asks again (`request.timeout.ms`).
    pub(crate) answer: Span,
}

/// Fenced, before it asked for a commit.
const FENCED: Turn = Turn::Fenced { unknown: false };

/// A client's view of its transactions.
#[derive(Clone, Debug)]
pub(crate) struct Conductor {
    /// Its transactional id: the number of its node.
    name: u16,
    coordinator: NodeId,
    version: u8,
    waits: Waits,
    /// In memory: producer id and epoch, once they are known.
    identity: Option<(ProducerId, Epoch)>,
    phase: Phase,
    /// Partitions whose joining was asked for, and those of them that have joined.
    asked: Vec<Partition>,
    joined: Vec<Partition>,
    /// Offsets that will be handed in when the group's offsets have joined.
    offsets: Vec<Word>,
    /// Something of this transaction was sent to somebody.
    started: bool,
    /// A new epoch is to be asked for when it is over.
    renew: bool,
    /// How many transactions there have been, in all incarnations: what an observer knows of, and nobody else.
    number: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Phase {
    /// Not registered.
    #[default]
    Out,
    Registering,
    /// Between transactions.
    Ready,
    Open,
    /// It shall be ended: commit, or abort.
    Ending(bool),
}

/// What the owner is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing.
    Wait,
    /// It is registered. Sequence numbers begin anew.
    Registered,
    /// A partition has joined: its records may be sent.
    Joined,
    /// All offsets are taken in.
    OffsetsTaken,
    /// It is over: committed, or aborted. With `renewed`, sequence numbers begin anew.
    Ended { commit: bool, renewed: bool },
    /// It cannot go on: abort it.
    Broken,
    /// Somebody else has taken over, or a timeout has: start again from nothing. It is aborted; unless it is `unknown`:
    /// then it may have been committed before.
    Fenced { unknown: bool },
}

impl Hash for Conductor {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            identity,
            phase,
            asked,
            joined,
            offsets,
            started,
            renew,
            number,
            ..
        } = self;
        (identity, phase, asked, joined).hash(state);
        (offsets, started, renew, number).hash(state);
    }
}

impl Conductor {
    /// The conductor of the client on a node.
    pub(crate) fn new(
        node: NodeId,
        topology: Topology,
        transactions: Transactions,
        waits: Waits,
    ) -> Self {
        Self {
            name: node.0,
            coordinator: topology.coordinator(),
            version: transactions.version(),
            waits,
            identity: None,
            phase: Phase::Out,
            asked: Vec::new(),
            joined: Vec::new(),
            offsets: Vec::new(),
            started: false,
            renew: false,
            number: 0,
        }
    }

    pub(crate) fn reset(&mut self) {
        self.forget();
        self.number = 0;
    }

    /// Everything that a crash, or starting again, takes.
    pub(crate) fn forget(&mut self) {
        self.identity = None;
        self.phase = Phase::Out;
        self.asked.clear();
        self.joined.clear();
        self.offsets.clear();
        self.started = false;
        self.renew = false;
    }

    fn ask(&self, requests: &mut Requests, word: impl FnOnce(u32) -> Word, ctx: &mut Ctx<'_>) {
        let number = requests.number();
        let ask = Ask {
            number,
            to: self.coordinator,
            message: Message::Transaction(word(number)),
        };
        requests.ask(ask, self.waits.answer, ctx);
    }

    /// Registers: as nobody, or with the identity that it has, to be given the next epoch.
    pub(crate) fn register(&mut self, requests: &mut Requests, ctx: &mut Ctx<'_>) {
        self.phase = Phase::Registering;
        let (name, timeout) = (self.name, self.waits.transaction);
        let known = self.identity;
        let word = |request| Word::InitTransactions {
            name,
            request,
            timeout,
            known,
        };
        self.ask(requests, word, ctx);
    }

    /// Begins a transaction, unless one is open. It is the client's own business until something is written.
    pub(crate) fn begin(&mut self, ctx: &mut Ctx<'_>) {
        if self.phase != Phase::Ready {
            return;
        }
        self.phase = Phase::Open;
        self.number += 1;
        self.asked.clear();
        self.joined.clear();
        self.started = false;
        let Owner {
            producer,
            epoch,
            number,
        } = self.owner();
        ctx.observe(Observation::Opened {
            transaction: TransactionId { producer, number },
            epoch,
        });
    }

    /// What records and requests of this transaction carry.
    pub(crate) fn owner(&self) -> Owner {
        let (producer, epoch) = self.identity.unwrap_or_default();
        Owner {
            producer,
            epoch,
            number: self.number,
        }
    }

    /// Records may be taken in hand: it is registered, and nothing is being ended.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Ready | Phase::Open)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// A partition is about to be written: with version 1 the coordinator is told first.
    pub(crate) fn join(
        &mut self,
        partition: Partition,
        requests: &mut Requests,
        ctx: &mut Ctx<'_>,
    ) {
        if self.version >= 2 || self.asked.contains(&partition) {
            return;
        }
        self.asked.push(partition);
        self.started = true;
        let of = self.owner();
        let word = |request| Word::AddPartition {
            of,
            partition,
            request,
        };
        self.ask(requests, word, ctx);
    }

    /// Whether records of a partition may be sent.
    pub(crate) fn may_write(&self, partition: Partition) -> bool {
        self.is_open() && (self.version >= 2 || self.joined.contains(&partition))
    }

    /// A record of this transaction is sent.
    pub(crate) const fn wrote(&mut self) {
        self.started = true;
    }

    /// An output's fate is not known, or it was refused: numbers cannot go on as they are.
    pub(crate) const fn must_renew(&mut self) {
        self.renew = true;
    }

    /// Offsets join the transaction. The answer to the last of them is [`Turn::OffsetsTaken`].
    pub(crate) fn take_offsets(
        &mut self,
        offsets: impl Iterator<Item = (Partition, Offset)>,
        (member, generation): (u16, Generation),
        requests: &mut Requests,
        ctx: &mut Ctx<'_>,
    ) {
        self.started = true;
        let of = self.owner();
        self.offsets.extend(
            offsets.map(|(partition, offset)| Word::OffsetsInTransaction {
                of,
                partition,
                offset,
                member,
                generation,
                request: 0,
            }),
        );
        if self.version >= 2 {
            self.hand_in(requests, ctx);
        } else {
            self.ask(requests, |request| Word::AddOffsets { of, request }, ctx);
        }
    }

    /// Hands in the offsets.
    fn hand_in(&mut self, requests: &mut Requests, ctx: &mut Ctx<'_>) {
        for word in core::mem::take(&mut self.offsets) {
            let numbered = |number| match word {
                Word::OffsetsInTransaction {
                    of,
                    partition,
                    offset,
                    member,
                    generation,
                    ..
                } => Word::OffsetsInTransaction {
                    of,
                    partition,
                    offset,
                    member,
                    generation,
                    request: number,
                },
                other => other,
            };
            self.ask(requests, numbered, ctx);
        }
    }

    /// Ends the transaction, as soon as nothing else is being asked.
    pub(crate) fn end(&mut self, commit: bool, requests: &mut Requests, ctx: &mut Ctx<'_>) -> Turn {
        self.phase = Phase::Ending(commit);
        self.offsets.clear();
        if requests.any(is_of_transaction) {
            return Turn::Wait;
        }
        if !self.started {
            return self.ended(commit, ctx);
        }
        let of = self.owner();
        let word = |request| Word::EndTransaction {
            of,
            commit,
            request,
        };
        self.ask(requests, word, ctx);
        Turn::Wait
    }

    fn ended(&mut self, commit: bool, ctx: &mut Ctx<'_>) -> Turn {
        self.conclude(commit, Outcome::Ok, ctx);
        self.phase = Phase::Ready;
        Turn::Ended {
            commit,
            renewed: false,
        }
    }

    fn conclude(&self, commit: bool, outcome: Outcome, ctx: &mut Ctx<'_>) {
        let Owner {
            producer, number, ..
        } = self.owner();
        ctx.observe(Observation::Concluded {
            transaction: TransactionId { producer, number },
            commit,
            outcome,
        });
    }

    /// A new epoch is needed before the next transaction, and nobody gives one by itself.
    pub(crate) fn needs_epoch(&mut self) -> bool {
        core::mem::take(&mut self.renew) && self.version < 2
    }

    /// A coordinator has answered.
    pub(crate) fn answered(
        &mut self,
        answer: Word,
        requests: &mut Requests,
        ctx: &mut Ctx<'_>,
    ) -> Turn {
        let Word::TransactionAnswer {
            request,
            answer,
            producer,
            epoch,
            ..
        } = answer
        else {
            return Turn::Wait;
        };
        let identity = (producer, epoch);
        if answer == Answer::Concurrent {
            let pause = if self.joined.is_empty() && self.is_open() {
                SHORT_BACKOFF
            } else {
                RETRY_BACKOFF
            };
            requests.pause(request, pause, ctx);
            return Turn::Wait;
        }
        let Some((Message::Transaction(word), sent)) = requests.take(request, ctx) else {
            return Turn::Wait;
        };
        match word {
            Word::InitTransactions { .. } => self.registered(answer, identity),
            Word::EndTransaction { commit, .. } => {
                let known = sent == 1;
                self.end_answered(commit, answer, identity, known, ctx)
            }
            _ => self.step_answered(word, answer, requests, ctx),
        }
    }

    fn registered(&mut self, answer: Answer, identity: (ProducerId, Epoch)) -> Turn {
        match answer {
            Answer::Ok => {
                self.identity = Some(identity);
                self.phase = Phase::Ready;
                self.renew = false;
                Turn::Registered
            }
            Answer::TimeoutTooLong => Turn::Wait,
            _ => FENCED,
        }
    }

    /// A partition or an offset has joined, or has not.
    fn step_answered(
        &mut self,
        word: Word,
        answer: Answer,
        requests: &mut Requests,
        ctx: &mut Ctx<'_>,
    ) -> Turn {
        if answer == Answer::Fenced {
            return FENCED;
        }
        if let Phase::Ending(commit) = self.phase {
            return self.end(commit, requests, ctx);
        }
        match (word, answer) {
            (Word::AddPartition { partition, .. }, Answer::Ok) => {
                self.joined.push(partition);
                Turn::Joined
            }
            (Word::AddOffsets { .. }, Answer::Ok) => {
                self.hand_in(requests, ctx);
                Turn::Wait
            }
            (Word::OffsetsInTransaction { .. }, Answer::Ok) if requests.any(is_of_transaction) => {
                Turn::Wait
            }
            (Word::OffsetsInTransaction { .. }, Answer::Ok) => Turn::OffsetsTaken,
            (Word::OffsetsInTransaction { .. }, _) => Turn::Broken,
            _ => FENCED,
        }
    }

    /// The end has an outcome. A refusal says nothing of what an earlier attempt has done.
    fn end_answered(
        &mut self,
        commit: bool,
        answer: Answer,
        identity: (ProducerId, Epoch),
        known: bool,
        ctx: &mut Ctx<'_>,
    ) -> Turn {
        if answer == Answer::Ok {
            let renewed = self.identity != Some(identity);
            self.ended(commit, ctx);
            self.identity = Some(identity);
            return Turn::Ended { commit, renewed };
        }
        let outcome = if known {
            Outcome::Failed
        } else {
            Outcome::Unknown
        };
        self.conclude(commit, outcome, ctx);
        Turn::Fenced {
            unknown: commit && !known,
        }
    }
}

/// Whether a request is part of this conversation.
pub(crate) fn is_of_transaction(message: &Message) -> bool {
    matches!(message, Message::Transaction(_))
}
