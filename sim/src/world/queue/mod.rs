//! The event queue: events in slots, and their keys in order.
//!
//! A key is time (64 bits), then insertion number (40), then slot (24): one branch-free comparison, ties in order
//! of insertion. The `order` beside this file keeps them sorted.

mod order;

use alloc::vec::Vec;

use crate::time::{Span, Time};
use order::Order;

const SLOT_BITS: u32 = 24;
/// One in the place of insertion numbers: that there are fewer than 2^40 is checked where it is added.
const NUMBER: u64 = 1 << SLOT_BITS;
/// No slot has this place.
const NO_SLOT: u32 = u32::MAX;

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

/// A slot: what waits in it, or last did.
#[derive(Clone, Debug)]
struct Waiting<E> {
    /// Odd as long as the event waits, and raised when it comes and when it goes.
    generation: u32,
    /// While the slot is free: the one that was free before it.
    free: u32,
    weight: Weight,
    /// None in a slot that has just been made.
    event: Option<E>,
}

impl<E> Waiting<E> {
    const fn is_live(&self) -> bool {
        self.generation % 2 == 1
    }
}

/// A priority queue of events by time, then insertion.
#[derive(Clone, Debug)]
pub struct Queue<E> {
    order: Order,
    slab: Vec<Waiting<E>>,
    /// The slot that became free last; each free one knows the next.
    free: u32,
    /// The next insertion number, in its place in a key.
    number: u64,
    useful: usize,
    stale: u64,
}

impl<E> Queue<E> {
    /// An empty queue.
    pub const fn new() -> Self {
        Self {
            order: Order::new(),
            slab: Vec::new(),
            free: NO_SLOT,
            number: 0,
            useful: 0,
            stale: 0,
        }
    }

    /// Forgets every event and keeps the room. Tickets of before must not be used any more.
    pub fn clear(&mut self) {
        self.order.clear();
        self.slab.clear();
        self.free = NO_SLOT;
        self.number = 0;
        self.useful = 0;
        self.stale = 0;
    }

    /// Adds an event at `at`.
    #[inline]
    pub fn push(&mut self, at: Time, weight: Weight, event: E) -> Ticket {
        self.put(at, weight, || event)
    }

    /// Adds an event `delay` from now, where `delay` is one of a few constants: such events are already in order.
    #[inline]
    pub fn push_after(&mut self, now: Time, delay: Span, weight: Weight, event: E) -> Ticket {
        let (ticket, key) = self.admit(now + delay, weight, || event);
        self.order.push_lane(delay, key);
        ticket
    }

    /// Adds an event that is made in its place: to make it elsewhere and move it would cost more than all the rest.
    #[inline]
    pub(crate) fn put(&mut self, at: Time, weight: Weight, event: impl FnOnce() -> E) -> Ticket {
        let (ticket, key) = self.admit(at, weight, event);
        self.order.push(key);
        ticket
    }

    /// The next event that was not cancelled, if it falls due before `limit`, with its ticket. It stays in its slot
    /// until [`Queue::take`].
    #[expect(clippy::inline_always, reason = "every event comes from here")]
    #[inline(always)]
    pub(crate) fn pop_before(&mut self, limit: Time) -> Option<(Time, Ticket, &E)> {
        let key = loop {
            let key = self.order.pop_below(u128::from(limit.0) << 64)?;
            let slot = slot_of(key);
            let waiting = &mut self.slab[slot as usize];
            if waiting.is_live() {
                break key;
            }
            self.stale += 1;
            waiting.free = core::mem::replace(&mut self.free, slot);
        };
        let slot = slot_of(key);
        let waiting = &self.slab[slot as usize];
        let generation = waiting.generation;
        let event = waiting.event.as_ref()?;
        Some((time_of(key), Ticket { slot, generation }, event))
    }

    /// Takes the next event out of the order, whenever it falls due, and returns its ticket.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, Ticket)> {
        let (at, ticket, _) = self.pop_before(Time::NEVER)?;
        Some((at, ticket))
    }

    /// Takes a popped event, unless it was cancelled since. Its slot is free from now on.
    #[expect(clippy::inline_always, reason = "every event is taken")]
    #[inline(always)]
    pub fn take(&mut self, ticket: Ticket) -> Option<&E> {
        let waiting = &mut self.slab[ticket.slot as usize];
        waiting.free = core::mem::replace(&mut self.free, ticket.slot);
        if waiting.generation != ticket.generation {
            self.stale += 1;
            return None;
        }
        waiting.generation += 1;
        self.useful -= usize::from(waiting.weight == Weight::Useful);
        waiting.event.as_ref()
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
        if let Some(waiting) = self.slab.get_mut(ticket.slot as usize)
            && waiting.generation == ticket.generation
        {
            waiting.generation += 1;
            self.useful -= usize::from(waiting.weight == Weight::Useful);
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

    /// The event that will be popped next; none where what comes next was cancelled.
    pub(crate) fn upcoming(&self) -> Option<&E> {
        let key = self.order.first()?;
        let waiting = &self.slab[slot_of(key) as usize];
        waiting.event.as_ref().filter(|_| waiting.is_live())
    }

    /// Every waiting event in the order it will be popped, with its time.
    pub fn in_order(&self) -> Vec<(Time, Ticket, &E)> {
        let waiting = |key| {
            let slot = slot_of(key);
            let waiting = &self.slab[slot as usize];
            let generation = waiting.generation;
            let event = waiting.event.as_ref().filter(|_| waiting.is_live())?;
            Some((time_of(key), Ticket { slot, generation }, event))
        };
        let mut keys: Vec<u128> = self.order.keys().collect();
        keys.sort_unstable();
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
        let moved = |key: u128| {
            let waiting = &self.slab[slot_of(key) as usize];
            if !waiting.is_live() || !waiting.event.as_ref().is_some_and(&chosen) {
                return key;
            }
            let at = now + stretch(time_of(key).since(now));
            (u128::from(at.0) << 64) | u128::from(key as u64)
        };
        let keys: Vec<u128> = self.order.keys().map(moved).collect();
        self.order.clear();
        for key in keys {
            self.order.push(key);
        }
    }

    /// Puts an event into a slot. Returns the key that is to be queued.
    #[expect(clippy::inline_always, reason = "every event is made in here")]
    #[inline(always)]
    fn admit(&mut self, at: Time, weight: Weight, event: impl FnOnce() -> E) -> (Ticket, u128) {
        if self.free == NO_SLOT {
            self.grow();
        }
        let slot = self.free;
        self.useful += usize::from(weight == Weight::Useful);
        let low = self.number | u64::from(slot);
        self.number += NUMBER;
        let waiting = &mut self.slab[slot as usize];
        self.free = waiting.free;
        waiting.generation += 1;
        waiting.weight = weight;
        let generation = waiting.generation;
        waiting.event = Some(event());
        let key = (u128::from(at.0) << 64) | u128::from(low);
        (Ticket { slot, generation }, key)
    }

    /// None is free: one more slot is.
    #[cold]
    fn grow(&mut self) {
        let slot = self.slab.len();
        assert!(slot < 1 << SLOT_BITS, "fewer than 2^24 events wait at once");
        self.slab.push(Waiting {
            generation: 0,
            free: NO_SLOT,
            weight: Weight::Useful,
            event: None,
        });
        self.free = slot as u32;
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
    use alloc::collections::BTreeMap;

    use super::*;
    use crate::chance::{Address, Dice, Rate, Seed};

    /// A queue and its naive twin: a sorted map, from which cancelled events are removed.
    struct Twins {
        queue: Queue<u64>,
        naive: BTreeMap<(Time, u64), u64>,
        tickets: Vec<(Ticket, (Time, u64))>,
        now: Time,
    }

    impl Twins {
        fn push(&mut self, n: u64, lane: bool, delay: Span) {
            let ticket = if lane {
                self.queue.push_after(self.now, delay, Weight::Useful, n)
            } else {
                self.queue.push(self.now + delay, Weight::Useful, n)
            };
            self.tickets.push((ticket, (self.now + delay, n)));
            self.naive.insert((self.now + delay, n), n);
        }

        fn cancel(&mut self, index: u64) {
            let (ticket, key) = self.tickets[index as usize];
            self.queue.cancel(ticket);
            self.naive.remove(&key);
        }

        fn pop(&mut self) -> bool {
            let popped = self.queue.pop();
            let popped = popped.map(|(at, ticket)| (at, self.queue.take(ticket).copied()));
            let expected = self.naive.pop_first();
            let expected = expected.map(|((at, _), n)| (at, Some(n)));
            assert_eq!(popped, expected);
            self.now = popped.map_or(self.now, |(at, _)| at);
            popped.is_some()
        }

        fn step(&mut self, dice: Dice, n: u64, spread: u64, growing: bool) {
            let roll = |what, count| dice.below(Address(n, what), 0, count);
            let lane = dice.hits(Address(n, 1), 0, Rate::new(1, 2));
            let delay = if lane {
                roll(2, 12) * 50
            } else {
                roll(3, spread)
            };
            self.push(n, lane, Span(delay));
            if dice.hits(Address(n, 4), 0, Rate::new(1, 5)) {
                self.cancel(roll(5, self.tickets.len() as u64));
            }
            if !growing || n.is_multiple_of(4) {
                self.pop();
            }
        }
    }

    /// Lists, heaps and lanes change no order, whether few events wait or many, near or far.
    #[test]
    fn the_order_is_that_of_a_sorted_map() {
        for seed in 0..200 {
            let dice = Seed::new(seed).dice("queue");
            let mut twins = Twins {
                queue: Queue::new(),
                naive: BTreeMap::new(),
                tickets: Vec::new(),
                now: Time::ZERO,
            };
            for n in 0..600 {
                let growing = n % 300 < 200;
                twins.step(dice, n, 10_u64.pow(1 + seed as u32 % 4), growing);
            }
            let waiting = twins.queue.in_order();
            assert!(waiting.iter().map(|(_, _, n)| *n).eq(twins.naive.values()));
            while twins.pop() {}
            assert_eq!(twins.queue.useful(), 0);
        }
    }

    #[test]
    fn a_ticket_outlives_its_event_harmlessly() {
        let mut queue = Queue::new();
        let first = queue.push(Time(1), Weight::Useful, 'a');
        let (_, popped) = queue.pop().unwrap();
        assert_eq!(queue.take(popped), Some(&'a'));
        queue.push(Time(2), Weight::Useful, 'b');
        queue.cancel(first);
        assert_eq!(
            queue.useful(),
            1,
            "b waits in a's old slot and is not cancelled by a's ticket"
        );
    }

    #[test]
    fn what_is_set_for_never_does_not_happen() {
        let mut queue = Queue::new();
        queue.push(Time::NEVER, Weight::Useful, 'a');
        assert_eq!(queue.pop(), None);
    }
}
