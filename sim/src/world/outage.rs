//! Outages and weather: nodes go down and come back, links are cut and joined, clocks go wrong, and all heals.

use crate::address::{Change, FaultIndex, NodeId, Outage, OutageKind, StepId, Weather};
use crate::adversary::{Adversary, LossId};
use crate::clock::stretched;
use crate::context::{Due, Event};
use crate::digest::Sum;
use crate::domain::{Domain, Process};
use crate::record::{Loss, Recorder, What};
use crate::time::Span;
use crate::world::queue::Weight;
use crate::world::{State, Tag, World};

impl<D: Domain> World<D> {
    /// A node goes down, after a step or between two.
    #[expect(
        clippy::too_many_arguments,
        reason = "an outage, whose doing it is, and who answers and writes"
    )]
    pub(super) fn strike(
        &mut self,
        node: NodeId,
        outage: Outage,
        fault: FaultIndex,
        step: Option<StepId>,
        cause: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        self.fired(fault);
        let details = Sum::of(&outage);
        let what = || What::Struck(node, outage, fault, step);
        let entry = self.note(
            Tag::Struck,
            Some(cause),
            node.0.into(),
            details,
            what,
            recorder,
        );
        recorder.fault(
            self.core.now,
            &Weather {
                change: Change::Outage(node, outage),
                fault,
            },
        );
        let now = self.core.now;
        let slot = self.slot(node);
        let void = [slot.wake.take(), slot.back.take()];
        for ticket in void.into_iter().flatten() {
            self.core.queue.cancel(ticket);
        }
        if self.slot(node).state == State::Up {
            self.trouble.begins(now);
        }
        let slot = self.slot(node);
        if outage.kind == OutageKind::Pause {
            slot.state = State::Paused { since: now };
        } else {
            slot.state = State::Down(outage.kind);
            self.lose_memory(node, outage.kind, entry, adversary, recorder);
        }
        let event = Event {
            node,
            due: Due::Return { cause: entry },
        };
        let queue = &mut self.core.queue;
        let back = queue.push(now + outage.down, Weight::Useful, event);
        self.slot(node).back = Some(back);
    }

    fn lose_memory(
        &mut self,
        node: NodeId,
        kind: OutageKind,
        entry: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        self.empty_inbox(node, entry, recorder);
        let slot = &self.slots[usize::from(node.0)];
        let mut loss = LossId {
            node: slot.key,
            incarnation: slot.incarnation,
            journal: 0,
        };
        let mut survives = |unsynced: u64| {
            let kept = if unsynced == 0 {
                0
            } else {
                adversary.survives(loss, unsynced)
            };
            loss.journal += 1;
            kept
        };
        self.nodes[usize::from(node.0)].crash(kind, &mut survives);
        if self.network.transport == crate::net::Transport::Connection {
            for peer in (0..self.slots.len() as u16).map(NodeId) {
                if peer != node
                    && let Some(connection) = self.network.close(node, peer)
                    && kind == OutageKind::Crash
                {
                    self.tell(peer, node, connection, entry);
                }
            }
        }
    }

    /// What had reached a paused or busy node but was not handled yet is lost with it, and what it had not sent.
    fn empty_inbox(&mut self, node: NodeId, cause: u64, recorder: &mut impl Recorder<D>) {
        while let Some(ticket) = self.slot(node).inbox.pop_front() {
            let event = self.core.queue.take(ticket);
            if let Some(Due::Arrival {
                from,
                message,
                cause: sent,
                ..
            }) = event.map(|event| event.due)
            {
                let what = || What::Missed(from, node, message, Loss::Down);
                self.note(Tag::Missed, Some(cause), sent, Sum::NONE, what, recorder);
                if let Some(batch) = D::batch(&message) {
                    self.core.store.release(batch);
                }
            }
        }
        let mut held = core::mem::take(&mut self.slot(node).held);
        self.lose_held(node, &mut held, cause, recorder);
        let slot = self.slot(node);
        slot.held = held;
        slot.unfinished = None;
    }

    /// A node's outage is over.
    pub(super) fn come_back(
        &mut self,
        node: NodeId,
        cause: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let now = self.core.now;
        let slot = self.slot(node);
        slot.back = None;
        let kind = match slot.state {
            State::Up => unreachable!("only who is away comes back"),
            State::Paused { since } => {
                if slot.busy_until > since {
                    slot.busy_until += now.since(since);
                }
                OutageKind::Pause
            }
            State::Down(kind) => kind,
        };
        slot.state = State::Up;
        self.trouble.ends(now);
        // Counted, for what strikes at every boot and lasts no time comes back for ever at one instant.
        self.counts.changes += 1;
        let what = || What::Returned(node, kind);
        let entry = self.note(
            Tag::Returned,
            Some(cause),
            node.0.into(),
            Sum::NONE,
            what,
            recorder,
        );
        if kind == OutageKind::Pause {
            if self.slot(node).unfinished.is_none() {
                let mut held = core::mem::take(&mut self.slot(node).held);
                self.depart_held(node, held.drain(..), entry, adversary, recorder);
                self.slot(node).held = held;
            }
            self.keep_ready(node);
        } else {
            let slot = self.slot(node);
            slot.incarnation += 1;
            slot.busy_until = now;
            slot.clock.reboot(now);
            self.boot(node, adversary, recorder);
        }
    }

    /// The weather changes.
    pub(super) fn change(
        &mut self,
        weather: Weather,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        if let Change::Outage(node, outage) = weather.change {
            let down = matches!(self.slot(node).state, State::Down(_));
            let paused = matches!(self.slot(node).state, State::Paused { .. })
                && outage.kind == OutageKind::Pause;
            if !down && !paused {
                let cause = self.counts.entries;
                self.strike(
                    node,
                    outage,
                    weather.fault,
                    None,
                    cause,
                    adversary,
                    recorder,
                );
            }
            return;
        }
        self.fired(weather.fault);
        let details = Sum::of(&weather.change);
        self.note(
            Tag::Weather,
            None,
            0,
            details,
            || What::Weather(weather),
            recorder,
        );
        recorder.fault(self.core.now, &weather);
        self.trouble.changes(self.core.now);
        match weather.change {
            Change::Outage(..) => unreachable!("handled above"),
            Change::Cut(from, to) => self.network.link_mut(from, to).cuts += 1,
            Change::Join(from, to) => {
                let cuts = &mut self.network.link_mut(from, to).cuts;
                *cuts = cuts.saturating_sub(1);
            }
            Change::Latency(from, to, extra) => self.network.link_mut(from, to).extra = extra,
            Change::Slow(node, factor) => self.slot(node).slow = factor,
            Change::ClockStep(node, nanos) => self.slot(node).clock.step(nanos),
            Change::ClockDrift(node, drift) => self.drift(node, drift),
        }
    }

    /// A clock changes its speed: the timers that its node has armed move with it.
    fn drift(&mut self, node: NodeId, drift: i32) {
        let now = self.core.now;
        let before = self.slot(node).clock.set_drift(now, drift);
        if before == drift {
            return;
        }
        let stretch = |left: Span| stretched(left, before, drift);
        let mine = |event: &Event<D>| event.node == node && matches!(event.due, Due::Timer { .. });
        self.core.queue.reschedule(now, mine, stretch);
    }

    /// Faults stop: links join, nodes come back, speeds return to normal. Clocks keep the error they have.
    pub fn heal(&mut self, adversary: &mut impl Adversary<D>, recorder: &mut impl Recorder<D>) {
        adversary.heal();
        self.healed = true;
        let entry = self.note(Tag::Healed, None, 0, Sum::NONE, || What::Healed, recorder);
        self.useful_at = self.core.now;
        self.trouble.changes(self.core.now);
        for link in self.network.links_mut() {
            link.cuts = 0;
            link.extra = Span::ZERO;
        }
        for index in 0..self.nodes.len() {
            let node = NodeId(index as u16);
            self.slot(node).slow = 1;
            self.drift(node, 0);
            if let Some(back) = self.slot(node).back.take() {
                self.core.queue.cancel(back);
                self.come_back(node, entry, adversary, recorder);
            }
        }
    }
}
