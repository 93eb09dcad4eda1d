//! The verdict matrix of `semantics.md` §4.3: every ✗ is provoked by the rates of `bad-day`, every ✓ holds there.

use std::sync::Arc;

use semel_scenarios::catalog;
use semel_scenarios::file::expect::Breach;
use semel_scenarios::file::load::load_with;
use semel_scenarios::file::setting::Setting;
use semel_scenarios::outcome::row::{Row, ViolationRow};
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;

/// Within how many seeds an ✗ must appear.
const SEEDS: u64 = 10_000;
/// Under how many seeds a ✓ is watched here. `semel sweep bad-day --seeds 0..10000` watches more.
const WATCHED: u64 = 1_000;

/// A strategy, what breaks, and what is set to see it.
type Cross = (&'static str, &'static str, &'static [&'static str]);

const TRANSFERS: &[&str] = &["workload.money=Transfers"];
/// A source that is read again after a crash: a new session has a new producer id, and no table knows it (§1.3).
const AGAIN: &[&str] = &["strategy.source=Replayed()"];
/// Transactions before KIP-890: a late end of one hits the next (F022).
const BEFORE_TV2: &[&str] = &["strategy.stream.transactions.transaction_version=1"];

/// Every ✗. O9 without transactions: the two legs of a transfer are two records, and one of them is lost or doubled.
const CROSSES: [Cross; 22] = [
    ("at-most-once", "no_loss at effect", &[]),
    ("at-most-once", "conservation at effect", TRANSFERS),
    ("at-least-once", "no_loss at log", &[]),
    ("at-least-once", "no_duplicate at log", &[]),
    ("at-least-once", "no_duplicate at effect", &[]),
    ("at-least-once", "key_order at log", &[]),
    ("at-least-once", "conservation at effect", TRANSFERS),
    ("idempotent-producer", "no_duplicate at log", AGAIN),
    ("idempotent-producer", "no_duplicate at effect", &[]),
    ("idempotent-producer", "conservation at effect", TRANSFERS),
    ("idempotent-consumer", "no_duplicate at log", &[]),
    ("idempotent-consumer", "key_order at effect", &[]),
    ("idempotency-key", "no_duplicate at log", &[]),
    ("idempotency-key", "key_order at effect", &[]),
    ("windowed-dedup", "no_duplicate at effect", &[]),
    ("windowed-dedup", "conservation at effect", TRANSFERS),
    ("outbox-inbox", "no_duplicate at log", &[]),
    ("transactional", "atomic at log", BEFORE_TV2),
    ("transactional-side-effect", "no_duplicate at effect", &[]),
    ("auto-commit", "no_loss at effect", &[]),
    ("auto-commit", "no_duplicate at effect", &[]),
    ("auto-commit", "key_order at effect", &[]),
];

/// Every ✓, each a promise of the strategy.
const TICKS: [(&str, &[&str]); 11] = [
    (
        "at-most-once",
        &["no_duplicate at log", "no_duplicate at effect"],
    ),
    ("at-least-once", &["no_loss at log", "no_loss at effect"]),
    (
        "idempotent-producer",
        &[
            "no_loss at effect",
            "no_duplicate at log",
            "key_order at log",
        ],
    ),
    (
        "idempotent-consumer",
        &["no_loss at effect", "no_duplicate at effect"],
    ),
    (
        "idempotency-key",
        &["no_loss at effect", "no_duplicate at effect"],
    ),
    (
        "windowed-dedup",
        &["no_loss at effect", "no_duplicate at log"],
    ),
    (
        "outbox-inbox",
        &["no_loss at effect", "no_duplicate at effect"],
    ),
    (
        "atomic-offset",
        &[
            "no_loss at effect",
            "no_duplicate at effect",
            "key_order at effect",
            "mark_matches_effect at effect",
        ],
    ),
    (
        "transactional",
        &[
            "no_loss at effect",
            "no_duplicate at log",
            "no_duplicate at effect",
            "key_order at effect",
            "atomic at log",
        ],
    ),
    (
        "transactional-side-effect",
        &[
            "no_loss at effect",
            "no_duplicate at log",
            "key_order at log",
        ],
    ),
    ("auto-commit", &["no_loss at log"]),
];

fn runner(strategy: &str, set: &[&str]) -> Runner {
    let parse =
        |text: &&str| Setting::parse(text).unwrap_or_else(|complaint| panic!("{complaint}"));
    let settings: Vec<Setting> = set.iter().map(parse).collect();
    let source = catalog::find("bad-day").expect("it is in the catalog");
    let plan = load_with(&source, &settings)
        .and_then(|scenario| Plan::new(&Arc::new(scenario), strategy, &settings));
    Runner::new(&Arc::new(
        plan.unwrap_or_else(|complaint| panic!("{complaint}")),
    ))
}

fn shows(row: &Row, breach: &str) -> bool {
    row.violations
        .iter()
        .any(|found| format!("{} at {}", found.invariant, found.level) == breach)
}

#[test]
fn every_cross_is_provoked_by_rates() {
    let mut wrong = Vec::new();
    println!("{:<26} {:<26} first seed", "strategy", "breaks");
    for (strategy, breach, set) in CROSSES {
        let mut runner = runner(strategy, set);
        match (0..SEEDS).find(|seed| shows(&runner.run(*seed), breach)) {
            Some(seed) => println!("{strategy:<26} {breach:<26} {seed}  {}", set.join(" ")),
            None => wrong.push(format!(
                "{strategy}: no {breach} within {SEEDS} seeds {set:?}"
            )),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_tick_is_promised_and_no_promise_is_broken() {
    let mut wrong = Vec::new();
    for (strategy, ticks) in TICKS {
        let mut runner = runner(strategy, &[]);
        for tick in ticks {
            let tick: Breach = tick.parse().expect("a breach");
            let promise = &runner.plan().strategy.promise;
            let promised = |clause: &&_| is_about(clause, tick);
            if promise.iter().find(promised).is_none() {
                wrong.push(format!("{strategy} does not promise {tick}"));
            }
        }
        for row in (0..WATCHED).map(|seed| runner.run(seed)) {
            if let Some(broken) = row.violations.iter().find(|found| found.is_breach()) {
                wrong.push(told(strategy, row.seed, broken));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_about(clause: &semel_models::strategy::Clause, tick: Breach) -> bool {
    (clause.keeps, clause.level) == (tick.invariant, tick.level)
}

fn told(strategy: &str, seed: u64, broken: &ViolationRow) -> String {
    format!(
        "{strategy} under seed {seed}: {} at {} is broken ({})",
        broken.invariant, broken.level, broken.cause
    )
}
