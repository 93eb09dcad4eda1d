//! Exploring: every run that deviates from the quiet one at most so often, at points of a menu.
//!
//! The quiet run is walked step by step. At each point where the menu allows a deviation the world is forked, takes
//! it, and goes on with one deviation less to spend; so no prefix runs twice. Two forks whose worlds, judges and
//! budgets agree have the same future: the later one is not followed. Fingerprints are compared only where a world
//! comes to rest (a property of its state, so that forks meet at the same points).
//!
//! A claim made from this is about one menu, one budget, and one quiet timing.

use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::vec::Vec;

use crate::address::{
    Fate, FaultIndex, NodeId, Outage, OutageKind, PacketId, StepId, Strike, Weather,
};
use crate::adversary::{Adversary, LossId, Sending, Step};
use crate::digest::Digest;
use crate::domain::Domain;
use crate::net::Transport;
use crate::record::Recorder;
use crate::time::{Span, Time};
use crate::world::{End, Limits, World};

/// What may happen at each point of a run.
#[derive(Clone, Debug, Default)]
pub struct Menu {
    /// Packets may be lost.
    pub drop: bool,
    /// Packets may arrive twice (datagrams only).
    pub duplicate: bool,
    /// Packets may be late, by each of these.
    pub late: Vec<Span>,
    /// Nodes may suffer each of these after a step, with any number of its packets still leaving.
    pub outages: Vec<(Vec<NodeId>, Outage)>,
}

/// One deviation, as the explorer takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This becomes of a packet.
    Packet(PacketId, Fate),
    /// This befalls a node after a step.
    Step(StepId, Strike),
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

/// What is to be explored.
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

/// A recorder that can be forked and compared.
pub trait Witness<D: Domain>: Recorder<D> + Clone {
    /// Adds everything that decides future judgements to a fingerprint.
    fn fingerprint(&self, now: Time, digest: &mut Digest);
}

/// A world and its judge, before some step.
#[derive(Clone)]
struct Fork<D: Domain, W> {
    world: World<D>,
    witness: W,
    progress: (u64, Time),
}

/// A fork that has yet to take its last choice, in the step it stands before.
struct Pending<D: Domain, W> {
    before: Rc<Fork<D, W>>,
    /// What the step is forced to do, of all that was chosen.
    forced: usize,
    chosen: Vec<Choice>,
}

/// Follows every schedule of a plan from a world that has not been started. `ended` sees each run at its end.
pub fn explore<D: Domain, W: Witness<D>>(
    plan: &Plan<'_>,
    world: World<D>,
    witness: W,
    ended: impl FnMut(World<D>, W, End, &[Choice]),
) -> Tried {
    let mut explorer = Explorer {
        plan,
        ended,
        tried: Tried {
            ended: alloc::vec![0; plan.most + 1],
            merged: alloc::vec![0; plan.most + 1],
            events: 0,
            finished: true,
        },
        seen: BTreeMap::new(),
        pending: Vec::new(),
        domain: core::marker::PhantomData,
    };
    explorer.start(world, witness);
    explorer.tried
}

struct Explorer<'a, D: Domain, W, F> {
    plan: &'a Plan<'a>,
    ended: F,
    tried: Tried,
    /// Fingerprints of worlds at rest, and the most budget that any of them had left.
    seen: BTreeMap<u64, usize>,
    pending: Vec<Pending<D, W>>,
    domain: core::marker::PhantomData<D>,
}

impl<D: Domain, W: Witness<D>, F: FnMut(World<D>, W, End, &[Choice])> Explorer<'_, D, W, F> {
    fn start(&mut self, mut world: World<D>, mut witness: W) {
        let mut prober = Prober::new(self.plan.menu, &[], false);
        world.start(&mut prober, &mut witness);
        let progress = (witness.progress(), world.now());
        self.follow(Fork { world, witness, progress }, Vec::new());
        while let Some(pending) = self.pending.pop() {
            if self.tried.ended.iter().sum::<u64>() >= self.plan.schedules {
                self.tried.finished = false;
                return;
            }
            self.resume(&pending);
        }
    }

    /// Takes the step that a pending fork stands before, with its choices, and follows on from there.
    fn resume(&mut self, pending: &Pending<D, W>) {
        let mut fork = Fork::clone(&pending.before);
        let chosen = &pending.chosen;
        let forced = &chosen[chosen.len() - pending.forced..];
        let spare = self.plan.most > chosen.len();
        let mut prober = Prober::new(self.plan.menu, forced, spare);
        let end = self.step(&mut fork, &mut prober);
        self.branch(&pending.before, pending.forced, chosen, prober.found);
        match end {
            Some(end) => self.finish(fork, end, chosen),
            None => self.follow(fork, chosen.clone()),
        }
    }

    /// Follows a fork to its end, leaving others behind where the menu allows a choice.
    fn follow(&mut self, mut fork: Fork<D, W>, chosen: Vec<Choice>) {
        let spare = self.plan.most - chosen.len();
        loop {
            if self.plan.merge && self.is_known(&fork, spare) {
                self.tried.merged[chosen.len()] += 1;
                return;
            }
            let before = (spare > 0).then(|| fork.clone());
            let mut prober = Prober::new(self.plan.menu, &[], spare > 0);
            let end = self.step(&mut fork, &mut prober);
            if let Some(before) = before
                && !prober.found.is_empty()
            {
                self.branch(&Rc::new(before), 0, &chosen, prober.found);
            }
            if let Some(end) = end {
                self.finish(fork, end, &chosen);
                return;
            }
        }
    }

    fn step(&mut self, fork: &mut Fork<D, W>, prober: &mut Prober<'_>) -> Option<End> {
        let events = fork.world.counts().events;
        let end = fork.world.tick(self.plan.limits, &mut fork.progress, prober, &mut fork.witness);
        self.tried.events += fork.world.counts().events - events;
        end
    }

    fn branch(&mut self, before: &Rc<Fork<D, W>>, forced: usize, chosen: &[Choice], found: Vec<Choice>) {
        for choice in found.into_iter().rev() {
            let mut chosen = chosen.to_vec();
            chosen.push(choice);
            self.pending.push(Pending { before: Rc::clone(before), forced: forced + 1, chosen });
        }
    }

    fn finish(&mut self, fork: Fork<D, W>, end: End, chosen: &[Choice]) {
        self.tried.ended[chosen.len()] += 1;
        (self.ended)(fork.world, fork.witness, end, chosen);
    }

    /// Whether a world at rest has been followed before, with at least as much budget left.
    fn is_known(&mut self, fork: &Fork<D, W>, spare: usize) -> bool {
        if !fork.world.is_at_rest() {
            return false;
        }
        let mut digest = Digest::new();
        fork.world.fingerprint(&mut digest);
        fork.witness.fingerprint(fork.world.now(), &mut digest);
        let most = self.seen.entry(digest.value()).or_insert(usize::MAX);
        if *most != usize::MAX && *most >= spare {
            return true;
        }
        *most = spare;
        false
    }
}

/// Answers one step: quietly, but for what is forced; and notes what else the menu would have allowed after that.
struct Prober<'a> {
    menu: &'a Menu,
    forced: &'a [Choice],
    /// Forced choices that have not come up yet.
    ahead: usize,
    collect: bool,
    found: Vec<Choice>,
}

impl<'a> Prober<'a> {
    const fn new(menu: &'a Menu, forced: &'a [Choice], collect: bool) -> Self {
        Self { menu, forced, ahead: forced.len(), collect, found: Vec::new() }
    }

    const fn collects(&self) -> bool {
        self.collect && self.ahead == 0
    }
}

impl<D: Domain> Adversary<D> for Prober<'_> {
    fn fate(&mut self, sending: &Sending<'_, D>) -> Fate {
        let forced = self.forced.iter().find_map(|choice| match choice {
            Choice::Packet(id, fate) if *id == sending.id => Some(*fate),
            _ => None,
        });
        if let Some(fate) = forced {
            self.ahead -= 1;
            return fate;
        }
        let quiet = Fate::deliver(sending.latency);
        if self.collects() && !D::chatter(sending.id.label) {
            let id = sending.id;
            if self.menu.drop {
                self.found.push(Choice::Packet(id, Fate::drop()));
            }
            if self.menu.duplicate {
                let mut twice = quiet;
                twice.copy(sending.latency + sending.latency);
                self.found.push(Choice::Packet(id, twice));
            }
            let late = self.menu.late.iter().map(|late| Fate::deliver(sending.latency + *late));
            self.found.extend(late.map(|fate| Choice::Packet(id, fate)));
        }
        quiet
    }

    fn strike(&mut self, step: &Step<'_, D>) -> Option<Strike> {
        let forced = self.forced.iter().find_map(|choice| match choice {
            Choice::Step(id, strike) if *id == step.id => Some(*strike),
            _ => None,
        });
        if forced.is_some() {
            self.ahead -= 1;
            return forced;
        }
        if self.collects() && (step.sends > 0 || !step.seen.is_empty()) {
            for (nodes, outage) in &self.menu.outages {
                let pointless = outage.kind == OutageKind::PowerLoss && !step.unsynced;
                if !nodes.contains(&step.node) || pointless {
                    continue;
                }
                let strikes = (0..=step.sends).map(|sends| Strike { outage: *outage, sends, fault: FaultIndex::NONE });
                self.found.extend(strikes.map(|strike| Choice::Step(step.id, strike)));
            }
        }
        None
    }

    fn jitter(&mut self, _: StepId, _: u32, _: Span) -> Span {
        Span::ZERO
    }

    fn survives(&mut self, _: LossId, _: u64) -> u64 {
        0
    }

    fn next_weather(&self) -> Option<Time> {
        None
    }

    fn weather(&mut self) -> Weather {
        unreachable!("the explorer's weather never changes")
    }

    fn heal(&mut self) {}
}

/// Repeats a chosen schedule from the beginning.
#[derive(Clone, Debug)]
pub struct Chosen<'a>(pub &'a [Choice]);

impl<D: Domain> Adversary<D> for Chosen<'_> {
    fn fate(&mut self, sending: &Sending<'_, D>) -> Fate {
        let chosen = self.0.iter().find_map(|choice| match choice {
            Choice::Packet(id, fate) if *id == sending.id => Some(*fate),
            _ => None,
        });
        chosen.unwrap_or_else(|| Fate::deliver(sending.latency))
    }

    fn strike(&mut self, step: &Step<'_, D>) -> Option<Strike> {
        self.0.iter().find_map(|choice| match choice {
            Choice::Step(id, strike) if *id == step.id => Some(*strike),
            _ => None,
        })
    }

    fn jitter(&mut self, _: StepId, _: u32, _: Span) -> Span {
        Span::ZERO
    }

    fn survives(&mut self, _: LossId, _: u64) -> u64 {
        0
    }

    fn next_weather(&self) -> Option<Time> {
        None
    }

    fn weather(&mut self) -> Weather {
        unreachable!("a chosen schedule has no weather")
    }

    fn heal(&mut self) {}
}

impl<D: Domain> World<D> {
    /// Whether hardly anything waits: a point where forks with the same future meet.
    fn is_at_rest(&self) -> bool {
        self.useful() <= 1
    }

    /// How messages travel here.
    pub fn transport(&self) -> Transport {
        self.terrain.transport
    }
}
