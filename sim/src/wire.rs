//! Packets: leaving, being lost, arriving where nobody hears them.

use crate::address::{Fate, NodeId, OutageKind};
use crate::adversary::{Adversary, Sending};
use crate::context::{Event, Peer};
use crate::digest::Digest;
use crate::domain::Domain;
use crate::net::Transport;
use crate::queue::Weight;
use crate::record::{Loss, Recorder, What};
use crate::time::{Span, Time};
use crate::world::{State, World, packet_word};

impl<D: Domain> World<D> {
    /// Whether two nodes speak over a connection (a node speaks to itself as if by datagram, and loses nothing).
    pub(crate) fn connected(&self, from: NodeId, to: NodeId) -> bool {
        self.network.transport == Transport::Connection && from != to
    }

    /// A packet leaves its node: its fate is decided now.
    pub(crate) fn depart(
        &mut self,
        from: NodeId,
        peer: Peer,
        message: D::Message,
        cause: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let to = peer.node;
        let connected = self.connected(from, to);
        let connection = match (connected, peer.connection) {
            (false, _) => 0,
            (true, Some(connection)) => connection,
            (true, None) => self.network.connection(from, to, self.core.now),
        };
        let label = D::label(&message);
        let id = self.network.packet(from, to, connection, label);
        let (fate, loss) = if connected && !self.network.hears(from, to, connection) {
            (Fate::drop(), Some(Loss::GivenUp))
        } else {
            self.fate(id, from, to, &message, connection, adversary)
        };
        self.counts.packets += 1;
        for fault in fate.acted() {
            self.fired(fault);
        }
        let add = |digest: &mut Digest| {
            digest.word(packet_word(id));
            digest.add(&message);
            digest.add(&fate.delays());
        };
        let entry = self.note(
            Some(cause),
            add,
            || What::Sent {
                id,
                from,
                to,
                message,
                fate,
                loss,
            },
            recorder,
        );
        self.departed(from, &message, entry, recorder);
        if fate.delays().len() > 1 {
            recorder.duplicated(self.core.now);
        }
        if let Some(loss) = loss {
            self.lose(from, to, connection, loss, entry);
        }
        let copies = if connected {
            fate.delays().len().min(1)
        } else {
            fate.delays().len()
        };
        for delay in &fate.delays()[..copies] {
            self.dispatch(from, to, connection, message, *delay, entry);
        }
    }

    /// What becomes of a packet, by the state of its link or by the adversary's answer.
    fn fate(
        &mut self,
        id: crate::address::PacketId,
        from: NodeId,
        to: NodeId,
        message: &D::Message,
        connection: u32,
        adversary: &mut impl Adversary<D>,
    ) -> (Fate, Option<Loss>) {
        let link = self.network.link(from, to);
        if from == to {
            return (Fate::deliver(link.latency.least), None);
        }
        if link.cuts > 0 {
            return (Fate::drop(), Some(Loss::Isolated));
        }
        if self.network.transport == Transport::Connection
            && self.network.has_gap(from, to, connection)
        {
            return (Fate::drop(), Some(Loss::Behind));
        }
        let items = D::batch(message).map_or(&[][..], |batch| self.core.store.get(batch));
        let sending = Sending {
            id,
            from,
            to,
            at: self.core.now,
            message,
            items,
            latency: link.latency.least + link.extra,
            spread: link.latency.spread,
        };
        let fate = adversary.fate(&sending);
        let loss = match (fate.delays().is_empty(), fate.corrupted) {
            (false, _) => None,
            (true, true) => Some(Loss::Corrupted),
            (true, false) => Some(Loss::Dropped),
        };
        (fate, loss)
    }

    /// Tells the domain's observations of a packet that leaves.
    fn departed(
        &mut self,
        from: NodeId,
        message: &D::Message,
        entry: u64,
        recorder: &mut impl Recorder<D>,
    ) {
        let mut seen = core::mem::take(&mut self.core.seen);
        let items = D::batch(message).map_or(&[][..], |batch| self.core.store.get(batch));
        D::departed(from, message, items, &mut |observation| {
            seen.push(observation)
        });
        for observation in seen.drain(..) {
            self.observed(from, observation, entry, recorder);
        }
        self.core.seen = seen;
    }

    /// A lost packet leaves a gap in its connection, and its sender is told unless the link is dead.
    fn lose(&mut self, from: NodeId, to: NodeId, connection: u32, loss: Loss, cause: u64) {
        if !self.connected(from, to) {
            return;
        }
        self.network.open_gap(from, to, connection);
        if loss != Loss::Isolated && loss != Loss::GivenUp {
            self.tell(from, to, connection, cause);
        }
    }

    /// One latency later `node` learns that its connection with `peer` is broken, if the link lets it.
    pub(crate) fn tell(&mut self, node: NodeId, peer: NodeId, connection: u32, cause: u64) {
        let link = self.network.link(peer, node);
        if link.cuts > 0 {
            return;
        }
        let at = self.core.now + link.latency.least;
        self.core.queue.push(
            at,
            Weight::Useful,
            Event::Told {
                node,
                peer,
                connection,
                cause,
            },
        );
    }

    fn dispatch(
        &mut self,
        from: NodeId,
        to: NodeId,
        connection: u32,
        message: D::Message,
        delay: Span,
        cause: u64,
    ) {
        if let Some(batch) = D::batch(&message) {
            self.core.store.retain(batch);
        }
        let weight = if D::chatter(D::label(&message)) {
            Weight::Chatter
        } else {
            Weight::Useful
        };
        let event = Event::Arrive {
            from,
            to,
            connection,
            message,
            cause,
        };
        if self.connected(from, to) {
            let at: Time = self.network.arrival(from, to, self.core.now, delay);
            self.core.queue.push(at, weight, event);
        } else if self.network.link(from, to).latency.spread.is_zero() {
            self.core
                .queue
                .push_after(self.core.now, delay, weight, event);
        } else {
            self.core.queue.push(self.core.now + delay, weight, event);
        }
    }

    /// A copy reaches a node that is down or no longer listens.
    #[expect(
        clippy::too_many_arguments,
        reason = "a packet, why it was missed, and where to write it"
    )]
    pub(crate) fn miss(
        &mut self,
        from: NodeId,
        to: NodeId,
        connection: u32,
        message: D::Message,
        loss: Loss,
        cause: u64,
        recorder: &mut impl Recorder<D>,
    ) {
        let add = |digest: &mut Digest| digest.word(cause ^ 3 << 62);
        let entry = self.note(
            Some(cause),
            add,
            || What::Missed(from, to, message, loss),
            recorder,
        );
        let silent = match self.slot(to).state {
            State::Down(kind) => kind != OutageKind::Crash,
            State::Up | State::Paused => false,
        };
        if self.connected(from, to) && !silent {
            self.network.open_gap(from, to, connection);
            self.tell(from, to, connection, entry);
        }
    }
}
