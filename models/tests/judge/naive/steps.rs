//! Random histories: whatever happens in one can happen, but in no sensible order.

use semel_models::observation::{Hit, Miss, Observation, Outcome, Place, Read, TransactionId};
use semel_models::vocabulary::Topology;
use semel_sim::address::NodeId;

use super::past::{Entry, Seen, State, has, logs};
use crate::history::Bench;

/// A step: what, and three small numbers that say of what.
pub(super) type Step = (u8, u8, u8, u8);

/// Makes a history of steps.
pub(super) fn history(bench: &Bench, steps: &[Step]) -> Vec<Seen> {
    let mut all: Vec<Seen> = Vec::new();
    for step in steps {
        let seen = Draw::new(bench, &all, *step).seen();
        all.extend(seen);
    }
    all
}

/// A step and what it can refer to.
struct Draw<'a> {
    bench: &'a Bench,
    topology: Topology,
    all: &'a [Seen],
    what: u8,
    numbers: [u8; 3],
    /// A record, a transaction of a producer, an epoch, a session, a consumer, a token: drawn once for all.
    record: u32,
    transaction: TransactionId,
    epoch: u16,
    session: u32,
    consumer: u16,
    token: u32,
    /// An input partition and its log.
    partition: u16,
    log: Vec<Entry>,
}

impl<'a> Draw<'a> {
    fn new(bench: &'a Bench, all: &'a [Seen], (what, first, second, third): Step) -> Self {
        let partition = u16::from(first % 2);
        Self {
            bench,
            topology: bench.topology,
            all,
            what: what % 24,
            numbers: [first, second, third],
            record: u32::from(first) % bench.workload.records,
            transaction: TransactionId {
                producer: 7 + u32::from(second % 2),
                number: 1 + u32::from(third % 2),
            },
            epoch: u16::from(third % 3),
            session: u32::from(third % 2),
            consumer: u16::from(third % 2),
            token: u32::from(third % 3),
            partition,
            log: logs(all).remove(&partition).unwrap_or_default(),
        }
    }

    fn seen(&self) -> Vec<Seen> {
        let client = self.topology.producer(0);
        let broker = self.topology.broker(0);
        let (node, seen) = match self.what {
            0..=2 => (client, self.intent()),
            3..=4 if self.numbers[1] % 4 == 3 => self.opened(),
            3..=4 => (client, Some(self.attempt())),
            5..=6 => (client, Some(self.acked())),
            7..=11 => return self.stored(broker),
            12 => (broker, Some(self.marked())),
            13 => (broker, self.truncated()),
            14 if self.numbers[2] % 4 == 3 => (client, Some(self.concluded())),
            14 => (broker, Some(self.decided())),
            15..=16 => (self.topology.consumer(0), self.delivered()),
            17..=18 => (self.topology.sink(), self.applied()),
            19..=20 => (self.topology.coordinator(), Some(self.progress())),
            21 => (self.topology.consumer(0), Some(self.position())),
            22 => self.aside(),
            _ => self.rarer(),
        };
        seen.map(|seen| (node, seen)).into_iter().collect()
    }

    /// The end of a partition's log.
    fn end(&self, partition: u16) -> u64 {
        logs(self.all)
            .get(&partition)
            .map_or(0, |log| log.len() as u64)
    }

    /// Some record of the log, with its offset.
    fn entry(&self) -> Option<(u64, u32)> {
        let records = (0..).zip(&self.log);
        let records = records.filter(|(_, entry)| entry.state != State::Marker);
        let records: Vec<(u64, u32)> = records.map(|(at, entry)| (at, entry.record)).collect();
        let index = usize::from(self.numbers[1]) % records.len().max(1);
        records.get(index).copied()
    }

    fn missed(&self) -> Miss {
        let reasons = [Miss::Unasked, Miss::New, Miss::Absent, Miss::Expired];
        reasons[usize::from(self.numbers[1] % 4)]
    }

    /// A record that was stored before it was intended stays a phantom.
    fn intent(&self) -> Option<Observation> {
        let record = self.record;
        let stored = |seen: &Observation| matches!(seen, Observation::Stored { record: of, .. } if *of == record);
        let intent = Observation::Intent {
            record,
            producer: u16::from(self.numbers[1] % 2),
            session: self.session,
        };
        (!has(self.all, stored)).then_some(intent)
    }

    fn attempt(&self) -> Observation {
        Observation::Attempt {
            record: self.record,
            attempt: 1 + u32::from(self.numbers[1] % 3),
            producer: u16::from(self.numbers[2] / 2 % 2),
            session: self.session,
        }
    }

    fn opened(&self) -> (NodeId, Option<Observation>) {
        let index = u16::from(self.numbers[0] % 2);
        let node = if (self.numbers[0] / 2).is_multiple_of(2) {
            self.topology.producer(index)
        } else {
            self.topology.consumer(index)
        };
        let opened = Observation::Opened {
            transaction: self.transaction,
            epoch: self.epoch,
        };
        (node, Some(opened))
    }

    fn concluded(&self) -> Observation {
        let outcomes = [Outcome::Ok, Outcome::Failed, Outcome::Unknown];
        Observation::Concluded {
            transaction: TransactionId {
                number: 1 + u32::from(self.numbers[2] / 4 % 2),
                ..self.transaction
            },
            commit: self.numbers[0].is_multiple_of(4),
            outcome: outcomes[usize::from(self.numbers[0] / 4 % 3)],
        }
    }

    fn acked(&self) -> Observation {
        let outcomes = [Outcome::Ok, Outcome::Ok, Outcome::Unknown, Outcome::Failed];
        Observation::Acked {
            record: self.record,
            outcome: outcomes[usize::from(self.numbers[1] % 4)],
            duplicate: self.numbers[2].is_multiple_of(2),
        }
    }

    /// Mostly into the partition of the record, sometimes into an output.
    fn stored(&self, broker: NodeId) -> Vec<Seen> {
        let (record, enlisted) = (self.record, self.what > 9);
        let output = self.numbers[2] % 8 == 7;
        let partition = if output { 2 } else { (record % 2) as u16 };
        let offset = self.end(partition);
        let stored = Observation::Stored {
            record,
            partition,
            offset,
            attempt: 1 + u32::from(self.numbers[1] % 3),
            session: self.session,
            missed: self.missed(),
            enlisted,
        };
        let enlist = Observation::Enlisted {
            record,
            partition,
            offset,
            transaction: self.transaction,
            epoch: self.epoch,
        };
        let mut both = vec![(broker, stored)];
        both.extend(enlisted.then_some((broker, enlist)));
        both
    }

    fn marked(&self) -> Observation {
        let partition = u16::from(self.numbers[0] % 3);
        Observation::Marked {
            partition,
            offset: self.end(partition),
            transaction: self.transaction,
            commit: self.numbers[1] % 4 < 2,
            epoch: self.epoch,
        }
    }

    fn truncated(&self) -> Option<Observation> {
        let partition = u16::from(self.numbers[0] % 3);
        let until = self.end(partition);
        let from = until.saturating_sub(u64::from(self.numbers[1] % 4));
        let truncated = Observation::Truncated {
            partition,
            from,
            until,
        };
        (from < until).then_some(truncated)
    }

    fn decided(&self) -> Observation {
        Observation::Decided {
            transaction: self.transaction,
            commit: self.numbers[0].is_multiple_of(2),
            forced: false,
        }
    }

    fn delivered(&self) -> Option<Observation> {
        let (offset, record) = self.entry()?;
        Some(Observation::Delivered {
            record,
            partition: self.partition,
            offset,
            consumer: self.consumer,
            generation: self.token,
            read: if self.numbers[2] % 4 < 2 {
                Read::Any
            } else {
                Read::Committed
            },
        })
    }

    fn applied(&self) -> Option<Observation> {
        let (offset, record) = self.entry()?;
        let contents = self.bench.workload.record(record);
        Some(Observation::Applied {
            record,
            key: contents.key,
            amount: contents.amount,
            actor: self.consumer,
            token: self.token,
            missed: Miss::Unasked,
            partition: self.partition,
            offset,
            attempt: 1 + u32::from(self.numbers[2] % 3),
        })
    }

    fn progress(&self) -> Observation {
        Observation::Progress {
            partition: self.partition,
            offset: u64::from(self.numbers[1]) % (self.log.len() as u64 + 2),
            consumer: self.consumer,
            generation: self.token,
            accepted: !self.numbers[2].is_multiple_of(4),
        }
    }

    fn position(&self) -> Observation {
        let (consumer, partition, generation) = (self.consumer, self.partition, self.token);
        let position = u64::from(self.numbers[1]) % (self.log.len() as u64 + 1);
        if self.numbers[2].is_multiple_of(2) {
            Observation::Reset {
                consumer,
                partition,
                position,
            }
        } else {
            Observation::Assigned {
                consumer,
                partition,
                generation,
                position,
            }
        }
    }

    /// Records put aside or recognised, and tokens.
    fn aside(&self) -> (NodeId, Option<Observation>) {
        let (consumer, partition, token) = (self.consumer, self.partition, self.token);
        let record = self.entry().map_or(0, |(_, record)| record);
        let granted = Observation::Granted { partition, token };
        let (node, seen) = match self.numbers[2] % 5 {
            0 => (
                self.topology.consumer(0),
                Observation::Skipped { record, consumer },
            ),
            1 => (
                self.topology.consumer(0),
                Observation::Parked { record, consumer },
            ),
            2 => (self.topology.coordinator(), granted),
            3 => (self.topology.sink(), granted),
            _ => (self.topology.sink(), self.recognised(record)),
        };
        (node, Some(seen))
    }

    fn recognised(&self, record: u32) -> Observation {
        let places = [Place::Stream, Place::Consumer, Place::Sink];
        Observation::Recognised {
            record,
            place: places[usize::from(self.numbers[0] % 3)],
            hit: if self.numbers[1].is_multiple_of(3) {
                Hit::InFlight
            } else {
                Hit::Stored
            },
        }
    }

    fn rarer(&self) -> (NodeId, Option<Observation>) {
        let [first, second, third] = self.numbers;
        let seen = match third % 4 {
            0 => Observation::Answered {
                record: self.entry().map_or(0, |(_, record)| record),
                key: 1,
                fingerprint: u64::from(second % 2),
                response: u64::from(first % 2),
                error: second.is_multiple_of(5),
            },
            1 => Observation::Kept {
                place: Place::Sink,
                entries: u32::from(second % 4),
                bound: 2,
            },
            2 => Observation::Unsettled {
                partition: self.partition % self.topology.partitions,
                offset: u64::from(second),
                transaction: self.transaction,
            },
            _ => Observation::Hanging {
                partition: self.partition,
                offset: u64::from(second) % (self.log.len() as u64 + 1),
                transaction: self.transaction,
            },
        };
        (self.topology.sink(), Some(seen))
    }
}
