//! What a consumer writes in its transactions: a record behind another, per output partition, in numbered batches.
//!
//! As in any idempotent producer, a batch keeps its number in every attempt, and up to five requests to a broker may
//! be unanswered. A batch that is refused, or that nobody acknowledges in time, breaks its transaction (KIP-360).

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use semel_sim::context::TimerId;
use semel_sim::time::Span;

use crate::message::log::Answer;
use crate::vocabulary::{Item, Partition};

/// Requests to a broker that may be unanswered (`max.in.flight.requests.per.connection`).
const WINDOW: usize = 5;
/// Records in a batch: `batch.size` of 16 KiB, for records of 1 KiB.
const BATCH: usize = 16;

/// Records on their way into output partitions.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Outputs {
    lanes: Vec<Lane>,
    /// In the order they were sent.
    in_flight: Vec<Batch>,
}

/// One output partition.
#[derive(Clone, Debug, Default, Hash)]
struct Lane {
    /// The number of the next record.
    next: u32,
    /// Records that are in no batch yet.
    waiting: VecDeque<Item>,
    /// Batches that were sent and shall be sent again, in order.
    again: VecDeque<Batch>,
    /// It pauses before it sends again.
    pausing: bool,
}

/// Records that are sent together.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub(super) request: u32,
    pub(super) partition: Partition,
    /// The number of its first record.
    pub(super) sequence: u32,
    pub(super) items: Vec<Item>,
    pub(super) attempt: u32,
    /// On the client's monotonic clock.
    pub(super) created: Span,
    pub(super) timer: Option<TimerId>,
}

impl Hash for Batch {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            request,
            partition,
            sequence,
            items,
            attempt,
            ..
        } = self;
        (request, partition, sequence, items, attempt).hash(state);
    }
}

/// What an answer means for its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is stored.
    Stored,
    /// It is to be sent again, after a pause.
    Again,
    /// It will never be stored in this transaction.
    Refused,
}

impl Outputs {
    pub(super) fn clear(&mut self, partitions: u16) {
        self.lanes.clear();
        self.lanes
            .resize_with(usize::from(partitions), Lane::default);
        self.in_flight.clear();
    }

    /// A new epoch: numbers begin anew. Nothing may be on its way.
    pub(super) fn restart_numbers(&mut self) {
        assert!(self.is_idle(), "numbers change only between transactions");
        for lane in &mut self.lanes {
            lane.next = 0;
        }
    }

    /// A record is to be written.
    pub(super) fn push(&mut self, partition: Partition, item: Item) {
        self.lanes[usize::from(partition)].waiting.push_back(item);
    }

    /// What was never sent will not be.
    pub(super) fn drop_waiting(&mut self) {
        self.lanes.iter_mut().for_each(|lane| lane.waiting.clear());
    }

    /// Everything has been acknowledged or refused.
    pub(super) fn is_idle(&self) -> bool {
        let idle = |lane: &Lane| lane.waiting.is_empty() && lane.again.is_empty();
        self.in_flight.is_empty() && self.lanes.iter().all(idle)
    }

    /// Partitions with records that were never sent.
    pub(super) fn wanted(&self) -> impl Iterator<Item = Partition> + use<'_> {
        let lanes = (0..).zip(&self.lanes);
        lanes
            .filter(|(_, lane)| !lane.waiting.is_empty())
            .map(|(partition, _)| partition)
    }

    /// The next batch to send: one that was sent before, or one of what waits, where that is allowed.
    pub(super) fn take(
        &mut self,
        now: Span,
        brokers: u16,
        number: impl FnOnce() -> u32,
        may_begin: impl Fn(Partition) -> bool,
    ) -> Option<Batch> {
        for index in 0..self.lanes.len() {
            let partition = index as Partition;
            let broker = partition % brokers;
            let to_it = |batch: &&Batch| batch.partition % brokers == broker;
            if self.in_flight.iter().filter(to_it).count() >= WINDOW {
                continue;
            }
            let lane = &mut self.lanes[index];
            if lane.pausing {
                continue;
            }
            if let Some(batch) = lane.again.pop_front() {
                return Some(batch);
            }
            if !lane.waiting.is_empty() && may_begin(partition) {
                let count = lane.waiting.len().min(BATCH);
                let items: Vec<Item> = lane.waiting.drain(..count).collect();
                let sequence = lane.next;
                lane.next += items.len() as u32;
                return Some(Batch {
                    request: number(),
                    partition,
                    sequence,
                    items,
                    attempt: 0,
                    created: now,
                    timer: None,
                });
            }
        }
        None
    }

    pub(super) fn sent(&mut self, batch: Batch) {
        self.in_flight.push(batch);
    }

    /// A batch was answered. What that means, and the batch.
    pub(super) fn answered(&mut self, request: u32, answer: Answer) -> Option<(Batch, Fate)> {
        let mut in_flight = self.in_flight.iter();
        let index = in_flight.position(|batch| batch.request == request)?;
        let batch = self.in_flight.remove(index);
        let fate = match answer {
            Answer::Stored | Answer::Duplicate => Fate::Stored,
            Answer::InFlight | Answer::NotYet => Fate::Again,
            Answer::OutOfOrder if !self.is_next(&batch) => Fate::Again,
            Answer::OutOfOrder | Answer::StaleEpoch | Answer::InvalidTransaction => Fate::Refused,
        };
        Some((batch, fate))
    }

    /// No batch of the same partition that comes before it is unacknowledged.
    fn is_next(&self, batch: &Batch) -> bool {
        let lane = &self.lanes[usize::from(batch.partition)];
        let before =
            |other: &Batch| other.partition == batch.partition && other.sequence < batch.sequence;
        !self.in_flight.iter().chain(&lane.again).any(before)
    }

    /// Whether a batch is in flight on this attempt.
    pub(super) fn waits_for(&self, request: u32, attempt: u32) -> Option<Partition> {
        let same = |batch: &&Batch| batch.request == request && batch.attempt == attempt;
        self.in_flight
            .iter()
            .find(same)
            .map(|batch| batch.partition)
    }

    /// Batches in flight to some partitions, whose answers will not come.
    pub(super) fn take_in_flight(&mut self, to: impl Fn(Partition) -> bool) -> Vec<Batch> {
        self.in_flight
            .extract_if(.., |batch| to(batch.partition))
            .collect()
    }

    /// A batch shall be sent again, in its place. True if its partition pauses from now on.
    pub(super) fn put_back(&mut self, batch: Batch) -> bool {
        let lane = &mut self.lanes[usize::from(batch.partition)];
        let before = |other: &&Batch| other.sequence < batch.sequence;
        let place = lane.again.iter().take_while(before).count();
        lane.again.insert(place, batch);
        !core::mem::replace(&mut lane.pausing, true)
    }

    /// The pause of a partition is over.
    pub(super) fn resume(&mut self, partition: Partition) {
        if let Some(lane) = self.lanes.get_mut(usize::from(partition)) {
            lane.pausing = false;
        }
    }
}
