//! What the coordinator's log says of a transactional id, and how that may change (`semantics.md` §1.4).
//!
//! The rules for the end of a transaction are the heart of it: version 1 goes by the state alone, version 2 by the
//! epoch, which every end raises.

use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use semel_sim::time::{Span, Time};

use crate::message::transaction::{Answer, Owner};
use crate::vocabulary::{EPOCH_MAX, Epoch, Partition, ProducerId};

/// The last epoch that a client is given: one more is kept for fencing.
const LAST_EPOCH: Epoch = EPOCH_MAX - 1;

/// What the log says of a transactional id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Transaction {
    pub(super) producer: ProducerId,
    pub(super) epoch: Epoch,
    /// The epoch that a client gave to get this one (KIP-360): giving it again is a repeat.
    pub(super) last: Option<Epoch>,
    /// The producer id before the epochs of that one were used up, and the one that will follow this one.
    pub(super) previous: Option<ProducerId>,
    pub(super) next: Option<ProducerId>,
    pub(super) timeout: Span,
    pub(super) state: State,
    pub(super) partitions: Vec<Partition>,
    /// When the first partition joined, by the coordinator's wall clock.
    pub(super) started: Time,
    /// The newest of the application's transactions that was heard of, and the newest whose outcome was: for observers.
    pub(super) number: u32,
    pub(super) decided: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum State {
    Empty,
    Ongoing,
    /// The outcome is decided: commit, or abort.
    Prepare(bool),
    /// It is marked everywhere.
    Complete(bool),
}

/// When it started is not part of it: that counts as an age.
impl Hash for Transaction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            producer,
            epoch,
            last,
            previous,
            next,
            timeout,
            partitions,
            number,
            decided,
            ..
        } = self;
        (producer, epoch, last, previous, next).hash(state);
        (timeout, self.state, partitions, number, decided).hash(state);
    }
}

/// What to do with a request to end a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Decide,
    Say(Answer),
}

impl Transaction {
    pub(super) const fn new(producer: ProducerId, timeout: Span) -> Self {
        Self {
            producer,
            epoch: 0,
            last: None,
            previous: None,
            next: None,
            timeout,
            state: State::Empty,
            partitions: Vec::new(),
            started: Time::ZERO,
            number: 0,
            decided: 0,
        }
    }

    /// Its outcome is fixed. Names the application's transaction that it is the outcome of: there is none, if a late
    /// request had opened it again after its end, and nobody knew (version 1).
    pub(super) fn settle(&mut self) -> Option<u32> {
        let number = self.number;
        (number > core::mem::replace(&mut self.decided, number)).then_some(number)
    }

    /// What brokers go by.
    pub(super) const fn identity(&self) -> (ProducerId, Epoch) {
        (self.producer, self.epoch)
    }

    /// What the client has from now on: another producer id, if the epochs of this one are used up.
    pub(super) fn client_identity(&self) -> (ProducerId, Epoch) {
        self.next.map_or(self.identity(), |next| (next, 0))
    }

    /// Whether a client with this identity may register again without losing its place to nobody.
    pub(super) fn may_go_on(&self, (producer, epoch): (ProducerId, Epoch)) -> bool {
        producer == self.producer || (self.previous == Some(producer) && epoch >= LAST_EPOCH)
    }

    /// A new session begins, with the next epoch.
    pub(super) fn renew(
        &mut self,
        timeout: Span,
        known: Option<Epoch>,
        fresh: &mut ProducerId,
    ) -> Answer {
        if self.epoch >= LAST_EPOCH && known.is_none_or(|known| known == self.epoch) {
            self.previous = Some(self.producer);
            self.producer = take(fresh);
            self.epoch = 0;
            self.last = known;
        } else if known.is_none_or(|known| known == self.epoch) {
            self.last = known;
            self.epoch += 1;
        } else if known != self.last {
            return Answer::Fenced;
        }
        self.timeout = timeout;
        self.state = State::Empty;
        self.partitions.clear();
        Answer::Ok
    }

    /// Version 2: every end raises the epoch; when epochs run out, a new producer id follows.
    pub(super) fn raise(&mut self, fresh: &mut ProducerId) {
        if self.epoch >= LAST_EPOCH {
            self.next = Some(take(fresh));
        }
        self.last = Some(self.epoch);
        self.epoch += 1;
    }

    pub(super) fn complete(&mut self, commit: bool) {
        self.state = State::Complete(commit);
        self.partitions.clear();
        if let Some(next) = self.next.take() {
            self.previous = Some(self.producer);
            self.producer = next;
            self.epoch = 0;
        }
    }

    pub(super) fn end(&self, of: Owner, commit: bool, version: u8) -> End {
        if version >= 2 {
            self.end_by_epoch(of, commit)
        } else {
            self.end_by_state(of, commit)
        }
    }

    /// Version 1: a repeat is recognised by the state, which says nothing of *which* transaction it belongs to.
    fn end_by_state(&self, of: Owner, commit: bool) -> End {
        if self.identity() != (of.producer, of.epoch) {
            return End::Say(Answer::Fenced);
        }
        match self.state {
            State::Ongoing => End::Decide,
            State::Complete(decided) if decided == commit => End::Say(Answer::Ok),
            State::Prepare(decided) if decided == commit => End::Say(Answer::Concurrent),
            State::Empty | State::Prepare(_) | State::Complete(_) => End::Say(Answer::InvalidState),
        }
    }

    /// Version 2: a repeat has the epoch before the current one. An abort may come although nothing joined.
    fn end_by_epoch(&self, of: Owner, commit: bool) -> End {
        let current = self.identity() == (of.producer, of.epoch);
        let repeat = self.is_repeat(of);
        match self.state {
            State::Ongoing if current => End::Decide,
            State::Empty | State::Complete(_) if current && !commit => End::Decide,
            State::Complete(decided) if repeat && decided == commit => End::Say(Answer::Ok),
            State::Prepare(decided) if repeat && decided == commit => End::Say(Answer::Concurrent),
            State::Empty if current => End::Say(Answer::InvalidState),
            State::Complete(_) if current || repeat => End::Say(Answer::InvalidState),
            State::Prepare(_) if repeat => End::Say(Answer::InvalidState),
            _ => End::Say(Answer::Fenced),
        }
    }

    fn is_repeat(&self, of: Owner) -> bool {
        let before = self.producer == of.producer && self.epoch == of.epoch.wrapping_add(1);
        let overflow =
            self.previous == Some(of.producer) && of.epoch == LAST_EPOCH && self.epoch == 0;
        before || overflow
    }
}

/// A producer id that nobody has had.
pub(super) const fn take(fresh: &mut ProducerId) -> ProducerId {
    let id = *fresh;
    *fresh += 1;
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transaction(epoch: Epoch, state: State) -> Transaction {
        Transaction {
            epoch,
            state,
            ..Transaction::new(7, Span::secs(60))
        }
    }

    const fn of(epoch: Epoch) -> Owner {
        Owner {
            producer: 7,
            epoch,
            number: 1,
        }
    }

    #[test]
    fn version_1_cannot_tell_a_late_end_from_the_next_one() {
        let next = transaction(3, State::Ongoing);
        assert_eq!(next.end(of(3), true, 1), End::Decide);
        assert_eq!(next.end(of(2), true, 1), End::Say(Answer::Fenced));
        let done = transaction(3, State::Complete(true));
        assert_eq!(done.end(of(3), true, 1), End::Say(Answer::Ok));
        assert_eq!(done.end(of(3), false, 1), End::Say(Answer::InvalidState));
    }

    #[test]
    fn version_2_tells_them_apart_by_epoch() {
        let next = transaction(3, State::Ongoing);
        assert_eq!(next.end(of(2), true, 2), End::Say(Answer::Fenced));
        assert_eq!(next.end(of(3), true, 2), End::Decide);
        let done = transaction(3, State::Complete(true));
        assert_eq!(done.end(of(2), true, 2), End::Say(Answer::Ok));
        assert_eq!(done.end(of(2), false, 2), End::Say(Answer::InvalidState));
        assert_eq!(done.end(of(3), true, 2), End::Say(Answer::InvalidState));
        assert_eq!(done.end(of(1), true, 2), End::Say(Answer::Fenced));
    }

    #[test]
    fn when_epochs_run_out_another_producer_id_follows_and_a_repeat_is_still_known() {
        let mut fresh = 9;
        let mut ending = transaction(LAST_EPOCH, State::Ongoing);
        ending.raise(&mut fresh);
        ending.state = State::Prepare(true);
        assert_eq!(ending.client_identity(), (9, 0));
        assert_eq!(
            ending.end(of(LAST_EPOCH), true, 2),
            End::Say(Answer::Concurrent)
        );
        ending.complete(true);
        assert_eq!(ending.identity(), (9, 0));
        assert_eq!(ending.end(of(LAST_EPOCH), true, 2), End::Say(Answer::Ok));
    }

    #[test]
    fn a_client_that_goes_on_gets_the_same_epoch_for_the_same_question() {
        let mut fresh = 9;
        let mut known = transaction(3, State::Complete(false));
        assert_eq!(known.renew(Span::secs(1), Some(3), &mut fresh), Answer::Ok);
        assert_eq!(known.epoch, 4);
        assert_eq!(known.renew(Span::secs(1), Some(3), &mut fresh), Answer::Ok);
        assert_eq!(known.epoch, 4);
        assert_eq!(
            known.renew(Span::secs(1), Some(2), &mut fresh),
            Answer::Fenced
        );
    }
}
