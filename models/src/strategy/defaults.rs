//! Numbers of Kafka's that several settings share.

use semel_sim::time::Span;

/// Longer transactions are refused by the broker (`transaction.max.timeout.ms`).
pub(crate) const TRANSACTION_TIMEOUT_MAX: Span = Span::secs(900);

/// How long an answer is waited for (`request.timeout.ms`).
pub(super) const fn request_timeout() -> Span {
    Span::secs(30)
}

/// How long a record may take in all (`delivery.timeout.ms`).
pub(super) const fn delivery_timeout() -> Span {
    Span::secs(120)
}

/// How often a transaction is committed (`commit.interval.ms` of a stream processor under exactly-once).
pub(super) const fn commit_every() -> Span {
    Span::millis(100)
}

/// After which the coordinator aborts a transaction (`transaction.timeout.ms`).
pub(super) const fn transaction_timeout() -> Span {
    Span::secs(60)
}
