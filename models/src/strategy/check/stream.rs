//! What the stream demands: names that it can recognise, and stores that remember something.

use super::Found;
use crate::strategy::{
    Copies, Flush, Kept, Name, Recognise, Strategy, Transactions, Unit, Verification, Work,
};

impl Strategy {
    pub(super) fn check_stream(&self, found: &mut Found) {
        self.check_recognise(found);
        self.check_transactions(found);
        let Copies::One(flush) = self.stream.copies;
        found.when(
            flush == Flush::Entries(0) || matches!(flush, Flush::Every(span) if span.is_zero()),
            "stream.copies",
            "is flushed every 0: use `Always`",
        );
    }

    fn check_recognise(&self, found: &mut Found) {
        let (name, recognise) = (self.publish.name, self.stream.recognise);
        let sequences = matches!(recognise, Recognise::Sequence { .. });
        found.when(
            sequences && name != Name::Sequence && !matches!(self.work, Work::Transact(_)),
            "stream.recognise",
            "`Sequence` recognises nothing unless somebody publishes with sequences: use `publish: (name: Sequence)`",
        );
        found.when(
            name == Name::Sequence && !sequences,
            "publish.name",
            "`Sequence` means nothing unless `stream.recognise` is `Sequence`",
        );
        let ids = matches!(name, Name::Intent | Name::Content | Name::Attempt);
        found.when(
            matches!(recognise, Recognise::Id(..) | Recognise::Highest(_)) && !ids,
            "stream.recognise",
            "goes by ids, but `publish.name` gives none; use `Intent`, `Content` or `Attempt`",
        );
        found.when(
            matches!(recognise, Recognise::Highest(_))
                && matches!(name, Name::Content | Name::Attempt),
            "publish.name",
            "gives ids in no order; `Highest` needs rising ones: use `Intent`",
        );
        match recognise {
            Recognise::Sequence { batches, expire } => {
                found.when(
                    batches == 0,
                    "stream.recognise.batches",
                    "is 0: no repeat could be recognised",
                );
                found.when(
                    expire.is_zero(),
                    "stream.recognise.expire",
                    "is 0: every producer would be forgotten at once",
                );
            }
            Recognise::Id(keep, kept) => {
                found.keep(keep, "stream.recognise");
                check_copy(kept, found);
            }
            Recognise::Highest(kept) => check_copy(kept, found),
            Recognise::Nothing => {}
        }
    }

    fn check_transactions(&self, found: &mut Found) {
        found.when(
            self.transacts() && self.stream.transactions == Transactions::None,
            "stream.transactions",
            "is `None`, but transactions are used; use `Markers()`",
        );
        found.when(
            !self.transacts() && self.stream.transactions != Transactions::None,
            "stream.transactions",
            "is of no use: nobody publishes in transactions; leave it out",
        );
        let produces = matches!(self.publish.unit, Unit::Transaction(_));
        found.when(
            produces && self.publish.name != Name::Sequence,
            "publish.name",
            "a transactional producer is always idempotent; use `Sequence` (semantics §1.4)",
        );
        let sequences = matches!(self.stream.recognise, Recognise::Sequence { .. });
        found.when(
            matches!(self.work, Work::Transact(_)) && !sequences,
            "stream.recognise",
            "a transactional producer is always idempotent; use `Sequence` (semantics §1.4)",
        );
        if let Transactions::Markers {
            transaction_version,
            verification,
            scan_every,
        } = self.stream.transactions
        {
            found.when(
                transaction_version == 2 && verification == Verification::Off,
                "stream.transactions.verification",
                "`Off` makes no sense with version 2: there a partition joins a transaction when its leader asks (KIP-890)",
            );
            found.when(
                !(1..=2).contains(&transaction_version),
                "stream.transactions.transaction_version",
                "must be 1 or 2",
            );
            found.when(
                scan_every.is_zero(),
                "stream.transactions.scan_every",
                "is 0: the coordinator would do nothing else",
            );
        }
    }
}

fn check_copy(kept: Kept, found: &mut Found) {
    found.when(
        matches!(kept, Kept::AsyncCopy(span) if span.is_zero()),
        "stream.recognise",
        "copies its ids after 0: use `Durable`",
    );
}
