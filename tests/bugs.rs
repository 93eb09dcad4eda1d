//! Planted bugs: each is caught by `bad-day` under swarm, by the invariant that it breaks, and only where it is
//! planted.
//!
//! The same by hand: `semel sweep bad-day --strategy transactional --set strategy.bug=MarkerBeforePrepare --seeds
//! 0..10000`.

use std::sync::Arc;

use semel_scenarios::catalog;
use semel_scenarios::file::setting::Setting;
use semel_scenarios::outcome::row::Row;
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;

/// How many seeds a bug may survive.
const SEEDS: u64 = 10_000;

/// A bug, where it is planted, the promise that it breaks, and why that one.
struct Planted {
    bug: &'static str,
    strategy: &'static str,
    invariant: &'static str,
    level: &'static str,
    because: &'static str,
}

const fn planted(
    bug: &'static str,
    strategy: &'static str,
    (invariant, level): (&'static str, &'static str),
    because: &'static str,
) -> Planted {
    Planted {
        bug,
        strategy,
        invariant,
        level,
        because,
    }
}

const PLANTED: [Planted; 12] = [
    planted(
        "CommitBeforeEffect",
        "at-least-once",
        ("no_loss", "effect"),
        "O1: a crash behind the commit leaves the effect out (B3, reversed order: loss at P2)",
    ),
    planted(
        "EpochNotChecked",
        "transactional",
        ("fencing", "log"),
        "O12: §1.3 rule 3 refuses what comes late from an older epoch",
    ),
    planted(
        "SequenceOffByOne",
        "idempotent-producer",
        ("no_duplicate", "log"),
        "O2: §1.3 rule 1 answers a repeat of the last batch without appending it",
    ),
    planted(
        "TableNotRebuilt",
        "idempotent-producer",
        ("no_duplicate", "log"),
        "O2: §1.3, restart: without the table rule 7 accepts any sequence",
    ),
    planted(
        "AckBeforeAppend",
        "at-least-once",
        ("honest_ack", "log"),
        "O13: ok means stored; a crash between the two takes back what was said",
    ),
    planted(
        "WindowOnWrongClock",
        "windowed-dedup",
        ("no_duplicate", "log"),
        "O2: §1.13, the window ages by the store's clock; the publisher's may be wrong",
    ),
    planted(
        "MarkerBeforePrepare",
        "transactional",
        ("atomic", "log"),
        "O9: §1.4 step 5, what was not decided durably is aborted after a crash, behind a commit marker",
    ),
    planted(
        "AbortForgetsPartition",
        "transactional",
        ("atomic", "log"),
        "O9: a part of an aborted transaction is decided with the next one",
    ),
    planted(
        "CommitForLostAssignment",
        "atomic-offset",
        ("mark_matches_effect", "effect"),
        "O10: §1.5, who lost a partition must not commit it; the offset no longer agrees with the effects",
    ),
    planted(
        "RetryWithNewId",
        "idempotent-consumer",
        ("no_duplicate", "effect"),
        "O2: D5, a repeat under another id is another record to every inbox",
    ),
    planted(
        "DedupOutsideTransaction",
        "idempotent-consumer",
        ("no_loss", "effect"),
        "O1: L5, the id without its effect swallows the retry",
    ),
    planted(
        "StaleGenerationAccepted",
        "transactional",
        ("fencing", "delivery"),
        "O12: §1.4 KIP-447, an offset of an older generation is refused",
    ),
];

impl Planted {
    fn runner(&self, settings: &[&str]) -> Runner {
        let scenario = catalog::scenario("bad-day").expect("it is in the catalog");
        let parse =
            |text: &&str| Setting::parse(text).unwrap_or_else(|complaint| panic!("{complaint}"));
        let settings: Vec<Setting> = settings.iter().map(parse).collect();
        let plan = Plan::new(&scenario, self.strategy, &settings);
        Runner::new(&Arc::new(
            plan.unwrap_or_else(|complaint| panic!("{complaint}")),
        ))
    }

    /// Whether a run breaks the promise, within its assumptions.
    fn is_caught(&self, row: &Row) -> bool {
        row.violations.iter().any(|violation| {
            violation.is_breach()
                && violation.invariant.name() == self.invariant
                && violation.level.name() == self.level
        })
    }

    /// The first seed that shows the bug.
    fn search(&self) -> Option<u64> {
        let mut with = self.runner(&[&format!("strategy.bug={}", self.bug)]);
        (0..SEEDS).find(|seed| self.is_caught(&with.run(*seed)))
    }
}

#[test]
fn every_planted_bug_is_caught_by_a_bad_day_and_by_nothing_else() {
    let mut wrong = Vec::new();
    println!("{:<26} {:<22} {:<30} seed", "bug", "strategy", "caught by");
    for planted in &PLANTED {
        let (bug, strategy) = (planted.bug, planted.strategy);
        let by = format!("{} at {}", planted.invariant, planted.level);
        let Some(found) = planted.search() else {
            wrong.push(format!(
                "{bug} survives {SEEDS} seeds of {strategy}: no {by} ({})",
                planted.because
            ));
            continue;
        };
        println!("{bug:<26} {strategy:<22} {by:<30} {found}");
        let mut without = planted.runner(&[]);
        if let Some(seed) = (0..=found).find(|seed| planted.is_caught(&without.run(*seed))) {
            wrong.push(format!(
                "{strategy} breaks {by} without {bug} under seed {seed}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
