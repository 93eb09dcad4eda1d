//! Readers: a fetch is answered as soon as there is something to read, or when it has waited long enough.

use alloc::vec::Vec;

use semel_sim::address::NodeId;
use semel_sim::context::{Peer, TimerId};
use semel_sim::digest::Digest;
use semel_sim::time::Span;

use crate::broker::outside;
use crate::broker::partition::log::Log;
use crate::message::Message;
use crate::message::log::{Message as LogMessage, Range};
use crate::model::Ctx;
use crate::observation::Read;
use crate::timer::Timer;
use crate::vocabulary::{Item, Offset, Partition};

/// A fetch request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fetch {
    pub(super) client: Peer,
    pub(super) partition: Partition,
    pub(super) offset: Offset,
    pub(super) request: u32,
    pub(super) most: u16,
    pub(super) read: Read,
    pub(super) wait: Span,
}

/// Fetches that wait.
#[derive(Clone, Debug, Default)]
pub(super) struct Readers {
    parked: Vec<(Fetch, TimerId)>,
    items: Vec<Item>,
}

impl Readers {
    pub(super) fn clear(&mut self) {
        self.parked.clear();
    }

    /// Answers a fetch if there is anything to say. False if it has to wait.
    pub(super) fn answer(&mut self, fetch: &Fetch, log: &Log, ctx: &mut Ctx<'_>) -> bool {
        let Fetch {
            client,
            partition,
            offset,
            request,
            most,
            read,
            ..
        } = *fetch;
        if offset < log.begin() || offset > log.end() {
            ctx.send(client, outside(partition, request, log.begin(), log.end()));
            return true;
        }
        self.items.clear();
        let next = log.read(offset, most, read, &mut self.items);
        if next == offset {
            return false;
        }
        let batch = (!self.items.is_empty()).then(|| ctx.batch(&self.items));
        let records = LogMessage::Records {
            partition,
            request,
            batch,
            next,
            range: Range::Inside,
        };
        ctx.send(client, Message::Log(records));
        true
    }

    pub(super) fn park(&mut self, fetch: Fetch, ctx: &mut Ctx<'_>) {
        let Fetch {
            partition,
            request,
            client,
            ..
        } = fetch;
        self.parked.retain(|(other, timer)| {
            let replaced = other.client.node == client.node && other.partition == partition;
            if replaced {
                ctx.cancel(*timer);
            }
            !replaced
        });
        let waited = Timer::FetchWaited {
            partition,
            client: client.node.0,
            request,
        };
        let timer = ctx.set_timer(fetch.wait, waited);
        self.parked.push((fetch, timer));
    }

    /// There is something new in a partition.
    pub(super) fn serve(&mut self, log: &Log, partition: Partition, ctx: &mut Ctx<'_>) {
        let mut index = 0;
        while index < self.parked.len() {
            if self.parked[index].0.partition == partition {
                let (fetch, timer) = self.parked[index];
                if self.answer(&fetch, log, ctx) {
                    ctx.cancel(timer);
                    self.parked.remove(index);
                    continue;
                }
            }
            index += 1;
        }
    }

    /// A fetch has waited long enough: there is nothing new.
    pub(super) fn give_up(&mut self, client: u16, request: u32, ctx: &mut Ctx<'_>) {
        let same = |fetch: &Fetch| fetch.client.node.0 == client && fetch.request == request;
        let Some(index) = self.parked.iter().position(|(fetch, _)| same(fetch)) else {
            return;
        };
        let (fetch, _) = self.parked.remove(index);
        let Fetch {
            client,
            partition,
            offset,
            request,
            ..
        } = fetch;
        let none = LogMessage::Records {
            partition,
            request,
            batch: None,
            next: offset,
            range: Range::Inside,
        };
        ctx.send(client, Message::Log(none));
    }

    /// A client is gone.
    pub(super) fn forget(&mut self, peer: NodeId) {
        self.parked.retain(|(fetch, _)| fetch.client.node != peer);
    }

    pub(super) fn fingerprint(&self, digest: &mut Digest) {
        for (
            Fetch {
                client,
                partition,
                offset,
                most,
                read,
                ..
            },
            _,
        ) in &self.parked
        {
            digest.add(&(client.node, partition, offset, most, read));
        }
    }
}
