//! Read, process and write in transactions (`semantics.md` §1.4, §1.6, Appendix B2).
//!
//! Protocol: register; read on from the committed offsets; with the first record begin a transaction; write one output
//! per input record; after `commit_every`, when no record is in hand and all outputs are acknowledged, hand in the
//! offsets and commit. An error that the transaction does not survive aborts it, and the consumer goes back to the
//! committed offsets. One that says that somebody else has taken over, or that the coordinator has aborted it for its
//! age, makes it start again from nothing.
//!
//! Promise: outputs and offsets become visible together or not at all, so each input record has one visible output.
//!
//! Not promised: anything outside. A payment on the way is made again when the transaction is redone (F050). And with
//! version 1 a late end of one transaction may end the next one (F022).

mod outputs;
mod write;

use alloc::collections::BTreeMap;
use core::hash::{Hash, Hasher};

use semel_sim::context::TimerId;

use super::{Consumer, Phase, Reader};
use crate::conductor::{Conductor, Turn, Waits, is_of_transaction};
use crate::message::group::Answer as GroupAnswer;
use crate::message::transaction::Message as Word;
use crate::model::Ctx;
use crate::strategy::{SideEffect, Transact, Transactions};
use crate::timer::Timer;
use crate::vocabulary::{Offset, Partition, Topology};

use outputs::Outputs;

/// What a consumer that works in transactions knows besides.
#[derive(Clone, Debug)]
pub(super) struct Session {
    work: Transact,
    conductor: Conductor,
    outputs: Outputs,
    /// The offset behind the last handled record, by partition, of the open transaction.
    consumed: BTreeMap<Partition, Offset>,
    stage: Stage,
    /// When it is due.
    timer: Option<TimerId>,
}

/// How far the open transaction is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Stage {
    /// Records are handled.
    #[default]
    Working,
    /// It is to be committed, as soon as the record in hand is handled.
    Due,
    /// It waits for its outputs to be acknowledged.
    Flushing,
    /// Offsets and the end are being asked for.
    Committing,
    /// It will be aborted, as soon as what was sent is acknowledged or refused.
    Draining,
    /// Its abort is being asked for.
    Aborting,
}

impl Hash for Session {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.conductor, &self.outputs, &self.consumed, self.stage).hash(state);
    }
}

impl Session {
    pub(super) fn new(
        me: u16,
        work: Transact,
        transactions: Transactions,
        topology: Topology,
    ) -> Self {
        let waits = Waits {
            transaction: work.timeout,
            answer: work.request_timeout,
        };
        Self {
            work,
            conductor: Conductor::new(topology.consumer(me), topology, transactions, waits),
            outputs: Outputs::default(),
            consumed: BTreeMap::new(),
            stage: Stage::Working,
            timer: None,
        }
    }

    pub(super) fn reset(&mut self) {
        self.conductor.reset();
        self.forget();
    }

    /// What a crash takes.
    pub(super) fn forget(&mut self) {
        self.conductor.forget();
        self.consumed.clear();
        self.stage = Stage::Working;
        self.timer = None;
    }

    /// Whether records may be handled.
    pub(super) fn works(&self) -> bool {
        self.stage == Stage::Working && self.conductor.is_ready()
    }
}

impl Consumer {
    /// Whether it works in transactions and must not take another record in hand now.
    pub(super) fn is_ending(&self) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| !session.works())
    }

    /// If it works in transactions, it registers before it reads anything.
    pub(super) fn register(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(session) = &mut self.session {
            session.outputs.clear(self.topology.partitions);
            session.conductor.register(&mut self.memory.requests, ctx);
        }
    }

    /// A record is about to be handled: a transaction is open from now on.
    #[inline]
    pub(super) fn begin(&mut self, ctx: &mut Ctx<'_>) {
        let Some(session) = &mut self.session else {
            return;
        };
        if !session.conductor.is_open() {
            session.conductor.begin(ctx);
            session.timer = Some(ctx.set_timer(session.work.commit_every, Timer::CommitDue));
        }
    }

    /// Whether a processed record goes to no sink.
    pub(super) fn writes_only(&self) -> bool {
        let session = self.session.as_ref();
        session.is_some_and(|session| session.work.side_effect == SideEffect::None)
    }

    /// It is time to commit.
    pub(super) fn transaction_due(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(session) = &mut self.session
            && session.stage == Stage::Working
            && session.conductor.is_open()
        {
            session.stage = Stage::Due;
            self.advance(ctx);
        }
    }

    /// Goes on with the open transaction, as far as it can.
    pub(super) fn advance(&mut self, ctx: &mut Ctx<'_>) {
        self.write_outputs(ctx);
        let stuck = self.memory.tasks.iter().all(super::tasks::Task::is_failing);
        let Some(session) = &mut self.session else {
            return;
        };
        if session.stage == Stage::Due && stuck {
            session.stage = Stage::Flushing;
        }
        if !session.outputs.is_idle() {
            return;
        }
        match session.stage {
            Stage::Flushing => {
                session.stage = Stage::Committing;
                self.hand_in_offsets(ctx);
            }
            Stage::Draining => {
                session.stage = Stage::Aborting;
                let requests = &mut self.memory.requests;
                let turn = session.conductor.end(false, requests, ctx);
                self.take_turn(turn, ctx);
            }
            Stage::Working | Stage::Due | Stage::Committing | Stage::Aborting => {}
        }
    }

    /// All outputs are stored: the offsets join them. Behind the last record of a poll there may be markers.
    fn hand_in_offsets(&mut self, ctx: &mut Ctx<'_>) {
        let backlog = &self.memory.backlog;
        let Some(session) = &mut self.session else {
            return;
        };
        for reader in &self.memory.readers {
            let partition = reader.partition;
            let in_hand = self
                .memory
                .tasks
                .iter()
                .any(|task| task.partition == partition);
            let read = in_hand || backlog.iter().any(|polled| polled.partition == partition);
            if let Some(offset) = session.consumed.get_mut(&partition)
                && !read
            {
                *offset = reader.position;
            }
        }
        let member = (self.me, self.memory.generation);
        let requests = &mut self.memory.requests;
        let consumed = core::mem::take(&mut session.consumed);
        if consumed.is_empty() {
            let turn = session.conductor.end(true, requests, ctx);
            self.take_turn(turn, ctx);
            return;
        }
        session
            .conductor
            .take_offsets(consumed.into_iter(), member, requests, ctx);
    }

    /// A coordinator has answered.
    pub(super) fn transaction_answered(&mut self, answer: Word, ctx: &mut Ctx<'_>) {
        let Some(session) = &mut self.session else {
            return;
        };
        let requests = &mut self.memory.requests;
        let turn = session.conductor.answered(answer, requests, ctx);
        self.take_turn(turn, ctx);
    }

    fn take_turn(&mut self, turn: Turn, ctx: &mut Ctx<'_>) {
        let Some(session) = &mut self.session else {
            return;
        };
        match turn {
            Turn::Wait => {}
            Turn::Joined => self.advance(ctx),
            Turn::OffsetsTaken => {
                let requests = &mut self.memory.requests;
                let turn = session.conductor.end(true, requests, ctx);
                self.take_turn(turn, ctx);
            }
            Turn::Registered => {
                session.outputs.restart_numbers();
                self.read_on(ctx);
            }
            Turn::Ended { commit, renewed } => {
                if renewed {
                    session.outputs.restart_numbers();
                }
                if commit {
                    self.committed_all(ctx);
                } else {
                    self.aborted_all(ctx);
                }
            }
            Turn::Broken => self.abort(ctx),
            Turn::Fenced { .. } => self.start_over(ctx),
        }
    }

    /// The transaction is committed: on with what was polled, unless the partitions are somebody else's by now.
    fn committed_all(&mut self, ctx: &mut Ctx<'_>) {
        self.close(ctx);
        if !self.is_member() {
            self.memory.backlog.clear();
            self.drop_tasks(ctx);
            self.memory.phase = Phase::Polling;
        }
        if self.memory.phase == Phase::Polling {
            self.poll(ctx);
        } else {
            self.hand_out(ctx);
        }
    }

    /// The transaction is aborted: back to the committed offsets, with a new epoch if numbers cannot go on.
    fn aborted_all(&mut self, ctx: &mut Ctx<'_>) {
        self.close(ctx);
        let Some(session) = &mut self.session else {
            return;
        };
        if session.conductor.needs_epoch() {
            session.conductor.register(&mut self.memory.requests, ctx);
        } else {
            self.read_on(ctx);
        }
    }

    fn close(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(session) = &mut self.session {
            session.stage = Stage::Working;
            session.consumed.clear();
            if let Some(timer) = session.timer.take() {
                ctx.cancel(timer);
            }
        }
    }

    /// Begins to read, or begins again at the committed offsets.
    fn read_on(&mut self, ctx: &mut Ctx<'_>) {
        if !self.is_member() {
            self.poll(ctx);
            return;
        }
        if self.group().is_none() && self.memory.readers.is_empty() {
            self.read_own(ctx);
            return;
        }
        for index in 0..self.memory.readers.len() {
            let partition = self.memory.readers[index].partition;
            self.find_position(partition, ctx);
        }
    }

    /// The transaction cannot be saved: nothing more is handled, and what was sent is waited for.
    pub(super) fn abort(&mut self, ctx: &mut Ctx<'_>) {
        let Some(session) = &mut self.session else {
            return;
        };
        if matches!(session.stage, Stage::Draining | Stage::Aborting) {
            return;
        }
        session.stage = Stage::Draining;
        session.outputs.drop_waiting();
        self.drop_everything(ctx);
        self.advance(ctx);
    }

    /// Records in hand and in wait are dropped: they will be read again.
    fn drop_everything(&mut self, ctx: &mut Ctx<'_>) {
        self.memory.backlog.clear();
        self.drop_tasks(ctx);
        self.memory.phase = Phase::Polling;
        self.memory.requests.drop_positions(ctx);
        for reader in &mut self.memory.readers {
            reader.stop_waiting(ctx);
            *reader = Reader::new(reader.partition);
        }
    }

    fn drop_tasks(&mut self, ctx: &mut Ctx<'_>) {
        while !self.memory.tasks.is_empty() {
            self.drop_task(0, ctx);
        }
    }

    /// Somebody else has taken over, or a timeout has: everything is dropped, and the client begins as a new one.
    fn start_over(&mut self, ctx: &mut Ctx<'_>) {
        self.drop_everything(ctx);
        self.close(ctx);
        self.memory.requests.drop_all(is_of_transaction, ctx);
        let Some(session) = &mut self.session else {
            return;
        };
        for batch in session.outputs.take_in_flight(|_| true) {
            if let Some(timer) = batch.timer {
                ctx.cancel(timer);
            }
        }
        session.conductor.forget();
        self.leave_quietly();
        self.register(ctx);
    }

    /// The group has moved on: an open transaction is ended first, as the answer demands. False if none is open.
    pub(super) fn end_before_leaving(&mut self, answer: GroupAnswer, ctx: &mut Ctx<'_>) -> bool {
        let Some(session) = &mut self.session else {
            return false;
        };
        if !session.conductor.is_open() {
            return session.stage != Stage::Working;
        }
        match answer {
            GroupAnswer::Rebalancing => self.transaction_due(ctx),
            _ => self.abort(ctx),
        }
        true
    }
}
