//! A failing run as shrinking sees it: what is intended in it, and what deviates, by meaning.

use std::sync::Arc;

use semel_models::judge::Findings;
use semel_models::vocabulary::{RecordId, Topology};
use semel_models::workload::{Money, Written};
use semel_sim::adversary::watch::Watched;
use semel_sim::schedule::{Deviation, Fated, NamedChange};
use semel_sim::time::{Span, Time};

use super::{Aim, Size};
use crate::file::scenario::Scenario;
use crate::shrink::incident::{incidents, leaves_open};
use crate::shrink::meaning::{Meaning, Meant};
use crate::trial::bench::Bench;
use crate::trial::plan::Plan;
use crate::witness;
use crate::witness::sought::Sought;

/// A run that may fail: a scenario with its records written out and no faults but these.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) scenario: Scenario,
    pub(super) meanings: Vec<Meaning>,
    /// The record that the violation is told of, if it is of one.
    pub(super) told: Option<RecordId>,
    /// The longest that a packet takes in fair weather. One that takes longer was delayed by a fault.
    usual: Span,
    /// How many events the run took that it was written down from.
    took: u64,
}

impl Case {
    /// Runs a plan and writes it down, with what is sought in it, if it is there. Nothing sought: the gravest that was
    /// found, if anything was; but of a witness what that says it holds: anything else would be another failure under
    /// its name.
    pub(super) fn of(plan: &Arc<Plan>, seed: u64, sought: Option<&Sought>) -> Option<(Self, Aim)> {
        let known = plan.scenario.witness.as_ref();
        let known = known.filter(|known| known.strategy == plan.name);
        let sought = sought.copied().or_else(|| known.map(Sought::of));
        Self::where_found(plan, seed, |findings| {
            sought.as_ref().map_or_else(
                || Aim::gravest(findings),
                |sought| Aim::of_sought(sought, findings),
            )
        })
    }

    /// The same where it is known what to look for.
    pub(super) fn with_aim(plan: &Arc<Plan>, seed: u64, aim: Aim) -> Option<Self> {
        let found = |findings: &Findings| aim.find(findings).map(|_| aim);
        Some(Self::where_found(plan, seed, found)?.0)
    }

    fn where_found(
        plan: &Arc<Plan>,
        seed: u64,
        aim: impl Fn(&Findings) -> Option<Aim>,
    ) -> Option<(Self, Aim)> {
        let bench = Bench::new(plan, seed);
        let mut meant = Watched::new(bench.seeded(seed), Meant::new(&bench.nodes));
        let (findings, took) = bench.play_counted(&mut meant);
        let aim = aim(&findings)?;
        let told = aim.find(&findings)?.record;
        let mut scenario = Scenario::clone(&plan.scenario);
        witness::write_out(&mut scenario, &bench.workload);
        scenario.faults = Vec::new();
        let usual = scenario.network.latency + scenario.network.spread;
        scenario.network.spread = Span::ZERO;
        let case = Self {
            scenario,
            meanings: meant.watch.into_meanings(),
            told,
            usual,
            took,
        };
        Some((case, aim))
    }

    pub(super) fn written(&self) -> &[Written] {
        self.scenario
            .workload
            .written
            .as_deref()
            .unwrap_or_default()
    }

    pub(super) fn records(&self) -> usize {
        self.written().len()
    }

    pub(super) fn deviations(&self) -> impl Iterator<Item = Deviation> + '_ {
        self.meanings
            .iter()
            .map(|meaning| meaning.deviation.clone())
    }

    /// The longest that a packet takes in fair weather.
    pub(super) const fn usual(&self) -> Span {
        self.usual
    }

    /// How many events the run took that it was written down from.
    pub(super) const fn took(&self) -> u64 {
        self.took
    }

    /// Whether a deviation is one of those that any run is full of.
    pub(super) fn is_delay(&self, deviation: &Deviation) -> bool {
        match deviation {
            Deviation::Jitter { .. } => true,
            Deviation::Packet {
                fate: Fated::Arrives(delays),
                ..
            } => delays[..].iter().all(|delay| *delay <= self.usual) && delays.len() == 1,
            _ => false,
        }
    }

    pub(super) fn size(&self) -> Size {
        let all = self.meanings.iter().map(|one| &one.deviation);
        let (delays, faults): (Vec<_>, Vec<_>) = all.partition(|one| self.is_delay(one));
        let topology = self.scenario.topology;
        Size {
            faults: incidents(faults.into_iter())
                .iter()
                .max()
                .map_or(0, |last| last + 1),
            delays: delays.len(),
            records: self.scenario.records(),
            nodes: topology.size(),
            partitions: topology.partitions,
        }
    }

    /// How much there is to it, what matters most first.
    pub(super) fn weight(&self) -> (Size, usize, bool) {
        let heals = self.scenario.heal_at.is_some();
        (self.size(), self.meanings.len(), heals)
    }

    /// Whether something begins in it that nothing ends.
    pub(super) fn leaves_open(&self) -> bool {
        let deviations = self.meanings.iter().map(|one| &one.deviation);
        self.scenario.heal_at.is_none() && leaves_open(deviations)
    }

    /// The same with other deviations.
    pub(super) fn with(&self, meanings: &[Meaning]) -> Self {
        Self {
            scenario: self.scenario.clone(),
            meanings: meanings.to_vec(),
            told: self.told,
            usual: self.usual,
            took: self.took,
        }
    }

    /// The same with a few of its records, each intended when it was.
    pub(super) fn keeping(&self, records: &[usize]) -> Self {
        let mut case = self.clone();
        case.scenario.workload.written = Some(self.rewritten(records));
        let renumber = |old: u32| {
            let place = records.binary_search(&(old as usize));
            place.ok().map(|index| index as u32)
        };
        let topology = self.scenario.topology;
        let renamed = |meaning: &Meaning| rename(meaning, renumber, (topology, topology));
        case.meanings = self.meanings.iter().filter_map(renamed).collect();
        case
    }

    /// The same where less survives a loss by so many entries. None where nothing survives anyway.
    pub(super) fn shortened(&self, gone: usize) -> Option<Self> {
        let mut case = self.clone();
        let mut any = false;
        for meaning in &mut case.meanings {
            if let Deviation::Survives { kept, .. } = &mut meaning.deviation {
                *kept = kept.saturating_sub(gone as u64);
                any = true;
            }
        }
        any.then_some(case)
    }

    /// The same where links are joined by healing everything at the end, not one by one. None where none are joined.
    pub(super) fn healing(&self) -> Option<Self> {
        let joined = |meaning: &Meaning| match &meaning.deviation {
            Deviation::Weather {
                at,
                change: NamedChange::Join(..),
            } => Some(*at),
            _ => None,
        };
        let last = self.meanings.iter().filter_map(joined).max()?;
        let mut case = self.clone();
        case.meanings.retain(|meaning| joined(meaning).is_none());
        case.scenario.heal_at = Some(last);
        Some(case)
    }

    /// The same where all that a node lost on its way to another is lost to a cut between the two, until everything
    /// heals.
    pub(super) fn isolating(&self) -> Vec<Self> {
        let lost = |meaning: &Meaning| match &meaning.deviation {
            Deviation::Packet {
                from,
                to,
                fate: Fated::Drop,
                ..
            } => Some((from.clone(), to.clone())),
            _ => None,
        };
        let mut links: Vec<_> = self.meanings.iter().filter_map(lost).collect();
        links.sort();
        links.dedup();
        let cut = |link: (String, String)| {
            let times = || {
                let those = self
                    .meanings
                    .iter()
                    .filter(|one| lost(one).as_ref() == Some(&link));
                those.map(|one| one.at)
            };
            let (first, last) = (times().min()?, times().max()?);
            let mut case = self.clone();
            case.meanings
                .retain(|one| lost(one).as_ref() != Some(&link));
            case.meanings.push(Meaning {
                deviation: Deviation::Weather {
                    at: Span(first.0),
                    change: NamedChange::Cut(link.0.clone(), link.1.clone()),
                },
                place: None,
                at: Time(0),
            });
            case.scenario.heal_at = Some(Span(last.0 + 1));
            Some(case)
        };
        links.into_iter().filter_map(cut).collect()
    }

    fn rewritten(&self, records: &[usize]) -> Vec<Written> {
        let producers = self.scenario.topology.producers;
        let turn = |record: usize| match self.scenario.workload.money {
            Money::Credits => record % usize::from(producers),
            Money::Transfers => record / 2 % usize::from(producers),
        };
        let mut clocks = vec![Span::ZERO; producers.into()];
        let mut intended = Vec::new();
        for (record, written) in self.written().iter().enumerate() {
            let clock = &mut clocks[turn(record)];
            *clock = *clock + written.pace;
            intended.push(*clock);
        }
        clocks.fill(Span::ZERO);
        let rewrite = |(new, old): (usize, &usize)| {
            let clock = &mut clocks[turn(new)];
            let pace = Span(intended[*old].0.saturating_sub(clock.0));
            *clock = *clock + pace;
            Written {
                pace,
                ..self.written()[*old]
            }
        };
        records.iter().enumerate().map(rewrite).collect()
    }

    /// The same in a smaller world.
    pub(super) fn within(&self, topology: Topology) -> Self {
        let mut case = self.clone();
        let both = (self.scenario.topology, topology);
        case.scenario.topology = topology;
        let renamed = |meaning: &Meaning| rename(meaning, Some, both);
        case.meanings = self.meanings.iter().filter_map(renamed).collect();
        case
    }
}

fn rename(
    meaning: &Meaning,
    record: impl Fn(u32) -> Option<u32>,
    topologies: (Topology, Topology),
) -> Option<Meaning> {
    let mut renamed = meaning.clone();
    if let Some((place, nth)) = meaning.place {
        renamed.place = Some((place.renamed(record, topologies)?, nth));
    }
    Some(renamed)
}
