//! What the protocols of progress demand: of themselves, of the topology, of the sink.

use semel_sim::net::Transport;
use semel_sim::time::Span;

use super::Found;
use crate::strategy::{
    Group, Loop, Mark, Memory, OnPoison, SideEffect, SinkKind, Strategy, TRANSACTION_TIMEOUT_MAX,
    Transact, Unit, Work,
};
use crate::vocabulary::Topology;

const LATE: &str = "is 0: every answer would come too late";

impl Strategy {
    pub(super) fn check_work(&self, topology: Topology, transport: Transport, found: &mut Found) {
        match &self.work {
            Work::Loop(work) => {
                check_loop(work, found);
                self.check_mark(work, found);
            }
            Work::Transact(work) => self.check_transact(work, found),
        }
        let group = self.work.right().group();
        let datagrams = transport == Transport::Datagram;
        let text = "transactions need `transport: Connection`: their requests rely on order within a connection";
        found.when(
            datagrams && matches!(self.work, Work::Transact(_)),
            "work",
            text,
        );
        found.when(
            datagrams && matches!(self.publish.unit, Unit::Transaction(_)),
            "publish.unit",
            text,
        );
        found.when(
            group.is_none() && topology.consumers > topology.partitions,
            "work.right",
            "`Alone` gives every consumer partitions of its own, but there are more consumers than partitions",
        );
        if let Some(group) = group {
            check_group(&group, found);
        }
    }

    fn check_mark(&self, work: &Loop, found: &mut Found) {
        let together = work.mark == Mark::WithEffect;
        let kind = self.sink.kind;
        found.when(
            together && kind == SinkKind::Output,
            "work.mark",
            "`WithEffect` needs a sink that can keep offsets; `Output` is the stream itself",
        );
        found.when(
            together && matches!(kind, SinkKind::Keyed(_)),
            "work.mark",
            "`WithEffect` needs one transaction; `Keyed` claims, applies and completes in three",
        );
        found.when(
            together && work.workers > 1,
            "work.workers",
            "must be 1 with `mark: WithEffect`: one transaction holds one effect and the offset behind it",
        );
        found.when(
            together && work.sink_timeout.is_none(),
            "work.sink_timeout",
            "is None with `mark: WithEffect`: an effect that was sent once and lost would be passed by the next one's offset",
        );
        found.when(
            matches!(work.mark, Mark::Timer(timed) if timed.every.is_zero()),
            "work.mark.every",
            "is 0: use `After`",
        );
        found.when(
            kind == SinkKind::Output,
            "sink.kind",
            "`Output` needs `work: Transact(..)`: a loop writes no output records",
        );
    }

    fn check_transact(&self, work: &Transact, found: &mut Found) {
        found.when(
            work.poll == 0,
            "work.poll",
            "is 0: nothing would ever be polled",
        );
        found.when(work.request_timeout.is_zero(), "work.request_timeout", LATE);
        let payment = work.side_effect == SideEffect::Payment;
        found.when(
            !payment && self.sink.kind != SinkKind::Output,
            "sink.kind",
            "is not reached: without a side effect the effect is the output record; use `Output`",
        );
        found.when(
            payment && self.sink.kind == SinkKind::Output,
            "sink.kind",
            "must be a sink that can be paid; `Output` is the stream itself",
        );
        found.when(
            work.delivery_timeout < work.request_timeout,
            "work.delivery_timeout",
            "is shorter than `request_timeout`: Kafka demands delivery.timeout.ms >= request.timeout.ms",
        );
        found.when(
            work.timeout > TRANSACTION_TIMEOUT_MAX,
            "work.timeout",
            "is above the broker's transaction.max.timeout.ms of 15min: InitProducerId is refused (F055)",
        );
        found.when(
            work.timeout <= work.commit_every,
            "work.timeout",
            "is not longer than `commit_every`: every transaction would be aborted before its commit",
        );
    }
}

fn check_loop(work: &Loop, found: &mut Found) {
    found.when(
        work.poll == 0,
        "work.poll",
        "is 0: nothing would ever be polled",
    );
    found.when(
        work.workers == 0,
        "work.workers",
        "is 0: nothing would ever be handled",
    );
    found.when(
        work.sink_timeout.is_some_and(Span::is_zero),
        "work.sink_timeout",
        LATE,
    );
    found.when(work.fetch_timeout.is_zero(), "work.fetch_timeout", LATE);
    found.when(
        work.poison == OnPoison::DeadLetter { attempts: 0 },
        "work.poison.attempts",
        "is 0; the first attempt counts as 1",
    );
    if let Memory::Volatile(keep) | Memory::Durable(keep) = work.recognise {
        found.keep(keep, "work.recognise");
    }
}

fn check_group(group: &Group, found: &mut Found) {
    found.when(
        group.heartbeat.is_zero(),
        "work.right.heartbeat",
        "is 0: members would do nothing else",
    );
    found.when(
        group.heartbeat >= group.session,
        "work.right.heartbeat",
        "is not shorter than `session`: every member would time out",
    );
    found.when(
        group.poll_interval.is_zero(),
        "work.right.poll_interval",
        "is 0: every member would leave at once",
    );
}
