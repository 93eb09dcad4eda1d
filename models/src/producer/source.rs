//! Where records come from (`semantics.md` §1.18, Appendix B12).
//!
//! *Live*: the application intends a record when its pace and the client's buffer let it, and what a crash takes is
//! gone. *Replayed*: the same, but the application saves how far it has come, and begins there after a crash. *Outbox*:
//! the application writes rows at its pace, whether or not the stream can be reached; a relay takes them as its buffer
//! lets it, publishes, and saves its position. A crash between publishing and saving publishes again (F114).

use alloc::vec::Vec;

use super::Producer;
use super::queue::Request;
use crate::model::Ctx;
use crate::observation::{Observation, Outcome};
use crate::strategy::Source;
use crate::timer::Timer;
use crate::vocabulary::RecordId;

/// How far a client has come with its source.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Taking {
    /// The next record to take.
    next: RecordId,
    /// Records whose outcome is known, beyond the saved position (replayed sources and outboxes).
    settled: Vec<RecordId>,
    /// The source waits for room in the buffer.
    pub(super) blocked: bool,
    /// A pause between intents is running.
    pacing: bool,
    save_armed: bool,
}

impl Taking {
    pub(super) fn reset(&mut self, next: RecordId) {
        self.next = next;
        self.settled.clear();
        self.blocked = false;
        self.pacing = false;
        self.save_armed = false;
    }
}

impl Producer {
    /// The first record from `id` on that is this producer's.
    pub(super) fn own(&self, id: RecordId) -> RecordId {
        let end = self.workload.records;
        if self.topology.producers == 1 {
            return id.min(end);
        }
        (id..end)
            .find(|id| self.workload.producer(*id, self.topology) == self.me)
            .unwrap_or(end)
    }

    /// Takes records from the source as pace and buffer allow.
    pub(super) fn take(&mut self, ctx: &mut Ctx<'_>) {
        if matches!(self.source, Source::Outbox(_)) {
            while self.may_intend(self.disk.intended, ctx) {
                self.intend(ctx);
            }
        }
        self.memory.taking.blocked = false;
        while self.memory.taking.next < self.workload.records {
            if self.is_full() {
                self.memory.taking.blocked = true;
                return;
            }
            let next = self.memory.taking.next;
            if next >= self.disk.intended {
                if matches!(self.source, Source::Outbox(_)) || !self.may_intend(next, ctx) {
                    return;
                }
                self.intend(ctx);
            }
            self.memory.taking.next = self.own(next + 1);
            self.accept(next, ctx);
        }
    }

    /// Whether the application intends this record now. If it is not time yet, a timer is set.
    fn may_intend(&mut self, record: RecordId, ctx: &mut Ctx<'_>) -> bool {
        if record >= self.workload.records || self.memory.taking.pacing {
            return false;
        }
        let pace = self.workload.pace(record);
        if !pace.is_zero() {
            self.memory.taking.pacing = true;
            ctx.set_timer(pace, Timer::Intend);
        }
        pace.is_zero()
    }

    /// It is time for the next intent.
    pub(super) fn intend_due(&mut self, ctx: &mut Ctx<'_>) {
        self.memory.taking.pacing = false;
        let record = self.disk.intended;
        self.intend(ctx);
        if !matches!(self.source, Source::Outbox(_)) {
            self.memory.taking.next = self.disk.intended;
            self.accept(record, ctx);
        }
        self.take(ctx);
    }

    /// The application decides that the next record shall take effect; to an outbox, in one transaction with its row.
    #[inline]
    fn intend(&mut self, ctx: &mut Ctx<'_>) {
        let record = self.disk.intended;
        self.disk.intended = self.own(record + 1);
        ctx.observe(Observation::Intent {
            record,
            producer: self.me,
            session: ctx.incarnation(),
        });
    }

    /// Whether every record has been taken.
    pub(super) fn is_exhausted(&self) -> bool {
        self.memory.taking.next >= self.workload.records
    }

    /// Whether the source has to wait: for room in the buffer, or for the end of a transaction.
    fn is_full(&self) -> bool {
        let room = self
            .publish
            .buffer
            .saturating_sub(self.memory.queues.held());
        match &self.session {
            None => room == 0,
            Some(session) => !session.has_room(room),
        }
    }

    /// A record enters the client.
    #[inline]
    fn accept(&mut self, record: RecordId, ctx: &mut Ctx<'_>) {
        if let Some(session) = &mut self.session {
            session.accept(record);
        } else if let Some(outcome) = self.shed_outcome(self.memory.queues.held()) {
            self.settle(record, outcome, ctx);
        } else {
            self.enqueue(record, ctx);
        }
    }

    /// A record is to be sent: with others of its partition, or in a request of its own.
    pub(super) fn enqueue(&mut self, record: RecordId, ctx: &mut Ctx<'_>) {
        let partition = self.workload.partition(record, self.topology);
        let batch = self.publish.batch;
        let stamp = ctx.wall().0;
        if self
            .memory
            .queues
            .join(partition, record, stamp, batch.records)
        {
            return;
        }
        let number = self.memory.numbers.next();
        let created = ctx.elapsed();
        let mut request = Request::new(number, partition, record, stamp, created);
        if let Some(session) = &self.session {
            request.before = session.before();
        }
        self.memory.queues.push(request);
        if !batch.linger.is_zero() {
            ctx.set_timer(batch.linger, Timer::Linger);
        }
        self.arm_deadline(ctx);
    }

    /// A record's outcome is known before it was sent.
    fn settle(&mut self, record: RecordId, outcome: Outcome, ctx: &mut Ctx<'_>) {
        self.tell(record, outcome, false, ctx);
        self.save(ctx);
    }

    /// Tells the application what became of a record.
    pub(super) fn tell(
        &mut self,
        record: RecordId,
        outcome: Outcome,
        duplicate: bool,
        ctx: &mut Ctx<'_>,
    ) {
        ctx.observe(Observation::Acked {
            record,
            outcome,
            duplicate,
        });
        self.note_settled(record);
    }

    /// Remembers for a source that is read again that it is done with a record.
    pub(super) fn note_settled(&mut self, record: RecordId) {
        if self.source != Source::Live {
            self.memory.taking.settled.push(record);
        }
    }

    /// Records have been settled: the position may move, and there may be room for more.
    pub(super) fn after_settling(&mut self, ctx: &mut Ctx<'_>) {
        self.save(ctx);
        if self.memory.taking.blocked {
            self.take(ctx);
        }
    }

    /// The position is saved, now or soon.
    fn save(&mut self, ctx: &mut Ctx<'_>) {
        match self.source {
            Source::Live => {}
            Source::Replayed(intake) | Source::Outbox(intake) if intake.save_every.is_zero() => {
                self.save_position();
            }
            Source::Replayed(intake) | Source::Outbox(intake) => {
                if !core::mem::replace(&mut self.memory.taking.save_armed, true) {
                    ctx.set_timer(intake.save_every, Timer::SaveSource);
                }
            }
        }
    }

    pub(super) fn save_due(&mut self) {
        self.memory.taking.save_armed = false;
        self.save_position();
    }

    /// The saved position moves over every record that is done with, up to the first that is not.
    fn save_position(&mut self) {
        let mut settled = core::mem::take(&mut self.memory.taking.settled);
        settled.sort_unstable();
        let mut done = 0;
        for record in &settled {
            if *record > self.disk.position {
                break;
            }
            if *record == self.disk.position {
                self.disk.position = self.own(*record + 1);
            }
            done += 1;
        }
        settled.drain(..done);
        self.memory.taking.settled = settled;
    }

    /// Intended records of a source that is read again whose outcome is not known.
    pub(super) fn unsettled(&self) -> Vec<RecordId> {
        let mut records = Vec::new();
        let mut record = self.disk.position;
        while record < self.disk.intended {
            if !self.memory.taking.settled.contains(&record) {
                records.push(record);
            }
            record = self.own(record + 1);
        }
        records
    }
}
