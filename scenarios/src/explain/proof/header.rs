//! What stands in a packet besides its records: by what a receiver recognises a repeat, or turns a zombie away.

use std::collections::BTreeSet;

use semel_models::message::Message;
use semel_models::message::group::Message as Group;
use semel_models::message::log::{Message as Log, Produce};
use semel_models::message::sink::{Apply, Message as Sink};
use semel_models::message::transaction::Message as Transaction;
use semel_models::vocabulary::{Epoch, Generation, Offset, ProducerId};
use semel_sim::address::NodeId;
use semel_sim::record::What;
use serde::Serialize;

use crate::trial::trace::Trace;

/// What stands in a packet, as far as its receiver goes by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Header {
    /// The producer id, where its client has had several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub producer: Option<ProducerId>,
    /// The epoch of its producer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// The sequence number of the first of its records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u32>,
    /// The generation of its sender's group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<Generation>,
    /// The next offset to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<Offset>,
}

/// The clients that have had several producer ids: those tell their sequences apart.
pub(in crate::explain) fn renamed(trace: &Trace) -> BTreeSet<NodeId> {
    let mut ids: BTreeSet<(NodeId, ProducerId)> = BTreeSet::new();
    for entry in &trace.entries {
        if let What::Sent { from, message, .. } = &entry.what
            && let Some(id) = Header::of(message).producer
        {
            ids.insert((*from, id));
        }
    }
    let several = |client: &NodeId| ids.iter().filter(|(one, _)| one == client).count() > 1;
    let clients = ids.iter().map(|(client, _)| *client);
    clients.filter(several).collect()
}

impl Header {
    /// The same of a client whose producer id says nothing.
    pub(in crate::explain) fn without_id(self) -> Self {
        Self {
            producer: None,
            ..self
        }
    }

    pub(in crate::explain) fn of(message: &Message) -> Self {
        match message {
            Message::Log(log) => Self::of_log(log),
            Message::Group(group) => Self::of_group(group),
            Message::Sink(Sink::Apply(Apply { token, .. })) => Self {
                generation: in_group(*token),
                ..Self::default()
            },
            Message::Sink(_) => Self::default(),
            Message::Transaction(transaction) => Self::of_transaction(transaction),
        }
    }

    fn of_log(message: &Log) -> Self {
        match *message {
            Log::Produce(Produce {
                sequence: Some(sequence),
                producer,
                epoch,
                ..
            }) => Self {
                producer: Some(producer),
                epoch: Some(epoch),
                sequence: Some(sequence),
                ..Self::default()
            },
            _ => Self::default(),
        }
    }

    fn of_group(message: &Group) -> Self {
        match *message {
            Group::Commit {
                offset, generation, ..
            } => Self {
                generation: in_group(generation),
                offset: Some(offset),
                ..Self::default()
            },
            _ => Self::default(),
        }
    }

    fn of_transaction(message: &Transaction) -> Self {
        match *message {
            Transaction::OffsetsInTransaction {
                of,
                offset,
                generation,
                ..
            } => Self {
                generation: in_group(generation),
                offset: Some(offset),
                ..Self::by(of.epoch)
            },
            Transaction::AddPartition { of, .. }
            | Transaction::AddOffsets { of, .. }
            | Transaction::EndTransaction { of, .. }
            | Transaction::WriteMarker { of, .. }
            | Transaction::MarkerWritten { of, .. }
            | Transaction::Verify { of, .. } => Self::by(of.epoch),
            Transaction::TransactionAnswer { epoch, .. } => Self::by(epoch),
            Transaction::InitTransactions { .. } | Transaction::Verified { .. } => Self::default(),
        }
    }

    fn by(epoch: Epoch) -> Self {
        Self {
            epoch: Some(epoch),
            ..Self::default()
        }
    }
}

/// A generation; 0 is outside groups.
fn in_group(generation: Generation) -> Option<Generation> {
    (generation > 0).then_some(generation)
}
