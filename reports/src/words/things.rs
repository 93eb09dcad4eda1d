//! Packets and moments in words: `an answer to a commit`, `all commits`, `record 3 is stored`.

use semel_sim::net::Transport;

/// A kind of message: its name, one of them, and all of them.
const MESSAGES: [(&str, &str, &str); 32] = [
    (
        "InitProducer",
        "a request for a producer id",
        "requests for a producer id",
    ),
    ("ProducerIs", "a new producer id", "new producer ids"),
    ("Produce", "a request to store", "requests to store"),
    ("Ack", "an ack", "acks"),
    ("Fetch", "a request for records", "requests for records"),
    ("Records", "an answer with records", "answers with records"),
    (
        "NoRecords",
        "an answer without records",
        "answers without records",
    ),
    (
        "FindOffset",
        "a question for the committed offset",
        "questions for the committed offset",
    ),
    ("OffsetIs", "the committed offset", "committed offsets"),
    ("Commit", "a commit", "commits"),
    ("Committed", "the answer to a commit", "answers to commits"),
    (
        "Join",
        "a request to join the group",
        "requests to join the group",
    ),
    ("Joined", "an assignment", "assignments"),
    ("Heartbeat", "a heartbeat", "heartbeats"),
    ("Beat", "the answer to a heartbeat", "answers to heartbeats"),
    ("Leave", "a farewell to the group", "farewells to the group"),
    ("Apply", "a request to apply", "requests to apply"),
    ("Applied", "an answer of the sink", "answers of the sink"),
    (
        "FindMark",
        "a question for the sink's mark",
        "questions for the sink's mark",
    ),
    ("MarkIs", "the sink's mark", "marks of the sink"),
    (
        "InitTransactions",
        "a producer's registration for transactions",
        "registrations for transactions",
    ),
    (
        "AddPartition",
        "a partition's entry into a transaction",
        "entries of partitions into transactions",
    ),
    (
        "AddOffsets",
        "the offsets' entry into a transaction",
        "entries of offsets into transactions",
    ),
    (
        "OffsetsInTransaction",
        "an offset of a transaction",
        "offsets of transactions",
    ),
    (
        "EndTransaction",
        "the end of a transaction",
        "ends of transactions",
    ),
    (
        "TransactionAnswer",
        "an answer about a transaction",
        "answers about transactions",
    ),
    (
        "WriteMarker",
        "a transaction's marker",
        "markers of transactions",
    ),
    (
        "MarkerWritten",
        "the answer to a marker",
        "answers to markers",
    ),
    (
        "Verify",
        "a question whether a transaction is open",
        "questions whether a transaction is open",
    ),
    (
        "Verified",
        "the answer whether a transaction is open",
        "answers whether a transaction is open",
    ),
    ("DeadLetter", "a dead letter", "dead letters"),
    (
        "DeadLettered",
        "the answer to a dead letter",
        "answers to dead letters",
    ),
];

/// One message of a kind, and all of them, by the kind's name.
pub(super) fn message(name: &str) -> Option<(&'static str, &'static str)> {
    let found = MESSAGES.iter().find(|(known, ..)| *known == name);
    found.map(|(_, one, all)| (*one, *all))
}

/// What is observed, as a clause without a record: by the observation's name.
pub(super) fn moment(name: &str) -> Option<&'static str> {
    Some(match name {
        "Intent" => "a record is intended",
        "Attempt" => "a record is sent",
        "Acked" => "a record is acknowledged",
        "Stored" => "a record is stored",
        "Enlisted" => "a record joins a transaction",
        "Synced" => "a log is synced",
        "Truncated" => "a log is cut off",
        "Recognised" => "a repeat is recognised",
        "Opened" => "a transaction is opened",
        "Decided" => "a transaction is decided",
        "Marked" => "a transaction's end is written",
        "Concluded" => "a transaction's outcome is known to its client",
        "Assigned" => "a reader gets its position",
        "Reset" => "a reader's position is reset",
        "Delivered" => "a record is delivered",
        "Handled" => "a record is handled",
        "Applied" => "a record is applied",
        "Refused" => "a stale request is refused",
        "Granted" => "a token is granted",
        "Progress" => "progress is marked",
        "Skipped" => "a record is skipped",
        "Parked" => "a record is parked",
        "Answered" => "a key is answered",
        "Kept" => "a store of ids counts what it keeps",
        "Unrecognised" => "a sink does not know an id",
        _ => return None,
    })
}

/// How messages travel, in a word.
pub const fn transport(transport: Transport) -> &'static str {
    match transport {
        Transport::Connection => "connection",
        Transport::Datagram => "datagram",
    }
}
