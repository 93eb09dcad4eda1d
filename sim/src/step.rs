//! One step of a node: an input is handled, its observations are told, its packets leave, an outage may strike.

use crate::address::{Label, NodeId, StepId, Strike};
use crate::adversary::{Adversary, Step};
use crate::context::{Context, Due, Event, Peer, weight};
use crate::domain::{Domain, Process};
use crate::finish::Unfinished;
use crate::queue::{Ticket, Weight};
use crate::record::{Loss, Recorder, What};
use crate::time::Span;
use crate::wire::Flight;
use crate::world::{State, Tag, World};

/// What a step is about.
#[derive(Clone, Copy)]
struct Input<'a, D: Domain> {
    node: NodeId,
    label: Label,
    /// The entry that tells of the input.
    entry: u64,
    act: Act<'a, D>,
}

/// What a node does in a step.
#[derive(Clone, Copy)]
enum Act<'a, D: Domain> {
    Start,
    Receive(Peer, &'a D::Message),
    Fire(D::Timer),
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
        let node = event.node;
        let kernels = matches!(event.due, Due::Ready | Due::Return { .. });
        if self.waits(node) && !kernels {
            self.slot(node).inbox.push_back(ticket);
            self.keep_ready(node);
        } else {
            self.handle(ticket, adversary, recorder);
        }
    }

    /// Whether what reaches a node now must wait.
    #[inline]
    fn waits(&mut self, node: NodeId) -> bool {
        let now = self.core.now;
        let slot = self.slot(node);
        match slot.state {
            State::Up => slot.busy_until > now || slot.wake.is_some(),
            State::Paused { .. } => true,
            State::Down(_) => false,
        }
    }

    /// Handles an event at a node that has time for it, or is down and loses it.
    fn handle(
        &mut self,
        ticket: Ticket,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let Some(&Event { node, ref due }) = self.core.queue.take(ticket) else {
            return;
        };
        let message;
        // Each arm takes its words straight from the slot: an event moved as a whole is an event moved slowly.
        let input = match *due {
            Due::Arrival {
                from,
                connection,
                label,
                message: ref words,
                cause,
            } => {
                message = *words;
                // Whatever comes of it, this copy of the packet holds its batch no longer.
                if let Some(batch) = D::batch(&message) {
                    self.core.batches.push(batch);
                }
                let flight = Flight {
                    from,
                    to: node,
                    connection,
                    label,
                    message: &message,
                    cause,
                };
                self.arrive(&flight, recorder)
            }
            Due::Timer {
                incarnation,
                timer,
                cause,
            } => self.fire(node, incarnation, timer, cause, recorder),
            Due::Told {
                peer,
                connection,
                cause,
            } => self.disconnect(node, peer, connection, cause, recorder),
            Due::Ready => return self.ready(node, adversary, recorder),
            Due::Return { cause } => return self.come_back(node, cause, adversary, recorder),
        };
        match input {
            Some(input) => self.take_step(input, adversary, recorder),
            None => self.release_batches(),
        }
    }

    /// A copy of a packet arrives, unless nobody is there to hear it.
    #[inline]
    fn arrive<'a>(
        &mut self,
        flight: &Flight<'a, D>,
        recorder: &mut impl Recorder<D>,
    ) -> Option<Input<'a, D>> {
        let Flight {
            from,
            to,
            connection,
            label,
            message,
            cause,
        } = *flight;
        let connected = self.connected(from, to);
        let loss = match self.slots[usize::from(to.0)].state {
            State::Down(_) => Some(Loss::Down),
            _ if connected && !self.network.hears(to, from, connection) => Some(Loss::GivenUp),
            _ => None,
        };
        if let Some(loss) = loss {
            self.miss(flight, loss, recorder);
            return None;
        }
        if connected {
            self.network.heard(from, to, connection);
        }
        let what = || What::Arrived(from, to, *message);
        let entry = self.note(Tag::Arrived, Some(cause), cause, |_| (), what, recorder);
        let peer = Peer {
            node: from,
            connection: connected.then_some(connection),
        };
        self.count(label);
        Some(Input {
            node: to,
            label,
            entry,
            act: Act::Receive(peer, message),
        })
    }

    /// A timer fires, unless its node is no longer what it was when it armed it.
    #[inline]
    fn fire(
        &mut self,
        node: NodeId,
        incarnation: u32,
        timer: D::Timer,
        cause: u64,
        recorder: &mut impl Recorder<D>,
    ) -> Option<Input<'static, D>> {
        let slot = self.slot(node);
        if slot.incarnation != incarnation || slot.state != State::Up {
            self.orphans += 1;
            return None;
        }
        let add = |digest: &mut crate::digest::Digest| digest.add(&timer);
        let what = || What::Fired(node, timer);
        let entry = self.note(Tag::Fired, Some(cause), node.0.into(), add, what, recorder);
        let label = D::timer_label(&timer);
        self.count(label);
        Some(Input {
            node,
            label,
            entry,
            act: Act::Fire(timer),
        })
    }

    /// A node finds a connection broken, if it still uses that.
    #[inline(never)]
    fn disconnect(
        &mut self,
        node: NodeId,
        peer: NodeId,
        connection: u32,
        cause: u64,
        recorder: &mut impl Recorder<D>,
    ) -> Option<Input<'static, D>> {
        if self.slot(node).state != State::Up || !self.network.told(node, peer, connection) {
            return None;
        }
        let word = u64::from(node.0) << 16 | u64::from(peer.0);
        let what = || What::Disconnected(node, peer);
        let entry = self.note(Tag::Disconnected, Some(cause), word, |_| (), what, recorder);
        Some(Input {
            node,
            label: Label(D::LABELS as u8 + 1),
            entry,
            act: Act::Disconnected(peer),
        })
    }

    /// Boots a node.
    #[cold]
    pub(crate) fn boot(
        &mut self,
        node: NodeId,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let what = || What::Started(node);
        let entry = self.note(Tag::Started, None, node.0.into(), |_| (), what, recorder);
        let input = Input {
            node,
            label: Label(D::LABELS as u8),
            entry,
            act: Act::Start,
        };
        self.take_step(input, adversary, recorder);
    }

    /// Counts an event, and remembers when the last one was that is not chatter.
    #[inline]
    fn count(&mut self, label: Label) {
        self.counts.events += 1;
        if !D::chatter(label) {
            self.useful_at = self.core.now;
        }
    }

    /// A busy node is free: the packets of its step leave, and it takes the next input that waits.
    fn ready(
        &mut self,
        node: NodeId,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let slot = self.slot(node);
        slot.wake = None;
        if slot.state != State::Up {
            return;
        }
        if let Some(step) = slot.unfinished.take() {
            self.finish(node, step, adversary, recorder);
        }
        // The step may have ended in an outage: then nothing waits here any more, or it waits for the end of a pause.
        let slot = self.slot(node);
        if slot.state == State::Up
            && let Some(ticket) = slot.inbox.pop_front()
        {
            self.handle(ticket, adversary, recorder);
        }
        self.keep_ready(node);
    }

    /// As long as inputs wait at a live node, or packets of its step, it will be told when it is free.
    pub(crate) fn keep_ready(&mut self, node: NodeId) {
        let now = self.core.now;
        let slot = &mut self.slots[usize::from(node.0)];
        let waited_for = !slot.inbox.is_empty() || slot.unfinished.is_some();
        if slot.state == State::Up && waited_for && slot.wake.is_none() {
            let at = slot.busy_until.max(now);
            let event = Event {
                node,
                due: Due::Ready,
            };
            slot.wake = Some(self.core.queue.push(at, Weight::Useful, event));
        }
    }

    /// Lets the node do what it does, and what it did take effect.
    #[expect(clippy::inline_always, reason = "nearly every event comes to this")]
    #[inline(always)]
    fn take_step(
        &mut self,
        input: Input<'_, D>,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let index = usize::from(input.node.0);
        let slot = &self.slots[index];
        let nth = &mut self.steps[index * (D::LABELS + 2) + usize::from(input.label.0)];
        let id = StepId {
            node: slot.key,
            label: input.label,
            nth: *nth,
        };
        *nth += 1;
        if !self.terrain.service.is_zero() {
            self.core.service = self.terrain.service.times(slot.slow.into());
        }
        let mut ctx = Context {
            core: &mut self.core,
            me: input.node,
            incarnation: slot.incarnation,
            cause: input.entry,
        };
        let process = &mut self.nodes[index];
        match input.act {
            Act::Receive(peer, message) => process.receive(peer, message, &mut ctx),
            Act::Fire(timer) => process.fire(timer, &mut ctx),
            Act::Disconnected(peer) => process.disconnected(peer, &mut ctx),
            Act::Start => process.start(&mut ctx),
        }
        self.take_effect(input, id, adversary, recorder);
    }

    /// Observations are told, packets leave, an outage may strike.
    #[expect(clippy::inline_always, reason = "nearly every event comes to this")]
    #[inline(always)]
    fn take_effect(
        &mut self,
        input: Input<'_, D>,
        id: StepId,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let Input { node, entry, .. } = input;
        // By index, each word copied: lending the whole buffer out and taking it back costs more.
        for index in 0..self.core.seen.len() {
            let observation = self.core.seen[index];
            self.observed(node, &observation, entry, recorder);
        }
        let strike = if adversary.strikes() && !self.healed {
            self.ask(input, id, adversary)
        } else {
            None
        };
        self.core.seen.clear();
        if !self.core.jittered.is_empty() {
            self.arm_jittered(node, id, entry, adversary, recorder);
        }
        while let Some(peer) = self.core.given_up.pop() {
            if self.connected(node, peer) {
                self.network.give_up(node, peer);
            }
        }
        if strike.is_none() && self.terrain.service.is_zero() {
            for index in 0..self.core.sends.len() {
                let out = self.core.sends[index];
                self.depart(node, &out, entry, adversary, recorder);
            }
            self.core.sends.clear();
        } else {
            let step = Unfinished { id, entry, strike };
            self.finish_later(node, step, adversary, recorder);
        }
        self.release_batches();
    }

    /// Batches that the step made or was given are held by nobody but the packets that carry them on.
    #[inline]
    fn release_batches(&mut self) {
        while let Some(batch) = self.core.batches.pop() {
            self.core.store.release(batch);
        }
    }

    /// Asks what befalls the node.
    #[inline(never)]
    fn ask(
        &mut self,
        input: Input<'_, D>,
        id: StepId,
        adversary: &mut impl Adversary<D>,
    ) -> Option<Strike> {
        let items = |message: &D::Message| {
            D::batch(message).map_or(&[][..], |batch| self.core.store.get(batch))
        };
        adversary.strike(&Step {
            id,
            node: input.node,
            at: self.core.now,
            input: match input.act {
                Act::Receive(_, message) => Some((message, items(message))),
                _ => None,
            },
            seen: &self.core.seen,
            sends: self.core.sends.len() as u32,
            unsynced: self.nodes[usize::from(input.node.0)].unsynced(),
        })
    }

    #[inline(never)]
    fn arm_jittered(
        &mut self,
        node: NodeId,
        id: StepId,
        entry: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let slot = usize::from(node.0);
        let incarnation = self.slots[slot].incarnation;
        for draw in 0..self.core.jittered.len() {
            let wish = self.core.jittered[draw];
            let draw = draw as u32;
            let more = if wish.spread.is_zero() {
                Span::ZERO
            } else {
                adversary.jitter(id, draw, wish.spread)
            };
            if !more.is_zero() {
                let what = || What::Jittered(id, draw, more);
                self.note(Tag::Jittered, Some(entry), more.0, |_| (), what, recorder);
            }
            let delay = self.core.clocks[slot].true_span(wish.delay + more);
            let event = Event {
                node,
                due: Due::Timer {
                    incarnation,
                    timer: wish.timer,
                    cause: entry,
                },
            };
            let weight = weight::<D>(D::timer_label(&wish.timer));
            let at = self.core.now + self.core.service + delay;
            self.core.queue.push(at, weight, event);
        }
        self.core.jittered.clear();
    }
}
