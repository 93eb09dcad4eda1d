//! What is known of a run so far: the one memory that all oracles read.
//!
//! Evidence is taken down here once, in one place, after the oracles have seen the observation; so that an oracle
//! compares what happens now with what was known before. Nothing here judges.

mod accounts;
mod client;
mod dedup;
mod facts;
mod faults;
mod ids;
mod lane;
mod log;
mod members;
mod note;
mod offsets;
mod outcome;
mod reading;
mod transactions;
mod undone;
mod window;

use alloc::sync::Arc;
use alloc::vec::Vec;

use semel_sim::address::{Change, OutageKind};
use semel_sim::digest::Digest;
use semel_sim::time::{Span, Time};
use semel_sim::world::End;

pub(super) use accounts::{Accounts, PerAccount};
pub(super) use facts::{Facts, Flags, short};
pub(super) use faults::{Faults, Struck};
use ids::Looks;
pub(super) use lane::{Entry, Lane, State};
pub(super) use transactions::{Ending, Transactions, Waiting};
use window::Window;

use super::rules::Rules;
use super::tally::Tallies;
use crate::observation::TransactionId;
use crate::vocabulary::{Partition, RecordId};
use crate::workload::{Money, Workload};

/// Everything known so far.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) rules: Arc<Rules>,
    pub(super) workload: Arc<Workload>,
    pub(super) records: Window,
    pub(super) looks: Looks,
    lanes: Vec<Lane>,
    pub(super) transactions: Transactions,
    pub(super) faults: Faults,
    pub(super) accounts: Accounts,
    pub(super) tallies: Tallies,
    /// Records intended, and those of them of which their client has said nothing.
    pub(in crate::judge) intended: u32,
    unanswered: u32,
    /// Transfers of which one leg took effect more often than the other.
    pub(super) torn: u32,
    pub(super) progress: u64,
    /// How far that was when a transaction was aborted last, and when one was that achieved nothing.
    aborted_at: Option<u64>,
    undone_at: Option<u64>,
    /// How the run ended, once it has; and the records that it may have gone wrong with.
    pub(super) end: Option<End>,
    suspects: Vec<RecordId>,
}

impl Known {
    pub(super) fn new(rules: Rules, workload: Arc<Workload>) -> Self {
        let partitions = usize::from(rules.topology.partitions);
        Self {
            records: Window::new(Facts::settled(rules.output)),
            looks: Looks::default(),
            lanes: alloc::vec![Lane::NONE; partitions],
            transactions: Transactions::default(),
            faults: Faults::new(rules.topology),
            accounts: Accounts::default(),
            tallies: Tallies::default(),
            intended: 0,
            unanswered: 0,
            torn: 0,
            progress: 0,
            aborted_at: None,
            undone_at: None,
            end: None,
            suspects: Vec::new(),
            rules: Arc::new(rules),
            workload,
        }
    }

    pub(super) fn reset(&mut self, workload: Arc<Workload>) {
        self.workload = workload;
        self.records.reset();
        self.looks.reset();
        self.lanes.iter_mut().for_each(Lane::reset);
        self.transactions.reset();
        self.faults.reset();
        self.accounts.reset();
        self.tallies.reset();
        self.intended = 0;
        self.unanswered = 0;
        self.torn = 0;
        self.progress = 0;
        self.aborted_at = None;
        self.undone_at = None;
        self.end = None;
        self.suspects.clear();
    }

    /// The run is over. Nearly every record was brought to its end, and then nothing is asked of it any more: what is
    /// left is picked out once for all who ask.
    pub(super) fn finish(&mut self, end: End) {
        self.end = Some(end);
        let suspects = self.records.iter().filter(|(_, facts)| !facts.is_through());
        self.suspects.extend(suspects.map(|(record, _)| record));
    }

    /// After the end: every record that was not acknowledged, stored, delivered and brought to effect.
    pub(super) fn suspects(&self) -> impl Iterator<Item = (RecordId, &Facts)> {
        let with_facts = |record: &RecordId| (*record, self.records.get(*record));
        self.suspects.iter().map(with_facts)
    }

    /// What is known of a partition.
    #[inline]
    pub(super) fn lane(&self, partition: Partition) -> &Lane {
        const NONE: &Lane = &Lane::NONE;
        self.lanes.get(usize::from(partition)).unwrap_or(NONE)
    }

    /// Every input partition.
    pub(super) fn inputs(&self) -> impl Iterator<Item = (Partition, &Lane)> {
        let inputs = usize::from(self.rules.topology.partitions);
        (0..).zip(&self.lanes[..inputs])
    }

    #[inline]
    fn lane_mut(&mut self, partition: Partition) -> &mut Lane {
        let index = usize::from(partition);
        if index >= self.lanes.len() {
            self.add_outputs(index);
        }
        &mut self.lanes[index]
    }

    #[cold]
    fn add_outputs(&mut self, index: usize) {
        self.lanes.resize_with(index + 1, || Lane::new(true));
    }

    /// Whether there is such a record at all.
    #[inline]
    pub(super) fn exists(&self, record: RecordId) -> bool {
        record < self.workload.records
    }

    /// The account and amount of a record of which these are the facts.
    #[inline]
    pub(super) fn contents(&self, record: RecordId, facts: &Facts) -> (u32, i64) {
        if facts.flags.has(Flags::INTENDED) && !facts.flags.has(Flags::VAGUE) {
            return (facts.key, facts.amount);
        }
        self.workload.contents(record)
    }

    /// Whether everything has been intended, answered, handed out, brought to effect and marked, as far as can be seen.
    pub(super) fn is_complete(&self) -> bool {
        let marked = |lane: &Lane| lane.best == 0 || lane.accepted >= lane.delivered;
        self.intended == self.workload.records
            && self.unanswered == 0
            && self.records.owed == 0
            && self
                .lanes
                .iter()
                .all(|lane| marked(lane) && !lane.is_unread())
            && self.transactions.all().next().is_none()
    }

    /// Whether another intent near this one has the same contents: looked for among the nearest so many.
    pub(super) fn has_twin(&self, record: RecordId) -> bool {
        const NEAR: u32 = 16_384;
        let content = self.workload.record(record).content();
        let same = |other: RecordId| self.workload.record(other).content() == content;
        let last = self.workload.records;
        (1..NEAR).any(|step| {
            let before = record.checked_sub(step).is_some_and(same);
            before
                || record
                    .checked_add(step)
                    .is_some_and(|after| after < last && same(after))
        })
    }

    /// An outage or a change of the weather struck.
    pub(super) fn fault(&mut self, at: Time, change: &Change) {
        self.faults.note(change);
        if !is_relief(change) {
            self.tallies.fault(at);
        }
        let keeps_effects = !self.rules.output;
        if let Change::Outage(node, outage) = change
            && keeps_effects
            && *node == self.rules.topology.sink()
            && outage.kind == OutageKind::DiskLoss
        {
            self.lose_effects();
        }
    }

    /// The sink's disk is gone, and with it every effect.
    fn lose_effects(&mut self) {
        let mut owed = 0;
        let sums = &mut self.tallies.sums;
        self.records.for_each_mut(|facts| {
            if facts.effects > 0 {
                sums.applied -= 1;
                facts.effects = 0;
                facts.flags.set(Flags::UNDONE);
            }
            owed += u32::from(facts.is_owed());
        });
        self.records.owed = owed;
        self.torn = 0;
        self.accounts.wipe();
    }

    /// Adds what decides future judgements. Times only as age, and only if a promise asks for ages.
    pub(super) fn fingerprint(&self, now: Time, ages_up_to: Option<Span>, digest: &mut Digest) {
        let topology = self.rules.topology;
        for (record, facts) in self.records.iter() {
            if *facts != Facts::EMPTY {
                let boots = self.faults.boots(topology.producer(facts.producer));
                digest.add(&record);
                facts.fingerprint(boots.into(), digest);
                let age = |then: Time| {
                    ages_up_to.map(|most| now.since(then).min(Span(most.0.saturating_add(1))))
                };
                digest.add(&(age(facts.since), age(facts.applied_at)));
            }
        }
        for lane in &self.lanes {
            lane.fingerprint(digest);
        }
        for waiting in self.transactions.state() {
            digest.add(&waiting);
        }
        for ending in self.transactions.endings() {
            digest.add(&ending);
        }
        for sent in self.transactions.members.state() {
            digest.add(&sent);
        }
        digest.add(&self.transactions.opened);
        for account in self.accounts.iter() {
            digest.add(&account);
        }
        // Whether the next abort is progress.
        let undone = [self.aborted_at, self.undone_at].map(|at| at == Some(self.progress));
        digest.add(&(self.faults.struck, self.torn, undone));
    }

    /// Whether the run stood still because work was undone again and again: what was open then would have been, too.
    pub(super) fn is_undone_for_ever(&self) -> bool {
        self.end == Some(End::Stuck) && self.undone_at == Some(self.progress)
    }

    /// Whether a transaction would have been aborted next, as the one before it of its producer was.
    pub(super) fn is_next_to_be_undone(&self, of: TransactionId) -> bool {
        let endings = self.transactions.endings();
        let mut its = endings.filter(|(producer, _)| *producer == of.producer);
        let before = |ending: &Ending| ending.number < of.number && ending.decided == Some(false);
        let open = self.transactions.ending(of.producer, of.number);
        self.is_undone_for_ever()
            && open.is_none_or(|ending| ending.decided.is_none())
            && its.any(|(_, ending)| before(&ending))
    }

    /// Whether transfers are what records mean.
    pub(super) fn transfers(&self) -> bool {
        self.workload.money == Money::Transfers
    }
}

/// Whether a change of the weather only takes an earlier one back.
const fn is_relief(change: &Change) -> bool {
    match change {
        Change::Join(..) | Change::Slow(_, 1) | Change::ClockDrift(_, 0) => true,
        Change::Latency(_, _, more) => more.is_zero(),
        _ => false,
    }
}
