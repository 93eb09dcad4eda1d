//! Where a partition keeps what it knows of ids, and what an outage leaves of it.
//!
//! *With data*: every entry carries its id, so that the two live and die together; after a boot the entries are read
//! through (JetStream, RabbitMQ streams, Pulsar). *Durable*: ids are written to a store beside the data, before it,
//! in a step of their own: a crash between the two keeps an id whose record is absent, and the retry is swallowed (L5).
//! *Memory*: a boot begins with nothing (D2). *Copied*: in memory, and copied beside the data after so long; a boot
//! begins with the last copy, and what was not copied yet is stored twice (Redis).

use semel_sim::address::OutageKind;
use semel_sim::digest::Digest;
use semel_sim::time::{Span, Time};

use crate::broker::partition::highest::Highest;
use crate::broker::partition::log::Entry;
use crate::observation::Miss;
use crate::strategy::{Bug, Kept, Recognise};
use crate::vocabulary::{Offset, ProducerId};
use crate::window::Window;

/// What a partition knows of ids.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Ids {
    kept: Kept,
    clock: Clock,
    memory: Known,
    disk: Disk,
}

#[derive(Clone, Debug)]
struct Disk {
    /// Beside the data: written before it, or copied after it.
    beside: Known,
    /// Where the log ended when the copy was made.
    copied: Offset,
    /// With the data: what the entries before the first one that is kept had said.
    snapshot: Known,
}

/// Whose clock ages ids: it stamps them, and by it they are old.
#[derive(Clone, Copy, Debug)]
enum Clock {
    Store,
    /// With the bug: the latest time that a publisher has given. A record of before the window is behind it already.
    Publisher(Time),
}

#[derive(Clone, Debug)]
enum Known {
    Window(Window),
    Highest(Highest),
}

impl Ids {
    /// What a partition that recognises repeats in this way needs to know, if it goes by ids.
    pub(in crate::broker) fn new(recognise: Recognise, bug: Option<Bug>) -> Option<Self> {
        let (known, kept) = match recognise {
            Recognise::Nothing | Recognise::Sequence { .. } => return None,
            Recognise::Highest(kept) => (Known::Highest(Highest::new()), kept),
            Recognise::Id(keep, kept) => (Known::Window(Window::new(keep)), kept),
        };
        Some(Self {
            kept,
            clock: if bug == Some(Bug::WindowOnWrongClock) {
                Clock::Publisher(Time::ZERO)
            } else {
                Clock::Store
            },
            memory: known.clone(),
            disk: Disk {
                beside: known.clone(),
                copied: 0,
                snapshot: known,
            },
        })
    }

    pub(in crate::broker) fn reset(&mut self) {
        self.memory.clear();
        self.disk.clear();
        self.clock.forget();
    }

    /// A publisher gives its time.
    pub(in crate::broker) const fn hear(&mut self, publisher: Time) {
        self.clock.hear(publisher);
    }

    /// What ids that come with a request are stamped with.
    pub(in crate::broker) const fn stamp(&self, publisher: Time, store: Time) -> Time {
        match self.clock {
            Clock::Store => store,
            Clock::Publisher(_) => publisher,
        }
    }

    /// How many entries it holds.
    pub(in crate::broker) fn len(&self) -> u32 {
        match &self.memory {
            Known::Window(window) => window.len(),
            Known::Highest(highest) => highest.len(),
        }
    }

    /// None if the id makes a record a repeat of something stored; otherwise why that was not recognised.
    pub(in crate::broker) fn miss(
        &mut self,
        producer: ProducerId,
        id: u64,
        now: Time,
    ) -> Option<Miss> {
        match &mut self.memory {
            Known::Window(window) => window.miss(id, self.clock.now(now)),
            Known::Highest(highest) => highest.miss(producer, id),
        }
    }

    /// Whether a record would be a repeat of another one, which is on its way into the log.
    pub(in crate::broker) fn repeats(
        &self,
        other: (ProducerId, u64),
        producer: ProducerId,
        id: u64,
    ) -> bool {
        match self.memory {
            Known::Window(_) => other.1 == id,
            Known::Highest(_) => other.0 == producer && other.1 >= id,
        }
    }

    /// Before entries are appended: their ids go into the store beside the data, if there is one. True if so.
    pub(in crate::broker) fn write_ahead(
        &mut self,
        entries: impl Iterator<Item = Entry>,
        now: Time,
    ) -> bool {
        if self.kept != Kept::Durable {
            return false;
        }
        for entry in entries {
            self.disk.beside.note(&entry, self.clock, now);
        }
        true
    }

    /// An entry was appended.
    pub(in crate::broker) fn note(&mut self, entry: &Entry, now: Time) {
        self.memory.note(entry, self.clock, now);
    }

    /// An entry goes from the log for good.
    pub(in crate::broker) fn roll(&mut self, entry: &Entry, now: Time) {
        if self.kept == Kept::WithData {
            self.disk.snapshot.note(entry, self.clock, now);
        }
    }

    /// After which time what is known now should be copied.
    pub(in crate::broker) const fn copied_after(&self) -> Option<Span> {
        match self.kept {
            Kept::AsyncCopy(span) => Some(span),
            Kept::WithData | Kept::Durable | Kept::Memory => None,
        }
    }

    /// Copies what is known.
    pub(in crate::broker) fn copy(&mut self, end: Offset) {
        self.disk.beside = self.memory.clone();
        self.disk.copied = end;
    }

    pub(in crate::broker) fn crash(&mut self, kind: OutageKind) {
        self.memory.lose();
        self.clock.forget();
        if kind == OutageKind::DiskLoss {
            self.disk.clear();
        }
    }

    /// After a boot: what is left of it beside the data. The log ends at `end`.
    pub(in crate::broker) fn recover(&mut self, end: Offset) {
        match self.kept {
            Kept::WithData | Kept::Memory if end == 0 => self.memory.clear(),
            Kept::WithData | Kept::Memory => {}
            Kept::Durable => self.memory = self.disk.beside.clone(),
            Kept::AsyncCopy(_) => {
                self.memory = self.disk.beside.clone();
                if end > self.disk.copied {
                    self.memory.doubt();
                }
            }
        }
    }

    /// After a boot: what the data say.
    pub(in crate::broker) fn rebuild<'a>(
        &mut self,
        entries: impl Iterator<Item = &'a Entry>,
        now: Time,
    ) {
        if self.kept == Kept::WithData {
            self.memory = self.disk.snapshot.clone();
            for entry in entries {
                self.clock.hear(Time(entry.stamp));
                self.memory.note(entry, self.clock, now);
            }
        }
    }

    pub(in crate::broker) fn fingerprint(&self, now: Time, digest: &mut Digest) {
        let now = self.clock.now(now);
        self.memory.fingerprint(now, digest);
        self.disk.beside.fingerprint(now, digest);
        self.disk.snapshot.fingerprint(now, digest);
        digest.add(&self.disk.copied);
    }
}

impl Clock {
    /// What time it is.
    const fn now(self, store: Time) -> Time {
        match self {
            Self::Store => store,
            Self::Publisher(latest) => latest,
        }
    }

    /// A publisher gives its time.
    const fn hear(&mut self, publisher: Time) {
        if let Self::Publisher(latest) = self
            && publisher.0 > latest.0
        {
            *latest = publisher;
        }
    }

    const fn forget(&mut self) {
        if let Self::Publisher(latest) = self {
            *latest = Time::ZERO;
        }
    }
}

impl Disk {
    fn clear(&mut self) {
        self.beside.clear();
        self.copied = 0;
        self.snapshot.clear();
    }
}

impl Known {
    fn clear(&mut self) {
        match self {
            Self::Window(window) => window.clear(),
            Self::Highest(highest) => highest.clear(),
        }
    }

    fn lose(&mut self) {
        match self {
            Self::Window(window) => window.lose(),
            Self::Highest(highest) => highest.lose(),
        }
    }

    fn doubt(&mut self) {
        match self {
            Self::Window(window) => window.doubt(),
            Self::Highest(highest) => highest.doubt(),
        }
    }

    fn note(&mut self, entry: &Entry, clock: Clock, now: Time) {
        let stamp = Time(entry.stamp);
        match (self, clock) {
            (Self::Window(window), Clock::Store) => window.insert(entry.id, stamp, now),
            (Self::Window(window), Clock::Publisher(latest)) => {
                window.insert_by_age(entry.id, stamp, latest);
            }
            (Self::Highest(highest), _) => highest.raise(entry.producer, entry.id),
        }
    }

    fn fingerprint(&self, now: Time, digest: &mut Digest) {
        match self {
            Self::Window(window) => window.fingerprint(now, digest),
            Self::Highest(highest) => digest.add(highest),
        }
    }
}
