//! O12: once a token is granted, whoever protects something by it accepts no older one. Guards every level.
//!
//! - A group's coordinator accepts no commit of an older generation (delivery).
//! - A sink that grants tokens accepts no request with an older one (effect).
//! - A partition accepts no transactional record and no marker of an older epoch than it has seen of that producer
//!   (log).
//!
//! A token binds the node that said it granted it, from then on: another node may not have heard of it yet.
//!
//! Keeps 8 bytes per node and partition, and per partition and transactional producer.

use alloc::collections::BTreeMap;

use semel_sim::address::NodeId;
use semel_sim::digest::Digest;

use crate::judge::causes::Cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::Known;
use crate::judge::finding::Side;
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::observation::Observation;
use crate::strategy::{Invariant, Level};
use crate::vocabulary::{Epoch, Generation, Partition, ProducerId, RecordId};

/// The newest tokens.
#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct Fencing {
    granted: BTreeMap<(NodeId, Partition), Generation>,
    epochs: BTreeMap<(Partition, ProducerId), Epoch>,
}

impl Fencing {
    /// An operation with a token is accepted by a node.
    #[inline]
    fn is_stale(&self, node: NodeId, partition: Partition, token: Generation) -> bool {
        let granted = self.granted.get(&(node, partition));
        granted.is_some_and(|granted| token < *granted)
    }

    /// An operation of an epoch is accepted by a partition.
    fn is_old(&mut self, partition: Partition, producer: ProducerId, epoch: Epoch) -> bool {
        let newest = self.epochs.entry((partition, producer)).or_default();
        let old = epoch < *newest;
        *newest = epoch.max(*newest);
        old
    }
}

impl Oracle for Fencing {
    const HEARS: u32 =
        hear::GRANTED | hear::PROGRESS | hear::APPLIED | hear::ENLISTED | hear::MARKED;

    #[inline(always)]
    fn observe(&mut self, seen: &Observation, now: Moment<'_>, _: &Known, docket: &mut Docket) {
        match *seen {
            Observation::Granted { partition, token } => {
                let newest = self.granted.entry((now.node, partition)).or_default();
                *newest = token.max(*newest);
            }
            Observation::Progress {
                partition,
                generation,
                accepted: true,
                ..
            } if self.is_stale(now.node, partition, generation) => {
                report(Level::Delivery, None, docket);
            }
            Observation::Applied {
                record,
                partition,
                token,
                ..
            } if self.is_stale(now.node, partition, token) => {
                report(Level::Effect, Some(record), docket);
            }
            Observation::Enlisted {
                record,
                partition,
                transaction,
                epoch,
                ..
            } if self.is_old(partition, transaction.producer, epoch) => {
                report(Level::Log, Some(record), docket);
            }
            Observation::Marked {
                partition,
                transaction,
                epoch,
                ..
            } if self.is_old(partition, transaction.producer, epoch) => {
                report(Level::Log, None, docket);
            }
            _ => {}
        }
    }

    fn reset(&mut self) {
        self.granted.clear();
        self.epochs.clear();
    }

    fn fingerprint(&self, digest: &mut Digest) {
        digest.add(&(&self.granted, &self.epochs));
    }
}

fn report(level: Level, record: Option<RecordId>, docket: &mut Docket) {
    let side = if level == Level::Log {
        Side::Inbound
    } else {
        Side::Outbound
    };
    docket.report(Invariant::Fencing, level, record, (side, Cause::TwoOwners));
}
