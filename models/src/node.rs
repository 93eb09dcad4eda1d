//! Every kind of node, and how a topology is built of them.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use semel_sim::address::{NodeId, OutageKind};
use semel_sim::context::Peer;
use semel_sim::digest::Digest;
use semel_sim::domain::Process;
use semel_sim::net::Transport;
use semel_sim::time::Time;

use crate::broker::Broker;
use crate::consumer::Consumer;
use crate::message::Message;
use crate::model::{Ctx, Model};
use crate::observation::Observation;
use crate::producer::Producer;
use crate::sink::Sink;
use crate::strategy::Strategy;
use crate::timer::Timer;
use crate::vocabulary::Topology;
use crate::workload::Workload;

/// A node of any kind. Every step asks which: so that has a byte of its own, and is not read off some field.
#[derive(Clone, Debug)]
#[repr(u8)]
pub enum Node {
    /// Gets records into the stream.
    Producer(Producer),
    /// Keeps the stream.
    Broker(Broker),
    /// Handles records.
    Consumer(Consumer),
    /// Where they take effect.
    Sink(Sink),
}

/// The names of a topology's nodes, in order.
pub fn names(topology: Topology) -> Vec<String> {
    let roles = [
        ("producer", topology.producers),
        ("broker", topology.brokers),
        ("consumer", topology.consumers),
        ("sink", 1),
    ];
    roles
        .iter()
        .flat_map(|(role, count)| (0..*count).map(move |n| format!("{role}-{n}")))
        .collect()
}

/// The nodes of a topology, in order.
pub fn build(
    strategy: &Strategy,
    topology: Topology,
    transport: Transport,
    workload: &Arc<Workload>,
) -> Vec<Node> {
    let mut nodes = Vec::with_capacity(usize::from(topology.size()));
    for n in 0..topology.producers {
        nodes.push(Node::Producer(Producer::new(
            n, strategy, topology, transport, workload,
        )));
    }
    for n in 0..topology.brokers {
        nodes.push(Node::Broker(Broker::new(n, strategy, topology, workload)));
    }
    for n in 0..topology.consumers {
        nodes.push(Node::Consumer(Consumer::new(
            n, strategy, topology, transport, workload,
        )));
    }
    nodes.push(Node::Sink(Sink::new(strategy, topology)));
    nodes
}

/// The same nodes, ready for another run of the same strategy and topology, with their room kept.
pub fn rebuild(nodes: &mut [Node], workload: &Arc<Workload>) {
    for node in nodes {
        match node {
            Node::Producer(node) => node.reset(workload),
            Node::Broker(node) => node.reset(workload),
            Node::Consumer(node) => node.reset(workload),
            Node::Sink(node) => node.reset(),
        }
    }
}

impl Process<Model> for Node {
    fn start(&mut self, ctx: &mut Ctx<'_>) {
        match self {
            Self::Producer(node) => node.start(ctx),
            Self::Broker(node) => node.start(ctx),
            Self::Consumer(node) => node.start(ctx),
            Self::Sink(_) => {}
        }
    }

    /// No more than a jump: each kind of node has a frame of its own.
    fn receive(&mut self, from: Peer, message: &Message, ctx: &mut Ctx<'_>) {
        match self {
            Self::Producer(node) => node.receive(message, ctx),
            Self::Broker(node) => node.receive(from, message, ctx),
            Self::Consumer(node) => node.receive(message, ctx),
            Self::Sink(node) => node.receive(from, message, ctx),
        }
    }

    fn fire(&mut self, timer: Timer, ctx: &mut Ctx<'_>) {
        match self {
            Self::Producer(node) => node.fire(timer, ctx),
            Self::Broker(node) => node.fire(timer, ctx),
            Self::Consumer(node) => node.fire(timer, ctx),
            Self::Sink(node) => node.fire(timer, ctx),
        }
    }

    fn disconnected(&mut self, peer: NodeId, ctx: &mut Ctx<'_>) {
        match self {
            Self::Producer(node) => node.disconnected(peer, ctx),
            Self::Broker(node) => node.disconnected(peer, ctx),
            Self::Consumer(node) => node.disconnected(peer, ctx),
            Self::Sink(_) => {}
        }
    }

    fn crash(&mut self, kind: OutageKind, survives: &mut dyn FnMut(u64) -> u64) {
        match self {
            Self::Producer(node) => node.crash(kind),
            Self::Broker(node) => node.crash(kind, survives),
            Self::Consumer(node) => node.crash(kind),
            Self::Sink(node) => node.crash(kind),
        }
    }

    fn unsynced(&self) -> bool {
        match self {
            Self::Broker(node) => node.unsynced(),
            Self::Producer(_) | Self::Consumer(_) | Self::Sink(_) => false,
        }
    }

    fn last_words(&self, see: &mut dyn FnMut(Observation)) {
        match self {
            Self::Broker(node) => node.last_words(see),
            Self::Sink(node) => node.last_words(see),
            Self::Producer(_) | Self::Consumer(_) => {}
        }
    }

    fn fingerprint(&self, now: Time, digest: &mut Digest) {
        match self {
            Self::Producer(node) => node.fingerprint(now, digest),
            Self::Broker(node) => node.fingerprint(now, digest),
            Self::Consumer(node) => node.fingerprint(now, digest),
            Self::Sink(node) => node.fingerprint(now, digest),
        }
    }
}
