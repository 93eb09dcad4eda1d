//! What a proof is made of: what it starts from, and the steps that follow.

use semel_models::observation::{Miss, Outcome};
use serde::Serialize;

use super::condense::More;

/// Something that the proof starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Given {
    /// How the proof calls it: `S1`.
    pub name: String,
    /// When.
    pub at_ns: u64,
    /// What.
    pub what: Event,
    /// The fault that did it.
    pub fault: Option<String>,
}

/// What the world did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Event {
    /// A packet was sent.
    Packet {
        /// Who sent it.
        from: String,
        /// To whom.
        to: String,
        /// What it says.
        what: String,
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
        /// How: `crash`, `power loss`, `disk loss` or `pause`.
        kind: &'static str,
        /// When it came back.
        back_ns: u64,
    },
    /// The weather changed.
    Weather {
        /// How.
        what: String,
    },
    /// It goes on like this.
    More(More),
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
}

impl Step {
    /// The givens that it speaks of.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let told = match &self.fact {
            Fact::Repeated {
                request,
                before,
                silence,
            } => {
                let answer = match silence {
                    Silence::AnswerLost(name) | Silence::AnswerLate(name) => name.as_deref(),
                    _ => None,
                };
                [Some(&**request), Some(&**before), answer]
            }
            _ => [None; 3],
        };
        let because = self.because.as_deref();
        told.into_iter().chain([because]).flatten()
    }
}

/// What happened to the record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Fact {
    /// It was intended.
    Intended,
    /// It was stored.
    Stored {
        /// At which offset.
        offset: u64,
        /// Not for the first time.
        again: bool,
        /// Why it was not recognised.
        missed: Missed,
        /// What was made of it, by whoever read it.
        output: bool,
        /// The record that stood at this offset before it was lost.
        instead_of: Option<u32>,
    },
    /// Something became of the record that overtook it, or that it waits behind.
    Other(u32, Deed),
    /// It was handed to a handler.
    Delivered {
        /// From which offset.
        offset: u64,
        /// Not for the first time.
        again: bool,
    },
    /// It took effect.
    Applied {
        /// Not for the first time.
        again: bool,
        /// Why it was not recognised.
        missed: Missed,
        /// It is what was made of it that was committed.
        output: bool,
    },
    /// Its effect is gone with the disk of the sink.
    Undone,
    /// The transaction that it belongs to, or what was made of it, is aborted.
    Aborted {
        /// It is what was made of it.
        output: bool,
    },
    /// The coordinator gives up a transaction that it belongs to, or what was made of it.
    GivenUp {
        /// It took too long; otherwise its producer came back under a new epoch.
        overdue: bool,
    },
    /// A client told its application what became of it.
    Reported {
        /// What it said.
        told: Reported,
        /// How it knew.
        ground: Ground,
    },
    /// It was recognised as a repeat.
    Recognised(Option<Taken>),
    /// An earlier request for it is still in progress, so this one is turned away.
    InProgress,
    /// A stale token was refused.
    Refused,
    /// No handler can process it.
    Unprocessable,
    /// It was passed over.
    PassedOver,
    /// Stored entries were lost, from this offset on.
    Truncated {
        /// The first one.
        from: u64,
        /// They were outputs.
        output: bool,
        /// It, or what was made of it, was among them.
        takes_it: bool,
    },
    /// A consumer marked progress: the next offset to read.
    Marked {
        /// That offset.
        offset: u64,
        /// Whether the mark was accepted.
        accepted: bool,
        /// It passes the record.
        passes: bool,
        /// It takes back an earlier mark.
        back: bool,
    },
    /// A consumer reads on from here.
    Resumed {
        /// The offset; none where nothing is marked, and it asks for the end of the log.
        offset: Option<u64>,
        /// What put it there.
        after: Cue,
        /// The mark that was accepted last, if that is further on.
        marked: Option<u64>,
    },
    /// A consumer finds its position outside the log, or has none, and takes another one.
    Reset {
        /// The new one.
        offset: u64,
        /// It is the end of the log; otherwise the beginning.
        end: bool,
    },
    /// A member of the group was not heard of for a session.
    SessionOver {
        /// Which.
        member: String,
    },
    /// A member of the group asked for no records for too long, and leaves.
    PollOverdue,
    /// The group begins a new generation.
    Regrouped {
        /// Which.
        generation: u32,
        /// Of whom.
        members: Vec<String>,
    },
    /// The node did not hear the answer to an earlier request, so it sent the request again.
    Repeated {
        /// The new request.
        request: String,
        /// The earlier one.
        before: String,
        /// What kept the answer away.
        silence: Silence,
    },
    /// To the end, a transaction that begins at this offset is undecided.
    Hanging {
        /// The offset.
        offset: u64,
        /// Of an output.
        output: bool,
    },
    /// Of a transaction some is there and some is not.
    Torn {
        /// Which of its producer's.
        transaction: u32,
        /// What was decided of it, if anything: that it commits, or not.
        commit: Option<bool>,
        /// What is there.
        there: Vec<Part>,
        /// What is not.
        missing: Vec<Part>,
    },
    /// To the end, it never took effect.
    Missing {
        /// The reader of its partition stands here, beyond it.
        beyond: Option<u64>,
    },
    /// To the end, no mark passed it.
    Unmarked,
    /// It goes on like this.
    More(More),
}

impl Fact {
    /// The same, but for what tells one repetition from another.
    pub(super) fn alike(&self) -> Self {
        let mut alike = self.clone();
        match &mut alike {
            Self::Repeated {
                request,
                before,
                silence,
            } => {
                request.clear();
                before.clear();
                if let Silence::AnswerLost(name) | Silence::AnswerLate(name) = silence {
                    *name = None;
                }
            }
            Self::Stored { offset, .. }
            | Self::Marked { offset, .. }
            | Self::Truncated { from: offset, .. }
            | Self::Reset { offset, .. }
            | Self::Other(_, Deed::Stored(offset)) => *offset = 0,
            Self::Regrouped { generation, .. }
            | Self::Resumed {
                after: Cue::Generation(generation),
                ..
            } => *generation = 0,
            _ => {}
        }
        alike
    }
}

/// How a record is told of that another one was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Taken {
    /// The other record.
    pub record: u32,
    /// What the two have in common.
    pub by: Sign,
}

/// What a repeat is recognised by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Sign {
    /// A hash of the contents.
    Contents,
    /// The offset that it was read from.
    Offset,
    /// A name that its client gave it: a sequence number or an id.
    Name,
}

/// What put a reader where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Cue {
    /// Its node started.
    Start,
    /// It got its partitions in a generation of the group.
    Generation(u32),
    /// Its transaction was aborted.
    Abort,
    /// The proof does not know.
    Unsaid,
}

/// How a client knew what it told its application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Ground {
    /// It had an answer.
    Answer,
    /// It waits for none.
    Unasked,
    /// Its circuit breaker was open: it did not try any more.
    Breaker,
    /// No answer came, and it gave up.
    Patience,
}

/// A part of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Part {
    /// A record in the stream.
    Record(u32),
    /// What was made of a record.
    Output(u32),
    /// The mark of progress, up to this offset.
    Mark(u64),
}

/// What became of the record that overtook another, or that another waits behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Deed {
    /// It was intended, later than the other.
    Intended,
    /// It was stored, at this offset.
    Stored(u64),
    /// It was handed to a handler.
    Delivered,
    /// It took effect.
    Applied,
    /// A request for it is still in progress, so another one is turned away.
    InProgress,
    /// No handler can process it.
    Unprocessable,
}

/// Why a repeat was not recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Missed {
    /// Nobody looks for repeats there.
    Unasked,
    /// It was not among what is remembered.
    New,
    /// Nothing was remembered.
    Absent,
    /// It was remembered too long ago.
    Expired,
    /// Too much was remembered since.
    Evicted,
    /// The first request was still being worked on, and taken for dead.
    TakenOver,
}

/// What an application was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Reported {
    /// It is stored.
    Ok,
    /// It is not.
    Failed,
    /// Nobody knows.
    Unknown,
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
}

impl From<Miss> for Missed {
    fn from(miss: Miss) -> Self {
        match miss {
            Miss::Unasked => Self::Unasked,
            Miss::New => Self::New,
            Miss::Absent => Self::Absent,
            Miss::Expired => Self::Expired,
            Miss::Evicted => Self::Evicted,
            Miss::TakenOver => Self::TakenOver,
        }
    }
}

impl From<Outcome> for Reported {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Ok => Self::Ok,
            Outcome::Failed => Self::Failed,
            Outcome::Unknown => Self::Unknown,
        }
    }
}
