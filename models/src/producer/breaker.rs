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
    pub(super) fn lets_through(&self, in_flight: usize) -> bool {
        match self.state {
            State::Closed => true,
            State::Open => false,
            State::Probing => in_flight == 0,
        }
    }

    /// Whether a new record fails at once.
    pub(super) fn refuses(&self, retry: Retry) -> bool {
        self.state == State::Open && on_open(retry) == Some(OnOpen::Fail)
    }

    /// Whether a new record is dropped without a word.
    pub(super) fn loses(&self, retry: Retry) -> bool {
        self.state == State::Open && on_open(retry) == Some(OnOpen::Lose)
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A request failed. If that opens the breaker: for how long.
    pub(super) fn failed(&mut self, retry: Retry) -> Option<Span> {
        let Breaker {
            failures, open_for, ..
        } = breaker(retry)?;
        self.failures += 1;
        let opens = self.state == State::Probing
            || (self.state == State::Closed && self.failures >= failures);
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

fn on_open(retry: Retry) -> Option<OnOpen> {
    breaker(retry).map(|breaker| breaker.on_open)
}
