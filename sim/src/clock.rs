//! A node's clocks: a monotonic one that restarts at boot, and a wall clock. Both drift alike; only the wall steps.

use crate::time::{Span, Time};

const MILLION: u128 = 1_000_000;

/// The clocks of one node as the kernel keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    /// True time of the last change of speed, and what the node's clock had counted by then since time 0.
    changed: Time,
    counted: u64,
    /// What the clock had counted at boot.
    boot: u64,
    /// Wall time minus counted time.
    offset: i128,
    /// Parts per million that this clock runs fast.
    drift: i32,
}

impl Clock {
    /// A true clock that read `EPOCH` at time 0.
    pub(crate) const fn new() -> Self {
        Self {
            changed: Time::ZERO,
            counted: 0,
            boot: 0,
            offset: EPOCH,
            drift: 0,
        }
    }

    #[inline]
    fn count(&self, now: Time) -> u64 {
        let elapsed = now.0 - self.changed.0;
        if self.drift == 0 {
            return self.counted + elapsed;
        }
        let counted = u128::from(elapsed) * speed(self.drift) / MILLION;
        self.counted + counted as u64
    }

    /// Time since boot by the node's own reckoning.
    pub(crate) fn elapsed(&self, now: Time) -> Span {
        Span(self.count(now) - self.boot)
    }

    /// The node's wall clock, never below zero.
    pub(crate) fn wall(&self, now: Time) -> Time {
        let wall = i128::from(self.count(now)) + self.offset;
        Time(u64::try_from(wall).unwrap_or(0))
    }

    /// How long the node's `span` takes in true time.
    #[inline]
    pub(crate) fn true_span(&self, span: Span) -> Span {
        if self.drift == 0 {
            span
        } else {
            stretched(span, 0, self.drift)
        }
    }

    /// The monotonic clock starts again.
    pub(crate) fn reboot(&mut self, now: Time) {
        self.boot = self.count(now);
    }

    /// The wall clock jumps.
    pub(crate) fn step(&mut self, nanos: i64) {
        self.offset += i128::from(nanos);
    }

    /// Both clocks run at another speed from now on. Returns the speed before.
    pub(crate) fn set_drift(&mut self, now: Time, drift: i32) -> i32 {
        self.counted = self.count(now);
        self.changed = now;
        core::mem::replace(&mut self.drift, drift)
    }

    /// What distinguishes this clock from another one at the same instant: its wall's error and its speed. Not its
    /// uptime: what a process keeps of that, it must itself put into a fingerprint as age or as time to go.
    pub(crate) fn state(&self, now: Time) -> (i128, i32) {
        let error = i128::from(self.count(now)) + self.offset - EPOCH - i128::from(now.0);
        (error, self.drift)
    }
}

/// How long it takes at the speed `after` until as much has been counted as in `span` at the speed `before` (both in
/// parts per million above true). Rounded up: no timer fires before its node has counted its delay.
pub(crate) fn stretched(span: Span, before: i32, after: i32) -> Span {
    let scaled = (u128::from(span.0) * speed(before)).div_ceil(speed(after));
    Span(u64::try_from(scaled).unwrap_or(u64::MAX))
}

/// How much a clock counts in a million true units of time.
fn speed(drift: i32) -> u128 {
    (MILLION.cast_signed() + i128::from(drift)).unsigned_abs()
}

/// What every wall clock reads when a run begins: far enough from zero to be stepped back.
const EPOCH: i128 = 1_000_000_000_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_counts_more_and_its_timers_fire_early() {
        let mut clock = Clock::new();
        clock.set_drift(Time::ZERO, 100_000);
        assert_eq!(clock.elapsed(Time(1_000_000)), Span(1_100_000));
        assert_eq!(clock.true_span(Span(1_100_000)), Span(1_000_000));
    }

    #[test]
    fn no_timer_fires_before_its_delay_is_counted() {
        for drift in [-500_000, -7, 3, 123_457] {
            let mut clock = Clock::new();
            clock.set_drift(Time(13), drift);
            for delay in [1, 999, 1_000_003] {
                let (now, delay) = (Time(29), Span(delay));
                let fired = now + clock.true_span(delay);
                let counted = clock.elapsed(fired) - clock.elapsed(now);
                assert!(counted >= delay, "{drift} ppm: {counted:?} of {delay:?}");
            }
        }
    }

    #[test]
    fn a_step_moves_the_wall_and_a_boot_the_monotonic_clock() {
        let mut clock = Clock::new();
        let before = clock.wall(Time(10));
        clock.step(-4);
        assert_eq!(clock.wall(Time(10)).0, before.0 - 4);
        assert_eq!(clock.elapsed(Time(10)), Span(10));
        clock.reboot(Time(10));
        assert_eq!(clock.elapsed(Time(15)), Span(5));
    }
}
