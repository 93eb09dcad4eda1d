//! The inbox: a record's id and its effect in one transaction, so that a repeat finds the id (`semantics.md` §1.18).
//!
//! Exactly once as long as ids are kept. An inbox that keeps ids for a time, or so many of them, forgets: what comes
//! again after that takes effect again (F112). One that writes the id in a transaction of its own before the effect
//! swallows the retry of what died between the two (L5).

use semel_sim::context::Peer;

use super::{Sink, Stage};
use crate::message::sink::{Answer, Apply};
use crate::model::Ctx;
use crate::observation::Hit;
use crate::strategy::{Bug, Keep};
use crate::timer::SECOND_WRITE;

impl Sink {
    /// A request to a sink with an inbox. No answer yet if the effect takes a step of its own.
    pub(super) fn take_in(
        &mut self,
        from: Peer,
        apply: &Apply,
        keep: Keep,
        ctx: &mut Ctx<'_>,
    ) -> Option<Answer> {
        let now = ctx.wall();
        let Some(missed) = self.disk.inbox.miss(apply.id, now) else {
            self.move_mark(apply);
            super::recognised(apply, Hit::Stored, ctx);
            return Some(Answer::Before);
        };
        self.disk.inbox.insert(apply.id, now, now);
        super::kept(self.disk.inbox.len(), keep.count.unwrap_or(0), ctx);
        if self.bug == Some(Bug::DedupOutsideTransaction) {
            self.execute(from, apply, Stage::Write(missed), SECOND_WRITE, ctx);
            return None;
        }
        self.effect(apply, missed, ctx);
        Some(Answer::Done)
    }
}
