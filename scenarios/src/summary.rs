//! What many runs of one plan come to: the verdict over seeds, rates with their intervals, causes with their counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::expect::{Breach, Expected};
use crate::plan::Plan;
use crate::row::{ExpectedKind, Row, RunVerdict, ViolationRow};
use crate::statistics::{median, per, rate, thousandths, wilson};
use crate::verdict::{self, Judgement};

/// The outcome of all runs of one strategy under one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Version of the format.
    pub schema: u32,
    /// Always true: tells a summary from a row.
    pub summary: bool,
    /// Version of the program.
    pub semel: String,
    /// Hash of the resolved scenario and strategy and the models' revision: 8 hex digits.
    pub plan: String,
    /// The scenario's name.
    pub scenario: String,
    /// What `--set` changed: path and value.
    pub set: BTreeMap<String, String>,
    /// The strategy's name.
    pub strategy: String,
    /// `connection` or `datagram`.
    pub transport: String,
    /// The verdict over all seeds.
    pub verdict: RunVerdict,
    /// The kind of the scenario's expectation.
    pub expected: ExpectedKind,
    /// Whether the expectation was met over these seeds.
    pub met: bool,
    /// Why the verdict is not what was expected, in a sentence; empty when it is.
    pub why: String,
    /// How many runs there were.
    pub runs: u64,
    /// Runs whose verdict is `violates`.
    pub violating: u64,
    /// Runs in which a promise was broken within its assumptions.
    pub broken: u64,
    /// Runs that ended without a verdict.
    pub inconclusive: u64,
    /// `violating` in `runs`.
    pub rate: f64,
    /// The 95 % Wilson interval of that rate.
    pub interval95: (f64, f64),
    /// The first seed whose run violates.
    pub first_seed: Option<u64>,
    /// What was found, by invariant, level, side and cause.
    pub causes: Vec<CauseCount>,
    /// Runs with a lost record.
    pub lost_runs: u64,
    /// Runs with a duplicated effect.
    pub duplicated_runs: u64,
    /// Runs with a reordered effect.
    pub reordered_runs: u64,
    /// Runs that got stuck.
    pub stuck_runs: u64,
    /// Records intended, over all runs.
    pub records: u64,
    /// Records acknowledged.
    pub acked: u64,
    /// Records that took effect.
    pub applied: u64,
    /// Effects beyond the first.
    pub duplicated: u64,
    /// Acknowledged records without effect.
    pub lost: u64,
    /// Records overtaken.
    pub reordered: u64,
    /// The median over runs of each run's median latency.
    pub latency_p50_ns: u64,
    /// The median over runs of each run's 99th percentile.
    pub latency_p99_ns: u64,
    /// Packets sent per record.
    pub messages_per_record: f64,
    /// Round trips on the critical path per record.
    pub round_trips_per_record: f64,
    /// The most dedup state held at once in any run.
    pub dedup_bytes_max: u64,
    /// How often each fault struck, over all runs, by name; faults that never did are there with 0.
    pub fired: BTreeMap<String, u64>,
    /// Packets sent, over all runs.
    pub messages: u64,
    /// Events handled, over all runs.
    pub events: u64,
}

impl Summary {
    /// Whether it all came out as expected, and if not, how.
    pub fn judgement(&self) -> Judgement {
        match self.verdict {
            _ if self.broken > 0 => Judgement::Broken,
            RunVerdict::NoShow => Judgement::NoShow,
            RunVerdict::Vacuous => Judgement::Vacuous,
            RunVerdict::Inconclusive => Judgement::Inconclusive,
            _ if self.met => Judgement::Met,
            _ => Judgement::Unmet,
        }
    }
}

/// How often one kind of violation was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseCount {
    /// Its name, for example `no_duplicate`.
    pub invariant: String,
    /// `log`, `delivery` or `effect`.
    pub level: String,
    /// `inbound` or `outbound`.
    pub side: String,
    /// The cause code, for example `D2`.
    pub cause: String,
    /// Whether the strategy promises it and its assumptions held.
    pub broken: bool,
    /// The assumption that did not hold, in the first run found.
    pub assumption_broken: Option<String>,
    /// In how many runs it was found.
    pub runs: u64,
    /// The simplest run that shows it: the one in which the fewest faults struck.
    pub seed: u64,
    /// How many faults struck in it.
    pub faults: u64,
}

/// What tells one kind of violation from another: invariant, level, side, cause, and whether it broke a promise.
type Kind = (String, String, String, String, bool);

/// Adds rows up.
#[derive(Clone, Debug)]
pub struct Summarizer {
    expected: Expected,
    faults: Vec<String>,
    total: Summary,
    causes: BTreeMap<Kind, CauseCount>,
    /// In how many runs each expected violation appeared.
    shown: Vec<u64>,
    latency_p50: Vec<u64>,
    latency_p99: Vec<u64>,
    /// Round trips, in thousandths.
    round_trips: u64,
}

impl Summarizer {
    /// Nothing added yet.
    pub fn new(plan: &Plan) -> Self {
        let faults = plan.faults();
        let expected = plan.expectation.verdict.clone();
        Self {
            shown: vec![0; expected.breaches().len()],
            total: nothing(plan, &faults),
            expected,
            faults,
            causes: BTreeMap::new(),
            latency_p50: Vec::new(),
            latency_p99: Vec::new(),
            round_trips: 0,
        }
    }

    /// Adds a row of the plan.
    pub fn add(&mut self, row: &Row) {
        let total = &mut self.total;
        total.runs += 1;
        let broken = row.violations.iter().any(ViolationRow::is_breach);
        if row.verdict == RunVerdict::Violates {
            total.violating += 1;
            total.first_seed = Some(
                total
                    .first_seed
                    .map_or(row.seed, |first| first.min(row.seed)),
            );
        }
        total.broken += u64::from(broken);
        total.inconclusive += u64::from(row.verdict == RunVerdict::Inconclusive);
        total.lost_runs += u64::from(row.lost > 0);
        total.duplicated_runs += u64::from(row.duplicated > 0);
        total.reordered_runs += u64::from(row.reordered > 0);
        total.stuck_runs += u64::from(row.end == "stuck");
        total.records += row.records;
        total.acked += row.acked;
        total.applied += row.applied;
        total.duplicated += row.duplicated;
        total.lost += row.lost;
        total.reordered += row.reordered;
        total.messages += row.messages;
        total.events += row.events;
        total.dedup_bytes_max = total.dedup_bytes_max.max(row.dedup_bytes_max);
        for (name, times) in &row.fired {
            *total.fired.entry(name.clone()).or_default() += times;
        }
        self.latency_p50.push(row.latency_p50_ns);
        self.latency_p99.push(row.latency_p99_ns);
        self.round_trips += thousandths(row.round_trips_per_record) * row.records;
        for (shown, breach) in self.shown.iter_mut().zip(self.expected.breaches()) {
            *shown += u64::from(verdict::shows(row, *breach));
        }
        self.add_causes(row);
    }

    fn add_causes(&mut self, row: &Row) {
        let faults = row.fired.values().sum();
        let mut seen: Vec<Kind> = Vec::new();
        for violation in &row.violations {
            let kind = kind(violation);
            if seen.contains(&kind) {
                continue;
            }
            let count = self
                .causes
                .entry(kind.clone())
                .or_insert_with(|| CauseCount {
                    invariant: violation.invariant.clone(),
                    level: violation.level.clone(),
                    side: violation.side.clone(),
                    cause: violation.cause.clone(),
                    broken: violation.is_breach(),
                    assumption_broken: violation.assumption_broken.clone(),
                    runs: 0,
                    seed: row.seed,
                    faults,
                });
            count.runs += 1;
            if (faults, row.seed) < (count.faults, count.seed) {
                (count.faults, count.seed) = (faults, row.seed);
            }
            seen.push(kind);
        }
    }

    /// What it all comes to.
    pub fn finish(mut self) -> Summary {
        let (verdict, met, why) = self.verdict();
        let total = &mut self.total;
        (total.verdict, total.met, total.why) = (verdict, met, why);
        total.rate = rate(total.violating, total.runs);
        total.interval95 = wilson(total.violating, total.runs);
        total.latency_p50_ns = median(&mut self.latency_p50);
        total.latency_p99_ns = median(&mut self.latency_p99);
        total.messages_per_record = per(total.messages, total.records);
        total.round_trips_per_record = per(self.round_trips, total.records * 1000);
        total.causes = self.causes.into_values().collect();
        let order = |cause: &CauseCount| (!cause.broken, u64::MAX - cause.runs);
        total.causes.sort_by_key(order);
        self.total
    }

    /// The verdict over all runs, whether it was expected, and if not, why not.
    fn verdict(&self) -> (RunVerdict, bool, String) {
        let total = &self.total;
        if matches!(self.expected, Expected::NotApplicable(_)) || total.runs == 0 {
            return (RunVerdict::NotApplicable, true, String::new());
        }
        if total.broken > 0 {
            let why = format!(
                "a promise was broken in {} of {} runs",
                total.broken, total.runs
            );
            return (RunVerdict::Violates, false, why);
        }
        if let Some(why) = self.no_show() {
            return (RunVerdict::NoShow, false, why);
        }
        if self.expected == Expected::Holds && total.violating > 0 {
            let why = format!(
                "{} of {} runs violate what was expected to hold",
                total.violating, total.runs
            );
            return (RunVerdict::Violates, false, why);
        }
        if let Some(fault) = self
            .faults
            .iter()
            .find(|name| total.fired.get(*name) == Some(&0))
        {
            let why = format!("the fault `{fault}` never struck in {} runs", total.runs);
            return (RunVerdict::Vacuous, false, why);
        }
        match (total.violating, total.inconclusive) {
            (0, 0) => (RunVerdict::Holds, true, String::new()),
            (0, runs) => {
                let why = format!("{runs} of {} runs went out of events", total.runs);
                (RunVerdict::Inconclusive, false, why)
            }
            _ => (RunVerdict::Violates, true, String::new()),
        }
    }

    /// The first expected violation that did not appear as often as it should.
    fn no_show(&self) -> Option<String> {
        let always = matches!(self.expected, Expected::Always(_));
        let wanted = if always { self.total.runs } else { 1 };
        let absent = |(breach, shown): (&Breach, &u64)| {
            let often = if always { "every run" } else { "any run" };
            (*shown < wanted).then(|| {
                format!(
                    "{breach} was expected in {often} and appeared in {shown} of {}",
                    self.total.runs
                )
            })
        };
        self.expected
            .breaches()
            .iter()
            .zip(&self.shown)
            .find_map(absent)
    }
}

fn kind(violation: &ViolationRow) -> Kind {
    let ViolationRow {
        invariant,
        level,
        side,
        cause,
        ..
    } = violation;
    (
        invariant.clone(),
        level.clone(),
        side.clone(),
        cause.clone(),
        violation.is_breach(),
    )
}

/// The summary of no runs.
fn nothing(plan: &Plan, faults: &[String]) -> Summary {
    let row = verdict::untouched(plan, faults, 0);
    Summary {
        schema: row.schema,
        summary: true,
        semel: row.semel,
        plan: row.plan,
        scenario: row.scenario,
        set: row.set,
        strategy: row.strategy,
        transport: row.transport,
        verdict: row.verdict,
        expected: row.expected,
        met: true,
        why: String::new(),
        runs: 0,
        violating: 0,
        broken: 0,
        inconclusive: 0,
        rate: 0.0,
        interval95: (0.0, 1.0),
        first_seed: None,
        causes: Vec::new(),
        lost_runs: 0,
        duplicated_runs: 0,
        reordered_runs: 0,
        stuck_runs: 0,
        records: 0,
        acked: 0,
        applied: 0,
        duplicated: 0,
        lost: 0,
        reordered: 0,
        latency_p50_ns: 0,
        latency_p99_ns: 0,
        messages_per_record: 0.0,
        round_trips_per_record: 0.0,
        dedup_bytes_max: 0,
        fired: row.fired,
        messages: 0,
        events: 0,
    }
}
