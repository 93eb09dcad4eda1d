//! The files that are compiled in: scenarios that each ask one question, and the strategies that answer.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use semel_models::strategy::Strategy;

use crate::complaint::Source;
use crate::load::{load, parse};
use crate::scenario::Scenario;

macro_rules! files {
    ($folder:literal as $names:ident and $texts:ident: $($name:literal)*) => {
        const $names: &[&str] = &[$($name,)*];
        const $texts: &[&str] = &[$(include_str!(concat!("../", $folder, "/", $name, ".ron")),)*];
    };
}

// Simplest first.
files! {
    "strategies" as STRATEGIES and STRATEGY_TEXTS:
        "at-most-once" "at-least-once" "idempotent-producer" "idempotent-consumer" "windowed-dedup" "atomic-offset"
        "idempotency-key" "outbox-inbox" "transactional" "transactional-side-effect" "auto-commit"
}

// In the order in which to read them.
files! {
    "catalog" as SCENARIOS and SCENARIO_TEXTS:
        "lost-request" "lost-ack" "crash-before-commit" "crash-after-commit" "duplicate-packets" "reordered-batches"
        "broker-crash" "broker-power-loss" "producer-restart" "zombie-consumer" "slow-consumer" "auto-commit-loss"
        "dedup-window-expired" "dedup-store-lost" "clock-step" "content-hash-swallows" "idempotency-key-expired"
        "idempotency-key-race" "relay-crash" "side-effect-in-transaction" "late-end-transaction" "poison-record"
        "breaker-open" "isolation-heals" "bad-day" "throughput"
}

/// The names of the scenarios, in the order in which to read them.
pub fn names() -> &'static [&'static str] {
    SCENARIOS
}

/// The text of a scenario of the catalog.
pub fn find(name: &str) -> Option<Source> {
    let place = SCENARIOS.iter().position(|known| *known == name)?;
    Some(Source {
        name: format!("catalog/{name}.ron"),
        text: SCENARIO_TEXTS[place].into(),
    })
}

/// A scenario of the catalog.
pub fn scenario(name: &str) -> Option<Arc<Scenario>> {
    let source = find(name)?;
    let read = load(&source);
    Some(Arc::new(read.unwrap_or_else(|complaint| {
        panic!("the catalog is in order:\n{complaint}")
    })))
}

/// Every scenario of the catalog, in the order in which to read them.
pub fn scenarios() -> Vec<Arc<Scenario>> {
    SCENARIOS.iter().filter_map(|name| scenario(name)).collect()
}

/// The names of the strategies, simplest first.
pub fn strategy_names() -> &'static [&'static str] {
    STRATEGIES
}

/// The strategies that are compiled in, by name.
pub fn strategies() -> &'static BTreeMap<&'static str, Strategy> {
    static READ: OnceLock<BTreeMap<&'static str, Strategy>> = OnceLock::new();
    READ.get_or_init(|| {
        let texts = STRATEGIES.iter().zip(STRATEGY_TEXTS);
        texts
            .map(|(name, text)| (*name, read(name, text)))
            .collect()
    })
}

fn read(name: &str, text: &str) -> Strategy {
    let source = Source {
        name: format!("strategies/{name}.ron"),
        text: text.into(),
    };
    parse(&source).unwrap_or_else(|complaint| panic!("the strategies are in order:\n{complaint}"))
}

/// A strategy that is compiled in.
pub fn strategy(name: &str) -> Option<&'static Strategy> {
    strategies().get(name)
}
