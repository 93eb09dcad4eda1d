//! The group coordinator: committed offsets, on disk like any other log (`semantics.md` §1.5).

use alloc::vec::Vec;

use semel_sim::address::OutageKind;
use semel_sim::context::Peer;

use crate::message::Message;
use crate::message::group::{Answer, Message as GroupMessage};
use crate::model::Ctx;
use crate::observation::Observation;
use crate::vocabulary::{Offset, Partition};

/// The committed offsets of the group.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Offsets {
    committed: Vec<Option<Offset>>,
}

impl Offsets {
    pub(super) fn new(partitions: u16) -> Self {
        Self {
            committed: alloc::vec![None; usize::from(partitions)],
        }
    }

    pub(super) fn reset(&mut self) {
        self.committed.fill(None);
    }

    pub(super) fn get(&self, partition: Partition) -> Option<Offset> {
        self.committed[usize::from(partition)]
    }

    pub(super) fn receive(&mut self, from: Peer, message: GroupMessage, ctx: &mut Ctx<'_>) {
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
                self.committed[usize::from(partition)] = Some(offset);
                let progress = Observation::Progress {
                    partition,
                    offset,
                    consumer: member,
                    generation,
                    accepted: true,
                };
                ctx.observe(progress);
                let answer = GroupMessage::Committed {
                    partition,
                    request,
                    answer: Answer::Ok,
                };
                ctx.send(from, Message::Group(answer));
            }
            _ => {}
        }
    }

    pub(super) fn crash(&mut self, kind: OutageKind, _: &mut dyn FnMut(u64) -> u64) {
        if kind == OutageKind::DiskLoss {
            self.reset();
        }
    }

    pub(super) const fn unsynced(&self) -> bool {
        false
    }
}
