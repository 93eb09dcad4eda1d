//! Breaking numbers: the fewest faults that break what is promised, and the claim just above it.

use semel_models::strategy::{Invariant, Level, Strategy};
use serde::Serialize;

use crate::file::expect::LEVELS;
use crate::outcome::row::ViolationRow;
use crate::verify::Verified;

/// How few faults of a menu break a promise, and the level above it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Breaking {
    /// Schedules of at most so many faults were tried.
    pub faults: usize,
    /// How many schedules that were.
    pub schedules: u64,
    /// Whether that were all of them.
    pub finished: bool,
    /// The fewest faults that break the promise within its assumptions. None: no schedule that was tried.
    pub promise: Option<usize>,
    /// What the next stronger claim would be.
    pub next: Next,
    /// The fewest faults that break it. None: no schedule that was tried.
    pub next_level: Option<usize>,
}

/// A claim just stronger than a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Next {
    /// Neither lost nor doubled in the log.
    LogOnce,
    /// Neither lost nor doubled in delivery.
    DeliveryOnce,
    /// Neither lost nor doubled in effect.
    EffectOnce,
    /// The same promise, without its assumptions: where effect-once is promised already.
    Unconditional,
}

impl Next {
    /// The claim in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LogOnce => "log-once",
            Self::DeliveryOnce => "delivery-once",
            Self::EffectOnce => "effect-once",
            Self::Unconditional => "its promise without assumptions",
        }
    }

    /// The claim above the strongest "once" that a strategy promises: log, delivery, effect; and above effect-once
    /// the same without assumptions.
    pub fn above(strategy: &Strategy) -> Self {
        let promises = |level: Level, keeps: Invariant| {
            let mut clauses = strategy.promise.iter();
            clauses.any(|clause| (clause.level, clause.keeps) == (level, keeps))
        };
        let once =
            |level| promises(level, Invariant::NoLoss) && promises(level, Invariant::NoDuplicate);
        match LEVELS.into_iter().rev().find(|level| once(*level)) {
            None => Self::LogOnce,
            Some(Level::Log) => Self::DeliveryOnce,
            Some(Level::Delivery) => Self::EffectOnce,
            Some(Level::Effect) => Self::Unconditional,
        }
    }

    /// Whether a violation breaks the claim.
    pub fn is_broken_by(self, violation: &ViolationRow) -> bool {
        let loses = |level: Level| {
            let counted = [Invariant::NoLoss, Invariant::NoDuplicate];
            violation.level == level && counted.contains(&violation.invariant)
        };
        match self {
            Self::LogOnce => loses(Level::Log),
            Self::DeliveryOnce => loses(Level::Delivery),
            Self::EffectOnce => loses(Level::Effect),
            Self::Unconditional => violation.promised,
        }
    }
}

impl Verified {
    /// The breaking numbers: of the promise, and of the next stronger claim.
    pub fn numbers(&self) -> Breaking {
        let above = self.found.iter();
        let above = above.filter(|one| self.next.is_broken_by(&one.violation));
        Breaking {
            faults: self.faults,
            schedules: self.schedules(),
            finished: self.finished,
            promise: self.breaking(),
            next: self.next,
            next_level: above.map(|one| one.faults).min(),
        }
    }
}
