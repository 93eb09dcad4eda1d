//! Exploring: every run that deviates from the quiet one at most so often, at points of a menu.
//!
//! The quiet run is walked step by step. At each point where the menu allows a deviation the world is forked, takes
//! it, and goes on with one deviation less to spend; so no prefix runs twice. Two forks whose worlds, judges and
//! budgets agree have the same future: the later one is not followed. Fingerprints are compared only where a world
//! comes to rest, and next acts by itself (a property of its state, so that forks meet at the same points). A run that
//! meets itself there would go round for ever, and has come to its end. Of a power loss it is chosen, too, whether one
//! journal is spared, and which; that is no deviation more.
//!
//! A claim made from this is about one menu, one budget, and one quiet timing.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::mem;

use crate::digest::Digest;
use crate::domain::Domain;
use crate::record::Recorder;
use crate::search::menu::{Choice, Forecast, Menu, Prober, faults};
use crate::search::visited::{Visit, Visited};
use crate::time::Time;
use crate::world::{End, Limits, Patience, World};

/// What is to be explored.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// What may happen.
    pub menu: &'a Menu,
    /// At most so many deviations.
    pub most: usize,
    /// When a run ends.
    pub limits: &'a Limits,
    /// At most so many schedules.
    pub schedules: u64,
    /// Whether forks with the same future are merged. (Not with drifting clocks.)
    pub merge: bool,
}

/// What was tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Schedules followed to their end, by their number of deviations.
    pub ended: Vec<u64>,
    /// Schedules not followed further because an earlier one had the same future, by their number of deviations.
    pub merged: Vec<u64>,
    /// Events simulated.
    pub events: u64,
    /// False if the budget of schedules was spent first.
    pub finished: bool,
}

impl Tried {
    fn new(most: usize) -> Self {
        Self {
            ended: alloc::vec![0; most + 1],
            merged: alloc::vec![0; most + 1],
            events: 0,
            finished: true,
        }
    }

    /// All schedules, followed to their end or merged.
    pub fn schedules(&self) -> u64 {
        self.ended.iter().chain(&self.merged).sum()
    }
}

/// A recorder that judges what it sees, and can be forked with its world and compared.
pub trait Judging<D: Domain>: Recorder<D> + Clone {
    /// Adds everything that decides future judgements to a fingerprint.
    fn fingerprint(&self, now: Time, digest: &mut Digest);
}

/// Follows every schedule of a plan from a world that has not been started. `ended` sees each run at its end.
///
/// # Panics
///
/// Where runs are to be merged and no node adds anything to a fingerprint: all would be taken for one.
pub fn explore<D: Domain, J: Judging<D>>(
    plan: &Plan<'_>,
    world: World<D>,
    judge: J,
    ended: impl FnMut(World<D>, J, End, &[Choice]),
) -> Tried {
    assert!(
        !plan.merge || world.tells_nodes_apart(),
        "merging needs `Process::fingerprint`: say there what decides a node's future"
    );
    let mut explorer = Explorer {
        plan,
        ended,
        tried: Tried::new(plan.most),
        seen: Visited::default(),
        pending: Vec::new(),
        followed: 0,
    };
    explorer.start(world, judge);
    explorer.tried
}

/// A world and its judge, before some step.
#[derive(Clone)]
struct Fork<D: Domain, J> {
    world: World<D>,
    judge: J,
    patience: Patience,
    forecast: Forecast,
    booted: bool,
}

/// A fork that has yet to take its last choice, in the step it stands before.
struct Pending<D: Domain, J> {
    before: Rc<Fork<D, J>>,
    /// How many of the choices, counted from the last, are about that step.
    forced: usize,
    chosen: Vec<Choice>,
}

/// What is known of a world at rest.
enum Meeting {
    Nobody,
    /// An earlier run had the same future before it.
    Another,
    /// This run has been here before.
    Itself,
}

struct Explorer<'a, D: Domain, J, F> {
    plan: &'a Plan<'a>,
    ended: F,
    tried: Tried,
    /// Fingerprints of worlds at rest, and who had most to spend there.
    seen: Visited,
    pending: Vec<Pending<D, J>>,
    followed: u64,
}

impl<D: Domain, J: Judging<D>, F: FnMut(World<D>, J, End, &[Choice])> Explorer<'_, D, J, F> {
    fn start(&mut self, world: World<D>, judge: J) {
        let fork = Fork {
            patience: Patience::new(judge.progress()),
            world,
            judge,
            forecast: Forecast::default(),
            booted: false,
        };
        self.follow(fork, &[]);
        while let Some(pending) = self.pending.pop() {
            if self.tried.schedules() >= self.plan.schedules {
                self.tried.finished = false;
                return;
            }
            self.resume(&pending);
        }
    }

    /// Takes the step that a pending fork stands before, with its choices, and follows on from there.
    fn resume(&mut self, pending: &Pending<D, J>) {
        let mut fork = Fork::clone(&pending.before);
        let chosen = &pending.chosen;
        let forced = &chosen[chosen.len() - pending.forced..];
        let mut prober = Prober::new(self.plan.menu, forced, self.spare(chosen) > 0);
        let end = self.step(&mut fork, &mut prober);
        self.branch(&pending.before, pending.forced, chosen, prober.found);
        match end {
            Some(end) => self.finish(fork, end, chosen),
            None => self.follow(fork, chosen),
        }
    }

    /// Follows a fork to its end, leaving others behind where the menu allows a choice.
    fn follow(&mut self, mut fork: Fork<D, J>, chosen: &[Choice]) {
        self.followed += 1;
        let spare = self.spare(chosen);
        // Where steps take time, what survives a power loss may be asked later than in the step that it was chosen for.
        let branches = spare > 0 || fork.world.terrain().takes_time();
        loop {
            match self.meet(&fork, spare) {
                Meeting::Nobody => {}
                Meeting::Another => {
                    self.tried.merged[faults(chosen)] += 1;
                    return;
                }
                Meeting::Itself => {
                    let idle = fork.world.idle();
                    let end = if idle { End::Settled } else { End::Stuck };
                    return self.finish(fork, end, chosen);
                }
            }
            let before = branches.then(|| fork.clone());
            let mut prober = Prober::new(self.plan.menu, &[], spare > 0);
            let end = self.step(&mut fork, &mut prober);
            if let Some(before) = before
                && !prober.found.is_empty()
            {
                self.branch(&Rc::new(before), 0, chosen, prober.found);
            }
            if let Some(end) = end {
                return self.finish(fork, end, chosen);
            }
        }
    }

    fn spare(&self, chosen: &[Choice]) -> usize {
        self.plan.most - faults(chosen)
    }

    /// The booting of all nodes counts as one step.
    fn step(&mut self, fork: &mut Fork<D, J>, prober: &mut Prober<'_>) -> Option<End> {
        prober.forecast = mem::take(&mut fork.forecast);
        let events = fork.world.counts().events;
        let end = if fork.booted {
            tick(fork, self.plan.limits, prober)
        } else {
            fork.booted = true;
            fork.world.start(prober, &mut fork.judge);
            None
        };
        self.tried.events += fork.world.counts().events - events;
        fork.forecast = mem::take(&mut prober.forecast);
        end
    }

    /// Leaves a fork behind for each choice. The first of them will be taken first.
    fn branch(
        &mut self,
        before: &Rc<Fork<D, J>>,
        forced: usize,
        chosen: &[Choice],
        found: Vec<Choice>,
    ) {
        for choice in found.into_iter().rev() {
            let mut chosen = chosen.to_vec();
            chosen.push(choice);
            self.pending.push(Pending {
                before: Rc::clone(before),
                forced: forced + 1,
                chosen,
            });
        }
    }

    fn finish(&mut self, fork: Fork<D, J>, end: End, chosen: &[Choice]) {
        self.tried.ended[faults(chosen)] += 1;
        (self.ended)(fork.world, fork.judge, end, chosen);
    }

    /// Whether a world at rest has been followed before, with at least as much left to spend.
    fn meet(&mut self, fork: &Fork<D, J>, spare: usize) -> Meeting {
        if !self.plan.merge || !fork.booted || !fork.world.at_rest() {
            return Meeting::Nobody;
        }
        let mut digest = Digest::new();
        fork.world.fingerprint(&mut digest);
        fork.judge.fingerprint(fork.world.now(), &mut digest);
        fork.forecast.fingerprint(fork.world.now(), &mut digest);
        let (run, at) = (self.followed, fork.world.now());
        match self.seen.get(digest.value()) {
            // What waits may have been put in order without a trace; only time shows that it goes round.
            Some(visit) if visit.run == run && visit.at == at => Meeting::Nobody,
            Some(visit) if visit.run == run => Meeting::Itself,
            Some(visit) if visit.spare >= spare => Meeting::Another,
            _ => {
                self.seen.insert(digest.value(), Visit { run, spare, at });
                Meeting::Nobody
            }
        }
    }
}

/// Says how a run ended, or takes its next step: as [`World::go_on`] does.
fn tick<D: Domain, J: Judging<D>>(
    fork: &mut Fork<D, J>,
    limits: &Limits,
    prober: &mut Prober<'_>,
) -> Option<End> {
    let world = &mut fork.world;
    let ended = world.ended(limits, &mut fork.patience, prober, &fork.judge);
    ended.or_else(|| {
        let moved = world.advance(limits.heal_at, prober, &mut fork.judge);
        (!moved).then_some(End::Settled)
    })
}
