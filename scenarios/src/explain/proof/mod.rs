//! What a proof is made of: what it starts from, and the steps that follow.

pub(super) mod facts;
pub(super) mod header;

use semel_models::vocabulary::Epoch;
use semel_sim::address::OutageKind;
use semel_sim::schedule::{NamedChange, OutageName};
use serde::{Serialize, Serializer};

use crate::explain::condense::More;
use crate::explain::proof::facts::{Cue, LogFact, ReaderFact, RecordFact, Standing, Stored};
use crate::explain::proof::header::Header;

/// Something that the proof starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Given {
    /// How the proof calls it: `S1`.
    pub name: String,
    /// When.
    pub at_ns: u64,
    /// What.
    pub what: Circumstance,
    /// The fault that did it.
    pub fault: Option<String>,
}

/// What the world did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Circumstance {
    /// A packet was sent.
    Packet {
        /// Who sent it.
        from: String,
        /// To whom.
        to: String,
        /// What it says.
        what: String,
        /// It carries what was made of the record, on its way to the outputs.
        output: bool,
        /// What it is recognised, or turned away, by.
        header: Header,
        /// Which attempt it is, from 1.
        attempt: Option<u32>,
        /// When copies of it arrive; none if it is lost.
        arrives_ns: Vec<u64>,
        /// Why it is lost.
        lost: Option<&'static str>,
        /// It is still on its way when the run ends.
        under_way: bool,
    },
    /// A node went down, or stopped.
    Outage {
        /// Which.
        node: String,
        /// How. (Written as files write it, and as the diagram below does.)
        #[serde(serialize_with = "by_name")]
        kind: OutageKind,
        /// When it came back.
        back_ns: u64,
    },
    /// The weather changed.
    Weather {
        /// How.
        change: NamedChange,
    },
    /// All faults that still went on end.
    Healed {
        /// What becomes of links, speeds and clocks.
        ends: Vec<NamedChange>,
        /// The nodes that come back.
        back: Vec<String>,
    },
    /// It goes on like this.
    More(More),
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands fields over by reference"
)]
fn by_name<S: Serializer>(kind: &OutageKind, serializer: S) -> Result<S::Ok, S::Error> {
    OutageName::from(*kind).serialize(serializer)
}

/// A step of the proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// When.
    pub at_ns: u64,
    /// At which node.
    pub node: String,
    /// What happened there.
    pub fact: Fact,
    /// What it follows from: the name of a given.
    pub because: Option<String>,
    /// It follows from that by way of others, later than that arrived.
    pub indirect: bool,
}

impl Step {
    /// The givens that it speaks of.
    pub(in crate::explain) fn names(&self) -> impl Iterator<Item = &str> {
        let told = match &self.fact {
            Fact::Repeated(Repeat {
                request,
                before,
                silence,
            }) => {
                let answer = match silence {
                    Silence::AnswerLost(name) | Silence::AnswerLate(name) => name.as_deref(),
                    Silence::RequestLost
                    | Silence::RequestLate
                    | Silence::NoAnswer
                    | Silence::Forgotten
                    | Silence::Refused { .. }
                    | Silence::GaveUp => None,
                };
                [Some(&**request), Some(&**before), answer]
            }
            _ => [None; 3],
        };
        let because = self.because.as_deref();
        told.into_iter().chain([because]).flatten()
    }
}

/// What happened, by what it happened to. (Written out, it is called by what happened alone.)
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Fact {
    /// Something became of the record that overtook it, or that it waits behind.
    Other(u32, Deed),
    /// The node did not hear the answer to an earlier request, so it sent the request again.
    Repeated(Repeat),
    /// To the end, of a transfer one leg took effect more often than the other: the debit, and the credit.
    Transfer([Leg; 2]),
    /// It goes on like this.
    More(More),
    /// Something became of the record.
    #[serde(untagged)]
    Record(RecordFact),
    /// Something became of a log, or of a transaction in it.
    #[serde(untagged)]
    Log(LogFact),
    /// Something became of a reader, or of its marks.
    #[serde(untagged)]
    Reader(ReaderFact),
}

impl Fact {
    /// The same, but for what tells one repetition from another.
    pub(in crate::explain) fn alike(&self) -> Self {
        let mut alike = self.clone();
        match &mut alike {
            Self::Repeated(Repeat {
                request,
                before,
                silence,
            }) => {
                request.clear();
                before.clear();
                if let Silence::AnswerLost(name) | Silence::AnswerLate(name) = silence {
                    *name = None;
                }
            }
            Self::Reader(ReaderFact::Marked {
                offset, back_from, ..
            }) => {
                *offset = 0;
                *back_from = back_from.map(|_| 0);
            }
            Self::Record(
                RecordFact::Stored(Stored { offset, .. })
                | RecordFact::Applied {
                    output: Some(offset),
                    ..
                },
            )
            | Self::Reader(ReaderFact::Reset { offset, .. })
            | Self::Log(LogFact::Truncated { from: offset, .. })
            | Self::Other(_, Deed::Stored(offset) | Deed::StoredOutput(offset)) => *offset = 0,
            Self::Reader(
                ReaderFact::Regrouped { generation, .. }
                | ReaderFact::Resumed {
                    after: Cue::Generation(generation),
                    ..
                },
            ) => *generation = 0,
            _ => {}
        }
        alike
    }
}

/// A request that was sent again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Repeat {
    /// The new request.
    pub request: String,
    /// The earlier one.
    pub before: String,
    /// What kept the answer away.
    pub silence: Silence,
}

/// A leg of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Leg {
    /// The record that it is.
    pub record: u32,
    /// The account that it changes.
    pub account: u32,
    /// What it adds to it.
    pub amount: i64,
    /// How many effects it has.
    pub effects: u32,
}

/// What became of the record that overtook another, that another waits behind, or that is the other leg of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Deed {
    /// It was intended, later than the other.
    Intended,
    /// It was stored, at this offset.
    Stored(u64),
    /// What was made of it was stored, at this offset of the outputs.
    StoredOutput(u64),
    /// It was handed to a handler.
    Delivered,
    /// It was handed to a handler, though its transaction was not committed.
    DeliveredEarly(Standing),
    /// Its transaction is aborted.
    Aborted,
    /// The coordinator gives its transaction up.
    GivenUp {
        /// It took too long; otherwise its producer came back under a new epoch.
        overdue: bool,
    },
    /// It took effect.
    Applied,
    /// What was made of it was committed: that is its effect.
    CommittedOutput,
    /// A request for it is still in progress, so another one is turned away.
    InProgress,
    /// No handler can process it.
    Unprocessable,
}

/// Why an answer was not heard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Silence {
    /// The request never arrived.
    RequestLost,
    /// The request had not arrived by then.
    RequestLate,
    /// The answer was lost: the name of its given, if it has one.
    AnswerLost(Option<String>),
    /// The answer was sent, but not in time.
    AnswerLate(Option<String>),
    /// No answer was sent.
    NoAnswer,
    /// Whoever asked had forgotten it: its node had been down.
    Forgotten,
    /// The answer was that it is refused.
    Refused {
        /// The newer epoch under which the records are numbered anew, if they are.
        epoch: Option<Epoch>,
    },
    /// Its client had given it up, and the application asked for the same once more.
    GaveUp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_written_out_by_what_happened_alone() {
        let refused = Fact::Record(RecordFact::Refused);
        let aborted = Fact::Log(LogFact::Aborted { output: true });
        let overdue = Fact::Reader(ReaderFact::PollOverdue);
        let written = [
            (refused, r#""Refused""#),
            (aborted, r#"{"Aborted":{"output":true}}"#),
            (overdue, r#""PollOverdue""#),
            (
                Fact::Other(7, Deed::Stored(3)),
                r#"{"Other":[7,{"Stored":3}]}"#,
            ),
        ];
        for (fact, text) in written {
            assert_eq!(
                serde_json::to_string(&fact).expect("it has string keys"),
                text
            );
        }
    }
}
