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
    const fn is_empty(&self) -> bool {
        self.taken == self.keys.len()
    }

    /// Whether a key comes after all others.
    #[inline]
    fn is_last(&self, key: u128) -> bool {
        self.keys.last().is_none_or(|last| *last < key)
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

    #[expect(clippy::inline_always, reason = "nearly every packet comes here")]
    #[inline(always)]
    pub(super) fn push(&mut self, key: u128) {
        if !self.far.is_empty() && self.far.peek().is_some_and(|first| first.0 < key) {
            self.push_far(key);
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
            let last = self.near.remove(0);
            self.push_far(last);
        }
    }

    #[inline(never)]
    fn push_far(&mut self, key: u128) {
        self.far.push(Reverse(key));
    }

    /// Pushes a key that was made at a constant delay: it comes after all others of that delay.
    #[expect(clippy::inline_always, reason = "nearly every timer comes here")]
    #[inline(always)]
    pub(super) fn push_lane(&mut self, delay: Span, key: u128) {
        let mut lanes = self.lanes.iter_mut().enumerate();
        match lanes.find(|(_, lane)| lane.delay == delay) {
            Some((index, lane)) if lane.is_empty() => self.begin_lane(index, key),
            Some((_, lane)) if lane.is_last(key) => lane.push(key),
            Some(_) => self.push_apart(key),
            None => self.push_elsewhere(delay, key),
        }
    }

    /// Pushes a key at a delay that has no lane yet.
    #[cold]
    fn push_elsewhere(&mut self, delay: Span, key: u128) {
        match self.open_lane(delay) {
            Some(lane) => self.begin_lane(lane, key),
            None => self.push(key),
        }
    }

    /// Pushes a key for which there is no lane after all.
    #[cold]
    fn push_apart(&mut self, key: u128) {
        self.push(key);
    }

    /// An empty lane gets a first key.
    #[inline(never)]
    fn begin_lane(&mut self, lane: usize, key: u128) {
        self.lanes[lane].clear();
        self.lanes[lane].push(key);
        let place = self.fronts.iter().position(|front| front.1 == lane);
        let mut place = place.expect("every lane has a place");
        while place > 0 && self.fronts[place - 1].0 > key {
            self.fronts[place] = self.fronts[place - 1];
            place -= 1;
        }
        self.fronts[place] = (key, lane);
    }

    /// Finds a lane for a new delay, an empty one or one more, if there is any.
    fn open_lane(&mut self, delay: Span) -> Option<usize> {
        if let Some(index) = self.lanes.iter().position(Lane::is_empty) {
            self.lanes[index].delay = delay;
            return Some(index);
        }
        let index = self.lanes.len();
        (index < LANES).then(|| {
            self.lanes.push(Lane::new(delay));
            index
        })
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
