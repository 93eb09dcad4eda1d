//! Publishing in transactions: the client side of `publish.unit: Transaction` (`semantics.md` §1.4, Appendix B2).
//!
//! Protocol: register under a transactional id; begin with the next record; when the transaction is full, has been open
//! for long enough, or no more will come, wait for its records to be acknowledged, and commit. A record that is refused
//! or takes too long breaks it: what was sent is waited for, then it is aborted, and its application tries the same
//! records again in the next one. If somebody else has taken over (or a timeout has), it starts again as a new client.
//!
//! Promise: a record is ok once its transaction is committed. To readers of committed records it is there once, however
//! often it was tried.
//!
//! Not promised: anything to readers of all records, who see each try (F036); nor, with version 1 and without
//! verification, that a record which comes after its abort does not begin a transaction that nobody ends (F020).

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use semel_sim::address::NodeId;
use semel_sim::context::TimerId;
use semel_sim::time::Span;

use super::Producer;
use super::queue::Request;
use crate::conductor::{Conductor, Turn, Waits, is_of_transaction};
use crate::message::log::Answer;
use crate::message::transaction::Message as Word;
use crate::model::Ctx;
use crate::observation::Outcome;
use crate::requests::{RECONNECT, Requests};
use crate::strategy::{Source, Transaction, Transactions};
use crate::timer::Timer;
use crate::vocabulary::{Partition, RecordId, Topology};

/// What a producer that publishes in transactions knows besides.
#[derive(Clone, Debug)]
pub(super) struct Session {
    unit: Transaction,
    conductor: Conductor,
    requests: Requests,
    /// How long an answer is waited for.
    wait: Span,
    /// Records that the application has to send, in order: again, or for the first time.
    ahead: VecDeque<RecordId>,
    /// Records of the open transaction.
    members: Vec<RecordId>,
    /// The most attempts that were made at any record since the last commit; and as many of them as were made in
    /// transactions that were aborted.
    attempts: u32,
    before: u32,
    stage: Stage,
    /// When it is due.
    timer: Option<TimerId>,
}

/// How far the open transaction is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Stage {
    /// It takes records.
    #[default]
    Filling,
    /// It will be committed, as soon as its records are acknowledged.
    Flushing,
    /// It will be aborted, as soon as what was sent is acknowledged or refused.
    Draining,
    /// Its end is being asked for.
    Ending,
}

impl Hash for Session {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            conductor,
            requests,
            ahead,
            members,
            attempts,
            before,
            stage,
            ..
        } = self;
        (conductor, requests, ahead, members, stage).hash(state);
        (attempts, before).hash(state);
    }
}

impl Session {
    pub(super) fn new(
        me: u16,
        unit: Transaction,
        wait: Span,
        transactions: Transactions,
        topology: Topology,
    ) -> Self {
        let waits = Waits {
            transaction: unit.timeout,
            answer: wait,
        };
        Self {
            unit,
            conductor: Conductor::new(topology.producer(me), topology, transactions, waits),
            requests: Requests::default(),
            wait,
            ahead: VecDeque::new(),
            members: Vec::new(),
            attempts: 0,
            before: 0,
            stage: Stage::Filling,
            timer: None,
        }
    }

    pub(super) fn reset(&mut self) {
        self.conductor.reset();
        self.forget();
        self.requests.reset();
    }

    /// What a crash takes.
    pub(super) fn forget(&mut self) {
        self.conductor.forget();
        self.requests.lose();
        self.ahead.clear();
        self.members.clear();
        self.attempts = 0;
        self.before = 0;
        self.stage = Stage::Filling;
        self.timer = None;
    }

    /// Registers: as nobody, or to be given the next epoch.
    pub(super) fn register(&mut self, ctx: &mut Ctx<'_>) {
        self.conductor.register(&mut self.requests, ctx);
    }

    /// The application hands a record over.
    pub(super) fn accept(&mut self, record: RecordId) {
        self.ahead.push_back(record);
    }

    /// Whether the application goes on to its next record, if there is room for so many in the buffer: not while it
    /// waits for the end of a transaction, nor before it is registered.
    pub(super) fn has_room(&self, room: u32) -> bool {
        let ahead = self.ahead.len();
        let held = self.members.len() + ahead;
        self.is_filling() && held < self.unit.records as usize && ahead < room as usize
    }

    fn is_filling(&self) -> bool {
        self.stage == Stage::Filling && self.conductor.is_ready()
    }

    /// Whether batches wait for no more records.
    pub(super) fn hurries(&self) -> bool {
        self.stage != Stage::Filling
    }

    /// Whether a batch that was never sent may leave for a partition.
    pub(super) fn may_write(&self, partition: Partition) -> bool {
        self.conductor.may_write(partition)
    }

    /// Attempts that may have been made at a record before it comes into the client.
    pub(super) const fn before(&self) -> u32 {
        self.before
    }

    /// A batch leaves, on its `nth` attempt. Returns the number of its transaction.
    pub(super) fn wrote(&mut self, nth: u32) -> u32 {
        self.conductor.wrote();
        self.attempts = self.attempts.max(nth);
        self.conductor.owner().number
    }

    /// Records whose outcome the application does not know.
    pub(super) fn unsettled(&self) -> impl Iterator<Item = RecordId> + '_ {
        self.members.iter().chain(&self.ahead).copied()
    }

    /// The next record that belongs to the open transaction. With the first one it is begun.
    fn next(&mut self, ctx: &mut Ctx<'_>) -> Option<RecordId> {
        if !self.is_filling() || self.members.len() >= self.unit.records as usize {
            return None;
        }
        let record = self.ahead.pop_front()?;
        if !self.conductor.is_open() {
            self.conductor.begin(ctx);
            self.timer = Some(ctx.set_timer(self.unit.commit_every, Timer::CommitDue));
        }
        self.members.push(record);
        Some(record)
    }

    /// It is complete: it has all its records, or `over` says that no more will come.
    fn flush_if_full(&mut self, over: bool) {
        let full = self.members.len() >= self.unit.records as usize;
        let last = over && self.ahead.is_empty() && !self.members.is_empty();
        if self.is_filling() && (full || last) {
            self.stage = Stage::Flushing;
        }
    }

    /// It has been open for long enough.
    pub(super) fn commit_due(&mut self) {
        self.timer = None;
        if self.is_filling() && self.conductor.is_open() {
            self.stage = Stage::Flushing;
        }
    }

    /// Nothing of it is on its way any more: asks for its end, if that is what it waited for.
    fn end(&mut self, ctx: &mut Ctx<'_>) -> Turn {
        let commit = match self.stage {
            Stage::Flushing => true,
            Stage::Draining => false,
            Stage::Filling | Stage::Ending => return Turn::Wait,
        };
        self.stage = Stage::Ending;
        self.conductor.end(commit, &mut self.requests, ctx)
    }

    /// It is over. Returns its records.
    fn close(&mut self, ctx: &mut Ctx<'_>) -> Vec<RecordId> {
        self.stage = Stage::Filling;
        if let Some(timer) = self.timer.take() {
            ctx.cancel(timer);
        }
        core::mem::take(&mut self.members)
    }

    /// Records are to be tried again, before all others.
    fn try_again(&mut self, records: &[RecordId]) {
        self.before = self.attempts;
        for record in records.iter().rev() {
            self.ahead.push_front(*record);
        }
    }

    /// A connection is gone: what was asked on it is asked again, after a pause.
    pub(super) fn disconnected(&mut self, peer: NodeId, ctx: &mut Ctx<'_>) {
        for request in self.requests.to(peer) {
            self.requests.pause(request, RECONNECT, ctx);
        }
    }

    /// Asks again.
    pub(super) fn ask_again(&mut self, request: u32, ctx: &mut Ctx<'_>) {
        self.requests.again(request, self.wait, ctx);
    }
}

impl Producer {
    /// Goes on with the open transaction, as far as it can.
    pub(super) fn advance(&mut self, ctx: &mut Ctx<'_>) {
        loop {
            self.enlist(ctx);
            let idle = self.memory.queues.held() == 0;
            let Some(session) = self.session.as_mut().filter(|_| idle) else {
                return;
            };
            let turn = session.end(ctx);
            if turn == Turn::Wait {
                return;
            }
            self.take_turn(turn, ctx);
        }
    }

    /// Records join the open transaction, as far as it and the buffer have room.
    fn enlist(&mut self, ctx: &mut Ctx<'_>) {
        while self.memory.queues.held() < self.publish.buffer
            && let Some(session) = &mut self.session
            && let Some(record) = session.next(ctx)
        {
            self.enqueue(record, ctx);
        }
        let over = self.is_exhausted();
        if let Some(session) = &mut self.session {
            session.flush_if_full(over);
            for partition in self.memory.queues.unsent() {
                let Session {
                    conductor,
                    requests,
                    ..
                } = &mut **session;
                conductor.join(partition, requests, ctx);
            }
        }
    }

    /// A coordinator has answered.
    pub(super) fn transaction_answered(&mut self, answer: Word, ctx: &mut Ctx<'_>) {
        let Some(session) = &mut self.session else {
            return;
        };
        let requests = &mut session.requests;
        let turn = session.conductor.answered(answer, requests, ctx);
        self.take_turn(turn, ctx);
    }

    fn take_turn(&mut self, turn: Turn, ctx: &mut Ctx<'_>) {
        let Some(session) = &mut self.session else {
            return;
        };
        let owner = session.conductor.owner();
        match turn {
            Turn::Wait | Turn::Joined | Turn::OffsetsTaken => {}
            Turn::Registered => {
                self.memory.sequences.adopt(owner.producer, owner.epoch);
                self.take(ctx);
            }
            Turn::Ended { commit, .. } => {
                self.memory.sequences.adopt(owner.producer, owner.epoch);
                if commit {
                    self.committed(ctx);
                } else {
                    self.aborted(ctx);
                }
            }
            Turn::Broken => self.abort(ctx),
            Turn::Fenced { unknown } => self.start_over(unknown, ctx),
        }
    }

    fn committed(&mut self, ctx: &mut Ctx<'_>) {
        let Some(session) = &mut self.session else {
            return;
        };
        session.attempts = 0;
        session.before = 0;
        for record in session.close(ctx) {
            self.tell(record, Outcome::Ok, false, ctx);
        }
        self.after_settling(ctx);
        self.take(ctx);
    }

    /// It is aborted for certain, so the application may try again, with a new epoch if numbers cannot go on.
    fn aborted(&mut self, ctx: &mut Ctx<'_>) {
        let Some(session) = &mut self.session else {
            return;
        };
        let members = session.close(ctx);
        session.try_again(&members);
        if session.conductor.needs_epoch() {
            session.register(ctx);
        } else {
            self.take(ctx);
        }
    }

    /// The transaction cannot be saved: what was never sent will not be, and what was sent is waited for.
    fn abort(&mut self, ctx: &mut Ctx<'_>) {
        let Some(session) = &mut self.session else {
            return;
        };
        if let Some(timer) = session.timer.take() {
            ctx.cancel(timer);
        }
        session.stage = Stage::Draining;
        while let Some(request) = self.memory.queues.take_unsent() {
            self.memory.queues.release(&request);
        }
    }

    /// Whether an answer says that a batch will never be stored in its transaction (KIP-360).
    pub(super) fn is_refused(&self, request: &Request, answer: Answer) -> bool {
        self.session.is_some()
            && match answer {
                Answer::StaleEpoch | Answer::InvalidTransaction => true,
                Answer::OutOfOrder => !self.memory.queues.any_before(request),
                Answer::Stored | Answer::Duplicate | Answer::InFlight | Answer::NotYet => false,
            }
    }

    /// A batch will not be stored, or nobody knows: its transaction is broken.
    pub(super) fn batch_lost(&mut self, request: &Request, ctx: &mut Ctx<'_>) {
        self.memory.queues.release(request);
        if let Some(session) = &mut self.session
            && request.attempt > 0
        {
            session.conductor.must_renew();
        }
        self.abort(ctx);
    }

    /// Somebody else has taken over, or a timeout has: the application begins with a new client. What it had in hand is
    /// aborted, and tried again; unless a commit may have been decided before: then nobody knows, and only a source
    /// that is read again tries again.
    fn start_over(&mut self, unknown: bool, ctx: &mut Ctx<'_>) {
        for request in self.memory.queues.take_all() {
            if let Some(timer) = request.timer {
                ctx.cancel(timer);
            }
        }
        let Some(session) = &mut self.session else {
            return;
        };
        session.requests.drop_all(is_of_transaction, ctx);
        session.conductor.forget();
        let members = session.close(ctx);
        if unknown && self.source == Source::Live {
            session.register(ctx);
            for record in members {
                self.tell(record, Outcome::Unknown, false, ctx);
            }
        } else {
            session.try_again(&members);
            session.register(ctx);
        }
    }
}
