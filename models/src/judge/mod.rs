//! The judge: oracles over observations.
//!
//! Every observation of a run comes by here once. The oracles look at it first, each comparing it with what was known
//! before (`evidence`); then it becomes known itself; then what they reported is weighed against the strategy's
//! promise (`docket`) and kept with its `cause`. So the same judgement comes out of a blind run and of an open
//! one.
//!
//! **An oracle reads observations only.** It knows no node, no message and no mechanism; of the strategy it knows
//! what is declared (`rules`): the clauses of the promise, how the mark relates to effects, what an ok claims.

mod cause;
mod causes;
mod docket;
mod evidence;
mod finding;
mod oracle;
mod rules;
mod standstill;
mod tally;

use alloc::sync::Arc;

use semel_sim::address::{NodeId, Weather};
use semel_sim::digest::Digest;
use semel_sim::time::{Span, Time};
use semel_sim::world::End;

use crate::observation::{Observation, Place};
use crate::strategy::{Assumption, Invariant, Level, Strategy};
use crate::vocabulary::Topology;
use crate::workload::Workload;

use docket::Docket;
use evidence::{Facts, Known, Struck};
use oracle::{Moment, Oracle, hear};
use rules::Rules;

pub use causes::{Cause, Family};
pub use finding::{Findings, KEPT, Side, Tally, Violation};
pub use rules::universal_promises;

macro_rules! oracles {
    ($($name:ident: $Oracle:ident,)*) => {
        #[expect(
            clippy::inline_always,
            reason = "each is made for one kind of observation at a time: see `hear`"
        )]
        mod oracles {
            $(pub(super) mod $name;)*
        }

        /// All oracles. Those that judge by what others found come after them.
        #[derive(Clone, Debug, Default)]
        struct Oracles {
            $($name: oracles::$name::$Oracle,)*
        }

        impl Oracles {
            /// Those that hear observations of this kind.
            #[inline]
            fn observe<const KIND: u32>(
                &mut self,
                seen: &Observation,
                now: Moment<'_>,
                known: &Known,
                docket: &mut Docket,
            ) {
                $(if hear::any(<oracles::$name::$Oracle as Oracle>::HEARS, KIND) {
                    self.$name.observe(seen, now, known, docket);
                })*
            }

            fn finish(&mut self, known: &Known, mut settle: impl FnMut(&mut Docket), docket: &mut Docket) {
                $(self.$name.finish(known, docket);
                settle(docket);)*
            }

            fn reset(&mut self) {
                $(self.$name.reset();)*
            }

            fn fingerprint(&self, digest: &mut Digest) {
                $(self.$name.fingerprint(digest);)*
            }
        }
    };
}

oracles! {
    no_phantom: NoPhantom,
    no_duplicate: NoDuplicate,
    no_loss: NoLoss,
    no_aborted_effect: NoAbortedEffect,
    no_early_read: NoEarlyRead,
    key_order: KeyOrder,
    read_order: ReadOrder,
    atomic: Atomic,
    mark_matches_effect: MarkMatchesEffect,
    monotone_offset: MonotoneOffset,
    fencing: Fencing,
    honest_ack: HonestAck,
    bounded_state: BoundedState,
    stable_result: StableResult,
    stable_progress: StableProgress,
    convergence: Convergence,
    same_state: SameState,
    conservation: Conservation,
}

/// The judge of a run.
#[derive(Clone, Debug)]
pub struct Judge {
    known: Known,
    oracles: Oracles,
    docket: Docket,
    /// The latest entry of the trace.
    entry: u64,
}

impl Judge {
    /// A judge of runs of a strategy.
    pub fn new(strategy: &Strategy, topology: Topology, workload: Arc<Workload>) -> Self {
        Self {
            known: Known::new(Rules::new(strategy, topology), workload),
            oracles: Oracles::default(),
            docket: Docket::default(),
            entry: 0,
        }
    }

    /// Ready for another run: equal to a fresh judge, with the room kept.
    pub fn reset(&mut self, workload: Arc<Workload>) {
        self.known.reset(workload);
        self.oracles.reset();
        self.docket.reset();
        self.entry = 0;
    }

    /// Something was observed at a node; `entry` is its place in the trace.
    #[inline]
    pub fn observe(&mut self, entry: u64, at: Time, node: NodeId, observation: &Observation) {
        self.entry = entry;
        hear::tell(self, observation, at, node);
    }

    /// Hears an observation of this kind. There is one of this function for each: of the oracles, and of how evidence
    /// is taken down, it has what is about its kind, and nothing is asked twice.
    #[inline(never)]
    fn hear<const KIND: u32>(&mut self, seen: &Observation, at: Time, node: NodeId) {
        assert!(hear::is(KIND, seen), "told of what it is");
        self.weigh::<KIND>(seen, at, node);
    }

    #[expect(
        clippy::inline_always,
        reason = "it is made for one kind of observation at a time"
    )]
    #[inline(always)]
    fn weigh<const KIND: u32>(&mut self, seen: &Observation, at: Time, node: NodeId) {
        let known = &self.known;
        let facts = hear::record(seen).map_or(&Facts::EMPTY, |record| known.records.get(record));
        let again = cause::of_repeat(known, facts, seen, at);
        let now = Moment {
            at,
            node,
            facts,
            again,
        };
        self.oracles
            .observe::<KIND>(seen, now, known, &mut self.docket);
        self.known.note(seen, at, node, again);
        if !self.docket.is_idle() {
            self.docket.settle(self.entry, at, &self.known);
        }
    }

    /// An outage struck, or the weather changed.
    pub fn fault(&mut self, at: Time, change: &Weather) {
        self.known.fault(at, &change.change);
    }

    /// The network copied a packet.
    pub fn duplicated(&mut self, _at: Time) {
        self.known.faults.struck.set(Struck::DUPLICATE);
    }

    /// Whether everything has been intended, answered, brought to effect and marked, as far as can be seen.
    pub fn complete(&self) -> bool {
        self.known.is_complete()
    }

    /// A count that grows with every piece of useful progress: intents, first answers, first effects, committed
    /// offsets that move on, committed transactions, and the first abort after any of these.
    pub fn progress(&self) -> u64 {
        self.known.progress
    }

    /// The run is over and last words are said. A run that went out of events while it made progress shows nothing
    /// by what is missing or undecided then, so only what was seen on the way counts there.
    pub fn finish(&mut self, end: End, at: Time) {
        self.known.finish(end);
        if end != End::Exhausted {
            let (known, entry) = (&self.known, self.entry);
            let settle = |docket: &mut Docket| {
                if !docket.is_idle() {
                    docket.settle(entry, at, known);
                }
            };
            self.oracles.finish(known, settle, &mut self.docket);
        }
        self.sum_up();
    }

    fn sum_up(&mut self) {
        let mut tally = self.known.tallies.sum_up();
        tally.lost = self.docket.findings.count(Invariant::NoLoss, Level::Effect);
        tally.reordered = self
            .docket
            .findings
            .count(Invariant::KeyOrder, Level::Effect);
        let accounts = &self.known.accounts;
        let all = accounts.iter();
        tally.actual_balance = all.map(|(_, account)| accounts.holds(account)).sum();
        self.docket.findings.tally = tally;
    }

    /// What was found. The tally is filled in by [`Judge::finish`].
    pub fn findings(&self) -> &Findings {
        &self.docket.findings
    }

    /// Adds everything that decides future judgements: no counts, latencies, causes or absolute times. Ages are part
    /// of it only where the strategy speaks of ages.
    pub fn fingerprint(&self, now: Time, digest: &mut Digest) {
        self.known.fingerprint(now, self.longest_age(), digest);
        self.oracles.fingerprint(digest);
        self.docket.fingerprint(digest);
    }

    /// The longest age that any judgement asks for.
    fn longest_age(&self) -> Option<Span> {
        let rules = &self.known.rules;
        let within = rules
            .assumptions()
            .filter_map(|assumption| match assumption {
                Assumption::Within(span) => Some(*span),
                _ => None,
            });
        let places = [Place::Stream, Place::Consumer, Place::Sink].into_iter();
        within
            .chain(places.filter_map(|place| rules.keeps(place)))
            .max()
    }
}
