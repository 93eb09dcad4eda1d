//! Sinks: where records take effect. Each is a database with durable transactions, reached over the network.

mod inbox;
mod keyed;
mod ledger;

use alloc::vec::Vec;

use semel_sim::address::OutageKind;
use semel_sim::context::Peer;
use semel_sim::digest::Digest;
use semel_sim::time::{Span, Time};

use crate::message::Message;
use crate::message::sink::{Answer, Apply, Message as SinkMessage};
use crate::model::Ctx;
use crate::observation::{Hit, Miss, Observation, Place};
use crate::strategy::{Bug, Fence, Keep, Sink as Kind, SinkKind, Strategy};
use crate::timer::{SECOND_WRITE, Timer};
use crate::vocabulary::{Generation, Offset, Partition, Topology};
use crate::window::Window;

use keyed::Keys;
use ledger::Ledger;

/// A sink.
#[derive(Clone, Debug)]
pub struct Sink {
    kind: Kind,
    bug: Option<Bug>,
    disk: Disk,
    memory: Memory,
}

/// What is written is on disk before an answer leaves.
#[derive(Clone, Debug)]
struct Disk {
    ledger: Ledger,
    inbox: Window,
    keys: Keys,
    /// The next offset to read, per partition, for consumers that keep it here.
    marks: Vec<Offset>,
    /// The highest token seen, per partition.
    tokens: Vec<Generation>,
}

/// What a crash takes.
#[derive(Clone, Debug, Default)]
struct Memory {
    executing: Vec<Execution>,
    last: u32,
}

/// A request between two steps.
#[derive(Clone, Copy, Debug)]
struct Execution {
    number: u32,
    from: Peer,
    apply: Apply,
    stage: Stage,
}

/// What the next step of an execution does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    /// It writes the effect, which was not recognised as a repeat for this reason.
    Write(Miss),
    /// It completes the key with this response.
    Complete(u64),
}

impl Sink {
    /// The sink of a topology.
    pub fn new(strategy: &Strategy, topology: Topology) -> Self {
        let partitions = usize::from(topology.partitions);
        let keep = match strategy.sink.kind {
            SinkKind::Inbox(keep) => keep,
            SinkKind::Ledger | SinkKind::Keyed(_) | SinkKind::Output => Keep::default(),
        };
        let disk = Disk {
            ledger: Ledger::default(),
            inbox: Window::new(keep),
            keys: Keys::default(),
            marks: alloc::vec![0; partitions],
            tokens: alloc::vec![0; partitions],
        };
        Self {
            kind: strategy.sink,
            bug: strategy.bug,
            disk,
            memory: Memory::default(),
        }
    }

    /// Ready for another run, with the room kept.
    pub fn reset(&mut self) {
        self.forget();
        self.disk.ledger.clear();
        self.disk.inbox.clear();
        self.disk.keys.clear();
        self.disk.marks.fill(0);
        self.disk.tokens.fill(0);
    }

    fn forget(&mut self) {
        self.memory.executing.clear();
        self.memory.last = 0;
    }

    #[inline(never)]
    pub(crate) fn receive(&mut self, from: Peer, message: &Message, ctx: &mut Ctx<'_>) {
        match *message {
            Message::Sink(SinkMessage::Apply(ref apply)) => {
                if let Some(answer) = self.apply(from, apply, ctx) {
                    reply(from, apply, answer, ctx);
                }
            }
            Message::Sink(SinkMessage::FindMark {
                partition,
                request,
                token,
            }) => self.find_mark(from, partition, request, token, ctx),
            _ => {}
        }
    }

    fn find_mark(
        &mut self,
        from: Peer,
        partition: Partition,
        request: u32,
        token: Generation,
        ctx: &mut Ctx<'_>,
    ) {
        let known = &mut self.disk.tokens[usize::from(partition)];
        *known = token.max(*known);
        let offset = self.disk.marks[usize::from(partition)];
        let answer = SinkMessage::MarkIs {
            partition,
            request,
            offset,
        };
        ctx.send(from, Message::Sink(answer));
    }

    /// A record shall take effect. No answer yet if that takes more than this step.
    fn apply(&mut self, from: Peer, apply: &Apply, ctx: &mut Ctx<'_>) -> Option<Answer> {
        let partition = usize::from(apply.partition);
        if self.kind.fence == Fence::Token {
            if apply.token < self.disk.tokens[partition] {
                let Apply { record, token, .. } = *apply;
                ctx.observe(Observation::Refused {
                    record,
                    place: Place::Sink,
                    token,
                });
                return Some(Answer::Fenced);
            }
            self.disk.tokens[partition] = apply.token;
        }
        if apply.mark.is_some() && apply.offset < self.disk.marks[partition] {
            recognised(apply, Hit::Stored, ctx);
            return Some(Answer::Before);
        }
        match self.kind.kind {
            SinkKind::Inbox(keep) => self.take_in(from, apply, keep, ctx),
            SinkKind::Keyed(rules) => self.request(from, apply, &rules, ctx),
            SinkKind::Ledger | SinkKind::Output => {
                let looked = apply.mark.is_some();
                let missed = if looked { Miss::New } else { Miss::Unasked };
                self.effect(apply, missed, ctx);
                Some(Answer::Done)
            }
        }
    }

    /// Goes on with a request after a while.
    fn execute(&mut self, from: Peer, apply: &Apply, stage: Stage, after: Span, ctx: &mut Ctx<'_>) {
        self.memory.last += 1;
        let number = self.memory.last;
        self.memory.executing.push(Execution {
            number,
            from,
            apply: *apply,
            stage,
        });
        ctx.set_timer(after, Timer::Executed { number });
    }

    pub(crate) fn fire(&mut self, timer: Timer, ctx: &mut Ctx<'_>) {
        let Timer::Executed { number } = timer else {
            return;
        };
        let executing = &mut self.memory.executing;
        let Some(index) = executing.iter().position(|one| one.number == number) else {
            return;
        };
        let Execution {
            from, apply, stage, ..
        } = executing.remove(index);
        let keyed = matches!(self.kind.kind, SinkKind::Keyed(_));
        let answer = match stage {
            Stage::Write(missed) => {
                let response = self.effect(&apply, missed, ctx);
                if keyed {
                    let complete = Stage::Complete(response);
                    self.execute(from, &apply, complete, SECOND_WRITE, ctx);
                    return;
                }
                Answer::Done
            }
            Stage::Complete(response) => self.complete(&apply, response, ctx),
        };
        reply(from, &apply, answer, ctx);
    }

    /// Writes the effect, and the offset to keep with it. Returns what the account holds now.
    fn effect(&mut self, apply: &Apply, missed: Miss, ctx: &mut Ctx<'_>) -> u64 {
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
        self.move_mark(apply);
        if matches!(self.kind.kind, SinkKind::Inbox(_) | SinkKind::Keyed(_)) {
            let id = apply.id;
            ctx.observe(Observation::Unrecognised { record, id });
        }
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
        self.disk.ledger.add(key, amount).cast_unsigned()
    }

    fn move_mark(&mut self, apply: &Apply) {
        if let Some(mark) = apply.mark {
            self.disk.marks[usize::from(apply.partition)] = mark;
        }
    }

    pub(crate) fn crash(&mut self, kind: OutageKind) {
        self.forget();
        if kind == OutageKind::DiskLoss {
            self.reset();
        }
    }

    pub(crate) fn last_words(&self, see: &mut dyn FnMut(Observation)) {
        self.disk.ledger.last_words(see);
    }

    pub(crate) fn fingerprint(&self, now: Time, digest: &mut Digest) {
        let Disk {
            ledger,
            inbox,
            keys,
            marks,
            tokens,
        } = &self.disk;
        digest.add(&(ledger, marks, tokens));
        inbox.fingerprint(now, digest);
        keys.fingerprint(now, digest);
        for Execution {
            from, apply, stage, ..
        } in &self.memory.executing
        {
            digest.add(&(from.node, apply, stage));
        }
    }
}

fn reply(from: Peer, apply: &Apply, answer: Answer, ctx: &mut Ctx<'_>) {
    let applied = SinkMessage::Applied {
        record: apply.record,
        request: apply.request,
        attempt: apply.attempt,
        answer,
    };
    ctx.send(from, Message::Sink(applied));
}

fn recognised(apply: &Apply, hit: Hit, ctx: &mut Ctx<'_>) {
    let (record, place) = (apply.record, Place::Sink);
    ctx.observe(Observation::Recognised { record, place, hit });
}

/// Tells observers how much dedup state there is.
fn kept(entries: u32, bound: u32, ctx: &mut Ctx<'_>) {
    let place = Place::Sink;
    ctx.observe(Observation::Kept {
        place,
        entries,
        bound,
    });
}
