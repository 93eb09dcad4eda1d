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

use crate::broker::Broker;
use crate::broker::partition::log::Entry;
use crate::broker::partition::producers::Verdict;
use crate::broker::partition::transactions::{Maker, Part};
use crate::message::Message;
use crate::message::log::{Answer, Message as LogMessage, Produce};
use crate::model::Ctx;
use crate::observation::{Hit, Miss, Observation, Place, TransactionId};
use crate::strategy::{Bug, Flush, Recognise};
use crate::timer::{SECOND_WRITE, Timer};
use crate::vocabulary::{Item, Offset, Partition, ProducerId};

/// Batches that are being written. All of it is in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Writer {
    /// What is new of the batch in hand.
    fresh: Vec<Item>,
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
    stamp: u64,
    fresh: Vec<Item>,
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
            let stamp = half.stamp.wrapping_sub(now.0);
            for item in &half.fresh {
                digest.add(&entry(&half.produce, *item, 0, stamp));
            }
        }
        digest.add(&self.copying);
    }
}

impl Broker {
    /// Records arrive.
    #[inline]
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
        let place = self.place(produce.partition);
        if self.logs[place].ids.is_some() {
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
                let fresh = &mut self.writer.fresh;
                match ctx.items(produce.batch) {
                    [item] => fresh.push(*item),
                    items => fresh.extend_from_slice(items),
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
            let item = ctx.items(produce.batch)[index];
            let Item { record, id, .. } = item;
            let log = self.place(partition);
            let Some(ids) = &mut self.logs[log].ids else {
                break;
            };
            ids.hear(Time(produce.stamp));
            let miss = ids.miss(producer, id, now);
            let repeats = |of: ProducerId, other: &Item| ids.repeats((of, other.id), producer, id);
            let among = |of: &Half| {
                let mut fresh = of.fresh.iter();
                fresh.any(|other| repeats(of.produce.producer, other))
            };
            let mut fresh = self.writer.fresh.iter();
            let mut halves = self.writer.unfinished.iter();
            if miss.is_none() || fresh.any(|other| repeats(producer, other)) {
                recognised(record, Hit::Stored, ctx);
            } else if halves.any(|half| half.produce.partition == partition && among(half)) {
                recognised(record, Hit::InFlight, ctx);
                in_flight = true;
            } else {
                missed = miss.unwrap_or(missed);
                self.writer.fresh.push(item);
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

    /// A batch is new, or a part of it: written in one step, or begun.
    fn accept(&mut self, from: Peer, produce: &Produce, missed: Miss, ctx: &mut Ctx<'_>) {
        let whole = self.writer.fresh.len() == produce.batch.len();
        let answer = if whole {
            Answer::Stored
        } else {
            Answer::Duplicate
        };
        let place = self.place(produce.partition);
        let (mut stamp, mut ahead) = (produce.stamp, false);
        if let Some(ids) = &mut self.logs[place].ids {
            let now = ctx.wall();
            stamp = ids.stamp(Time(produce.stamp), now).0;
            let fresh = self.writer.fresh.iter();
            ahead = ids.write_ahead(fresh.map(|item| entry(produce, *item, 0, stamp)), now);
        }
        if ahead || self.bug == Some(Bug::AckBeforeAppend) {
            self.begin(from, produce, (answer, missed, stamp), ctx);
        } else {
            self.write(from, produce, (Some(answer), missed, stamp), ctx);
        }
    }

    /// The first half of a batch.
    #[cold]
    fn begin(
        &mut self,
        from: Peer,
        produce: &Produce,
        (answer, missed, stamp): (Answer, Miss, u64),
        ctx: &mut Ctx<'_>,
    ) {
        let fresh = core::mem::take(&mut self.writer.fresh);
        let early = self.bug == Some(Bug::AckBeforeAppend);
        if early {
            let offset = Some(self.log(produce.partition).end());
            answer_to(from, produce, (answer, offset), fresh[0].record, ctx);
        }
        self.writer.halves += 1;
        let number = self.writer.halves;
        self.writer.unfinished.push(Half {
            number,
            from,
            produce: *produce,
            answer: (!early).then_some(answer),
            missed,
            stamp,
            fresh,
        });
        ctx.set_timer(SECOND_WRITE, Timer::Finish { number });
    }

    /// The second half of a batch.
    #[cold]
    pub(super) fn finish(&mut self, number: u32, ctx: &mut Ctx<'_>) {
        let halves = &mut self.writer.unfinished;
        if let Some(index) = halves.iter().position(|half| half.number == number) {
            let Half {
                from,
                mut produce,
                answer,
                missed,
                stamp,
                fresh,
                ..
            } = halves.remove(index);
            // What it came with is no longer kept by the packet that brought it.
            produce.batch = ctx.batch(&fresh);
            self.writer.fresh = fresh;
            self.write(from, &produce, (answer, missed, stamp), ctx);
            self.writer.fresh.clear();
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
    #[expect(
        clippy::inline_always,
        reason = "nearly every batch is written in one step"
    )]
    #[inline(always)]
    fn write(
        &mut self,
        from: Peer,
        produce: &Produce,
        (answer, missed, stamp): (Option<Answer>, Miss, u64),
        ctx: &mut Ctx<'_>,
    ) {
        let place = self.place(produce.partition);
        let offset = self.append(place, produce, (missed, stamp), ctx);
        if let Some(answer) = answer {
            let first = self.writer.fresh[0].record;
            answer_to(from, produce, (answer, Some(offset)), first, ctx);
        }
        self.readers
            .serve(&self.logs[place], produce.partition, ctx);
    }

    /// Appends what is new of a batch. Returns the first offset.
    #[inline]
    fn append(
        &mut self,
        place: usize,
        produce: &Produce,
        (missed, stamp): (Miss, u64),
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
        let log = &mut self.logs[place];
        let begin = log.end();
        for item in &self.writer.fresh {
            let record = item.record;
            let offset = log.append(entry(produce, *item, begin, stamp));
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
        let copied_after = log
            .ids
            .as_ref()
            .and_then(crate::broker::partition::ids::Ids::copied_after);
        if let Some(span) = copied_after
            && !core::mem::replace(&mut self.writer.copying, true)
        {
            ctx.set_timer(span, Timer::CopyIds);
        }
        self.make_durable(place, ctx);
        begin
    }

    /// Syncs the partition at a place as the policy says.
    #[expect(clippy::inline_always, reason = "most policies have little to do")]
    #[inline(always)]
    pub(super) fn make_durable(&mut self, place: usize, ctx: &mut Ctx<'_>) {
        let log = &mut self.logs[place];
        match self.stream.copies.flush() {
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

/// The entry of a record, in a batch that begins at an offset.
#[inline]
fn entry(produce: &Produce, item: Item, begin: Offset, stamp: u64) -> Entry {
    let first = produce.sequence.unwrap_or(0);
    Entry {
        record: item.record,
        id: item.id,
        producer: produce.producer,
        epoch: produce.epoch,
        first,
        last: first + produce.batch.len() as u32 - 1,
        begin,
        stamp,
        part: part(produce),
    }
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
