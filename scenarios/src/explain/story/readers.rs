//! What readers do, as far as it matters to the record: where they read on, what they mark, who leaves their group.

use semel_models::message::Kind;
use semel_models::model::Model;
use semel_models::observation::Observation;
use semel_models::timer::Timer;
use semel_models::vocabulary::Offset;
use semel_sim::address::NodeId;
use semel_sim::record::{Entry, What};

use crate::explain::ReaderFact;
use crate::explain::story::Teller;

impl Teller<'_, '_> {
    /// What an observation says of the marks and the readers of its partition.
    pub(in crate::explain) fn of_readers(
        &mut self,
        node: NodeId,
        entry: &Entry<Model>,
        seen: &Observation,
    ) -> Option<ReaderFact> {
        match *seen {
            Observation::Progress {
                partition,
                offset,
                consumer,
                accepted,
                ..
            } if self.is_near(partition) => {
                let stood = self.known.mark(partition).filter(|_| accepted);
                let back_from = stood.filter(|mark| offset < *mark);
                let passes = self.passes(offset);
                let matters = passes || !self.struck.is_empty();
                let told = !accepted
                    || back_from.is_some()
                    || (self.slice.lacks && matters)
                    || self.slice.marks.contains(&entry.id);
                let by = self.plan.scenario.topology.consumer(consumer);
                told.then(|| ReaderFact::Marked {
                    offset,
                    by: self.slice.node(by),
                    accepted,
                    passes,
                    back_from,
                })
            }
            Observation::Assigned {
                partition,
                position,
                ..
            } if self.is_near(partition) && (self.is_under_way() || position == Offset::MAX) => {
                let marked = self.known.mark(partition);
                Some(ReaderFact::Resumed {
                    offset: (position != Offset::MAX).then_some(position),
                    after: self.cue(node, entry),
                    marked: marked.filter(|mark| *mark > position),
                    passes: position != Offset::MAX && self.slice.lacks && self.passes(position),
                })
            }
            Observation::Reset {
                partition,
                position,
                ..
            } if self.is_near(partition) => Some(ReaderFact::Reset {
                offset: position,
                end: position > 0 && position >= self.known.end(partition),
                passes: self.slice.lacks && self.passes(position),
            }),
            Observation::Granted { partition, token }
                if self.is_near(partition)
                    && (token > 1 || self.slice.is_granted(entry))
                    && self.is_under_way() =>
            {
                self.regrouped(node, entry, token)
            }
            _ => None,
        }
    }

    /// A timer that went off tells of somebody's silence.
    pub(in crate::explain) fn fired(
        &self,
        entry: &Entry<Model>,
        timer: Timer,
    ) -> Option<ReaderFact> {
        match timer {
            Timer::SessionCheck { member } => {
                let node = self.plan.scenario.topology.consumer(member);
                Some(ReaderFact::SessionOver {
                    member: self.slice.node(node),
                })
            }
            Timer::PollOverdue { .. } => {
                self.slice.leaves(entry).then_some(ReaderFact::PollOverdue)
            }
            _ => None,
        }
    }

    /// Whether an offset of its partition is beyond where the record stands.
    fn passes(&self, offset: Offset) -> bool {
        self.offset().is_some_and(|own| own < offset)
    }

    /// A reader that stood beyond the record already when that was stored: it never gets to it.
    pub(in crate::explain) fn beyond(&self, stored: &Entry<Model>) -> Option<(NodeId, ReaderFact)> {
        let What::Observed(
            _,
            Observation::Stored {
                record,
                partition,
                offset: own,
                ..
            },
        ) = stored.what
        else {
            return None;
        };
        let (reader, offset) = self
            .stands(stored.id)
            .filter(|(_, offset)| *offset > own && !self.is_read_after(stored.id))?;
        let got = self.known.handed((partition, own), record);
        Some((reader, ReaderFact::Beyond { offset, got }))
    }

    /// A record that is handed out for the first time after its reader was put elsewhere may have come before that.
    pub(in crate::explain) fn fetched(
        &self,
        node: NodeId,
        delivered: &Entry<Model>,
    ) -> Option<ReaderFact> {
        let before = &self.slice.trace.entries[..delivered.id as usize];
        let reset = |entry: &&Entry<Model>| {
            let reset = |seen: &Observation| matches!(seen, Observation::Reset { partition, .. } if self.is_near(*partition));
            matches!(&entry.what, What::Observed(at, seen) if *at == node && reset(seen))
        };
        let put = before.iter().rev().find(reset)?.at.0;
        let brings = |entry: &&Entry<Model>| match &entry.what {
            What::Sent { to, message, .. } => {
                let records = *to == node && message.kind() == Kind::Records;
                records && self.slice.is_about(entry)
            }
            _ => false,
        };
        let brought = before.iter().filter(brings);
        let came = brought.flat_map(|sent| self.slice.arrivals(sent.id)).min();
        let came_ns = came.copied().filter(|came| *came < put)?;
        Some(ReaderFact::Fetched { came_ns })
    }

    /// Whether somebody gets the record after all.
    fn is_read_after(&self, stored: u64) -> bool {
        let after = self.slice.trace.entries[stored as usize..].iter();
        let mut told = after.take_while(|entry| entry.id <= self.slice.last);
        told.any(|entry| match entry.what {
            What::Observed(_, Observation::Delivered { record, .. }) => {
                Some(record) == self.slice.record
            }
            _ => false,
        })
    }

    /// What is handed to a handler from where the record stands, though that is another one.
    pub(in crate::explain) fn outdated(&self, seen: &Observation) -> Option<ReaderFact> {
        match *seen {
            Observation::Delivered {
                record,
                partition,
                offset,
                ..
            } if self.slice.lacks && self.place() == Some((partition, offset)) => {
                Some(ReaderFact::Outdated {
                    got: record,
                    offset,
                })
            }
            _ => None,
        }
    }

    /// Which reader of the record's partition stands where, before an entry: the last that asked for records.
    pub(in crate::explain) fn stands(&self, before: u64) -> Option<(NodeId, Offset)> {
        let mut entries = self.slice.trace.entries[..before as usize].iter().rev();
        entries.find_map(|entry| match &entry.what {
            What::Sent { from, message, .. } => Some((*from, self.asks_for(message)?)),
            _ => None,
        })
    }
}
