//! When a run ends, and how.

use crate::time::{Span, Time};

/// When a run ends.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Faults act until then. [`Time::NEVER`]: faults act to the end.
    pub heal_at: Time,
    /// With work still open and nothing but chatter for so long, no more will come.
    pub quiet: Span,
    /// Without any progress for so long, none will come.
    pub patience: Span,
    /// The most events and changes of weather that a run may take. Without any progress for the quiet span before it took
    /// them, it is stuck.
    pub events: u64,
}

impl Default for Limits {
    /// Faults act to the end; patience has none; a million events.
    fn default() -> Self {
        Self {
            heal_at: Time::NEVER,
            quiet: Span::secs(1),
            patience: Span(u64::MAX),
            events: 1_000_000,
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// Nothing is left to do, or only chatter came for the whole quiet span; what may still be on its way is later than
    /// anybody waits for it.
    Settled,
    /// Things kept happening, but no progress was made for as long as patience allows, or events last.
    Stuck,
    /// It ran out of events while still making progress.
    Exhausted,
}
