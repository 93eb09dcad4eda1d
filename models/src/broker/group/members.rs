//! Membership: who may act on which partition, by generations (`semantics.md` §1.5).
//!
//! Members join; when all known ones have, or have had long enough, a new generation begins and each gets a range of
//! partitions (Kafka's classic protocol, eager, static members). A member that is silent for a session is out; one that
//! waits for the next generation has nothing to say meanwhile, and no session (Kafka: `hasSatisfiedHeartbeat`). A commit
//! of another generation is refused, and that is the *only* fencing of a plain consumer: what it does to a sink is not
//! fenced (F045).
//!
//! A member that repeats a request which had brought it into the present generation gets the same answer again (as
//! one that joins a stable group with nothing changed): if it began a new one, members whose requests cross would
//! never come to rest.
//!
//! Generation and members are on disk, as the group's metadata is in `__consumer_offsets`; who is joining, and when
//! each was last heard, is in memory, and after a restart every member gets a fresh session.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use semel_sim::context::{Peer, TimerId};
use semel_sim::time::Span;

use crate::message::Message;
use crate::message::group::{Answer, Message as GroupMessage};
use crate::model::Ctx;
use crate::observation::Observation;
use crate::strategy::{Bug, Group};
use crate::timer::Timer;
use crate::vocabulary::{Generation, Partition};

/// The membership of one group.
#[derive(Clone, Debug, Default)]
pub(in crate::broker) struct Members {
    disk: Disk,
    memory: Memory,
}

#[derive(Clone, Debug, Default, Hash)]
struct Disk {
    generation: Generation,
    /// In order, without repeats.
    members: Vec<u16>,
}

#[derive(Clone, Debug, Default)]
struct Memory {
    /// Those who have asked to join the next generation.
    joining: Vec<Joining>,
    /// A new generation is being formed.
    forming: bool,
    /// The members of the present generation and the requests that brought them in, in the order of their ranges.
    formed: Vec<(u16, u32)>,
    sessions: BTreeMap<u16, TimerId>,
}

#[derive(Clone, Copy, Debug)]
struct Joining {
    member: u16,
    peer: Peer,
    request: u32,
}

impl Hash for Members {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.disk.hash(state);
        (self.memory.forming, &self.memory.formed).hash(state);
        for joining in &self.memory.joining {
            (joining.member, joining.peer.node).hash(state);
        }
    }
}

impl Members {
    pub(in crate::broker) fn reset(&mut self) {
        self.lose_disk();
        self.crash();
    }

    pub(in crate::broker) fn lose_disk(&mut self) {
        self.disk.generation = 0;
        self.disk.members.clear();
    }

    pub(in crate::broker) fn crash(&mut self) {
        self.memory.joining.clear();
        self.memory.forming = false;
        self.memory.formed.clear();
        self.memory.sessions.clear();
    }

    /// The current generation; 0 before the first.
    pub(in crate::broker) const fn generation(&self) -> Generation {
        self.disk.generation
    }

    /// After a restart every member is given a fresh session to show itself.
    pub(in crate::broker) fn start(&mut self, group: &Group, ctx: &mut Ctx<'_>) {
        for member in self.disk.members.clone() {
            self.heard(member, group, ctx);
        }
    }

    /// A member is alive.
    fn heard(&mut self, member: u16, group: &Group, ctx: &mut Ctx<'_>) {
        let timer = ctx.set_timer(group.session, Timer::SessionCheck { member });
        if let Some(before) = self.memory.sessions.insert(member, timer) {
            ctx.cancel(before);
        }
    }

    fn end_session(&mut self, member: u16, ctx: &mut Ctx<'_>) {
        if let Some(timer) = self.memory.sessions.remove(&member) {
            ctx.cancel(timer);
        }
    }

    /// Somebody wants to be a member of the next generation.
    pub(in crate::broker) fn join(
        &mut self,
        member: u16,
        peer: Peer,
        request: u32,
        partitions: u16,
        group: &Group,
        ctx: &mut Ctx<'_>,
    ) {
        let joining = Joining {
            member,
            peer,
            request,
        };
        let before = (member, request);
        let formed = self.memory.formed.iter().position(|one| *one == before);
        if let Some(index) = formed.filter(|_| !self.memory.forming) {
            self.heard(member, group, ctx);
            self.tell(&joining, partitions, index, ctx);
            return;
        }
        self.end_session(member, ctx);
        self.memory.joining.retain(|other| other.member != member);
        self.memory.joining.push(joining);
        if !self.memory.forming {
            let first = self.disk.members.is_empty();
            let wait = if first {
                group.initial_delay
            } else {
                group.poll_interval
            };
            self.prepare(wait, ctx);
        }
        if !self.disk.members.is_empty() {
            self.complete_if_joined(partitions, group, ctx);
        }
    }

    /// Nobody is waited for in vain: the join is complete as soon as all members of the last generation that are still
    /// in the group have asked (`tryCompleteDelayedJoin`), be it that the last of them joins, or that it is gone.
    fn complete_if_joined(&mut self, partitions: u16, group: &Group, ctx: &mut Ctx<'_>) {
        let joining = &self.memory.joining;
        let joined = |member: &u16| joining.iter().any(|other| other.member == *member);
        if self.memory.forming && self.disk.members.iter().all(joined) {
            self.form(partitions, group, ctx);
        }
    }

    /// Those who have not joined by now are out.
    pub(in crate::broker) fn rebalance_over(
        &mut self,
        generation: Generation,
        partitions: u16,
        group: &Group,
        ctx: &mut Ctx<'_>,
    ) {
        if self.memory.forming && generation == self.disk.generation + 1 {
            self.form(partitions, group, ctx);
        }
    }

    /// A new generation begins with those who have joined, and with it their sessions.
    fn form(&mut self, partitions: u16, group: &Group, ctx: &mut Ctx<'_>) {
        let mut joining = core::mem::take(&mut self.memory.joining);
        joining.sort_by_key(|joining| joining.member);
        self.memory.forming = false;
        self.disk.generation += 1;
        self.disk.members.clear();
        self.disk
            .members
            .extend(joining.iter().map(|joining| joining.member));
        for partition in 0..partitions {
            ctx.observe(Observation::Granted {
                partition,
                token: self.disk.generation,
            });
        }
        let all = joining.iter().map(|one| (one.member, one.request));
        self.memory.formed.clear();
        self.memory.formed.extend(all);
        for (index, joining) in joining.iter().enumerate() {
            self.heard(joining.member, group, ctx);
            self.tell(joining, partitions, index, ctx);
        }
        joining.clear();
        self.memory.joining = joining;
    }

    /// Tells a member of the present generation its range, the `index`th.
    fn tell(&self, to: &Joining, partitions: u16, index: usize, ctx: &mut Ctx<'_>) {
        let (from, until) = range(partitions, self.memory.formed.len(), index);
        let joined = GroupMessage::Joined {
            request: to.request,
            generation: self.disk.generation,
            from,
            until,
        };
        ctx.send(to.peer, Message::Group(joined));
    }

    pub(in crate::broker) fn heartbeat(
        &mut self,
        member: u16,
        generation: Generation,
        peer: Peer,
        group: &Group,
        ctx: &mut Ctx<'_>,
    ) {
        let answer = self.check(member, generation);
        if answer == Answer::Ok {
            self.heard(member, group, ctx);
        }
        let answer = if answer == Answer::Ok && self.memory.forming {
            Answer::Rebalancing
        } else {
            answer
        };
        ctx.send(
            peer,
            Message::Group(GroupMessage::Beat { generation, answer }),
        );
    }

    /// Whether a member of a generation may act.
    fn check(&self, member: u16, generation: Generation) -> Answer {
        if !self.disk.members.contains(&member) {
            Answer::UnknownMember
        } else if generation != self.disk.generation {
            Answer::StaleGeneration
        } else {
            Answer::Ok
        }
    }

    /// Whether a commit is acceptable. Without a generation only while the group has no members.
    pub(in crate::broker) fn may_commit(
        &self,
        member: u16,
        generation: Generation,
        bug: Option<Bug>,
    ) -> Answer {
        if generation == 0 && self.disk.members.is_empty() {
            return Answer::Ok;
        }
        match self.check(member, generation) {
            Answer::StaleGeneration | Answer::UnknownMember
                if bug == Some(Bug::StaleGenerationAccepted) =>
            {
                Answer::Ok
            }
            answer => answer,
        }
    }

    /// Whether a member that says that it leaves a generation is still the one that said so. If it has asked to join
    /// again since, what it said is void: here members have fixed names; in Kafka it would have got a new member id by
    /// then, and nobody would be known by the old one.
    pub(in crate::broker) fn may_leave(&self, member: u16, generation: Generation) -> bool {
        let again = self.memory.joining.iter().any(|one| one.member == member);
        !again && self.check(member, generation) == Answer::Ok
    }

    /// A member leaves, or has been silent for a session: the others form a new generation.
    pub(in crate::broker) fn remove(
        &mut self,
        member: u16,
        partitions: u16,
        group: &Group,
        ctx: &mut Ctx<'_>,
    ) {
        self.end_session(member, ctx);
        self.memory.joining.retain(|other| other.member != member);
        self.memory.formed.clear();
        let before = self.disk.members.len();
        self.disk.members.retain(|other| *other != member);
        if self.disk.members.len() == before {
            return;
        }
        if self.memory.forming {
            self.complete_if_joined(partitions, group, ctx);
        } else if !self.disk.members.is_empty() {
            self.prepare(group.poll_interval, ctx);
        }
    }

    /// A new generation is to be formed, after so long at the latest.
    fn prepare(&mut self, wait: Span, ctx: &mut Ctx<'_>) {
        self.memory.forming = true;
        let generation = self.disk.generation + 1;
        ctx.set_timer(wait, Timer::RebalanceOver { generation });
    }
}

/// The `index`th of `count` ranges of partitions.
fn range(partitions: u16, count: usize, index: usize) -> (Partition, Partition) {
    let count = count as u16;
    let index = index as u16;
    let (each, more) = (partitions / count, partitions % count);
    let from = index * each + index.min(more);
    (from, from + each + u16::from(index < more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_every_partition_once() {
        for partitions in 1..12 {
            for count in 1..6 {
                let ranges: Vec<_> = (0..count)
                    .map(|index| range(partitions, count, index))
                    .collect();
                assert_eq!((ranges[0].0, ranges[count - 1].1), (0, partitions));
                assert!(ranges.windows(2).all(|pair| pair[0].1 == pair[1].0));
            }
        }
    }
}
