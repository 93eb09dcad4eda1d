//! Publishing: judge a batch, write it, answer, and serve those who wait for it.
//!
//! Whether a record was stored before has one of three answers, never two: new, stored, in flight (`semantics.md`
//! §6.6). A batch usually is judged, appended and acknowledged in one step. It takes two when its ids are written to a
//! store of their own first, or when the broker acknowledges before it appends; what comes between them is a repeat of
//! something whose outcome is not known yet, and its client shall ask again.

use alloc::vec::Vec;

use semel_sim::context::Peer;
use semel_sim::digest::Digest;
use semel_sim::time::Time;

use super::Broker;
use super::log::Entry;
use super::producers::Verdict;
use super::transactions::{Maker, Part};
use crate::message::Message;
use crate::message::log::{Answer, Message as LogMessage, Produce};
use crate::model::Ctx;
use crate::observation::{Hit, Miss, Observation, Place, TransactionId};
use crate::strategy::{Bug, Flush, Recognise};
use crate::timer::{SECOND_WRITE, Timer};
use crate::vocabulary::{Item, Offset, Partition};

/// Batches that are being written. All of it is in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Writer {
    /// What is new of the batch in hand.
    fresh: Vec<Entry>,
    /// Between their two halves, in the order they came.
    unfinished: Vec<Half>,
    halves: u32,
    copying: bool,
}

/// A batch before its second half.
#[derive(Clone, Debug)]
struct Half {
    number: u32,
    from: Peer,
    produce: Produce,
    answer: Option<Answer>,
    missed: Miss,
    entries: Vec<Entry>,
}

impl Writer {
    pub(super) fn clear(&mut self) {
        self.fresh.clear();
        self.unfinished.clear();
        self.halves = 0;
        self.copying = false;
    }

    pub(super) fn fingerprint(&self, now: Time, digest: &mut Digest) {
        for half in &self.unfinished {
            digest.add(&(half.from.node, half.produce.partition, half.answer));
            for entry in &half.entries {
                let stamp = entry.stamp.wrapping_sub(now.0);
                digest.add(&Entry { stamp, ..*entry });
            }
        }
        digest.add(&self.copying);
    }
}

impl Broker {
    /// Records arrive.
    pub(super) fn produce(&mut self, from: Peer, produce: &Produce, ctx: &mut Ctx<'_>) {
        if produce.transaction == 0 || !self.must_wait(from, produce, ctx) {
            self.take_in(from, produce, ctx);
        }
    }

    /// Records are looked at, and written if they are new.
    pub(super) fn take_in(&mut self, from: Peer, produce: &Produce, ctx: &mut Ctx<'_>) {
        let verdict = self.judge(produce, ctx);
        let (answer, offset) = match verdict {
            Verdict::New(missed) => {
                self.accept(from, produce, missed, ctx);
                return;
            }
            Verdict::Duplicate(offset) => (Answer::Duplicate, offset),
            Verdict::InFlight => (Answer::InFlight, None),
            Verdict::OutOfOrder => (Answer::OutOfOrder, None),
            Verdict::StaleEpoch => (Answer::StaleEpoch, None),
        };
        answer_now(from, produce, (answer, offset), ctx);
    }

    /// Whether a batch is new. What is new of it is laid out to be written.
    fn judge(&mut self, produce: &Produce, ctx: &mut Ctx<'_>) -> Verdict {
        self.writer.fresh.clear();
        if self.log(produce.partition).ids.is_some() {
            return self.judge_ids(produce, ctx);
        }
        let verdict = match (self.stream.recognise, produce.sequence) {
            (Recognise::Sequence { expire, .. }, Some(sequence)) => {
                self.finish_all(produce.partition, ctx);
                let last = sequence + produce.batch.len() as u32 - 1;
                let (now, bug) = (ctx.wall(), self.bug);
                let log = self.log(produce.partition);
                log.expire(now.0, expire);
                log.producers
                    .judge(produce.producer, produce.epoch, sequence, last, bug)
            }
            _ => Verdict::New(Miss::Unasked),
        };
        match verdict {
            Verdict::New(_) => {
                for index in 0..produce.batch.len() {
                    self.lay_out(produce, index, ctx);
                }
            }
            Verdict::Duplicate(_) => {
                for index in 0..produce.batch.len() {
                    recognised(ctx.items(produce.batch)[index].record, Hit::Stored, ctx);
                }
            }
            Verdict::InFlight | Verdict::OutOfOrder | Verdict::StaleEpoch => {}
        }
        verdict
    }

    /// By ids each record is judged for itself. As long as one is in flight, nothing of its batch is written.
    fn judge_ids(&mut self, produce: &Produce, ctx: &mut Ctx<'_>) -> Verdict {
        let (producer, partition) = (produce.producer, produce.partition);
        let now = ctx.wall();
        let mut missed = Miss::New;
        let mut in_flight = false;
        for index in 0..produce.batch.len() {
            let Item { record, id, .. } = ctx.items(produce.batch)[index];
            let log = self.place(partition);
            let Some(ids) = &mut self.logs[log].ids else {
                break;
            };
            let miss = ids.miss(producer, id, now);
            let again = |entry: &Entry| ids.repeats(entry, producer, id);
            if miss.is_none() || self.writer.fresh.iter().any(again) {
                recognised(record, Hit::Stored, ctx);
            } else if self
                .writer
                .unfinished
                .iter()
                .any(|half| half.produce.partition == partition && half.entries.iter().any(again))
            {
                recognised(record, Hit::InFlight, ctx);
                in_flight = true;
            } else {
                missed = miss.unwrap_or(missed);
                self.lay_out(produce, index, ctx);
            }
        }
        if in_flight {
            Verdict::InFlight
        } else if self.writer.fresh.is_empty() {
            Verdict::Duplicate(None)
        } else {
            Verdict::New(missed)
        }
    }

    /// Makes an entry of a record.
    fn lay_out(&mut self, produce: &Produce, index: usize, ctx: &mut Ctx<'_>) {
        let Item { record, id, .. } = ctx.items(produce.batch)[index];
        let by_client =
            self.log(produce.partition).ids.is_none() || self.bug == Some(Bug::WindowOnWrongClock);
        let first = produce.sequence.unwrap_or(0);
        self.writer.fresh.push(Entry {
            record,
            id,
            producer: produce.producer,
            epoch: produce.epoch,
            first,
            last: first + produce.batch.len() as u32 - 1,
            begin: 0,
            stamp: if by_client {
                produce.stamp
            } else {
                ctx.wall().0
            },
            part: part(produce),
        });
    }

    /// A batch is new, or a part of it: written in one step, or begun.
    fn accept(&mut self, from: Peer, produce: &Produce, missed: Miss, ctx: &mut Ctx<'_>) {
        let entries = core::mem::take(&mut self.writer.fresh);
        let now = ctx.wall();
        let ids = self.log(produce.partition).ids.as_mut();
        let ahead = ids.is_some_and(|ids| ids.write_ahead(&entries, now));
        let mut answer = Some(if entries.len() < produce.batch.len() {
            Answer::Duplicate
        } else {
            Answer::Stored
        });
        let early = self.bug == Some(Bug::AckBeforeAppend);
        if early && let Some(answer) = answer.take() {
            let offset = Some(self.log(produce.partition).end());
            let first = entries[0].record;
            answer_to(from, produce, (answer, offset), first, ctx);
        }
        if ahead || early {
            self.writer.halves += 1;
            let number = self.writer.halves;
            self.writer.unfinished.push(Half {
                number,
                from,
                produce: *produce,
                answer,
                missed,
                entries,
            });
            ctx.set_timer(SECOND_WRITE, Timer::Finish { number });
        } else {
            self.write(from, produce, (answer, missed), entries, ctx);
        }
    }

    /// The second half of a batch.
    pub(super) fn finish(&mut self, number: u32, ctx: &mut Ctx<'_>) {
        let halves = &mut self.writer.unfinished;
        if let Some(index) = halves.iter().position(|half| half.number == number) {
            let Half {
                from,
                mut produce,
                answer,
                missed,
                entries,
                ..
            } = halves.remove(index);
            // What it came with is no longer kept by the packet that brought it.
            let items: Vec<Item> = entries.iter().map(Entry::item).collect();
            produce.batch = ctx.batch(&items);
            self.write(from, &produce, (answer, missed), entries, ctx);
        }
    }

    /// Sequences are judged by what is appended: what was begun before comes first.
    fn finish_all(&mut self, partition: Partition, ctx: &mut Ctx<'_>) {
        let of_partition = |half: &Half| half.produce.partition == partition;
        while let Some(half) = self
            .writer
            .unfinished
            .iter()
            .find(|half| of_partition(half))
        {
            self.finish(half.number, ctx);
        }
    }

    /// Appends a batch, makes it as durable as the policy says, answers, and serves those who wait.
    fn write(
        &mut self,
        from: Peer,
        produce: &Produce,
        (answer, missed): (Option<Answer>, Miss),
        mut entries: Vec<Entry>,
        ctx: &mut Ctx<'_>,
    ) {
        let first = entries[0].record;
        let offset = self.append(produce, missed, &mut entries, ctx);
        if let Some(answer) = answer {
            answer_to(from, produce, (answer, Some(offset)), first, ctx);
        }
        self.serve(produce.partition, ctx);
        self.writer.fresh = entries;
    }

    /// Appends entries. Returns the first offset.
    fn append(
        &mut self,
        produce: &Produce,
        missed: Miss,
        entries: &mut Vec<Entry>,
        ctx: &mut Ctx<'_>,
    ) -> Offset {
        let Produce {
            partition,
            attempt,
            session,
            producer,
            epoch,
            transaction,
            ..
        } = *produce;
        let enlisted = transaction > 0;
        let log = self.log(partition);
        let begin = log.end();
        for entry in entries.drain(..) {
            let record = entry.record;
            let offset = log.append(Entry { begin, ..entry });
            ctx.observe(Observation::Stored {
                record,
                partition,
                offset,
                attempt,
                session,
                missed,
                enlisted,
            });
            if enlisted {
                let number = transaction;
                ctx.observe(Observation::Enlisted {
                    record,
                    partition,
                    offset,
                    transaction: TransactionId { producer, number },
                    epoch,
                });
            }
        }
        log.remember(begin, ctx);
        let copied_after = log.ids.as_ref().and_then(super::ids::Ids::copied_after);
        if let Some(span) = copied_after
            && !core::mem::replace(&mut self.writer.copying, true)
        {
            ctx.set_timer(span, Timer::CopyIds);
        }
        self.make_durable(partition, ctx);
        begin
    }

    /// Syncs a partition as the policy says.
    pub(super) fn make_durable(&mut self, partition: Partition, ctx: &mut Ctx<'_>) {
        let flush = self.stream.copies.flush();
        let log = self.log(partition);
        match flush {
            Flush::Always => log.sync(ctx),
            Flush::Entries(most) if log.waiting() >= u64::from(most) => log.sync(ctx),
            Flush::Every(span) if !self.flush_armed => {
                self.flush_armed = true;
                ctx.set_timer(span, Timer::Flush);
            }
            Flush::Entries(_) | Flush::Every(_) | Flush::Never => {}
        }
    }

    /// Stores of ids are copied.
    pub(super) fn copy_ids(&mut self) {
        self.writer.copying = false;
        for log in &mut self.logs {
            let end = log.end();
            if let Some(ids) = &mut log.ids {
                ids.copy(end);
            }
        }
    }
}

fn recognised(record: u32, hit: Hit, ctx: &mut Ctx<'_>) {
    let place = Place::Stream;
    ctx.observe(Observation::Recognised { record, place, hit });
}

/// What the records of a request are to transactions.
fn part(produce: &Produce) -> Part {
    let maker = produce.output.map(|generation| Maker {
        consumer: produce.client,
        generation,
        attempt: produce.attempt,
    });
    match produce.transaction {
        0 => Part::None,
        number => Part::Of(number, maker),
    }
}

/// Answers a batch that came in this step.
pub(super) fn answer_now(
    from: Peer,
    produce: &Produce,
    answer: (Answer, Option<Offset>),
    ctx: &mut Ctx<'_>,
) {
    let first = ctx.items(produce.batch).first();
    let record = first.map_or(0, |item| item.record);
    answer_to(from, produce, answer, record, ctx);
}

/// Answers a batch, if an answer is wanted.
fn answer_to(
    from: Peer,
    produce: &Produce,
    (answer, offset): (Answer, Option<Offset>),
    record: u32,
    ctx: &mut Ctx<'_>,
) {
    if produce.answer {
        let batch = produce.batch;
        let several = batch.len() > 1;
        let ack = LogMessage::Ack {
            partition: produce.partition,
            request: produce.request,
            record,
            attempt: produce.attempt,
            answer,
            offset,
            batch: several.then_some(batch),
        };
        ctx.send(from, Message::Log(ack));
    }
}
