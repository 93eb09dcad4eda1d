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

/// What a step is about, besides what the node does in it.
#[derive(Clone, Copy)]
struct Input<'a, M> {
    node: NodeId,
    label: Label,
    /// The entry that tells of the input.
    entry: u64,
    /// The message, if that is what came.
    message: Option<&'a M>,
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
        let event = self.core.queue.get(ticket);
        let Some(&Event { node, ref due }) = event else {
            self.core.queue.free(ticket);
            return;
        };
        // Each arm takes its words straight from the slot: an event moved as a whole is an event moved slowly.
        match *due {
            Due::Arrival {
                from,
                connection,
                label,
                message,
                cause,
            } => {
                self.core.queue.free(ticket);
                let flight = Flight {
                    from,
                    to: node,
                    connection,
                    label,
                    message: &message,
                    cause,
                };
                self.arrive(&flight, adversary, recorder);
                if let Some(batch) = D::batch(&message) {
                    self.core.store.release(batch);
                }
            }
            Due::Timer {
                incarnation,
                timer,
                cause,
            } => {
                self.core.queue.free(ticket);
                let slot = self.slot(node);
                if slot.incarnation == incarnation && slot.state == State::Up {
                    self.fire(node, timer, cause, adversary, recorder);
                } else {
                    self.orphans += 1;
                }
            }
            Due::Told {
                peer,
                connection,
                cause,
            } => {
                self.core.queue.free(ticket);
                if self.slot(node).state == State::Up && self.network.told(node, peer, connection) {
                    self.disconnect(node, peer, cause, adversary, recorder);
                }
            }
            Due::Ready => {
                self.core.queue.free(ticket);
                self.ready(node, adversary, recorder);
            }
            Due::Return { outage, cause } => {
                self.core.queue.free(ticket);
                self.come_back(node, outage, cause, adversary, recorder);
            }
        }
    }

    #[inline]
    fn arrive(
        &mut self,
        flight: &Flight<'_, D>,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
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
            return;
        }
        if connected {
            self.network.heard(from, to, connection);
        }
        let what = || What::Arrived(from, to, *message);
        let entry = self.note(Tag::Arrived, Some(cause), cause, |_| (), what, recorder);
        let input = Input {
            node: to,
            label,
            entry,
            message: Some(message),
        };
        let peer = Peer {
            node: from,
            connection: connected.then_some(connection),
        };
        self.count(input.label);
        self.take_step(input, adversary, recorder, |process, ctx| {
            process.receive(peer, *message, ctx);
        });
    }

    #[inline]
    fn fire(
        &mut self,
        node: NodeId,
        timer: D::Timer,
        cause: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let add = |digest: &mut crate::digest::Digest| digest.add(&timer);
        let what = || What::Fired(node, timer);
        let entry = self.note(Tag::Fired, Some(cause), node.0.into(), add, what, recorder);
        let input = Input {
            node,
            label: D::timer_label(&timer),
            entry,
            message: None,
        };
        self.count(input.label);
        self.take_step(input, adversary, recorder, |process, ctx| {
            process.fire(timer, ctx);
        });
    }

    fn disconnect(
        &mut self,
        node: NodeId,
        peer: NodeId,
        cause: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let word = u64::from(node.0) << 16 | u64::from(peer.0);
        let what = || What::Disconnected(node, peer);
        let entry = self.note(Tag::Disconnected, Some(cause), word, |_| (), what, recorder);
        let input = Input {
            node,
            label: Label(D::LABELS as u8 + 1),
            entry,
            message: None,
        };
        self.take_step(input, adversary, recorder, |process, ctx| {
            process.disconnected(peer, ctx);
        });
    }

    /// Boots a node.
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
            message: None,
        };
        self.take_step(input, adversary, recorder, |process, ctx| {
            process.start(ctx);
        });
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
    #[inline]
    fn take_step(
        &mut self,
        input: Input<'_, D::Message>,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
        act: impl FnOnce(&mut D::Node, &mut Context<'_, D>),
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
        act(&mut self.nodes[index], &mut ctx);
        self.take_effect(&input, id, adversary, recorder);
    }

    /// Observations are told, packets leave, an outage may strike.
    fn take_effect(
        &mut self,
        input: &Input<'_, D::Message>,
        id: StepId,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let Input { node, entry, .. } = *input;
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
        while let Some(batch) = self.core.batches.pop() {
            self.core.store.release(batch);
        }
    }

    /// Asks what befalls the node.
    fn ask(
        &mut self,
        input: &Input<'_, D::Message>,
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
            input: input.message.map(|message| (message, items(message))),
            seen: &self.core.seen,
            sends: self.core.sends.len() as u32,
            unsynced: self.nodes[usize::from(input.node.0)].unsynced(),
        })
    }

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
