//! What a strategy declares, as far as oracles may know it; and which promises everybody makes.

use alloc::vec::Vec;

use semel_sim::time::Span;

use crate::observation::{Place, Read};
use crate::strategy::{
    Assumption, Backoff, Breaker, Claim as Claiming, Clause, Fence, Invariant, Keyed, Level, Mark,
    Memory, Name, OnOpen, Recognise, Retry, Right, SideEffect, SinkKind, Source, Strategy,
    Transactions, Verification, Wait, Work,
};
use crate::timer::SECOND_WRITE;
use crate::vocabulary::Topology;

/// How effects and the committed offset agree, as the mark declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::judge) enum Relation {
    /// Effects ⊆ marked: nothing takes effect that is not marked yet.
    MarkedFirst,
    /// Effects ⊇ marked: nothing is marked that has not taken effect yet.
    EffectFirst,
    /// Effects = marked, at every moment.
    Together,
    /// Effects = marked, once all has settled: both become visible with a transaction, each in its own place.
    Settled,
    /// Nothing is declared.
    None,
}

/// What a client's ok claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::judge) enum Claim {
    /// That the record is stored.
    Stored,
    /// That it left: nothing is waited for.
    Left,
    /// The same; and a source that can be read again is saved by it, so that what a crash kept from leaving, and took
    /// the ok along with, is not.
    Counted,
    /// Nothing: an open breaker drops records, and says ok.
    Nothing,
}

/// What a strategy declares.
#[derive(Clone, Debug)]
pub(in crate::judge) struct Rules {
    pub(in crate::judge) topology: Topology,
    pub(in crate::judge) relation: Relation,
    pub(in crate::judge) ok: Claim,
    /// The effect is a committed output record.
    pub(in crate::judge) output: bool,
    /// How its producers name a record. By its contents: to a stream, two of equal contents are one.
    pub(in crate::judge) name: Name,
    /// Whether its consumers remember what they handled.
    pub(in crate::judge) memory: Memory,
    /// Whether its sink refuses stale tokens.
    pub(in crate::judge) fence: Fence,
    /// What its producers do with a record while they try no more.
    pub(in crate::judge) on_open: Option<OnOpen>,
    /// For so long after an effect its sink has no id for who looks, because it looks first and writes later.
    pub(in crate::judge) race: Span,
    /// How many records a consumer handles at once.
    pub(in crate::judge) workers: u16,
    /// How long its handlers wait for the sink's answer; None: they go on at once.
    pub(in crate::judge) sink_timeout: Option<Span>,
    /// By what right its consumers read.
    pub(in crate::judge) right: Right,
    /// Its readers ask for committed records only, of transactions that are sealed or not.
    reads: Option<bool>,
    /// Its leaders ask the coordinator before they take a record into a transaction.
    verifies: bool,
    /// How long each place says it remembers ids.
    keeps: [Option<Span>; 3],
    clauses: Vec<Clause>,
}

/// A promise that is made without being written.
struct Universal {
    keeps: Invariant,
    assuming: &'static [Assumption],
    by: Maker,
    /// Why it goes without saying.
    why: &'static str,
}

/// Who makes a promise without writing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    Everybody,
    /// Whose readers ask for committed records only, while nothing that is late can join or end a transaction.
    ReadsSealed,
    /// Whose readers ask for committed records only, where something late can.
    ReadsUnsealed,
    /// Whose leaders verify transactions, or who has none.
    Verified,
    /// Whose leaders take records into transactions without asking (before KIP-890).
    Unverified,
}

impl Universal {
    const fn new(keeps: Invariant, assuming: &'static [Assumption], why: &'static str) -> Self {
        Self {
            keeps,
            assuming,
            by: Maker::Everybody,
            why,
        }
    }

    const fn by(self, by: Maker) -> Self {
        Self { by, ..self }
    }
}

/// All of them, at every level.
const UNIVERSAL: [Universal; 11] = [
    Universal::new(
        Invariant::NoPhantom,
        &[],
        "no fault makes records up: packets are lost, late or repeated, never forged",
    ),
    Universal::new(
        Invariant::Convergence,
        &[
            Assumption::NoPoison,
            Assumption::NoPowerLoss,
            Assumption::NoDiskLoss,
        ],
        "once all has healed, a correct system comes to rest; but what cannot be processed may block it by choice, and \
         one that lost what others remember (a token, the end of a log) may be refused or passed over for ever",
    )
    .by(Maker::Verified),
    Universal::new(
        Invariant::Convergence,
        &[
            Assumption::NoLateRecord,
            Assumption::NoPoison,
            Assumption::NoPowerLoss,
            Assumption::NoDiskLoss,
        ],
        "once all has healed, a correct system comes to rest; but where nobody asks the coordinator, a late record begins \
         a transaction that blocks readers (F020)",
    )
    .by(Maker::Unverified),
    Universal::new(
        Invariant::Fencing,
        &[Assumption::NoPowerLoss, Assumption::NoDiskLoss],
        "whoever grants a token says that older ones are refused, as long as it can remember that",
    ),
    Universal::new(
        Invariant::ReadOrder,
        &[Assumption::NoPowerLoss, Assumption::NoDiskLoss],
        "a reader goes through a log in order, as long as the log keeps its end: only an assignment or a reset moves it",
    ),
    Universal::new(
        Invariant::HonestAck,
        &[Assumption::NoDiskLoss],
        "an answer says no more than is true, however little was asked for; but whose disk is lost may hand out ids a \
         second time, and take one client's record for a repeat of another's (F011)",
    ),
    Universal::new(
        Invariant::StableProgress,
        &[Assumption::NoPowerLoss, Assumption::NoDiskLoss],
        "a transaction has a timeout, so nobody waits for it for ever, as long as its coordinator remembers it",
    )
    .by(Maker::Verified),
    Universal::new(
        Invariant::StableProgress,
        &[
            Assumption::NoLateRecord,
            Assumption::NoPowerLoss,
            Assumption::NoDiskLoss,
        ],
        "a transaction has a timeout; but a coordinator that is not asked does not know of what a late record begins (F020)",
    )
    .by(Maker::Unverified),
    Universal::new(
        Invariant::NoEarlyRead,
        &[Assumption::NoPowerLoss, Assumption::NoDiskLoss],
        "it is only broken by a read that asked for committed records, as long as the log keeps its markers",
    ),
    Universal::new(
        Invariant::NoAbortedEffect,
        &[Assumption::NoPowerLoss, Assumption::NoDiskLoss],
        "a reader of committed records sees no aborted ones, as long as the log keeps its markers: where an abort was \
         lost, the next commit of the same producer takes its records along; who reads all records must expect them",
    )
    .by(Maker::ReadsSealed),
    Universal::new(
        Invariant::NoAbortedEffect,
        &[
            Assumption::NoLateRecord,
            Assumption::NoPowerLoss,
            Assumption::NoDiskLoss,
        ],
        "a reader of committed records sees no aborted ones; but where transactions of a session share an epoch, the next \
         one commits a late record of one that was aborted, unless somebody asks (F020), and a late end commits a part \
         of one that its client aborts (F022)",
    )
    .by(Maker::ReadsUnsealed),
];

/// The promises that a strategy makes without writing them, and why each goes without saying.
pub fn universal_promises(
    strategy: &Strategy,
) -> impl Iterator<Item = (Invariant, &'static [Assumption], &'static str)> {
    let reads = reads_committed(strategy).then(|| is_sealed(strategy));
    let verified = verifies(strategy);
    let made = move |promise: &&Universal| promise.is_made(reads, verified);
    let told = |promise: &Universal| (promise.keeps, promise.assuming, promise.why);
    UNIVERSAL.iter().filter(made).map(told)
}

impl Universal {
    /// Whether a strategy makes it that reads only what is committed (and seals transactions, or not), and verifies them
    /// (or not).
    fn is_made(&self, reads: Option<bool>, verified: bool) -> bool {
        match self.by {
            Maker::Everybody => true,
            Maker::ReadsSealed => reads == Some(true),
            Maker::ReadsUnsealed => reads == Some(false),
            Maker::Verified => verified,
            Maker::Unverified => !verified,
        }
    }
}

fn reads_committed(strategy: &Strategy) -> bool {
    match &strategy.work {
        Work::Loop(work) => work.read == Read::Committed,
        Work::Transact(_) => true,
    }
}

fn verifies(strategy: &Strategy) -> bool {
    let off = Verification::Off;
    !matches!(strategy.stream.transactions, Transactions::Markers { verification, .. } if verification == off)
}

/// Whether nothing late can join or end a transaction: every one has an epoch of its own (§1.4 TV2), or there are none.
fn is_sealed(strategy: &Strategy) -> bool {
    !matches!(
        strategy.stream.transactions,
        Transactions::Markers {
            transaction_version: ..2,
            ..
        }
    )
}

impl Rules {
    pub(in crate::judge) fn new(strategy: &Strategy, topology: Topology) -> Self {
        let relation = match &strategy.work {
            Work::Loop(work) => relation(work.mark),
            Work::Transact(work) if work.side_effect == SideEffect::Payment => {
                Relation::EffectFirst
            }
            Work::Transact(_) => Relation::Settled,
        };
        let on_open = match strategy.publish.retry {
            Retry::Backoff(Backoff {
                breaker: Some(Breaker { on_open, .. }),
                ..
            }) => Some(on_open),
            _ => None,
        };
        Self {
            topology,
            relation,
            ok: match strategy.publish.wait {
                _ if on_open == Some(OnOpen::Lose) => Claim::Nothing,
                Wait::Nothing if strategy.source == Source::Live => Claim::Left,
                Wait::Nothing => Claim::Counted,
                Wait::Stored => Claim::Stored,
            },
            output: strategy.sink.kind == SinkKind::Output,
            name: strategy.publish.name,
            memory: memory(strategy),
            fence: strategy.sink.fence,
            on_open,
            race: race(strategy.sink.kind),
            workers: match &strategy.work {
                Work::Loop(work) => work.workers,
                Work::Transact(_) => 1,
            },
            sink_timeout: match &strategy.work {
                Work::Loop(work) => work.sink_timeout,
                Work::Transact(_) => None,
            },
            right: strategy.work.right(),
            reads: reads_committed(strategy).then(|| is_sealed(strategy)),
            verifies: verifies(strategy),
            keeps: keeps(strategy),
            clauses: strategy.promise.clone(),
        }
    }

    /// Whether a mark covers only what was delivered before.
    pub(in crate::judge) const fn marks_delivered(&self) -> bool {
        match self.relation {
            Relation::EffectFirst | Relation::Together | Relation::Settled => true,
            Relation::MarkedFirst | Relation::None => false,
        }
    }

    /// The clauses that claim this, written or universal, each as the assumptions it makes.
    pub(in crate::judge) fn claims(
        &self,
        invariant: Invariant,
        level: Level,
    ) -> impl Iterator<Item = &[Assumption]> {
        let covers = move |clause: &&Clause| (clause.keeps, clause.level) == (invariant, level);
        let written = self.clauses.iter().filter(covers);
        let makes = move |promise: &&Universal| {
            promise.keeps == invariant && promise.is_made(self.reads, self.verifies)
        };
        let universal = UNIVERSAL.iter().filter(makes);
        written
            .map(|clause| clause.assuming.as_slice())
            .chain(universal.map(|promise| promise.assuming))
    }

    /// Every assumption that some clause makes.
    pub(in crate::judge) fn assumptions(&self) -> impl Iterator<Item = &Assumption> {
        self.clauses.iter().flat_map(|clause| &clause.assuming)
    }

    /// For how long a place says it remembers ids, if it says so.
    pub(in crate::judge) const fn keeps(&self, place: Place) -> Option<Span> {
        self.keeps[place as usize]
    }

    /// Whether a partition is an output.
    #[inline]
    pub(in crate::judge) const fn is_output(&self, partition: u16) -> bool {
        partition >= self.topology.partitions
    }
}

const fn relation(mark: Mark) -> Relation {
    match mark {
        Mark::Before => Relation::MarkedFirst,
        Mark::After => Relation::EffectFirst,
        Mark::Timer(_) => Relation::None,
        Mark::WithEffect => Relation::Together,
    }
}

const fn memory(strategy: &Strategy) -> Memory {
    match &strategy.work {
        Work::Loop(work) => work.recognise,
        Work::Transact(_) => Memory::None,
    }
}

/// Who looked earlier than the response to the first request was written, and took as long to act, acts too (F113).
const fn race(sink: SinkKind) -> Span {
    match sink {
        SinkKind::Keyed(Keyed {
            claim: Claiming::CheckThenAct,
            execution,
            ..
        }) => Span(execution.0 + SECOND_WRITE.0),
        _ => Span::ZERO,
    }
}

fn keeps(strategy: &Strategy) -> [Option<Span>; 3] {
    let stream = match strategy.stream.recognise {
        Recognise::Id(keep, _) => keep.time,
        _ => None,
    };
    let consumer = match memory(strategy) {
        Memory::None => None,
        Memory::Volatile(keep) | Memory::Durable(keep) => keep.time,
    };
    let sink = match strategy.sink.kind {
        SinkKind::Inbox(keep) => keep.time,
        SinkKind::Keyed(keyed) => Some(keyed.ttl),
        SinkKind::Ledger | SinkKind::Output => None,
    };
    [stream, consumer, sink]
}
