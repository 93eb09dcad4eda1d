//! Links and connections: who can reach whom, how long it takes, and what order is kept.
//!
//! *Connection*: in order, no copies. A packet that is lost breaks the connection: nothing after it gets through,
//! and whoever sends into the gap is told one latency later (unless the link is cut: then silence). The end that
//! spoke first dials; when it gives a connection up, its next send dials a new one, which costs a round trip.
//! What it had sent before may still arrive. *Datagram*: each packet fends for itself.
//!
//! Source: `semantics.md` §6.4 (order within a connection; loss is a reset with unknown tail).

use alloc::vec;
use alloc::vec::Vec;

use crate::address::{Label, NodeId, PacketId};
use crate::digest::mix;
use crate::time::{Span, Time};

/// How messages travel.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub enum Transport {
    /// In order within a connection, no duplicates there; a loss breaks it.
    #[default]
    Connection,
    /// Each packet fends for itself: lost, late, twice, in any order.
    Datagram,
}

/// How long a packet takes in fair weather: `least`, and up to `spread` more as chance has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Latency {
    /// The nominal latency.
    pub least: Span,
    /// Chance adds less than this.
    pub spread: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) key: u64,
    pub(crate) latency: Latency,
    pub(crate) extra: Span,
    pub(crate) cuts: u16,
    /// When the last packet put on this link will arrive: later ones of its connection come after it.
    last: Time,
    /// The connection in which a packet was lost in this direction.
    gap: Option<u32>,
}

#[derive(Clone, Debug, Default)]
struct Pair {
    dialer: Option<NodeId>,
    /// The connection that the dialer uses, and whether it has dialled it yet.
    number: u32,
    undialled: bool,
    opened: Time,
    /// The newest connection on which the other end has heard the dialer.
    heard: u32,
    /// Each end hears nothing on connections below its floor (lower node first).
    floors: [u32; 2],
    /// Each end has been told of the loss of connections below this.
    told: [u32; 2],
}

/// All links between `size` nodes.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) transport: Transport,
    size: usize,
    links: Vec<Link>,
    pairs: Vec<Pair>,
    sent: Vec<u32>,
    labels: usize,
}

impl Network {
    pub(crate) fn new(transport: Transport, latency: Latency, keys: &[u64], labels: usize) -> Self {
        let size = keys.len();
        let link = |index: usize| Link {
            key: mix(keys[index / size], keys[index % size], 0),
            latency,
            extra: Span::ZERO,
            cuts: 0,
            last: Time::ZERO,
            gap: None,
        };
        Self {
            transport,
            size,
            links: (0..size * size).map(link).collect(),
            pairs: vec![Pair::default(); size * size],
            sent: vec![0; size * size * labels],
            labels,
        }
    }

    /// As new, with the room kept.
    pub(crate) fn reset(&mut self, latency: Latency) {
        for link in &mut self.links {
            *link = Link {
                key: link.key,
                latency,
                extra: Span::ZERO,
                cuts: 0,
                last: Time::ZERO,
                gap: None,
            };
        }
        self.pairs.fill(Pair::default());
        self.sent.fill(0);
    }

    fn index(&self, from: NodeId, to: NodeId) -> usize {
        usize::from(from.0) * self.size + usize::from(to.0)
    }

    pub(crate) fn link(&self, from: NodeId, to: NodeId) -> &Link {
        &self.links[self.index(from, to)]
    }

    pub(crate) fn link_mut(&mut self, from: NodeId, to: NodeId) -> &mut Link {
        let index = self.index(from, to);
        &mut self.links[index]
    }

    pub(crate) fn links_mut(&mut self) -> impl Iterator<Item = &mut Link> {
        self.links.iter_mut()
    }

    fn pair(&self, one: NodeId, other: NodeId) -> &Pair {
        &self.pairs[self.index(one.min(other), one.max(other))]
    }

    fn pair_mut(&mut self, one: NodeId, other: NodeId) -> &mut Pair {
        let index = self.index(one.min(other), one.max(other));
        &mut self.pairs[index]
    }

    /// The next packet's address on this link.
    #[inline]
    pub(crate) fn packet(
        &mut self,
        from: NodeId,
        to: NodeId,
        connection: u32,
        label: Label,
    ) -> PacketId {
        let index = self.index(from, to);
        let nth = &mut self.sent[index * self.labels + usize::from(label.0)];
        let id = PacketId {
            link: self.links[index].key,
            connection,
            label,
            nth: *nth,
        };
        *nth += 1;
        id
    }

    /// The connection on which `from` speaks to `to` now, dialling if need be.
    pub(crate) fn connection(&mut self, from: NodeId, to: NodeId, now: Time) -> u32 {
        let round_trip = self.link(from, to).latency.least + self.link(to, from).latency.least;
        let pair = self.pair_mut(from, to);
        let dialer = *pair.dialer.get_or_insert(from);
        if dialer != from {
            return pair.heard;
        }
        if pair.undialled {
            pair.undialled = false;
            pair.opened = now + round_trip;
        }
        pair.number
    }

    /// When a packet that needs `delay` arrives, given what was sent before it on the connection.
    pub(crate) fn arrival(&mut self, from: NodeId, to: NodeId, now: Time, delay: Span) -> Time {
        let pair = self.pair(from, to);
        let start = if pair.dialer == Some(from) {
            now.max(pair.opened)
        } else {
            now
        };
        let link = self.link_mut(from, to);
        link.last = link.last.max(start + delay);
        link.last
    }

    pub(crate) fn open_gap(&mut self, from: NodeId, to: NodeId, connection: u32) {
        self.link_mut(from, to).gap = Some(connection);
    }

    pub(crate) fn has_gap(&self, from: NodeId, to: NodeId, connection: u32) -> bool {
        self.link(from, to).gap == Some(connection)
    }

    /// Whether `me` still hears `peer` on this connection.
    pub(crate) fn hears(&self, me: NodeId, peer: NodeId, connection: u32) -> bool {
        connection >= self.pair(me, peer).floors[end(me, peer)]
    }

    /// A packet of `from` on `connection` has been heard.
    pub(crate) fn heard(&mut self, from: NodeId, to: NodeId, connection: u32) {
        let pair = self.pair_mut(from, to);
        if pair.dialer == Some(from) {
            pair.heard = pair.heard.max(connection);
        }
    }

    /// `me` stops listening on the current connection; if it is the dialer, its next send dials anew.
    pub(crate) fn give_up(&mut self, me: NodeId, peer: NodeId) {
        let pair = self.pair(me, peer);
        let last = if pair.dialer == Some(me) {
            pair.number
        } else {
            pair.heard
        };
        self.close(me, peer, last);
    }

    /// `me` hears nothing any more on connections up to `last`.
    fn close(&mut self, me: NodeId, peer: NodeId, last: u32) {
        let pair = self.pair_mut(me, peer);
        let floor = &mut pair.floors[end(me, peer)];
        *floor = (*floor).max(last + 1);
        if pair.dialer != Some(me) || pair.number > last {
            return;
        }
        pair.number = last + 1;
        pair.undialled = true;
        for (from, to) in [(me, peer), (peer, me)] {
            let index = self.index(from, to);
            self.sent[index * self.labels..(index + 1) * self.labels].fill(0);
            self.links[index].last = Time::ZERO;
        }
    }

    /// Every connection of `me` is gone with its process. Returns the peers and the connections they lose.
    pub(crate) fn close_all(&mut self, me: NodeId) -> Vec<(NodeId, u32)> {
        let mut lost = Vec::new();
        for peer in (0..self.size as u16).map(NodeId).filter(|peer| *peer != me) {
            let pair = self.pair(me, peer);
            if let Some(dialer) = pair.dialer {
                let last = pair.number;
                lost.push((peer, if dialer == me { pair.heard } else { last }));
                self.close(me, peer, last);
            }
        }
        lost
    }

    /// `me` learns that `connection` is broken. True if that is news.
    ///
    /// A dialer stops listening on it; the other end may yet hear what was on its way.
    pub(crate) fn told(&mut self, me: NodeId, peer: NodeId, connection: u32) -> bool {
        let pair = self.pair_mut(me, peer);
        let dials = pair.dialer == Some(me);
        let told = &mut pair.told[end(me, peer)];
        if *told > connection || pair.floors[end(me, peer)] > connection {
            return false;
        }
        *told = connection + 1;
        if dials {
            self.close(me, peer, connection);
        }
        true
    }

    /// What decides the future of every link, times as time to go.
    pub(crate) fn fingerprint(&self, now: Time, digest: &mut crate::digest::Digest) {
        for link in &self.links {
            digest.add(&(link.extra, link.cuts, link.last.since(now)));
        }
        for (index, pair) in self
            .pairs
            .iter()
            .enumerate()
            .filter(|(_, pair)| pair.dialer.is_some())
        {
            let (low, high) = (index / self.size, index % self.size);
            let age = |link: &Link| link.gap.map(|gap| pair.number.wrapping_sub(gap));
            digest.add(&(
                pair.dialer,
                pair.undialled,
                pair.opened.since(now),
                pair.number - pair.heard,
            ));
            digest.add(&pair.floors.map(|floor| pair.number.wrapping_sub(floor)));
            digest.add(&pair.told.map(|told| pair.number.wrapping_sub(told)));
            digest.add(&(
                age(&self.links[low * self.size + high]),
                age(&self.links[high * self.size + low]),
            ));
        }
    }

    /// How many connections ago this one was dialled, for fingerprints.
    pub(crate) fn age(&self, from: NodeId, to: NodeId, connection: u32) -> u32 {
        self.pair(from, to).number.wrapping_sub(connection)
    }
}

fn end(me: NodeId, peer: NodeId) -> usize {
    usize::from(me > peer)
}
