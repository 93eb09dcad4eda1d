//! The partition of dead letters: a log like any other, after the input partitions and as many output ones.

use semel_sim::context::Peer;

use crate::broker::Broker;
use crate::broker::partition::log::Entry;
use crate::broker::partition::transactions::Part;
use crate::message::Message;
use crate::message::log::Message as LogMessage;
use crate::model::Ctx;
use crate::observation::{Miss, Observation};
use crate::strategy::{OnPoison, Strategy, Work};
use crate::vocabulary::{Partition, RecordId, Topology};

/// The partition of dead letters, if a strategy has one and it lives on the `me`th broker.
pub(super) fn hosted(me: u16, strategy: &Strategy, topology: Topology) -> Option<Partition> {
    let Work::Loop(work) = strategy.work else {
        return None;
    };
    let partition = topology.dead_letters();
    let here = topology.leader(partition) == topology.broker(me);
    (here && matches!(work.poison, OnPoison::DeadLetter { .. })).then_some(partition)
}

/// A letter, and what its sender wants to hear again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter {
    pub(super) partition: Partition,
    pub(super) record: RecordId,
    pub(super) id: u64,
    pub(super) request: u32,
    pub(super) attempt: u32,
}

impl Broker {
    /// Stores a dead letter. Nobody looks for repeats here.
    pub(super) fn dead_letter(&mut self, from: Peer, letter: Letter, ctx: &mut Ctx<'_>) {
        let Letter {
            partition,
            record,
            id,
            request,
            attempt,
        } = letter;
        let log = self.log(partition);
        let begin = log.end();
        let offset = log.append(Entry {
            record,
            id,
            producer: 0,
            epoch: 0,
            first: 0,
            last: 0,
            begin,
            stamp: ctx.wall().0,
            part: Part::None,
        });
        ctx.observe(Observation::Stored {
            record,
            partition,
            offset,
            attempt,
            session: 0,
            missed: Miss::Unasked,
            enlisted: false,
        });
        let place = self.place(partition);
        self.make_durable(place, ctx);
        let stored = LogMessage::DeadLettered {
            record,
            request,
            attempt,
        };
        ctx.send(from, Message::Log(stored));
    }
}
