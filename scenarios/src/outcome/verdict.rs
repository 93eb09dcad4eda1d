//! From what a judge found to a row, and from a row to whether that was expected.

use std::collections::BTreeMap;

use semel_models::judge::Violation;
use semel_models::strategy::{Clause, Level};
use semel_sim::world::End;

use crate::file::expect::{Breach, Expected};
use crate::file::scenario::{Fault, SCHEMA};
use crate::outcome::Outcome;
use crate::outcome::row::{Ended, Row, RunVerdict, ViolationRow};
use crate::trial::plan::Plan;

/// Whether a run, or many, came out as the scenario expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Judgement {
    /// As expected; also what was never to be run.
    Met,
    /// It ran out of events while making progress, and nothing was seen to be wrong.
    Inconclusive,
    /// A configured fault never struck.
    Vacuous,
    /// An expected violation never appeared.
    NoShow,
    /// Something else than what was expected.
    Unmet,
    /// A promise was broken within its assumptions.
    Broken,
}

/// The version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The row of a run.
pub(crate) fn row(plan: &Plan, faults: &[String], seed: u64, outcome: &Outcome<'_>) -> Row {
    let tally = &outcome.findings.tally;
    let found = outcome.findings.violations.iter();
    let told = |found| ViolationRow {
        waived: is_waived(plan, found),
        ..violation(found)
    };
    let violations: Vec<ViolationRow> = found.map(told).collect();
    let cut_short = outcome.end == End::Exhausted
        || (outcome.end == End::Stuck && tally.records < u64::from(plan.scenario.records()));
    let verdict = verdict(plan, &violations, cut_short);
    // The kernel counts the deeds of rules; those of a script are its deviations.
    let struck = |index: usize| match plan.scenario.faults.get(index) {
        Some(Fault::Script(_)) => outcome.scripted,
        _ => outcome.counts.fired.get(index).copied().unwrap_or(0),
    };
    let fired = faults
        .iter()
        .enumerate()
        .map(|(index, name)| (name.clone(), struck(index)));
    let mut row = Row {
        verdict,
        end: ended(outcome.end),
        violations,
        counts: outcome.findings.counts.clone(),
        records: tally.records,
        acked: tally.acked,
        applied: tally.applied,
        duplicated: tally.duplicated,
        lost: tally.lost,
        reordered: tally.reordered,
        duplicated_in_log: tally.duplicated_in_log,
        redelivered: tally.redelivered,
        expected_balance: tally.expected_balance,
        actual_balance: tally.actual_balance,
        latency_p50_ns: tally.latency_p50.0,
        latency_p99_ns: tally.latency_p99.0,
        messages: outcome.counts.packets,
        round_trips_per_record: crate::outcome::statistics::per(outcome.requests, tally.records),
        dedup_bytes_max: tally.dedup_bytes_max,
        recovery_ns: tally.recovery.map(|span| span.0),
        fired: fired.collect(),
        events: outcome.counts.events,
        digest: format!("{:016x}", outcome.digest),
        ..untouched(plan, &[], seed)
    };
    row.met = !matches!(
        of_run(plan, &row),
        Judgement::Unmet | Judgement::NoShow | Judgement::Broken
    );
    row
}

/// The row of a strategy that the faults cannot touch: nothing was run.
pub(crate) fn untouched(plan: &Plan, faults: &[String], seed: u64) -> Row {
    Row {
        schema: SCHEMA,
        semel: VERSION.into(),
        plan: plan.hash.clone(),
        scenario: plan.scenario.name.clone(),
        set: plan.set.clone(),
        drawn: plan.drawn.clone(),
        strategy: plan.name.clone(),
        transport: plan.scenario.transport,
        seed,
        verdict: RunVerdict::NotApplicable,
        expected: plan.expectation.verdict.kind(),
        met: true,
        end: Ended::NotRun,
        violations: Vec::new(),
        counts: Vec::new(),
        records: 0,
        acked: 0,
        applied: 0,
        duplicated: 0,
        lost: 0,
        reordered: 0,
        duplicated_in_log: 0,
        redelivered: 0,
        expected_balance: 0,
        actual_balance: 0,
        latency_p50_ns: 0,
        latency_p99_ns: 0,
        messages: 0,
        round_trips_per_record: 0.0,
        dedup_bytes_max: 0,
        recovery_ns: None,
        fired: faults
            .iter()
            .map(|name| (name.clone(), 0))
            .collect::<BTreeMap<_, _>>(),
        events: 0,
        digest: format!("{:016x}", 0),
    }
}

/// A wrong effect, a clause of the promise that broke (within its assumptions or beyond them) and whatever the scenario
/// asks for by name violate; a run cut short shows nothing else.
fn verdict(plan: &Plan, violations: &[ViolationRow], cut_short: bool) -> RunVerdict {
    let named = plan.expectation.verdict.breaches();
    let counts = |violation: &ViolationRow| {
        violation.level == Level::Effect
            || violation.promised
            || named.iter().any(|breach| violation.is(*breach))
    };
    if violations.iter().any(counts) {
        RunVerdict::Violates
    } else if cut_short {
        RunVerdict::Inconclusive
    } else {
        RunVerdict::Holds
    }
}

/// Whether a run by itself came out as expected.
pub fn of_run(plan: &Plan, row: &Row) -> Judgement {
    if row.verdict == RunVerdict::NotApplicable {
        return Judgement::Met;
    }
    if row.violations.iter().any(ViolationRow::is_breach) {
        return Judgement::Broken;
    }
    let unmet = match &plan.expectation.verdict {
        Expected::Holds if row.verdict == RunVerdict::Violates => Some(Judgement::Unmet),
        Expected::Always(breaches) if !breaches.iter().all(|breach| shows(row, *breach)) => {
            Some(Judgement::NoShow)
        }
        _ => None,
    };
    match unmet {
        _ if row.verdict == RunVerdict::Inconclusive => Judgement::Inconclusive,
        Some(unmet) => unmet,
        None if never_struck(plan, row).next().is_some() => Judgement::Vacuous,
        None => Judgement::Met,
    }
}

/// Whether a row shows this violation.
pub(crate) fn shows(row: &Row, breach: Breach) -> bool {
    row.violations.iter().any(|violation| violation.is(breach))
}

/// The faults by time or trigger that never struck in a run, by name. Faults by rate may well never strike.
pub fn never_struck<'p>(plan: &'p Plan, row: &'p Row) -> impl Iterator<Item = String> + 'p {
    let faults = &plan.scenario.faults;
    // Most plans have none of those, and this is asked of every run.
    let names = if faults.iter().any(is_certain) {
        plan.faults()
    } else {
        Vec::new()
    };
    let certain = faults.iter().zip(names);
    certain
        .filter(|(fault, _)| is_certain(fault))
        .map(|(_, name)| name)
        .filter(|name| row.fired.get(name) == Some(&0) && !row.is_off(name))
}

/// Whether a fault must strike in every run: by time or by trigger, and not by rate.
fn is_certain(fault: &Fault) -> bool {
    fault.when().rate.is_none()
}

/// Whether the scenario expects this violation of a promise that the strategy does not write.
///
/// What every strategy promises, nobody can leave out of a file: naming it among what breaks is how a scenario says
/// that it is not to be had here. A promise that is written is kept or broken, whatever anybody expects.
fn is_waived(plan: &Plan, violation: &Violation) -> bool {
    let Violation {
        invariant, level, ..
    } = *violation;
    let named = Breach { invariant, level };
    let written = |clause: &Clause| (clause.keeps, clause.level) == (invariant, level);
    violation.promised
        && plan.expectation.verdict.breaches().contains(&named)
        && !plan.strategy.promise.iter().any(written)
}

pub(crate) fn violation(violation: &Violation) -> ViolationRow {
    ViolationRow {
        invariant: violation.invariant,
        level: violation.level,
        promised: violation.promised,
        waived: false,
        assumption_broken: violation.broken.clone(),
        record: violation.record,
        side: violation.side,
        cause: violation.cause,
        at_ns: violation.at.0,
    }
}

const fn ended(end: End) -> Ended {
    match end {
        End::Settled => Ended::Settled,
        End::Stuck => Ended::Stuck,
        End::Exhausted => Ended::Exhausted,
    }
}
