//! What readers and their marks do, in words.

use semel_scenarios::explain::{Claim, Cue, LetIn, ReaderFact};

use super::millis;
use super::steps::Told;
use crate::words::list;

impl Told<'_> {
    pub(super) fn of_readers(&self, fact: &ReaderFact) -> String {
        let Self {
            node, record, at, ..
        } = self;
        match fact {
            ReaderFact::Marked {
                offset,
                by,
                accepted,
                passes,
                back_from,
            } => self.marked(*offset, by, (*accepted, *passes), *back_from),
            ReaderFact::Resumed {
                offset,
                after,
                marked,
                passes,
            } => self.resumed((*offset, *passes), *after, *marked),
            ReaderFact::Reset {
                offset,
                end,
                passes,
            } => {
                let place = if *end { "the end" } else { "the beginning" };
                let past = self.past(*passes);
                format!(
                    "{node} has no valid position at {at}, and goes to {place} of the log: offset {offset}{past}."
                )
            }
            ReaderFact::Beyond { offset, got } => {
                let got = got.map_or_else(String::new, |other| {
                    format!(": it has got {other} in its place")
                });
                format!("{node} stands at offset {offset} by then, beyond {record}{got}.")
            }
            ReaderFact::Fetched { came_ns } => {
                let came = millis(*came_ns);
                format!(
                    "{node} had fetched {record} at {came}, before it went to another position: it is handed out only now."
                )
            }
            ReaderFact::Outdated { got, offset } => format!(
                "{node} gets {got} from offset {offset} at {at}, where {record} stands by now: it reads on beyond {record}."
            ),
            ReaderFact::SessionOver { member } => format!(
                "{node} has not heard of {member} for a whole session at {at}: it is out of the group."
            ),
            ReaderFact::PollOverdue => format!(
                "{node} has not asked for records for too long at {at}, so it leaves its group."
            ),
            ReaderFact::Regrouped {
                generation,
                members,
            } => format!(
                "{node} begins generation {generation} of the group at {at}, of {}.",
                list(members)
            ),
            ReaderFact::LetIn(let_in) => self.let_in(let_in),
        }
    }

    fn let_in(&self, let_in: &LetIn) -> String {
        let Self { node, at, .. } = self;
        let LetIn {
            claim,
            by,
            old,
            new,
            since_ns,
        } = let_in;
        let (what, sign, owns) = match claim {
            Claim::Mark => ("a mark", "generation", true),
            Claim::Effect => ("a request", "token", true),
            Claim::Record => ("a record", "epoch", false),
            Claim::Marker => ("a marker", "epoch", false),
        };
        // Of an older epoch there may be a late packet of the owner itself.
        let wrong = if owns {
            "a former owner is let in".into()
        } else {
            format!("{sign} {old} is over")
        };
        let of = by
            .as_ref()
            .map_or_else(String::new, |by| format!(" of {by}"));
        let since = millis(*since_ns);
        format!(
            "{node} accepts {what}{of} with {sign} {old} at {at}, though it has known {sign} {new} since {since}: {wrong}."
        )
    }

    fn marked(
        &self,
        offset: u64,
        by: &str,
        (accepted, passes): (bool, bool),
        back_from: Option<u64>,
    ) -> String {
        let Self {
            node, at, because, ..
        } = self;
        let because = because.trim_end_matches(',');
        let what = match (accepted, passes, back_from) {
            (false, ..) => {
                return format!(
                    "{node} refuses to mark offset {offset} for {by} at {at}{because}."
                );
            }
            (true, _, Some(mark)) => format!("takes the mark of progress back from offset {mark}"),
            (true, true, None) => "marks progress past it".into(),
            (true, false, None) => "marks progress".into(),
        };
        format!("{node} {what} for {by} at {at}{because}: the next offset to read is {offset}.")
    }

    fn resumed(
        &self,
        (offset, passes): (Option<u64>, bool),
        after: Cue,
        marked: Option<u64>,
    ) -> String {
        let Self { node, at, .. } = self;
        let cue = match after {
            Cue::Start => ", as it starts,".to_string(),
            Cue::Generation(number) => format!(", in generation {number} of the group,"),
            Cue::Abort => ", for its transaction was aborted,".to_string(),
            Cue::Unsaid => String::new(),
        };
        let Some(offset) = offset else {
            return format!(
                "{node} finds no mark to read on from{cue} at {at}: it asks for the end of the log."
            );
        };
        let past = self.past(passes);
        let marked = marked.map_or_else(String::new, |mark| {
            format!(", though the mark had been at {mark}")
        });
        format!("{node} reads on from offset {offset}{cue} at {at}{past}{marked}.")
    }

    /// Where the record is left behind.
    fn past(&self, passes: bool) -> String {
        if passes {
            format!(", beyond {}", self.record)
        } else {
            String::new()
        }
    }
}
