//! The results of a sweep, gathered from its folder: what a report tells. Its size does not grow with the seeds.

use std::path::Path;

use crate::results::{Manifest, ROWS, Refusal, read_manifest, read_rows};
use crate::row::{ExpectedKind, Row, RunVerdict, ViolationRow};
use crate::spread::Spread;
use crate::statistics::{per, thousandths, wilson};

/// All that a report tells of a folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Gathered {
    /// What the rows are rows of.
    pub manifest: Manifest,
    /// The runs of each strategy under each scenario, in the order of the rows.
    pub groups: Vec<Group>,
}

/// The runs of one strategy under one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The scenario's name.
    pub scenario: String,
    /// The strategy's name.
    pub strategy: String,
    /// `connection` or `datagram`.
    pub transport: String,
    /// The kind of the scenario's expectation.
    pub expected: ExpectedKind,
    /// Runs; 0 where the scenario cannot touch the strategy.
    pub runs: u64,
    /// Runs whose verdict is `violates`.
    pub violating: u64,
    /// The 95 % Wilson interval of their rate.
    pub interval95: (f64, f64),
    /// Runs in which a promise was broken within its assumptions.
    pub broken: u64,
    /// Runs without a verdict.
    pub inconclusive: u64,
    /// Runs that by themselves contradict the expectation.
    pub unmet: u64,
    /// The first seed whose run violates.
    pub first_seed: Option<u64>,
    /// What was found, most often first.
    pub causes: Vec<Found>,
    /// How the runs' median latencies are spread.
    pub latency_p50: Quantiles,
    /// How the runs' 99th percentiles are spread.
    pub latency_p99: Quantiles,
    /// Packets sent per record.
    pub messages_per_record: f64,
    /// Round trips on the critical path per record.
    pub round_trips_per_record: f64,
    /// The most dedup state held at once in any run.
    pub dedup_bytes_max: u64,
    /// Faults that struck, over all runs.
    pub faults: u64,
}

/// A kind of violation, and in how many runs it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The cause code, for example `D2`.
    pub cause: String,
    /// Its name, for example `no_duplicate`.
    pub invariant: String,
    /// `log`, `delivery` or `effect`.
    pub level: String,
    /// Whether a promise was broken within its assumptions.
    pub broken: bool,
    /// In how many runs.
    pub runs: u64,
    /// The 95 % Wilson interval of their rate.
    pub interval95: (f64, f64),
}

/// Where the 5th, 25th, 50th, 75th and 95th in a hundred stand, in nanoseconds, within one in a thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantiles(pub [u64; 5]);

/// What is known of a group while its rows are read.
#[derive(Default)]
struct Sums {
    latency_p50: Spread,
    latency_p99: Spread,
    messages: u64,
    records: u64,
    /// In thousandths.
    round_trips: u64,
}

/// Reads the folder of a sweep.
///
/// Fails where there is none, or where its rows are not those that its manifest speaks of.
pub fn gather(folder: &Path) -> Result<Gathered, Refusal> {
    let manifest = read_manifest(folder)?;
    let mut groups: Vec<(Group, Sums)> = Vec::new();
    let mut rows = 0;
    let digest = read_rows(folder, |row| {
        rows += 1;
        let known = |one: &(Group, Sums)| {
            (&one.0.scenario, &one.0.strategy) == (&row.scenario, &row.strategy)
        };
        // Rows are sorted: those of a group stand together.
        if !groups.last().is_some_and(known) {
            groups.push((Group::of(&row), Sums::default()));
        }
        let (group, sums) = groups.last_mut().expect("one was pushed");
        add(group, sums, &row);
    })?;
    if rows != manifest.rows || digest != manifest.digest {
        let text = format!(
            "its {ROWS} has {rows} rows and is not the file that its manifest speaks of ({} rows)",
            manifest.rows
        );
        return Err(Refusal::Unmergeable(text));
    }
    Ok(Gathered {
        manifest,
        groups: groups.into_iter().map(finish).collect(),
    })
}

impl Group {
    fn of(row: &Row) -> Self {
        Self {
            scenario: row.scenario.clone(),
            strategy: row.strategy.clone(),
            transport: row.transport.clone(),
            expected: row.expected,
            runs: 0,
            violating: 0,
            interval95: (0.0, 1.0),
            broken: 0,
            inconclusive: 0,
            unmet: 0,
            first_seed: None,
            causes: Vec::new(),
            latency_p50: Quantiles::default(),
            latency_p99: Quantiles::default(),
            messages_per_record: 0.0,
            round_trips_per_record: 0.0,
            dedup_bytes_max: 0,
            faults: 0,
        }
    }
}

fn add(group: &mut Group, sums: &mut Sums, row: &Row) {
    if row.verdict == RunVerdict::NotApplicable {
        return;
    }
    group.runs += 1;
    let violates = row.verdict == RunVerdict::Violates;
    group.violating += u64::from(violates);
    group.broken += u64::from(row.violations.iter().any(ViolationRow::is_breach));
    group.inconclusive += u64::from(row.verdict == RunVerdict::Inconclusive);
    group.unmet += u64::from(!row.met);
    if violates {
        group.first_seed.get_or_insert(row.seed);
    }
    group.dedup_bytes_max = group.dedup_bytes_max.max(row.dedup_bytes_max);
    group.faults += row.fired.values().sum::<u64>();
    let mut seen: Vec<(&str, &str, &str, bool)> = Vec::new();
    for violation in &row.violations {
        let kind = kind(violation);
        if !seen.contains(&kind) {
            seen.push(kind);
            count(&mut group.causes, kind);
        }
    }
    sums.latency_p50.add(row.latency_p50_ns);
    sums.latency_p99.add(row.latency_p99_ns);
    sums.messages += row.messages;
    sums.records += row.records;
    sums.round_trips += thousandths(row.round_trips_per_record) * row.records;
}

fn kind(violation: &ViolationRow) -> (&str, &str, &str, bool) {
    let ViolationRow {
        cause,
        invariant,
        level,
        ..
    } = violation;
    (cause, invariant, level, violation.is_breach())
}

fn count(causes: &mut Vec<Found>, kind: (&str, &str, &str, bool)) {
    let is_it = |one: &&mut Found| (&*one.cause, &*one.invariant, &*one.level, one.broken) == kind;
    if let Some(known) = causes.iter_mut().find(is_it) {
        known.runs += 1;
        return;
    }
    let (cause, invariant, level, broken) = kind;
    causes.push(Found {
        cause: cause.into(),
        invariant: invariant.into(),
        level: level.into(),
        broken,
        runs: 1,
        interval95: (0.0, 1.0),
    });
}

fn finish((mut group, sums): (Group, Sums)) -> Group {
    group.interval95 = wilson(group.violating, group.runs);
    for found in &mut group.causes {
        found.interval95 = wilson(found.runs, group.runs);
    }
    let order = |one: &Found| (!one.broken, u64::MAX - one.runs, one.cause.clone());
    group.causes.sort_by_key(order);
    group.latency_p50 = quantiles(&sums.latency_p50);
    group.latency_p99 = quantiles(&sums.latency_p99);
    group.messages_per_record = per(sums.messages, sums.records);
    group.round_trips_per_record = per(sums.round_trips, sums.records * 1000);
    group
}

fn quantiles(spread: &Spread) -> Quantiles {
    Quantiles([5, 25, 50, 75, 95].map(|percent| spread.percentile(percent)))
}
