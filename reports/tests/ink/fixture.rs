//! Hand-made runs: what rows look like when a mishap meets a strategy. No simulator stands behind them, so that a
//! snapshot says only what the ink makes of given facts.

use std::collections::{BTreeMap, BTreeSet};

use semel_models::judge::{Cause, Side};
use semel_models::observation::Place;
use semel_models::strategy::{Assumption, Clause, Invariant, Level};
use semel_models::vocabulary::Topology;
use semel_reports::report::{Heading, Line, Scene};
use semel_scenarios::outcome::row::{Ended, ExpectedKind, Row, RunVerdict, ViolationRow};
use semel_scenarios::outcome::verdict::Judgement;
use semel_sim::net::Transport;
use semel_sim::time::Span;

const WINDOW: Span = Span(300_000_000_000);

/// A run of 5 records of 60 each in which nothing went wrong.
pub(crate) fn row(scenario: &str, strategy: &str) -> Row {
    Row {
        schema: 1,
        semel: "0.1.0".into(),
        plan: "9f3c2a71".into(),
        scenario: scenario.into(),
        set: BTreeMap::new(),
        drawn: BTreeMap::new(),
        strategy: strategy.into(),
        transport: Transport::Connection,
        seed: 7,
        verdict: RunVerdict::Holds,
        expected: ExpectedKind::Holds,
        met: true,
        end: Ended::Settled,
        violations: Vec::new(),
        counts: Vec::new(),
        records: 5,
        acked: 5,
        applied: 5,
        duplicated: 0,
        lost: 0,
        reordered: 0,
        duplicated_in_log: 0,
        redelivered: 0,
        expected_balance: 300,
        actual_balance: 300,
        latency_p50_ns: 4_100_000,
        latency_p99_ns: 5_200_000,
        messages: 31,
        round_trips_per_record: 1.0,
        dedup_bytes_max: 0,
        recovery_ns: None,
        fired: BTreeMap::from([("drop".into(), 1)]),
        events: 88,
        digest: "c1d0a97e55aa0b13".into(),
    }
}

/// Violations of one invariant about one record, at these levels.
pub(crate) fn violations(
    row: &mut Row,
    invariant: Invariant,
    levels: &[Level],
    record: u32,
    side: Side,
    cause: Cause,
) {
    for level in levels {
        row.violations.push(ViolationRow {
            invariant,
            level: *level,
            promised: false,
            waived: false,
            assumption_broken: None,
            record: Some(record),
            side,
            cause,
            at_ns: 36_000_000,
        });
    }
}

/// A strategy's promise, as pairs of level and invariant.
pub(crate) fn promise(clauses: &[(Level, Invariant)]) -> Vec<Clause> {
    clauses
        .iter()
        .map(|(level, keeps)| Clause {
            level: *level,
            keeps: *keeps,
            assuming: match (level, keeps) {
                (Level::Log, Invariant::NoDuplicate) => vec![Assumption::SameSession],
                _ => Vec::new(),
            },
        })
        .collect()
}

/// A line under a promise.
pub(crate) fn line(row: Row, clauses: &[(Level, Invariant)]) -> Line {
    let again = format!(
        "semel1:{}:{}:{}:{}:{}",
        row.scenario,
        row.plan,
        row.strategy,
        row.seed,
        &row.digest[..8]
    );
    Line {
        about: format!("The strategy {}.", row.strategy),
        promise: promise(clauses),
        judgement: match row.verdict {
            _ if row.violations.iter().any(ViolationRow::is_breach) => Judgement::Broken,
            RunVerdict::Inconclusive => Judgement::Inconclusive,
            _ if row.met => Judgement::Met,
            RunVerdict::Violates => Judgement::Unmet,
            _ => Judgement::NoShow,
        },
        never_struck: Vec::new(),
        recognised: BTreeSet::new(),
        because: "§4.3 demands it".into(),
        untouched: match row.verdict {
            RunVerdict::NotApplicable => "it asks for no acknowledgements".into(),
            _ => String::new(),
        },
        again,
        row,
    }
}

const LOSS: [(Level, Invariant); 1] = [(Level::Effect, Invariant::NoDuplicate)];
const TWICE: [(Level, Invariant); 3] = [
    (Level::Log, Invariant::NoLoss),
    (Level::Delivery, Invariant::NoLoss),
    (Level::Effect, Invariant::NoLoss),
];
const LOG_ONCE: [(Level, Invariant); 4] = [
    (Level::Log, Invariant::NoLoss),
    (Level::Log, Invariant::NoDuplicate),
    (Level::Delivery, Invariant::NoLoss),
    (Level::Effect, Invariant::NoLoss),
];
const EFFECT_ONCE: [(Level, Invariant); 4] = [
    (Level::Log, Invariant::NoLoss),
    (Level::Delivery, Invariant::NoLoss),
    (Level::Effect, Invariant::NoLoss),
    (Level::Effect, Invariant::NoDuplicate),
];

/// Record 3's ack is lost.
pub(crate) fn lost_ack() -> Scene {
    let scenario = "lost-ack";
    let plain = row(scenario, "at-most-once");
    let mut doubled = row(scenario, "at-least-once");
    doubled.verdict = RunVerdict::Violates;
    doubled.expected = ExpectedKind::Always;
    doubled.duplicated = 1;
    doubled.duplicated_in_log = 1;
    doubled.redelivered = 1;
    doubled.actual_balance = 360;
    doubled.latency_p99_ns = 30_104_000_000;
    doubled.messages = 37;
    let all = [Level::Log, Level::Delivery, Level::Effect];
    violations(
        &mut doubled,
        Invariant::NoDuplicate,
        &all,
        3,
        Side::Inbound,
        Cause::NoAnswer,
    );
    let mut inbox = row(scenario, "idempotent-consumer");
    inbox.duplicated_in_log = 1;
    inbox.redelivered = 1;
    inbox.latency_p99_ns = 30_105_000_000;
    violations(
        &mut inbox,
        Invariant::NoDuplicate,
        &[Level::Log, Level::Delivery],
        3,
        Side::Inbound,
        Cause::NoAnswer,
    );
    let mut sequence = row(scenario, "idempotent-producer");
    sequence.latency_p99_ns = 30_104_000_000;
    let mut sequence = line(sequence, &LOG_ONCE);
    sequence.recognised.insert((Place::Stream, 3));
    let mut inbox = line(inbox, &EFFECT_ONCE);
    inbox.recognised.insert((Place::Sink, 3));
    scene(
        "What becomes of record 3 when its ack never arrives?",
        vec![line(plain, &LOSS), line(doubled, &TWICE), sequence, inbox],
    )
}

/// Record 2's request is lost.
pub(crate) fn lost_request() -> Scene {
    let scenario = "lost-request";
    let mut lost = row(scenario, "at-most-once");
    lost.verdict = RunVerdict::Violates;
    lost.expected = ExpectedKind::Always;
    lost.applied = 4;
    lost.lost = 1;
    lost.actual_balance = 240;
    let all = [Level::Log, Level::Delivery, Level::Effect];
    violations(
        &mut lost,
        Invariant::NoLoss,
        &all,
        2,
        Side::Inbound,
        Cause::AckedEarly,
    );
    scene(
        "What becomes of record 2 when its request never reaches the broker?",
        vec![
            line(lost, &LOSS),
            line(row(scenario, "at-least-once"), &TWICE),
            line(row(scenario, "idempotent-producer"), &LOG_ONCE),
            line(row(scenario, "idempotent-consumer"), &EFFECT_ONCE),
        ],
    )
}

/// One of each verdict, with more records than a sentence names.
pub(crate) fn bad_day() -> Scene {
    let scenario = "bad-day";
    let mut broken = row(scenario, "idempotent-producer");
    broken.verdict = RunVerdict::Violates;
    broken.met = false;
    broken.duplicated_in_log = 1;
    broken.redelivered = 1;
    broken.duplicated = 1;
    broken.actual_balance = 360;
    let all = [Level::Log, Level::Delivery, Level::Effect];
    violations(
        &mut broken,
        Invariant::NoDuplicate,
        &all,
        1,
        Side::Inbound,
        Cause::StateAbsent,
    );
    broken.violations[0].promised = true;
    let mut beyond = row(scenario, "windowed");
    beyond.verdict = RunVerdict::Violates;
    beyond.expected = ExpectedKind::Any;
    beyond.duplicated = 7;
    for record in [0, 1, 2, 3, 4, 4] {
        let levels = [Level::Effect];
        violations(
            &mut beyond,
            Invariant::NoDuplicate,
            &levels,
            record,
            Side::Inbound,
            Cause::EntryExpired,
        );
    }
    for violation in &mut beyond.violations {
        violation.promised = true;
        violation.assumption_broken = Some(Assumption::Within(WINDOW));
    }
    let mut no_show = row(scenario, "at-least-once");
    no_show.expected = ExpectedKind::Always;
    no_show.met = false;
    let mut open = row(scenario, "transactional");
    open.verdict = RunVerdict::Inconclusive;
    open.events = 1_000_000;
    open.applied = 3;
    let mut untouched = row(scenario, "at-most-once");
    untouched.verdict = RunVerdict::NotApplicable;
    untouched.expected = ExpectedKind::NotApplicable;
    untouched.fired.clear();
    let mut late = row(scenario, "parallel");
    late.verdict = RunVerdict::Violates;
    late.met = false;
    late.reordered = 1;
    violations(
        &mut late,
        Invariant::KeyOrder,
        &[Level::Effect],
        4,
        Side::Outbound,
        Cause::ParallelWorkers,
    );
    scene(
        "A bit of everything.",
        vec![
            line(broken, &LOG_ONCE),
            line(beyond, &EFFECT_ONCE),
            line(no_show, &TWICE),
            line(open, &LOG_ONCE),
            line(untouched, &LOSS),
            line(late, &TWICE),
        ],
    )
}

fn scene(question: &str, lines: Vec<Line>) -> Scene {
    let first = &lines[0].row;
    Scene {
        heading: Heading {
            scenario: first.scenario.clone(),
            question: question.into(),
            seed: first.seed,
            semel: first.semel.clone(),
            transport: first.transport,
            topology: Topology::default(),
            records: 5,
            faults: vec!["the network loses the ack of record 3 (attempt 1)".into()],
            drawn: false,
            set: BTreeMap::new(),
            again: lines
                .iter()
                .map(|line| line.again.rsplit_once(':').expect("a digest").0.to_owned())
                .collect(),
        },
        lines,
    }
}
