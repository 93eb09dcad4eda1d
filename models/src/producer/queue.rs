//! A producer's requests: those waiting, per partition and in order, and those in flight.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use semel_sim::context::TimerId;
use semel_sim::digest::Digest;
use semel_sim::net::Transport;
use semel_sim::time::{Span, Time};

use crate::vocabulary::{Epoch, Partition, ProducerId, RecordId};

/// What a batch is called by sequence (`semantics.md` §1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Sequence {
    pub(super) producer: ProducerId,
    pub(super) epoch: Epoch,
    /// The number of its first record.
    pub(super) first: u32,
    /// Which batch of its partition and epoch it is.
    pub(super) batch: u32,
}

/// A batch of records for one partition, and how far it has come.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) number: u32,
    pub(super) partition: Partition,
    pub(super) first: RecordId,
    pub(super) more: Vec<RecordId>,
    /// Attempts made since it came into the client.
    pub(super) attempt: u32,
    /// Attempts at its records before that, if the application sends them again.
    pub(super) before: u32,
    /// Its name by sequence, once it has one.
    pub(super) name: Option<Sequence>,
    /// It was named anew since it was sent last (KIP-360).
    pub(super) renumbered: bool,
    /// Everything before it in its partition had been answered when it was sent last.
    pub(super) led: bool,
    /// When its last record came, by the client's wall clock (Kafka's `CreateTime`).
    pub(super) stamp: u64,
    /// When its first record came, by the client's monotonic clock.
    pub(super) created: Span,
    /// It pauses before another attempt.
    pub(super) pausing: bool,
    pub(super) timer: Option<TimerId>,
}

impl Request {
    pub(super) const fn new(
        number: u32,
        partition: Partition,
        first: RecordId,
        stamp: u64,
        created: Span,
    ) -> Self {
        Self {
            number,
            partition,
            first,
            more: Vec::new(),
            attempt: 0,
            before: 0,
            name: None,
            renumbered: false,
            led: false,
            stamp,
            created,
            pausing: false,
            timer: None,
        }
    }

    /// The same records, sent again by their application: for the client they are new ones.
    pub(super) fn sent_again(self, number: u32, stamp: u64, created: Span) -> Self {
        let (first, partition) = (self.first, self.partition);
        Self {
            before: self.nth(),
            more: self.more,
            ..Self::new(number, partition, first, stamp, created)
        }
    }

    /// Which attempt at its records this is, from 1.
    pub(super) const fn nth(&self) -> u32 {
        self.before + self.attempt
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

    /// Times go in as age; what timers will do is in the kernel's queue.
    fn fingerprint(&self, booted: Time, now: Time, digest: &mut Digest) {
        let Self {
            number,
            partition,
            first,
            more,
            attempt,
            before,
            name,
            renumbered,
            led,
            pausing,
            ..
        } = self;
        digest.add(&(number, partition, first, more, (attempt, before)));
        let created = (booted + self.created).0.wrapping_sub(now.0);
        let stamp = self.stamp.wrapping_sub(now.0);
        digest.add(&(name, (renumbered, led), pausing, created, stamp));
    }
}

/// What decides whether a request may be sent, beside what is in flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Requests that may be in flight to one broker.
    pub(super) window: usize,
    pub(super) brokers: u16,
    /// What is sent again waits until it is the oldest in flight.
    pub(super) ordered: bool,
    pub(super) transport: Transport,
}

/// Waiting and in flight.
#[derive(Clone, Debug, Default)]
pub(super) struct Queues {
    waiting: Vec<VecDeque<Request>>,
    /// In the order they were sent.
    in_flight: VecDeque<Request>,
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

    /// Whether any requests wait to be sent.
    #[inline]
    pub(super) fn wait(&self) -> bool {
        self.waiting.iter().any(|queue| !queue.is_empty())
    }

    fn all(&self) -> impl Iterator<Item = &Request> {
        self.in_flight.iter().chain(self.waiting.iter().flatten())
    }

    /// Every record in the client.
    pub(super) fn records(&self) -> Vec<RecordId> {
        let mut records = Vec::new();
        self.all()
            .for_each(|request| request.records(|record| records.push(record)));
        records.sort_unstable();
        records
    }

    /// Adds a record to the partition's last batch, if that was never sent and has room.
    pub(super) fn join(
        &mut self,
        partition: Partition,
        record: RecordId,
        stamp: u64,
        most: u16,
    ) -> bool {
        let Some(last) = self.waiting[usize::from(partition)].back_mut() else {
            return false;
        };
        if last.attempt > 0 || last.len() >= usize::from(most) {
            return false;
        }
        last.more.push(record);
        last.stamp = stamp.max(last.stamp);
        self.held += 1;
        true
    }

    #[inline]
    pub(super) fn push(&mut self, request: Request) {
        self.held += request.len() as u32;
        self.waiting[usize::from(request.partition)].push_back(request);
    }

    /// The partition whose turn it is to send: the head of its queue does not pause, and `may_send` agrees.
    #[inline]
    pub(super) fn next(&self, may_send: impl Fn(&Request) -> bool) -> Option<usize> {
        let mut index = self.turn;
        loop {
            if let Some(head) = self.waiting[index].front()
                && !head.pausing
                && may_send(head)
            {
                return Some(index);
            }
            index = self.after(index);
            if index == self.turn {
                return None;
            }
        }
    }

    /// Partitions take turns.
    #[inline]
    fn after(&self, index: usize) -> usize {
        if index + 1 < self.waiting.len() {
            index + 1
        } else {
            0
        }
    }

    /// The head of a partition's queue is in flight from now on.
    #[inline]
    pub(super) fn launch(&mut self, index: usize) {
        self.turn = self.after(index);
        let queue = &mut self.waiting[index];
        if let Some(mut request) = queue.pop_front() {
            let earlier = |other: &Request| {
                other.partition == request.partition && other.number < request.number
            };
            let behind = queue.front().is_some_and(earlier);
            request.led = !behind && !self.in_flight.iter().any(earlier);
            self.in_flight.push_back(request);
        }
    }

    /// The request that was sent last, while it is in flight.
    #[inline]
    pub(super) fn newest(&mut self) -> Option<&mut Request> {
        self.in_flight.back_mut()
    }

    /// The request that was sent last is in flight no longer.
    pub(super) fn take_newest(&mut self) -> Option<Request> {
        self.in_flight.pop_back()
    }

    /// Whether what is in flight lets a request go: its broker has room in its window, and it is its turn. Most often
    /// nothing in flight needs to be looked at.
    #[inline]
    pub(super) fn lets(&self, head: &Request, room: &Room) -> bool {
        let has_room = self.in_flight.len() < room.window || self.has_room(head, room);
        let waits_its_turn = room.ordered && head.attempt > 0 && self.is_behind(head);
        has_room && !waits_its_turn
    }

    /// Whether an earlier request of the same partition is in flight.
    #[inline(never)]
    fn is_behind(&self, head: &Request) -> bool {
        let before =
            |other: &Request| other.partition == head.partition && other.number < head.number;
        self.in_flight.iter().any(before)
    }

    /// Whether any request of the same partition is in flight, and the name of the oldest.
    #[inline(never)]
    pub(super) fn oldest_of(&self, request: &Request) -> (bool, Option<Sequence>) {
        let same = |other: &&Request| other.partition == request.partition;
        let in_flight = self.in_flight.iter().filter(same);
        let oldest = in_flight.min_by_key(|other| other.number);
        (oldest.is_some(), oldest.and_then(|other| other.name))
    }

    /// Whether the broker of a request has room in its window, where several share what is in flight.
    #[inline(never)]
    fn has_room(&self, head: &Request, room: &Room) -> bool {
        let broker = head.partition % room.brokers;
        let to_it = |other: &&Request| other.partition % room.brokers == broker;
        self.in_flight.iter().filter(to_it).count() < room.window
    }

    /// The records of a request leave the client.
    pub(super) fn release(&mut self, request: &Request) {
        self.held -= request.len() as u32;
    }

    /// The request with this number, if it was ever sent.
    pub(super) fn take(&mut self, number: u32) -> Option<Request> {
        let same = |request: &Request| request.number == number;
        // Nearly always it is the oldest that is answered.
        if self.in_flight.front().is_some_and(same) {
            return self.in_flight.pop_front();
        }
        if let Some(index) = self.in_flight.iter().position(same) {
            return self.in_flight.remove(index);
        }
        for queue in &mut self.waiting {
            let sent = |request: &Request| same(request) && request.attempt > 0;
            if let Some(index) = queue.iter().position(sent) {
                return queue.remove(index);
            }
        }
        None
    }

    /// Where a request is in flight to, if it is, on exactly this attempt.
    pub(super) fn in_flight_to(&self, number: u32, attempt: u32) -> Option<Partition> {
        let same = |request: &&Request| request.number == number && request.nth() == attempt;
        let request = self.in_flight.iter().find(same);
        request.map(|request| request.partition)
    }

    /// Every request in flight to some partitions, in the order they were sent.
    pub(super) fn take_in_flight(&mut self, to: impl Fn(Partition) -> bool) -> Vec<Request> {
        let mut taken = Vec::new();
        for _ in 0..self.in_flight.len() {
            match self.in_flight.pop_front() {
                Some(request) if to(request.partition) => taken.push(request),
                other => self.in_flight.extend(other),
            }
        }
        taken
    }

    /// Whether an earlier request of the same partition has no good answer yet.
    pub(super) fn any_before(&self, request: &Request) -> bool {
        let mut all = self.all();
        all.any(|other| other.partition == request.partition && other.number < request.number)
    }

    /// Partitions with requests that were never sent.
    pub(super) fn unsent(&self) -> impl Iterator<Item = Partition> + '_ {
        let waiting = (0..).zip(&self.waiting);
        waiting
            .filter(|(_, queue)| queue.back().is_some_and(|last| last.attempt == 0))
            .map(|(partition, _)| partition)
    }

    /// Any request that was never sent.
    pub(super) fn take_unsent(&mut self) -> Option<Request> {
        let unsent = |queue: &mut VecDeque<Request>| {
            let index = queue.iter().position(|request| request.attempt == 0)?;
            queue.remove(index)
        };
        self.waiting.iter_mut().find_map(unsent)
    }

    /// Every request, whatever has become of it.
    pub(super) fn take_all(&mut self) -> Vec<Request> {
        self.held = 0;
        let waiting = self.waiting.iter_mut().flat_map(|queue| queue.drain(..));
        self.in_flight.drain(..).chain(waiting).collect()
    }

    /// Any request that is not in flight.
    pub(super) fn take_waiting(&mut self) -> Option<Request> {
        self.waiting.iter_mut().find_map(VecDeque::pop_front)
    }

    /// A request goes back to the front of its partition's queue; if order matters, to its place there.
    pub(super) fn put_back(&mut self, request: Request, ordered: bool) {
        let queue = &mut self.waiting[usize::from(request.partition)];
        let place = if ordered {
            let before = |other: &&Request| other.number < request.number;
            queue.iter().take_while(before).count()
        } else {
            0
        };
        queue.insert(place, request);
    }

    /// The pause of a request is over.
    pub(super) fn resume(&mut self, number: u32) {
        let mut waiting = self.waiting.iter_mut().flatten();
        if let Some(request) = waiting.find(|request| request.number == number) {
            request.pausing = false;
        }
    }

    /// Takes a request that is at least so old.
    pub(super) fn take_older(&mut self, now: Span, age: Span) -> Option<Request> {
        let old = |request: &Request| now - request.created >= age;
        if let Some(index) = self.in_flight.iter().position(old) {
            return self.in_flight.remove(index);
        }
        for queue in &mut self.waiting {
            if let Some(index) = queue.iter().position(old) {
                return queue.remove(index);
            }
        }
        None
    }

    /// When the oldest request was created.
    pub(super) fn oldest(&self) -> Option<Span> {
        self.all().map(|request| request.created).min()
    }

    /// Every request of a partition that has a name, in the order they were made.
    pub(super) fn named(&mut self, partition: Partition) -> Vec<&mut Request> {
        let waiting = self.waiting[usize::from(partition)].iter_mut();
        let in_flight = self.in_flight.iter_mut();
        let mut all: Vec<_> = in_flight
            .filter(|request| request.partition == partition)
            .chain(waiting)
            .filter(|request| request.name.is_some())
            .collect();
        all.sort_by_key(|request| request.number);
        all
    }

    pub(super) fn fingerprint(&self, booted: Time, now: Time, digest: &mut Digest) {
        digest.add(&(self.turn, self.in_flight.len()));
        for request in self.all() {
            request.fingerprint(booted, now, digest);
        }
    }
}
