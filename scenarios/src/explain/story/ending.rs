//! The end of the proof: what is not there, though it should be.

use semel_models::judge::Violation;
use semel_models::strategy::{Invariant, Level};
use semel_models::vocabulary::Offset;
use semel_sim::record::What;

use crate::explain::story::Teller;
use crate::explain::story::torn::torn;
use crate::explain::story::transfer::legs;
use crate::explain::{Fact, Lack, LetIn, LogFact, ReaderFact, RecordFact, Step};

impl Teller<'_, '_> {
    /// What is not there in the end.
    pub(in crate::explain) fn conclude(&mut self, violation: &Violation) {
        let at = self.slice.trace.entries.last().map_or(0, |last| last.at.0);
        if let Some(torn) = torn(self.slice, violation) {
            let fact = Fact::Log(LogFact::Torn(torn));
            self.push(at, String::new(), fact);
        } else if self.slice.record.is_some() && self.slice.lacks {
            let fact = self.missing(violation);
            if let Some(fact) = fact {
                self.push(at, String::new(), Fact::Record(fact));
            }
        }
        if let Some(legs) = legs(self.slice, self.plan, self.workload) {
            self.push(at, String::new(), Fact::Transfer(legs));
        }
        self.let_in();
    }

    /// The former owner that a fence has let in.
    fn let_in(&mut self) {
        let Some(intrusion) = self.slice.intrusion else {
            return;
        };
        let entries = &self.slice.trace.entries;
        let wrong = &entries[intrusion.at as usize];
        let What::Observed(node, _) = wrong.what else {
            return;
        };
        let let_in = LetIn {
            claim: intrusion.claim,
            by: self.slice.asker(wrong),
            old: intrusion.old,
            new: intrusion.new,
            since_ns: entries[intrusion.since as usize].at.0,
        };
        let node = self.slice.node(node);
        let fact = Fact::Reader(ReaderFact::LetIn(let_in));
        self.push(wrong.at.0, node, fact);
    }

    fn missing(&self, violation: &Violation) -> Option<RecordFact> {
        let passes = |step: &Step| {
            matches!(
                step.fact,
                Fact::Reader(ReaderFact::Marked {
                    accepted: true,
                    passes: true,
                    ..
                })
            )
        };
        let gone = self.place().is_none();
        match violation.invariant {
            Invariant::NoLoss
            | Invariant::Convergence
            | Invariant::Conservation
            | Invariant::SameState
                if !self.applied =>
            {
                Some(RecordFact::Missing(self.lack()))
            }
            Invariant::NoLoss if gone && violation.level == Level::Log => Some(RecordFact::Gone),
            Invariant::HonestAck => (!self.stored).then_some(RecordFact::Unstored),
            Invariant::Convergence if !self.steps.iter().any(passes) => Some(RecordFact::Unmarked),
            _ => None,
        }
    }

    /// What the record lacks to take effect, as far as that can be seen in the end.
    fn lack(&self) -> Option<Lack> {
        match (self.place(), self.stored) {
            (None, false) if !self.is_sent() => Some(Lack::Unsent),
            (None, false) => Some(Lack::Unstored),
            (None, true) => Some(Lack::Gone),
            (Some(_), _) => self.read_past().map(Lack::Beyond),
        }
    }

    /// Whether its client ever sent it.
    fn is_sent(&self) -> bool {
        let mut entries = self.slice.trace.entries.iter();
        entries.any(|entry| matches!(entry.what, What::Sent { .. }) && self.slice.is_about(entry))
    }

    /// Where the reader of its partition stands in the end, if that is beyond it and it was never handed to anybody.
    fn read_past(&self) -> Option<Offset> {
        let own = self.offset().filter(|_| !self.delivered)?;
        let end = self.slice.trace.entries.len() as u64;
        let (_, stands) = self.stands(end)?;
        (stands > own).then_some(stands)
    }
}
