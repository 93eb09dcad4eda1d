//! Invariants, levels and assumptions in words, and how the clauses of a promise are read aloud.

use semel_models::strategy::{Assumption, Clause, Invariant, Level};
use semel_scenarios::file::expect::LEVELS;

/// One invariant in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvariantWords {
    /// The invariant.
    pub invariant: Invariant,
    /// What it is called when it is broken, for example "a loss".
    pub anomaly: &'static str,
    /// What is promised, for example "nothing is lost".
    pub kept: &'static str,
    /// What became of a record when it is broken, to stand after "record 3".
    pub broken: &'static str,
}

/// Every invariant in words, in order of its number.
pub const INVARIANTS: [InvariantWords; Invariant::ALL.len()] = [
    words(
        Invariant::NoLoss,
        "loss",
        "nothing acknowledged is lost",
        "is lost",
    ),
    words(
        Invariant::NoDuplicate,
        "duplicate",
        "nothing is there twice",
        "is doubled",
    ),
    words(
        Invariant::NoPhantom,
        "phantom",
        "nothing appears that nobody sent",
        "is there although nobody sent it like that",
    ),
    words(
        Invariant::NoAbortedEffect,
        "effect of what was aborted",
        "nothing aborted, and nothing reported failed, takes effect",
        "took effect although it was aborted or reported failed",
    ),
    words(
        Invariant::NoEarlyRead,
        "early read",
        "nobody reads a record before its transaction is decided",
        "was read before its transaction was decided",
    ),
    words(
        Invariant::KeyOrder,
        "out of order",
        "records of one account keep their order",
        "was overtaken by a later record of the same account",
    ),
    words(
        Invariant::ReadOrder,
        "read out of order",
        "a reader's position rises and skips nothing",
        "was skipped, or read out of order",
    ),
    words(
        Invariant::Atomic,
        "torn transaction",
        "a transaction becomes visible as a whole or not at all",
        "is visible without the rest of its transaction, or missing from it",
    ),
    words(
        Invariant::MarkMatchesEffect,
        "mark and effect disagree",
        "the progress mark and the effects agree as declared",
        "stands otherwise than the progress mark says",
    ),
    words(
        Invariant::MonotoneOffset,
        "offset not monotone",
        "the committed offset never falls, nor passes what was delivered",
        "was covered by an offset that fell, or that passed what was delivered",
    ),
    words(
        Invariant::Fencing,
        "former owner let in",
        "a former owner is shut out",
        "was accepted from a former owner",
    ),
    words(
        Invariant::HonestAck,
        "dishonest ack",
        "an ack says no more than is true",
        "was acknowledged with more than was true",
    ),
    words(
        Invariant::StableProgress,
        "readers held up",
        "every transaction is decided in the end, and none holds up readers for ever",
        "is held up by a transaction that nobody decides",
    ),
    words(
        Invariant::Convergence,
        "never finished",
        "once all has healed, everything is acknowledged or reported, and processed",
        "was never finished, although everything had healed",
    ),
    words(
        Invariant::SameState,
        "wrong state",
        "the final state is the one of a run without faults",
        "left a state behind that no run without faults would leave",
    ),
    words(
        Invariant::Conservation,
        "money not conserved",
        "transfers create and destroy no money",
        "created or destroyed money",
    ),
    words(
        Invariant::StableResult,
        "two responses",
        "one key and request always get the same response",
        "got two different responses under one key",
    ),
    words(
        Invariant::BoundedState,
        "dedup state out of bounds",
        "dedup state stays within its declared bound",
        "met a dedup store that had outgrown its bound, or forgot too early",
    ),
];

const fn words(
    invariant: Invariant,
    anomaly: &'static str,
    kept: &'static str,
    broken: &'static str,
) -> InvariantWords {
    InvariantWords {
        invariant,
        anomaly,
        kept,
        broken,
    }
}

/// The words for an invariant.
pub fn invariant(invariant: Invariant) -> &'static InvariantWords {
    let mut all = INVARIANTS.iter();
    all.find(|words| words.invariant == invariant)
        .expect("each has its words")
}

/// What is promised at one level about how often a record is there: `once`, `at least once`, `at most once`, or
/// nothing.
pub fn guarantee(promise: &[Clause], level: Level) -> Option<&'static str> {
    let keeps = |invariant| {
        promise
            .iter()
            .any(|clause| clause.level == level && clause.keeps == invariant)
    };
    match (keeps(Invariant::NoLoss), keeps(Invariant::NoDuplicate)) {
        (true, true) => Some("once"),
        (true, false) => Some("at least once"),
        (false, true) => Some("at most once"),
        (false, false) => None,
    }
}

/// One clause read aloud, to stand after "promises that": `no record is stored twice (same session)`.
pub fn clause(clause: &Clause) -> String {
    let kept = match (clause.keeps, clause.level) {
        (Invariant::NoLoss, Level::Log) => "every acknowledged record stays in the log",
        (Invariant::NoLoss, Level::Delivery) => "every acknowledged record is delivered",
        (Invariant::NoLoss, Level::Effect) => "every acknowledged record takes effect",
        (Invariant::NoDuplicate, Level::Log) => "no record is stored twice",
        (Invariant::NoDuplicate, Level::Delivery) => "no record is delivered twice",
        (Invariant::NoDuplicate, Level::Effect) => "no record takes effect twice",
        (other, _) => invariant(other).kept,
    };
    kept.to_owned() + &in_brackets(&assumed(&clause.assuming))
}

/// A whole promise in one line: `log once and in order (same session), delivery at least once, effect at least once`.
pub fn promise(clauses: &[Clause]) -> String {
    let frequent = [
        Invariant::NoLoss,
        Invariant::NoDuplicate,
        Invariant::KeyOrder,
    ];
    let mut parts = Vec::new();
    for level in LEVELS {
        let here = clauses
            .iter()
            .filter(|clause| clause.level == level && frequent.contains(&clause.keeps));
        let ordered = here
            .clone()
            .any(|clause| clause.keeps == Invariant::KeyOrder);
        let words: Vec<&str> = guarantee(clauses, level)
            .into_iter()
            .chain(ordered.then_some("in order"))
            .collect();
        if !words.is_empty() {
            let scope = in_brackets(&scope_of(here));
            parts.push(format!("{} {}{scope}", level.name(), words.join(" and ")));
        }
    }
    let others = clauses.iter().filter(|one| !frequent.contains(&one.keeps));
    parts.extend(others.map(clause));
    parts.join(", ")
}

/// Everything that some clauses take for granted, each once.
pub fn scope_of<'a>(clauses: impl IntoIterator<Item = &'a Clause>) -> String {
    let mut assumptions: Vec<Assumption> = Vec::new();
    for assumption in clauses.into_iter().flat_map(|clause| &clause.assuming) {
        if !assumptions.contains(assumption) {
            assumptions.push(assumption.clone());
        }
    }
    assumed(&assumptions)
}

fn in_brackets(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(" ({text})")
    }
}

/// A level with its article: `the log`, `delivery`, `the effect`.
pub const fn place(level: Level) -> &'static str {
    match level {
        Level::Log => "the log",
        Level::Delivery => "delivery",
        Level::Effect => "the effect",
    }
}

/// What a promise takes for granted, in a few words: `same session, no power loss`.
pub fn assumed(assumptions: &[Assumption]) -> String {
    let short = |assumption: &Assumption| match assumption {
        Assumption::Within(window) => format!("within {window}"),
        other => scope(other).0.to_owned(),
    };
    assumptions.iter().map(short).collect::<Vec<_>>().join(", ")
}

/// How an assumption broke.
pub const fn broken_assumption(assumption: &Assumption) -> &'static str {
    scope(assumption).1
}

/// An assumption in a few words, and what it is when it does not hold.
const fn scope(assumption: &Assumption) -> (&'static str, &'static str) {
    match assumption {
        Assumption::SameSession => ("same session", "the repeat came from another session"),
        Assumption::Within(_) => ("within its window", "the repeat came after the window"),
        Assumption::NoPowerLoss => ("no power loss", "a machine lost power"),
        Assumption::NoDiskLoss => ("no disk loss", "a disk was lost"),
        Assumption::NoNetworkDuplicates => {
            ("no network duplicates", "the network doubled a packet")
        }
        Assumption::NoPause => ("no pause", "a process stopped and went on later"),
        Assumption::NoBrokerOutage => ("no broker outage", "a broker went down"),
        Assumption::NoConsumerOutage => ("no consumer outage", "a consumer went down"),
        Assumption::NoSinkOutage => ("no outage of the sink", "the sink went down"),
        Assumption::NoLateMark => ("no late mark", "a late commit set progress back"),
        Assumption::NoLateRecord => (
            "no late record",
            "a record or an offset came after its transaction was decided",
        ),
        Assumption::TrueClocks => ("true clocks", "a clock jumped or drifted"),
        Assumption::TrueStoreClocks => (
            "true clocks of stores",
            "the clock of a store jumped or drifted",
        ),
        Assumption::DedupKept => ("dedup state kept", "dedup state was lost"),
        Assumption::NoEviction => (
            "room for what is remembered",
            "a store had no room left to remember it",
        ),
        Assumption::LeaseKept => (
            "work within its lease",
            "a lease ended before the work on its key",
        ),
        Assumption::NoGivingUp => ("nobody gives up", "the producer gave up on a record"),
        Assumption::DistinctContents => ("distinct contents", "two records had equal contents"),
        Assumption::NoPoison => ("no poison", "a record could not be processed"),
        Assumption::NoZombie => ("no zombie", "a zombie wrote to the sink"),
    }
}
