//! A consumer's view of one partition: where it reads, and what it has fetched.

use alloc::collections::VecDeque;
use core::hash::{Hash, Hasher};

use semel_sim::address::NodeId;
use semel_sim::context::TimerId;

use crate::message::Message;
use crate::message::log::{Message as LogMessage, Range};
use crate::model::Ctx;
use crate::strategy::{Loop, Reset};
use crate::timer::Timer;
use crate::vocabulary::{Generation, Item, Offset, Partition};

/// A polled record, and in which generation it was: whoever handles it later acts by the right of that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Polled {
    pub(super) partition: Partition,
    pub(super) item: Item,
    pub(super) generation: Generation,
}

/// One partition being read.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) partition: Partition,
    /// The next offset that poll returns.
    pub(super) position: Offset,
    /// The position has just been reset.
    pub(super) reset: bool,
    /// Where the next fetch begins, once it is known.
    next: Option<Offset>,
    marked: Offset,
    fetching: Option<(u32, TimerId)>,
    fetched: VecDeque<Item>,
}

impl Hash for Reader {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            partition,
            position,
            next,
            marked,
            fetching,
            fetched,
            ..
        } = self;
        (
            partition,
            position,
            next,
            marked,
            fetching.is_some(),
            fetched,
        )
            .hash(state);
    }
}

impl Reader {
    pub(super) const fn new(partition: Partition) -> Self {
        Self {
            partition,
            position: 0,
            reset: false,
            next: None,
            marked: 0,
            fetching: None,
            fetched: VecDeque::new(),
        }
    }

    /// The committed offset is known. Without one, the reader finds out where the log begins or ends.
    pub(super) fn begin(&mut self, committed: Option<Offset>, reset: Reset) {
        let unknown = match reset {
            Reset::Earliest => 0,
            Reset::Latest => Offset::MAX,
        };
        self.position = committed.unwrap_or(unknown);
        self.marked = committed.unwrap_or(0);
        self.next = Some(self.position);
    }

    /// It knows where to read, has nothing in hand and has not asked.
    pub(super) fn is_hungry(&self) -> bool {
        self.next.is_some() && self.fetching.is_none() && self.fetched.is_empty()
    }

    pub(super) fn ask(&mut self, request: u32, leader: NodeId, work: &Loop, ctx: &mut Ctx<'_>) {
        let Some(offset) = self.next else { return };
        let fetch = LogMessage::Fetch {
            partition: self.partition,
            offset,
            request,
            most: work.poll,
            read: work.read,
            wait: work.fetch_wait,
        };
        ctx.send(leader, Message::Log(fetch));
        let timer = ctx.set_timer(
            work.fetch_wait + work.fetch_timeout,
            Timer::FetchExpired { request },
        );
        self.fetching = Some((request, timer));
    }

    pub(super) fn expects(&self, partition: Partition, request: u32) -> bool {
        self.partition == partition && self.waits_for(request)
    }

    pub(super) fn waits_for(&self, request: u32) -> bool {
        self.fetching.is_some_and(|(number, _)| number == request)
    }

    /// The answer to a fetch. Outside the log the position is reset.
    pub(super) fn fetched(&mut self, items: &[Item], next: Offset, range: Range, reset: Reset) {
        match range {
            Range::Inside => {
                self.fetched.extend(items);
                self.next = Some(next);
            }
            Range::Outside(end) => {
                let position = match reset {
                    Reset::Earliest => next,
                    Reset::Latest => end,
                };
                self.reset = true;
                self.position = position;
                self.next = Some(position);
            }
        }
    }

    pub(super) fn stop_waiting(&mut self, ctx: &mut Ctx<'_>) {
        if let Some((_, timer)) = self.fetching.take() {
            ctx.cancel(timer);
        }
    }

    /// A fetch will not be answered. True if there was one.
    pub(super) fn forget_fetch(&mut self) -> bool {
        self.fetching.take().is_some()
    }

    pub(super) fn has_records(&self) -> bool {
        !self.fetched.is_empty()
    }

    /// Returns up to `most` records, and moves the position behind them.
    pub(super) fn poll(
        &mut self,
        most: u16,
        generation: Generation,
        backlog: &mut VecDeque<Polled>,
    ) {
        let count = self.fetched.len().min(usize::from(most));
        for item in self.fetched.drain(..count) {
            self.position = item.offset + 1;
            backlog.push_back(Polled {
                partition: self.partition,
                item,
                generation,
            });
        }
        if self.fetched.is_empty() {
            self.position = self.next.unwrap_or(self.position);
        }
    }

    /// The position, if it has moved since this was asked last. Where a reset has put it counts, too; as long as that
    /// is not known there is none.
    pub(super) fn unmarked(&mut self) -> Option<Offset> {
        if self.position == Offset::MAX {
            return None;
        }
        let moved = self.position > self.marked;
        self.marked = self.position;
        moved.then_some(self.position)
    }
}
