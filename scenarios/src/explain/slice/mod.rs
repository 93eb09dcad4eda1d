//! The causal slice of a trace: what happened to one record, what caused that, and what deviated.

mod fence;
mod healing;
mod links;
pub(super) mod subject;

use std::collections::{BTreeMap, BTreeSet};

use semel_models::judge::{Family, Violation};
use semel_models::message::{Kind, Message};
use semel_models::model::Model;
use semel_models::observation::{Observation, Outcome};
use semel_models::strategy::Invariant;
use semel_models::vocabulary::{Partition, RecordId};
use semel_sim::address::{NodeId, OutageKind};
use semel_sim::domain::Domain;
use semel_sim::record::{Entry, What};
use semel_sim::schedule::{Deviation, NamedChange, step_label};

use crate::explain::condense::{More, condense};
use crate::explain::proof::header::{Header, renamed};
use crate::explain::slice::fence::{Intrusion, intrusion};
use crate::explain::slice::healing::{Relief, relief};
use crate::explain::slice::links::is_output;
use crate::explain::slice::subject::{Rivalry, Subject};
use crate::explain::{Circumstance, Given, Step, fault};
use crate::shrink::incident::incidents;
use crate::shrink::meaning::Meaning;
use crate::trial::trace::Trace;

/// A trace, seen from one record.
pub(in crate::explain) struct Slice<'t> {
    pub(in crate::explain) trace: &'t Trace,
    pub(in crate::explain) record: Option<RecordId>,
    /// Another record, and what that is to it.
    pub(in crate::explain) rival: Option<(RecordId, Rivalry)>,
    /// How many partitions hold inputs; those of outputs follow.
    pub(in crate::explain) inputs: u16,
    /// The entry that it is told up to.
    pub(in crate::explain) last: u64,
    /// The partition whose mark fell, where one did.
    pub(in crate::explain) partition: Option<Partition>,
    /// What of a former owner was accepted, where something was.
    pub(in crate::explain) intrusion: Option<Intrusion>,
    /// The entries of the mark that fell and of the one that took its place; or of what a fence let in.
    pub(in crate::explain) marks: Vec<u64>,
    /// It is about something that did not happen: then marks and answers matter, too.
    pub(in crate::explain) lacks: bool,
    /// Packets because of which one of the marks was set, or its client says that the record is stored.
    grounds: BTreeSet<u64>,
    /// Clients that have had several producer ids.
    renamed: BTreeSet<NodeId>,
    /// What healing ends, if it ends anything.
    relief: Option<Relief>,
    /// Entries in which a deviation shows, and which incident it is part of.
    faults: BTreeMap<u64, usize>,
    /// Entries that the proof starts from, and what it calls them.
    names: BTreeMap<u64, String>,
    /// For each sent packet, when its copies reached somebody.
    arrivals: BTreeMap<u64, Vec<u64>>,
    /// For each step, the packets that it sent.
    pub(in crate::explain) sent: BTreeMap<u64, Vec<u64>>,
    /// For each sent packet that reached nobody though it came, why.
    missed: BTreeMap<u64, &'static str>,
}

impl<'t> Slice<'t> {
    pub(in crate::explain) fn new(
        trace: &'t Trace,
        violation: &Violation,
        (meanings, subject, inputs): (&[Meaning], Subject, u16),
    ) -> Self {
        // These are judged once all has settled.
        let to_the_end = matches!(
            violation.invariant,
            Invariant::NoLoss | Invariant::Conservation | Invariant::SameState
        );
        let mut slice = Self {
            trace,
            record: subject.record,
            rival: subject.rival(),
            inputs,
            last: if to_the_end {
                u64::MAX
            } else {
                violation.entry
            },
            partition: None,
            intrusion: intrusion(trace, violation),
            marks: Vec::new(),
            lacks: lacks(trace, violation),
            grounds: BTreeSet::new(),
            renamed: renamed(trace),
            relief: relief(trace),
            faults: BTreeMap::new(),
            names: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            sent: BTreeMap::new(),
            missed: BTreeMap::new(),
        };
        let incidents = incidents(meanings.iter().map(|one| &one.deviation));
        for entry in &trace.entries {
            match entry.what {
                What::Arrived(..) => slice
                    .arrivals
                    .entry(entry.cause)
                    .or_default()
                    .push(entry.at.0),
                What::Sent { .. } => slice.sent.entry(entry.cause).or_default().push(entry.id),
                What::Missed(..) => {
                    let reason = trace.line(entry).lost.unwrap_or_default();
                    slice.missed.insert(entry.cause, reason);
                }
                _ => {}
            }
            let deviates = |one: &Meaning| shows(one, entry, &trace.nodes);
            if let Some(index) = meanings.iter().position(deviates) {
                slice.faults.insert(entry.id, incidents[index]);
            }
        }
        if violation.invariant == Invariant::MonotoneOffset {
            slice.find_marks(violation.entry);
        }
        if let Some(intrusion) = slice.intrusion {
            slice.partition = Some(intrusion.partition);
            // A newer epoch is known from what came with it.
            let known = intrusion.granted.is_none().then_some(intrusion.since);
            slice.marks = known.into_iter().chain([intrusion.at]).collect();
        }
        slice.find_grounds();
        slice.name();
        slice
    }

    fn find_grounds(&mut self) {
        let answer = |entry: &&Entry<Model>| {
            let ok = |seen: &Observation| {
                matches!(
                    seen,
                    Observation::Acked {
                        outcome: Outcome::Ok,
                        ..
                    }
                )
            };
            let told = entry.id <= self.last && self.is_about(entry);
            told && matches!(&entry.what, What::Observed(_, seen) if ok(seen))
        };
        let entries = &self.trace.entries;
        let answers = entries.iter().filter(|entry| self.lacks && answer(entry));
        let answers = answers.filter_map(|entry| self.packet(entry));
        let marks = self.marks.iter().map(|mark| &entries[*mark as usize]);
        let marks = marks.filter_map(|entry| self.request(entry));
        self.grounds = answers.chain(marks).map(|sent| sent.id).collect();
    }

    /// The mark that is wrong, and the one that stood before it.
    fn find_marks(&mut self, wrong: u64) {
        let accepted = |entry: &Entry<Model>| match entry.what {
            What::Observed(
                _,
                Observation::Progress {
                    partition,
                    accepted: true,
                    ..
                },
            ) => Some(partition),
            _ => None,
        };
        self.partition = accepted(&self.trace.entries[wrong as usize]);
        let mut before = self.trace.entries[..wrong as usize].iter().rev();
        let stood =
            before.find(|entry| accepted(entry).is_some_and(|of| self.partition == Some(of)));
        self.marks = stood
            .map(|entry| entry.id)
            .into_iter()
            .chain([wrong])
            .collect();
    }

    /// Names what the proof starts from: what deviated, and what a fact about the record follows from.
    fn name(&mut self) {
        let mut counts: BTreeMap<char, u32> = BTreeMap::new();
        for entry in &self.trace.entries {
            // A fault may strike after what it explains: what was marked is only wrong once that is lost.
            let told = entry.id <= self.last && (self.leads(entry) || self.heals(entry));
            if !told && !self.faults.contains_key(&entry.id) {
                continue;
            }
            let letter = letter(&entry.what);
            let count = counts.entry(letter).or_default();
            *count += 1;
            self.names.insert(entry.id, format!("{letter}{count}"));
        }
    }

    /// Whether a packet carries the record to where something became of it, or is what something else of the proof rests on.
    fn leads(&self, entry: &Entry<Model>) -> bool {
        let What::Sent { message, .. } = &entry.what else {
            return false;
        };
        let carries = matches!(message.kind(), Kind::Produce | Kind::Apply);
        let about = carries && (self.is_about(entry) || self.is_of_rival(entry));
        about || self.is_ground(entry)
    }

    /// Whether everything heals, and something has to.
    pub(in crate::explain) fn heals(&self, entry: &Entry<Model>) -> bool {
        self.relief
            .as_ref()
            .is_some_and(|relief| relief.at == entry.id)
    }

    /// When a node came back after an entry.
    fn back(&self, node: NodeId, after: u64) -> Option<u64> {
        let mut after = self.trace.entries[after as usize..].iter();
        let back =
            after.find(|entry| matches!(entry.what, What::Returned(one, _) if one == node))?;
        Some(back.at.0)
    }

    /// Whether it is because of a packet that a mark was set, or that its client says that the record is stored.
    pub(in crate::explain) fn is_ground(&self, entry: &Entry<Model>) -> bool {
        self.grounds.contains(&entry.id)
    }

    /// Whether an entry is about the record.
    pub(in crate::explain) fn is_about(&self, entry: &Entry<Model>) -> bool {
        self.record.is_some_and(|record| self.is_of(entry, record))
    }

    /// Whether an entry is about the other record.
    pub(in crate::explain) fn is_of_rival(&self, entry: &Entry<Model>) -> bool {
        self.rival
            .is_some_and(|(rival, _)| self.is_of(entry, rival))
    }

    /// Whether that is the other record.
    pub(in crate::explain) fn is_rival(&self, record: RecordId) -> bool {
        self.rival.is_some_and(|(rival, _)| rival == record)
    }

    pub(in crate::explain) fn is_of(&self, entry: &Entry<Model>, record: RecordId) -> bool {
        match &entry.what {
            What::Observed(_, seen) => seen.record() == Some(record),
            what => what.message().is_some_and(|message| {
                message.facts().record == Some(record)
                    || self
                        .trace
                        .items(entry.id)
                        .iter()
                        .any(|item| item.record == record)
            }),
        }
    }

    /// Whether a packet was still on its way when the run ended.
    pub(in crate::explain) fn is_under_way(&self, sent: &Entry<Model>) -> bool {
        match &sent.what {
            What::Sent { fate, loss, .. } => {
                loss.is_none()
                    && !fate.delays().is_empty()
                    && self.arrivals(sent.id).is_empty()
                    && !self.missed.contains_key(&sent.id)
            }
            _ => false,
        }
    }

    /// What the proof calls an entry.
    pub(in crate::explain) fn called(&self, entry: u64) -> Option<String> {
        self.names.get(&entry).cloned()
    }

    /// The fault that shows in an entry.
    pub(in crate::explain) fn fault(&self, entry: u64) -> Option<String> {
        self.faults.get(&entry).map(|index| fault(*index))
    }

    /// When the copies of a packet reached somebody.
    pub(in crate::explain) fn arrivals(&self, sent: u64) -> &[u64] {
        self.arrivals.get(&sent).map_or(&[], Vec::as_slice)
    }

    /// Why a packet reached nobody.
    pub(in crate::explain) fn loss(&self, sent: &Entry<Model>) -> Option<&'static str> {
        match sent.what {
            What::Sent { loss: Some(_), .. } => self.trace.line(sent).lost,
            _ if self.arrivals(sent.id).is_empty() => self.missed.get(&sent.id).copied(),
            _ => None,
        }
    }

    pub(in crate::explain) fn node(&self, node: NodeId) -> String {
        self.trace.nodes[usize::from(node.0)].clone()
    }

    /// What the proof starts from, in order: what its steps go back to, and the first few of what repeats itself.
    pub(in crate::explain) fn given(&self, steps: &[Step]) -> Vec<Given> {
        let given = |(id, name): (&u64, &String)| {
            let entry = &self.trace.entries[*id as usize];
            Some(Given {
                name: name.clone(),
                at_ns: entry.at.0,
                what: self.circumstance(entry)?,
                fault: self.fault(*id),
            })
        };
        let all = self.names.iter().filter_map(given).collect();
        let named: BTreeSet<&str> = steps.iter().flat_map(Step::names).collect();
        let kind = |given: &Given| match &given.what {
            Circumstance::Packet {
                from,
                to,
                what,
                lost,
                arrives_ns,
                ..
            } if given.fault.is_none() && !named.contains(&*given.name) => Some((
                from.clone(),
                to.clone(),
                what.clone(),
                *lost,
                arrives_ns.len(),
            )),
            _ => None,
        };
        let count = |_: &Given, more: More| Given {
            name: String::new(),
            at_ns: more.until_ns,
            what: Circumstance::More(more),
            fault: None,
        };
        condense(all, kind, |given| given.at_ns, count)
    }

    fn header(&self, from: NodeId, message: &Message) -> Header {
        let header = Header::of(message);
        if self.renamed.contains(&from) {
            header
        } else {
            header.without_id()
        }
    }

    fn circumstance(&self, entry: &Entry<Model>) -> Option<Circumstance> {
        match &entry.what {
            What::Sent {
                from, to, message, ..
            } => Some(Circumstance::Packet {
                from: self.node(*from),
                to: self.node(*to),
                what: self.trace.describe(entry),
                output: is_output(message),
                header: self.header(*from, message),
                attempt: message.facts().attempt,
                arrives_ns: self.arrivals(entry.id).to_vec(),
                lost: self.loss(entry),
                under_way: self.is_under_way(entry),
            }),
            What::Struck(node, outage, ..) => Some(Circumstance::Outage {
                node: self.node(*node),
                kind: outage.kind,
                back_ns: self
                    .back(*node, entry.id)
                    .unwrap_or(entry.at.0 + outage.down.0),
            }),
            What::Weather(weather) => Some(Circumstance::Weather {
                change: NamedChange::new(&weather.change, &self.trace.nodes),
            }),
            What::Healed => self.relief.as_ref().map(|relief| Circumstance::Healed {
                ends: relief.ends.clone(),
                back: relief.back.clone(),
            }),
            _ => None,
        }
    }
}

/// Whether a violation is about something that did not happen.
fn lacks(trace: &Trace, violation: &Violation) -> bool {
    match violation.invariant {
        Invariant::NoLoss
        | Invariant::Convergence
        | Invariant::MarkMatchesEffect
        | Invariant::HonestAck => true,
        Invariant::Conservation | Invariant::SameState => {
            let doubled = matches!(violation.cause.family(), Some(Family::Duplicate));
            !doubled || violation.record.is_some_and(|record| never(trace, record))
        }
        _ => false,
    }
}

/// Whether a record never took effect.
fn never(trace: &Trace, of: RecordId) -> bool {
    let mut all = trace.entries.iter();
    !all.any(|entry| matches!(entry.what, What::Observed(_, Observation::Applied { record, .. }) if record == of))
}

/// A letter for the kind of a given.
fn letter(what: &What<Model>) -> char {
    match what {
        What::Sent { message, .. } => match message.kind() {
            Kind::Produce => 'S',
            Kind::Ack => 'A',
            Kind::Records => 'D',
            Kind::Apply => 'E',
            Kind::Applied => 'R',
            Kind::Commit => 'C',
            Kind::Committed => 'K',
            _ => 'M',
        },
        What::Struck(_, outage, ..) if outage.kind == OutageKind::Pause => 'P',
        What::Struck(..) => 'X',
        What::Healed => 'H',
        _ => 'W',
    }
}

/// Whether a deviation shows in an entry.
fn shows(meaning: &Meaning, entry: &Entry<Model>, nodes: &[String]) -> bool {
    let name = |node: NodeId| &nodes[usize::from(node.0)];
    match (&meaning.deviation, &entry.what) {
        (
            Deviation::Packet {
                from,
                to,
                connection,
                label,
                nth,
                ..
            },
            What::Sent {
                id,
                from: sender,
                to: receiver,
                ..
            },
        ) => {
            (from, to) == (name(*sender), name(*receiver))
                && (*connection, *nth) == (id.connection, id.nth)
                && *label == Model::label_name(id.label)
        }
        (
            Deviation::Step {
                node, label, nth, ..
            },
            What::Struck(struck, _, _, Some(step)),
        ) => node == name(*struck) && *nth == step.nth && label == step_label::<Model>(step.label),
        (Deviation::Weather { at, change }, what) => {
            at.0 == entry.at.0 && changes(change, what, nodes)
        }
        (Deviation::After { change, .. }, what) => {
            meaning.at == entry.at && changes(change, what, nodes)
        }
        _ => false,
    }
}

/// Whether a change of the weather is this one.
fn changes(change: &NamedChange, what: &What<Model>, nodes: &[String]) -> bool {
    match what {
        What::Weather(weather) => change.resolve(nodes).is_ok_and(|one| one == weather.change),
        What::Struck(struck, _, _, None) => {
            matches!(change, NamedChange::Outage(node, ..) if *node == nodes[usize::from(struck.0)])
        }
        _ => false,
    }
}
