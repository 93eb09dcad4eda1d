//! Outcomes: what an answer, or none, means for a request (`semantics.md` §1.2).
//!
//! Good: its records are acknowledged. None, or a bad one: it is sent again later. A live client gives it up when it
//! has taken too long or tried too often: unknown if it was ever sent, certainly failed if not. Its application leaves
//! it at that, or sends the same records again under new numbers (F003). A source that is read again would only read
//! them again, so its client goes on trying.

use semel_sim::address::NodeId;
use semel_sim::net::Transport;
use semel_sim::time::Span;

use super::Producer;
use super::queue::Request;
use crate::message::log::Answer;
use crate::model::Ctx;
use crate::observation::Outcome;
use crate::strategy::{Backoff, OnOpen, OnTimeout, Retry, Source};
use crate::timer::Timer;

impl Producer {
    pub(super) const fn timeout(&self) -> Span {
        self.publish.retry.timeout()
    }

    /// An answer came, to this attempt at a request.
    pub(super) fn answered(
        &mut self,
        (number, attempt): (u32, u32),
        answer: Answer,
        ctx: &mut Ctx<'_>,
    ) {
        let rejected = matches!(answer, Answer::OutOfOrder | Answer::StaleEpoch);
        let is_current = || self.memory.queues.in_flight_to(number, attempt).is_some();
        if rejected && self.transport == Transport::Datagram && !is_current() {
            return;
        }
        let taken = self.memory.queues.take(number);
        let Some(request) = &taken else {
            return;
        };
        if let Some(timer) = request.timer {
            ctx.cancel(timer);
        }
        if matches!(answer, Answer::Stored | Answer::Duplicate) {
            self.acked(request, answer, ctx);
        } else if let Some(request) = taken {
            self.refused(request, answer, ctx);
        }
        self.pump(ctx);
    }

    /// A batch was not stored, or that is not known yet.
    #[cold]
    fn refused(&mut self, request: Request, answer: Answer, ctx: &mut Ctx<'_>) {
        if self.is_refused(&request, answer) {
            self.batch_lost(&request, ctx);
            return;
        }
        let rejected = matches!(answer, Answer::OutOfOrder | Answer::StaleEpoch);
        let (partition, name, renumbered) = (request.partition, request.name, request.renumbered);
        // A datagram may only have come before what was sent before it.
        let tells = self.transport == Transport::Connection || request.led;
        self.again(request, ctx);
        if rejected && tells {
            let queues = &mut self.memory.queues;
            self.memory
                .sequences
                .rejected(partition, name, renumbered, queues);
        }
    }

    fn acked(&mut self, request: &Request, answer: Answer, ctx: &mut Ctx<'_>) {
        self.memory.breaking.succeeded();
        if let Some(probe) = self.memory.probe.take() {
            ctx.cancel(probe);
        }
        self.memory.sequences.acked(request);
        self.memory.queues.release(request);
        if self.session.is_none() {
            let duplicate = answer == Answer::Duplicate;
            request.records(|record| self.tell(record, Outcome::Ok, duplicate, ctx));
        }
        self.after_settling(ctx);
    }

    /// No answer came in time.
    pub(super) fn expired(&mut self, number: u32, attempt: u32, ctx: &mut Ctx<'_>) {
        let Some(broker) = self.memory.queues.in_flight_to(number, attempt) else {
            return;
        };
        let broker = self.topology.leader(broker);
        if self.transport == Transport::Connection {
            self.abandon(broker, ctx);
        } else if let Some(request) = self.memory.queues.take(number) {
            self.failed(request, ctx);
        }
    }

    /// Gives a connection up, and with it every answer that was to come on it.
    pub(super) fn abandon(&mut self, broker: NodeId, ctx: &mut Ctx<'_>) {
        if self.transport == Transport::Connection {
            ctx.give_up(broker);
            self.fail_all(broker, ctx);
        }
    }

    /// Everything in flight to a broker has an unknown outcome now.
    pub(super) fn fail_all(&mut self, broker: NodeId, ctx: &mut Ctx<'_>) {
        if let Some(session) = &mut self.session {
            session.disconnected(broker, ctx);
        }
        let topology = self.topology;
        let failed = self
            .memory
            .queues
            .take_in_flight(|partition| topology.leader(partition) == broker);
        for request in failed {
            self.failed(request, ctx);
        }
    }

    fn failed(&mut self, request: Request, ctx: &mut Ctx<'_>) {
        if let Some(timer) = request.timer {
            ctx.cancel(timer);
        }
        let opens_for = self.memory.breaking.failed(self.publish.retry);
        self.again(request, ctx);
        if let Some(open_for) = opens_for {
            self.memory.probe = Some(ctx.set_timer(open_for, Timer::Probe));
        }
        if let Some(outcome) = self.shed_outcome(0) {
            while let Some(request) = self.memory.queues.take_waiting() {
                self.give_up(&request, outcome, ctx);
            }
        }
    }

    /// What an application is told of records that an open breaker does not let through, if it sheds them. After the
    /// pause it lets one through, and no more as long as there are any in the client.
    pub(super) fn shed_outcome(&self, held: u32) -> Option<Outcome> {
        match self.memory.breaking.sheds(self.publish.retry, held)? {
            OnOpen::Fail => Some(Outcome::Failed),
            OnOpen::Lose => Some(Outcome::Ok),
            OnOpen::Park => None,
        }
    }

    /// A request without a good answer is tried again later, or given up.
    fn again(&mut self, mut request: Request, ctx: &mut Ctx<'_>) {
        request.timer = None;
        let Retry::Backoff(backoff) = self.publish.retry else {
            self.give_up(&request, Outcome::Unknown, ctx);
            return;
        };
        let spent = backoff.attempts.is_some_and(|most| request.attempt >= most);
        let late = ctx.elapsed() - request.created >= backoff.deadline;
        if self.source == Source::Live && (spent || late) {
            self.time_out(request, ctx);
            return;
        }
        request.pausing = true;
        self.pause(request.number, request.attempt, ctx);
        self.memory.queues.put_back(request, self.room.ordered);
        self.arm_deadline(ctx);
    }

    /// Pauses before the attempt after number `attempt`: twice as long each time, up to the most, and jitter.
    pub(super) fn pause(&self, request: u32, attempt: u32, ctx: &mut Ctx<'_>) {
        let Retry::Backoff(Backoff {
            delay_min,
            delay_max,
            jitter,
            ..
        }) = self.publish.retry
        else {
            ctx.set_timer(Span::ZERO, Timer::Retry { request });
            return;
        };
        let doublings = attempt.saturating_sub(1).min(32);
        let pause = delay_min.times(1 << doublings).min(delay_max);
        let spread = Span(pause.0 / 100 * u64::from(jitter));
        ctx.set_timer_within(pause, spread, Timer::Retry { request });
    }

    /// The time of a request, or its attempts, are spent.
    fn time_out(&mut self, request: Request, ctx: &mut Ctx<'_>) {
        match self.publish.retry {
            _ if self.session.is_some() => self.batch_lost(&request, ctx),
            Retry::Backoff(Backoff {
                on_timeout: OnTimeout::SendAgain,
                ..
            }) => self.send_again(request, ctx),
            Retry::Backoff(_) | Retry::Never { .. } => {
                self.give_up(&request, Outcome::Unknown, ctx);
            }
        }
    }

    /// The application sends a request's records again: behind what waits, and under new numbers. A timeout says the
    /// same of what was sent and of what never was, and it treats both alike.
    fn send_again(&mut self, request: Request, ctx: &mut Ctx<'_>) {
        self.memory.queues.release(&request);
        self.memory.sequences.given_up(&request);
        request.records(|record| self.tell(record, Outcome::Unknown, false, ctx));
        let (number, stamp) = (self.memory.numbers.next(), ctx.wall().0);
        let again = request.sent_again(number, stamp, ctx.elapsed());
        self.memory.queues.push(again);
        if !self.publish.batch.linger.is_zero() {
            ctx.set_timer(self.publish.batch.linger, Timer::Linger);
        }
        self.arm_deadline(ctx);
    }

    /// Gives a request up. Failed is only what was never sent, nor before its application sent it again.
    fn give_up(&mut self, request: &Request, outcome: Outcome, ctx: &mut Ctx<'_>) {
        self.memory.queues.release(request);
        self.memory.sequences.given_up(request);
        let outcome = match outcome {
            Outcome::Failed if request.nth() > 0 => Outcome::Unknown,
            Outcome::Unknown if request.nth() == 0 => Outcome::Failed,
            _ => outcome,
        };
        request.records(|record| self.tell(record, outcome, false, ctx));
        self.after_settling(ctx);
    }

    /// How long a record may take in all, if its client ever gives it up for that.
    fn deadline(&self) -> Option<Span> {
        match self.publish.retry {
            Retry::Backoff(backoff) if self.source == Source::Live => Some(backoff.deadline),
            Retry::Backoff(_) | Retry::Never { .. } => None,
        }
    }

    #[inline]
    pub(super) fn arm_deadline(&mut self, ctx: &mut Ctx<'_>) {
        if !self.memory.deadline_armed {
            self.set_deadline(ctx);
        }
    }

    #[inline(never)]
    fn set_deadline(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(deadline) = self.deadline()
            && let Some(oldest) = self.memory.queues.oldest()
        {
            self.memory.deadline_armed = true;
            let left = oldest + deadline - ctx.elapsed();
            ctx.set_timer(left, Timer::Deadline);
        }
    }

    /// Gives up what has taken too long in all, waiting or in flight.
    pub(super) fn enforce_deadline(&mut self, ctx: &mut Ctx<'_>) {
        self.memory.deadline_armed = false;
        let Some(deadline) = self.deadline() else {
            return;
        };
        let now = ctx.elapsed();
        while let Some(request) = self.memory.queues.take_older(now, deadline) {
            if let Some(timer) = request.timer {
                ctx.cancel(timer);
            }
            self.time_out(request, ctx);
        }
        self.arm_deadline(ctx);
    }
}
