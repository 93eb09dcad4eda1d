//! What is known of transactions: which stored records wait for an end, and how each was decided.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};
use core::ops::Range;

use semel_sim::address::NodeId;

use super::members::Members;
use super::{Flags, Known, Struck};
use crate::judge::causes::Cause;
use crate::observation::{Miss, Observation, Outcome, TransactionId};
use crate::vocabulary::{Epoch, Offset, Partition, ProducerId, RecordId};

/// Decisions remembered per producer.
const REMEMBERED: usize = 64;
/// Marked records remembered per partition and producer, in case their marker is lost: more than any broker keeps.
const MARKED: usize = 16_384;

/// A stored record whose transaction is not marked in its partition yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::judge) struct Waiting {
    pub(in crate::judge) record: RecordId,
    pub(in crate::judge) offset: Offset,
    /// Which transaction of its producer.
    pub(in crate::judge) number: u32,
    pub(in crate::judge) attempt: u32,
    pub(in crate::judge) session: u32,
    pub(in crate::judge) missed: Miss,
    /// Why its input had been delivered again by then, if it had.
    pub(in crate::judge) again: Option<Cause>,
    /// Something of a newer epoch of its producer had come into its partition before.
    pub(in crate::judge) stale: bool,
}

/// What decides future judgements: what only tells causes apart is left out.
impl Hash for Waiting {
    fn hash<H: Hasher>(&self, to: &mut H) {
        let Self {
            record,
            offset,
            number,
            attempt,
            session,
            missed,
            ..
        } = self;
        (record, offset, number, attempt, session, missed).hash(to);
    }
}

/// What of a producer waits in a partition.
#[derive(Clone, Debug, Default)]
struct Queue {
    all: Vec<Waiting>,
    /// The newest epoch that wrote there.
    newest: Epoch,
}

/// How a transaction ended, as far as seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::judge) struct Ending {
    pub(in crate::judge) number: u32,
    /// What the coordinator decided.
    pub(in crate::judge) decided: Option<bool>,
    /// Records of it (or offsets) were committed somewhere, or aborted somewhere.
    pub(in crate::judge) committed: bool,
    pub(in crate::judge) aborted: bool,
    /// What its client was told when it asked for an abort, if it did.
    pub(in crate::judge) abort_told: Option<Outcome>,
}

/// Every transaction of a run that still matters.
#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct Transactions {
    waiting: BTreeMap<(Partition, ProducerId), Queue>,
    endings: BTreeMap<ProducerId, VecDeque<Ending>>,
    /// What was marked, and at which offset, in this order.
    marked: BTreeMap<(Partition, ProducerId), VecDeque<(Offset, Waiting)>>,
    /// What was sent in them.
    pub(in crate::judge) members: Members,
    /// The one that each consumer opened last.
    pub(super) opened: Vec<Option<TransactionId>>,
    /// A record just stored, until it is said which transaction it belongs to.
    pub(in crate::judge) stored: Option<Waiting>,
}

impl Transactions {
    pub(in crate::judge) fn reset(&mut self) {
        self.waiting.clear();
        self.endings.clear();
        self.marked.clear();
        self.members.reset();
        self.opened.clear();
        self.stored = None;
    }

    /// The records of a producer in a partition that the next marker there will decide, whichever of its
    /// transactions they were sent in: brokers go by the producer alone.
    pub(in crate::judge) fn waiting(
        &self,
        partition: Partition,
        producer: ProducerId,
    ) -> &[Waiting] {
        self.waiting
            .get(&(partition, producer))
            .map_or(&[], |queue| queue.all.as_slice())
    }

    /// Every record that waits, with its partition and producer.
    pub(in crate::judge) fn all(&self) -> impl Iterator<Item = (Partition, ProducerId, &Waiting)> {
        self.waiting
            .iter()
            .flat_map(|((partition, producer), queue)| {
                queue.all.iter().map(|one| (*partition, *producer, one))
            })
    }

    /// The record stored last belongs to this transaction. Whether it came from an epoch that was over.
    pub(in crate::judge) fn enlist(
        &mut self,
        partition: Partition,
        of: TransactionId,
        epoch: Epoch,
    ) -> bool {
        let Some(mut waiting) = self.stored.take() else {
            return false;
        };
        let queue = self.waiting.entry((partition, of.producer)).or_default();
        waiting.number = of.number;
        waiting.stale = epoch < queue.newest;
        queue.newest = queue.newest.max(epoch);
        queue.all.push(waiting);
        waiting.stale
    }

    /// What was marked at an offset of a partition.
    pub(in crate::judge) fn marked_at(
        &self,
        partition: Partition,
        offset: Offset,
    ) -> Option<&Waiting> {
        let all = (partition, ProducerId::MIN)..=(partition, ProducerId::MAX);
        let mut marked = self.marked.range(all);
        marked.find_map(|(_, all)| {
            let mut latest = all.iter().rev().map(|(_, one)| one);
            latest.find(|one| one.offset == offset)
        })
    }

    /// A marker at `offset` decides what waits: hands it over.
    pub(in crate::judge) fn mark(
        &mut self,
        partition: Partition,
        offset: Offset,
        (producer, epoch): (ProducerId, Epoch),
        commit: bool,
    ) -> Vec<Waiting> {
        let Some(queue) = self.waiting.get_mut(&(partition, producer)) else {
            return Vec::new();
        };
        queue.newest = queue.newest.max(epoch);
        let all = core::mem::take(&mut queue.all);
        for waiting in &all {
            let ending = self.ending_mut(producer, waiting.number);
            ending.committed |= commit;
            ending.aborted |= !commit;
        }
        let marked = self.marked.entry((partition, producer)).or_default();
        marked.extend(all.iter().map(|waiting| (offset, *waiting)));
        marked.drain(..marked.len().saturating_sub(MARKED));
        all
    }

    /// Takes back the room of what [`Transactions::mark`] handed over.
    pub(in crate::judge) fn recycle(
        &mut self,
        partition: Partition,
        producer: ProducerId,
        mut room: Vec<Waiting>,
    ) {
        room.clear();
        if let Some(queue) = self.waiting.get_mut(&(partition, producer)) {
            queue.all = room;
        }
    }

    /// Entries of a partition from `from` on are gone. Hands over the records that stand before, but whose marker is
    /// gone: they wait again.
    pub(in crate::judge) fn truncate(
        &mut self,
        partition: Partition,
        from: Offset,
    ) -> Vec<(ProducerId, Waiting)> {
        let all = (partition, ProducerId::MIN)..=(partition, ProducerId::MAX);
        for (_, queue) in self.waiting.range_mut(all.clone()) {
            queue.all.retain(|waiting| waiting.offset < from);
        }
        let mut reopened = Vec::new();
        for (of, marked) in self.marked.range_mut(all) {
            let first = marked.partition_point(|(marker, _)| *marker < from);
            let undecided = marked.drain(first..).map(|(_, waiting)| waiting);
            let undecided: Vec<Waiting> = undecided.filter(|one| one.offset < from).collect();
            reopened.extend(undecided.iter().map(|one| (of.1, *one)));
            let queue = self.waiting.entry(*of).or_default();
            queue.all.splice(..0, undecided);
        }
        reopened
    }

    /// Every record that was marked and is remembered, with its partition and producer.
    pub(in crate::judge) fn marked(
        &self,
    ) -> impl Iterator<Item = (Partition, ProducerId, &Waiting)> {
        self.marked.iter().flat_map(|((partition, producer), all)| {
            all.iter().map(|(_, one)| (*partition, *producer, one))
        })
    }

    /// The copies of a transaction's records, as far as they are remembered, each with its partition.
    pub(in crate::judge) fn copies_of(
        &self,
        of: TransactionId,
    ) -> impl Iterator<Item = (Partition, &Waiting)> {
        self.all().chain(self.marked()).filter_map(
            move |(partition, producer, one): (Partition, ProducerId, &Waiting)| {
                ((producer, one.number) == (of.producer, of.number)).then_some((partition, one))
            },
        )
    }

    /// Whether a copy of a record in these partitions is of this transaction. Markers come in the order of transactions,
    /// but for what is late of the one before.
    pub(in crate::judge) fn has_copy(
        &self,
        of: TransactionId,
        record: RecordId,
        partitions: &Range<Partition>,
    ) -> bool {
        let here = |of_lane: &(Partition, ProducerId)| {
            partitions.contains(&of_lane.0) && of_lane.1 == of.producer
        };
        let is_it = |one: &Waiting| one.number == of.number && one.record == record;
        let mut waiting = self.waiting.iter().filter(|(lane, _)| here(lane));
        let mut marked = self.marked.iter().filter(|(lane, _)| here(lane));
        waiting.any(|(_, queue)| queue.all.iter().any(is_it))
            || marked.any(|(_, all)| {
                let latest = all.iter().rev().map(|(_, one)| one);
                let mut latest = latest.take_while(|one| one.number + 1 >= of.number);
                latest.any(is_it)
            })
    }

    /// The records of a transaction, as far as they are remembered.
    pub(in crate::judge) fn records(&self, of: TransactionId) -> Vec<RecordId> {
        self.copies_of(of).map(|(_, one)| one.record).collect()
    }

    /// Whether a transaction was aborted: so it was decided, or so its client was told.
    pub(in crate::judge) fn is_aborted(&self, of: TransactionId) -> bool {
        let ending = self.ending(of.producer, of.number).unwrap_or_default();
        ending.decided == Some(false) || ending.abort_told == Some(Outcome::Ok)
    }

    /// Whether it was decided to be aborted, or its client asked for that.
    pub(in crate::judge) fn is_given_up(&self, of: TransactionId) -> bool {
        let ending = self.ending(of.producer, of.number).unwrap_or_default();
        ending.decided == Some(false) || ending.abort_told.is_some()
    }

    /// Whether it should not have been committed: it was given up, or its client cannot have asked for a commit, for
    /// something that it sent is not in a log.
    pub(in crate::judge) fn is_undue(&self, of: TransactionId) -> bool {
        self.is_given_up(of) || self.members.lacks(of)
    }

    /// Its client asked for an abort, and was told this.
    pub(in crate::judge) fn ask_abort(&mut self, of: TransactionId, told: Outcome) {
        self.ending_mut(of.producer, of.number).abort_told = Some(told);
    }

    /// A consumer opens a transaction.
    pub(super) fn open(&mut self, consumer: u16, of: TransactionId) {
        let index = usize::from(consumer);
        if index >= self.opened.len() {
            self.opened.resize(index + 1, None);
        }
        self.opened[index] = Some(of);
    }

    /// The transaction that a consumer opened last, if it has opened one.
    #[inline]
    pub(super) fn opened_by(&self, consumer: u16) -> Option<TransactionId> {
        *self.opened.get(usize::from(consumer))?
    }

    /// An offset of a transaction is committed.
    pub(super) fn commit_offset(&mut self, of: TransactionId) {
        self.ending_mut(of.producer, of.number).committed = true;
    }

    /// The coordinator decides.
    pub(in crate::judge) fn decide(&mut self, of: TransactionId, commit: bool) {
        self.ending_mut(of.producer, of.number).decided = Some(commit);
    }

    /// How a transaction ended, if that is remembered.
    pub(in crate::judge) fn ending(&self, producer: ProducerId, number: u32) -> Option<Ending> {
        let endings = self.endings.get(&producer)?;
        endings
            .iter()
            .find(|ending| ending.number == number)
            .copied()
    }

    fn ending_mut(&mut self, producer: ProducerId, number: u32) -> &mut Ending {
        let endings = self.endings.entry(producer).or_default();
        let known = endings.iter().position(|ending| ending.number == number);
        let index = known.unwrap_or_else(|| {
            if endings.len() == REMEMBERED {
                // Of what was never whole more is asked in the end.
                let lacks = |number: u32| self.members.lacks(TransactionId { producer, number });
                let whole = endings.iter().position(|ending| !lacks(ending.number));
                endings.remove(whole.unwrap_or(0));
            }
            endings.push_back(Ending {
                number,
                ..Ending::default()
            });
            endings.len() - 1
        });
        &mut endings[index]
    }

    /// What of it decides future judgements: what waits, and what would wait again if its marker were lost.
    pub(in crate::judge) fn state(&self) -> impl Iterator<Item = impl core::hash::Hash + '_> {
        let marked = self.marked.iter().flat_map(|(of, all)| {
            let marked = all.iter();
            marked.map(|(marker, one)| (of.0, of.1, *marker, one))
        });
        let waiting = self.all();
        waiting
            .map(|(partition, producer, one)| (partition, producer, Offset::MAX, one))
            .chain(marked)
    }

    /// The endings that matter, in order.
    pub(in crate::judge) fn endings(&self) -> impl Iterator<Item = (ProducerId, Ending)> + '_ {
        let all = self.endings.iter();
        all.flat_map(|(producer, endings)| endings.iter().map(|ending| (*producer, *ending)))
    }
}

impl Known {
    pub(super) fn of_transaction(&mut self, seen: &Observation, node: NodeId) {
        match *seen {
            Observation::Opened { transaction, .. } => self.opened(node, transaction),
            Observation::Enlisted {
                record,
                partition,
                transaction,
                epoch,
                ..
            } => self.enlisted(record, partition, transaction, epoch),
            Observation::Decided {
                transaction,
                commit,
                ..
            } => self.decided(transaction, commit),
            Observation::Marked {
                partition,
                offset,
                transaction,
                commit,
                epoch,
            } => self.marked((partition, offset), transaction, epoch, commit),
            Observation::Concluded {
                transaction,
                commit,
                outcome,
            } => match (commit, outcome) {
                (true, Outcome::Unknown) => self.given_up(transaction),
                (true, _) => {}
                (false, told) => self.asked_abort(transaction, told),
            },
            Observation::Hanging { partition, .. } => self.lane_mut(partition).hanging = true,
            Observation::Unsettled {
                partition,
                transaction,
                ..
            } => {
                self.lane_mut(partition).unsettled = true;
                self.late(transaction);
            }
            _ => unreachable!("not of a transaction"),
        }
    }

    /// The coordinator decides. A commit is progress. So is an abort that ends a wait, for what stands behind it may be
    /// read; but not another one with nothing achieved in between: work that is undone again and again gets nowhere
    /// (F045).
    fn decided(&mut self, transaction: TransactionId, commit: bool) {
        let TransactionId { producer, number } = transaction;
        let before = self.transactions.ending(producer, number);
        if before.is_some_and(|ending| ending.decided == Some(!commit)) {
            // Something of it was taken in after the first decision, or there would be nothing to decide.
            self.faults.struck.set(Struck::LATE_RECORD);
        }
        self.settle(transaction, |known| {
            known.transactions.decide(transaction, commit);
        });
        if !commit && self.aborted_at == Some(self.progress) {
            self.undone_at = Some(self.progress);
            return;
        }
        self.progress += 1;
        if !commit {
            self.aborted_at = Some(self.progress);
        }
    }

    /// Nobody knows what became of a transaction: its records are given up, or sent again in another one.
    fn given_up(&mut self, transaction: TransactionId) {
        self.faults.struck.set(Struck::GIVEN_UP);
        for record in self.transactions.records(transaction) {
            self.touch(record, |facts| facts.flags.set(Flags::GIVEN_UP));
        }
    }

    /// Something of a transaction was taken in: too late, if that was decided.
    pub(super) fn late(&mut self, TransactionId { producer, number }: TransactionId) {
        let ending = self.transactions.ending(producer, number);
        if ending.is_some_and(|ending| ending.decided.is_some()) {
            self.faults.struck.set(Struck::LATE_RECORD);
        }
    }
}
