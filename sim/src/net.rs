//! Links and connections: who can reach whom, how long it takes, and what order is kept.
//!
//! *Connection*: in order, no copies. Two nodes begin with one; the end that speaks first counts as having dialled
//! it. A packet that is lost breaks its connection in that direction: nothing sent after it gets through, and
//! whoever sends into the gap is told one latency later, unless the link is cut: then silence. The other end is not
//! told, nor is an end that uses a newer connection already. An end that gives a connection up, or is told that it
//! broke, dials a new one with its next send, which costs a round trip; unless it hears the other end on a newer one
//! first: then it answers there.
//!
//! *The news that a connection broke overtakes nothing*: it reaches an end behind whatever the other one had sent there
//! by then, an answer before the crash as well.
//!
//! *What an end sent on a connection before it gave it up may still arrive*, even after its next connection's
//! traffic: connections keep no order among each other. What the other end answers there is not heard.
//!
//! *Datagram*: each packet fends for itself.
//!
//! Source: `semantics.md` §6.4 (order within a connection; loss is a reset with unknown tail).

use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::address::{Label, NodeId};
use crate::digest::{Digest, mix};
use crate::record::Loss;
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

/// One direction between two nodes.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) key: u64,
    pub(crate) extra: Span,
    pub(crate) cuts: u16,
    /// The newest connection that was used in this direction.
    newest: u32,
    /// When the last packet of the newest connection arrives, and the last one of all older ones.
    last: [Time; 2],
    /// Connections below this have lost a packet in this direction.
    broken: u32,
    /// Packets so far on the newest connection, by label, and on older ones.
    sent: Vec<u32>,
    sent_before: Vec<u32>,
}

impl Link {
    fn new(key: u64, labels: usize) -> Self {
        Self {
            key,
            extra: Span::ZERO,
            cuts: 0,
            newest: 0,
            last: [Time::ZERO; 2],
            broken: 0,
            sent: vec![0; labels],
            sent_before: vec![0; labels],
        }
    }

    /// As new, with the room kept.
    fn reset(&mut self) {
        self.extra = Span::ZERO;
        self.cuts = 0;
        self.last = [Time::ZERO; 2];
        self.broken = 0;
        self.sent.fill(0);
        // Most links never see a second connection.
        if self.newest > 0 {
            self.sent_before.fill(0);
        }
        self.newest = 0;
    }

    /// What was sent so far on a connection that is not the newest one so far, or on all older ones.
    #[inline(never)]
    fn sent_elsewhere(&mut self, connection: u32) -> &mut [u32] {
        if connection > self.newest {
            self.turn(connection);
        }
        if connection < self.newest {
            &mut self.sent_before
        } else {
            &mut self.sent
        }
    }

    /// The link is first used for a newer connection: that one counts from 0. What is still sent on older ones counts
    /// on from where the longest of them had come, so that no address is used twice.
    #[cold]
    fn turn(&mut self, connection: u32) {
        self.newest = connection;
        self.last = [Time::ZERO, self.last[0].max(self.last[1])];
        for (newest, older) in self.sent.iter_mut().zip(&mut self.sent_before) {
            *older = (*newest).max(*older);
            *newest = 0;
        }
    }

    /// What keeps a packet of this connection from going on its way at all.
    #[inline]
    pub(crate) fn obstacle(&self, connection: u32) -> Option<Loss> {
        if self.cuts > 0 {
            Some(Loss::Isolated)
        } else if connection < self.broken {
            Some(Loss::Behind)
        } else {
            None
        }
    }
}

/// What one end knows of its connections with the other.
#[derive(Clone, Copy, Debug)]
struct End {
    /// The connection it speaks on; none: its next send dials.
    uses: Option<u32>,
    /// The last connection that it dialled, and when that was or will be open.
    dialled: Option<u32>,
    opened: Time,
    /// It hears nothing on connections below this.
    floor: u32,
    /// It knows that connections below this are broken.
    told: u32,
}

/// Two nodes: their ends (the lower node's first) and how many connections they have had.
#[derive(Clone, Copy, Debug)]
struct Pair {
    ends: [End; 2],
    connections: u32,
}

impl Pair {
    const NEW: Self = {
        let end = End {
            uses: Some(0),
            dialled: None,
            opened: Time::ZERO,
            floor: 0,
            told: 0,
        };
        Self {
            ends: [end; 2],
            connections: 1,
        }
    };

    fn spoken(&self) -> bool {
        self.ends.iter().any(|end| end.dialled.is_some())
    }
}

/// All links between `size` nodes.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) transport: Transport,
    pub(crate) latency: Latency,
    size: u16,
    links: Vec<Link>,
    pairs: Vec<Pair>,
}

impl Network {
    pub(crate) fn new(transport: Transport, latency: Latency, keys: &[u64], labels: usize) -> Self {
        let size = keys.len();
        let key = |index: usize| mix(keys[index / size], keys[index % size], 0);
        let link = |index: usize| Link::new(key(index), labels);
        Self {
            transport,
            latency,
            size: size as u16,
            links: (0..size * size).map(link).collect(),
            pairs: vec![Pair::NEW; size * size],
        }
    }

    /// As new, with the room kept.
    pub(crate) fn reset(&mut self) {
        self.links.iter_mut().for_each(Link::reset);
        self.pairs.fill(Pair::NEW);
    }

    #[inline]
    fn index(&self, from: NodeId, to: NodeId) -> usize {
        usize::from(from.0) * usize::from(self.size) + usize::from(to.0)
    }

    #[inline]
    pub(crate) fn link(&self, from: NodeId, to: NodeId) -> &Link {
        &self.links[self.index(from, to)]
    }

    /// What a packet needs at least.
    #[inline]
    pub(crate) fn least(&self, from: NodeId, to: NodeId) -> Span {
        self.latency.least + self.link(from, to).extra
    }

    pub(crate) fn link_mut(&mut self, from: NodeId, to: NodeId) -> &mut Link {
        let index = self.index(from, to);
        &mut self.links[index]
    }

    pub(crate) fn links_mut(&mut self) -> impl Iterator<Item = &mut Link> {
        self.links.iter_mut()
    }

    fn pair_mut(&mut self, one: NodeId, other: NodeId) -> &mut Pair {
        let index = self.index(one.min(other), one.max(other));
        &mut self.pairs[index]
    }

    fn end(&self, me: NodeId, peer: NodeId) -> &End {
        &self.pairs[self.index(me.min(peer), me.max(peer))].ends[side(me, peer)]
    }

    fn end_mut(&mut self, me: NodeId, peer: NodeId) -> &mut End {
        &mut self.pair_mut(me, peer).ends[side(me, peer)]
    }

    /// Counts a packet, and says how many of its label there were before it on its connection.
    #[expect(clippy::inline_always, reason = "every packet is counted")]
    #[inline(always)]
    pub(crate) fn count(
        &mut self,
        from: NodeId,
        to: NodeId,
        connection: u32,
        label: Label,
    ) -> (&Link, u32) {
        let link = self.link_mut(from, to);
        let sent = if connection == link.newest {
            &mut link.sent
        } else {
            link.sent_elsewhere(connection)
        };
        let nth = &mut sent[usize::from(label.0)];
        let before = *nth;
        *nth += 1;
        (link, before)
    }

    /// The connection on which `from` speaks to `to` now, dialled if need be.
    #[inline(never)]
    pub(crate) fn connection(&mut self, from: NodeId, to: NodeId, now: Time) -> u32 {
        let round_trip = self.least(from, to) + self.least(to, from);
        let pair = self.pair_mut(from, to);
        let spoken = pair.spoken();
        let end = &mut pair.ends[side(from, to)];
        match end.uses {
            Some(connection) if spoken => connection,
            Some(connection) => *end.dialled.insert(connection),
            None => {
                let connection = pair.connections;
                pair.connections += 1;
                end.uses = Some(connection);
                end.dialled = Some(connection);
                end.opened = now + round_trip;
                connection
            }
        }
    }

    /// When a packet that needs `delay` arrives, given what was sent before it on the connection.
    pub(crate) fn arrival(
        &mut self,
        from: NodeId,
        to: NodeId,
        connection: u32,
        now: Time,
        delay: Span,
    ) -> Time {
        let end = self.end(from, to);
        let dialled = end.dialled == Some(connection);
        let start = if dialled { now.max(end.opened) } else { now };
        let link = self.link_mut(from, to);
        let last = &mut link.last[usize::from(connection < link.newest)];
        *last = (*last).max(start + delay);
        *last
    }

    /// When news that leaves `from` now arrives at `to`: one least latency later, and behind what the connection still
    /// carries.
    pub(crate) fn behind(&self, from: NodeId, to: NodeId, connection: u32, now: Time) -> Time {
        let link = self.link(from, to);
        let carries = match connection.cmp(&link.newest) {
            Ordering::Less => link.last[1],
            Ordering::Equal => link.last[0],
            Ordering::Greater => Time::ZERO,
        };
        carries.max(now + self.least(from, to))
    }

    /// Nothing that is sent from now on gets through on this connection.
    pub(crate) fn open_gap(&mut self, from: NodeId, to: NodeId, connection: u32) {
        let link = self.link_mut(from, to);
        link.broken = link.broken.max(connection + 1);
    }

    /// `me` has missed a packet of `peer` on this connection: whatever comes behind it there is never heard.
    pub(crate) fn deafen(&mut self, me: NodeId, peer: NodeId, connection: u32) {
        let end = self.end_mut(me, peer);
        end.floor = end.floor.max(connection + 1);
    }

    /// Whether `me` still hears `peer` on this connection.
    pub(crate) fn hears(&self, me: NodeId, peer: NodeId, connection: u32) -> bool {
        connection >= self.end(me, peer).floor
    }

    /// A packet of `from` on `connection` has been heard: `to` answers there, if it is newer than what it uses.
    pub(crate) fn heard(&mut self, from: NodeId, to: NodeId, connection: u32) {
        let end = self.end_mut(to, from);
        if connection >= end.told && end.uses.is_none_or(|used| used < connection) {
            end.uses = Some(connection);
        }
    }

    /// `me` neither listens nor speaks any more on its current connection, and on any that it was told is broken.
    pub(crate) fn give_up(&mut self, me: NodeId, peer: NodeId) {
        let pair = self.pair_mut(me, peer);
        let spoken = pair.spoken();
        let end = &mut pair.ends[side(me, peer)];
        end.floor = end.floor.max(end.told);
        if let Some(used) = end.uses.filter(|_| spoken) {
            end.uses = None;
            end.floor = end.floor.max(used + 1);
        }
    }

    /// Every connection that `me` had with `peer` is gone with its process. Returns the one that `peer` uses.
    pub(crate) fn close(&mut self, me: NodeId, peer: NodeId) -> Option<u32> {
        let pair = self.pair_mut(me, peer);
        if !pair.spoken() {
            return None;
        }
        let end = &mut pair.ends[side(me, peer)];
        end.uses = None;
        end.floor = pair.connections;
        pair.ends[side(peer, me)].uses
    }

    /// `me` learns that `connection` is broken. True if that is news to it, and it uses no newer one already.
    ///
    /// It speaks there no more. If it dialled it, it listens no more either; the other end may yet hear what was on
    /// its way.
    pub(crate) fn told(&mut self, me: NodeId, peer: NodeId, connection: u32) -> bool {
        let end = self.end_mut(me, peer);
        if connection < end.told || connection < end.floor {
            return false;
        }
        end.told = connection + 1;
        if end.dialled == Some(connection) {
            end.floor = connection + 1;
        }
        let newer = end.uses.is_some_and(|used| used > connection);
        if !newer {
            end.uses = None;
        }
        !newer
    }

    /// What decides the future of every link: times as time to go, connections as how many came since.
    pub(crate) fn fingerprint(&self, now: Time, digest: &mut Digest) {
        for (index, link) in self.links.iter().enumerate() {
            digest.add(&(link.extra, link.cuts));
            let size = usize::from(self.size);
            let (from, to) = (index / size, index % size);
            let pair = &self.pairs[from.min(to) * size + from.max(to)];
            if !pair.spoken() {
                continue;
            }
            let age = |connection: u32| pair.connections - connection;
            digest.add(&(age(link.newest), age(link.broken)));
            digest.add(&link.last.map(|last| last.since(now)));
            let end = &pair.ends[usize::from(from > to)];
            digest.add(&(end.uses.map(age), end.dialled.map(age)));
            digest.add(&(end.opened.since(now), age(end.floor), age(end.told)));
        }
    }

    /// How many connections ago this one was dialled, for fingerprints.
    pub(crate) fn age(&self, one: NodeId, other: NodeId, connection: u32) -> u32 {
        let pair = &self.pairs[self.index(one.min(other), one.max(other))];
        pair.connections - connection
    }
}

fn side(me: NodeId, peer: NodeId) -> usize {
    usize::from(me > peer)
}
