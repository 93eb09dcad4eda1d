//! What a promise demands: something that could break it. What nobody could break is no promise.

use semel_sim::time::Span;

use super::Found;
use crate::strategy::{
    Assumption, Clause, Fence, Invariant, Level, Loop, Mark, Memory, Recognise, SinkKind, Strategy,
    Transactions, Wait, Work,
};

impl Strategy {
    pub(super) fn check_promise(&self, found: &mut Found) {
        for clause in &self.promise {
            if let Some(text) = self.is_idle(clause) {
                found.when(true, "promise", text);
            }
            found.when(
                clause.assuming.contains(&Assumption::Within(Span::ZERO)),
                "promise",
                "makes no claim: no repeat comes `Within` 0; leave the clause out",
            );
        }
    }

    /// Why a clause could not be broken here, if it could not.
    fn is_idle(&self, clause: &Clause) -> Option<&'static str> {
        let transactions = self.stream.transactions != Transactions::None;
        let group = self.work.right().group().is_some();
        let fenced = self.sink.fence == Fence::Token;
        let timed = matches!(&self.work, Work::Loop(work) if matches!(work.mark, Mark::Timer(_)));
        let (idle, text) = match (clause.keeps, clause.level) {
            (Invariant::Atomic, _) => (
                !transactions,
                "claims `atomic`, but nothing is written in transactions; leave it out",
            ),
            (Invariant::StableProgress, _) => (
                !transactions,
                "claims `stable_progress`, but there are no transactions to wait for; leave it out",
            ),
            (Invariant::NoEarlyRead, _) => (
                !transactions,
                "claims `no_early_read`, but there are no transactions to be early for; leave it out",
            ),
            (Invariant::NoAbortedEffect, Level::Delivery) => (
                !transactions,
                "claims `no_aborted_effect` at delivery, but there are no transactions to abort; leave it out",
            ),
            (Invariant::Fencing, Level::Log) => (
                !transactions,
                "claims `fencing` at log, but without transactions no partition knows an epoch; leave it out",
            ),
            (Invariant::Fencing, Level::Delivery) => (
                !group,
                "claims `fencing` at delivery, but no coordinator grants a generation; use `right: Group(..)`",
            ),
            (Invariant::Fencing, Level::Effect) => (
                !fenced,
                "claims `fencing` at effect, but the sink grants no token; use `sink: (fence: Token)`",
            ),
            (Invariant::BoundedState, level) => (
                !self.bounds(level),
                "claims `bounded_state`, but nothing there declares a bound: give a `count` or a `time`",
            ),
            (Invariant::StableResult, _) => (
                !matches!(self.sink.kind, SinkKind::Keyed(_)),
                "claims `stable_result`, but no response is stored; use `sink: (kind: Keyed())`",
            ),
            (Invariant::HonestAck, _) => (
                self.publish.wait == Wait::Nothing,
                "claims `honest_ack`, but with `wait: Nothing` an ok claims nothing; leave it out",
            ),
            (Invariant::MarkMatchesEffect, _) => (
                timed,
                "claims `mark_matches_effect`, but marks on a timer declare nothing; leave it out",
            ),
            _ => (false, ""),
        };
        idle.then_some(text)
    }

    /// Whether the store of dedup state at this level says how much, or for how long, it remembers.
    const fn bounds(&self, level: Level) -> bool {
        let keep = match level {
            Level::Log => match self.stream.recognise {
                Recognise::Id(keep, _) => keep,
                _ => return false,
            },
            // How long a consumer remembers is not judged: nothing says why it did not recognise a repeat.
            Level::Delivery => match &self.work {
                Work::Loop(Loop {
                    recognise: Memory::Volatile(keep) | Memory::Durable(keep),
                    ..
                }) => return keep.count.is_some(),
                _ => return false,
            },
            Level::Effect => match self.sink.kind {
                SinkKind::Inbox(keep) => keep,
                SinkKind::Keyed(_) => return true,
                SinkKind::Ledger | SinkKind::Output => return false,
            },
        };
        keep.count.is_some() || keep.time.is_some()
    }
}
