//! The fingerprint of a world: everything that decides its future, and nothing else, so that two ways to the same
//! state can be told to be one.

use crate::address::{NodeId, OutageKind};
use crate::context::{Due, Event};
use crate::digest::Digest;
use crate::domain::{Domain, Process};
use crate::world::{State, World};

impl<D: Domain> World<D> {
    /// Adds everything that decides the world's future to a fingerprint: never absolute time, insertion numbers,
    /// counters, storage positions, causes or counts.
    pub fn fingerprint(&self, digest: &mut Digest) {
        let now = self.core.now;
        for (index, slot) in self.slots.iter().enumerate() {
            let (down, since) = match slot.state {
                State::Up => (None, now),
                State::Down(kind) => (Some(kind), now),
                State::Paused { since } => (Some(OutageKind::Pause), since),
            };
            digest.add(&(down, slot.busy_until.since(since), slot.slow));
            digest.add(&slot.clock.state(now));
            for ticket in &slot.inbox {
                if let Some(event) = self.core.queue.get(*ticket) {
                    self.fingerprint_event(event, digest);
                }
            }
            self.fingerprint_unsent(NodeId(index as u16), digest);
            self.nodes[index].fingerprint(now, digest);
        }
        self.network.fingerprint(now, digest);
        for (at, _, event) in self.core.queue.in_order() {
            digest.add(&at.since(now));
            self.fingerprint_event(event, digest);
        }
        digest.add(&self.healed);
    }

    /// Whether any node adds anything to a fingerprint. A world without nodes has nothing to add.
    pub(crate) fn tells_nodes_apart(&self) -> bool {
        let tells = |node: &D::Node| {
            let mut digest = Digest::new();
            node.fingerprint(self.core.now, &mut digest);
            digest != Digest::new()
        };
        self.nodes.is_empty() || self.nodes.iter().any(tells)
    }

    fn fingerprint_event(&self, event: &Event<D>, digest: &mut Digest) {
        let Event { node, due } = event;
        let slot = &self.slots[usize::from(node.0)];
        digest.add(node);
        match due {
            Due::Arrival {
                from,
                connection,
                message,
                ..
            } => {
                let age = self.network.age(*from, *node, *connection);
                digest.add(&(0_u8, from, age));
                self.fingerprint_message(message, digest);
            }
            Due::Timer {
                incarnation, timer, ..
            } => digest.add(&(1_u8, *incarnation == slot.incarnation, timer)),
            Due::Told {
                peer, connection, ..
            } => {
                let age = self.network.age(*node, *peer, *connection);
                digest.add(&(2_u8, peer, age));
            }
            Due::Ready => digest.add(&3_u8),
            Due::Return { .. } => digest.add(&4_u8),
        }
    }

    pub(crate) fn fingerprint_message(&self, message: &D::Message, digest: &mut Digest) {
        digest.add(message);
        if let Some(batch) = D::batch(message) {
            digest.add(&self.core.store.get(batch));
        }
    }
}
