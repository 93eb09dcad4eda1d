//! The consumer: one protocol of progress per kind of work (`semantics.md` §1.5, Appendix B3).

mod marks;
mod membership;
mod poison;
mod reader;
mod repeats;
mod tasks;
mod transact;

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use semel_sim::address::{NodeId, OutageKind};
use semel_sim::digest::Digest;
use semel_sim::net::Transport;
use semel_sim::time::{Span, Time};

use crate::message::{Message, group, log, sink};
use crate::model::Ctx;
use crate::observation::Observation;
use crate::requests::{Ask, RECONNECT, RETRY_BACKOFF, Requests};
use crate::strategy::{Bug, Loop, Mark, Strategy, Work};
use crate::timer::Timer;
use crate::vocabulary::{Generation, Offset, Partition, Topology};
use crate::workload::Workload;

use membership::Membership;
use reader::{Polled, Reader};
use repeats::Repeats;
use tasks::Task;
use transact::Session;

/// A consumer that fetches, handles and marks.
#[derive(Clone, Debug)]
pub struct Consumer {
    me: u16,
    topology: Topology,
    transport: Transport,
    workload: Arc<Workload>,
    work: Loop,
    bug: Option<Bug>,
    /// What it remembers of what it has handled, on disk or in memory.
    repeats: Repeats,
    memory: Memory,
    /// Its transactions, if it works in them.
    session: Option<Session>,
}

/// Everything else a consumer knows is in memory.
#[derive(Clone, Debug, Default)]
struct Memory {
    readers: Vec<Reader>,
    requests: Requests,
    /// Polled records that no worker has taken yet.
    backlog: VecDeque<Polled>,
    tasks: Vec<Task>,
    phase: Phase,
    /// Whose turn it is to be polled.
    turn: usize,
    generation: Generation,
    membership: Membership,
    /// When progress was last marked on a timer.
    marked_at: Span,
}

/// What the polling thread is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Phase {
    /// It polls, or waits for something to poll.
    #[default]
    Polling,
    /// It waits for a mark to be accepted before it handles the batch.
    MarkingBefore,
    /// It waits for the batch to be handled.
    Handling(Partition),
    /// It waits for the mark behind the batch to be accepted.
    MarkingAfter(Partition),
}

impl Consumer {
    /// The `me`th consumer of a topology.
    pub fn new(
        me: u16,
        strategy: &Strategy,
        topology: Topology,
        transport: Transport,
        workload: &Arc<Workload>,
    ) -> Self {
        let workload = Arc::clone(workload);
        let (work, session) = match strategy.work {
            Work::Loop(work) => (work, None),
            Work::Transact(work) => {
                let session = Session::new(me, work, strategy.stream.transactions, topology);
                (work.reading(), Some(session))
            }
        };
        Self {
            me,
            topology,
            transport,
            workload,
            work,
            bug: strategy.bug,
            repeats: Repeats::new(work.recognise),
            memory: Memory::default(),
            session,
        }
    }

    /// Ready for another run, with the room kept.
    pub fn reset(&mut self, workload: &Arc<Workload>) {
        self.workload = Arc::clone(workload);
        self.repeats.reset();
        self.forget();
        self.memory.requests.reset();
        if let Some(session) = &mut self.session {
            session.reset();
        }
    }

    fn forget(&mut self) {
        let memory = &mut self.memory;
        memory.readers.clear();
        memory.requests.lose();
        memory.backlog.clear();
        memory.tasks.clear();
        memory.phase = Phase::Polling;
        memory.turn = 0;
        memory.generation = 0;
        memory.membership = Membership::default();
        memory.marked_at = Span::ZERO;
    }

    pub(crate) fn start(&mut self, ctx: &mut Ctx<'_>) {
        if self.session.is_some() {
            self.register(ctx);
        } else if self.group().is_some() {
            self.must_join(ctx);
        } else {
            self.read_own(ctx);
        }
        if let Mark::Timer(timed) = self.work.mark {
            ctx.set_timer(timed.every, Timer::MarkDue);
        }
    }

    /// Alone: every consumer has partitions of its own.
    fn read_own(&mut self, ctx: &mut Ctx<'_>) {
        let consumers = usize::from(self.topology.consumers);
        for partition in (self.me..self.topology.partitions).step_by(consumers) {
            self.memory.readers.push(Reader::new(partition));
            self.find_position(partition, ctx);
        }
    }

    /// Where did the group (or the sink) get to?
    fn find_position(&mut self, partition: Partition, ctx: &mut Ctx<'_>) {
        let request = self.memory.requests.number();
        let (to, message) = if self.work.mark == Mark::WithEffect {
            let token = self.memory.generation;
            let message = sink::Message::FindMark {
                partition,
                request,
                token,
            };
            (self.topology.sink(), Message::Sink(message))
        } else {
            let message = group::Message::FindOffset { partition, request };
            (self.topology.coordinator(), Message::Group(message))
        };
        self.ask(
            Ask {
                number: request,
                to,
                message,
            },
            ctx,
        );
    }

    fn ask(&mut self, ask: Ask, ctx: &mut Ctx<'_>) {
        self.memory.requests.ask(ask, self.work.fetch_timeout, ctx);
    }

    #[inline(never)]
    pub(crate) fn receive(&mut self, message: &Message, ctx: &mut Ctx<'_>) {
        match *message {
            Message::Log(log::Message::Records {
                partition,
                request,
                batch,
                next,
                range,
            }) => {
                let Some(reader) = self
                    .memory
                    .readers
                    .iter_mut()
                    .find(|reader| reader.expects(partition, request))
                else {
                    return;
                };
                let items = batch.map_or(&[][..], |batch| ctx.items(batch));
                reader.fetched(items, next, range, self.work.reset);
                if reader.reset {
                    reader.reset = false;
                    let position = reader.position;
                    ctx.observe(Observation::Reset {
                        consumer: self.me,
                        partition,
                        position,
                    });
                }
                reader.stop_waiting(ctx);
                self.poll(ctx);
            }
            Message::Group(group::Message::OffsetIs {
                partition,
                request,
                offset,
                unstable,
            }) => {
                self.found(partition, request, offset, unstable, ctx);
            }
            Message::Sink(sink::Message::MarkIs {
                partition,
                request,
                offset,
            }) => {
                let kept = (offset > 0).then_some(offset);
                self.found(partition, request, kept, false, ctx);
            }
            Message::Group(group::Message::Committed {
                request, answer, ..
            }) => {
                self.committed(request, answer, ctx);
            }
            Message::Group(group::Message::Joined {
                request,
                generation,
                from,
                until,
            }) => {
                self.joined(request, generation, from..until, ctx);
            }
            Message::Group(group::Message::Beat { generation, answer }) => {
                self.beat(generation, answer, ctx);
            }
            Message::Sink(sink::Message::Applied {
                request, answer, ..
            }) => self.applied(request, answer, ctx),
            Message::Log(log::Message::DeadLettered { request, .. }) => self.parked(request, ctx),
            Message::Log(log::Message::Ack {
                request, answer, ..
            }) => self.output_answered(request, answer, ctx),
            Message::Transaction(word) => self.transaction_answered(word, ctx),
            _ => {}
        }
    }

    /// The position to read on from is known.
    fn found(
        &mut self,
        partition: Partition,
        request: u32,
        offset: Option<Offset>,
        unstable: bool,
        ctx: &mut Ctx<'_>,
    ) {
        if unstable {
            self.memory.requests.pause(request, RETRY_BACKOFF, ctx);
            return;
        }
        if !self.memory.requests.answered(request, ctx) {
            return;
        }
        let generation = self.memory.generation;
        let consumer = self.me;
        if let Some(reader) = self
            .memory
            .readers
            .iter_mut()
            .find(|reader| reader.partition == partition)
        {
            reader.begin(offset, self.work.reset);
            let position = reader.position;
            ctx.observe(Observation::Assigned {
                consumer,
                partition,
                generation,
                position,
            });
        }
        self.fetch(ctx);
    }

    /// Every reader that has nothing in hand asks for more.
    fn fetch(&mut self, ctx: &mut Ctx<'_>) {
        for index in 0..self.memory.readers.len() {
            if !self.memory.readers[index].is_hungry() {
                continue;
            }
            let request = self.memory.requests.number();
            let leader = self.topology.leader(self.memory.readers[index].partition);
            self.memory.readers[index].ask(request, leader, &self.work, ctx);
        }
    }

    pub(crate) fn fire(&mut self, timer: Timer, ctx: &mut Ctx<'_>) {
        match timer {
            Timer::FetchExpired { request } => {
                if let Some(reader) = self
                    .memory
                    .readers
                    .iter_mut()
                    .find(|reader| reader.waits_for(request))
                {
                    reader.forget_fetch();
                    let leader = self.topology.leader(reader.partition);
                    self.give_up(leader, ctx);
                    self.fetch(ctx);
                }
            }
            Timer::RequestExpired { request } => {
                if let Some(to) = self
                    .memory
                    .requests
                    .again(request, self.work.fetch_timeout, ctx)
                {
                    self.give_up(to, ctx);
                }
            }
            Timer::Reconnect { request } => {
                self.memory
                    .requests
                    .again(request, self.work.fetch_timeout, ctx);
                self.try_again(request, ctx);
                self.fetch(ctx);
            }
            Timer::ApplyExpired { request, attempt }
            | Timer::LetterExpired { request, attempt } => {
                self.task_expired(request, attempt, ctx);
            }
            Timer::Processed { request } => self.processed(request, ctx),
            Timer::CommitDue => self.transaction_due(ctx),
            Timer::MarkDue => self.mark_due(ctx),
            Timer::ProduceExpired { request, attempt } => {
                self.output_expired(request, attempt, ctx);
            }
            Timer::WriteAgain { partition } => self.resume_outputs(partition, ctx),
            Timer::HeartbeatDue => self.heartbeat_due(ctx),
            Timer::PollOverdue { poll } => self.poll_overdue(poll, ctx),
            _ => {}
        }
    }

    /// Gives up a connection, and with it everything that was to come on it.
    pub(super) fn give_up(&mut self, peer: NodeId, ctx: &mut Ctx<'_>) {
        ctx.give_up(peer);
        if self.transport == Transport::Connection {
            self.disconnected(peer, ctx);
        }
    }

    pub(crate) fn disconnected(&mut self, peer: NodeId, ctx: &mut Ctx<'_>) {
        let topology = self.topology;
        for reader in &mut self.memory.readers {
            if topology.leader(reader.partition) == peer && reader.forget_fetch() {
                ctx.set_timer(RECONNECT, Timer::Reconnect { request: 0 });
            }
        }
        for request in self.memory.requests.to(peer) {
            self.memory.requests.pause(request, RECONNECT, ctx);
        }
        self.tasks_disconnected(peer, ctx);
        self.outputs_disconnected(peer, ctx);
    }

    /// The polling thread: marks on its timer, then takes what a reader has fetched.
    fn poll(&mut self, ctx: &mut Ctx<'_>) {
        if !self.may_poll() || self.must_join(ctx) {
            return;
        }
        let readers = self.memory.readers.len();
        for step in 0..readers {
            let index = (self.memory.turn + step) % readers;
            if self.memory.readers[index].has_records() {
                self.memory.turn = (index + 1) % readers;
                self.mark_on_timer(ctx);
                self.note_poll(ctx);
                self.polled(index, ctx);
                return;
            }
        }
        self.fetch(ctx);
    }

    /// A single thread polls when it is done; before worker threads it polls while they are not drowning.
    fn may_poll(&self) -> bool {
        let idle = self.memory.backlog.is_empty() && self.memory.tasks.is_empty();
        let ahead = self.runs_ahead() && self.memory.backlog.len() < usize::from(self.work.workers);
        matches!(self.memory.phase, Phase::Polling) && (idle || ahead) && !self.is_ending()
    }

    /// Worker threads behind marks on a timer: the polling thread does not wait for them (F042).
    const fn runs_ahead(&self) -> bool {
        self.work.workers > 1 && matches!(self.work.mark, Mark::Timer(_))
    }

    fn polled(&mut self, index: usize, ctx: &mut Ctx<'_>) {
        let reader = &mut self.memory.readers[index];
        let partition = reader.partition;
        let generation = self.memory.generation;
        reader.poll(self.work.poll, generation, &mut self.memory.backlog);
        let position = reader.position;
        let before = self.work.mark == Mark::Before || self.bug == Some(Bug::CommitBeforeEffect);
        if before {
            self.memory.phase = Phase::MarkingBefore;
            self.commit(partition, position, ctx);
        } else {
            if !self.runs_ahead() {
                self.memory.phase = Phase::Handling(partition);
            }
            self.hand_out(ctx);
        }
        self.fetch(ctx);
    }

    pub(crate) fn crash(&mut self, kind: OutageKind) {
        self.repeats.crash(kind);
        self.forget();
        if let Some(session) = &mut self.session {
            session.forget();
        }
    }

    pub(crate) fn fingerprint(&self, now: Time, digest: &mut Digest) {
        self.repeats.fingerprint(now, digest);
        let Memory {
            readers,
            requests,
            backlog,
            tasks,
            phase,
            turn,
            generation,
            membership,
            ..
        } = &self.memory;
        digest.add(&(readers, requests, backlog, tasks, phase));
        digest.add(&(turn, generation, membership, &self.session));
    }
}
