//! What readers do, as far as it matters to the record: where they read on, what they mark, who leaves their group.

use semel_models::model::Model;
use semel_models::observation::Observation;
use semel_models::timer::Timer;
use semel_models::vocabulary::Offset;
use semel_sim::address::NodeId;
use semel_sim::record::Entry;

use super::ReaderFact;
use super::story::Teller;

impl Teller<'_, '_> {
    /// What an observation says of the marks and the readers of its partition.
    pub(super) fn of_readers(
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
                let passes = self.offset().is_some_and(|own| own < offset);
                let matters = passes || !self.struck.is_empty();
                let told = !accepted
                    || back_from.is_some()
                    || (self.lacks && matters)
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
                })
            }
            Observation::Reset {
                partition,
                position,
                ..
            } if self.is_near(partition) => Some(ReaderFact::Reset {
                offset: position,
                end: position > 0 && position >= self.known.end(partition),
            }),
            Observation::Granted { partition, token }
                if self.is_near(partition) && token > 1 && self.is_under_way() =>
            {
                self.regrouped(node, entry, token)
            }
            _ => None,
        }
    }

    /// A timer that went off tells of somebody's silence.
    pub(super) fn fired(&self, entry: &Entry<Model>, timer: Timer) -> Option<ReaderFact> {
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
}
