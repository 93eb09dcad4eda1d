//! Idempotency keys with stored responses (`semantics.md` §1.18, Appendix B13).
//!
//! A request claims its key by a conditional insert, *in progress* under a lease; it is executed; its effect is
//! written; its key is *completed* with the response. Each of these is durable before the next begins. The same key
//! again gets the stored response; while it is in progress, an error; with another fingerprint, another error.
//!
//! Exactly once as long as nobody dies between the effect and the completion: after that the key stays in progress.
//! With a lease it is taken over and executed again; without one it blocks (S3) until its time to live is over. So
//! does a completed key know its request: afterwards it is a new one (F112). A key that is looked up first and
//! written later lets two requests through (F113).

use alloc::collections::{BTreeMap, VecDeque};

use semel_sim::context::Peer;
use semel_sim::digest::Digest;
use semel_sim::time::Time;

use super::{Sink, Stage};
use crate::message::sink::{Answer, Apply};
use crate::model::Ctx;
use crate::observation::{Hit, Miss, Observation};
use crate::strategy::{Claim, Keyed};

/// Every key, as it stands on disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    entries: BTreeMap<u64, Key>,
    /// Completed ones, in the order they were.
    completed: VecDeque<(Time, u64)>,
    /// Some were pruned.
    pruned: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    fingerprint: u64,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    InProgress { since: Time },
    Completed { response: u64, at: Time },
}

/// What a look at a key finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// The request may be executed: why nothing stands against it.
    Free(Miss),
    InProgress,
    Completed(u64),
    Mismatch,
}

impl Keys {
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.completed.clear();
        self.pruned = false;
    }

    fn look(&mut self, key: u64, fingerprint: u64, now: Time, rules: &Keyed) -> Look {
        self.prune(now, rules);
        let Some(key) = self.entries.get(&key) else {
            return Look::Free(if self.pruned {
                Miss::Expired
            } else {
                Miss::New
            });
        };
        match key.state {
            State::InProgress { since }
                if rules.lease.is_none() && now.since(since) >= rules.ttl =>
            {
                Look::Free(Miss::Expired)
            }
            _ if key.fingerprint != fingerprint => Look::Mismatch,
            State::Completed { response, .. } => Look::Completed(response),
            State::InProgress { since } => match rules.lease {
                Some(lease) if now.since(since) >= lease => Look::Free(Miss::TakenOver),
                _ => Look::InProgress,
            },
        }
    }

    fn claim(&mut self, key: u64, fingerprint: u64, now: Time) {
        let state = State::InProgress { since: now };
        self.entries.insert(key, Key { fingerprint, state });
    }

    fn complete(&mut self, key: u64, fingerprint: u64, response: u64, at: Time) {
        let state = State::Completed { response, at };
        self.entries.insert(key, Key { fingerprint, state });
        self.completed.push_back((at, key));
    }

    fn prune(&mut self, now: Time, rules: &Keyed) {
        while let Some((at, key)) = self.completed.front().copied() {
            if now.since(at) < rules.ttl {
                return;
            }
            self.completed.pop_front();
            let same = |found: &Key| matches!(found.state, State::Completed { at: then, .. } if then == at);
            if self.entries.get(&key).is_some_and(same) {
                self.entries.remove(&key);
                self.pruned = true;
            }
        }
    }

    fn len(&self) -> u32 {
        self.entries.len() as u32
    }

    /// Adds its contents to a fingerprint, times as age or as time to go.
    pub(super) fn fingerprint(&self, now: Time, digest: &mut Digest) {
        digest.add(&(self.entries.len(), self.pruned));
        let age = |time: Time| time.0.wrapping_sub(now.0);
        for (key, Key { fingerprint, state }) in &self.entries {
            let (response, time) = match *state {
                State::InProgress { since } => (None, age(since)),
                State::Completed { response, at } => (Some(response), age(at)),
            };
            digest.add(&(key, fingerprint, response, time));
        }
    }
}

impl Sink {
    /// A request with an idempotency key. No answer yet if it is executed.
    pub(super) fn request(
        &mut self,
        from: Peer,
        apply: &Apply,
        rules: &Keyed,
        ctx: &mut Ctx<'_>,
    ) -> Option<Answer> {
        let now = ctx.wall();
        let keys = &mut self.disk.keys;
        match keys.look(apply.id, apply.fingerprint, now, rules) {
            Look::Free(missed) => {
                if rules.claim == Claim::Conditional {
                    keys.claim(apply.id, apply.fingerprint, now);
                    super::kept(keys.len(), 0, ctx);
                }
                self.execute(from, apply, Stage::Write(missed), rules.execution, ctx);
                None
            }
            Look::Completed(response) => {
                super::recognised(apply, Hit::Stored, ctx);
                answered(apply, Some(response), ctx);
                Some(Answer::Before)
            }
            Look::InProgress => {
                super::recognised(apply, Hit::InFlight, ctx);
                answered(apply, None, ctx);
                Some(Answer::InProgress)
            }
            Look::Mismatch => {
                super::recognised(apply, Hit::Mismatch, ctx);
                answered(apply, None, ctx);
                Some(Answer::Mismatch)
            }
        }
    }

    /// The effect is on disk: now the response.
    pub(super) fn complete(&mut self, apply: &Apply, response: u64, ctx: &mut Ctx<'_>) -> Answer {
        let keys = &mut self.disk.keys;
        let before = keys.len();
        keys.complete(apply.id, apply.fingerprint, response, ctx.wall());
        if keys.len() != before {
            super::kept(keys.len(), 0, ctx);
        }
        answered(apply, Some(response), ctx);
        Answer::Done
    }
}

/// Tells observers what a request was answered; without a response it was an error about the key.
fn answered(apply: &Apply, response: Option<u64>, ctx: &mut Ctx<'_>) {
    ctx.observe(Observation::Answered {
        record: apply.record,
        key: apply.id,
        fingerprint: apply.fingerprint,
        response: response.unwrap_or(0),
        error: response.is_none(),
    });
}

#[cfg(test)]
mod tests {
    use semel_sim::time::Span;

    use super::*;

    const RULES: Keyed = Keyed {
        ttl: Span::secs(86_400),
        lease: Some(Span::secs(30)),
        execution: Span::millis(1),
        claim: Claim::Conditional,
    };

    fn at(second: u64) -> Time {
        Time(second * 1_000_000_000)
    }

    #[test]
    fn a_key_is_free_then_in_progress_then_completed_and_pruned_after_a_day() {
        let mut keys = Keys::default();
        assert_eq!(keys.look(7, 1, at(0), &RULES), Look::Free(Miss::New));
        keys.claim(7, 1, at(0));
        assert_eq!(keys.look(7, 1, at(29), &RULES), Look::InProgress);
        keys.complete(7, 1, 400, at(1));
        assert_eq!(keys.look(7, 1, at(86_400), &RULES), Look::Completed(400));
        assert_eq!(
            keys.look(7, 1, at(86_401), &RULES),
            Look::Free(Miss::Expired)
        );
    }

    #[test]
    fn a_key_belongs_to_the_request_it_came_with_first() {
        let mut keys = Keys::default();
        keys.claim(7, 1, at(0));
        assert_eq!(keys.look(7, 2, at(0), &RULES), Look::Mismatch);
        keys.complete(7, 1, 400, at(1));
        assert_eq!(keys.look(7, 2, at(1), &RULES), Look::Mismatch);
    }

    #[test]
    fn a_key_in_progress_is_taken_over_after_its_lease_and_without_one_pruned_after_a_day() {
        let mut keys = Keys::default();
        keys.claim(7, 1, at(0));
        assert_eq!(keys.look(7, 1, at(30), &RULES), Look::Free(Miss::TakenOver));
        let forever = Keyed {
            lease: None,
            ..RULES
        };
        keys.claim(7, 1, at(30));
        assert_eq!(keys.look(7, 1, at(86_429), &forever), Look::InProgress);
        let free = Look::Free(Miss::Expired);
        assert_eq!(keys.look(7, 1, at(86_430), &forever), free);
        assert_eq!(keys.look(7, 2, at(86_430), &forever), free);
    }

    #[test]
    fn a_key_completed_twice_lives_from_the_second_time_on() {
        let mut keys = Keys::default();
        keys.complete(7, 1, 400, at(0));
        keys.complete(7, 1, 500, at(10));
        assert_eq!(keys.look(7, 1, at(86_405), &RULES), Look::Completed(500));
    }
}
