//! What becomes of logs, and of the transactions in them.

use semel_models::model::Model;
use semel_models::observation::{Observation, TransactionId};
use semel_models::strategy::{SinkKind, Transactions, Verification};
use semel_models::vocabulary::{Offset, Partition, RecordId};
use semel_sim::record::Entry;

use crate::explain::story::Teller;
use crate::explain::{Deed, Fact, Kept, LogFact, Taking};

impl Teller<'_, '_> {
    /// What an observation says of logs and transactions.
    pub(in crate::explain) fn of_logs(
        &mut self,
        entry: &Entry<Model>,
        seen: &Observation,
    ) -> Option<LogFact> {
        match *seen {
            Observation::Truncated {
                partition, from, ..
            } if self.is_near(partition) => Some(self.truncated(partition, from)),
            Observation::Marked {
                partition,
                offset,
                transaction,
                commit,
                ..
            } => {
                let output = partition >= self.slice.inputs;
                let mine = self.enlisted.get(&partition);
                let decided = mine.is_some_and(|mine| mine.producer == transaction.producer);
                if decided && let Some(mine) = self.enlisted.remove(&partition) {
                    self.decided.insert(partition, (offset, mine));
                }
                (decided && !commit).then_some(LogFact::Aborted { output })
            }
            Observation::Decided {
                transaction,
                commit: false,
                forced: true,
            } if self.enlisted.values().any(|mine| *mine == transaction) => {
                let overdue = self.given_up(entry)?;
                Some(LogFact::GivenUp { overdue })
            }
            Observation::Unsettled {
                partition, offset, ..
            } if self.is_near(partition) => Some(LogFact::Unsettled { offset }),
            Observation::Hanging {
                partition, offset, ..
            } if self.is_near(partition) => Some(LogFact::Hanging {
                offset,
                output: partition >= self.slice.inputs,
            }),
            _ => None,
        }
    }

    /// The end of a log is lost: with what is told of the record, or with the end of its transaction.
    fn truncated(&mut self, partition: Partition, from: Offset) -> LogFact {
        let (of, near) = (self.kept(partition), (partition, from));
        let gone = |record| self.known.is_behind(record, near);
        let reopened = self.decided.get(&partition).copied();
        let reopened = reopened.filter(|(marker, _)| *marker >= from);
        let torn = reopened.is_some() && !self.endings.is_empty();
        let takes = if self.slice.record.is_some_and(gone) && !torn {
            Some(Taking::Itself)
        } else {
            reopened.map(|_| Taking::Decision)
        };
        if let Some((_, transaction)) = reopened {
            self.decided.remove(&partition);
            self.enlisted.insert(partition, transaction);
        }
        if takes.is_some() && of != Kept::Records {
            self.produced &= takes != Some(Taking::Itself);
            // Where outputs are what takes effect, that is gone with them.
            self.applied &= self.plan.strategy.sink.kind != SinkKind::Output;
        }
        LogFact::Truncated { from, of, takes }
    }

    /// A copy joins a transaction: one of the record may come when that is over.
    pub(in crate::explain) fn enlist(
        &mut self,
        record: RecordId,
        (partition, transaction): (Partition, TransactionId),
    ) -> Option<LogFact> {
        if self.slice.is_rival(record) {
            self.rival_in.insert(partition, transaction);
        }
        if self.slice.record != Some(record) {
            return None;
        }
        self.enlisted.insert(partition, transaction);
        self.late((partition, transaction))
    }

    /// Whether a transaction is decided already when something joins it that it has nothing else of in this partition.
    fn late(&self, (partition, transaction): (Partition, TransactionId)) -> Option<LogFact> {
        let open = self.known.open_in((partition, transaction.producer));
        if !self.known.is_decided(transaction) || open == Some(transaction) {
            return None;
        }
        let transactions = self.plan.strategy.stream.transactions;
        let unverified = matches!(
            transactions,
            Transactions::Markers {
                verification: Verification::Off,
                ..
            }
        );
        Some(LogFact::Late {
            transaction: transaction.number,
            joins: open.map(|open| open.number),
            unverified,
        })
    }

    /// What becomes of the transaction that the other record is in.
    pub(in crate::explain) fn of_rival_transaction(
        &mut self,
        entry: &Entry<Model>,
        seen: &Observation,
    ) -> Option<Fact> {
        let (rival, _) = self.slice.rival?;
        let deed = match *seen {
            Observation::Marked {
                partition,
                transaction,
                commit,
                ..
            } => {
                let theirs = self.rival_in.get(&partition)?;
                if theirs.producer != transaction.producer {
                    return None;
                }
                self.rival_in.remove(&partition);
                (!commit).then_some(Deed::Aborted)?
            }
            Observation::Decided {
                transaction,
                commit: false,
                forced: true,
            } if self.rival_in.values().any(|theirs| *theirs == transaction) => Deed::GivenUp {
                overdue: self.given_up(entry)?,
            },
            _ => return None,
        };
        Some(Fact::Other(rival, deed))
    }
}
