//! What the fields of a strategy demand of each other: every meaningless combination is refused with its reason.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use semel_sim::net::Transport;

use super::{
    Fence, Mark, Name, Recognise, Retry, Right, SinkKind, Strategy, Transactions, Unit, Wait, Work,
};
use crate::vocabulary::Topology;

/// A combination that makes no sense: where, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// The path of the field to change, from the strategy (`publish.name`).
    pub path: &'static str,
    /// What is wrong, and what would be right.
    pub text: String,
}

impl Strategy {
    /// Every objection to this strategy in this topology over this transport.
    pub fn check(&self, topology: Topology, transport: Transport) -> Vec<Objection> {
        let mut found = Vec::new();
        let mut object = |bad: bool, path: &'static str, text: &str| {
            if bad {
                found.push(Objection {
                    path,
                    text: text.into(),
                });
            }
        };
        self.check_publish(&mut object);
        self.check_stream(&mut object);
        self.check_work(topology, transport, &mut object);
        found
    }

    fn check_publish(&self, object: &mut impl FnMut(bool, &'static str, &str)) {
        let publish = &self.publish;
        object(
            publish.window == 0,
            "publish.window",
            "is 0: nothing could ever be sent; use 1 or more",
        );
        object(
            publish.buffer == 0,
            "publish.buffer",
            "is 0: no record could ever wait; use 1 or more",
        );
        let most = semel_sim::store::SEGMENT as u16;
        object(
            publish.batch.records == 0 || publish.batch.records > most,
            "publish.batch.records",
            &format!("must lie between 1 and {most}"),
        );
        object(
            publish.wait == Wait::Nothing && matches!(publish.retry, Retry::Backoff(_)),
            "publish.retry",
            "makes no sense with `wait: Nothing`: without answers nothing is ever retried; use `Never()`",
        );
        let sequence = publish.name == Name::Sequence;
        object(
            sequence && publish.wait == Wait::Nothing,
            "publish.name",
            "`Sequence` needs `wait: Stored`: Kafka refuses idempotence without acks (semantics §1.2)",
        );
        object(
            sequence && matches!(publish.retry, Retry::Never { .. }),
            "publish.name",
            "`Sequence` needs retries: Kafka refuses idempotence with retries=0 (semantics §1.2)",
        );
        object(
            sequence && publish.window > 5,
            "publish.window",
            "is above 5: Kafka refuses idempotence with more than 5 requests in flight (semantics §1.2)",
        );
        if let Retry::Backoff(backoff) = publish.retry {
            object(
                backoff.delay_max < backoff.delay_min,
                "publish.retry.delay_max",
                "is shorter than `delay_min`",
            );
            object(
                backoff.timeout.is_zero(),
                "publish.retry.timeout",
                "is 0: every answer would come too late",
            );
            object(
                backoff.deadline < backoff.timeout,
                "publish.retry.deadline",
                "is shorter than `timeout`: Kafka demands delivery.timeout.ms >= request.timeout.ms",
            );
            object(
                backoff.attempts == Some(0),
                "publish.retry.attempts",
                "is 0; the first attempt counts as 1",
            );
            object(
                backoff.breaker.is_some_and(|breaker| breaker.failures == 0),
                "publish.retry.breaker.failures",
                "is 0: the breaker would be open for ever",
            );
        }
    }

    fn check_stream(&self, object: &mut impl FnMut(bool, &'static str, &str)) {
        let (name, recognise) = (self.publish.name, self.stream.recognise);
        object(
            matches!(recognise, Recognise::Sequence { .. }) && name != Name::Sequence,
            "stream.recognise",
            "`Sequence` recognises nothing unless `publish.name` is `Sequence`",
        );
        object(
            name == Name::Sequence && !matches!(recognise, Recognise::Sequence { .. }),
            "publish.name",
            "`Sequence` means nothing unless `stream.recognise` is `Sequence`",
        );
        let ids = matches!(name, Name::Intent | Name::Content | Name::Attempt);
        object(
            matches!(recognise, Recognise::Id(..) | Recognise::Highest(_)) && !ids,
            "stream.recognise",
            "goes by ids, but `publish.name` gives none; use `Intent`, `Content` or `Attempt`",
        );
        object(
            matches!(recognise, Recognise::Highest(_))
                && matches!(name, Name::Content | Name::Attempt),
            "publish.name",
            "gives ids in no order; `Highest` needs rising ones: use `Intent`",
        );
        object(
            matches!(recognise, Recognise::Sequence { batches: 0, .. }),
            "stream.recognise.batches",
            "is 0: no repeat could be recognised",
        );
        if let Recognise::Id(keep, _) = recognise {
            object(
                keep.count == Some(0),
                "stream.recognise",
                "keeps 0 ids: no repeat could be recognised",
            );
        }
        let transactional = matches!(self.publish.unit, Unit::Transaction(_))
            || matches!(self.work, Work::Transact(_));
        object(
            transactional && self.stream.transactions == Transactions::None,
            "stream.transactions",
            "is `None`, but transactions are used; use `Markers()`",
        );
        if let Transactions::Markers {
            transaction_version,
            ..
        } = self.stream.transactions
        {
            object(
                !(1..=2).contains(&transaction_version),
                "stream.transactions.transaction_version",
                "must be 1 or 2",
            );
        }
        object(
            matches!(self.publish.unit, Unit::Transaction(_)) && name != Name::Sequence,
            "publish.name",
            "a transactional producer is always idempotent; use `Sequence` (semantics §1.4)",
        );
        if let Unit::Transaction(transaction) = self.publish.unit {
            object(
                transaction.records == 0,
                "publish.unit.records",
                "is 0: a transaction holds 1 record or more",
            );
            object(
                transaction.timeout > semel_sim::time::Span::secs(900),
                "publish.unit.timeout",
                "is above the broker's transaction.max.timeout.ms of 15min: InitProducerId is refused (F055)",
            );
        }
    }

    fn check_work(
        &self,
        topology: Topology,
        transport: Transport,
        object: &mut impl FnMut(bool, &'static str, &str),
    ) {
        let right = match &self.work {
            Work::Loop(work) => {
                object(
                    work.poll == 0,
                    "work.poll",
                    "is 0: nothing would ever be polled",
                );
                object(
                    work.workers == 0,
                    "work.workers",
                    "is 0: nothing would ever be handled",
                );
                object(
                    work.mark == Mark::WithEffect && self.sink.kind == SinkKind::Output,
                    "work.mark",
                    "`WithEffect` needs a sink that can keep offsets; `Output` is the stream itself",
                );
                object(
                    work.mark == Mark::WithEffect && work.workers > 1,
                    "work.workers",
                    "must be 1 with `mark: WithEffect`: one transaction holds one effect and the offset behind it",
                );
                object(
                    self.sink.kind == SinkKind::Output,
                    "sink.kind",
                    "`Output` needs `work: Transact(..)`: a loop writes no output records",
                );
                work.right
            }
            Work::Transact(work) => {
                object(
                    work.poll == 0,
                    "work.poll",
                    "is 0: nothing would ever be polled",
                );
                let payment = work.side_effect == super::SideEffect::Payment;
                object(
                    !payment && self.sink.kind != SinkKind::Output,
                    "sink.kind",
                    "is not reached: without a side effect the effect is the output record; use `Output`",
                );
                object(
                    payment && self.sink.kind == SinkKind::Output,
                    "sink.kind",
                    "must be a sink that can be paid; `Output` is the stream itself",
                );
                object(
                    work.delivery_timeout < work.request_timeout,
                    "work.delivery_timeout",
                    "is shorter than `request_timeout`: Kafka demands delivery.timeout.ms >= request.timeout.ms",
                );
                object(
                    work.timeout > semel_sim::time::Span::secs(900),
                    "work.timeout",
                    "is above the broker's transaction.max.timeout.ms of 15min: InitProducerId is refused (F055)",
                );
                object(
                    transport == Transport::Datagram,
                    "work",
                    "transactions need `transport: Connection`: their requests rely on order within a connection",
                );
                work.right
            }
        };
        object(
            right == Right::Alone && topology.consumers > topology.partitions,
            "work.right",
            "`Alone` gives every consumer partitions of its own, but there are more consumers than partitions",
        );
        let fenced = self.sink.fence == Fence::Token;
        let tokens = matches!(right, Right::Group(_));
        object(
            fenced && !tokens,
            "sink.fence",
            "`Token` refuses stale generations, but only `right: Group(..)` grants any",
        );
        if let Right::Group(group) = right {
            object(
                group.heartbeat >= group.session,
                "work.right.heartbeat",
                "is not shorter than `session`: every member would time out",
            );
        }
    }
}
