//! A consumer's own memory of what it has handled.
//!
//! A record whose id is in it is passed over. The id is written down after the effect, so a crash between the two means
//! a second effect (D7); one in memory only is forgotten by any crash (D2). Two workers with the same record in hand
//! both look before either writes (D6).

use semel_sim::address::OutageKind;
use semel_sim::digest::Digest;
use semel_sim::time::Time;

use crate::model::Ctx;
use crate::observation::{Observation, Place};
use crate::strategy::{Keep, Memory};
use crate::window::Window;

/// What a consumer remembers.
#[derive(Clone, Debug)]
pub(super) struct Repeats {
    kept: Memory,
    memory: Window,
    disk: Window,
}

impl Repeats {
    pub(super) const fn new(kept: Memory) -> Self {
        let keep = match kept {
            Memory::None => Keep {
                time: None,
                count: None,
            },
            Memory::Volatile(keep) | Memory::Durable(keep) => keep,
        };
        Self {
            kept,
            memory: Window::new(keep),
            disk: Window::new(keep),
        }
    }

    pub(super) fn reset(&mut self) {
        self.memory.clear();
        self.disk.clear();
    }

    pub(super) fn crash(&mut self, kind: OutageKind) {
        self.memory.lose();
        if kind == OutageKind::DiskLoss {
            self.disk.lose();
        }
    }

    /// Whether it remembers an id.
    #[inline]
    pub(super) fn knows(&mut self, id: u64, ctx: &Ctx<'_>) -> bool {
        match self.kept {
            Memory::None => false,
            Memory::Volatile(_) => self.memory.miss(id, ctx.wall()).is_none(),
            Memory::Durable(_) => self.disk.miss(id, ctx.wall()).is_none(),
        }
    }

    /// Whether remembering takes a write of its own.
    pub(super) const fn writes(&self) -> bool {
        matches!(self.kept, Memory::Durable(_))
    }

    /// A record with this id has been handled.
    pub(super) fn remember(&mut self, id: u64, ctx: &mut Ctx<'_>) {
        let (window, keep) = match self.kept {
            Memory::None => return,
            Memory::Volatile(keep) => (&mut self.memory, keep),
            Memory::Durable(keep) => (&mut self.disk, keep),
        };
        let (now, before) = (ctx.wall(), window.len());
        window.insert(id, now, now);
        let entries = window.len();
        if entries != before {
            ctx.observe(Observation::Kept {
                place: Place::Consumer,
                entries,
                bound: keep.count.unwrap_or(0),
            });
        }
    }

    pub(super) fn fingerprint(&self, now: Time, digest: &mut Digest) {
        self.memory.fingerprint(now, digest);
        self.disk.fingerprint(now, digest);
    }
}
