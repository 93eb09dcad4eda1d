//! Packets: leaving, being lost, arriving where nobody hears them.

use crate::address::{Fate, Label, NodeId, OutageKind, PacketId};
use crate::adversary::{Adversary, Sending};
use crate::context::{Due, Event, Outgoing, Peer, weight};
use crate::digest::{Digest, Sum};
use crate::domain::Domain;
use crate::net::{Latency, Transport};
use crate::record::{Loss, Recorder, What};
use crate::time::{Span, Time};
use crate::world::queue::Weight;
use crate::world::{State, Tag, World};

/// A packet that leaves, or a copy of one that arrives.
#[derive(Clone, Copy)]
pub(super) struct Flight<'a, D: Domain> {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) connection: u32,
    pub(super) label: Label,
    pub(super) message: &'a D::Message,
    /// The entry that brought it about: the step, until its sending is an entry itself.
    pub(super) cause: u64,
}

impl<D: Domain> World<D> {
    /// Whether two nodes speak over a connection (a node speaks to itself as if by datagram, and loses nothing).
    #[inline]
    pub(super) fn connected(&self, from: NodeId, to: NodeId) -> bool {
        self.network.transport == Transport::Connection && from != to
    }

    /// One of the packets that a step sends leaves its node: its fate is decided now.
    #[expect(
        clippy::inline_always,
        reason = "nearly every packet comes from one place"
    )]
    #[inline(always)]
    pub(super) fn depart(
        &mut self,
        from: NodeId,
        place: usize,
        cause: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let to = self.core.sends[place].to.node;
        if self.network.transport == Transport::Datagram && from != to {
            self.depart_alone(from, place, cause, adversary, recorder);
        } else {
            self.depart_on_connection(from, place, cause, adversary, recorder);
        }
    }

    /// A datagram leaves. Most are delivered once: what is needed of them is read where they lie.
    #[expect(
        clippy::inline_always,
        reason = "nearly every packet comes from one place"
    )]
    #[inline(always)]
    fn depart_alone<R: Recorder<D>>(
        &mut self,
        from: NodeId,
        place: usize,
        cause: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut R,
    ) {
        let out = &self.core.sends[place];
        let (to, label, sum, message) = (out.to.node, out.label, out.sum, &out.message);
        let (link, nth) = self.network.count(from, to, 0, label);
        let (key, cut, extra) = (link.key, link.cuts > 0, link.extra);
        let id = || PacketId {
            link: key,
            connection: 0,
            label,
            nth,
        };
        let Latency { least, spread } = self.network.latency;
        let usual = (!cut).then(|| adversary.usual(id(), least + extra, spread));
        let Some(Some(delay)) = usual else {
            let flight = Flight {
                from,
                to,
                connection: 0,
                label,
                message: &{ *message },
                cause,
            };
            let obstacle = cut.then_some(Loss::Isolated);
            self.depart_oddly(flight, id(), sum, obstacle, adversary, recorder);
            return;
        };
        let now = self.core.now;
        let entry = self.counts.entries;
        self.counts.entries += 1;
        self.counts.packets += 1;
        self.digest = signed(self.digest, now, id(), sum, Ok(&[delay]));
        if R::OPEN {
            let what = what_sent(id(), (from, to), message, Fate::deliver(delay), None);
            self.write_down(entry, Some(cause), what, recorder);
        }
        if let Some(batch) = D::batch(message) {
            self.core.store.retain(batch);
        }
        let event = || Event {
            node: to,
            due: Due::Arrival {
                from,
                connection: 0,
                label,
                message: *message,
                cause: entry,
            },
        };
        let (weight, queue) = (weight::<D>(label), &mut self.core.queue);
        if spread.is_zero() {
            queue.push_after(now, delay, weight, event());
        } else {
            queue.put(now + delay, weight, event);
        }
        if D::tells(label) {
            let message = *message;
            self.departed(from, &message, entry, recorder);
        }
    }

    /// A packet leaves on a connection, or from a node to itself.
    #[inline(never)]
    fn depart_on_connection(
        &mut self,
        from: NodeId,
        place: usize,
        cause: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let Outgoing {
            to,
            label,
            sum,
            message,
        } = self.core.sends[place];
        let Peer {
            node: to,
            connection,
        } = to;
        let connected = self.connected(from, to);
        let connection = match (connected, connection) {
            (false, _) => 0,
            (true, Some(connection)) => connection,
            (true, None) => self.network.connection(from, to, self.core.now),
        };
        let heard = !connected || self.network.hears(from, to, connection);
        let Latency { least, spread } = self.network.latency;
        let (link, nth) = self.network.count(from, to, connection, label);
        let obstacle = link.obstacle(connection);
        let latency = least + link.extra;
        let id = PacketId {
            link: link.key,
            connection,
            label,
            nth,
        };
        let flight = Flight {
            from,
            to,
            connection,
            label,
            message: &message,
            cause,
        };
        if heard
            && obstacle.is_none()
            && from != to
            && let Some(delay) = adversary.usual(id, latency, spread)
        {
            let fate = Fate::deliver(delay);
            let entry = self.sent(&flight, id, sum, &fate, None, recorder);
            self.dispatch(&flight, entry, delay);
        } else {
            let obstacle = if heard { obstacle } else { Some(Loss::GivenUp) };
            self.depart_oddly(flight, id, sum, obstacle, adversary, recorder);
        }
    }

    /// A packet leaves that is not simply delivered once.
    #[inline(never)]
    fn depart_oddly(
        &mut self,
        flight: Flight<'_, D>,
        id: PacketId,
        sum: Sum,
        obstacle: Option<Loss>,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let Flight {
            from, to, message, ..
        } = flight;
        let connected = self.connected(from, to);
        let mut fate = if obstacle.is_some() {
            Fate::drop()
        } else if from == to {
            Fate::deliver(self.network.latency.least)
        } else {
            adversary.fate(&Sending {
                id,
                from,
                to,
                at: self.core.now,
                message,
                items: D::batch(message).map_or(&[][..], |batch| self.core.store.get(batch)),
                latency: self.network.least(from, to),
                spread: self.network.latency.spread,
                connected,
            })
        };
        if connected {
            fate.sort_out();
        }
        let loss = obstacle.or_else(|| loss_of(&fate));
        for fault in fate.acted() {
            self.fired(fault);
        }
        let entry = self.sent(&flight, id, sum, &fate, loss, recorder);
        if connected && let Some(loss) = loss {
            self.lose(from, to, flight.connection, loss, entry);
        }
        if fate.delays().len() > 1 {
            recorder.duplicated(self.core.now);
        }
        for delay in fate.delays() {
            self.dispatch(&flight, entry, *delay);
        }
    }

    /// The packet and its fate are written down, and what becomes observable with them.
    fn sent<R: Recorder<D>>(
        &mut self,
        flight: &Flight<'_, D>,
        id: PacketId,
        sum: Sum,
        fate: &Fate,
        loss: Option<Loss>,
        recorder: &mut R,
    ) -> u64 {
        let Flight {
            from,
            to,
            label,
            message,
            cause,
            ..
        } = *flight;
        let entry = self.counts.entries;
        self.counts.entries += 1;
        self.counts.packets += 1;
        let arrives = loss.map_or(Ok(fate.delays()), Err);
        self.digest = signed(self.digest, self.core.now, id, sum, arrives);
        if R::OPEN {
            let what = what_sent(id, (from, to), message, *fate, loss);
            self.write_down(entry, Some(cause), what, recorder);
        }
        if D::tells(label) {
            self.departed(from, message, entry, recorder);
        }
        entry
    }

    /// Tells the domain's observations of a packet that leaves. Those of its step have been told by then.
    #[inline]
    fn departed(
        &mut self,
        from: NodeId,
        message: &D::Message,
        entry: u64,
        recorder: &mut impl Recorder<D>,
    ) {
        let items = D::batch(message).map_or(&[][..], |batch| self.core.store.get(batch));
        let seen = &mut self.core.seen;
        D::departed(from, message, items, &mut |observation| {
            seen.push(observation);
        });
        self.tell_seen(from, entry, recorder);
        self.core.seen.clear();
    }

    /// A lost packet leaves a gap in its connection, and its sender is told unless the link is dead.
    fn lose(&mut self, from: NodeId, to: NodeId, connection: u32, loss: Loss, cause: u64) {
        self.network.open_gap(from, to, connection);
        if loss != Loss::Isolated && loss != Loss::GivenUp {
            self.tell(from, to, connection, cause);
        }
    }

    /// One latency later, and after all that `peer` had said there, `node` learns that its connection with `peer` is
    /// broken, if the link lets it.
    pub(super) fn tell(&mut self, node: NodeId, peer: NodeId, connection: u32, cause: u64) {
        if self.network.link(peer, node).cuts > 0 {
            return;
        }
        let at = self.network.behind(peer, node, connection, self.core.now);
        let event = Event {
            node,
            due: Due::Told {
                peer,
                connection,
                cause,
            },
        };
        self.core.queue.push(at, Weight::Useful, event);
    }

    /// Puts a copy on its way.
    #[inline]
    fn dispatch(&mut self, flight: &Flight<'_, D>, cause: u64, delay: Span) {
        let Flight {
            from,
            to,
            connection,
            label,
            message,
            ..
        } = *flight;
        if let Some(batch) = D::batch(message) {
            self.core.store.retain(batch);
        }
        let weight = weight::<D>(label);
        let event = || Event {
            node: to,
            due: Due::Arrival {
                from,
                connection,
                label,
                message: *message,
                cause,
            },
        };
        let (now, queue) = (self.core.now, &mut self.core.queue);
        if self.network.transport == Transport::Connection && from != to {
            let at = self.network.arrival(from, to, connection, now, delay);
            queue.put(at, weight, event);
        } else if self.network.latency.spread.is_zero() {
            queue.push_after(now, delay, weight, event());
        } else {
            queue.put(now + delay, weight, event);
        }
    }

    /// A copy reaches a node that is down or no longer listens.
    pub(super) fn miss(
        &mut self,
        flight: &Flight<'_, D>,
        loss: Loss,
        recorder: &mut impl Recorder<D>,
    ) {
        let Flight {
            from,
            to,
            connection,
            message,
            cause,
            ..
        } = *flight;
        let what = || What::Missed(from, to, *message, loss);
        let entry = self.note(Tag::Missed, Some(cause), cause, Sum::NONE, what, recorder);
        if self.connected(from, to) {
            self.network.deafen(to, from, connection);
        }
        let silent = match self.slot(to).state {
            State::Down(kind) => kind != OutageKind::Crash,
            State::Up | State::Paused { .. } => false,
        };
        if self.connected(from, to) && !silent {
            self.network.open_gap(from, to, connection);
            self.tell(from, to, connection, entry);
        }
    }
}

/// Why a packet of this fate reaches nobody, if so.
fn loss_of(fate: &Fate) -> Option<Loss> {
    match (fate.delays(), fate.corrupted) {
        ([], true) => Some(Loss::Corrupted),
        ([], false) => Some(Loss::Dropped),
        _ => None,
    }
}

/// A packet that leaves, as an entry tells of it.
const fn what_sent<D: Domain>(
    id: PacketId,
    (from, to): (NodeId, NodeId),
    message: &D::Message,
    fate: Fate,
    loss: Option<Loss>,
) -> What<D> {
    What::Sent {
        id,
        from,
        to,
        message: *message,
        fate,
        loss,
    }
}

/// A digest to which a packet that leaves, and when it arrives or why it does not, have been added.
#[expect(clippy::inline_always, reason = "every packet is added")]
#[inline(always)]
fn signed(
    mut digest: Digest,
    now: Time,
    id: PacketId,
    mut sum: Sum,
    arrives: Result<&[Span], Loss>,
) -> Digest {
    let becomes = match arrives {
        Ok(delays) => delays.len() as u64,
        Err(loss) => LOST + loss as u64,
    };
    for delay in arrives.unwrap_or_default() {
        sum.word(delay.0);
    }
    Tag::Sent.add(&mut digest, now, packet_word(id) ^ becomes << 60, sum);
    digest
}

/// Reasons of a loss are told from numbers of copies, of which there are fewer.
const LOST: u64 = 8;

/// The word that stands for a packet's address in a digest.
fn packet_word(id: PacketId) -> u64 {
    id.link ^ (u64::from(id.label.0) << 48) ^ (u64::from(id.connection) << 32) ^ u64::from(id.nth)
}
