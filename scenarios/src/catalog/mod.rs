//! The files that are compiled in: scenarios that each ask one question, and the strategies that answer.

pub mod list;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use semel_models::strategy::Strategy;

use crate::file::complaint::Source;
use crate::file::load::{load, parse};
use crate::file::nearest::nearest;
use crate::file::scenario::Scenario;

macro_rules! files {
    ($folder:literal as $names:ident and $texts:ident: $($name:literal)*) => {
        const $names: &[&str] = &[$($name,)*];
        const $texts: &[&str] = &[$(include_str!(concat!("../../", $folder, "/", $name, ".ron")),)*];
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

// Counterexamples that were found once, by the scenario that they were found in.
files! {
    "found" as FOUND and FOUND_TEXTS:
        "auto-commit-loss-auto-commit-d7" "bad-day-at-least-once-found-l4" "bad-day-idempotent-producer-found-d2"
        "bad-day-transactional-found-d8" "breaker-open-at-most-once-l1" "breaker-open-breaker-loses-l11"
        "broker-power-loss-atomic-offset-l5" "broker-power-loss-auto-commit-l4"
        "broker-power-loss-idempotent-producer-d9" "clock-step-windowed-dedup-d3"
        "content-hash-swallows-content-hash-l5" "crash-before-commit-at-least-once-d7"
        "dedup-store-lost-memory-window-d2" "dedup-window-expired-short-window-d3"
        "duplicate-packets-idempotent-producer-d11" "idempotency-key-expired-short-key-d3"
        "idempotency-key-race-check-then-act-d6" "isolation-heals-at-least-once-r1"
        "late-end-transaction-transactional-v1-d7" "lost-ack-at-least-once-d1" "lost-request-at-most-once-l1"
        "poison-record-at-least-once-s4" "producer-restart-replayed-sequence-d2" "relay-crash-outbox-inbox-d7"
        "relay-crash-outbox-ledger-d7" "reordered-batches-at-least-once-r1"
        "side-effect-in-transaction-transactional-side-effect-d7" "zombie-consumer-atomic-offset-d8"
        "zombie-consumer-group-d8"
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

/// What to say of a name that no scenario of the catalog has: the one that was likely meant, or where they are listed.
pub fn unknown(name: &str) -> String {
    let help = nearest(name, names().iter().copied()).map_or_else(
        || "`semel list scenarios` shows them, and a file is given by its path".into(),
        |near| format!("did you mean `{near}`?"),
    );
    format!("there is no scenario `{name}` in the catalog; {help}")
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

/// The files of all counterexamples that are kept.
pub fn found() -> impl Iterator<Item = Source> {
    FOUND.iter().zip(FOUND_TEXTS).map(|(name, text)| Source {
        name: format!("found/{name}.ron"),
        text: (*text).into(),
    })
}

/// The counterexamples that were found in a scenario of the catalog: their names begin with its name.
pub fn found_in(scenario: &str) -> impl Iterator<Item = Source> {
    let of = move |name: &str| {
        let begins = |known: &&&str| name.starts_with(&format!("{known}-"));
        SCENARIOS
            .iter()
            .filter(begins)
            .max_by_key(|known| known.len())
            == Some(&scenario)
    };
    let names = FOUND.iter();
    names
        .zip(found())
        .filter(move |(name, _)| of(name))
        .map(|(_, source)| source)
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
