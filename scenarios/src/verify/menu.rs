//! The menu of a plan: what may happen to its quiet run.

use semel_models::strategy::{Retry, Strategy, Unit, Work};
use semel_models::vocabulary::Topology;
use semel_sim::address::{NodeId, Outage, OutageKind};
use semel_sim::net::Transport;
use semel_sim::schedule::OutageName;
use semel_sim::search::menu::{Isolation, Menu};
use semel_sim::time::Span;
use serde::Serialize;

use crate::file::scenario::MenuItem;
use crate::trial::bench::Bench;
use crate::trial::plan::Plan;

/// Something that may happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Mishap {
    /// A packet is lost.
    Lost,
    /// A packet arrives twice.
    Twice,
    /// A packet is so late.
    Late(Span),
    /// One of these nodes goes down after a step, with any number of its packets still leaving.
    Outage {
        /// Which nodes.
        nodes: Vec<String>,
        /// How.
        kind: OutageName,
        /// For how long.
        down: Span,
    },
    /// After a step of either, packets from one to another are lost.
    Cut {
        /// From whom.
        one: String,
        /// To whom.
        other: String,
        /// The other way, too.
        both_ways: bool,
        /// For how long.
        lasting: Span,
    },
}

/// What may happen, from the transport, the strategy's timers and the roles of the nodes; or of that, what the
/// scenario allows.
pub(super) fn menu(plan: &Plan) -> Menu {
    let scenario = &plan.scenario;
    let topology = scenario.topology;
    let allows = |item: MenuItem| {
        scenario
            .menu
            .as_ref()
            .is_none_or(|menu| menu.contains(&item))
    };
    let late = if allows(MenuItem::Late) {
        lateness(plan)
    } else {
        Vec::new()
    };
    let away = absence(&plan.strategy);
    let mut outages = Vec::new();
    let mut add = |item, nodes: Vec<NodeId>, kind, down| {
        if allows(item) {
            outages.push((nodes, Outage { kind, down }));
        }
    };
    let (clients, brokers, all) = roles(topology);
    add(MenuItem::Crash, all, OutageKind::Crash, Span::millis(200));
    add(
        MenuItem::PowerLoss,
        brokers,
        OutageKind::PowerLoss,
        Span::millis(200),
    );
    add(MenuItem::Pause, clients, OutageKind::Pause, away + away);
    let isolate = |(one, other)| {
        let ways = [
            vec![(one, other), (other, one)],
            vec![(one, other)],
            vec![(other, one)],
        ];
        ways.map(|links| Isolation {
            links,
            lasting: away + away,
        })
    };
    let pairs = if allows(MenuItem::Isolate) {
        pairs(topology)
    } else {
        Vec::new()
    };
    Menu {
        drop: allows(MenuItem::Drop),
        duplicate: scenario.transport == Transport::Datagram && allows(MenuItem::Duplicate),
        late,
        outages,
        isolations: pairs.into_iter().flat_map(isolate).collect(),
    }
}

/// Every two nodes that may have something to say to each other: clients and brokers, brokers among themselves,
/// consumers and the sink.
fn pairs(topology: Topology) -> Vec<(NodeId, NodeId)> {
    let (clients, brokers, _) = roles(topology);
    let mut pairs = Vec::new();
    for (index, broker) in brokers.iter().enumerate() {
        pairs.extend(clients.iter().map(|client| (*client, *broker)));
        pairs.extend(brokers[..index].iter().map(|other| (*other, *broker)));
    }
    let consumers = (0..topology.consumers).map(|n| topology.consumer(n));
    pairs.extend(consumers.map(|consumer| (consumer, topology.sink())));
    pairs
}

/// The clients, the brokers, and everybody.
fn roles(topology: Topology) -> (Vec<NodeId>, Vec<NodeId>, Vec<NodeId>) {
    let producers = (0..topology.producers).map(|n| topology.producer(n));
    let consumers = (0..topology.consumers).map(|n| topology.consumer(n));
    let brokers = (0..topology.brokers).map(|n| topology.broker(n));
    let all = (0..topology.size()).map(NodeId);
    (
        producers.chain(consumers).collect(),
        brokers.collect(),
        all.collect(),
    )
}

/// How late a packet may be: past the next arrival, the retry, the session, the next transaction.
fn lateness(plan: &Plan) -> Vec<Span> {
    let latency = plan.scenario.network.latency;
    let strategy = &plan.strategy;
    let retry = match strategy.publish.retry {
        Retry::Never { .. } => None,
        Retry::Backoff(backoff) => Some(backoff.timeout + backoff.delay_min),
    };
    let (next, transaction) = match strategy.publish.unit {
        Unit::Each => (None, None),
        Unit::Transaction(unit) => (Some(unit.commit_every), Some(unit.timeout)),
    };
    let own = match &strategy.work {
        Work::Loop(work) => work.sink_timeout,
        Work::Transact(work) => Some(work.commit_every),
    };
    let session = strategy.work.right().group().map(|group| group.session);
    let past = |span: Span| span + latency.times(3);
    let spans = [retry, own, session, next, transaction]
        .into_iter()
        .flatten();
    let mut late: Vec<Span> = [latency.times(2)]
        .into_iter()
        .chain(spans.map(past))
        .collect();
    late.sort_unstable();
    late.dedup();
    late
}

/// Longer than anybody waits for a client.
fn absence(strategy: &Strategy) -> Span {
    let group = strategy.work.right().group();
    group.map_or(Span::millis(200), |group| group.session)
}

/// What a menu allows, with names.
pub(super) fn mishaps(menu: &Menu, bench: &Bench) -> Vec<Mishap> {
    let name = |node: &NodeId| bench.nodes[usize::from(node.0)].clone();
    let drop = menu.drop.then_some(Mishap::Lost);
    let duplicate = menu.duplicate.then_some(Mishap::Twice);
    let late = menu.late.iter().map(|late| Mishap::Late(*late));
    let outages = menu.outages.iter().map(|(nodes, outage)| Mishap::Outage {
        nodes: nodes.iter().map(name).collect(),
        kind: outage.kind.into(),
        down: outage.down,
    });
    let isolations = menu.isolations.iter().map(|isolation| {
        let (one, other) = &isolation.links[0];
        Mishap::Cut {
            one: name(one),
            other: name(other),
            both_ways: isolation.links.len() > 1,
            lasting: isolation.lasting,
        }
    });
    let packets = drop.into_iter().chain(duplicate).chain(late);
    packets.chain(outages).chain(isolations).collect()
}
