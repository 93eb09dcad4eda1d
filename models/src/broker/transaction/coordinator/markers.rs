//! Markers: how every partition of a decided transaction learns its outcome (`semantics.md` §1.4).
//!
//! Each is sent to its leader over the network, again after a broken connection or a silence, until it is confirmed.
//! Writing one twice changes nothing. When none is left the transaction is complete.

use semel_sim::address::NodeId;
use semel_sim::context::TimerId;

use super::TransactionCoordinator;
use super::entry::State;
use crate::broker::REQUEST_TIMEOUT;
use crate::message::Message;
use crate::message::transaction::{Message as Word, OFFSETS, Owner};
use crate::model::Ctx;
use crate::requests::RECONNECT;
use crate::strategy::Bug;
use crate::timer::Timer;
use crate::vocabulary::Partition;

/// A marker on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marker {
    pub(super) request: u32,
    pub(super) name: u16,
    pub(super) partition: Partition,
    timer: TimerId,
}

impl TransactionCoordinator {
    /// Tells every partition of a decided transaction.
    pub(super) fn send_markers(&mut self, name: u16, ctx: &mut Ctx<'_>) {
        let transaction = &self.memory.table[&name];
        let abort = transaction.state == State::Prepare(false);
        let mut partitions = transaction.partitions.clone();
        if abort && self.bug == Some(Bug::AbortForgetsPartition) {
            partitions.retain(|partition| {
                *partition == OFFSETS || Some(partition) != transaction.partitions.first()
            });
        }
        for partition in partitions {
            let request = self.memory.numbers.next();
            self.send_marker(request, name, partition, ctx);
        }
        self.complete_if_marked(name);
    }

    fn send_marker(&mut self, request: u32, name: u16, partition: Partition, ctx: &mut Ctx<'_>) {
        let transaction = &self.memory.table[&name];
        let (producer, epoch) = transaction.identity();
        let of = Owner {
            producer,
            epoch,
            number: transaction.number,
        };
        let marker = Word::WriteMarker {
            of,
            partition,
            commit: transaction.state == State::Prepare(true),
            request,
            coordinator: ctx.incarnation(),
        };
        ctx.send(self.leader(partition), Message::Transaction(marker));
        let timer = ctx.set_timer(REQUEST_TIMEOUT, Timer::MarkerExpired { request });
        self.memory.markers.push(Marker {
            request,
            name,
            partition,
            timer,
        });
    }

    const fn leader(&self, partition: Partition) -> NodeId {
        if partition == OFFSETS {
            self.topology.coordinator()
        } else {
            self.topology.leader(partition)
        }
    }

    /// A leader confirms a marker.
    pub(in crate::broker) fn written(&mut self, request: u32, ctx: &mut Ctx<'_>) {
        if let Some(marker) = self.take_marker(request) {
            ctx.cancel(marker.timer);
            self.complete_if_marked(marker.name);
        }
    }

    fn take_marker(&mut self, request: u32) -> Option<Marker> {
        let markers = &mut self.memory.markers;
        let index = markers
            .iter()
            .position(|marker| marker.request == request)?;
        Some(markers.remove(index))
    }

    pub(super) fn complete_if_marked(&mut self, name: u16) {
        let waits = self.memory.markers.iter().any(|marker| marker.name == name)
            || self
                .memory
                .undecided
                .iter()
                .any(|(other, ..)| *other == name);
        let transaction = self.change(name);
        if let State::Prepare(commit) = transaction.state
            && !waits
        {
            transaction.complete(commit);
            self.write(name);
        }
    }

    /// A marker's confirmation did not come in time. Returns whose connection is to be given up.
    pub(in crate::broker) fn marker_expired(
        &mut self,
        request: u32,
        ctx: &mut Ctx<'_>,
    ) -> Option<NodeId> {
        let Marker {
            name, partition, ..
        } = self.take_marker(request)?;
        self.send_marker(request, name, partition, ctx);
        Some(self.leader(partition))
    }

    /// A connection broke: what was to be confirmed on it is sent again, after a pause.
    pub(in crate::broker) fn disconnected(&mut self, peer: NodeId, ctx: &mut Ctx<'_>) {
        for index in 0..self.memory.markers.len() {
            let Marker {
                request, partition, ..
            } = self.memory.markers[index];
            if self.leader(partition) == peer {
                let timer = ctx.set_timer(RECONNECT, Timer::MarkerExpired { request });
                let before = core::mem::replace(&mut self.memory.markers[index].timer, timer);
                ctx.cancel(before);
            }
        }
    }
}
