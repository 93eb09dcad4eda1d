//! Keys in order: a short sorted list of the soonest, a heap of the rest, and lanes for constant delays.
//!
//! Most keys that are pushed fall due among the next few dozen, where a sorted list is quicker than a heap. Keys that
//! are pushed at a constant delay arrive already sorted and need neither: they wait in a lane. The order is that of
//! a plain heap, always.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::time::Span;

/// How many keys the sorted list holds, and how many it takes from the heap when it has run out.
const NEAR: usize = 32;
const REFILL: usize = 16;
const LANES: usize = 8;
/// No key is as large.
const NO_KEY: u128 = u128::MAX;

/// No lane has a key.
const NO_FRONTS: [(u128, usize); LANES] = {
    let mut fronts = [(NO_KEY, 0); LANES];
    let mut lane = 0;
    while lane < LANES {
        fronts[lane].1 = lane;
        lane += 1;
    }
    fronts
};

/// Keys that were pushed at one delay, the soonest first.
#[derive(Clone, Debug)]
struct Lane {
    delay: Span,
    keys: Vec<u128>,
    /// How many of the keys have been taken: a ring would ask more of every key.
    taken: usize,
}

impl Lane {
    const fn new(delay: Span) -> Self {
        Self {
            delay,
            keys: Vec::new(),
            taken: 0,
        }
    }

    fn clear(&mut self) {
        self.keys.clear();
        self.taken = 0;
    }

    fn waiting(&self) -> &[u128] {
        &self.keys[self.taken..]
    }

    #[inline]
    fn push(&mut self, key: u128) {
        if self.keys.len() == self.keys.capacity() {
            self.sweep();
        }
        self.keys.push(key);
    }

    /// There is no more room: what has been taken makes some, if it is a quarter of all.
    #[cold]
    fn sweep(&mut self) {
        if self.taken * 4 >= self.keys.len() {
            self.keys.drain(..self.taken);
            self.taken = 0;
        }
    }

    /// Takes the first key, and returns the one behind it.
    #[inline]
    fn pass(&mut self) -> u128 {
        self.taken += 1;
        self.keys.get(self.taken).copied().unwrap_or(NO_KEY)
    }
}

/// A set of distinct keys that gives out the smallest.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// The soonest last. Every key in `far` is greater than all of these.
    near: Vec<u128>,
    far: BinaryHeap<Reverse<u128>>,
    lanes: Vec<Lane>,
    /// The first key of each lane ([`NO_KEY`] if there is none) and which lane, the soonest first.
    fronts: [(u128, usize); LANES],
}

impl Order {
    pub(super) const fn new() -> Self {
        Self {
            near: Vec::new(),
            far: BinaryHeap::new(),
            lanes: Vec::new(),
            fronts: NO_FRONTS,
        }
    }

    pub(super) fn clear(&mut self) {
        self.near.clear();
        self.far.clear();
        self.lanes.iter_mut().for_each(Lane::clear);
        self.fronts = NO_FRONTS;
    }

    /// All keys, in no order.
    pub(super) fn keys(&self) -> impl Iterator<Item = u128> + '_ {
        let far = self.far.iter().map(|key| key.0);
        let lanes = self.lanes.iter().flat_map(Lane::waiting);
        self.near.iter().chain(lanes).copied().chain(far)
    }

    /// The smallest key.
    pub(super) fn first(&self) -> Option<u128> {
        let near = self.near.last().copied().unwrap_or(NO_KEY);
        let first = near.min(self.fronts[0].0);
        (first < NO_KEY).then_some(first)
    }

    pub(super) fn push(&mut self, key: u128) {
        if !self.far.is_empty() && self.far.peek().is_some_and(|first| first.0 < key) {
            self.far.push(Reverse(key));
            return;
        }
        let mut place = self.near.len();
        self.near.push(key);
        while place > 0 && self.near[place - 1] < key {
            self.near[place] = self.near[place - 1];
            place -= 1;
        }
        self.near[place] = key;
        if self.near.len() > NEAR {
            self.far.push(Reverse(self.near.remove(0)));
        }
    }

    /// Pushes a key that was made at a constant delay: it comes after all others of that delay.
    pub(super) fn push_lane(&mut self, delay: Span, key: u128) {
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            if lane.delay != delay {
                continue;
            }
            match lane.waiting().last() {
                None => {
                    lane.clear();
                    lane.push(key);
                    self.come_first(index, key);
                }
                Some(last) if *last < key => lane.push(key),
                Some(_) => self.push_apart(key),
            }
            return;
        }
        if self.open_lane(delay) {
            self.push_lane(delay, key);
        } else {
            self.push_apart(key);
        }
    }

    /// Pushes a key for which there is no lane after all.
    #[cold]
    fn push_apart(&mut self, key: u128) {
        self.push(key);
    }

    /// A lane that was empty has a first key.
    fn come_first(&mut self, lane: usize, key: u128) {
        let place = self.fronts.iter().position(|front| front.1 == lane);
        let mut place = place.expect("every lane has a place");
        while place > 0 && self.fronts[place - 1].0 > key {
            self.fronts[place] = self.fronts[place - 1];
            place -= 1;
        }
        self.fronts[place] = (key, lane);
    }

    /// Finds a lane for a new delay, an empty one or one more. False where there is none.
    #[cold]
    fn open_lane(&mut self, delay: Span) -> bool {
        let mut lanes = self.lanes.iter_mut();
        if let Some(lane) = lanes.find(|lane| lane.waiting().is_empty()) {
            lane.delay = delay;
            return true;
        }
        let room = self.lanes.len() < LANES;
        if room {
            self.lanes.push(Lane::new(delay));
        }
        room
    }

    /// Takes the smallest key, if it is below `limit`.
    #[expect(clippy::inline_always, reason = "every event comes from here")]
    #[inline(always)]
    pub(super) fn pop_below(&mut self, limit: u128) -> Option<u128> {
        let lane = self.fronts[0].0;
        if let Some(&key) = self.near.last()
            && key < lane
        {
            return (key < limit).then(|| self.pop_near(key));
        }
        (lane < limit).then(|| self.pop_lane(lane))
    }

    /// Removes the soonest key of the list.
    #[inline]
    fn pop_near(&mut self, key: u128) -> u128 {
        self.near.pop();
        if self.near.is_empty() && !self.far.is_empty() {
            self.refill();
        }
        key
    }

    /// The list has run out: the soonest of the heap take its place.
    #[cold]
    fn refill(&mut self) {
        while self.near.len() < REFILL
            && let Some(Reverse(key)) = self.far.pop()
        {
            self.near.push(key);
        }
        self.near.reverse();
    }

    /// Removes the soonest key of all lanes.
    #[inline]
    fn pop_lane(&mut self, first: u128) -> u128 {
        let (_, lane) = self.fronts[0];
        let key = self.lanes[lane].pass();
        let mut place = 0;
        while place + 1 < LANES && self.fronts[place + 1].0 < key {
            self.fronts[place] = self.fronts[place + 1];
            place += 1;
        }
        self.fronts[place] = (key, lane);
        first
    }
}
