//! A fence that let somebody in: what was accepted, and what was known by then that should have kept it out.

use semel_models::judge::Violation;
use semel_models::model::Model;
use semel_models::observation::Observation;
use semel_models::strategy::Invariant;
use semel_models::vocabulary::{Partition, ProducerId};
use semel_sim::address::NodeId;
use semel_sim::record::{Entry, What};

use crate::explain::Claim;
use crate::explain::slice::Slice;
use crate::trial::trace::Trace;

/// Something of a former owner that was accepted.
#[derive(Clone, Copy, Debug)]
pub(in crate::explain) struct Intrusion {
    /// The entry at which it was.
    pub(in crate::explain) at: u64,
    /// What was accepted.
    pub(in crate::explain) claim: Claim,
    /// The token or the epoch that it came with.
    pub(in crate::explain) old: u32,
    /// A newer one that was known there.
    pub(in crate::explain) new: u32,
    /// The entry since which that was.
    pub(in crate::explain) since: u64,
    /// The entry at which the old one was granted, where tokens are.
    pub(in crate::explain) granted: Option<u64>,
    /// Of which partition.
    pub(in crate::explain) partition: Partition,
}

/// What a token or an epoch is known for: tokens at a node, epochs of a producer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Node(NodeId),
    Producer(ProducerId),
}

impl Slice<'_> {
    /// Whether it is here that a former owner got the token that it came with.
    pub(in crate::explain) fn is_granted(&self, entry: &Entry<Model>) -> bool {
        let granted = self.intrusion.and_then(|intrusion| intrusion.granted);
        granted == Some(entry.id)
    }
}

/// None where the violation is about no fence.
pub(in crate::explain) fn intrusion(trace: &Trace, violation: &Violation) -> Option<Intrusion> {
    if violation.invariant != Invariant::Fencing {
        return None;
    }
    let wrong = trace.entries.get(violation.entry as usize)?;
    let (claim, of, partition, old) = accepted(wrong)?;
    let before = &trace.entries[..wrong.id as usize];
    let known = |entry: &Entry<Model>| {
        let (there, here, value) = match of {
            Of::Node(_) => granted(entry)?,
            Of::Producer(_) => accepted(entry).map(|(_, of, at, value)| (of, at, value))?,
        };
        ((there, here) == (of, partition)).then_some((entry.id, value))
    };
    let (since, new) = before
        .iter()
        .filter_map(known)
        .find(|(_, value)| *value > old)?;
    let mut tokens = before.iter().filter(|entry| granted(entry).is_some());
    let first = tokens.find(|entry| known(entry).is_some_and(|(_, value)| value == old));
    Some(Intrusion {
        at: wrong.id,
        claim,
        old,
        new,
        since,
        granted: first.map(|entry| entry.id),
        partition,
    })
}

/// What was accepted, under what.
fn accepted(entry: &Entry<Model>) -> Option<(Claim, Of, Partition, u32)> {
    let What::Observed(node, seen) = &entry.what else {
        return None;
    };
    let of = Of::Node(*node);
    Some(match *seen {
        Observation::Progress {
            partition,
            generation,
            accepted: true,
            ..
        } => (Claim::Mark, of, partition, generation),
        Observation::Applied {
            partition, token, ..
        } => (Claim::Effect, of, partition, token),
        Observation::Enlisted {
            partition,
            transaction,
            epoch,
            ..
        } => {
            let of = Of::Producer(transaction.producer);
            (Claim::Record, of, partition, epoch.into())
        }
        Observation::Marked {
            partition,
            transaction,
            epoch,
            ..
        } => {
            let of = Of::Producer(transaction.producer);
            (Claim::Marker, of, partition, epoch.into())
        }
        _ => return None,
    })
}

fn granted(entry: &Entry<Model>) -> Option<(Of, Partition, u32)> {
    match entry.what {
        What::Observed(node, Observation::Granted { partition, token }) => {
            Some((Of::Node(node), partition, token))
        }
        _ => None,
    }
}
