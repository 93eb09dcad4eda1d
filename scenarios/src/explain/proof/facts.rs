//! What can happen to a record, to the logs that hold it, and to those who read them: facts, by whom they befall.

use semel_models::observation::{Miss, Outcome};
use serde::Serialize;

/// What happened to the record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum RecordFact {
    /// It was intended.
    Intended,
    /// It was stored.
    Stored(Stored),
    /// It was stored as a dead letter.
    Letter {
        /// Not for the first time.
        again: bool,
    },
    /// It was handed to a handler.
    Delivered {
        /// From which offset.
        offset: u64,
        /// Not for the first time.
        again: bool,
        /// How it stood to its transaction, where that was not committed.
        #[serde(skip_serializing_if = "Option::is_none")]
        standing: Option<Standing>,
    },
    /// It took effect.
    Applied {
        /// Not for the first time.
        again: bool,
        /// Why it was not recognised.
        missed: Missed,
        /// Where what was made of it stands, if that is what was committed.
        output: Option<u64>,
    },
    /// Its effect is gone with the disk of the sink.
    Undone,
    /// A client told its application what became of it.
    Reported {
        /// What it said.
        told: Reported,
        /// How it knew.
        ground: Ground,
    },
    /// It was recognised as a repeat.
    Recognised(Option<Taken>),
    /// It was recognised by an id that is known, though it stands in no log.
    RecognisedUnstored(IdOf),
    /// A log does not take it in.
    TurnedAway {
        /// Why.
        why: Refusal,
        /// It is what was made of it.
        output: bool,
    },
    /// What was made of it was recognised as a repeat.
    RecognisedOutput,
    /// An earlier request for it is still in progress, so this one is turned away.
    InProgress,
    /// A stale token was refused.
    Refused,
    /// No handler can process it.
    Unprocessable,
    /// It was passed over.
    PassedOver,
    /// Its handler is done with it, for its dead letter is stored.
    PutAside,
    /// To the end, it never took effect.
    Missing(Option<Lack>),
    /// To this moment, nobody has stored it.
    Unstored,
    /// To the end, it stands in no log any more, though it took effect.
    Gone,
    /// To the end, no mark passed it.
    Unmarked,
}

/// How a record that is handed out stands to its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Standing {
    /// That has not ended.
    Open,
    /// That was aborted.
    Aborted,
}

/// Of what an id is known that stands in no log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum IdOf {
    /// Of what was to be stored: the id was written in a step before, when this given arrived, and its node went down
    /// between the two, by this given.
    Unwritten(String, Option<String>),
    /// Of what was stored, and is lost.
    Lost,
}

/// Why a log does not take something in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Refusal {
    /// Its sequence number is not the next one.
    OutOfOrder,
    /// Its epoch is older than one that is known.
    StaleEpoch,
    /// Its transaction is not open.
    InvalidTransaction,
}

/// How the record was stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Stored {
    /// At which offset.
    pub offset: u64,
    /// Not for the first time.
    pub again: bool,
    /// Why it was not recognised.
    pub missed: Missed,
    /// What was made of it, by whoever read it.
    pub output: bool,
    /// The record that stood at this offset before it was lost.
    pub instead_of: Option<u32>,
}

/// What happened to the logs, and to the transactions in them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum LogFact {
    /// The transaction that the record belongs to, or what was made of it, is aborted.
    Aborted {
        /// It is what was made of it.
        output: bool,
    },
    /// The coordinator decides on a transaction of which some is there and some is not.
    Decided {
        /// Which of its producer.
        transaction: u32,
        /// To commit it.
        commit: bool,
        /// What its producer asked for; nothing where the coordinator does it by itself.
        asked: Option<Asked>,
    },
    /// A transaction is over in a log: its marker is written there.
    Over {
        /// Which of its producer.
        transaction: u32,
        /// It commits.
        commit: bool,
        /// The log keeps outputs.
        output: bool,
    },
    /// The record comes, or what was made of it, when its transaction is over.
    Late {
        /// Which of its producer.
        transaction: u32,
        /// Another one that is open there, and takes it in; otherwise it opens its own there.
        joins: Option<u32>,
        /// Nobody asks the coordinator whether it is open.
        unverified: bool,
    },
    /// A marker ends what waits of it in a log, otherwise than was decided.
    Ended(Ended),
    /// The coordinator gives up a transaction that the record belongs to, or what was made of it.
    GivenUp {
        /// It took too long; otherwise its producer came back under a new epoch.
        overdue: bool,
    },
    /// Stored entries were lost, from this offset on.
    Truncated {
        /// The first one.
        from: u64,
        /// Of which log.
        of: Kept,
        /// What went with them of the record.
        takes: Option<Taking>,
    },
    /// To the end, a transaction that begins at this offset is undecided.
    Hanging {
        /// The offset.
        offset: u64,
        /// Of an output.
        output: bool,
    },
    /// To the end, an offset that a transaction would commit for the group is undecided.
    Unsettled {
        /// The offset.
        offset: u64,
    },
    /// Of a transaction some is there and some is not.
    Torn(Torn),
}

/// What a log keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Kept {
    /// What producers sent.
    Records,
    /// What was made of that.
    Outputs,
    /// What could not be processed.
    DeadLetters,
}

/// What the loss of a log's end takes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Taking {
    /// What the log kept of it.
    Itself,
    /// The end of its transaction.
    Decision,
}

/// A request to end a transaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Asked {
    /// Who asks.
    pub by: String,
    /// Another transaction that it is meant for.
    pub of: Option<u32>,
}

/// How a marker ends what waits of a transaction in a log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Ended {
    /// Which of its producer.
    pub transaction: u32,
    /// The marker is of this other transaction of its producer.
    pub with: Option<u32>,
    /// It commits.
    pub commit: bool,
    /// Nobody has decided yet.
    pub early: bool,
}

/// A transaction of which some is there and some is not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Torn {
    /// Which of its producer's.
    pub transaction: u32,
    /// What was decided of it, if anything: that it commits, or not.
    pub commit: Option<bool>,
    /// What is there.
    pub there: Vec<Part>,
    /// What is not.
    pub missing: Vec<Part>,
}

/// What happened to readers, and to their marks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum ReaderFact {
    /// A consumer marked progress: the next offset to read.
    Marked {
        /// That offset.
        offset: u64,
        /// Who.
        by: String,
        /// Whether the mark was accepted.
        accepted: bool,
        /// It passes the record.
        passes: bool,
        /// The mark that stood, where that was further on: it is taken back.
        back_from: Option<u64>,
    },
    /// A consumer reads on from here.
    Resumed {
        /// The offset; none where nothing is marked, and it asks for the end of the log.
        offset: Option<u64>,
        /// What put it there.
        after: Cue,
        /// The mark that was accepted last, if that is further on.
        marked: Option<u64>,
        /// That is beyond the record.
        passes: bool,
    },
    /// A consumer finds its position outside the log, or has none, and takes another one.
    Reset {
        /// The new one.
        offset: u64,
        /// It is the end of the log; otherwise the beginning.
        end: bool,
        /// That is beyond the record.
        passes: bool,
    },
    /// A consumer had read on, beyond the record, before that was there.
    Beyond {
        /// Where it stands.
        offset: u64,
        /// The record that it had got in its place.
        got: Option<u32>,
    },
    /// A consumer had fetched the record before it was put elsewhere, and hands it out only now.
    Fetched {
        /// When it came.
        came_ns: u64,
    },
    /// A consumer is handed another record from where the record stands by now, and reads on beyond.
    Outdated {
        /// That other record, which was lost since it was read.
        got: u32,
        /// From which offset.
        offset: u64,
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
    /// To this moment, a former owner is let in.
    LetIn(LetIn),
}

/// Something of a former owner that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LetIn {
    /// What was accepted.
    pub claim: Claim,
    /// Of whom.
    pub by: Option<String>,
    /// The token or the epoch that it came with.
    pub old: u32,
    /// A newer one that was known there.
    pub new: u32,
    /// Since when.
    pub since_ns: u64,
}

/// What a former owner can still try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Claim {
    /// To mark progress, with a generation of its group.
    Mark,
    /// To have an effect, with a token.
    Effect,
    /// To write a record of a transaction, with an epoch.
    Record,
    /// To end a transaction in a log, with an epoch.
    Marker,
}

/// What a record lacks to take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Lack {
    /// It was never sent.
    Unsent,
    /// It was never stored.
    Unstored,
    /// What was stored of it is gone.
    Gone,
    /// The reader of its partition stands here, beyond it.
    Beyond(u64),
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
    /// It had been down, and what it knew of the record is gone.
    Forgotten,
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

/// Why a repeat was not recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Missed {
    /// Nobody looks for repeats there.
    Unasked,
    /// It was not among what is remembered.
    New,
    /// Both had looked before either was written.
    Raced,
    /// Nothing was remembered.
    Absent,
    /// It was remembered too long ago.
    Expired,
    /// Too much was remembered since.
    Evicted,
    /// The first request was still being worked on, and taken for dead.
    TakenOver,
    /// The first request had had its effect, but was not marked as completed before its lease was over.
    Uncompleted {
        /// For its node went down between the two.
        down: bool,
    },
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
