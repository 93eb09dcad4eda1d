//! A plan: one scenario, one strategy, everything resolved. Its hash names it in rows and tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use semel_models::model::Model;
use semel_models::node;
use semel_models::strategy::Strategy;
use semel_models::workload::Workload;
use semel_sim::adversary::seeded::Seeded;
use semel_sim::chance::Seed;
use semel_sim::faults::compile_some;

use crate::catalog;
use crate::file::check::{self, Objection};
use crate::file::complaint::{Complaint, Source};
use crate::file::expect::{Expectation, Expected};
use crate::file::format::canonical;
use crate::file::load::faults;
use crate::file::path::Path;
use crate::file::scenario::{Fault, Scenario};
use crate::file::setting::{self, Setting};
use crate::file::swarm::Draws;
use crate::trial::token::Token;

/// The revision of the models: raised whenever the same plan and seed would give another run.
pub const MODELS_REVISION: u32 = 7;

/// One strategy under one scenario, ready to be run under any seed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenario, as it was after settings.
    pub scenario: Arc<Scenario>,
    /// The strategy's name.
    pub name: String,
    /// The strategy, as it was after settings.
    pub strategy: Strategy,
    /// What is expected of it.
    pub expectation: Expectation,
    /// What `--set` changed: path and value.
    pub set: BTreeMap<String, String>,
    /// Hash of all that decides a run: 8 hex digits.
    pub hash: String,
    /// The places of faults that are switched off: of a plan as a seed has drawn it.
    pub off: BTreeSet<usize>,
    /// What a seed has drawn, by path.
    pub drawn: BTreeMap<String, String>,
    pub(crate) draws: Option<Arc<Draws>>,
}

/// The plans of a scenario for which nobody named a strategy.
#[derive(Clone, Debug, Default)]
pub struct Unnamed {
    /// A plan for each strategy that fits, in the order of the catalog.
    pub plans: Vec<Arc<Plan>>,
    /// The strategies of the catalog that do not fit the scenario.
    pub left_out: Vec<String>,
}

impl Plan {
    /// Finds the strategy in the scenario or the catalog, changes it by those settings that are of strategies, and
    /// checks that the two fit (unless the scenario says that it does not apply to this strategy).
    pub fn new(
        scenario: &Arc<Scenario>,
        strategy: &str,
        settings: &[Setting],
    ) -> Result<Self, Complaint> {
        let name = strategy.to_string();
        let named = |objection: Objection| of_flag(&objection, &name);
        let mut strategy = check::strategy(scenario, &name).map_err(named)?;
        let own: Vec<&Setting> = settings
            .iter()
            .filter(|setting| setting.is_of_strategy() && setting.range().is_none())
            .collect();
        for setting in &own {
            strategy = setting::apply(&strategy, setting, &Path::root().field("strategy"), &[])?;
        }
        let expectation = scenario.expectation(&name);
        if !matches!(expectation.verdict, Expected::NotApplicable(_)) {
            check::fit(scenario, &name, &strategy).map_err(|objection| {
                let fits = |one: &&Setting| one.is_of_strategy() || one.is_of_terrain();
                let may_be: Vec<&Setting> = settings.iter().filter(fits).collect();
                match may_be[..] {
                    [] => named(objection),
                    _ => setting::blame(&objection, &may_be, &faults(scenario)),
                }
            })?;
        }
        let set = settings
            .iter()
            .map(|setting| (setting.path.clone(), setting.value.clone()))
            .collect();
        let hash = hash(scenario, &strategy);
        let draws = Draws::new(scenario, &strategy).map(Arc::new);
        let scenario = Arc::clone(scenario);
        Ok(Self {
            scenario,
            name,
            strategy,
            expectation,
            set,
            hash,
            off: BTreeSet::new(),
            drawn: BTreeMap::new(),
            draws,
        })
    }

    /// The plans of a scenario for which nobody named a strategy.
    ///
    /// Those of which it expects something. Where it expects nothing: its own, which must fit, and those of the catalog
    /// that do. Fails where one of the former does not fit, or none is left.
    pub fn of_all(scenario: &Arc<Scenario>, settings: &[Setting]) -> Result<Unnamed, Complaint> {
        let known = catalog::strategy_names().iter().copied();
        let all = known.chain(scenario.define.keys().map(String::as_str));
        let mut unnamed = Unnamed::default();
        let mut first = None;
        for name in all {
            let expected = scenario.expect.contains_key(name);
            if !expected && !scenario.expect.is_empty() {
                continue;
            }
            match Self::new(scenario, name, settings) {
                Ok(plan) => unnamed.plans.push(Arc::new(plan)),
                Err(complaint) if expected || scenario.define.contains_key(name) => {
                    return Err(complaint);
                }
                Err(complaint) => {
                    unnamed.left_out.push(name.into());
                    first = first.or(Some(complaint));
                }
            }
        }
        match first {
            Some(complaint) if unnamed.plans.is_empty() => Err(complaint),
            _ => Ok(unnamed),
        }
    }

    /// Whether each seed draws a mix of its own.
    pub const fn is_swarm(&self) -> bool {
        self.draws.is_some()
    }

    /// The plan as `seed` draws it: every value written out, nothing left to draw, under the same hash. What the
    /// scenario expects of strategies, and those it defines, are left out.
    pub fn drawn(self: &Arc<Self>, seed: u64) -> Arc<Self> {
        let Some(draws) = &self.draws else {
            return Arc::clone(self);
        };
        let mix = draws.mix(seed);
        Arc::new(Self {
            scenario: Arc::new(mix.scenario),
            strategy: mix.strategy,
            off: mix.off,
            drawn: mix.drawn,
            draws: None,
            ..Self::clone(self)
        })
    }

    /// The plan with its values as they are written, whatever seeds would draw.
    pub fn as_written(self: &Arc<Self>) -> Arc<Self> {
        let scenario = Scenario {
            swarm: None,
            ..Scenario::clone(&self.scenario)
        };
        Arc::new(Self {
            scenario: Arc::new(scenario),
            draws: None,
            ..Self::clone(self)
        })
    }

    /// The faults that are not switched off.
    pub fn acting(&self) -> impl Iterator<Item = &Fault> {
        let all = self.scenario.faults.iter().enumerate();
        all.filter_map(|(place, fault)| (!self.off.contains(&place)).then_some(fault))
    }

    /// The adversary of the plan's own faults, but for those that are switched off.
    pub(crate) fn adversary(&self, nodes: &[String], seed: u64) -> Seeded<Model> {
        let on = |place: usize| !self.off.contains(&place);
        let rules = compile_some(&self.scenario.faults, nodes, on).expect("the plan was checked");
        Seeded::new(rules, nodes, seed).expect("the plan was checked")
    }

    /// The token of the run under `seed`, without its digest.
    pub fn token(&self, seed: u64) -> Token {
        Token {
            scenario: self.scenario.name.clone(),
            plan: self.hash.clone(),
            strategy: self.name.clone(),
            seed,
            digest: None,
        }
    }

    /// The names of the run's nodes, in order.
    pub fn nodes(&self) -> Vec<String> {
        node::names(self.scenario.topology)
    }

    /// The names of the scenario's faults, in order.
    pub fn faults(&self) -> Vec<String> {
        faults(&self.scenario)
    }

    /// Whether there is anything to run.
    pub const fn is_applicable(&self) -> bool {
        !matches!(self.expectation.verdict, Expected::NotApplicable(_))
    }

    /// What is intended under `seed`: seeds draw keys, amounts and pace.
    pub fn workload(&self, seed: u64) -> Workload {
        let load = &self.scenario.workload;
        Workload {
            records: self.scenario.records(),
            keys: load.keys,
            money: load.money,
            pace: load.pace,
            pace_spread: load.pace_spread,
            poison_every: load.poison_every,
            amount: load.amount,
            dice: Seed::new(seed).dice("workload"),
            written: load.written.clone().unwrap_or_default(),
        }
    }
}

/// Hashes what decides a run and its judgement: not what is expected, nor what is said to people.
fn hash(scenario: &Scenario, strategy: &Strategy) -> String {
    let scenario = Scenario {
        name: String::new(),
        question: String::new(),
        define: BTreeMap::new(),
        expect: BTreeMap::new(),
        menu: None,
        witness: None,
        marks: String::new(),
        ..scenario.clone()
    };
    let strategy = Strategy {
        about: String::new(),
        ..strategy.clone()
    };
    let text = canonical(&(MODELS_REVISION, scenario, strategy));
    blake3::hash(text.as_bytes()).to_hex()[..8].to_string()
}

/// An objection to a strategy that was asked for by name.
fn of_flag(objection: &Objection, name: &str) -> Complaint {
    const FLAG: &str = "--strategy ";
    Complaint {
        kind: objection.kind,
        message: objection.text.clone(),
        help: objection.help.clone(),
        path: String::new(),
        source: Box::new(Source {
            name: "command line".into(),
            text: format!("{FLAG}{name}"),
        }),
        span: FLAG.len()..FLAG.len() + name.len(),
        flag: true,
    }
}
