//! When a run ends, and how.

use crate::adversary::Adversary;
use crate::context::{Due, Event};
use crate::domain::Domain;
use crate::record::Recorder;
use crate::time::{Span, Time};
use crate::world::World;

/// When a run ends.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Faults act until then. [`Time::NEVER`]: faults act to the end.
    pub heal_at: Time,
    /// With work still open and nothing but chatter for so long, no more will come.
    pub quiet: Span,
    /// Without any progress for so long, none will come.
    pub patience: Span,
    /// The most events and changes of weather that a run may take. With patience that ends, and no progress for the
    /// quiet span before it took them, it is stuck; otherwise it is exhausted.
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
    /// It ran out of events: while still making progress, or while nobody may say that it makes none, for patience has
    /// no end.
    Exhausted,
}

/// How long a run has gone without progress.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    /// The progress made so far.
    progress: u64,
    /// When it was made, by the clock of [`crate::world::trouble::Trouble`].
    since: Time,
    /// Until then it lasts at the least, in true time: that clock is never faster.
    lasts: Time,
}

impl Patience {
    pub(crate) const fn new(progress: u64) -> Self {
        Self {
            progress,
            since: Time::ZERO,
            lasts: Time::ZERO,
        }
    }
}

impl<D: Domain> World<D> {
    /// Whether the run is over, judged between two events.
    #[inline]
    pub(crate) fn ended(
        &self,
        limits: &Limits,
        patience: &mut Patience,
        adversary: &impl Adversary<D>,
        recorder: &impl Recorder<D>,
    ) -> Option<End> {
        let now = self.core.now;
        let progress = recorder.progress();
        if progress != patience.progress {
            *patience = Patience {
                progress,
                since: self.trouble.clock(now),
                lasts: now + limits.patience,
            };
        }
        let idle = self.idle();
        if (idle || now > patience.lasts)
            && let Some(end) = self.came_to_rest(limits, patience, adversary, recorder)
        {
            return Some(end);
        }
        let spent = self.counts.events + self.counts.changes >= limits.events;
        spent.then(|| self.spent(limits, patience, adversary))
    }

    /// Whoever spent the rest of the events on nothing was not getting anywhere, unless nobody could.
    #[cold]
    fn spent(&self, limits: &Limits, patience: &Patience, adversary: &impl Adversary<D>) -> End {
        let waited = self.trouble.waited(self.core.now, patience.since);
        let hopeless = limits.patience == Span(u64::MAX);
        if waited > limits.quiet && !hopeless && !self.troubled(limits, adversary) {
            End::Stuck
        } else {
            End::Exhausted
        }
    }

    /// Whether a run is over in which nothing but chatter waits, or nothing was achieved for a while.
    #[inline(never)]
    fn came_to_rest(
        &self,
        limits: &Limits,
        patience: &Patience,
        adversary: &impl Adversary<D>,
        recorder: &impl Recorder<D>,
    ) -> Option<End> {
        let now = self.core.now;
        let idle = self.idle();
        let waited = self.trouble.waited(now, patience.since);
        let stuck = waited > limits.patience && !self.troubled(limits, adversary);
        if (idle || stuck) && (self.healed || adversary.next_weather().is_none()) {
            let for_good = self.healed || limits.heal_at == Time::NEVER;
            let only_chatter = now.since(self.useful_at) >= limits.quiet;
            let quiet = for_good && only_chatter;
            if idle && (quiet || recorder.complete()) {
                return Some(End::Settled);
            }
            // Where nothing but chatter is to come, the quiet span decides.
            if stuck && !idle {
                match (self.nobody_acts(), only_chatter) {
                    (false, _) => return Some(End::Stuck),
                    (true, true) => return Some(End::Settled),
                    (true, false) => {}
                }
            }
        }
        None
    }

    /// Whether something is still to pass by itself: the weather, healing, or an outage.
    fn troubled(&self, limits: &Limits, adversary: &impl Adversary<D>) -> bool {
        let weather = limits.heal_at != Time::NEVER || adversary.next_weather().is_some();
        (!self.healed && weather) || self.trouble.is_here()
    }

    /// Whether all that is to come, besides chatter, is what others have sent: packets that are later than anybody
    /// waits for are no standstill.
    #[cold]
    fn nobody_acts(&self) -> bool {
        let is_rest = |event: &Event<D>| match &event.due {
            Due::Arrival { .. } | Due::Told { .. } | Due::Ready => true,
            Due::Timer { timer, .. } => D::chatter(D::timer_label(timer)),
            Due::Return { .. } => false,
        };
        let queue = &self.core.queue;
        let mut waiting = self.slots.iter().flat_map(|slot| &slot.inbox);
        queue.in_order().iter().all(|(_, _, event)| is_rest(event))
            && waiting.all(|ticket| queue.get(*ticket).is_none_or(is_rest))
    }
}
