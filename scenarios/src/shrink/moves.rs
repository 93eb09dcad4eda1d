//! Moving faults: where taking things away gets no further, what struck is tried wherever it can strike in a run of
//! a few records. One of the faults alone is tried first, then two of them.
//!
//! A crash between an effect and its mark needs one record; but in a long run each record taken away moves the others
//! against the timers, and the crash hits something else. Where power is lost and something has to survive it, what
//! that is depends on where it is lost: for each place, every journal is tried.

use std::sync::Arc;

use semel_models::workload::Money;
use semel_sim::adversary::watch::Watched;
use semel_sim::digest::name_key;
use semel_sim::schedule::{Deviation, Fated, NamedChange, OutageName};
use semel_sim::time::{Span, Time};

use super::case::Case;
use super::{Moves, Shrinker};
use crate::shrink::meaning::{Carried, Meaning};
use crate::shrink::survey::{Open, Survey};

/// The most records of a small run.
pub(super) const RECORDS: usize = 3;

/// How far apart they are intended: close together, or each on its own.
const PACES: [Span; 2] = [Span::millis(10), Span::millis(100)];

/// The most runs that moving two faults may take.
const PAIRS: u64 = 1_000;

impl Shrinker {
    pub(super) fn move_faults(&mut self, case: &mut Case) {
        let faults = case.meanings.len();
        let size = case.records();
        if self.moves == Moves::Nowhere || faults < 2 && size <= RECORDS {
            return;
        }
        let worlds: Vec<Case> = (1..=RECORDS.min(size))
            .flat_map(|records| {
                let paces = PACES.map(|pace| case.small(records, pace));
                paces.into_iter().chain([case.last(records)])
            })
            .flatten()
            .collect();
        let losing: Vec<Case> = worlds.iter().filter_map(Case::losing).collect();
        // What the plan's own faults could do comes first; anything else only where that leaves much.
        for moves in [Moves::Within, Moves::Anywhere] {
            self.moves = moves;
            if moves == Moves::Anywhere && !case.is_large() {
                break;
            }
            if let Some(moved) = self.moved(case, &worlds, &losing) {
                *case = moved;
                break;
            }
        }
    }

    fn moved(&mut self, case: &Case, worlds: &[Case], losing: &[Case]) -> Option<Case> {
        let moved = worlds.iter().find_map(|world| self.move_one(world));
        let survivors = case.meanings.iter().any(survives);
        let mut sparing = worlds.iter().filter(|_| survivors);
        let moved = moved.or_else(|| sparing.find_map(|world| self.move_loss(world)));
        let moved = moved.or_else(|| losing.iter().find_map(|world| self.move_one(world)));
        moved.or_else(|| {
            let large = case.meanings.len() > 3 || case.records() > RECORDS;
            let mut worlds = worlds.iter().chain(losing).filter(|_| large);
            let dry = self.dry;
            let moved = self.sparing((PAIRS, u64::MAX), |shrinker| {
                worlds.find_map(|world| shrinker.move_two(world))
            });
            self.dry = dry;
            moved
        })
    }

    fn move_one(&mut self, world: &Case) -> Option<Case> {
        let (acts, fixed) = world.acts();
        let base = world.with(&fixed);
        let candidates = self.candidates(&base, &acts)?;
        self.first(candidates, |shrinker, one| shrinker.shows(&base.and(one)))
    }

    /// The first of many things to try that comes to something, as long as there are runs left to try them in.
    pub(super) fn first<T>(
        &mut self,
        all: impl IntoIterator<Item = T>,
        mut tried: impl FnMut(&mut Self, T) -> Option<Case>,
    ) -> Option<Case> {
        for one in all {
            if !self.may_run() {
                return None;
            }
            let found = tried(self, one);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The same where power is lost, and some of one journal survives.
    fn move_loss(&mut self, world: &Case) -> Option<Case> {
        let (mut acts, mut fixed) = world.acts();
        acts.retain(|act| {
            let lost = OutageName::PowerLoss;
            matches!(act, Deviation::Step { outage, .. } if *outage == lost)
        });
        fixed.retain(|one| !survives(one));
        let base = world.with(&fixed);
        let candidates = self.candidates(&base, &acts)?;
        self.first(candidates, |shrinker, one| {
            let struck = base.and(one);
            let survivors = shrinker.survivors(&struck)?;
            shrinker.first(survivors, |shrinker, some| {
                shrinker.shows(&struck.and(some))
            })
        })
    }

    /// For each journal that loses something in a run of a case: all of it, or its first entries.
    fn survivors(&mut self, case: &Case) -> Option<Vec<Meaning>> {
        let bench = self.bench(case)?;
        let reach = Arc::clone(&self.reach);
        let carried = Carried::new(&case.meanings, &bench.nodes)?;
        let mut survey = Watched::new(carried, Survey::new(&reach, &bench.nodes));
        bench.play(&mut survey);
        let named = |key: u64| bench.nodes.iter().find(|name| name_key(name) == key);
        let mut survivors = Vec::new();
        for (loss, unsynced) in survey.watch.into_losses() {
            let node = named(loss.node)?;
            survivors.extend((1..=unsynced).rev().map(|kept| Meaning {
                deviation: Deviation::Survives {
                    node: node.clone(),
                    incarnation: loss.incarnation,
                    journal: loss.journal,
                    kept,
                },
                place: None,
                at: Time(0),
            }));
        }
        Some(survivors)
    }

    fn move_two(&mut self, world: &Case) -> Option<Case> {
        let (acts, fixed) = world.acts();
        let base = world.with(&fixed);
        let candidates = self.candidates(&base, &acts)?;
        self.first(candidates, |shrinker, one| {
            let struck = base.and(one);
            let candidates = shrinker.candidates(&struck, &acts)?;
            shrinker.first(candidates, |shrinker, two| shrinker.shows(&struck.and(two)))
        })
    }

    /// Every act at every place where it can strike in a run of a case: the outage of a node after each step of a
    /// node of its role (in a smaller world another one may do its part), the fate of a packet with each packet.
    fn candidates(&mut self, case: &Case, acts: &[Deviation]) -> Option<Vec<Meaning>> {
        let bench = self.bench(case)?;
        let reach = Arc::clone(&self.reach);
        let carried = Carried::new(&case.meanings, &bench.nodes)?;
        let mut survey = Watched::new(carried, Survey::new(&reach, &bench.nodes));
        bench.play(&mut survey);
        let spots = survey.watch.into_spots();
        let fits = |act: &Deviation, open: &Open| {
            let place = &open.spot.0;
            let is_such = match act {
                Deviation::Step { node, .. } => {
                    let struck = &bench.nodes[usize::from(place.node.0)];
                    place.to.is_none() && role(struck) == role(node)
                }
                _ => place.to.is_some(),
            };
            is_such && (self.moves == Moves::Anywhere || open.is_open_to(act))
        };
        let strikes = |act: &Deviation| {
            let place = |open: &Open| Meaning {
                deviation: act.clone(),
                place: Some(open.spot),
                at: Time(0),
            };
            let spots = spots.iter().filter(|open| fits(act, open));
            spots.map(place).collect::<Vec<_>>()
        };
        Some(acts.iter().flat_map(strikes).collect())
    }
}

impl Case {
    /// The first of its records, one after the other, in a world without a time to heal. None where those are
    /// half a transfer.
    pub(super) fn small(&self, records: usize, pace: Span) -> Option<Self> {
        let mut case = self.clone();
        let load = &mut case.scenario.workload;
        let written = load.written.as_mut()?;
        written.truncate(records);
        match load.money {
            Money::Credits => written.iter_mut().for_each(|one| {
                one.key = 0;
                one.pace = pace;
            }),
            Money::Transfers if records % 2 == 1 => return None,
            Money::Transfers => {}
        }
        case.scenario.topology.partitions = 1;
        case.scenario.heal_at = None;
        Some(case)
    }

    /// The last of its records, each intended when it was.
    fn last(&self, records: usize) -> Option<Self> {
        let all: Vec<usize> = (0..self.records()).collect();
        let halves = self.scenario.workload.money == Money::Transfers && records % 2 == 1;
        let mut case = self.keeping(&all[all.len() - records..]);
        case.meanings.clone_from(&self.meanings);
        (!halves).then_some(case)
    }

    /// The same with a lost packet for each cut. None where nothing is cut.
    fn losing(&self) -> Option<Self> {
        let mut case = self.clone();
        let mut any = false;
        for meaning in &mut case.meanings {
            if let Deviation::Weather {
                change: NamedChange::Cut(from, to),
                ..
            } = &meaning.deviation
            {
                any = true;
                meaning.deviation = Deviation::Packet {
                    from: from.clone(),
                    to: to.clone(),
                    connection: 0,
                    label: String::new(),
                    nth: 0,
                    what: String::new(),
                    fate: Fated::Drop,
                };
            }
        }
        any.then_some(case)
    }

    fn and(&self, meaning: Meaning) -> Self {
        let mut case = self.clone();
        case.meanings.push(meaning);
        case
    }

    /// The different things that strike in it and can strike elsewhere; and the others, which stay where they are.
    pub(super) fn acts(&self) -> (Vec<Deviation>, Vec<Meaning>) {
        let mut acts: Vec<Deviation> = Vec::new();
        let mut fixed = Vec::new();
        let deviate = |one: &&Meaning| !self.is_delay(&one.deviation);
        for meaning in self.meanings.iter().filter(deviate) {
            match act(&meaning.deviation) {
                Some(act) if acts.contains(&act) => {}
                Some(act) => acts.push(act),
                None => fixed.push(meaning.clone()),
            }
        }
        (acts, fixed)
    }
}

/// A node's name without its number.
pub(super) fn role(name: &str) -> &str {
    name.rsplit_once('-').map_or(name, |(role, _)| role)
}

/// Whether it says what survives a loss of power.
const fn survives(meaning: &Meaning) -> bool {
    matches!(meaning.deviation, Deviation::Survives { .. })
}

/// What a deviation does, without where.
fn act(deviation: &Deviation) -> Option<Deviation> {
    let mut act = deviation.clone();
    match &mut act {
        Deviation::Packet {
            from,
            to,
            connection,
            label,
            nth,
            what,
            ..
        } => {
            (*connection, *nth) = (0, 0);
            for name in [from, to, label, what] {
                name.clear();
            }
        }
        Deviation::Step {
            node,
            label,
            nth,
            what,
            ..
        } => {
            *node = role(node).into();
            *nth = 0;
            label.clear();
            what.clear();
        }
        Deviation::Weather {
            change: NamedChange::Outage(node, outage, down),
            ..
        } => {
            return Some(Deviation::Step {
                node: role(node).into(),
                label: String::new(),
                nth: 0,
                what: String::new(),
                outage: *outage,
                down: *down,
                sends: u32::MAX,
            });
        }
        _ => return None,
    }
    Some(act)
}
