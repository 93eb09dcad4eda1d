//! A plan: one scenario, one strategy, everything resolved. Its hash names it in rows and tokens.

use std::collections::BTreeMap;
use std::sync::Arc;

use semel_models::strategy::Strategy;

use crate::complaint::Complaint;
use crate::expect::Expectation;
use crate::scenario::Scenario;
use crate::setting::Setting;
use crate::token::Token;

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
}

impl Plan {
    /// Finds the strategy in the scenario or the catalog, changes it by those settings that are of strategies, and
    /// checks that the two fit.
    pub fn new(
        scenario: &Arc<Scenario>,
        strategy: &str,
        settings: &[Setting],
    ) -> Result<Self, Complaint> {
        let _ = (scenario, strategy, settings);
        unimplemented!("soon")
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
        Vec::new()
    }

    /// The names of the scenario's faults, in order.
    pub fn faults(&self) -> Vec<String> {
        semel_sim::faults::names_of(&self.scenario.faults)
    }
}
