//! Every schedule of a menu: what is found, and what it takes.

use std::sync::Arc;

use semel_models::strategy::{Assumption, Invariant, Level};
use semel_scenarios::catalog;
use semel_scenarios::file::expect::Breach;
use semel_scenarios::file::load::{Source, load, load_with};
use semel_scenarios::file::setting::Setting;
use semel_scenarios::trial::plan::Plan;
use semel_scenarios::verify::{Mishap, SCHEDULES, Verified, verify};
use semel_scenarios::witness;
use semel_scenarios::witness::replay;

fn verified(menu: &str, strategy: &str, most: usize) -> Verified {
    let text = format!(
        r#"(schema: 1, name: "three-records", workload: (records: 3, amount: 10, pace: "150ms"), menu: {menu})"#
    );
    let scenario = load(&Source {
        name: "scenario.ron".into(),
        text,
    })
    .expect("it is valid");
    let plan = Plan::new(&Arc::new(scenario), strategy, &[]).expect("it fits");
    verify(&Arc::new(plan), most, SCHEDULES)
}

fn fewest(verified: &Verified, invariant: &str, level: &str) -> Option<usize> {
    let kind: Breach = format!("{invariant} at {level}")
        .parse()
        .expect("it is one");
    let of_kind = verified.found.iter().filter(|one| one.violation.is(kind));
    of_kind.map(|one| one.faults).min()
}

#[test]
fn one_lost_answer_doubles_a_record_of_at_least_once() {
    let found = verified("[Drop]", "at-least-once", 1);
    assert!(found.finished);
    assert_eq!(found.breaking(), None, "it promises nothing else");
    assert_eq!(fewest(&found, "no_duplicate", "log"), Some(1));
    assert_eq!(fewest(&found, "no_loss", "effect"), None);
}

#[test]
fn a_lost_answer_is_recognised_but_a_crash_before_the_mark_is_not() {
    let found = verified("[Drop, Late]", "idempotent-producer", 2);
    assert_eq!(fewest(&found, "no_duplicate", "log"), None);
    let found = verified("[Crash]", "idempotent-producer", 1);
    assert_eq!(fewest(&found, "no_duplicate", "effect"), Some(1));
    assert_eq!(found.breaking(), None);
}

/// §1.2: whoever does not ask for answers loses what it says to nobody; whoever asks again says it twice if only the
/// answers were kept from it.
#[test]
fn one_isolation_loses_or_doubles() {
    let found = verified("[Isolate]", "at-most-once", 1);
    assert_eq!(fewest(&found, "no_loss", "effect"), Some(1));
    assert_eq!(fewest(&found, "no_duplicate", "log"), None);
    let found = verified("[Isolate]", "at-least-once", 1);
    assert_eq!(fewest(&found, "no_loss", "effect"), None);
    assert_eq!(fewest(&found, "no_duplicate", "log"), Some(1));
    assert_eq!(fewest(&found, "no_duplicate", "effect"), Some(1));
    assert_eq!(found.breaking(), None);
    // Nothing but isolations, and not one of them is told to anybody.
    assert!(
        found
            .menu
            .iter()
            .all(|one| matches!(one, Mishap::Cut { .. }))
    );
}

/// Every promised clause of a strategy that promises an effect once holds at two faults on three records, on a
/// menu that keeps its assumptions. (A sink that goes down is beyond the promise of idempotency keys.)
fn keeps_its_promise_twice(strategy: &str) {
    keeps_it_on("[Drop, Late, Crash, Pause, Isolate]", strategy);
}

fn keeps_it_on(menu: &str, strategy: &str) {
    let found = verified(menu, strategy, 2);
    assert!(found.finished, "{strategy}");
    assert_eq!(found.breaking(), None, "{strategy}");
    assert!(
        found.schedules() > 10_000 && found.ended[2] > 0,
        "{strategy}: {} schedules",
        found.schedules()
    );
}

#[test]
fn an_inbox_holds_against_two_faults() {
    keeps_its_promise_twice("idempotent-consumer");
    keeps_its_promise_twice("outbox-inbox");
}

#[test]
fn idempotency_keys_hold_against_two_faults() {
    keeps_its_promise_twice("idempotency-key");
    let found = verified("[Crash]", "idempotency-key", 1);
    let mut kinds = found.found.iter().map(|one| &one.violation);
    let double =
        kinds.find(|one| one.invariant == Invariant::NoDuplicate && one.level == Level::Effect);
    let beyond = double.and_then(|one| one.assumption_broken.clone());
    assert_eq!(beyond, Some(Assumption::NoSinkOutage), "B13 P2");
}

#[test]
fn an_offset_with_its_effect_holds_against_two_faults() {
    keeps_its_promise_twice("atomic-offset");
}

#[test]
fn transactions_hold_against_two_faults() {
    // They say the most: the whole menu at once would take a test more than a minute.
    keeps_it_on("[Drop, Late, Crash, Pause]", "transactional");
}

#[test]
fn transactions_hold_against_two_isolations() {
    keeps_it_on("[Drop, Isolate]", "transactional");
}

#[test]
fn a_log_that_loses_power_forgets_its_producers_too() {
    let found = verified("[PowerLoss, Pause]", "idempotent-producer", 2);
    assert_eq!(found.breaking(), None);
    let kinds = found.found.iter().map(|one| &one.violation);
    let promised: Vec<_> = kinds.filter(|one| one.promised).collect();
    assert!(!promised.is_empty(), "a power loss loses");
    for one in promised {
        let beyond = one.assumption_broken.as_ref();
        assert_eq!(
            beyond,
            Some(&Assumption::NoPowerLoss),
            "{one:?}, semantics §1.3 rule 7"
        );
    }
}

#[test]
fn what_lies_outside_the_assumptions_is_beyond_the_promise() {
    let found = verified("[PowerLoss]", "at-least-once", 1);
    assert_eq!(found.breaking(), None);
    let loss = found
        .found
        .iter()
        .find(|one| one.violation.invariant == Invariant::NoLoss)
        .expect("power loss loses");
    assert_eq!(
        loss.violation.assumption_broken,
        Some(Assumption::NoPowerLoss)
    );
}

#[test]
fn every_counterexample_repeats_itself() {
    for strategy in [
        "at-most-once",
        "at-least-once",
        "idempotent-consumer",
        "auto-commit",
    ] {
        for one in verified("[Drop, Crash, PowerLoss, Pause, Isolate]", strategy, 1).found {
            let name = format!(
                "{strategy}: {} at {}",
                one.violation.invariant, one.violation.level
            );
            let witness = Arc::new(
                one.witness
                    .unwrap_or_else(|| panic!("{name} has a witness")),
            );
            let again = replay::witness(&witness)
                .expect("it fits")
                .expect("it is a witness");
            assert_eq!(again.difference, None, "{name}");
        }
    }
}

/// Records of an account that few worlds have are written into a file that has it.
#[test]
fn a_counterexample_has_as_many_accounts_as_it_needs() {
    let few = Setting::parse("workload.records=3");
    let few = [few.unwrap_or_else(|complaint| panic!("{complaint}"))];
    let source = catalog::find("throughput").expect("the catalog has it");
    let scenario = load_with(&source, &few).unwrap_or_else(|complaint| panic!("{complaint}"));
    let plan = Plan::new(&Arc::new(scenario), "at-least-once", &few).expect("it fits");
    let verified = verify(&Arc::new(plan), 1, SCHEDULES);
    let text = witness::text(verified.witness().expect("it has one"));
    let read = load(&Source {
        name: "witness.ron".into(),
        text,
    });
    let read = read.unwrap_or_else(|complaint| panic!("{complaint}"));
    assert!(read.workload.keys > 4, "{:?}", read.workload);
    let again = replay::witness(&Arc::new(read)).expect("it fits");
    assert_eq!(again.expect("it is a witness").difference, None);
}

#[test]
fn a_budget_that_is_spent_is_said() {
    let text = r#"(schema: 1, name: "three-records", workload: (records: 3))"#;
    let scenario = load(&Source {
        name: "scenario.ron".into(),
        text: text.into(),
    })
    .expect("it is valid");
    let plan = Arc::new(Plan::new(&Arc::new(scenario), "at-least-once", &[]).expect("it fits"));
    let found = verify(&plan, 2, 100);
    assert!(!found.finished);
    assert_eq!(found.schedules(), 100);
}
