//! A producer's requests: those waiting, per partition and in order, and those in flight.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use semel_sim::context::TimerId;
use semel_sim::time::Span;

use crate::vocabulary::{Epoch, Partition, RecordId};

/// A batch of records for one partition, and how far it has come.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) number: u32,
    pub(super) partition: Partition,
    pub(super) first: RecordId,
    pub(super) more: Vec<RecordId>,
    /// Attempts made.
    pub(super) attempt: u32,
    /// The sequence number of its first record, and the epoch it counts in, once it has them.
    pub(super) sequence: Option<u32>,
    pub(super) epoch: Epoch,
    /// On the client's monotonic clock.
    pub(super) created: Span,
    pub(super) ready_at: Span,
    /// It pauses before another attempt.
    pub(super) pausing: bool,
    pub(super) timer: Option<TimerId>,
}

impl Request {
    pub(super) const fn new(
        number: u32,
        partition: Partition,
        first: RecordId,
        created: Span,
        ready_at: Span,
    ) -> Self {
        Self {
            number,
            partition,
            first,
            more: Vec::new(),
            attempt: 0,
            sequence: None,
            epoch: 0,
            created,
            ready_at,
            pausing: false,
            timer: None,
        }
    }

    /// How many records.
    pub(super) fn len(&self) -> usize {
        1 + self.more.len()
    }

    /// Calls `each` with every record, in order.
    pub(super) fn records(&self, mut each: impl FnMut(RecordId)) {
        each(self.first);
        self.more.iter().for_each(|record| each(*record));
    }
}

/// Times and timers are no part of it: what they will do is in the kernel's queue.
impl Hash for Request {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            number,
            partition,
            first,
            more,
            attempt,
            sequence,
            epoch,
            pausing,
            ..
        } = self;
        (
            number, partition, first, more, attempt, sequence, epoch, pausing,
        )
            .hash(state);
    }
}

/// Waiting and in flight.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Queues {
    waiting: Vec<VecDeque<Request>>,
    /// In the order they were sent.
    in_flight: Vec<Request>,
    /// Where to look first for the next request: partitions take turns.
    turn: usize,
    held: u32,
}

impl Queues {
    pub(super) fn reset(&mut self, partitions: u16) {
        self.waiting
            .resize_with(usize::from(partitions), VecDeque::new);
        self.waiting.iter_mut().for_each(VecDeque::clear);
        self.in_flight.clear();
        self.turn = 0;
        self.held = 0;
    }

    /// How many records are in the client.
    pub(super) const fn held(&self) -> u32 {
        self.held
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Every record in the client.
    pub(super) fn records(&self) -> Vec<RecordId> {
        let mut records = Vec::new();
        let waiting = self.waiting.iter().flatten();
        self.in_flight
            .iter()
            .chain(waiting)
            .for_each(|request| request.records(|record| records.push(record)));
        records.sort_unstable();
        records
    }

    /// Adds a record to the partition's last batch, if that was never sent and has room.
    pub(super) fn join(&mut self, partition: Partition, record: RecordId, most: u16) -> bool {
        let Some(last) = self.waiting[usize::from(partition)].back_mut() else {
            return false;
        };
        if last.attempt > 0 || last.len() >= usize::from(most) {
            return false;
        }
        last.more.push(record);
        self.held += 1;
        true
    }

    pub(super) fn push(&mut self, request: Request) {
        self.held += 1;
        self.waiting[usize::from(request.partition)].push_back(request);
    }

    /// The next request that may be sent: the head of a partition's queue that does not pause, is full or has
    /// lingered, and whose broker has room in its window.
    pub(super) fn take_ready(
        &mut self,
        now: Span,
        window: usize,
        brokers: u16,
        full: u16,
        may_send: impl Fn(&Request) -> bool,
    ) -> Option<Request> {
        let partitions = self.waiting.len();
        for step in 0..partitions {
            let index = (self.turn + step) % partitions;
            let Some(head) = self.waiting[index].front() else {
                continue;
            };
            let lingers =
                head.attempt == 0 && head.ready_at > now && head.len() < usize::from(full);
            if head.pausing || lingers || !may_send(head) {
                continue;
            }
            let broker = head.partition % brokers;
            let busy = self
                .in_flight
                .iter()
                .filter(|other| other.partition % brokers == broker)
                .count();
            if busy >= window {
                continue;
            }
            self.turn = (index + 1) % partitions;
            return self.waiting[index].pop_front();
        }
        None
    }

    pub(super) fn sent(&mut self, request: Request) {
        self.in_flight.push(request);
    }

    /// The records of a request leave the client.
    pub(super) fn release(&mut self, request: &Request) {
        self.held -= request.len() as u32;
    }

    /// The request with this number, if it was ever sent.
    pub(super) fn take(&mut self, number: u32) -> Option<Request> {
        if let Some(index) = self
            .in_flight
            .iter()
            .position(|request| request.number == number)
        {
            return Some(self.in_flight.remove(index));
        }
        for queue in &mut self.waiting {
            if let Some(index) = queue
                .iter()
                .position(|request| request.number == number && request.attempt > 0)
            {
                return queue.remove(index);
            }
        }
        None
    }

    /// A request in flight on exactly this attempt.
    pub(super) fn expired(&mut self, number: u32, attempt: u32) -> Option<Request> {
        let same = |request: &Request| request.number == number && request.attempt == attempt;
        let index = self.in_flight.iter().position(same)?;
        Some(self.in_flight.remove(index))
    }

    /// Every request in flight to some partitions, in the order they were sent.
    pub(super) fn take_in_flight(&mut self, to: impl Fn(Partition) -> bool) -> Vec<Request> {
        self.in_flight
            .extract_if(.., |request| to(request.partition))
            .collect()
    }

    /// A request goes back to the front of its partition's queue; with sequence numbers, to its place among them.
    pub(super) fn put_back(&mut self, request: Request, ordered: bool) {
        let queue = &mut self.waiting[usize::from(request.partition)];
        let place = if ordered {
            let before = |other: &Request| {
                other.attempt > 0
                    && (other.epoch, other.sequence) < (request.epoch, request.sequence)
            };
            queue.iter().take_while(|other| before(other)).count()
        } else {
            0
        };
        queue.insert(place, request);
    }

    /// The pause of a request is over.
    pub(super) fn resume(&mut self, number: u32) {
        for queue in &mut self.waiting {
            if let Some(request) = queue.iter_mut().find(|request| request.number == number) {
                request.pausing = false;
                return;
            }
        }
    }

    /// Takes a waiting request that is at least so old.
    pub(super) fn take_older(&mut self, now: Span, age: Span) -> Option<Request> {
        for queue in &mut self.waiting {
            if let Some(index) = queue
                .iter()
                .position(|request| now - request.created >= age)
            {
                return queue.remove(index);
            }
        }
        None
    }

    /// When the oldest request was created.
    pub(super) fn oldest(&self) -> Option<Span> {
        self.in_flight
            .iter()
            .chain(self.waiting.iter().flatten())
            .map(|request| request.created)
            .min()
    }

    /// Every request of a partition that has a sequence number, in flight first, in order of sequence.
    pub(super) fn numbered(&mut self, partition: Partition) -> Vec<&mut Request> {
        let waiting = self.waiting[usize::from(partition)].iter_mut();
        let in_flight = self
            .in_flight
            .iter_mut()
            .filter(|request| request.partition == partition);
        let mut all: Vec<_> = in_flight
            .chain(waiting)
            .filter(|request| request.sequence.is_some())
            .collect();
        all.sort_by_key(|request| (request.epoch, request.sequence));
        all
    }
}
