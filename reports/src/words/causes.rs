//! What each cause code means: the one place that puts `semantics.md` §4.4 into words.
//!
//! A cause is the last decision that could have prevented a violation. Each has a short name, for tables, and a
//! clause that can stand after "because" or a colon, for sentences.

use semel_models::judge::{Cause, Side};

/// What a cause means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CauseWords {
    /// Its name in a few words.
    pub name: &'static str,
    /// What happened, as a clause.
    pub meaning: &'static str,
}

/// Puts every cause into words: the name, and the clause.
macro_rules! causes {
    ($($Cause:ident: $name:literal, $meaning:literal;)*) => {
        /// The words for a cause.
        pub const fn words(cause: Cause) -> CauseWords {
            let (name, meaning) = match cause {
                $(Cause::$Cause => ($name, $meaning),)*
            };
            CauseWords { name, meaning }
        }
    };
}

causes! {
    NoAnswer: "no ack in time, no dedup",
        "an answer was lost or late, the request was sent again, and the receiver does not look for repeats";
    StateAbsent: "dedup state absent",
        "the repeat met no dedup state: a new session, a restart, or the state was lost";
    EntryExpired: "dedup entry expired",
        "the repeat came after the dedup window had closed";
    EntryEvicted: "dedup entry evicted",
        "the dedup store was full and had dropped the entry before the repeat came";
    KeyDiffers: "key differs",
        "the repeat came under another id, so nothing could recognise it";
    CheckThenAct: "check, then act",
        "two requests both looked before either had written, and both acted";
    Unmarked: "effect without its mark",
        "the work was done but its progress was not marked yet, so it was done again";
    TwoOwners: "two owners, no fence",
        "a former owner and the new one both acted, and the sink did not fence the former off";
    ProgressRegressed: "progress regressed",
        "the committed position went back, and what came after it was read again";
    AbortedRead: "aborted data read",
        "a reader was given a copy that should count for nothing (aborted, or lost with power), and its retry too";
    NetworkDuplicate: "network duplicate",
        "the network delivered one packet twice, and the receiver does not look for repeats";
    Replay: "replay",
        "a restore or a redrive brought back what had already been handled";
    AckedEarly: "acked before it was safe",
        "it counted as sent before the stream had it safely";
    Truncated: "truncated after ack",
        "it was acknowledged, and then cut off the end of the log";
    NotSynced: "not synced at power loss",
        "it was acknowledged before it was synced to disk, and the power went";
    MarkedFirst: "marked before effect",
        "progress was marked before the effect, so nobody came back for it";
    Mistaken: "wrongly judged a repeat",
        "it was taken for a repeat of what is stored already, though it was none, and swallowed";
    AbortedLate: "transaction aborted late",
        "its transaction was aborted after it was believed decided";
    Torn: "torn transaction",
        "one part of its transaction took hold and another did not";
    Skipped: "expired or skipped",
        "it expired, or the reader jumped over it";
    ErrorSwallowed: "error swallowed",
        "its handling failed, and the error was swallowed, or what it was put aside as was lost";
    Filtered: "filtered out",
        "it was filtered out on its way, though nothing was wrong with it";
    GivenUp: "client gave up",
        "the client gave up on it, or went down with it, after it had accepted it";
    RetryBehind: "retry behind a later send",
        "it, or its retry, came after a record sent later";
    BatchInPart: "batch failed in part",
        "a part of its batch failed and was sent again later";
    Requeued: "redelivery",
        "it was put back, or its reader was, and so it was delivered behind its successors";
    KeyMoved: "key moved",
        "its key was mapped to another partition in between";
    ParallelWorkers: "parallel workers",
        "two workers handled records of one key at the same time";
    LeaderChange: "leader change",
        "a new leader went on from another end of the log";
    OpenTransaction: "open transaction",
        "a transaction that nobody decides holds back every reader behind it";
    InDoubt: "in doubt",
        "a prepared transaction waits for a decision that does not come, and keeps its locks";
    KeyInProgress: "key in progress",
        "its idempotency key is marked in progress by a request that nobody finishes";
    PoisonAhead: "poison at the head",
        "a record that cannot be processed is tried again and again, and blocks those behind it";
    SequenceGap: "sequence gap",
        "a gap in the sequence numbers makes the broker reject every retry";
    FencedOff: "fenced for good",
        "the producer is fenced off, or out of epochs, and cannot come back";
    RebalanceStorm: "rebalance storm",
        "the group forms again and again, or its marks are refused, so what it handles is never marked";
    Other: "no known cause",
        "none of the known causes explains it, so a model or an oracle of Semel is wrong";
}

/// [`Cause::Unmarked`] where no consumer began again, but a sink that was asked again had forgotten what it had done.
pub const UNMARKED_AT_THE_SINK: &str = "the sink had done the work but not yet noted that, and did it once more when it was asked again";

/// What happened, told for the side on which it did.
///
/// The few causes that look different from the two sides are told apart; for all others it is [`CauseWords::meaning`].
pub const fn story(cause: Cause, side: Side) -> &'static str {
    match (cause, side) {
        (Cause::NoAnswer, Side::Inbound) => {
            "no ack reached the producer in time, so it sent the record again, and the stream does not look for repeats"
        }
        (Cause::NoAnswer, Side::Outbound) => {
            "no answer reached the consumer in time, so it asked again, and the sink does not look for repeats"
        }
        (Cause::Unmarked, Side::Inbound) => {
            "the producer had sent it but not yet saved its position, and began again from there"
        }
        (Cause::Unmarked, Side::Outbound) => {
            "the consumer had done the work but not yet marked its progress, and began again from the mark"
        }
        (Cause::TwoOwners, Side::Outbound) => "a former owner and the new one both worked on it",
        (Cause::AckedEarly, Side::Inbound) => {
            "it counted as sent before the stream had it safely, so nobody sent it again"
        }
        (Cause::AckedEarly, Side::Outbound) => {
            "the only copy of its effect went with the disk that it was on, and nobody came back for it"
        }
        (Cause::MarkedFirst, Side::Outbound) => {
            "the consumer had marked its progress before the effect, so nobody came back for it"
        }
        _ => words(cause).meaning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_fit_into_sentences() {
        for cause in Cause::ALL {
            let meaning = words(*cause).meaning;
            assert!(!meaning.ends_with('.'), "{cause}");
            assert!(meaning.starts_with(char::is_lowercase), "{cause}");
        }
    }
}
