//! Comparing: what is counted where, what it costs, and how few faults break it.

use std::sync::Arc;

use semel_scenarios::catalog;
use semel_scenarios::compare::{Compared, Comparer, Comparison, Family, quiet_round_trips};
use semel_scenarios::outcome::summary::Summarizer;
use semel_scenarios::sweep::{Audience, Share, Sweep};
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;
use semel_scenarios::verify::Next;

struct Ears(Comparer);

impl Audience for Ears {
    fn hear(
        &mut self,
        rows: &[semel_scenarios::outcome::row::Row],
        _: &str,
    ) -> std::io::Result<()> {
        rows.iter().for_each(|row| self.0.add(row));
        Ok(())
    }
}

fn compared(scenarios: &[&str], strategies: &[&str], faults: usize) -> Comparison {
    let mut plans = Vec::new();
    for name in scenarios {
        let scenario = catalog::scenario(name).expect("it is in the catalog");
        for strategy in strategies {
            plans.push(Arc::new(
                Plan::new(&scenario, strategy, &[]).expect("it fits"),
            ));
        }
    }
    let sweep = Sweep::of(plans)
        .seeds(0..20)
        .check_determinism(Share::percent(0));
    let mut ears = Ears(Comparer::new(sweep.plans(), sweep.range()));
    sweep.go_on(sweep.sums(), &mut ears).expect("it runs");
    ears.0.finish(faults)
}

fn line<'c>(comparison: &'c Comparison, strategy: &str) -> &'c Compared {
    let mut lines = comparison.lines.iter();
    lines
        .find(|line| line.strategy == strategy)
        .expect("it was compared")
}

#[test]
fn every_scenario_has_a_family() {
    for (name, family) in [
        ("lost-ack", Family::Loss),
        ("duplicate-packets", Family::Copies),
        ("isolation-heals", Family::Cut),
        ("crash-before-commit", Family::Crash),
        ("broker-power-loss", Family::Power),
        ("zombie-consumer", Family::Pause),
        ("poison-record", Family::Load),
        ("bad-day", Family::Several),
        ("clock-step", Family::Several),
    ] {
        let scenario = catalog::scenario(name).expect("it is in the catalog");
        assert_eq!(Family::of(&scenario), family, "{name}");
    }
}

/// The derivation of `semantics.md` §5 for records that travel alone (b = 1), eight of them, in thousandths.
///
/// Publishing: 0 without acks, otherwise 1, and one `InitProducerId` per session where sequences are used. The sink: 1
/// where its answer is waited for. The mark: 1 commit, or none where it travels with the effect. A transaction of the
/// second version: the output, the offsets and the end, without `AddPartitions` and `AddOffsets`; and one
/// `InitProducerId` more.
#[test]
fn quiet_round_trips_are_the_derived_ones() {
    const INIT: u32 = 1000 / 8;
    let scenario = catalog::scenario("lost-request").expect("it is in the catalog");
    for (strategy, publish, sink, mark) in [
        ("at-most-once", 0, 0, 1000),
        ("at-least-once", 1000, 1000, 1000),
        ("idempotent-producer", 1000 + INIT, 1000, 1000),
        ("idempotent-consumer", 1000, 1000, 1000),
        ("windowed-dedup", 1000, 1000, 1000),
        ("atomic-offset", 1000 + INIT, 1000, 0),
        ("idempotency-key", 1000, 1000, 1000),
        ("outbox-inbox", 1000, 1000, 1000),
        ("transactional", 1000 + INIT, 0, 3000 + INIT),
        ("transactional-side-effect", 1000 + INIT, 1000, 3000 + INIT),
        ("auto-commit", 1000, 1000, 1000),
    ] {
        let plan = Plan::new(&scenario, strategy, &[]).expect("it fits");
        let expected = f64::from(publish + sink + mark) / 1000.0;
        let found = quiet_round_trips(&plan, 0);
        assert!(
            (found - expected).abs() < 1e-9,
            "{strategy}: {found} instead of {expected}"
        );
    }
}

#[test]
fn what_went_wrong_is_counted_by_family() {
    let comparison = compared(
        &["lost-request", "lost-ack", "crash-before-commit"],
        &["at-least-once", "idempotent-consumer", "at-most-once"],
        0,
    );
    let families: Vec<Family> = comparison.families.iter().map(|one| one.0).collect();
    assert_eq!(families, [Family::Loss, Family::Crash]);
    let plain = line(&comparison, "at-least-once");
    let [loss, crash] = &plain.families[..] else {
        panic!("two families");
    };
    // A lost ack always doubles, a lost request never does (F001); a crash before the mark always does (F040).
    assert_eq!((loss.runs, loss.duplicated.runs), (40, 20));
    assert_eq!((crash.runs, crash.duplicated.runs), (20, 20));
    assert_eq!(loss.lost.runs + loss.broken, 0);
    let once = line(&comparison, "idempotent-consumer");
    let wrong = |cell: &semel_scenarios::compare::Cell| {
        cell.lost.runs + cell.duplicated.runs + cell.broken + cell.stuck.runs
    };
    assert_eq!(once.families.iter().map(wrong).sum::<u64>(), 0);
    // A lost ack cannot touch who asks for none: those runs are not counted, nor do prices come from there.
    let most = line(&comparison, "at-most-once");
    assert_eq!(most.families[0].runs, 20);
    assert_eq!(comparison.priced, ["lost-request", "crash-before-commit"]);
}

/// Work that nobody ends is not overlooked because all others came to an end.
#[test]
fn what_never_comes_to_rest_is_stuck_though_the_run_settles() {
    let scenario = catalog::scenario("bad-day").expect("it is in the catalog");
    let plan = Arc::new(Plan::new(&scenario, "transactional", &[]).expect("it fits"));
    for seed in [3005, 3032] {
        let row = Runner::new(&plan).run(seed);
        assert_eq!(row.end, semel_scenarios::outcome::row::Ended::Settled);
        let mut sum = Summarizer::new(&plan);
        sum.add(&row);
        assert_eq!(sum.finish().stuck_runs, 1);
        let mut comparer = Comparer::new(&[Arc::clone(&plan)], seed..seed + 1);
        comparer.add(&row);
        let comparison = comparer.finish(0);
        let cell = &line(&comparison, "transactional").families[0];
        assert_eq!((cell.stuck.runs, cell.stuck.rate), (1, 1.0));
    }
}

#[test]
fn prices_are_relative_to_the_first() {
    let comparison = compared(
        &["crash-before-commit"],
        &["at-least-once", "at-most-once"],
        0,
    );
    let [first, second] = &comparison.lines[..] else {
        panic!("two strategies");
    };
    assert_eq!(first.relative.messages_per_record, Some(1.0));
    assert_eq!(
        first.relative.dedup_bytes_max, None,
        "nothing times nothing"
    );
    let ratio = second.price.round_trips_per_record / first.price.round_trips_per_record;
    let said = second.relative.round_trips_per_record.expect("it has some");
    assert!((ratio - said).abs() < 1e-3);
    // One of eight records is handled twice after the crash; one crash, and one new effect after it.
    assert!((first.price.reprocessing_factor - 1.125).abs() < 1e-9);
    assert!(
        first
            .price
            .recovery_p50_ns
            .is_some_and(|span| span >= 200_000_000)
    );
}

#[test]
fn breaking_numbers_are_sought_on_three_records() {
    let strategies = [
        "at-least-once",
        "idempotent-producer",
        "idempotent-consumer",
    ];
    let comparison = compared(&["lost-request"], &strategies, 1);
    for (strategy, next) in
        strategies
            .into_iter()
            .zip([Next::LogOnce, Next::DeliveryOnce, Next::Unconditional])
    {
        let breaking = line(&comparison, strategy).breaking.as_ref();
        let breaking = breaking.expect("it fits");
        assert!(breaking.finished, "{strategy}");
        assert_eq!(breaking.promise, None, "{strategy}");
        assert_eq!(
            (breaking.next, breaking.next_level),
            (next, Some(1)),
            "{strategy}"
        );
    }
}
