//! How a step ends: its packets leave, and what strikes it strikes.
//!
//! What a step writes and observes stands when it begins. Where steps take time, what it sends leaves when its
//! service time is over; from then on its timers run, and then strikes what strikes it. What takes the node down
//! before keeps the writes and loses the packets, as any cut does. A pause puts the end off.

use alloc::vec::Vec;

use crate::address::{NodeId, OutageKind, StepId, Strike};
use crate::adversary::Adversary;
use crate::context::Outgoing;
use crate::digest::Digest;
use crate::domain::Domain;
use crate::record::{Recorder, What};
use crate::world::{Tag, World};

/// A step that has been taken, but whose packets have not left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unfinished {
    pub(super) id: StepId,
    /// The entry that tells of the step's input.
    pub(super) entry: u64,
    /// What befalls the node when the step is over.
    pub(super) strike: Option<Strike>,
}

impl<D: Domain> World<D> {
    /// A step keeps its node busy for its service time; then its packets leave.
    #[inline(never)]
    pub(super) fn finish_later(
        &mut self,
        node: NodeId,
        step: Unfinished,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let slot = &mut self.slots[usize::from(node.0)];
        for out in self.core.sends.drain(..) {
            if let Some(batch) = D::batch(&out.message) {
                self.core.store.retain(batch);
            }
            slot.held.push(out);
        }
        let service = self.core.service;
        slot.busy_until = self.core.now + service;
        if service.is_zero() {
            self.finish(node, step, adversary, recorder);
        } else if step.strike.is_some() || !slot.held.is_empty() {
            slot.unfinished = Some(step);
            self.keep_ready(node);
        }
    }

    /// A step's packets leave, and what strikes it strikes when some of them have left: a pause holds the others back,
    /// they leave when it is over; from any other outage they never leave.
    pub(super) fn finish(
        &mut self,
        node: NodeId,
        step: Unfinished,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        let Unfinished { id, entry, strike } = step;
        let mut held = core::mem::take(&mut self.slot(node).held);
        let leaving = strike.map_or(held.len(), |strike| held.len().min(strike.sends as usize));
        self.depart_held(node, held.drain(..leaving), entry, adversary, recorder);
        if strike.is_some_and(|strike| strike.outage.kind != OutageKind::Pause) {
            self.lose_held(node, &mut held, entry, recorder);
        }
        self.slot(node).held = held;
        if let Some(Strike { outage, fault, .. }) = strike {
            self.strike(node, outage, fault, Some(id), entry, adversary, recorder);
        }
    }

    /// Packets that were held back leave now.
    #[inline(never)]
    pub(super) fn depart_held(
        &mut self,
        node: NodeId,
        held: impl Iterator<Item = Outgoing<D>>,
        cause: u64,
        adversary: &mut impl Adversary<D>,
        recorder: &mut impl Recorder<D>,
    ) {
        for out in held {
            self.core.sends.push(out);
            self.depart(node, 0, cause, adversary, recorder);
            self.core.sends.clear();
            if let Some(batch) = D::batch(&out.message) {
                self.core.store.release(batch);
            }
        }
    }

    /// Packets that were held back never leave.
    pub(super) fn lose_held(
        &mut self,
        node: NodeId,
        held: &mut Vec<Outgoing<D>>,
        cause: u64,
        recorder: &mut impl Recorder<D>,
    ) {
        for out in held.drain(..) {
            let message = out.message;
            let what = || What::Unsent(node, message);
            self.note(
                Tag::Unsent,
                Some(cause),
                node.0.into(),
                out.sum,
                what,
                recorder,
            );
            if let Some(batch) = D::batch(&message) {
                self.core.store.release(batch);
            }
        }
    }

    /// Adds what a node has not sent yet to a fingerprint, and what will strike among it.
    pub(super) fn fingerprint_unsent(&self, node: NodeId, digest: &mut Digest) {
        let slot = &self.slots[usize::from(node.0)];
        let strike = slot.unfinished.map(|step| step.strike);
        digest.add(&strike.map(|strike| strike.map(|strike| (strike.outage, strike.sends))));
        for out in &slot.held {
            let age = |connection| self.network.age(node, out.to.node, connection);
            digest.add(&(out.to.node, out.to.connection.map(age)));
            self.fingerprint_message(&out.message, digest);
        }
    }
}
