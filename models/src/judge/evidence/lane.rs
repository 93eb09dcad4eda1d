//! What is known of one partition: its log as it stands, and how far its readers are.

use alloc::collections::VecDeque;

use semel_sim::digest::Digest;

use crate::vocabulary::{Generation, Offset, RecordId};

/// Entries kept below the committed offset: more than any broker keeps, so that none is truncated unseen.
const KEPT: usize = 16_384;
/// So many are let go at a time.
const STRIDE: usize = 4_096;

/// What stands at an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::judge) enum State {
    /// A record that every reader may see.
    Plain,
    /// A record of a transaction that is not marked here yet.
    Open,
    /// A record of an aborted transaction.
    Aborted,
    /// The end of a transaction, or nothing.
    Marker,
}

/// An entry of the log: 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::judge) struct Entry {
    pub(in crate::judge) record: RecordId,
    pub(in crate::judge) state: State,
}

/// One partition.
#[derive(Clone, Debug)]
pub(in crate::judge) struct Lane {
    entries: VecDeque<Entry>,
    /// The offset of the first of them.
    floor: Offset,
    /// The largest end the log ever had.
    pub(in crate::judge) high: Offset,
    /// The committed offset as accepted last.
    pub(in crate::judge) accepted: Offset,
    /// The highest offset ever accepted.
    pub(in crate::judge) best: Offset,
    /// The first offset behind the last effect, where the mark travels with it.
    pub(in crate::judge) effected: Offset,
    /// The lowest offset that may be committed next: the last one, or where a reader was reset to since.
    pub(in crate::judge) legal: Offset,
    /// The first offset that no reader was given or put behind.
    pub(in crate::judge) handed: Offset,
    /// The first offset behind what was delivered, while the log reached there.
    pub(in crate::judge) delivered: Offset,
    /// Where a reader was reset to last: nobody comes to what stands before that.
    pub(in crate::judge) reset: Offset,
    /// Up to where effects were marked when its reader was put behind that last; 0 if it was not.
    pub(in crate::judge) fallen: Offset,
    /// What stands here was marked before it stood there: the log had lost what the mark was about.
    outlived: (Offset, Offset),
    /// The newest generation that was granted or assigned here.
    pub(in crate::judge) generation: Generation,
    /// Commits refused since the last one accepted.
    pub(in crate::judge) refusals: u32,
    /// Where its reader stands: behind what it was given last, or where it was put since.
    pub(in crate::judge) position: Offset,
    /// The consumer that read it last, or was to.
    pub(in crate::judge) reader: Option<u16>,
    /// Assignments since the last delivery.
    pub(in crate::judge) assignments: u32,
    /// Assignments since the last commit accepted.
    pub(in crate::judge) unmarked: u32,
    /// A transaction that nobody decided blocks its readers.
    pub(in crate::judge) hanging: bool,
    /// An offset of its group's waits for a transaction that nobody decided.
    pub(in crate::judge) unsettled: bool,
    /// It is an output: no group commits offsets in it.
    output: bool,
}

impl Lane {
    /// Whether a record stands behind where its reader does: a run that ended now would not show what comes of it.
    /// Nor would one whose reader stands behind the end, and is to be put back.
    pub(in crate::judge) fn is_unread(&self) -> bool {
        let known = self.position.saturating_sub(self.floor);
        let from = usize::try_from(known).unwrap_or(usize::MAX);
        let from = if from > self.entries.len() { 0 } else { from };
        let unread = self.entries.range(from..);
        !self.output && unread.rev().any(|entry| entry.state == State::Plain)
    }

    /// Whether readers have marked an offset as done, in the stream or with an effect: they will not come to it again.
    #[inline]
    pub(in crate::judge) fn is_marked(&self, offset: Offset) -> bool {
        offset < self.best.max(self.effected)
    }

    /// A partition of which nothing is known.
    pub(in crate::judge) const NONE: Self = Self {
        entries: VecDeque::new(),
        floor: 0,
        high: 0,
        accepted: 0,
        best: 0,
        effected: 0,
        legal: 0,
        handed: 0,
        delivered: 0,
        reset: 0,
        fallen: 0,
        outlived: (0, 0),
        generation: 0,
        refusals: 0,
        position: 0,
        reader: None,
        assignments: 0,
        unmarked: 0,
        hanging: false,
        unsettled: false,
        output: false,
    };

    pub(in crate::judge) fn new(output: bool) -> Self {
        Self {
            output,
            ..Self::NONE
        }
    }

    pub(in crate::judge) fn reset(&mut self) {
        let output = self.output;
        let mut entries = core::mem::take(&mut self.entries);
        entries.clear();
        *self = Self {
            entries,
            ..Self::new(output)
        };
    }

    /// The first offset of which anything is known.
    pub(in crate::judge) const fn floor(&self) -> Offset {
        self.floor
    }

    /// The first offset behind the log.
    pub(in crate::judge) fn end(&self) -> Offset {
        self.floor + self.entries.len() as Offset
    }

    /// What stands at an offset, if that is still (or already) known.
    #[inline]
    pub(in crate::judge) fn get(&self, offset: Offset) -> Option<Entry> {
        let index = usize::try_from(offset.checked_sub(self.floor)?).ok()?;
        self.entries.get(index).copied()
    }

    /// What is known to stand in `from..until`, with offsets.
    pub(in crate::judge) fn range(
        &self,
        from: Offset,
        until: Offset,
    ) -> impl Iterator<Item = (Offset, Entry)> + '_ {
        let from = from.clamp(self.floor, self.end());
        let until = until.clamp(from, self.end());
        let [start, stop] = [from, until].map(|offset| (offset - self.floor) as usize);
        (from..until).zip(self.entries.range(start..stop).copied())
    }

    /// Something was appended. An offset that is in use shows that what stood from there on is gone.
    #[inline]
    pub(in crate::judge) fn append(&mut self, offset: Offset, entry: Entry) {
        if offset != self.end() {
            self.jump(offset);
        }
        self.entries.push_back(entry);
        self.high = self.high.max(offset + 1);
        if self.entries.len() > KEPT + STRIDE {
            self.forget();
        }
    }

    #[cold]
    fn jump(&mut self, offset: Offset) {
        self.truncate(offset);
        if offset > self.end() {
            self.entries.clear();
            self.floor = offset;
        }
    }

    /// Entries from `from` on are gone.
    pub(in crate::judge) fn truncate(&mut self, from: Offset) {
        let keep = usize::try_from(from.saturating_sub(self.floor)).unwrap_or(usize::MAX);
        self.entries.truncate(keep);
        if from < self.floor {
            self.floor = from;
        }
        self.delivered = self.delivered.min(from);
        let marked = self.best.max(self.effected);
        if from < marked {
            let (first, until) = self.outlived;
            let first = if first < until { first } else { from };
            self.outlived = (first.min(from), marked);
        }
    }

    /// A reader of the newest generation starts here.
    pub(in crate::judge) fn start(&mut self, position: Offset) {
        self.position = position;
        self.handed = self.handed.max(position);
        self.fallen = if position < self.effected {
            self.effected
        } else {
            0
        };
    }

    /// A mark is set by who came here from `from`: what it covers, it is about.
    pub(in crate::judge) fn renew(&mut self, from: Offset) {
        self.outlived.1 = self.outlived.1.min(from);
    }

    /// Whether a mark that is older than what stands there has passed an offset.
    pub(in crate::judge) fn is_outlived(&self, offset: Offset) -> bool {
        let (first, until) = self.outlived;
        (first..until).contains(&offset)
    }

    /// Lets old entries go that are far below the committed offset (in an output, far behind).
    #[cold]
    fn forget(&mut self) {
        let committed = if self.output { self.end() } else { self.best };
        let below = committed.saturating_sub(self.floor) as usize;
        if below >= KEPT + STRIDE {
            self.entries.drain(..STRIDE);
            self.floor += STRIDE as Offset;
        }
    }

    /// Decides an entry of a transaction.
    pub(in crate::judge) fn decide(&mut self, offset: Offset, commit: bool) {
        let index = offset.checked_sub(self.floor).map(usize::try_from);
        if let Some(Ok(index)) = index
            && let Some(entry) = self.entries.get_mut(index)
        {
            entry.state = if commit { State::Plain } else { State::Aborted };
        }
    }

    /// Makes an entry undecided again, and says what it was.
    pub(in crate::judge) fn reopen(&mut self, offset: Offset) -> Option<State> {
        let index = usize::try_from(offset.checked_sub(self.floor)?).ok()?;
        let entry = self.entries.get_mut(index)?;
        Some(core::mem::replace(&mut entry.state, State::Open))
    }

    /// Adds what decides future judgements.
    pub(in crate::judge) fn fingerprint(&self, digest: &mut Digest) {
        let Self {
            entries,
            high,
            accepted,
            best,
            effected,
            legal,
            handed,
            delivered,
            reset,
            position,
            generation,
            ..
        } = self;
        for entry in entries {
            digest.add(entry);
        }
        digest.add(&(
            self.end(),
            high,
            accepted,
            (best, effected),
            legal,
            handed,
            (delivered, reset),
            position,
            generation,
        ));
    }
}
