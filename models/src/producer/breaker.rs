//! A circuit breaker: after so many failures in a row requests are not even tried, until a probe succeeds
//! (`semantics.md` §1.18: an open breaker means failing fast: lost unless parked).

use crate::strategy::{Backoff, Breaker, OnOpen, Retry};
use semel_sim::time::Span;

/// Closed, open, or letting one request through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Breaking {
    failures: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum State {
    #[default]
    Closed,
    Open,
    Probing,
}

impl Breaking {
    /// Whether another request may be sent now.
    pub(super) const fn lets_through(self, in_flight: usize) -> bool {
        match self.state {
            State::Closed => true,
            State::Open => false,
            State::Probing => in_flight == 0,
        }
    }

    /// What becomes of records that it does not let through, beyond `held` ones that are in the client.
    pub(super) fn sheds(self, retry: Retry, held: u32) -> Option<OnOpen> {
        let open = match self.state {
            State::Closed => false,
            State::Open => true,
            State::Probing => held > 0,
        };
        breaker(retry)
            .filter(|_| open)
            .map(|breaker| breaker.on_open)
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A request failed. If that opens the breaker: for how long.
    pub(super) fn failed(&mut self, retry: Retry) -> Option<Span> {
        let Breaker {
            failures, open_for, ..
        } = breaker(retry)?;
        self.failures = self.failures.saturating_add(1);
        let opens = match self.state {
            State::Closed => self.failures >= failures,
            State::Open => false,
            State::Probing => true,
        };
        if !opens {
            return None;
        }
        self.state = State::Open;
        Some(open_for)
    }

    pub(super) fn probe(&mut self) {
        if self.state == State::Open {
            self.state = State::Probing;
        }
    }
}

const fn breaker(retry: Retry) -> Option<Breaker> {
    match retry {
        Retry::Backoff(Backoff { breaker, .. }) => breaker,
        Retry::Never { .. } => None,
    }
}
