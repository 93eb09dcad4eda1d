//! What oracles found, weighed against the promise: what is covered by it, and which assumption did not hold.

use alloc::vec::Vec;

use semel_sim::digest::Digest;
use semel_sim::time::{Span, Time};

use super::cause::Origin;
use super::causes::Cause;
use super::evidence::{Flags, Known, PerAccount, Struck};
use super::finding::{Findings, KEPT, Violation};
use crate::strategy::{Assumption, Invariant, Level};
use crate::vocabulary::RecordId;

/// What an oracle reports.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    pub(super) invariant: Invariant,
    pub(super) level: Level,
    pub(super) record: Option<RecordId>,
    pub(super) origin: Origin,
    /// Whether promises speak of this at all.
    pub(super) covered: bool,
}

/// How many violations of a kind are kept.
#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    /// Beyond the promise, or not promised; and within.
    by_binding: [u8; 2],
    /// No clause claims it, so none of them will be within.
    unclaimed: bool,
}

impl Kept {
    fn is_full(self) -> bool {
        let full = |kept: u8| usize::from(kept) >= KEPT;
        full(self.by_binding[0]) && (self.unclaimed || full(self.by_binding[1]))
    }
}

/// Reports and findings.
#[derive(Clone, Debug, Default)]
pub(super) struct Docket {
    /// Reports on the present observation, until it has been taken down.
    reports: Vec<Report>,
    pub(super) findings: Findings,
    /// How many violations of each kind that was counted are kept.
    kept: Vec<Kept>,
    /// Where each account first went wrong.
    blames: PerAccount<Option<(RecordId, Origin)>>,
}

impl Docket {
    pub(super) fn reset(&mut self) {
        self.reports.clear();
        self.findings.violations.clear();
        self.findings.counts.clear();
        self.kept.clear();
        self.blames.clear();
    }

    /// Something is wrong. It is judged once the present observation has been taken down.
    pub(super) fn report(
        &mut self,
        invariant: Invariant,
        level: Level,
        record: impl Into<Option<RecordId>>,
        origin: Origin,
    ) {
        let record = record.into();
        self.reports.push(Report {
            invariant,
            level,
            record,
            origin,
            covered: true,
        });
    }

    /// Something is wrong with a dead letter, of which no promise speaks.
    pub(super) fn report_letter(
        &mut self,
        invariant: Invariant,
        level: Level,
        record: RecordId,
        origin: Origin,
    ) {
        self.report(invariant, level, record, origin);
        if let Some(report) = self.reports.last_mut() {
            report.covered = false;
        }
    }

    /// So many more violations of a kind, without their particulars.
    pub(super) fn count(&mut self, invariant: Invariant, level: Level, more: u64) {
        let index = self.kind(invariant, level);
        self.findings.counts[index].2 += more;
    }

    /// Where an account first went wrong, if that is known.
    pub(super) fn blame(&self, key: u32) -> Option<(RecordId, Origin)> {
        self.blames.get(key).copied().flatten()
    }

    #[inline]
    pub(super) const fn is_idle(&self) -> bool {
        self.reports.is_empty()
    }

    /// Judges what was reported.
    #[cold]
    pub(super) fn settle(&mut self, entry: u64, at: Time, known: &Known) {
        for index in 0..self.reports.len() {
            let report = self.reports[index];
            self.judge(&report, entry, at, known);
        }
        self.reports.clear();
    }

    fn judge(&mut self, report: &Report, entry: u64, at: Time, known: &Known) {
        let Report {
            invariant,
            level,
            record,
            origin: (side, cause),
            covered,
        } = *report;
        self.note_blame(report, known);
        let index = self.kind(invariant, level);
        self.findings.counts[index].2 += 1;
        if self.kept[index].is_full() {
            return;
        }
        let weighs = covered && !self.kept[index].unclaimed;
        let (promised, broken) = if weighs {
            weigh(report, at, known)
        } else {
            (false, None)
        };
        let binding = promised && broken.is_none();
        self.kept[index].unclaimed |= weighs && !promised;
        let kept = &mut self.kept[index].by_binding[usize::from(binding)];
        if usize::from(*kept) >= KEPT {
            return;
        }
        *kept += 1;
        self.findings.violations.push(Violation {
            invariant,
            level,
            record,
            side,
            cause,
            at,
            entry,
            promised,
            broken,
        });
    }

    /// The place of a kind of violation among the counts.
    fn kind(&mut self, invariant: Invariant, level: Level) -> usize {
        let mut counts = self.findings.counts.iter();
        let known = counts.position(|count| (count.0, count.1) == (invariant, level));
        known.unwrap_or_else(|| self.add_kind(invariant, level))
    }

    /// Kinds are kept in order.
    #[cold]
    fn add_kind(&mut self, invariant: Invariant, level: Level) -> usize {
        let counts = &mut self.findings.counts;
        let index = counts.partition_point(|count| (count.0, count.1) < (invariant, level));
        counts.insert(index, (invariant, level, 0));
        self.kept.insert(index, Kept::default());
        index
    }

    /// Remembers what first made an account wrong.
    fn note_blame(&mut self, report: &Report, known: &Known) {
        let moves_money = matches!(
            report.invariant,
            Invariant::NoDuplicate
                | Invariant::NoLoss
                | Invariant::NoPhantom
                | Invariant::NoAbortedEffect
                | Invariant::Convergence
        );
        let Some(record) = report.record else { return };
        if moves_money
            && (report.level == Level::Effect || report.invariant == Invariant::Convergence)
        {
            let (key, _) = known.contents(record, known.records.get(record));
            let blame = self.blames.get_mut(key);
            blame.get_or_insert((record, report.origin));
        }
    }

    /// Adds what was found so far, as kinds.
    pub(super) fn fingerprint(&self, digest: &mut Digest) {
        for ((invariant, level, _), kept) in self.findings.counts.iter().zip(&self.kept) {
            let [_, binding] = kept.by_binding;
            digest.add(&(invariant.number(), *level, binding > 0));
        }
    }
}

/// Whether a promise covers this, and if no clause holds it to account, the first assumption that did not hold.
#[inline(never)]
fn weigh(report: &Report, at: Time, known: &Known) -> (bool, Option<Assumption>) {
    let mut excuse = None;
    let mut promised = false;
    for assumptions in known.rules.claims(report.invariant, report.level) {
        promised = true;
        match assumptions
            .iter()
            .find(|assumption| !holds(assumption, report, at, known))
        {
            None => return (true, None),
            Some(broken) => excuse = excuse.or_else(|| Some(broken.clone())),
        }
    }
    (promised, excuse)
}

/// Whether an assumption holds for what was found: for the record it is about, or else for the whole run so far.
fn holds(assumption: &Assumption, report: &Report, at: Time, known: &Known) -> bool {
    let struck = known.faults.struck;
    let facts = report
        .record
        .filter(|record| known.exists(*record))
        .map(|record| known.records.get(record));
    let of_record =
        |flag: Flags, run: Struck| facts.map_or(struck.has(run), |facts| facts.flags.has(flag));
    match assumption {
        Assumption::SameSession => !of_record(Flags::MIXED, Struck::SESSIONS),
        Assumption::Within(span) => age(report, at, known).is_none_or(|age| age <= *span),
        Assumption::NoPowerLoss => !struck.has(Struck::POWER_LOSS),
        Assumption::NoDiskLoss => !struck.has(Struck::DISK_LOSS),
        Assumption::NoNetworkDuplicates => !struck.has(Struck::DUPLICATE),
        Assumption::NoPause => !struck.has(Struck::PAUSE),
        Assumption::NoBrokerOutage => !struck.has(Struck::BROKER),
        Assumption::NoConsumerOutage => !struck.has(Struck::CONSUMER),
        Assumption::NoSinkOutage => !struck.has(Struck::SINK),
        Assumption::NoLateMark => !struck.has(Struck::LATE_MARK),
        Assumption::NoLateRecord => !struck.has(Struck::LATE_RECORD),
        Assumption::TrueClocks => !struck.has(Struck::CLOCK),
        Assumption::TrueStoreClocks => !struck.has(Struck::STORE_CLOCK),
        Assumption::DedupKept => !of_record(Flags::FORGOTTEN, Struck::FORGOTTEN),
        Assumption::NoEviction => report.origin.1 != Cause::EntryEvicted,
        Assumption::LeaseKept => !struck.has(Struck::OUTLIVED),
        Assumption::NoGivingUp => !of_record(Flags::GIVEN_UP, Struck::GIVEN_UP),
        Assumption::DistinctContents => !report.record.is_some_and(|record| known.has_twin(record)),
        Assumption::NoPoison => match report.record {
            Some(record) => !known.workload.is_poison(record) && !is_about_poison(report.origin.1),
            None => !known.workload.has_poison(),
        },
        Assumption::NoZombie => !struck.has(Struck::ZOMBIE),
    }
}

/// Poison holds up what is behind it, too.
const fn is_about_poison(cause: Cause) -> bool {
    matches!(cause, Cause::ErrorSwallowed | Cause::PoisonAhead)
}

/// How late a repeat is: since the first attempt at the record or, for effects, since its first effect.
fn age(report: &Report, at: Time, known: &Known) -> Option<Span> {
    if report.invariant != Invariant::NoDuplicate {
        return None;
    }
    let facts = known.records.get(report.record?);
    let first = if report.level == Level::Effect {
        facts.applied_at
    } else {
        facts.since
    };
    Some(at.since(first))
}
