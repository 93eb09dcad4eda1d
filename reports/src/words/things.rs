//! Packets and moments in words: `an answer to a commit`, `all commits`, `record 3 is stored`.

use semel_models::message::Kind;
use semel_models::observation::ObservationPattern;
use semel_sim::net::Transport;

/// One message of a kind.
pub(super) const fn one(kind: Kind) -> &'static str {
    match kind {
        Kind::InitProducer => "a request for a producer id",
        Kind::ProducerIs => "a new producer id",
        Kind::Produce => "a request to store",
        Kind::Ack => "an ack",
        Kind::Fetch => "a request for records",
        Kind::Records => "an answer with records",
        Kind::NoRecords => "an answer without records",
        Kind::FindOffset => "a question for the committed offset",
        Kind::OffsetIs => "the committed offset",
        Kind::Commit => "a commit",
        Kind::Committed => "the answer to a commit",
        Kind::Join => "a request to join the group",
        Kind::Joined => "an assignment",
        Kind::Heartbeat => "a heartbeat",
        Kind::Beat => "the answer to a heartbeat",
        Kind::Leave => "a farewell to the group",
        Kind::Apply => "a request to apply",
        Kind::Applied => "an answer of the sink",
        Kind::FindMark => "a question for the sink's mark",
        Kind::MarkIs => "the sink's mark",
        Kind::InitTransactions => "a producer's registration for transactions",
        Kind::AddPartition => "a partition's entry into a transaction",
        Kind::AddOffsets => "the offsets' entry into a transaction",
        Kind::OffsetsInTransaction => "an offset of a transaction",
        Kind::EndTransaction => "the end of a transaction",
        Kind::TransactionAnswer => "an answer about a transaction",
        Kind::WriteMarker => "a transaction's marker",
        Kind::MarkerWritten => "the answer to a marker",
        Kind::Verify => "a question whether a transaction is open",
        Kind::Verified => "the answer whether a transaction is open",
        Kind::DeadLetter => "a dead letter",
        Kind::DeadLettered => "the answer to a dead letter",
    }
}

/// All messages of a kind.
pub(super) const fn all(kind: Kind) -> &'static str {
    match kind {
        Kind::InitProducer => "requests for a producer id",
        Kind::ProducerIs => "new producer ids",
        Kind::Produce => "requests to store",
        Kind::Ack => "acks",
        Kind::Fetch => "requests for records",
        Kind::Records => "answers with records",
        Kind::NoRecords => "answers without records",
        Kind::FindOffset => "questions for the committed offset",
        Kind::OffsetIs => "committed offsets",
        Kind::Commit => "commits",
        Kind::Committed => "answers to commits",
        Kind::Join => "requests to join the group",
        Kind::Joined => "assignments",
        Kind::Heartbeat => "heartbeats",
        Kind::Beat => "answers to heartbeats",
        Kind::Leave => "farewells to the group",
        Kind::Apply => "requests to apply",
        Kind::Applied => "answers of the sink",
        Kind::FindMark => "questions for the sink's mark",
        Kind::MarkIs => "marks of the sink",
        Kind::InitTransactions => "registrations for transactions",
        Kind::AddPartition => "entries of partitions into transactions",
        Kind::AddOffsets => "entries of offsets into transactions",
        Kind::OffsetsInTransaction => "offsets of transactions",
        Kind::EndTransaction => "ends of transactions",
        Kind::TransactionAnswer => "answers about transactions",
        Kind::WriteMarker => "markers of transactions",
        Kind::MarkerWritten => "answers to markers",
        Kind::Verify => "questions whether a transaction is open",
        Kind::Verified => "answers whether a transaction is open",
        Kind::DeadLetter => "dead letters",
        Kind::DeadLettered => "answers to dead letters",
    }
}

/// What is observed, as a clause without a record.
pub(super) const fn moment(pattern: &ObservationPattern) -> &'static str {
    match pattern {
        ObservationPattern::Intent { .. } => "a record is intended",
        ObservationPattern::Attempt { .. } => "a record is sent",
        ObservationPattern::Acked { .. } => "a record is acknowledged",
        ObservationPattern::Stored { .. } => "a record is stored",
        ObservationPattern::Enlisted { .. } => "a record joins a transaction",
        ObservationPattern::Synced { .. } => "a log is synced",
        ObservationPattern::Truncated { .. } => "a log is cut off",
        ObservationPattern::Recognised { .. } => "a repeat is recognised",
        ObservationPattern::Opened { .. } => "a transaction is opened",
        ObservationPattern::Decided { .. } => "a transaction is decided",
        ObservationPattern::Marked { .. } => "a transaction's end is written",
        ObservationPattern::Concluded { .. } => "a transaction's outcome is known to its client",
        ObservationPattern::Assigned { .. } => "a reader gets its position",
        ObservationPattern::Reset { .. } => "a reader's position is reset",
        ObservationPattern::Delivered { .. } => "a record is delivered",
        ObservationPattern::Handled { .. } => "a record is handled",
        ObservationPattern::Applied { .. } => "a record is applied",
        ObservationPattern::Refused { .. } => "a stale request is refused",
        ObservationPattern::Granted { .. } => "a token is granted",
        ObservationPattern::Progress { .. } => "progress is marked",
        ObservationPattern::Skipped { .. } => "a record is skipped",
        ObservationPattern::Parked { .. } => "a record is parked",
        ObservationPattern::Answered { .. } => "a key is answered",
        ObservationPattern::Kept { .. } => "a store of ids counts what it keeps",
        ObservationPattern::Found { .. } => "a record is found in the end",
        ObservationPattern::Balance { .. } => "an account is read in the end",
        ObservationPattern::Hanging { .. } => "a transaction hangs in the end",
        ObservationPattern::Unrecognised { .. } => "a sink does not know an id",
        ObservationPattern::Unsettled { .. } => "an offset hangs in the end",
    }
}

/// What was done to a record, to stand after "record 3 is".
pub(super) const fn deed(pattern: &ObservationPattern) -> &'static str {
    match pattern {
        ObservationPattern::Intent { .. } => "intended",
        ObservationPattern::Attempt { .. } => "sent",
        ObservationPattern::Acked { .. } => "acked",
        ObservationPattern::Stored { .. } => "stored",
        ObservationPattern::Enlisted { .. } => "enlisted",
        ObservationPattern::Recognised { .. } => "recognised",
        ObservationPattern::Delivered { .. } => "delivered",
        ObservationPattern::Handled { .. } => "handled",
        ObservationPattern::Applied { .. } => "applied",
        ObservationPattern::Refused { .. } => "refused",
        ObservationPattern::Skipped { .. } => "skipped",
        ObservationPattern::Parked { .. } => "parked",
        ObservationPattern::Answered { .. } => "answered",
        ObservationPattern::Unrecognised { .. } => "unrecognised",
        // Found in the end; the others are about no record.
        _ => "found",
    }
}

/// How messages travel, in a word.
pub const fn transport(transport: Transport) -> &'static str {
    match transport {
        Transport::Connection => "connection",
        Transport::Datagram => "datagram",
    }
}
