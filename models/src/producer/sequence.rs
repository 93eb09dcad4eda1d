//! Names by sequence number: the client side of Kafka's idempotent producer (`semantics.md` §1.3).
//!
//! The client holds a producer id and an epoch, and per partition the next sequence number and the last
//! acknowledged one. A batch that the broker finds out of order is sent again; if it should have been the next one,
//! there is a gap in the log: the client raises its own epoch and numbers what it holds for that partition anew from 0
//! (KIP-360). A batch given up with an unknown outcome leaves its number open: nothing new is sent until the partition
//! has drained, and unless later batches were acknowledged by then, the epoch is raised. Other partitions go on under
//! the old epoch until they have drained. After the last epoch comes a new producer id.
//!
//! Nothing of it survives a restart: a new session has a new producer id, and its repeats are not recognised (B1 P5).

use alloc::vec::Vec;

use semel_sim::net::Transport;

use crate::producer::queue::{Queues, Request, Room, Sequence};
use crate::vocabulary::{EPOCH_MAX, Epoch, Partition, ProducerId};

/// The client's names.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Sequences {
    /// The request that registers this client, while it is unanswered.
    registering: Option<u32>,
    identity: Option<(ProducerId, Epoch)>,
    partitions: Vec<Numbers>,
}

/// A partition's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Numbers {
    /// Whose they are.
    of: Option<(ProducerId, Epoch)>,
    next: u32,
    /// Batches named so far.
    batches: u32,
    last_acked: Option<u32>,
    /// A batch was given up without its outcome being known: the number after it.
    unresolved: Option<u32>,
    /// What the client holds is to be numbered anew under the next producer id.
    rewrite: bool,
}

impl Numbers {
    /// The number that the log should have next, as far as acknowledgements tell.
    fn expected(&self) -> u32 {
        self.last_acked.map_or(0, |last| last + 1)
    }
}

impl Sequences {
    pub(super) fn reset(&mut self, partitions: u16) {
        self.registering = None;
        self.identity = None;
        self.partitions.clear();
        self.partitions
            .resize(usize::from(partitions), Numbers::default());
    }

    pub(super) fn register(&mut self, request: u32) {
        self.registering = Some(request);
    }

    pub(super) const fn registering(&self) -> Option<u32> {
        self.registering
    }

    pub(super) fn waits_for(&self, request: u32) -> bool {
        self.registering == Some(request)
    }

    pub(super) fn registered(
        &mut self,
        request: u32,
        producer: ProducerId,
        epoch: Epoch,
        queues: &mut Queues,
    ) {
        if !self.waits_for(request) {
            return;
        }
        self.registering = None;
        self.identity = Some((producer, epoch));
        for index in 0..self.partitions.len() {
            if self.partitions[index].rewrite {
                self.rewrite(index as Partition, queues);
            }
        }
    }

    /// A transaction coordinator says who the client is: with another epoch, numbers begin anew. Nothing may be on its
    /// way.
    pub(super) fn adopt(&mut self, producer: ProducerId, epoch: Epoch) {
        if self.identity != Some((producer, epoch)) {
            self.identity = Some((producer, epoch));
            self.partitions.fill(Numbers::default());
        }
    }

    /// Whether the client has an id.
    pub(super) const fn ready(&self) -> bool {
        self.identity.is_some()
    }

    /// A new batch waits while a partition's numbers are unresolved, and while those of an earlier epoch are in flight.
    ///
    /// On a connection requests and answers keep their order. Datagrams do not, so there it also waits while the oldest
    /// in flight is a whole window behind (the broker would not remember that far back), and for the answer to the
    /// first (where a broker knows nothing of a producer, any number may begin, §1.3 rule 7).
    pub(super) fn may_send(
        &self,
        request: &Request,
        (busy, oldest): (bool, Option<Sequence>),
        room: &Room,
    ) -> bool {
        let numbers = &self.partitions[usize::from(request.partition)];
        let current = numbers.of == self.identity || !busy;
        let near = |oldest: Sequence| {
            let behind = numbers.batches.saturating_sub(oldest.batch);
            (behind as usize) < room.window && numbers.last_acked.is_some()
        };
        let in_order = room.transport == Transport::Connection || oldest.is_none_or(near);
        request.name.is_some() || (numbers.unresolved.is_none() && current && in_order)
    }

    /// Gives a batch its name, if it has none yet.
    pub(super) fn name(&mut self, request: &mut Request) {
        let Some(identity) = self.identity.filter(|_| request.name.is_none()) else {
            return;
        };
        let numbers = &mut self.partitions[usize::from(request.partition)];
        if numbers.of != Some(identity) {
            *numbers = Numbers {
                of: Some(identity),
                ..Numbers::default()
            };
        }
        request.name = Some(Sequence {
            producer: identity.0,
            epoch: identity.1,
            first: numbers.next,
            batch: numbers.batches,
        });
        numbers.next += request.len() as u32;
        numbers.batches += 1;
    }

    pub(super) fn acked(&mut self, request: &Request) {
        let Some(name) = request.name else {
            return;
        };
        let numbers = &mut self.partitions[usize::from(request.partition)];
        if numbers.of == Some((name.producer, name.epoch)) {
            let last = name.first + request.len() as u32 - 1;
            numbers.last_acked = numbers.last_acked.max(Some(last));
        }
    }

    /// The broker found a batch out of order (or of a stale epoch), which waits again by now.
    pub(super) fn rejected(
        &mut self,
        partition: Partition,
        name: Option<Sequence>,
        renumbered: bool,
        queues: &mut Queues,
    ) {
        let numbers = self.partitions[usize::from(partition)];
        let Some(name) = name.filter(|name| numbers.of == Some((name.producer, name.epoch))) else {
            return;
        };
        let gap = match numbers.unresolved {
            None => !renumbered && name.first == numbers.expected(),
            Some(after) => name.first == after,
        };
        if gap {
            self.raise(partition, queues);
        }
    }

    /// A batch was given up; if it was ever sent, nobody knows whether it is in the log.
    pub(super) fn given_up(&mut self, request: &Request) {
        let Some(name) = request.name else {
            return;
        };
        let numbers = &mut self.partitions[usize::from(request.partition)];
        if numbers.of == Some((name.producer, name.epoch)) {
            let after = name.first + request.len() as u32;
            numbers.unresolved = numbers.unresolved.max(Some(after));
        }
    }

    /// Once nothing that has a name is left of an unresolved partition, it is known whether there is a gap.
    pub(super) fn resolve(&mut self, queues: &mut Queues) {
        for index in 0..self.partitions.len() {
            let partition = index as Partition;
            let numbers = &mut self.partitions[index];
            if numbers.unresolved.is_none() || !queues.named(partition).is_empty() {
                continue;
            }
            if numbers.expected() == numbers.next {
                numbers.unresolved = None;
            } else {
                self.raise(partition, queues);
            }
        }
    }

    /// Goes on in the next epoch, or under a new producer id if there is none.
    fn raise(&mut self, partition: Partition, queues: &mut Queues) {
        match self.identity {
            Some((producer, epoch)) if epoch < EPOCH_MAX => {
                self.identity = Some((producer, epoch + 1));
                self.rewrite(partition, queues);
            }
            _ => {
                self.identity = None;
                self.partitions[usize::from(partition)].rewrite = true;
            }
        }
    }

    /// Numbers a partition's batches anew, in their order.
    fn rewrite(&mut self, partition: Partition, queues: &mut Queues) {
        let Some((producer, epoch)) = self.identity else {
            return;
        };
        let (mut first, mut batches) = (0, 0);
        for request in queues.named(partition) {
            request.name = Some(Sequence {
                producer,
                epoch,
                first,
                batch: batches,
            });
            request.renumbered = true;
            first += request.len() as u32;
            batches += 1;
        }
        self.partitions[usize::from(partition)] = Numbers {
            of: self.identity,
            next: first,
            batches,
            ..Numbers::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use semel_sim::time::Span;

    use super::*;

    /// A client with producer id 7, an epoch, and so many batches of one record named and in flight.
    fn client(epoch: Epoch, batches: u32) -> (Sequences, Queues) {
        let (mut sequences, mut queues) = (Sequences::default(), Queues::default());
        sequences.reset(1);
        queues.reset(1);
        sequences.register(1);
        sequences.registered(1, 7, epoch, &mut queues);
        for number in 0..batches {
            let mut request = Request::new(number, 0, number, 0, Span::ZERO);
            sequences.name(&mut request);
            request.attempt = 1;
            queues.push(request.clone());
            let next = queues.next(|_| true).expect("it waits");
            queues.launch(next);
        }
        (sequences, queues)
    }

    fn room(window: usize) -> Room {
        Room {
            window,
            brokers: 1,
            ordered: false,
            transport: Transport::Datagram,
        }
    }

    fn names(queues: &mut Queues) -> Vec<(ProducerId, Epoch, u32)> {
        let named = queues
            .named(0)
            .into_iter()
            .filter_map(|request| request.name);
        named
            .map(|name| (name.producer, name.epoch, name.first))
            .collect()
    }

    /// Takes a batch out of flight, as if it had been acknowledged or given up.
    fn take(number: u32, queues: &mut Queues) -> Request {
        let request = queues.take(number).expect("it is in flight");
        queues.release(&request);
        request
    }

    #[test]
    fn a_gap_where_the_next_batch_should_be_raises_the_epoch_and_numbers_anew() {
        let (mut sequences, mut queues) = client(0, 3);
        sequences.acked(&take(0, &mut queues));
        let name = queues.named(0)[1].name;
        sequences.rejected(0, name, false, &mut queues);
        assert_eq!(
            names(&mut queues),
            [(7, 0, 1), (7, 0, 2)],
            "a later batch is only sent again"
        );
        let name = queues.named(0)[0].name;
        sequences.rejected(0, name, false, &mut queues);
        assert_eq!(names(&mut queues), [(7, 1, 0), (7, 1, 1)]);
    }

    #[test]
    fn a_batch_given_up_is_resolved_by_a_later_acknowledgement() {
        let (mut sequences, mut queues) = client(0, 2);
        sequences.given_up(&take(0, &mut queues));
        let fresh = Request::new(9, 0, 9, 0, Span::ZERO);
        assert!(
            !sequences.may_send(&fresh, (true, None), &room(5)),
            "nothing new meanwhile"
        );
        sequences.acked(&take(1, &mut queues));
        sequences.resolve(&mut queues);
        assert!(sequences.may_send(&fresh, (false, None), &room(5)));
        assert_eq!(sequences.identity, Some((7, 0)), "there was no gap");
    }

    #[test]
    fn a_new_batch_waits_for_one_that_is_a_window_behind_however_many_came_between() {
        let (mut sequences, mut queues) = client(0, 5);
        let oldest = (true, queues.named(0)[0].name);
        let fresh = Request::new(9, 0, 9, 0, Span::ZERO);
        assert!(
            !sequences.may_send(&fresh, oldest, &room(6)),
            "the first goes alone"
        );
        for number in 1..5 {
            sequences.acked(&take(number, &mut queues));
        }
        assert!(
            !sequences.may_send(&fresh, oldest, &room(5)),
            "four of five came back"
        );
        assert!(sequences.may_send(&fresh, oldest, &room(6)));
        assert!(sequences.may_send(&fresh, (false, None), &room(5)));
    }

    #[test]
    fn a_batch_given_up_last_raises_the_epoch_when_the_partition_has_drained() {
        let (mut sequences, mut queues) = client(0, 2);
        sequences.acked(&take(0, &mut queues));
        sequences.given_up(&take(1, &mut queues));
        sequences.resolve(&mut queues);
        assert_eq!(sequences.identity, Some((7, 1)));
    }

    #[test]
    fn after_the_last_epoch_comes_a_new_producer_id() {
        let (mut sequences, mut queues) = client(EPOCH_MAX, 2);
        let name = queues.named(0)[0].name;
        sequences.rejected(0, name, false, &mut queues);
        assert!(!sequences.ready());
        sequences.register(2);
        sequences.registered(2, 8, 0, &mut queues);
        assert_eq!(names(&mut queues), [(8, 0, 0), (8, 0, 1)]);
    }
}
