//! One step of a node: an input is handled, its observations are told, its packets leave, an outage may strike.

use crate::address::{Label, NodeId, StepId, Strike};
use crate::adversary::{Adversary, Step};
use crate::context::{Context, Due, Event, Peer, weight};
use crate::digest::Sum;
use crate::domain::{Domain, Process};
use crate::record::{Loss, Recorder, What};
use crate::time::Span;
use crate::world::finish::Unfinished;
use crate::world::queue::{Ticket, Weight};
use crate::world::wire::Flight;
use crate::world::{State, Tag, World};

impl<D: Domain> World<D> {
    /// An event has been popped: it is handled now, or waits in its node's inbox.
    #[expect(clippy::inline_always, reason = "every event comes to this")]
    #[inline(always)]
    pub(super) fn fall_due(
        &mut self,
        ticket: Ticket,
        node: NodeId,
        is_input: bool,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        if is_input && self.waits(node) {
            self.slot(node).inbox.push_back(ticket);
            self.keep_ready(node);
        } else {
            self.handle(ticket, adversary, recorder);
        }
    }

    /// Whether what reaches a node now must wait.
    #[inline]
    fn waits(&self, node: NodeId) -> bool {
        let slot = &self.slots[usize::from(node.0)];
        match slot.state {
            State::Up => slot.busy_until > self.core.now || slot.wake.is_some(),
            State::Paused { .. } => true,
            State::Down(_) => false,
        }
    }

    /// Handles an event at a node that has time for it, or is down and loses it.
    #[expect(clippy::inline_always, reason = "every event comes to this")]
    #[inline(always)]
    fn handle(
        &mut self,
        ticket: Ticket,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let Some(&Event { node, ref due }) = self.core.queue.take(ticket) else {
            return;
        };
        // Each arm takes its words straight from the slot: an event moved as a whole is an event moved slowly.
        match *due {
            Due::Arrival {
                from,
                connection,
                label,
                message: ref words,
                cause,
            } => {
                let message = *words;
                let flight = Flight {
                    from,
                    to: node,
                    connection,
                    label,
                    message: &message,
                    cause,
                };
                self.arrive(&flight, adversary, recorder);
            }
            Due::Timer {
                incarnation,
                timer,
                cause,
            } => self.fire(node, incarnation, timer, cause, adversary, recorder),
            Due::Told {
                peer,
                connection,
                cause,
            } => self.disconnect(node, peer, connection, cause, adversary, recorder),
            Due::Ready => self.ready(node, adversary, recorder),
            Due::Return { cause } => self.come_back(node, cause, adversary, recorder),
        }
    }

    /// Handles an event that has waited in an inbox.
    #[inline(never)]
    fn handle_at_last(
        &mut self,
        ticket: Ticket,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        self.handle(ticket, adversary, recorder);
    }

    /// A copy of a packet arrives, unless nobody is there to hear it.
    #[expect(clippy::inline_always, reason = "most events are arrivals")]
    #[inline(always)]
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
        // Whatever comes of it, this copy of the packet holds its batch no longer.
        if let Some(batch) = D::batch(message) {
            self.core.batches.push(batch);
        }
        let connected = self.connected(from, to);
        let loss = match self.slots[usize::from(to.0)].state {
            State::Down(_) => Some(Loss::Down),
            _ if connected && !self.network.hears(to, from, connection) => Some(Loss::GivenUp),
            _ => None,
        };
        if let Some(loss) = loss {
            // A copy: what is heard need not be written down for it.
            self.miss(&Flight { ..*flight }, loss, recorder);
            self.release_batches();
            return;
        }
        if connected {
            self.network.heard(from, to, connection);
        }
        let what = || What::Arrived(from, to, *message);
        let entry = self.note(Tag::Arrived, Some(cause), cause, Sum::NONE, what, recorder);
        let peer = Peer {
            node: from,
            connection: connected.then_some(connection),
        };
        self.count(label);
        let (id, process, mut ctx) = self.begin(to, label, entry);
        process.receive(peer, message, &mut ctx);
        self.take_effect(to, id, entry, Some(message), adversary, recorder);
    }

    /// A timer fires, unless its node is no longer what it was when it armed it.
    #[inline(never)]
    fn fire(
        &mut self,
        node: NodeId,
        incarnation: u32,
        timer: D::Timer,
        cause: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let slot = self.slot(node);
        if slot.incarnation != incarnation || slot.state != State::Up {
            self.orphans += 1;
            return;
        }
        let what = || What::Fired(node, timer);
        let entry = self.note(
            Tag::Fired,
            Some(cause),
            node.0.into(),
            Sum::of(&timer),
            what,
            recorder,
        );
        let label = D::timer_label(&timer);
        self.count(label);
        let (id, process, mut ctx) = self.begin(node, label, entry);
        process.fire(timer, &mut ctx);
        self.take_effect(node, id, entry, None, adversary, recorder);
    }

    /// A node finds a connection broken, if it still uses that.
    #[inline(never)]
    fn disconnect(
        &mut self,
        node: NodeId,
        peer: NodeId,
        connection: u32,
        cause: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        if self.slot(node).state != State::Up || !self.network.told(node, peer, connection) {
            return;
        }
        let word = u64::from(node.0) << 16 | u64::from(peer.0);
        let what = || What::Disconnected(node, peer);
        let entry = self.note(
            Tag::Disconnected,
            Some(cause),
            word,
            Sum::NONE,
            what,
            recorder,
        );
        let (id, process, mut ctx) = self.begin(node, Label(D::LABELS as u8 + 1), entry);
        process.disconnected(peer, &mut ctx);
        self.take_effect_apart(node, id, entry, adversary, recorder);
    }

    /// Boots a node.
    #[cold]
    pub(super) fn boot(
        &mut self,
        node: NodeId,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let what = || What::Started(node);
        let entry = self.note(Tag::Started, None, node.0.into(), Sum::NONE, what, recorder);
        let (id, process, mut ctx) = self.begin(node, Label(D::LABELS as u8), entry);
        process.start(&mut ctx);
        self.take_effect_apart(node, id, entry, adversary, recorder);
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
            self.handle_at_last(ticket, adversary, recorder);
        }
        self.keep_ready(node);
    }

    /// As long as inputs wait at a live node, or packets of its step, it will be told when it is free.
    pub(super) fn keep_ready(&mut self, node: NodeId) {
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

    /// A step begins: its address, whose it is, and what it can do.
    #[inline]
    fn begin(
        &mut self,
        node: NodeId,
        label: Label,
        entry: u64,
    ) -> (StepId, &mut D::Node, Context<'_, D>) {
        let index = usize::from(node.0);
        let slot = &mut self.slots[index];
        let nth = &mut slot.steps[usize::from(label.0)];
        let id = StepId {
            node: slot.key,
            label,
            nth: *nth,
        };
        *nth += 1;
        if self.terrain.takes_time() {
            self.core.service = self.terrain.service.times(slot.slow.into());
        }
        let ctx = Context {
            core: &mut self.core,
            clock: &slot.clock,
            me: node,
            incarnation: slot.incarnation,
            cause: entry,
        };
        (id, &mut self.nodes[index], ctx)
    }

    /// What the node did takes effect: observations are told, packets leave, an outage may strike.
    #[expect(clippy::inline_always, reason = "most events come to this")]
    #[inline(always)]
    fn take_effect(
        &mut self,
        node: NodeId,
        id: StepId,
        entry: u64,
        heard: Option<&D::Message>,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        self.tell_seen(node, entry, recorder);
        if !self.terrain.takes_time() && (self.healed || !adversary.strikes()) {
            self.core.seen.clear();
            self.grant(node, id, entry, adversary, recorder);
            self.depart_all(node, entry, adversary, recorder);
        } else {
            self.take_time(node, id, entry, heard, adversary, recorder);
        }
        self.release_batches();
    }

    /// The same where a call costs little beside the rest.
    #[inline(never)]
    fn take_effect_apart(
        &mut self,
        node: NodeId,
        id: StepId,
        entry: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        self.take_effect(node, id, entry, None, adversary, recorder);
    }

    /// A step that may be struck, or that takes time, ends.
    #[inline(never)]
    fn take_time(
        &mut self,
        node: NodeId,
        id: StepId,
        entry: u64,
        heard: Option<&D::Message>,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let strike = if adversary.strikes() && !self.healed {
            self.ask(node, id, heard, adversary)
        } else {
            None
        };
        self.core.seen.clear();
        self.grant(node, id, entry, adversary, recorder);
        if strike.is_none() && !self.terrain.takes_time() {
            self.depart_all(node, entry, adversary, recorder);
        } else {
            let step = Unfinished { id, entry, strike };
            self.finish_later(node, step, adversary, recorder);
        }
    }

    /// What few steps wish for is done: timers within a spread, connections given up.
    #[expect(clippy::inline_always, reason = "most steps wish for nothing")]
    #[inline(always)]
    fn grant(
        &mut self,
        node: NodeId,
        id: StepId,
        entry: u64,
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
    }

    /// The packets of a step leave.
    #[expect(clippy::inline_always, reason = "most packets leave here")]
    #[inline(always)]
    fn depart_all(
        &mut self,
        node: NodeId,
        entry: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        for place in 0..self.core.sends.len() {
            self.depart(node, place, entry, adversary, recorder);
        }
        self.core.sends.clear();
    }

    /// Batches that the step made or was given are held by nobody but the packets that carry them on.
    #[inline]
    fn release_batches(&mut self) {
        while let Some(batch) = self.core.batches.pop() {
            self.core.store.release(batch);
        }
    }

    /// Asks what befalls the node.
    fn ask(
        &mut self,
        node: NodeId,
        id: StepId,
        heard: Option<&D::Message>,
        adversary: &mut impl Adversary<D>,
    ) -> Option<Strike> {
        let items = |message: &D::Message| {
            D::batch(message).map_or(&[][..], |batch| self.core.store.get(batch))
        };
        adversary.strike(&Step {
            id,
            node,
            at: self.core.now,
            input: heard.map(|message| (message, items(message))),
            seen: &self.core.seen.all,
            sends: self.core.sends.len() as u32,
            unsynced: self.nodes[usize::from(node.0)].unsynced(),
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
                self.note(
                    Tag::Jittered,
                    Some(entry),
                    more.0,
                    Sum::NONE,
                    what,
                    recorder,
                );
            }
            let delay = self.slots[slot].clock.true_span(wish.delay + more);
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
