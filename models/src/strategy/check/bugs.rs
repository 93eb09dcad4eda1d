//! A planted bug needs the mechanism that it breaks.

use super::Found;
use crate::strategy::{
    Bug, Kept, Mark, Memory, Name, Recognise, Retry, SinkKind, Strategy, Wait, Work,
};

impl Strategy {
    pub(super) fn check_bug(&self, found: &mut Found) {
        let Some(bug) = self.bug else { return };
        let (there, text) = self.needs(bug);
        found.when(!there, "bug", text);
    }

    /// Whether what a bug breaks is there, and what to say if it is not.
    fn needs(&self, bug: Bug) -> (bool, &'static str) {
        let recognise = self.stream.recognise;
        let sequences = matches!(recognise, Recognise::Sequence { .. });
        let work_loop = match &self.work {
            Work::Loop(work) => Some(work),
            Work::Transact(_) => None,
        };
        let grouped = self.work.right().group().is_some();
        match bug {
            Bug::CommitBeforeEffect => (
                work_loop.is_some_and(|work| work.mark == Mark::After),
                "`CommitBeforeEffect` needs `work: Loop(mark: After)`",
            ),
            Bug::EpochNotChecked => (
                sequences,
                "`EpochNotChecked` needs `stream.recognise: Sequence()`",
            ),
            Bug::SequenceOffByOne => (
                sequences,
                "`SequenceOffByOne` needs `stream.recognise: Sequence()`",
            ),
            Bug::TableNotRebuilt => (
                sequences || kept(recognise) == Some(Kept::WithData),
                "`TableNotRebuilt` needs dedup state that is rebuilt from the log: `Sequence()`, or `WithData`",
            ),
            Bug::AckBeforeAppend => (
                self.publish.wait == Wait::Stored,
                "`AckBeforeAppend` needs `publish.wait: Stored`: nobody asks for acks",
            ),
            Bug::WindowOnWrongClock => (
                matches!(recognise, Recognise::Id(keep, _) if keep.time.is_some()),
                "`WindowOnWrongClock` needs `stream.recognise: Id((time: ..), ..)`",
            ),
            Bug::MarkerBeforePrepare => {
                (self.transacts(), "`MarkerBeforePrepare` needs transactions")
            }
            Bug::AbortForgetsPartition => (
                self.transacts(),
                "`AbortForgetsPartition` needs transactions",
            ),
            Bug::CommitForLostAssignment => (
                grouped && work_loop.is_some(),
                "`CommitForLostAssignment` needs `work: Loop(right: Group(..))`",
            ),
            Bug::StaleGenerationAccepted => (
                grouped,
                "`StaleGenerationAccepted` needs `right: Group(..)`",
            ),
            Bug::RetryWithNewId => (
                self.retries_by_intent(),
                "`RetryWithNewId` needs retries by `publish.name: Intent`, and somebody who goes by ids",
            ),
            Bug::DedupOutsideTransaction => (
                matches!(self.sink.kind, SinkKind::Inbox(_)),
                "`DedupOutsideTransaction` needs `sink.kind: Inbox()`",
            ),
        }
    }

    /// Whether attempts are repeated under the intent's id, and anybody recognises them by it.
    fn retries_by_intent(&self) -> bool {
        let remembers = matches!(&self.work, Work::Loop(work) if work.recognise != Memory::None);
        let by_id = kept(self.stream.recognise).is_some()
            || matches!(self.sink.kind, SinkKind::Inbox(_) | SinkKind::Keyed(_))
            || remembers;
        let retries = matches!(self.publish.retry, Retry::Backoff(_));
        retries && self.publish.name == Name::Intent && by_id
    }
}

const fn kept(recognise: Recognise) -> Option<Kept> {
    match recognise {
        Recognise::Nothing | Recognise::Sequence { .. } => None,
        Recognise::Highest(kept) | Recognise::Id(_, kept) => Some(kept),
    }
}
