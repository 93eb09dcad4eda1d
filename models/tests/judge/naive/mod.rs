//! A naive twin of the judge: every rule of `semantics.md` §4.2 said again over the whole history, however slowly,
//! and held against the judge on small random histories.
//!
//! It replays the past from its beginning for every question, and shares no code with the judge.

mod end;
mod past;
mod steps;
mod twin;

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use semel_models::judge::{Judge, KEPT};
use semel_models::strategy::Invariant;
use semel_models::workload::Money;
use semel_sim::time::{Span, Time};
use semel_sim::world::End;

use crate::history::Bench;
use past::Seen;
use steps::{Step, history};
use twin::{Finding, Kind, Twin};

fn count(found: &[Finding]) -> BTreeMap<Kind, u64> {
    let mut counts = BTreeMap::new();
    for (kind, _) in found {
        *counts.entry(*kind).or_default() += 1;
    }
    counts
}

/// The judge and its twin agree on a history.
fn agree(bench: &Bench, all: &[Seen]) {
    let mut judge = bench.judge();
    tell(all, &mut judge);
    let mut twin = Twin {
        bench,
        all,
        found: Vec::new(),
    };
    twin.judge();
    let findings = judge.findings();
    let counts: BTreeMap<Kind, u64> = findings
        .counts
        .iter()
        .map(|(invariant, level, count)| ((*invariant, *level), *count))
        .collect();
    assert_eq!(
        counts,
        count(&twin.found),
        "the judge counts what its twin counts"
    );
    for ((invariant, level), count) in counts {
        let of = |kind: &Kind| *kind == (invariant, level) && invariant != Invariant::SameState;
        let mut wanted: Vec<Option<u32>> = twin
            .found
            .iter()
            .filter(|found| of(&found.0))
            .map(|found| found.1)
            .collect();
        let kept = findings
            .violations
            .iter()
            .filter(|one| of(&(one.invariant, one.level)));
        let mut kept: Vec<Option<u32>> = kept.map(|one| one.record).collect();
        if count <= KEPT as u64 {
            wanted.sort_unstable();
            kept.sort_unstable();
            assert_eq!(
                kept,
                wanted,
                "of {} in the {}",
                invariant.name(),
                level.name()
            );
        }
    }
}

fn tell(all: &[Seen], judge: &mut Judge) {
    for (entry, (node, seen)) in (0..).zip(all) {
        judge.observe(entry, Time::ZERO + Span::millis(entry), *node, seen);
    }
    judge.finish(End::Settled, Time::ZERO + Span::secs(10));
}

fn step() -> impl Strategy<Value = Step> {
    (any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>())
}

/// A step that has to do with transactions of consumers.
fn step_of_transactions() -> impl Strategy<Value = Step> {
    let what = proptest::sample::select(vec![0, 3, 7, 10, 11, 12, 14, 19]);
    let number = proptest::sample::select(vec![0_u8, 1, 2, 3, 7, 11, 15]);
    (what, number.clone(), number.clone(), number)
}

fn bench(money: Money, outputs: bool) -> Bench {
    let mut bench = Bench::of(if outputs {
        "work: Loop(mark: After), sink: (kind: Output)"
    } else {
        "work: Loop(mark: After)"
    });
    bench.workload.records = 6;
    bench.workload.money = money;
    bench.workload.written.truncate(6);
    for (index, record) in (0..).zip(&mut bench.workload.written) {
        record.key = index / 2 % 2;
    }
    bench
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_judge_agrees_with_its_naive_twin(steps in proptest::collection::vec(step(), 1..50), transfers: bool, outputs: bool) {
        let bench = bench(if transfers { Money::Transfers } else { Money::Credits }, outputs);
        agree(&bench, &history(&bench, &steps));
    }

    #[test]
    fn the_judge_agrees_with_its_naive_twin_on_transactions(steps in proptest::collection::vec(step_of_transactions(), 1..40)) {
        let bench = bench(Money::Credits, true);
        agree(&bench, &history(&bench, &steps));
    }

    #[test]
    fn a_judge_that_was_reset_is_as_good_as_new(
        before in proptest::collection::vec(step(), 1..50),
        after in proptest::collection::vec(step(), 1..50),
    ) {
        let bench = bench(Money::Credits, true);
        let mut used = bench.judge();
        tell(&history(&bench, &before), &mut used);
        used.reset(Arc::new(bench.workload.clone()));
        let mut fresh = bench.judge();
        let history = history(&bench, &after);
        tell(&history, &mut used);
        tell(&history, &mut fresh);
        prop_assert_eq!(used.findings(), fresh.findings());
        prop_assert_eq!(used.progress(), fresh.progress());
        prop_assert_eq!(used.complete(), fresh.complete());
    }
}
