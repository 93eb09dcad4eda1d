//! One step of a node: an input is handled, its observations are told, an outage may strike, its packets leave.

use crate::address::{Label, NodeId, OutageKind, StepId, Strike};
use crate::adversary::{Adversary, Step};
use crate::context::{Context, Event, Peer};
use crate::domain::{Domain, Process};
use crate::queue::{Ticket, Weight};
use crate::record::{Loss, Recorder, What};
use crate::time::Span;
use crate::world::{State, World, step_word};

/// What a node is given to handle.
enum Input<D: Domain> {
    Boot,
    Message(Peer, D::Message),
    Timer(D::Timer),
    Disconnected(NodeId),
}

impl<D: Domain> World<D> {
    /// An event has been popped: it is handled now, or waits in its node's inbox.
    pub(crate) fn fall_due(
        &mut self,
        ticket: Ticket,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let Some(event) = self.core.queue.get(ticket) else {
            return;
        };
        let node = match *event {
            Event::Arrive { to, .. } => to,
            Event::Fire { node, .. } | Event::Told { node, .. } => node,
            Event::Ready { node, incarnation } => {
                self.core.queue.take(ticket);
                self.ready(node, incarnation, adversary, recorder);
                return;
            }
            Event::Return {
                node,
                incarnation,
                cause,
            } => {
                self.core.queue.take(ticket);
                self.come_back(node, incarnation, cause, adversary, recorder);
                return;
            }
        };
        let now = self.core.now;
        let slot = self.slot(node);
        let busy = slot.busy_until > now || !slot.inbox.is_empty();
        match slot.state {
            State::Paused => slot.inbox.push_back(ticket),
            State::Up if busy => slot.inbox.push_back(ticket),
            State::Up | State::Down(_) => self.handle(ticket, adversary, recorder),
        }
    }

    /// Handles an event that is due at a node with time for it, or lost on one that is down.
    pub(crate) fn handle(
        &mut self,
        ticket: Ticket,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let Some(event) = self.core.queue.take(ticket) else {
            return;
        };
        match event {
            Event::Arrive {
                from,
                to,
                connection,
                message,
                cause,
            } => {
                self.arrive(from, to, connection, message, cause, adversary, recorder);
                if let Some(batch) = D::batch(&message) {
                    self.core.store.release(batch);
                }
            }
            Event::Fire {
                node,
                incarnation,
                timer,
                cause,
            } => {
                let slot = self.slot(node);
                if slot.incarnation == incarnation && slot.state == State::Up {
                    self.fire(node, timer, cause, adversary, recorder);
                } else {
                    self.orphans += 1;
                }
            }
            Event::Told {
                node,
                peer,
                connection,
                cause,
            } => {
                if self.slot(node).state == State::Up && self.network.told(node, peer, connection) {
                    let add = |digest: &mut crate::digest::Digest| digest.add(&(node, peer, 5_u8));
                    let entry = self.note(
                        Some(cause),
                        add,
                        || What::Disconnected(node, peer),
                        recorder,
                    );
                    let label = Label(D::LABELS as u8 + 1);
                    self.take_step(
                        node,
                        Input::Disconnected(peer),
                        label,
                        entry,
                        adversary,
                        recorder,
                    );
                }
            }
            Event::Ready { .. } | Event::Return { .. } => {
                unreachable!("these never wait in an inbox")
            }
        }
    }

    fn arrive(
        &mut self,
        from: NodeId,
        to: NodeId,
        connection: u32,
        message: D::Message,
        cause: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let connected = self.connected(from, to);
        let loss = match self.slots[usize::from(to.0)].state {
            State::Down(_) => Some(Loss::Down),
            _ if connected && !self.network.hears(to, from, connection) => Some(Loss::GivenUp),
            _ => None,
        };
        if let Some(loss) = loss {
            self.miss(from, to, connection, message, loss, cause, recorder);
            return;
        }
        if connected {
            self.network.heard(from, to, connection);
        }
        self.counts.events += 1;
        let label = D::label(&message);
        if !D::chatter(label) {
            self.useful_at = self.core.now;
        }
        let add = |digest: &mut crate::digest::Digest| digest.word(cause ^ 1 << 63);
        let entry = self.note(
            Some(cause),
            add,
            || What::Arrived(from, to, message),
            recorder,
        );
        let peer = Peer {
            node: from,
            connection: connected.then_some(connection),
        };
        self.take_step(
            to,
            Input::Message(peer, message),
            label,
            entry,
            adversary,
            recorder,
        );
    }

    fn fire(
        &mut self,
        node: NodeId,
        timer: D::Timer,
        cause: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        self.counts.events += 1;
        let label = D::timer_label(&timer);
        if !D::chatter(label) {
            self.useful_at = self.core.now;
        }
        let add = |digest: &mut crate::digest::Digest| digest.add(&(node, timer));
        let entry = self.note(Some(cause), add, || What::Fired(node, timer), recorder);
        self.take_step(node, Input::Timer(timer), label, entry, adversary, recorder);
    }

    /// Boots a node.
    pub(crate) fn boot(
        &mut self,
        node: NodeId,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let add = |digest: &mut crate::digest::Digest| digest.add(&(node, 2_u8));
        let entry = self.note(None, add, || What::Started(node), recorder);
        self.take_step(
            node,
            Input::Boot,
            Label(D::LABELS as u8),
            entry,
            adversary,
            recorder,
        );
    }

    /// A busy node is free: it takes the next input that waits, or falls idle.
    pub(crate) fn ready(
        &mut self,
        node: NodeId,
        incarnation: u32,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let slot = self.slot(node);
        if slot.incarnation != incarnation || slot.state != State::Up {
            return;
        }
        if let Some(ticket) = slot.inbox.pop_front() {
            self.handle(ticket, adversary, recorder);
            self.keep_ready(node);
        }
    }

    /// As long as inputs wait at a live node, it will be told when it is free.
    pub(crate) fn keep_ready(&mut self, node: NodeId) {
        let now = self.core.now;
        let slot = self.slot(node);
        if slot.state == State::Up && !slot.inbox.is_empty() {
            let (at, incarnation) = (slot.busy_until.max(now), slot.incarnation);
            self.core
                .queue
                .push(at, Weight::Useful, Event::Ready { node, incarnation });
        }
    }

    fn take_step(
        &mut self,
        node: NodeId,
        input: Input<D>,
        label: Label,
        entry: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let index = usize::from(node.0);
        let incarnation = self.slots[index].incarnation;
        let nth = &mut self.steps[index * (D::LABELS + 2) + usize::from(label.0)];
        let id = StepId {
            node: self.slots[index].key,
            label,
            nth: *nth,
        };
        *nth += 1;
        let mut ctx = Context {
            core: &mut self.core,
            me: node,
            incarnation,
            cause: entry,
        };
        let process = &mut self.nodes[index];
        match &input {
            Input::Boot => process.start(&mut ctx),
            Input::Message(from, message) => process.receive(*from, *message, &mut ctx),
            Input::Timer(timer) => process.fire(*timer, &mut ctx),
            Input::Disconnected(peer) => process.disconnected(*peer, &mut ctx),
        }
        let message = match &input {
            Input::Message(_, message) => Some(message),
            _ => None,
        };
        let strike = self.outcome(node, id, message, entry, adversary, recorder);
        self.apply(node, id, entry, strike, adversary, recorder);
        self.occupy(node);
    }

    /// Tells the step's observations and asks what befalls the node.
    fn outcome(
        &mut self,
        node: NodeId,
        id: StepId,
        message: Option<&D::Message>,
        entry: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) -> Option<Strike> {
        let seen = core::mem::take(&mut self.core.seen);
        for observation in &seen {
            self.observed(node, *observation, entry, recorder);
        }
        let items = |message: &'_ D::Message| {
            D::batch(message).map_or(&[][..], |batch| self.core.store.get(batch))
        };
        let strike = if self.healed {
            None
        } else {
            adversary.strike(&Step {
                id,
                node,
                at: self.core.now,
                input: message.map(|message| (message, items(message))),
                seen: &seen,
                sends: self.core.sends.len() as u32,
                unsynced: self.nodes[usize::from(node.0)].unsynced(),
            })
        };
        self.core.seen = seen;
        self.core.seen.clear();
        strike
    }

    /// Lets the step's effects into the world.
    fn apply(
        &mut self,
        node: NodeId,
        id: StepId,
        entry: u64,
        strike: Option<Strike>,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        if !self.core.jittered.is_empty() {
            self.arm_jittered(node, id, entry, adversary, recorder);
        }
        while let Some(peer) = self.core.given_up.pop() {
            if self.connected(node, peer) {
                self.network.give_up(node, peer);
            }
        }
        let mut sends = core::mem::take(&mut self.core.sends);
        let leaving = strike.map_or(sends.len(), |strike| sends.len().min(strike.sends as usize));
        for out in &sends[..leaving] {
            self.depart(node, out.to, out.message, entry, adversary, recorder);
        }
        if let Some(strike) = strike {
            for out in &sends[leaving..] {
                if strike.outage.kind == OutageKind::Pause {
                    self.slot(node).held.push(*out);
                    if let Some(batch) = D::batch(&out.message) {
                        self.core.store.retain(batch);
                    }
                } else {
                    let add = |digest: &mut crate::digest::Digest| digest.word(11);
                    self.note(
                        Some(entry),
                        add,
                        || What::Unsent(node, out.message),
                        recorder,
                    );
                }
            }
        }
        sends.clear();
        self.core.sends = sends;
        while let Some(batch) = self.core.batches.pop() {
            self.core.store.release(batch);
        }
        if let Some(strike) = strike {
            self.strike(
                node,
                strike.outage,
                strike.fault,
                Some(id),
                entry,
                adversary,
                recorder,
            );
        }
    }

    fn arm_jittered(
        &mut self,
        node: NodeId,
        id: StepId,
        entry: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let mut jittered = core::mem::take(&mut self.core.jittered);
        let incarnation = self.slots[usize::from(node.0)].incarnation;
        for (draw, wish) in jittered.iter().enumerate() {
            let draw = draw as u32;
            let more = if wish.spread.is_zero() {
                Span::ZERO
            } else {
                adversary.jitter(id, draw, wish.spread)
            };
            if more > Span::ZERO {
                let add = |digest: &mut crate::digest::Digest| digest.word(step_word(id) ^ more.0);
                self.note(
                    Some(entry),
                    add,
                    || What::Jittered(id, draw, more),
                    recorder,
                );
            }
            let delay = self.core.clocks[usize::from(node.0)].true_span(wish.delay + more);
            let chatter = D::chatter(D::timer_label(&wish.timer));
            let weight = if chatter {
                Weight::Chatter
            } else {
                Weight::Useful
            };
            let event = Event::Fire {
                node,
                incarnation,
                timer: wish.timer,
                cause: entry,
            };
            self.core.queue.push(self.core.now + delay, weight, event);
        }
        jittered.clear();
        self.core.jittered = jittered;
    }

    /// A step keeps its node busy for its service time.
    fn occupy(&mut self, node: NodeId) {
        let service = self.terrain.service;
        if service.is_zero() {
            return;
        }
        let now = self.core.now;
        let slot = self.slot(node);
        if slot.state != State::Up {
            return;
        }
        let idle = slot.inbox.is_empty();
        slot.busy_until = now + service.times(slot.slow.into());
        let (at, incarnation) = (slot.busy_until, slot.incarnation);
        if idle {
            self.core
                .queue
                .push(at, Weight::Useful, Event::Ready { node, incarnation });
        }
    }
}
