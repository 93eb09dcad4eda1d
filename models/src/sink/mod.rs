//! Sinks: where records take effect. Each is a database with durable transactions, reached over the network.

mod inbox;
mod ledger;

use alloc::vec::Vec;

use semel_sim::address::OutageKind;
use semel_sim::context::Peer;
use semel_sim::digest::Digest;
use semel_sim::time::Time;

use crate::message::Message;
use crate::message::sink::{Answer, Apply, Message as SinkMessage};
use crate::model::Ctx;
use crate::observation::{Hit, Miss, Observation, Place};
use crate::strategy::{Fence, Sink as Kind, SinkKind, Strategy};
use crate::vocabulary::{Generation, Offset, Topology};

use inbox::Inbox;
use ledger::Ledger;

/// A sink.
#[derive(Clone, Debug)]
pub struct Sink {
    kind: Kind,
    disk: Disk,
}

/// Everything is on disk before an answer leaves.
#[derive(Clone, Debug, Default, Hash)]
struct Disk {
    ledger: Ledger,
    inbox: Inbox,
    /// The next offset to read, per partition, for consumers that keep it here.
    marks: Vec<Offset>,
    /// The highest token seen, per partition.
    tokens: Vec<Generation>,
}

impl Sink {
    /// The sink of a topology.
    pub fn new(strategy: &Strategy, topology: Topology) -> Self {
        let partitions = usize::from(topology.partitions);
        let disk = Disk {
            marks: alloc::vec![0; partitions],
            tokens: alloc::vec![0; partitions],
            ..Disk::default()
        };
        Self {
            kind: strategy.sink,
            disk,
        }
    }

    /// Ready for another run, with the room kept.
    pub fn reset(&mut self) {
        self.disk.ledger.clear();
        self.disk.inbox.clear();
        self.disk.marks.fill(0);
        self.disk.tokens.fill(0);
    }

    pub(crate) fn receive(&mut self, from: Peer, message: SinkMessage, ctx: &mut Ctx<'_>) {
        match message {
            SinkMessage::Apply(apply) => {
                let answer = self.apply(&apply, ctx);
                let Apply {
                    record,
                    request,
                    attempt,
                    ..
                } = apply;
                ctx.send(
                    from,
                    Message::Sink(SinkMessage::Applied {
                        record,
                        request,
                        attempt,
                        answer,
                    }),
                );
            }
            SinkMessage::FindMark {
                partition,
                request,
                token,
            } => {
                let known = &mut self.disk.tokens[usize::from(partition)];
                *known = token.max(*known);
                let offset = self.disk.marks[usize::from(partition)];
                ctx.send(
                    from,
                    Message::Sink(SinkMessage::MarkIs {
                        partition,
                        request,
                        offset,
                    }),
                );
            }
            SinkMessage::Applied { .. } | SinkMessage::MarkIs { .. } => {}
        }
    }

    fn apply(&mut self, apply: &Apply, ctx: &mut Ctx<'_>) -> Answer {
        let partition = usize::from(apply.partition);
        if self.kind.fence == Fence::Token {
            if apply.token < self.disk.tokens[partition] {
                let Apply { record, token, .. } = *apply;
                ctx.observe(Observation::Refused {
                    record,
                    place: Place::Sink,
                    token,
                });
                return Answer::Fenced;
            }
            self.disk.tokens[partition] = apply.token;
        }
        if let Some(mark) = apply.mark {
            if apply.offset < self.disk.marks[partition] {
                return recognised(apply, Hit::Stored, ctx);
            }
            self.disk.marks[partition] = mark;
        }
        match self.kind.kind {
            SinkKind::Inbox(keep) => {
                let now = ctx.wall();
                match self.disk.inbox.insert(apply.id, now, keep) {
                    None => recognised(apply, Hit::Stored, ctx),
                    Some(missed) => self.effect(apply, missed, ctx),
                }
            }
            SinkKind::Ledger | SinkKind::Keyed(_) | SinkKind::Output => {
                let missed = if apply.mark.is_some() {
                    Miss::New
                } else {
                    Miss::Unasked
                };
                self.effect(apply, missed, ctx)
            }
        }
    }

    fn effect(&mut self, apply: &Apply, missed: Miss, ctx: &mut Ctx<'_>) -> Answer {
        let Apply {
            record,
            key,
            amount,
            actor,
            token,
            attempt,
            partition,
            offset,
            ..
        } = *apply;
        self.disk.ledger.add(key, amount);
        ctx.observe(Observation::Applied {
            record,
            key,
            amount,
            actor,
            token,
            missed,
            attempt,
            partition,
            offset,
        });
        Answer::Done
    }

    pub(crate) fn crash(&mut self, kind: OutageKind) {
        if kind == OutageKind::DiskLoss {
            self.reset();
        }
    }

    pub(crate) fn last_words(&self, see: &mut dyn FnMut(Observation)) {
        self.disk.ledger.last_words(see);
    }

    pub(crate) fn fingerprint(&self, _: Time, digest: &mut Digest) {
        digest.add(&self.disk);
    }
}

fn recognised(apply: &Apply, hit: Hit, ctx: &mut Ctx<'_>) -> Answer {
    ctx.observe(Observation::Recognised {
        record: apply.record,
        place: Place::Sink,
        hit,
    });
    Answer::Before
}
