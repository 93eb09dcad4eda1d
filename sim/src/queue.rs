//! The event queue: a heap of packed keys over a slab of events, with FIFO lanes for constant delays.
//!
//! A key is time (64 bits), then insertion number (40), then slot (24): one branch-free comparison, ties in order
//! of insertion. Events pushed at a constant delay arrive already sorted and need no heap: they wait in a lane.
//! The order is that of a plain heap, always; a test holds the two against each other.

use alloc::collections::{BinaryHeap, VecDeque};
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::time::{Span, Time};

const SLOT_BITS: u32 = 24;
const NUMBER_BITS: u32 = 40;
const LANES: usize = 8;
const NO_KEY: u128 = u128::MAX;

/// Names one pushed event for as long as it waits; later it names nothing, even when its slot is used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    slot: u32,
    generation: u32,
}

/// How urgent an event is to the end of a run: chatter alone keeps no run alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Weight {
    /// Work remains while this event waits.
    Useful,
    /// Heartbeats, empty polls and the like.
    Chatter,
}

#[derive(Clone, Debug)]
struct Waiting<E> {
    generation: u32,
    weight: Weight,
    event: Option<E>,
}

#[derive(Clone, Debug)]
struct Lane {
    delay: Span,
    keys: VecDeque<u128>,
}

/// A priority queue of events by time, then insertion.
#[derive(Clone, Debug)]
pub struct Queue<E> {
    heap: BinaryHeap<Reverse<u128>>,
    lanes: Vec<Lane>,
    /// The smallest key in a lane, and which lane; no key is as large as [`NO_KEY`].
    soonest: (u128, usize),
    slab: Vec<Waiting<E>>,
    free: Vec<u32>,
    pushed: u64,
    useful: usize,
    stale: u64,
}

impl<E> Queue<E> {
    /// An empty queue.
    pub const fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
            lanes: Vec::new(),
            soonest: (NO_KEY, 0),
            slab: Vec::new(),
            free: Vec::new(),
            pushed: 0,
            useful: 0,
            stale: 0,
        }
    }

    /// Forgets every event and keeps the room. Tickets of before must not be used any more.
    pub fn clear(&mut self) {
        self.heap.clear();
        self.lanes.iter_mut().for_each(|lane| lane.keys.clear());
        self.soonest = (NO_KEY, 0);
        self.slab.clear();
        self.free.clear();
        self.pushed = 0;
        self.useful = 0;
        self.stale = 0;
    }

    /// Adds an event at `at`.
    #[inline]
    pub fn push(&mut self, at: Time, weight: Weight, event: E) -> Ticket {
        self.put(at, None, weight, event)
    }

    /// Adds an event `delay` from now, where `delay` is one of a few constants: it waits in that delay's lane.
    #[inline]
    pub fn push_after(&mut self, now: Time, delay: Span, weight: Weight, event: E) -> Ticket {
        self.put(now + delay, Some(delay), weight, event)
    }

    /// Adds an event, in a lane if it is that long after now.
    #[inline]
    pub(crate) fn put(&mut self, at: Time, lane: Option<Span>, weight: Weight, event: E) -> Ticket {
        let ticket = self.admit(at, lane, weight);
        self.slab[ticket.slot as usize].event = Some(event);
        ticket
    }

    /// Takes the next event that was not cancelled, if it falls due before `limit`, with its ticket. The event stays
    /// in its slot until [`Queue::take`].
    #[inline]
    pub fn pop_before(&mut self, limit: Time) -> Option<(Time, Ticket)> {
        loop {
            let heap = self.heap.peek().map_or(NO_KEY, |key| key.0);
            let key = heap.min(self.soonest.0);
            if time_of(key) >= limit {
                return None;
            }
            if key == heap {
                self.heap.pop();
            } else {
                self.pop_lane();
            }
            let slot = slot_of(key);
            let waiting = &self.slab[slot as usize];
            if waiting.event.is_some() {
                let generation = waiting.generation;
                return Some((time_of(key), Ticket { slot, generation }));
            }
            self.stale += 1;
            self.free_slot(slot);
        }
    }

    /// Takes the next event, whenever it falls due.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, Ticket)> {
        self.pop_before(Time::NEVER)
    }

    /// Takes a popped event out of its slot, unless it was cancelled since.
    #[inline]
    pub fn take(&mut self, ticket: Ticket) -> Option<E>
    where
        E: Copy,
    {
        let event = self.get(ticket).copied();
        self.free(ticket);
        event
    }

    /// Frees the slot of a popped event, whether it was cancelled since or not.
    #[inline]
    pub(crate) fn free(&mut self, ticket: Ticket) {
        if self.slab[ticket.slot as usize].event.take().is_some() {
            self.discount(ticket.slot);
        } else {
            self.stale += 1;
        }
        self.free_slot(ticket.slot);
    }

    /// A waiting event, unless it was taken or cancelled.
    #[inline]
    pub fn get(&self, ticket: Ticket) -> Option<&E> {
        let waiting = self.slab.get(ticket.slot as usize)?;
        if waiting.generation == ticket.generation {
            waiting.event.as_ref()
        } else {
            None
        }
    }

    /// Cancels an event that still waits; anything else is left alone.
    #[inline]
    pub fn cancel(&mut self, ticket: Ticket) {
        let Some(waiting) = self.slab.get_mut(ticket.slot as usize) else {
            return;
        };
        if waiting.generation == ticket.generation && waiting.event.take().is_some() {
            self.discount(ticket.slot);
        }
    }

    /// How many events that are not chatter still wait (popped ones count until taken).
    pub const fn useful(&self) -> usize {
        self.useful
    }

    /// How many cancelled events have come to nothing so far.
    pub const fn stale(&self) -> u64 {
        self.stale
    }

    /// Every waiting event in the order it will be popped, with its time.
    pub fn in_order(&self) -> Vec<(Time, Ticket, &E)> {
        let mut keys: Vec<u128> = self.heap.iter().map(|key| key.0).collect();
        keys.extend(self.lanes.iter().flat_map(|lane| lane.keys.iter().copied()));
        keys.sort_unstable();
        let waiting = |key| {
            let slot = slot_of(key);
            let Waiting {
                generation, event, ..
            } = &self.slab[slot as usize];
            event.as_ref().map(|event| {
                (
                    time_of(key),
                    Ticket {
                        slot,
                        generation: *generation,
                    },
                    event,
                )
            })
        };
        keys.into_iter().filter_map(waiting).collect()
    }

    /// Moves the events that `chosen` picks: each keeps its ticket and its place among equals, and `stretch` says
    /// how long it still waits.
    pub fn reschedule(
        &mut self,
        now: Time,
        chosen: impl Fn(&E) -> bool,
        stretch: impl Fn(Span) -> Span,
    ) {
        let slab = &self.slab;
        let move_key = |key: u128| match &slab[slot_of(key) as usize].event {
            Some(event) if chosen(event) => {
                let at = now + stretch(time_of(key).since(now));
                (u128::from(at.0) << 64) | u128::from(key as u64)
            }
            _ => key,
        };
        let mut keys: Vec<u128> = self.heap.drain().map(|key| move_key(key.0)).collect();
        for lane in &mut self.lanes {
            keys.extend(lane.keys.drain(..).map(move_key));
        }
        self.soonest = (NO_KEY, 0);
        self.heap.extend(keys.into_iter().map(Reverse));
    }

    /// Finds a slot for an event and queues its key. The event itself is then put straight into the slot: moving it
    /// through here would cost more than all the rest.
    #[inline(never)]
    fn admit(&mut self, at: Time, lane: Option<Span>, weight: Weight) -> Ticket {
        assert!(
            self.pushed < 1 << NUMBER_BITS,
            "fewer than 2^40 events in a run"
        );
        let slot = self.free.pop().unwrap_or_else(|| self.grow());
        let waiting = &mut self.slab[slot as usize];
        waiting.weight = weight;
        let generation = waiting.generation;
        self.useful += usize::from(weight == Weight::Useful);
        let low = (self.pushed << SLOT_BITS) | u64::from(slot);
        self.pushed += 1;
        let key = (u128::from(at.0) << 64) | u128::from(low);
        if !lane.is_some_and(|delay| self.file(delay, key)) {
            self.heap.push(Reverse(key));
        }
        Ticket { slot, generation }
    }

    /// A slot that was never used.
    #[cold]
    fn grow(&mut self) -> u32 {
        let slot = self.slab.len();
        assert!(slot < 1 << SLOT_BITS, "fewer than 2^24 events wait at once");
        self.slab.push(Waiting {
            generation: 0,
            weight: Weight::Useful,
            event: None,
        });
        slot as u32
    }

    /// Puts a key at the end of its delay's lane, if there is one and the key comes after all others there.
    #[inline]
    fn file(&mut self, delay: Span, key: u128) -> bool {
        let found = self.lanes.iter().position(|lane| lane.delay == delay);
        let Some(index) = found.or_else(|| self.open_lane(delay)) else {
            return false;
        };
        let lane = &mut self.lanes[index].keys;
        if lane.back().is_some_and(|last| *last > key) {
            return false;
        }
        lane.push_back(key);
        if key < self.soonest.0 {
            self.soonest = (key, index);
        }
        true
    }

    /// A lane for a new delay: an empty one, or one more.
    #[cold]
    fn open_lane(&mut self, delay: Span) -> Option<usize> {
        if let Some(index) = self.lanes.iter().position(|lane| lane.keys.is_empty()) {
            self.lanes[index].delay = delay;
            return Some(index);
        }
        let room = self.lanes.len() < LANES;
        room.then(|| {
            self.lanes.push(Lane {
                delay,
                keys: VecDeque::new(),
            });
            self.lanes.len() - 1
        })
    }

    /// Removes the soonest key of all lanes.
    #[inline]
    fn pop_lane(&mut self) {
        self.lanes[self.soonest.1].keys.pop_front();
        self.soonest = (NO_KEY, 0);
        for (index, lane) in self.lanes.iter().enumerate() {
            if let Some(key) = lane.keys.front()
                && *key < self.soonest.0
            {
                self.soonest = (*key, index);
            }
        }
    }

    #[inline]
    fn free_slot(&mut self, slot: u32) {
        self.slab[slot as usize].generation += 1;
        self.free.push(slot);
    }

    #[inline]
    fn discount(&mut self, slot: u32) {
        if self.slab[slot as usize].weight == Weight::Useful {
            self.useful -= 1;
        }
    }
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self::new()
    }
}

const fn time_of(key: u128) -> Time {
    Time((key >> 64) as u64)
}

const fn slot_of(key: u128) -> u32 {
    key as u32 & ((1 << SLOT_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::{Address, Seed};

    /// The same pushes and cancels into lanes and into a plain heap come out in the same order.
    #[test]
    fn lanes_change_no_order() {
        for seed in 0..200 {
            let dice = Seed::new(seed).dice("queue");
            let (mut laned, mut plain) = (Queue::new(), Queue::new());
            let (mut now, mut tickets) = (Time::ZERO, Vec::new());
            for n in 0..400_u64 {
                let delay = Span(dice.below(Address(n, 0), 0, 4) * 50);
                if dice.hits(Address(n, 1), 0, crate::chance::Rate::new(1, 2)) {
                    tickets.push((
                        laned.push_after(now, delay, Weight::Useful, n),
                        plain.push(now + delay, Weight::Useful, n),
                    ));
                } else {
                    let at = now + Span(dice.below(Address(n, 2), 0, 100));
                    tickets.push((
                        laned.push(at, Weight::Useful, n),
                        plain.push(at, Weight::Useful, n),
                    ));
                }
                if dice.hits(Address(n, 3), 0, crate::chance::Rate::new(1, 5)) {
                    let (left, right) =
                        tickets[dice.below(Address(n, 4), 0, tickets.len() as u64) as usize];
                    laned.cancel(left);
                    plain.cancel(right);
                }
                if n % 2 == 0 {
                    let popped = plain.pop().map(|(at, ticket)| (at, plain.take(ticket)));
                    assert_eq!(
                        laned.pop().map(|(at, ticket)| (at, laned.take(ticket))),
                        popped
                    );
                    now = popped.map_or(now, |(at, _)| at);
                }
            }
            let rest: Vec<u64> = laned
                .in_order()
                .into_iter()
                .map(|(_, _, event)| *event)
                .collect();
            let mut popped = Vec::new();
            while let Some((_, ticket)) = plain.pop() {
                popped.extend(plain.take(ticket));
            }
            assert_eq!(rest, popped);
            assert_eq!(plain.useful(), 0);
        }
    }

    #[test]
    fn a_ticket_outlives_its_event_harmlessly() {
        let mut queue = Queue::new();
        let first = queue.push(Time(1), Weight::Useful, 'a');
        let (_, popped) = queue.pop().unwrap();
        assert_eq!(queue.take(popped), Some('a'));
        queue.push(Time(2), Weight::Useful, 'b');
        queue.cancel(first);
        assert_eq!(
            queue.useful(),
            1,
            "b waits in a's old slot and is not cancelled by a's ticket"
        );
    }
}
