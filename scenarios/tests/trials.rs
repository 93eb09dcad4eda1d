//! Trials: the same seed gives the same bytes, eyes change nothing, and seeds leave nothing behind for each other.

use std::sync::Arc;

use semel_models::judge::{Cause, Side};
use semel_models::strategy::{Invariant, Level};
use semel_scenarios::catalog;
use semel_scenarios::file::expect::{Breach, Expected};
use semel_scenarios::file::load::{Source, load};
use semel_scenarios::file::scenario::Scenario;
use semel_scenarios::file::setting::Setting;
use semel_scenarios::outcome::row::{Ended, Row, RunVerdict};
use semel_scenarios::outcome::summary::{Summarizer, Summary};
use semel_scenarios::outcome::verdict::{self, Judgement};
use semel_scenarios::shrink::shrink;
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;
use semel_scenarios::witness;
use semel_scenarios::witness::replay;
use semel_sim::record::{Loss, What};

fn plan(scenario: &str, strategy: &str) -> Arc<Plan> {
    let scenario = catalog::scenario(scenario).expect("it is in the catalog");
    Arc::new(Plan::new(&scenario, strategy, &[]).expect("it fits"))
}

/// A scenario of the test's own, put to `at-least-once`.
fn own(fields: &str) -> Arc<Plan> {
    let text = format!("(schema: 1, name: \"own\", workload: (records: 4), {fields})");
    let scenario: Arc<Scenario> = Arc::new(
        load(&Source {
            name: "own.ron".into(),
            text,
        })
        .expect("it is valid"),
    );
    Arc::new(Plan::new(&scenario, "at-least-once", &[]).expect("it fits"))
}

fn sum(plan: &Arc<Plan>, seeds: u64) -> Summary {
    let mut runner = Runner::new(plan);
    let mut summarizer = Summarizer::new(plan);
    (0..seeds).for_each(|seed| summarizer.add(&runner.run(seed)));
    summarizer.finish()
}

#[test]
fn a_runner_that_has_run_other_seeds_gives_what_a_fresh_one_gives() {
    for strategy in [
        "at-most-once",
        "at-least-once",
        "idempotent-producer",
        "idempotent-consumer",
    ] {
        let plan = plan("bad-day", strategy);
        let mut warm = Runner::new(&plan);
        for seed in 0..20 {
            assert_eq!(
                warm.run(seed),
                Runner::new(&plan).run(seed),
                "{strategy} under seed {seed}"
            );
        }
    }
}

#[test]
fn eyes_change_nothing() {
    let plan = plan("bad-day", "at-least-once");
    let mut runner = Runner::new(&plan);
    for seed in 0..10 {
        let blind = runner.run(seed);
        let opened = runner.run_open(seed).expect("it applies");
        let mut file = Vec::new();
        let told = runner
            .run_told(seed, Some(&mut file))
            .expect("memory takes it");
        assert_eq!(opened.row, blind);
        assert_eq!(told.row, blind);
        let lines = String::from_utf8(file).expect("lines are text");
        assert_eq!(opened.trace.entries.len(), lines.lines().count());
    }
}

#[test]
fn every_line_of_a_trace_has_a_cause_before_it() {
    let mut runner = Runner::new(&plan("lost-ack", "at-least-once"));
    let opened = runner.run_open(1).expect("it applies");
    for (place, entry) in opened.trace.entries.iter().enumerate() {
        assert_eq!(entry.id, place as u64);
        assert!(entry.cause <= entry.id);
    }
    let lines: Vec<_> = opened
        .trace
        .entries
        .iter()
        .map(|entry| opened.trace.line(entry))
        .collect();
    let lost = lines
        .iter()
        .find(|line| line.lost == Some("dropped"))
        .expect("the fault struck");
    assert_eq!(lost.says.as_deref(), Some("Ack 3"));
    assert_eq!(lost.faults, ["drop"]);
}

#[test]
fn a_witness_repeats_the_whole_failure_from_its_file() {
    for (scenario, strategy) in [
        ("lost-ack", "at-least-once"),
        ("crash-before-commit", "idempotent-producer"),
        ("bad-day", "at-most-once"),
        ("duplicate-packets", "windowed-dedup"),
        ("zombie-consumer", "group"),
        ("late-end-transaction", "transactional-v1"),
    ] {
        let plan = plan(scenario, strategy);
        let opened = Runner::new(&plan).run_open(5).expect("it applies");
        // No run is left for making it smaller.
        let shrunk = shrink(&plan, 5, 0).expect("it fails");
        let found = load(&Source {
            name: "found.ron".into(),
            text: witness::text(&shrunk.witness),
        })
        .unwrap_or_else(|complaint| panic!("{complaint}"));
        let again = replay::witness(&Arc::new(found))
            .expect("it fits")
            .expect("it is a witness");
        assert_eq!(again.difference, None, "{scenario}");
        let sums = |row: &Row| (row.applied, row.duplicated, row.lost, row.reordered);
        assert_eq!(sums(&again.run.row), sums(&opened.row), "{scenario}");
    }
}

#[test]
fn a_lost_ack_doubles_the_record_unless_something_recognises_it() {
    let row = |strategy| Runner::new(&plan("lost-ack", strategy)).run(0);
    let twice = row("at-least-once");
    assert_eq!(
        (twice.duplicated, twice.verdict, twice.met),
        (1, RunVerdict::Violates, true)
    );
    assert_eq!(twice.actual_balance, twice.expected_balance + 10);
    let once = row("idempotent-producer");
    assert_eq!(
        (once.duplicated, once.verdict, once.met),
        (0, RunVerdict::Holds, true)
    );
    let inbox = row("idempotent-consumer");
    assert_eq!(
        (inbox.duplicated_in_log, inbox.duplicated, inbox.verdict),
        (1, 0, RunVerdict::Holds)
    );
    let untouched = row("at-most-once");
    assert_eq!(
        (untouched.verdict, untouched.end),
        (RunVerdict::NotApplicable, Ended::NotRun)
    );
}

#[test]
fn a_planted_bug_is_a_broken_promise() {
    let scenario = catalog::scenario("broker-crash").expect("it is in the catalog");
    let bug = [Setting::parse("strategy.bug=TableNotRebuilt").expect("it is a setting")];
    let plan = Arc::new(Plan::new(&scenario, "idempotent-producer", &bug).expect("it fits"));
    let row = Runner::new(&plan).run(0);
    assert_eq!(verdict::of_run(&plan, &row), Judgement::Broken);
    assert!(!row.met);
    assert_eq!(row.set["strategy.bug"], "TableNotRebuilt");
}

#[test]
fn a_fault_that_never_strikes_makes_the_question_vacuous() {
    let plan = own("faults: [Drop(packet: Ack(record: 99))]");
    let row = Runner::new(&plan).run(0);
    assert_eq!(verdict::of_run(&plan, &row), Judgement::Vacuous);
    assert_eq!(sum(&plan, 3).judgement(), Judgement::Vacuous);
}

/// Each deviation of a script counts when the run comes to it, by address or by time.
#[test]
fn a_script_strikes_as_often_as_it_is_followed() {
    let script = |nth: u32| {
        let ack = format!("from: \"broker-0\", to: \"producer-0\", label: \"Ack\", nth: {nth}");
        let weather = "Weather(at: \"1ms\", change: Slow(\"sink-0\", 2))";
        let expect = "\"at-least-once\": (verdict: Always([\"no_duplicate at log\"]))";
        own(&format!(
            "faults: [Script([Packet({ack}, fate: Drop), {weather}])], expect: {{{expect}}}"
        ))
    };
    let followed = script(2);
    assert_eq!(Runner::new(&followed).run(0).fired["script"], 2);
    assert_eq!(sum(&followed, 3).judgement(), Judgement::Met);
    assert_eq!(Runner::new(&script(99)).run(0).fired["script"], 1);
    let nowhere = own(
        "faults: [Script([Step(node: \"broker-0\", label: \"Produce\", nth: 99, outage: Crash, down: \"1s\")])]",
    );
    let row = Runner::new(&nowhere).run(0);
    assert_eq!(verdict::of_run(&nowhere, &row), Judgement::Vacuous);
    assert_eq!(sum(&nowhere, 3).judgement(), Judgement::Vacuous);
}

#[test]
fn a_violation_that_was_expected_and_never_appears_is_a_no_show() {
    let plan = own("expect: {\"at-least-once\": (verdict: Breaks([\"no_loss at effect\"]))}");
    let summary = sum(&plan, 3);
    assert_eq!(
        (summary.judgement(), summary.verdict),
        (Judgement::NoShow, RunVerdict::NoShow)
    );
    assert_eq!(
        summary.why,
        "no_loss at effect was expected in any run and appeared in 0 of 3"
    );
}

#[test]
fn a_violation_that_was_not_expected_is_unmet() {
    let plan = own(
        "faults: [Drop(packet: Ack(record: 1))], expect: {\"at-least-once\": (verdict: Holds)}",
    );
    let summary = sum(&plan, 3);
    assert_eq!(
        (summary.judgement(), summary.violating, summary.first_seed),
        (Judgement::Unmet, 3, Some(0))
    );
    assert!(!Runner::new(&plan).run(0).met);
}

#[test]
fn a_run_without_room_is_inconclusive() {
    let plan = own("events: 20");
    assert_eq!(Runner::new(&plan).run(0).verdict, RunVerdict::Inconclusive);
    assert_eq!(sum(&plan, 3).judgement(), Judgement::Inconclusive);
}

#[test]
fn a_summary_counts_causes_and_names_the_simplest_run() {
    let summary = sum(&plan("crash-before-commit", "at-least-once"), 10);
    assert_eq!(
        (summary.runs, summary.violating, summary.duplicated_runs),
        (10, 10, 10)
    );
    assert_eq!(summary.judgement(), Judgement::Met);
    let cause = summary
        .causes
        .iter()
        .find(|cause| cause.level == Level::Effect && cause.invariant == Invariant::NoDuplicate);
    let cause = cause.expect("the duplicate has a cause");
    assert_eq!(
        (cause.cause, cause.side, cause.runs, cause.seed),
        (Cause::Unmarked, Side::Outbound, 10, 0)
    );
    assert_eq!(summary.fired["crash"], 10);
}

#[test]
fn a_row_has_the_keys_of_the_contract() {
    let row = Runner::new(&plan("lost-ack", "at-least-once")).run(4127);
    let json = serde_json::to_value(&row).expect("a row is plain data");
    for key in [
        "schema",
        "semel",
        "plan",
        "scenario",
        "set",
        "strategy",
        "transport",
        "seed",
        "verdict",
        "expected",
        "end",
        "violations",
        "records",
        "acked",
        "applied",
        "duplicated",
        "lost",
        "reordered",
        "expected_balance",
        "actual_balance",
        "latency_p50_ns",
        "latency_p99_ns",
        "messages",
        "round_trips_per_record",
        "dedup_bytes_max",
        "fired",
        "events",
        "digest",
    ] {
        assert!(json.get(key).is_some(), "a row lacks `{key}`");
    }
    let again: Row = serde_json::from_value(json).expect("a row reads back");
    // How many violations there were besides those it tells is not written down.
    let counts = row.counts.clone();
    assert_eq!(Row { counts, ..again }, row);
}

#[test]
fn plans_hash_what_decides_a_run_and_nothing_else() {
    let scenario = catalog::scenario("lost-ack").expect("it is in the catalog");
    let hash = |scenario: &Scenario, strategy| {
        Plan::new(&Arc::new(scenario.clone()), strategy, &[])
            .expect("it fits")
            .hash
    };
    let plain = hash(&scenario, "at-least-once");
    let mut words = Scenario::clone(&scenario);
    words.question = "Another question?".into();
    words
        .expect
        .get_mut("at-least-once")
        .expect("it is there")
        .verdict = Expected::Any;
    assert_eq!(hash(&words, "at-least-once"), plain);
    assert_ne!(hash(&scenario, "idempotent-producer"), plain);
    let mut longer = Scenario::clone(&scenario);
    longer.workload.records += 1;
    assert_ne!(hash(&longer, "at-least-once"), plain);
}

/// F113 and §4.4 D1 without a lost packet: the sink has paid when the client's patience ends, and its answer comes
/// after the client has asked again.
#[test]
fn a_sink_slower_than_its_clients_timeout_pays_twice() {
    let slow = |factor| {
        let faults = format!("faults: [Slow(node: \"sink\", factor: {factor}, at: \"0s\")]");
        own(&format!("network: (service: \"1ms\"), {faults}"))
    };
    let row = Runner::new(&slow(2)).run(0);
    assert_eq!((row.verdict, row.duplicated), (RunVerdict::Holds, 0));
    let opened = Runner::new(&slow(400)).run_open(0).expect("it applies");
    assert_eq!(opened.row.verdict, RunVerdict::Violates);
    assert!(
        opened.row.duplicated > 0 && opened.row.lost == 0,
        "{:?}",
        opened.row
    );
    let dropped = opened.trace.entries.iter().any(|entry| {
        matches!(&entry.what, What::Sent { loss: Some(loss), .. } if *loss != Loss::GivenUp)
    });
    assert!(!dropped, "every packet was let through");
    assert_eq!(
        effects(&opened.row),
        ["D1 outbound"],
        "no answer came in time"
    );
}

/// The causes of the duplicated effects.
fn effects(row: &Row) -> Vec<String> {
    let doubled = row.violations.iter();
    let doubled =
        doubled.filter(|one| one.invariant == Invariant::NoDuplicate && one.level == Level::Effect);
    let mut causes: Vec<String> = doubled
        .map(|one| format!("{} {}", one.cause, one.side))
        .collect();
    causes.dedup();
    causes
}

/// §4.4: one lost ack, told by what the sink could have known. Nobody looks for ids (D1); it looks for another one
/// than before (D5); it knows the id.
#[test]
fn a_lost_ack_is_told_by_the_id_that_the_sink_looked_for() {
    let scenario = catalog::scenario("lost-ack").expect("it is in the catalog");
    let bug = [Setting::parse("strategy.bug=RetryWithNewId").expect("it is a setting")];
    for (strategy, settings, causes) in [
        ("at-least-once", &[][..], &["D1 inbound"][..]),
        ("idempotent-consumer", &bug, &["D5 inbound"]),
        ("idempotency-key", &bug, &["D5 inbound"]),
        ("idempotent-consumer", &[], &[]),
    ] {
        let plan = Arc::new(Plan::new(&scenario, strategy, settings).expect("it fits"));
        assert_eq!(effects(&Runner::new(&plan).run(0)), causes, "{strategy}");
    }
}

/// A duplicate that a sink absorbs is no violation of a strategy that promises nothing of the log, unless the scenario
/// asks for just that: then the run that shows it is counted among those that do.
#[test]
fn what_a_scenario_names_below_the_effect_is_counted_where_it_appears() {
    let lost_ack = catalog::scenario("lost-ack").expect("it is in the catalog");
    let twice = Breach {
        invariant: Invariant::NoDuplicate,
        level: Level::Log,
    };
    for (expected, verdict) in [
        (Expected::Any, RunVerdict::Holds),
        (Expected::Holds, RunVerdict::Holds),
        (Expected::Breaks(vec![twice]), RunVerdict::Violates),
        (Expected::Always(vec![twice]), RunVerdict::Violates),
    ] {
        let mut scenario = Scenario::clone(&lost_ack);
        let of = scenario.expect.get_mut("idempotent-consumer");
        of.expect("it is there").verdict = expected;
        let plan = Plan::new(&Arc::new(scenario), "idempotent-consumer", &[]).expect("it fits");
        let plan = Arc::new(plan);
        let row = Runner::new(&plan).run(0);
        assert_eq!((row.duplicated_in_log, row.duplicated), (1, 0));
        assert_eq!((row.verdict, row.met), (verdict, true));
        let all = sum(&plan, 3);
        let violating = if verdict == RunVerdict::Holds { 0 } else { 3 };
        assert_eq!(
            (all.violating, all.judgement()),
            (violating, Judgement::Met)
        );
    }
}

/// Whoever intends less often than patience lasts breaks no promise: the run says nothing.
#[test]
fn a_source_that_is_slower_than_patience_is_inconclusive() {
    let text = "(schema: 1, name: \"slow\", workload: (records: 3, pace: \"1h\"))";
    let scenario = load(&Source {
        name: "slow.ron".into(),
        text: text.into(),
    });
    let scenario = Arc::new(scenario.unwrap_or_else(|complaint| panic!("{complaint}")));
    let plan = Plan::new(&scenario, "idempotent-producer", &[]).expect("it fits");
    let plan = Arc::new(plan);
    let row = Runner::new(&plan).run(0);
    assert_eq!(
        row.verdict,
        RunVerdict::Inconclusive,
        "{:?}",
        row.violations
    );
    assert_eq!(verdict::of_run(&plan, &row), Judgement::Inconclusive);
}

/// O16 begins with "once all has healed". Where it never does, or where no answer can come in time, standing still is
/// nobody's fault; and a pause longer than patience is no standstill at all.
#[test]
fn patience_is_for_what_can_get_on() {
    let run = |rest: &str| {
        let scenario = load(&Source {
            name: "patience.ron".into(),
            text: format!("(schema: 1, name: \"patience\", workload: (records: 4), {rest})"),
        });
        let scenario = Arc::new(scenario.unwrap_or_else(|complaint| panic!("{complaint}")));
        let plan = Plan::new(&scenario, "idempotent-producer", &[]).expect("it fits");
        Runner::new(&Arc::new(plan)).run(0)
    };
    for hopeless in [
        "faults: [Drop(rate: 1)]",
        "faults: [Corrupt(rate: 1, from: \"broker-0\")]",
        "faults: [Drop(at: \"5ms\")]",
        "faults: [Burst(good: \"5ms\", bad: \"10h\")]",
        "faults: [SlowLink(extra: \"2min\", at: \"5ms\")]",
        "faults: [Slow(node: \"broker-0\", factor: 100000, at: \"5ms\")], network: (service: \"1ms\")",
        "network: (latency: \"2min\")",
    ] {
        let row = run(hopeless);
        let said = (row.verdict, row.end);
        assert_eq!(
            said,
            (RunVerdict::Inconclusive, Ended::Exhausted),
            "{hopeless}"
        );
    }
    for healing in [
        "faults: [Drop(rate: 1, until: \"12min\")]",
        "faults: [Drop(rate: 1)], heal_at: \"12min\"",
        "faults: [Burst(good: \"5ms\", bad: \"10h\", until: \"12min\")]",
        "faults: [Pause(node: \"consumer-0\", at: \"5ms\", down: \"1h\")]",
        "faults: [Isolate(node: \"broker-0\", at: \"5ms\", lasting: \"1h\")]",
        // What strikes long after the last progress leaves time to get over it.
        "faults: [Crash(node: \"consumer\", at: \"11min\")], settle: (patience: \"10min\")",
        "faults: [Crash(node: \"consumer\", at: \"6s\")], settle: (patience: \"5s\")",
    ] {
        let row = run(healing);
        let said = (row.verdict, row.end);
        assert_eq!(said, (RunVerdict::Holds, Ended::Settled), "{healing}");
    }
}

/// A member whose clock is slow for good is taken for dead again and again: that is the clock's doing as long as it
/// drifts (O16), and the group's when it does no more.
#[test]
fn a_clock_that_drifts_for_good_is_not_healed() {
    let end = |fault: &str| {
        let scenario = load(&Source {
            name: "drift.ron".into(),
            text: format!(
                "(schema: 1, name: \"drift\", topology: (consumers: 2, partitions: 2),
                workload: (records: 12, keys: 2, pace: \"50ms\"),
                faults: [{fault}],
                define: {{\"group\": (promise: [], work: Loop(
                    mark: After, reset: Earliest, sink_timeout: \"100ms\", fetch_wait: \"100ms\", fetch_timeout: \"200ms\",
                    right: Group(session: \"500ms\", heartbeat: \"100ms\", initial_delay: \"50ms\", poll_interval: \"5s\"),
                ))}})"
            ),
        });
        let scenario = Arc::new(scenario.unwrap_or_else(|complaint| panic!("{complaint}")));
        let plan = Plan::new(&scenario, "group", &[]).expect("it fits");
        let row = Runner::new(&Arc::new(plan)).run(0);
        let mut broken = row.violations.iter();
        assert!(broken.all(|one| one.invariant != Invariant::Convergence));
        row.end
    };
    let drift = "node: \"consumer-0\", ppm: -900000";
    assert_eq!(end(&format!("ClockDrift({drift})")), Ended::Exhausted);
    let healed = end(&format!("ClockDrift({drift}, until: \"30s\")"));
    assert_eq!(healed, Ended::Settled);
    // An answer that is late by both ways together is late as well.
    let slow = end("SlowLink(extra: \"60ms\", at: \"5ms\")");
    assert_eq!(slow, Ended::Exhausted);
}

/// The source is replayed from a position that is an hour old when its producer crashes, eleven minutes after the last
/// progress (§1.18, Debezium): the run goes on until the repeats are in.
#[test]
fn a_late_crash_is_followed_to_its_end() {
    let scenario = load(&Source {
        name: "late.ron".into(),
        text: "(schema: 1, name: \"late\", workload: (records: 2),
            faults: [Crash(node: \"producer\", at: \"11min\")],
            define: {\"late\": (promise: [], source: Replayed(save_every: \"1h\"), work: Loop(mark: After))})"
            .into(),
    });
    let scenario = Arc::new(scenario.unwrap_or_else(|complaint| panic!("{complaint}")));
    let plan = Plan::new(&scenario, "late", &[]).expect("it fits");
    let row = Runner::new(&Arc::new(plan)).run(0);
    assert_eq!((row.duplicated_in_log, row.duplicated), (2, 2));
}

/// A record that is worked on for longer than patience lasts is no standstill.
#[test]
fn slow_work_is_no_standstill() {
    let scenario = load(&Source {
        name: "slow.ron".into(),
        text: "(schema: 1, name: \"slow\", workload: (records: 2),
            define: {\"slow\": (promise: [], work: Loop(mark: After, processing: \"15min\"))})"
            .into(),
    });
    let scenario = Arc::new(scenario.unwrap_or_else(|complaint| panic!("{complaint}")));
    let plan = Plan::new(&scenario, "slow", &[]).expect("it fits");
    let row = Runner::new(&Arc::new(plan)).run(0);
    assert_eq!(
        (row.verdict, row.applied, row.end),
        (RunVerdict::Holds, 2, Ended::Settled)
    );
}

/// A clause that broke beyond its assumptions is shown, and is no `holds`: whoever expects that is told.
#[test]
fn a_clause_that_broke_beyond_its_assumptions_is_no_holds() {
    let run = |level: &str| {
        let scenario = load(&Source {
            name: "window.ron".into(),
            text: format!(
                "(schema: 1, name: \"window\", workload: (records: 4),
                faults: [
                    Drop(packet: Ack(record: 3, attempt: 1)),
                    Isolate(node: \"producer\", after: Stored(record: 3), lasting: \"3min\"),
                ],
                define: {{\"window\": (
                    promise: [(level: {level}, keeps: no_duplicate, assuming: [Within(\"2min\")])],
                    publish: (name: Intent, window: 1, retry: Backoff(timeout: \"1s\", deadline: \"10min\")),
                    stream: (recognise: Id((time: \"2min\"), WithData)),
                    work: Loop(mark: After), sink: (kind: Inbox()),
                )}},
                expect: {{\"window\": (verdict: Holds, because: \"F082\")}})"
            ),
        });
        let scenario = Arc::new(scenario.unwrap_or_else(|complaint| panic!("{complaint}")));
        let plan = Arc::new(Plan::new(&scenario, "window", &[]).expect("it fits"));
        let row = Runner::new(&plan).run(0);
        assert_eq!((row.duplicated_in_log, row.duplicated), (1, 0));
        (row.verdict, verdict::of_run(&plan, &row))
    };
    assert_eq!(run("log"), (RunVerdict::Violates, Judgement::Unmet));
    assert_eq!(run("effect"), (RunVerdict::Holds, Judgement::Met));
}

/// B13 without a lease: a sink that dies between the effect and the completion leaves the key in progress for ever.
fn stuck(promise: &str, expected: &str) -> Arc<Plan> {
    let scenario = load(&Source {
        name: "stuck.ron".into(),
        text: format!(
            "(schema: 1, name: \"stuck\", workload: (records: 4),
            faults: [Crash(after: Applied(record: 1), down: \"20ms\")],
            define: {{\"no-lease\": (promise: [{promise}], work: Loop(mark: After), sink: (kind: Keyed(lease: None)))}},
            expect: {{\"no-lease\": (verdict: {expected})}})"
        ),
    });
    let scenario = Arc::new(scenario.unwrap_or_else(|complaint| panic!("{complaint}")));
    Arc::new(Plan::new(&scenario, "no-lease", &[]).expect("it fits"))
}

/// That all comes to rest is what every strategy promises and none can leave out: a scenario that expects otherwise
/// says so, for every word on it. A promise that is written is held against its strategy whatever is expected.
#[test]
fn a_promise_that_nobody_writes_may_be_expected_to_break() {
    let written = "(level: delivery, keeps: convergence)";
    let honest = "Breaks([\"honest_ack at log\"])";
    for (promise, expected, judged) in [
        ("", "Any", Judgement::Broken),
        ("", "Holds", Judgement::Broken),
        ("", honest, Judgement::Broken),
        ("", "Breaks([\"convergence at delivery\"])", Judgement::Met),
        ("", "Always([\"convergence at delivery\"])", Judgement::Met),
        (
            written,
            "Always([\"convergence at delivery\"])",
            Judgement::Broken,
        ),
    ] {
        let plan = stuck(promise, expected);
        let row = Runner::new(&plan).run(0);
        let judgements = (verdict::of_run(&plan, &row), sum(&plan, 3).judgement());
        assert_eq!(
            judgements,
            (judged, judged),
            "{promise} {expected}: {:?}",
            row.violations
        );
        assert_eq!(
            (row.verdict, row.met),
            (RunVerdict::Violates, judged == Judgement::Met)
        );
        let found = row
            .violations
            .iter()
            .find(|one| one.invariant == Invariant::Convergence);
        let found = found.expect("the key stays in progress");
        assert_eq!((found.cause, found.promised), (Cause::KeyInProgress, true));
        assert_eq!(found.waived, judged == Judgement::Met);
    }
}
