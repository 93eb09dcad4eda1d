//! The group coordinator: committed offsets, on disk like any other log, and members (`semantics.md` §1.5).

mod members;

use alloc::vec::Vec;

use semel_sim::address::OutageKind;
use semel_sim::context::Peer;
use semel_sim::journal::Journal;

use crate::broker::group::members::Members;
use crate::message::Message;
use crate::message::group::{Answer, Message as GroupMessage};
use crate::model::Ctx;
use crate::observation::Observation;
use crate::strategy::{Bug, Flush, Group, Strategy};
use crate::timer::Timer;
use crate::vocabulary::{Generation, Offset, Partition};

/// What coordinates the group of consumers.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Coordinator {
    partitions: u16,
    group: Option<Group>,
    bug: Option<Bug>,
    flush: Flush,
    /// On disk: `__consumer_offsets`.
    journal: Journal<(Partition, Offset)>,
    /// In memory: what the journal says, and what it said before its first entry.
    committed: Vec<Option<Offset>>,
    before: Vec<Option<Offset>>,
    members: Members,
}

/// So many entries of the journal are kept; older ones are compacted away.
const KEPT: u64 = 1024;

impl core::hash::Hash for Coordinator {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        let unsynced: Vec<_> = self
            .journal
            .range(self.journal.synced())
            .map(|(_, entry)| *entry)
            .collect();
        (&self.committed, unsynced, &self.members).hash(state);
    }
}

impl Coordinator {
    pub(in crate::broker) fn new(strategy: &Strategy, partitions: u16, flush: Flush) -> Self {
        let none = alloc::vec![None; usize::from(partitions)];
        Self {
            partitions,
            group: strategy.work.right().group(),
            bug: strategy.bug,
            flush,
            journal: Journal::new(),
            committed: none.clone(),
            before: none,
            members: Members::default(),
        }
    }

    pub(in crate::broker) fn reset(&mut self) {
        self.journal.clear();
        self.committed.fill(None);
        self.before.fill(None);
        self.members.reset();
    }

    /// The committed offset of a partition.
    pub(in crate::broker) fn get(&self, partition: Partition) -> Option<Offset> {
        self.committed[usize::from(partition)]
    }

    pub(in crate::broker) fn start(&mut self, ctx: &mut Ctx<'_>) {
        self.committed.clone_from(&self.before);
        for (_, (partition, offset)) in self.journal.range(0) {
            self.committed[usize::from(*partition)] = Some(*offset);
        }
        if let Some(group) = self.group {
            self.members.start(&group, ctx);
        }
    }

    pub(in crate::broker) fn receive(
        &mut self,
        from: Peer,
        message: GroupMessage,
        ctx: &mut Ctx<'_>,
    ) {
        match message {
            GroupMessage::FindOffset { partition, request } => {
                let offset = self.get(partition);
                let answer = GroupMessage::OffsetIs {
                    partition,
                    request,
                    offset,
                    unstable: false,
                };
                ctx.send(from, Message::Group(answer));
            }
            GroupMessage::Commit {
                partition,
                offset,
                request,
                member,
                generation,
            } => {
                let answer = self.commit(partition, offset, member, generation, ctx);
                ctx.send(
                    from,
                    Message::Group(GroupMessage::Committed {
                        partition,
                        request,
                        answer,
                    }),
                );
            }
            GroupMessage::Join { member, request } => {
                if let Some(group) = self.group {
                    self.members
                        .join(member, from, request, self.partitions, &group, ctx);
                }
            }
            GroupMessage::Heartbeat { member, generation } => {
                if let Some(group) = self.group {
                    self.members
                        .heartbeat(member, generation, from, &group, ctx);
                }
            }
            GroupMessage::Leave { member, generation }
                if self.members.may_leave(member, generation) =>
            {
                self.remove(member, ctx);
            }
            _ => {}
        }
    }

    /// A member (or a lone consumer) commits an offset.
    pub(in crate::broker) fn commit(
        &mut self,
        partition: Partition,
        offset: Offset,
        member: u16,
        generation: Generation,
        ctx: &mut Ctx<'_>,
    ) -> Answer {
        let answer = self.may_commit(member, generation);
        let accepted = answer == Answer::Ok;
        if accepted {
            self.write(partition, offset);
        }
        ctx.observe(Observation::Progress {
            partition,
            offset,
            consumer: member,
            generation,
            accepted,
        });
        answer
    }

    /// Whether a member may commit in this generation.
    pub(in crate::broker) fn may_commit(&self, member: u16, generation: Generation) -> Answer {
        self.members.may_commit(member, generation, self.bug)
    }

    /// The current generation.
    pub(in crate::broker) const fn generation(&self) -> Generation {
        self.members.generation()
    }

    /// Writes an accepted offset.
    pub(in crate::broker) fn write(&mut self, partition: Partition, offset: Offset) {
        self.committed[usize::from(partition)] = Some(offset);
        self.journal.append((partition, offset));
        match self.flush {
            Flush::Always => self.journal.sync(),
            Flush::Entries(most) if self.journal.unsynced() >= u64::from(most) => {
                self.journal.sync();
            }
            Flush::Entries(_) | Flush::Every(_) | Flush::Never => {}
        }
        let before = &mut self.before;
        self.journal.compact(KEPT, |(partition, offset)| {
            before[usize::from(partition)] = Some(offset);
        });
    }

    /// Everything is forced to disk.
    pub(in crate::broker) fn sync(&mut self) {
        self.journal.sync();
    }

    pub(in crate::broker) fn fire(&mut self, timer: Timer, ctx: &mut Ctx<'_>) {
        match timer {
            Timer::SessionCheck { member } => self.remove(member, ctx),
            Timer::RebalanceOver { generation } => {
                if let Some(group) = self.group {
                    self.members
                        .rebalance_over(generation, self.partitions, &group, ctx);
                }
            }
            _ => {}
        }
    }

    fn remove(&mut self, member: u16, ctx: &mut Ctx<'_>) {
        if let Some(group) = self.group {
            self.members.remove(member, self.partitions, &group, ctx);
        }
    }

    pub(in crate::broker) fn crash(
        &mut self,
        kind: OutageKind,
        survives: &mut dyn FnMut(u64) -> u64,
    ) {
        self.journal.crash(kind, survives);
        if kind == OutageKind::DiskLoss {
            self.before.fill(None);
            self.members.lose_disk();
        }
        self.members.crash();
    }

    pub(in crate::broker) fn unsynced(&self) -> bool {
        self.journal.unsynced() > 0
    }
}
