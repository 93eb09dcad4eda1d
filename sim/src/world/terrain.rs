//! What a world stands on: how messages travel, and what steps take.

use crate::net::{Latency, Transport};
use crate::time::Span;

/// What a world is made of, besides its nodes.
#[derive(Clone, Copy, Debug)]
pub struct Terrain {
    /// How messages travel.
    pub transport: Transport,
    /// How long they take.
    pub latency: Latency,
    /// How long each step keeps its node busy: what it sends leaves when that is over, and its timers begin to run.
    pub service: Span,
}

impl Terrain {
    /// Whether a step keeps its node busy.
    pub(crate) fn takes_time(&self) -> bool {
        !self.service.is_zero()
    }
}

impl Default for Terrain {
    /// Connections, 1 ms per packet, steps that take no time.
    fn default() -> Self {
        Self {
            transport: Transport::Connection,
            latency: Latency {
                least: Span::millis(1),
                spread: Span::ZERO,
            },
            service: Span::ZERO,
        }
    }
}
