//! When trouble passed: the clock by which patience is measured.
//!
//! Nobody can be expected to get anywhere while a node is down or an isolation lasts, so that is no standstill, however
//! long it takes. The clock stands still while any node is down, and patience starts anew with every change of weather,
//! and when the last node that was down is up again.

use crate::time::{Span, Time};

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trouble {
    /// Nodes that are down or paused now.
    down: u16,
    /// Since when there are any.
    since: Time,
    /// For how long there were some before.
    total: Span,
    /// When the weather changed last, by this clock.
    changed: Time,
}

impl Trouble {
    /// A node that was up is down.
    pub(super) fn begins(&mut self, now: Time) {
        if self.down == 0 {
            self.since = now;
        }
        self.down += 1;
    }

    /// A node is up again.
    pub(super) fn ends(&mut self, now: Time) {
        self.down -= 1;
        if self.down == 0 {
            self.total = self.total + now.since(self.since);
            self.changes(now);
        }
    }

    /// The weather changed.
    pub(super) fn changes(&mut self, now: Time) {
        self.changed = self.clock(now);
    }

    /// Whether any node is down.
    pub(crate) const fn is_here(&self) -> bool {
        self.down > 0
    }

    /// The time that has passed with every node up.
    #[inline]
    pub(super) fn clock(&self, now: Time) -> Time {
        let now = if self.down > 0 { self.since } else { now };
        Time(now.0 - self.total.0)
    }

    /// How long it has been, by this clock, since the weather changed or something was done `then`.
    #[inline]
    pub(super) fn waited(&self, now: Time, then: Time) -> Span {
        self.clock(now).since(then.max(self.changed))
    }
}
