//! Trials: runs of one plan under many seeds, in a world that is built once.

use std::sync::Arc;

use crate::plan::Plan;
use crate::row::Row;

/// Runs a plan, seed after seed, in one world.
#[derive(Debug)]
pub struct Runner {
    plan: Arc<Plan>,
}

impl Runner {
    /// Builds the world of a plan.
    pub fn new(plan: &Arc<Plan>) -> Self {
        Self {
            plan: Arc::clone(plan),
        }
    }

    /// The plan it runs.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// One run, eyes closed: only what the judge counts is kept.
    pub fn run(&mut self, seed: u64) -> Row {
        let _ = seed;
        unimplemented!("soon")
    }
}
