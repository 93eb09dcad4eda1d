//! O10: the committed offset and the effects agree as the mark declares. Guards effect.
//!
//! | the mark is set | at every moment | judged |
//! |---|---|---|
//! | before | effects ⊆ marked: an effect's offset is below the committed one | at each effect |
//! | after | effects ⊇ marked: everything below the committed offset has taken effect | at each commit |
//! | with the effect | effects = marked: both of the above, one effect at a time | at both |
//! | in a transaction | effects = marked, once all has settled | at the end |
//! | on a timer | nothing is declared | never |
//!
//! A record counts as done, too, when it was recognised, skipped or put aside, or reported failed. Each offset is
//! looked at once, when it is first passed.
//!
//! Keeps 16 bytes per partition.

use alloc::vec::Vec;

use semel_sim::digest::Digest;

use crate::judge::cause::of_lost_output;
use crate::judge::causes::Cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::{Flags, Known, State};
use crate::judge::finding::Side;
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::judge::rules::Relation;
use crate::observation::Observation;
use crate::strategy::{Invariant, Level};
use crate::vocabulary::{Offset, Partition, RecordId};

/// Effects that wait for their mark, where both should come together.
#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct MarkMatchesEffect {
    unmarked: Vec<Option<(Offset, RecordId)>>,
    /// The sink says where its marks are: without that, nothing can be judged there.
    spoken: bool,
}

impl Oracle for MarkMatchesEffect {
    const HEARS: u32 = hear::APPLIED | hear::PROGRESS;

    #[inline(always)]
    fn observe(&mut self, seen: &Observation, _: Moment<'_>, known: &Known, docket: &mut Docket) {
        match (known.rules.relation, seen) {
            (
                Relation::MarkedFirst,
                Observation::Applied {
                    record,
                    partition,
                    offset,
                    ..
                },
            ) if *offset >= known.lane(*partition).best => {
                report(*record, Cause::Unmarked, docket);
            }
            (
                Relation::Together,
                Observation::Applied {
                    record,
                    partition,
                    offset,
                    ..
                },
            ) => {
                let unmarked = self.unmarked(*partition);
                let before = unmarked.replace((*offset, *record));
                if let Some((_, record)) = before
                    && self.spoken
                {
                    report(record, Cause::Unmarked, docket);
                }
            }
            (
                Relation::EffectFirst | Relation::Together,
                Observation::Progress {
                    partition,
                    offset,
                    accepted: true,
                    ..
                },
            ) => {
                self.spoken = true;
                passed(*partition, *offset, known, docket);
                let unmarked = self.unmarked(*partition);
                if unmarked.is_some_and(|(applied, _)| applied < *offset) {
                    *unmarked = None;
                }
            }
            _ => {}
        }
    }

    fn finish(&mut self, known: &Known, docket: &mut Docket) {
        match known.rules.relation {
            Relation::Together if self.spoken => {
                for (_, record) in self.unmarked.iter().flatten() {
                    report(*record, Cause::Unmarked, docket);
                }
            }
            Relation::Settled => settled(known, docket),
            _ => {}
        }
    }

    fn reset(&mut self) {
        self.unmarked.clear();
        self.spoken = false;
    }

    fn fingerprint(&self, digest: &mut Digest) {
        digest.add(&(&self.unmarked, self.spoken));
    }
}

impl MarkMatchesEffect {
    fn unmarked(&mut self, partition: Partition) -> &mut Option<(Offset, RecordId)> {
        let index = usize::from(partition);
        if index >= self.unmarked.len() {
            self.unmarked.resize(index + 1, None);
        }
        &mut self.unmarked[index]
    }
}

fn report(record: RecordId, cause: Cause, docket: &mut Docket) {
    docket.report(
        Invariant::MarkMatchesEffect,
        Level::Effect,
        record,
        (Side::Outbound, cause),
    );
}

/// Whether a record asks for no effect any more.
fn is_done(record: RecordId, known: &Known) -> bool {
    const EXCUSED: Flags = Flags::KNOWN_LATER
        .with(Flags::SKIPPED)
        .with(Flags::PARKED)
        .with(Flags::FAILED);
    let facts = known.records.get(record);
    facts.effects > 0 || facts.flags.has(EXCUSED)
}

/// The committed offset moves: everything that it passes for the first time must be done.
fn passed(partition: Partition, offset: Offset, known: &Known, docket: &mut Docket) {
    let lane = known.lane(partition);
    for (passed, entry) in lane.range(lane.best, offset) {
        let counts = matches!(entry.state, State::Plain | State::Open);
        if counts && !is_done(entry.record, known) {
            let cause = if known.records.get(entry.record).flags.has(Flags::UNDONE) {
                Cause::AckedEarly
            } else if passed < lane.reset || known.was_another(partition, passed, entry.record) {
                Cause::Skipped
            } else {
                Cause::MarkedFirst
            };
            report(entry.record, cause, docket);
        }
    }
}

/// In the end: what is committed has an output, and what is not committed has none.
fn settled(known: &Known, docket: &mut Docket) {
    for (record, facts) in known.suspects() {
        let passed = facts.copies > 0 && facts.flags.has(Flags::PASSED);
        if passed && !is_done(record, known) {
            let cause = if facts.flags.has(Flags::OUTPUT_LOST) {
                of_lost_output(facts.flags)
            } else if facts.flags.has(Flags::OVERRUN) || known.is_under_old_mark(facts) {
                Cause::Skipped
            } else {
                Cause::Torn
            };
            report(record, cause, docket);
        }
    }
    for (_, lane) in known.inputs() {
        for (_, entry) in lane.range(lane.best, lane.end()) {
            let plain = entry.state == State::Plain;
            if plain && known.records.get(entry.record).effects > 0 {
                report(entry.record, Cause::Unmarked, docket);
            }
        }
    }
}
