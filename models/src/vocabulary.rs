//! Small words that everybody uses: who, which, where.

use schemars::JsonSchema;
use semel_sim::address::NodeId;
use serde::{Deserialize, Serialize};

/// A record: the payload of one intent, dense from 0 in order of intent.
pub type RecordId = u32;
/// A partition of the stream, from 0.
pub type Partition = u16;
/// A position in a partition.
pub type Offset = u64;
/// A producer id as the broker hands it out (Kafka's PID).
pub type ProducerId = u32;
/// A producer epoch.
pub type Epoch = u16;

/// No epoch is higher: Kafka counts in 16 bits with a sign (`Short.MAX_VALUE`).
pub(crate) const EPOCH_MAX: Epoch = i16::MAX as Epoch;
/// A group generation, from 1; 0 is nobody's.
pub type Generation = u32;

/// What a batch is made of on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// Which record it carries.
    pub record: RecordId,
    /// What a deduplicating store goes by: an id per intent, per content or per attempt.
    pub id: u64,
    /// Its position, once it has one.
    pub offset: Offset,
}

/// Where the counts of a scenario place everything. Counts are topology, never the strategy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Topology {
    /// Producer clients.
    pub producers: u16,
    /// Brokers; partition `p` lives on broker `p mod brokers`, the coordinators on broker 0. What one asks another (for a
    /// verification, or to write a marker) it asks again where no answer comes within 30 s (`request.timeout.ms`).
    pub brokers: u16,
    /// Partitions of the input stream.
    pub partitions: u16,
    /// Consumers of one group.
    pub consumers: u16,
}

impl Default for Topology {
    fn default() -> Self {
        Self {
            producers: 1,
            brokers: 1,
            partitions: 1,
            consumers: 1,
        }
    }
}

/// The nodes of a run, in order: producers, brokers, consumers, then the one sink.
impl Topology {
    /// How many nodes there are.
    pub const fn size(self) -> u16 {
        self.producers + self.brokers + self.consumers + 1
    }

    /// The `n`th producer.
    pub const fn producer(self, n: u16) -> NodeId {
        NodeId(n)
    }

    /// The `n`th broker.
    pub const fn broker(self, n: u16) -> NodeId {
        NodeId(self.producers + n)
    }

    /// The broker that keeps a partition.
    pub const fn leader(self, partition: Partition) -> NodeId {
        self.broker(partition % self.brokers)
    }

    /// The partition of dead letters: after the input partitions and as many output ones.
    pub const fn dead_letters(self) -> Partition {
        2 * self.partitions
    }

    /// The broker that coordinates groups and transactions.
    pub const fn coordinator(self) -> NodeId {
        self.broker(0)
    }

    /// The `n`th consumer.
    pub const fn consumer(self, n: u16) -> NodeId {
        NodeId(self.producers + self.brokers + n)
    }

    /// The sink.
    pub const fn sink(self) -> NodeId {
        NodeId(self.producers + self.brokers + self.consumers)
    }
}
