//! The steps of the proof: what became of the record, each from the packet that brought it about.

mod ending;
mod ground;
mod known;
mod logs;
mod readers;
mod silence;
mod torn;
mod transfer;

use std::collections::{BTreeMap, BTreeSet};

use semel_models::judge::Violation;
use semel_models::model::Model;
use semel_models::observation::{Hit, Miss, Observation, Outcome, Place, TransactionId};
use semel_models::vocabulary::{Offset, Partition};
use semel_models::workload::Workload;
use semel_sim::address::{NodeId, OutageKind};
use semel_sim::record::{Entry, What};

use crate::explain::condense::{More, condense};
use crate::explain::slice::Slice;
use crate::explain::slice::subject::Rivalry;
use crate::explain::story::known::Known;
use crate::explain::story::torn::endings;
use crate::explain::{Deed, Fact, Kept, LogFact, Missed, RecordFact, Step, Stored};
use crate::trial::plan::Plan;

/// Tells the story of a slice up to where the violation was seen; and if something is missing, that it is.
pub(in crate::explain) fn steps(
    slice: &Slice<'_>,
    violation: &Violation,
    (plan, workload): (&Plan, &Workload),
) -> Vec<Step> {
    let topology = plan.scenario.topology;
    let mut teller = Teller {
        slice,
        plan,
        workload,
        partition: slice.partition.or_else(|| {
            let record = slice.record?;
            Some(workload.partition(record, topology))
        }),
        known: Known::default(),
        stored: false,
        delivered: false,
        applied: false,
        effect: None,
        produced: false,
        enlisted: BTreeMap::new(),
        rival_in: BTreeMap::new(),
        decided: BTreeMap::new(),
        endings: endings(slice, violation),
        struck: BTreeSet::new(),
        steps: Vec::new(),
    };
    let told = slice.trace.entries.iter();
    for entry in told.take_while(|entry| entry.id <= slice.last) {
        teller.tell(entry);
    }
    teller.conclude(violation);
    condensed(teller.steps)
}

fn condensed(steps: Vec<Step>) -> Vec<Step> {
    let kind = |step: &Step| Some((step.node.clone(), step.fact.alike()));
    let count = |step: &Step, more: More| Step {
        at_ns: more.until_ns,
        node: step.node.clone(),
        fact: Fact::More(more),
        because: None,
        indirect: false,
    };
    condense(steps, kind, |step| step.at_ns, count)
}

/// The packet of the proof that brought something about, and whether it did so by way of others.
fn reason(slice: &Slice<'_>, entry: &Entry<Model>) -> (Option<String>, bool) {
    let name = |sent: Option<&Entry<Model>>| slice.called(sent?.id);
    let direct = name(slice.packet(entry));
    if direct.is_some() {
        return (direct, false);
    }
    let led = name(slice.request(entry));
    let indirect = led.is_some();
    (led, indirect)
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "one fact about the story and four about what was told of it, each on its own"
)]
pub(in crate::explain) struct Teller<'s, 't> {
    pub(in crate::explain) slice: &'s Slice<'t>,
    pub(in crate::explain) plan: &'s Plan,
    pub(in crate::explain) workload: &'s Workload,
    /// Where the record belongs, or what the marks are of.
    pub(in crate::explain) partition: Option<Partition>,
    pub(in crate::explain) known: Known,
    pub(in crate::explain) stored: bool,
    pub(in crate::explain) delivered: bool,
    pub(in crate::explain) applied: bool,
    /// The entry at which it took effect last.
    effect: Option<u64>,
    /// Whether an output of it was stored.
    produced: bool,
    /// The open transactions that it belongs to, or what was made of it: in which partition each.
    enlisted: BTreeMap<Partition, TransactionId>,
    /// The same of the other record.
    rival_in: BTreeMap<Partition, TransactionId>,
    /// Those that were decided: by the marker at which offset.
    decided: BTreeMap<Partition, (Offset, TransactionId)>,
    /// What ends the transaction that is torn, at which entries.
    endings: BTreeMap<u64, LogFact>,
    /// Nodes that have been down.
    pub(in crate::explain) struck: BTreeSet<NodeId>,
    pub(in crate::explain) steps: Vec<Step>,
}

impl Teller<'_, '_> {
    pub(in crate::explain) fn push(&mut self, at_ns: u64, node: String, fact: Fact) {
        let step = Step {
            at_ns,
            node,
            fact,
            because: None,
            indirect: false,
        };
        self.steps.push(step);
    }

    fn tell(&mut self, entry: &Entry<Model>) {
        let told = match &entry.what {
            What::Struck(node, outage, ..) => {
                self.struck.insert(*node);
                let sink = *node == self.plan.scenario.topology.sink();
                let undone = sink && outage.kind == OutageKind::DiskLoss && self.applied;
                self.applied &= !undone;
                undone.then_some((*node, Fact::Record(RecordFact::Undone)))
            }
            What::Observed(node, seen) => {
                let fact = self.fact(*node, entry, seen);
                self.known.note(seen);
                fact.map(|fact| (*node, fact))
            }
            What::Sent { from, .. } => {
                let repeat = self.slice.repeat(entry).map(Fact::Repeated);
                let turned_away = || self.slice.turned_away(entry).map(Fact::Record);
                repeat.or_else(turned_away).map(|fact| (*from, fact))
            }
            What::Fired(node, timer) => {
                let fact = self.fired(entry, *timer);
                fact.map(|fact| (*node, Fact::Reader(fact)))
            }
            _ => None,
        };
        let Some((node, fact)) = told else { return };
        let more = self.besides(entry, (node, &fact));
        // Why a request is sent again is what is told of it.
        let follows = matches!(entry.what, What::Observed(..) | What::Sent { .. });
        let follows = follows && !matches!(fact, Fact::Repeated(_));
        self.push(entry.at.0, self.slice.node(node), fact);
        if let Some(step) = self.steps.last_mut().filter(|_| follows) {
            (step.because, step.indirect) = reason(self.slice, entry);
        }
        if let Some((node, fact)) = more {
            self.push(entry.at.0, self.slice.node(node), fact);
        }
    }

    /// What else is to be said when something happens, and of whom.
    fn besides(
        &self,
        entry: &Entry<Model>,
        (node, fact): (NodeId, &Fact),
    ) -> Option<(NodeId, Fact)> {
        match fact {
            Fact::Record(RecordFact::Stored(Stored { output: false, .. })) if self.slice.lacks => {
                let beyond = self.beyond(entry);
                beyond.map(|(reader, fact)| (reader, Fact::Reader(fact)))
            }
            Fact::Record(RecordFact::Delivered { again: false, .. }) => {
                let fetched = || self.fetched(node, entry).map(Fact::Reader);
                let more = self.unprocessable(fact).or_else(fetched);
                more.map(|fact| (node, fact))
            }
            fact => Some((node, self.unprocessable(fact)?)),
        }
    }

    /// Its handler may try again for ever: once is enough.
    fn unprocessable(&self, fact: &Fact) -> Option<Fact> {
        let poison = |record: Option<u32>| record.is_some_and(|one| self.workload.is_poison(one));
        match *fact {
            Fact::Record(RecordFact::Delivered { again: false, .. }) => {
                let fact = Fact::Record(RecordFact::Unprocessable);
                poison(self.slice.record).then_some(fact)
            }
            Fact::Other(record, Deed::Delivered) => {
                poison(Some(record)).then_some(Fact::Other(record, Deed::Unprocessable))
            }
            _ => None,
        }
    }

    /// Whether something of a partition has to do with the record.
    pub(in crate::explain) fn is_near(&self, partition: Partition) -> bool {
        let own = |own| own == partition % self.slice.inputs;
        self.kept(partition) == Kept::DeadLetters || self.partition.is_none_or(own)
    }

    /// What a partition keeps.
    fn kept(&self, partition: Partition) -> Kept {
        if partition == self.plan.scenario.topology.dead_letters() {
            Kept::DeadLetters
        } else if partition >= self.slice.inputs {
            Kept::Outputs
        } else {
            Kept::Records
        }
    }

    /// Whether it matters by now who reads what: readers of the record have been at work, or interrupted; or it is told
    /// of owners.
    pub(in crate::explain) fn is_under_way(&self) -> bool {
        self.delivered || !self.struck.is_empty() || self.slice.intrusion.is_some()
    }

    /// What an observation says of the record.
    fn fact(&mut self, node: NodeId, entry: &Entry<Model>, seen: &Observation) -> Option<Fact> {
        if let Observation::Enlisted {
            record,
            partition,
            transaction,
            ..
        } = *seen
        {
            let late = self.enlist(record, (partition, transaction));
            return late.map(Fact::Log);
        }
        if self.slice.record.is_some() && seen.record() == self.slice.record {
            return self.of_record(node, entry, seen).map(Fact::Record);
        }
        if seen.record().is_some() {
            let of_place = self.outdated(seen).map(Fact::Reader);
            return of_place.or_else(|| self.of_rival(seen));
        }
        let of_rival = self.of_rival_transaction(entry, seen);
        let of_readers = self.of_readers(node, entry, seen).map(Fact::Reader);
        let of_logs = of_readers.or_else(|| self.of_logs(entry, seen).map(Fact::Log));
        let ended = || self.endings.remove(&entry.id).map(Fact::Log);
        of_logs.or_else(ended).or(of_rival)
    }

    fn of_record(
        &mut self,
        node: NodeId,
        entry: &Entry<Model>,
        seen: &Observation,
    ) -> Option<RecordFact> {
        let again = |known: &mut bool| std::mem::replace(known, true);
        let inputs = self.slice.inputs;
        Some(match *seen {
            Observation::Intent { .. } => RecordFact::Intended,
            Observation::Stored { partition, .. } if self.kept(partition) == Kept::DeadLetters => {
                let again = again(&mut self.produced);
                RecordFact::Letter { again }
            }
            Observation::Stored {
                record,
                offset,
                missed,
                partition,
                ..
            } => {
                let output = partition >= inputs;
                let known = if output {
                    &mut self.produced
                } else {
                    &mut self.stored
                };
                RecordFact::Stored(Stored {
                    offset,
                    again: again(known),
                    missed: missed.into(),
                    output,
                    instead_of: self.known.before((partition, offset), record),
                })
            }
            Observation::Delivered {
                offset, partition, ..
            } => RecordFact::Delivered {
                offset,
                again: again(&mut self.delivered),
                standing: self.known.standing((partition, offset)),
            },
            Observation::Applied {
                missed,
                partition,
                offset,
                ..
            } => {
                let output = (partition >= inputs).then_some(offset);
                self.taken_effect((node, entry), missed, output)
            }
            Observation::Acked { outcome, .. } => {
                return self.reported(node, entry, outcome);
            }
            Observation::Recognised {
                hit: Hit::InFlight,
                place: Place::Sink,
                ..
            } => RecordFact::InProgress,
            Observation::Recognised { .. } if self.slice.came_as_output(entry) => {
                RecordFact::RecognisedOutput
            }
            Observation::Recognised { place, .. } => self.recognised((node, entry), place),
            Observation::Refused { .. } => RecordFact::Refused,
            Observation::Skipped { .. } => RecordFact::PassedOver,
            Observation::Parked { .. } => RecordFact::PutAside,
            _ => return None,
        })
    }

    fn taken_effect(
        &mut self,
        (node, entry): (NodeId, &Entry<Model>),
        missed: Miss,
        output: Option<Offset>,
    ) -> RecordFact {
        let again = std::mem::replace(&mut self.applied, true);
        let last = self.effect.replace(entry.id);
        let looked_before = last.is_some_and(|last| self.looked_before(entry, last));
        let missed = match (missed, last) {
            (Miss::New, Some(_)) if looked_before => Missed::Raced,
            (Miss::TakenOver, Some(last)) if !looked_before => {
                let down = self.slice.went_down(node, entry.id);
                Missed::Uncompleted {
                    down: down.is_some_and(|down| down > last),
                }
            }
            _ => missed.into(),
        };
        RecordFact::Applied {
            again,
            missed,
            output,
        }
    }

    /// Whether the request that led to an effect had come before the effect before that one was written: whoever looked
    /// for it then could not see it.
    fn looked_before(&self, effect: &Entry<Model>, last: u64) -> bool {
        let before = |entry: &Entry<Model>| entry.id < last;
        let cause = |entry: &&Entry<Model>| {
            let earlier = entry.cause < entry.id;
            earlier.then(|| &self.slice.trace.entries[entry.cause as usize])
        };
        let mut back = std::iter::successors(Some(effect), cause);
        back.find(|entry| matches!(entry.what, What::Arrived(..)))
            .is_some_and(before)
    }

    /// An application that was told "unknown" while its client was up may send the record again (F003).
    fn reported(&self, node: NodeId, entry: &Entry<Model>, outcome: Outcome) -> Option<RecordFact> {
        let unknown = outcome == Outcome::Unknown;
        let matters = self.slice.lacks || (unknown && !self.struck.contains(&node));
        matters.then(|| RecordFact::Reported {
            told: outcome.into(),
            ground: self.ground(entry, outcome),
        })
    }

    /// What an observation says of the other record.
    fn of_rival(&self, seen: &Observation) -> Option<Fact> {
        let (rival, rivalry) = self
            .slice
            .rival
            .filter(|(rival, _)| seen.record() == Some(*rival))?;
        let inputs = self.slice.inputs;
        let deed = match *seen {
            Observation::Intent { .. } if rivalry == Rivalry::Overtakes => Deed::Intended,
            Observation::Stored {
                partition, offset, ..
            } if partition >= inputs => Deed::StoredOutput(offset),
            Observation::Stored { offset, .. } => Deed::Stored(offset),
            Observation::Delivered { .. } if rivalry == Rivalry::Ahead => Deed::Delivered,
            Observation::Delivered {
                partition, offset, ..
            } => Deed::DeliveredEarly(self.known.standing((partition, offset))?),
            Observation::Applied { partition, .. } if partition >= inputs => Deed::CommittedOutput,
            Observation::Applied { .. } => Deed::Applied,
            Observation::Recognised {
                hit: Hit::InFlight, ..
            } if rivalry == Rivalry::Ahead => Deed::InProgress,
            _ => return None,
        };
        Some(Fact::Other(rival, deed))
    }

    /// Where the record stands among the inputs, if it does.
    pub(in crate::explain) fn place(&self) -> Option<(Partition, Offset)> {
        self.known.place(self.slice.record?, self.slice.inputs)
    }

    pub(in crate::explain) fn offset(&self) -> Option<Offset> {
        Some(self.place()?.1)
    }
}
