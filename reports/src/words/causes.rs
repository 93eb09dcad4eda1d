//! What each cause code means: the one place that puts `semantics.md` §4.4 into words.
//!
//! A cause is the last decision that could have prevented a violation. Each has a short name, for tables, and a
//! clause that can stand after "because" or a colon, for sentences.

use semel_models::judge::Side;

/// One cause code and its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The code, for example `D2`.
    pub code: &'static str,
    /// Its name in a few words.
    pub name: &'static str,
    /// What happened, as a clause.
    pub meaning: &'static str,
}

/// Every cause, duplicates first, then losses, reorderings, and what gets stuck.
pub const CAUSES: [Cause; 36] = [
    cause(
        "D1",
        "no ack in time, no dedup",
        "an answer was lost or late, the request was sent again, and the receiver does not look for repeats",
    ),
    cause(
        "D2",
        "dedup state absent",
        "the repeat met no dedup state: a new session, a restart, or the state was lost",
    ),
    cause(
        "D3",
        "dedup entry expired",
        "the repeat came after the dedup window had closed",
    ),
    cause(
        "D4",
        "dedup entry evicted",
        "the dedup store was full and had dropped the entry before the repeat came",
    ),
    cause(
        "D5",
        "key differs",
        "the repeat came under another id, so nothing could recognise it",
    ),
    cause(
        "D6",
        "check, then act",
        "two requests both looked before either had written, and both acted",
    ),
    cause(
        "D7",
        "effect without its mark",
        "the work was done but its progress was not marked yet, so it was done again",
    ),
    cause(
        "D8",
        "two owners, no fence",
        "a former owner and the new one both acted, and the sink did not fence the former off",
    ),
    cause(
        "D9",
        "progress regressed",
        "the committed position went back, and what came after it was read again",
    ),
    cause(
        "D10",
        "aborted data read",
        "a reader was given a copy that did not last (of an aborted transaction, or lost with power), and then its retry",
    ),
    cause(
        "D11",
        "network duplicate",
        "the network delivered one packet twice, and the receiver does not look for repeats",
    ),
    cause(
        "D12",
        "replay",
        "a restore or a redrive brought back what had already been handled",
    ),
    cause(
        "L1",
        "acked before it was safe",
        "it counted as sent before the stream had it safely",
    ),
    cause(
        "L2",
        "truncated after ack",
        "it was acknowledged, and then cut off the end of the log",
    ),
    cause(
        "L3",
        "not synced at power loss",
        "it was acknowledged before it was synced to disk, and the power went",
    ),
    cause(
        "L4",
        "marked before effect",
        "progress was marked before the effect, so nobody came back for it",
    ),
    cause(
        "L5",
        "wrongly judged a repeat",
        "it was taken for a repeat of something else, and swallowed",
    ),
    cause(
        "L6",
        "transaction aborted late",
        "its transaction was aborted after it was believed decided",
    ),
    cause(
        "L7",
        "torn transaction",
        "one part of its transaction took hold and another did not",
    ),
    cause(
        "L8",
        "expired or skipped",
        "it expired, or the reader jumped over it",
    ),
    cause(
        "L9",
        "error swallowed",
        "its handling failed, and the error was swallowed, or what it was put aside as was lost",
    ),
    cause(
        "L10",
        "filtered out",
        "it was filtered out on its way, though nothing was wrong with it",
    ),
    cause(
        "L11",
        "client gave up",
        "the client gave up on it after it had accepted it",
    ),
    cause(
        "R1",
        "retry behind a later send",
        "it, or its retry, came after a record sent later",
    ),
    cause(
        "R2",
        "batch failed in part",
        "a part of its batch failed and was sent again later",
    ),
    cause(
        "R3",
        "requeued",
        "it was put back in the queue and delivered after its successors",
    ),
    cause(
        "R4",
        "key moved",
        "its key was mapped to another partition in between",
    ),
    cause(
        "R5",
        "parallel workers",
        "two workers handled records of one key at the same time",
    ),
    cause(
        "R6",
        "leader change",
        "a new leader went on from another end of the log",
    ),
    cause(
        "S1",
        "open transaction",
        "a transaction that nobody decides holds back every reader behind it",
    ),
    cause(
        "S2",
        "in doubt",
        "a prepared transaction waits for a decision that does not come, and keeps its locks",
    ),
    cause(
        "S3",
        "key in progress",
        "its idempotency key is marked in progress by a request that nobody finishes",
    ),
    cause(
        "S4",
        "poison at the head",
        "a record that cannot be processed is tried again and again, and blocks those behind it",
    ),
    cause(
        "S5",
        "sequence gap",
        "a gap in the sequence numbers makes the broker reject every retry",
    ),
    cause(
        "S6",
        "fenced for good",
        "the producer is fenced off, or out of epochs, and cannot come back",
    ),
    cause(
        "S7",
        "rebalance storm",
        "the group forms again and again, or its marks are refused, so what it handles is never marked",
    ),
];

const fn cause(code: &'static str, name: &'static str, meaning: &'static str) -> Cause {
    Cause {
        code,
        name,
        meaning,
    }
}

/// A cause that is not on the list: a model or an oracle is wrong.
const OTHER: Cause = cause(
    "?",
    "no known cause",
    "none of the known causes explains it, so a model or an oracle of Semel is wrong",
);

/// The cause with this code.
pub fn find(code: &str) -> Cause {
    CAUSES
        .into_iter()
        .find(|cause| cause.code == code)
        .unwrap_or(OTHER)
}

/// What happened, told for the side on which it did.
///
/// The few causes that look different from the two sides are told apart; for all others it is [`Cause::meaning`].
pub fn story(code: &str, side: Option<Side>) -> &'static str {
    match (code, side) {
        ("D1", Some(Side::Inbound)) => {
            "no ack reached the producer in time, so it sent the record again, and the stream does not look for repeats"
        }
        ("D1", Some(Side::Outbound)) => {
            "no answer reached the consumer in time, so it asked again, and the sink does not look for repeats"
        }
        ("D7", Some(Side::Inbound)) => {
            "the producer had sent it but not yet saved its position, and began again from there"
        }
        ("D7", Some(Side::Outbound)) => {
            "the consumer had done the work but not yet marked its progress, and began again from the mark"
        }
        ("D8", Some(Side::Outbound)) => "a former owner and the new one both worked on it",
        ("L1", Some(Side::Inbound)) => {
            "it counted as sent before the stream had it safely, so nobody sent it again"
        }
        ("L1", Some(Side::Outbound)) => {
            "the only copy of its effect went with the disk that it was on, and nobody came back for it"
        }
        ("L4", Some(Side::Outbound)) => {
            "the consumer had marked its progress before the effect, so nobody came back for it"
        }
        _ => find(code).meaning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_run_through_without_gaps() {
        let codes: Vec<_> = CAUSES.iter().map(|cause| cause.code.to_owned()).collect();
        let expected: Vec<_> = [('D', 12), ('L', 11), ('R', 6), ('S', 7)]
            .into_iter()
            .flat_map(|(family, count)| (1..=count).map(move |n| format!("{family}{n}")))
            .collect();
        assert_eq!(codes, expected);
    }

    #[test]
    fn clauses_fit_into_sentences() {
        for cause in CAUSES {
            assert!(!cause.meaning.ends_with('.'), "{}", cause.code);
            assert!(
                cause.meaning.starts_with(|c: char| c.is_lowercase()),
                "{}",
                cause.code
            );
        }
    }

    #[test]
    fn an_unknown_code_is_said_to_be_unknown() {
        assert_eq!(find("Z9").name, "no known cause");
    }
}
