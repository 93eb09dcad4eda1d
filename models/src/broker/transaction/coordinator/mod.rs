//! The transaction coordinator (`semantics.md` §1.4).
//!
//! Protocol: per transactional id a producer id, an epoch and a state: Empty → Ongoing → Prepare(commit | abort) →
//! Complete. Partitions join; the end is decided by appending Prepare; then the client is told, markers go to every
//! partition until each is confirmed, and Complete is appended. Whoever registers under the same id raises the epoch,
//! and has what is open aborted; so does a scan for transactions that take too long. (Kafka's transient
//! `PrepareEpochFence` is one step with the abort here.)
//!
//! Promise: once Prepare is in the log the outcome is fixed; a restart sends the markers again. Each transition is in
//! the log before it takes effect. `__transaction_state` is replicated whatever the data partitions are, so an append
//! counts as synced, whatever the stream's flush policy says.
//!
//! Not promised, with version 1: that the end of transaction n, late, does not end transaction n+1. Both have the
//! same producer id and epoch (F022). Version 2 raises the epoch at every end.

mod entry;
mod markers;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use semel_sim::address::OutageKind;
use semel_sim::context::Peer;
use semel_sim::digest::Digest;
use semel_sim::journal::Journal;
use semel_sim::time::{Span, Time};

use crate::message::Message;
use crate::message::transaction::{Answer, Message as Word, Owner};
use crate::model::Ctx;
use crate::observation::{Observation, TransactionId};
use crate::requests::Numbers;
use crate::strategy::{Bug, TRANSACTION_TIMEOUT_MAX, Transactions};
use crate::timer::Timer;
use crate::vocabulary::{Epoch, Partition, ProducerId, Topology};

use entry::{End, State, Transaction, take};
use markers::Marker;

/// How long the bug's decision takes to reach the log.
const DECISION: Span = Span::millis(1);
/// So many entries of the log are kept; older ones are compacted away.
const KEPT: u64 = 1024;

/// What coordinates transactions, on broker 0.
#[derive(Clone, Debug)]
pub(in crate::broker) struct TransactionCoordinator {
    topology: Topology,
    version: u8,
    scan_every: Span,
    bug: Option<Bug>,
    disk: Disk,
    memory: Memory,
}

/// `__transaction_state`.
#[derive(Clone, Debug, Default)]
struct Disk {
    journal: Journal<(u16, Transaction)>,
    /// What it said before its first entry.
    before: BTreeMap<u16, Transaction>,
}

#[derive(Clone, Debug, Default)]
struct Memory {
    /// What the log says, by transactional id.
    table: BTreeMap<u16, Transaction>,
    /// Markers that are not confirmed yet.
    markers: Vec<Marker>,
    numbers: Numbers,
    scanning: bool,
    /// With the bug: decisions that are not in the log yet, and who waits for them.
    undecided: Vec<(u16, bool, Option<Client>)>,
}

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::broker) struct Client {
    pub(in crate::broker) peer: Peer,
    pub(in crate::broker) request: u32,
}

impl TransactionCoordinator {
    pub(in crate::broker) fn new(
        transactions: Transactions,
        bug: Option<Bug>,
        topology: Topology,
    ) -> Self {
        let (version, scan_every) = match transactions {
            Transactions::None => (1, Span::ZERO),
            Transactions::Markers {
                transaction_version,
                scan_every,
                ..
            } => (transaction_version, scan_every),
        };
        Self {
            topology,
            version,
            scan_every,
            bug,
            disk: Disk::default(),
            memory: Memory::default(),
        }
    }

    pub(in crate::broker) fn reset(&mut self) {
        self.disk.journal.clear();
        self.disk.before.clear();
        self.forget();
        self.memory.numbers = Numbers::default();
    }

    fn forget(&mut self) {
        self.memory.table.clear();
        self.memory.markers.clear();
        self.memory.numbers.skip();
        self.memory.scanning = false;
        self.memory.undecided.clear();
    }

    pub(in crate::broker) fn crash(
        &mut self,
        kind: OutageKind,
        survives: &mut dyn FnMut(u64) -> u64,
    ) {
        self.disk.journal.crash(kind, survives);
        if kind == OutageKind::DiskLoss {
            self.disk.before.clear();
        }
        self.forget();
    }

    /// Rebuilds the table, and goes on with what was decided.
    pub(in crate::broker) fn start(&mut self, ctx: &mut Ctx<'_>) {
        self.memory.table.clone_from(&self.disk.before);
        for (_, (name, transaction)) in self.disk.journal.range(0) {
            self.memory.table.insert(*name, transaction.clone());
        }
        let names: Vec<u16> = self.memory.table.keys().copied().collect();
        for name in names {
            if let State::Prepare(_) = self.memory.table[&name].state {
                self.send_markers(name, ctx);
            }
        }
        self.arm_scan(ctx);
    }

    /// Appends what the table says of a name. It takes effect with this.
    fn write(&mut self, name: u16) {
        let entry = (name, self.memory.table[&name].clone());
        self.disk.journal.append(entry);
        self.disk.journal.sync();
        let before = &mut self.disk.before;
        self.disk.journal.compact(KEPT, |(name, transaction)| {
            before.insert(name, transaction);
        });
    }

    fn change(&mut self, name: u16) -> &mut Transaction {
        let entry = self.memory.table.get_mut(&name);
        entry.expect("the name is in the table")
    }

    /// The transactional id of a producer id.
    fn find(&self, producer: ProducerId) -> Option<u16> {
        let is = |transaction: &Transaction| {
            transaction.producer == producer || transaction.previous == Some(producer)
        };
        let mut found = self.memory.table.iter();
        found
            .find(|(_, transaction)| is(transaction))
            .map(|(name, _)| *name)
    }

    /// A client registers under a name; `known` is what it was given before, if it goes on after an error.
    pub(in crate::broker) fn register(
        &mut self,
        name: u16,
        timeout: Span,
        known: Option<(ProducerId, Epoch)>,
        fresh: &mut ProducerId,
        ctx: &mut Ctx<'_>,
    ) -> Answer {
        if timeout > TRANSACTION_TIMEOUT_MAX {
            return Answer::TimeoutTooLong;
        }
        let Some(transaction) = self.memory.table.get_mut(&name) else {
            let transaction = Transaction::new(take(fresh), timeout);
            self.memory.table.insert(name, transaction);
            self.write(name);
            return Answer::Ok;
        };
        if known.is_some_and(|known| !transaction.may_go_on(known)) {
            return Answer::Fenced;
        }
        match transaction.state {
            State::Prepare(_) => Answer::Concurrent,
            State::Ongoing => {
                self.fence(name, fresh, ctx);
                Answer::Concurrent
            }
            State::Empty | State::Complete(_) => {
                let epoch = known.map(|(_, epoch)| epoch);
                let answer = transaction.renew(timeout, epoch, fresh);
                if answer == Answer::Ok {
                    self.write(name);
                }
                answer
            }
        }
    }

    /// A partition joins a transaction (its client says so, or with version 2 its leader).
    pub(in crate::broker) fn add(
        &mut self,
        of: Owner,
        partition: Partition,
        ctx: &mut Ctx<'_>,
    ) -> Answer {
        let Some(name) = self.current(of) else {
            return Answer::Fenced;
        };
        let transaction = self.change(name);
        match transaction.state {
            State::Prepare(_) => return Answer::Concurrent,
            State::Ongoing if transaction.partitions.contains(&partition) => return Answer::Ok,
            State::Ongoing => {}
            State::Empty | State::Complete(_) => {
                transaction.state = State::Ongoing;
                transaction.started = ctx.wall();
            }
        }
        transaction.partitions.push(partition);
        transaction.partitions.sort_unstable();
        transaction.number = transaction.number.max(of.number);
        self.write(name);
        self.arm_scan(ctx);
        Answer::Ok
    }

    /// A leader asks whether a transaction is open with its partition in it.
    pub(in crate::broker) fn verify(
        &mut self,
        of: Owner,
        partition: Partition,
        ctx: &mut Ctx<'_>,
    ) -> Answer {
        if self.version >= 2 {
            return self.add(of, partition, ctx);
        }
        let Some(name) = self.current(of) else {
            return Answer::Fenced;
        };
        let transaction = &self.memory.table[&name];
        match transaction.state {
            State::Prepare(_) => Answer::Concurrent,
            State::Ongoing if transaction.partitions.contains(&partition) => Answer::Ok,
            _ => Answer::InvalidState,
        }
    }

    /// The name of a producer whose epoch is the current one.
    fn current(&self, of: Owner) -> Option<u16> {
        let name = self.find(of.producer)?;
        let transaction = &self.memory.table[&name];
        (transaction.identity() == (of.producer, of.epoch)).then_some(name)
    }

    /// A client ends its transaction. No answer: it comes when the decision is in the log.
    pub(in crate::broker) fn end(
        &mut self,
        of: Owner,
        commit: bool,
        client: Client,
        fresh: &mut ProducerId,
        ctx: &mut Ctx<'_>,
    ) {
        let verdict = self
            .find(of.producer)
            .map(|name| (name, self.memory.table[&name].end(of, commit, self.version)));
        match verdict {
            Some((name, End::Decide)) => {
                let version = self.version;
                let transaction = self.change(name);
                transaction.number = transaction.number.max(of.number);
                if version >= 2 {
                    transaction.raise(fresh);
                }
                self.decide(name, commit, false, Some(client), ctx);
            }
            Some((_, End::Say(answer))) => self.answer(client, answer, of, ctx),
            None => self.answer(client, Answer::Fenced, of, ctx),
        }
    }

    /// Aborts what is open, under an epoch that its owner does not have.
    fn fence(&mut self, name: u16, fresh: &mut ProducerId, ctx: &mut Ctx<'_>) {
        let version = self.version;
        let transaction = self.change(name);
        transaction.epoch += 1;
        transaction.last = None;
        if version >= 2 {
            transaction.raise(fresh);
        }
        self.decide(name, false, true, None, ctx);
    }

    /// The outcome is fixed by appending it. Then its client is told, and every partition.
    fn decide(
        &mut self,
        name: u16,
        commit: bool,
        forced: bool,
        client: Option<Client>,
        ctx: &mut Ctx<'_>,
    ) {
        self.change(name).state = State::Prepare(commit);
        self.memory.undecided.push((name, forced, client));
        if self.bug == Some(Bug::MarkerBeforePrepare) {
            ctx.set_timer(DECISION, Timer::DecisionDue { name });
        } else {
            self.decided(name, ctx);
        }
        self.send_markers(name, ctx);
    }

    /// With the bug: the decision reaches the log at last.
    pub(in crate::broker) fn decision_due(&mut self, name: u16, ctx: &mut Ctx<'_>) {
        self.decided(name, ctx);
        self.complete_if_marked(name);
    }

    /// The decision reaches the log, and its client is told.
    fn decided(&mut self, name: u16, ctx: &mut Ctx<'_>) {
        let due = self.memory.undecided.iter();
        let Some(index) = due.clone().position(|(other, ..)| *other == name) else {
            return;
        };
        let (_, forced, client) = self.memory.undecided.remove(index);
        let transaction = self.change(name);
        let settled = transaction.settle();
        let (producer, epoch) = transaction.identity();
        let (state, number) = (transaction.state, transaction.number);
        self.write(name);
        let State::Prepare(commit) = state else {
            return;
        };
        if let Some(number) = settled {
            ctx.observe(Observation::Decided {
                transaction: TransactionId { producer, number },
                commit,
                forced,
            });
        }
        if let Some(client) = client {
            let of = Owner {
                producer,
                epoch,
                number,
            };
            self.answer(client, Answer::Ok, of, ctx);
        }
    }

    /// Answers a client, with the identity that it has from now on.
    pub(in crate::broker) fn answer(
        &self,
        client: Client,
        answer: Answer,
        of: Owner,
        ctx: &mut Ctx<'_>,
    ) {
        let name = self.find(of.producer);
        let (producer, epoch) = match name.filter(|_| answer == Answer::Ok) {
            Some(name) => self.memory.table[&name].client_identity(),
            None => (of.producer, of.epoch),
        };
        let Client { peer, request } = client;
        let answer = Word::TransactionAnswer {
            request,
            transaction: of.number,
            answer,
            producer,
            epoch,
        };
        ctx.send(peer, Message::Transaction(answer));
    }

    /// Answers a client that registers.
    pub(in crate::broker) fn answer_named(
        &self,
        client: Client,
        answer: Answer,
        name: u16,
        ctx: &mut Ctx<'_>,
    ) {
        let nobody = Owner {
            producer: 0,
            epoch: 0,
            number: 0,
        };
        let of = self.memory.table.get(&name).map_or(nobody, |transaction| {
            let (producer, epoch) = transaction.identity();
            Owner {
                producer,
                epoch,
                number: transaction.number,
            }
        });
        self.answer(client, answer, of, ctx);
    }

    /// The scan runs at whole periods since boot, and only while there is something to find.
    fn arm_scan(&mut self, ctx: &mut Ctx<'_>) {
        let ongoing = |transaction: &Transaction| transaction.state == State::Ongoing;
        if self.memory.scanning || !self.memory.table.values().any(ongoing) {
            return;
        }
        self.memory.scanning = true;
        let every = self.scan_every.0.max(1);
        let left = every - ctx.elapsed().0 % every;
        ctx.set_timer(Span(left), Timer::ScanTransactions);
    }

    /// Aborts transactions that took too long.
    pub(in crate::broker) fn scan(&mut self, fresh: &mut ProducerId, ctx: &mut Ctx<'_>) {
        self.memory.scanning = false;
        let now = ctx.wall();
        let late = |transaction: &Transaction| {
            transaction.state == State::Ongoing
                && now.since(transaction.started) >= transaction.timeout
        };
        let table = self.memory.table.iter();
        let names: Vec<u16> = table
            .filter(|(_, transaction)| late(transaction))
            .map(|(name, _)| *name)
            .collect();
        for name in names {
            self.fence(name, fresh, ctx);
        }
        self.arm_scan(ctx);
    }

    pub(in crate::broker) fn fingerprint(&self, now: Time, digest: &mut Digest) {
        let Memory {
            table,
            markers,
            scanning,
            undecided,
            ..
        } = &self.memory;
        for (name, transaction) in table {
            digest.add(&(name, transaction));
            if transaction.state == State::Ongoing {
                digest.add(&now.0.wrapping_sub(transaction.started.0));
            }
        }
        for marker in markers {
            digest.add(&(marker.request, marker.name, marker.partition));
        }
        for (name, forced, client) in undecided {
            digest.add(&(
                name,
                forced,
                client.map(|client| (client.peer.node, client.request)),
            ));
        }
        digest.add(scanning);
    }
}
