//! What a promise demands: something that could break it. What nobody could break is no promise.

use super::Found;
use crate::strategy::{
    Clause, Invariant, Level, Mark, SinkKind, Strategy, Transactions, Wait, Work,
};

impl Strategy {
    pub(super) fn check_promise(&self, found: &mut Found) {
        for clause in &self.promise {
            if let Some(text) = self.is_idle(clause) {
                found.when(true, "promise", text);
            }
        }
    }

    /// Why a clause could not be broken here, if it could not.
    fn is_idle(&self, clause: &Clause) -> Option<&'static str> {
        let transactions = self.stream.transactions != Transactions::None;
        let tokens = transactions || self.work.right().group().is_some();
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
            (Invariant::Fencing, _) => (
                !tokens,
                "claims `fencing`, but nobody is granted a token: that needs a group or transactions",
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
}
