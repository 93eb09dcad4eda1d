//! Where records take effect: nodes reached over the network, for the last hop is where most duplicates are born.

use schemars::JsonSchema;
use semel_sim::time::Span;
use serde::{Deserialize, Serialize};

/// Where records take effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sink {
    /// What it does with a request.
    pub kind: SinkKind,
    /// Whether it refuses stale tokens.
    pub fence: Fence,
}

/// What a sink does with a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SinkKind {
    /// It applies it, whatever came before.
    #[default]
    Ledger,
    /// It writes the record's id and its effect in one transaction, and ignores an id it has (§1.18).
    Inbox(Keep),
    /// It keeps a response per key: absent, in progress under a lease, completed until a time to live (§1.18).
    Keyed(Keyed),
    /// It has none: the effect is the committed output record.
    Output,
}

/// How long and how much a store of ids remembers. Nothing given: everything, for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Keep {
    /// Entries older than this are dropped, by the store's wall clock.
    pub time: Option<Span>,
    /// At most so many entries; the oldest go first.
    pub count: Option<u32>,
}

/// A store of responses by idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Keyed {
    /// After which a completed key is pruned and may be used again (Stripe: 24 h), by the store's wall clock.
    pub ttl: Span,
    /// After which a key in progress may be taken over and executed again. None: never.
    pub lease: Option<Span>,
    /// How long executing a request takes, between writing "in progress" and writing the response.
    pub execution: Span,
    /// Whether claiming a key is atomic.
    pub claim: Claim,
}

impl Default for Keyed {
    fn default() -> Self {
        Self {
            ttl: Span::secs(86_400),
            lease: Some(Span::secs(30)),
            execution: Span::millis(1),
            claim: Claim::Conditional,
        }
    }
}

/// How a key is claimed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Claim {
    /// By a conditional insert: one of two racers wins.
    #[default]
    Conditional,
    /// By looking first and writing later: both may win (F113).
    CheckThenAct,
}

/// Whether a sink refuses stale tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Fence {
    /// It takes requests from anybody.
    #[default]
    Open,
    /// It refuses a token lower than the highest it has seen for the partition.
    Token,
}
