//! Adds rows up, and judges what they come to against what was expected.

use crate::file::expect::{Breach, Expected};
use crate::outcome::minimal;
use crate::outcome::row::{Row, RunVerdict, ViolationRow};
use crate::outcome::spread::Spread;
use crate::outcome::statistics::{interval95, per, rate, thousandths};
use crate::outcome::summary::{CauseCount, Summary};
use crate::outcome::verdict;
use crate::trial::plan::Plan;

/// A kind of violation, and the number of the last run that was counted.
#[derive(Clone, Debug)]
struct Kind {
    count: CauseCount,
    last: u64,
}

/// Adds rows up.
#[derive(Clone, Debug)]
pub struct Summarizer {
    expected: Expected,
    faults: Vec<String>,
    total: Summary,
    /// Few, and asked for by every violation of every run: they are told apart by looking through them.
    causes: Vec<Kind>,
    /// In how many runs each expected violation appeared.
    shown: Vec<u64>,
    latency_p50: Spread,
    latency_p99: Spread,
    /// Round trips, in thousandths.
    round_trips: u64,
}

impl Summarizer {
    /// Nothing added yet.
    pub fn new(plan: &Plan) -> Self {
        let faults = plan.faults();
        let untouched = verdict::untouched(plan, &faults, 0);
        Self::of(plan.expectation.verdict.clone(), faults, &untouched)
    }

    /// The same for rows that bear this head, of runs with these faults.
    pub(crate) fn of(expected: Expected, faults: Vec<String>, head: &Row) -> Self {
        Self {
            shown: vec![0; expected.breaches().len()],
            total: nothing(head, &faults),
            expected,
            faults,
            causes: Vec::new(),
            latency_p50: Spread::default(),
            latency_p99: Spread::default(),
            round_trips: 0,
        }
    }

    /// Adds a row of the plan. One of a strategy that cannot be touched tells of no run.
    pub fn add(&mut self, row: &Row) {
        if row.verdict == RunVerdict::NotApplicable {
            return;
        }
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
        total.stuck_runs += u64::from(row.is_stuck());
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
        self.latency_p50.add(row.latency_p50_ns);
        self.latency_p99.add(row.latency_p99_ns);
        self.round_trips += thousandths(row.round_trips_per_record) * row.records;
        for (shown, breach) in self.shown.iter_mut().zip(self.expected.breaches()) {
            *shown += u64::from(verdict::shows(row, *breach));
        }
        self.add_causes(row);
    }

    fn add_causes(&mut self, row: &Row) {
        let faults = row.fired.values().sum();
        let struck = row.fired.iter().filter(|(_, times)| **times > 0);
        let names: Vec<&String> = struck.map(|(name, _)| name).collect();
        for violation in &row.violations {
            let found = self.causes.iter().position(|kind| kind.has(violation));
            let place = found.unwrap_or_else(|| {
                self.causes.push(Kind::of(violation, row.seed, faults));
                self.causes.len() - 1
            });
            let Kind { count, last } = &mut self.causes[place];
            if *last == self.total.runs {
                continue;
            }
            *last = self.total.runs;
            count.runs += 1;
            minimal::add(&mut count.sets, &names, faults, row.seed);
            if (faults, row.seed) < (count.faults, count.seed) {
                (count.faults, count.seed) = (faults, row.seed);
            }
        }
    }

    /// What it all comes to.
    pub fn finish(mut self) -> Summary {
        let (verdict, met, why) = self.verdict();
        let total = &mut self.total;
        (total.verdict, total.met, total.why) = (verdict, met, why);
        total.rate = rate(total.violating, total.runs);
        total.interval95 = interval95(total.violating, total.runs);
        total.latency_p50_ns = self.latency_p50.median();
        total.latency_p99_ns = self.latency_p99.median();
        total.messages_per_record = per(total.messages, total.records);
        total.round_trips_per_record = per(self.round_trips, total.records * 1000);
        let name = |kind: &Kind| (kind.count.finding().words(), kind.count.broken);
        self.causes.sort_by_key(name);
        total.causes = self.causes.into_iter().map(|kind| kind.count).collect();
        let order = |cause: &CauseCount| (!cause.broken, u64::MAX - cause.runs);
        total.causes.sort_by_key(order);
        for cause in &mut total.causes {
            cause
                .sets
                .sort_by_key(|set| (u64::MAX - set.runs, set.seed));
        }
        self.total
    }

    /// The verdict over all runs, whether it was expected, and if not, why not.
    fn verdict(&self) -> (RunVerdict, bool, String) {
        let total = &self.total;
        if total.runs == 0 {
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

impl Kind {
    /// Of a violation that no run has shown before.
    fn of(violation: &ViolationRow, seed: u64, faults: u64) -> Self {
        let count = CauseCount {
            invariant: violation.invariant,
            level: violation.level,
            side: violation.side,
            cause: violation.cause,
            broken: violation.is_breach(),
            assumption_broken: violation.assumption_broken.clone(),
            runs: 0,
            seed,
            faults,
            sets: Vec::new(),
        };
        Self { count, last: 0 }
    }

    /// Whether a violation is of this kind.
    fn has(&self, violation: &ViolationRow) -> bool {
        let count = &self.count;
        count.finding() == violation.finding() && count.broken == violation.is_breach()
    }
}

/// The summary of no runs.
fn nothing(head: &Row, faults: &[String]) -> Summary {
    Summary {
        schema: head.schema,
        summary: true,
        semel: head.semel.clone(),
        plan: head.plan.clone(),
        scenario: head.scenario.clone(),
        set: head.set.clone(),
        strategy: head.strategy.clone(),
        transport: head.transport,
        verdict: RunVerdict::NotApplicable,
        expected: head.expected,
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
        fired: faults.iter().map(|name| (name.clone(), 0)).collect(),
        messages: 0,
        events: 0,
    }
}
