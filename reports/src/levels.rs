//! How a run stands at each of the three levels, log, delivery and effect: promised or not, intact or not.

use semel_models::strategy::{Invariant, Level};
use semel_scenarios::outcome::row::{RunVerdict, ViolationRow};

use crate::account::extra;
use crate::report::Line;
use crate::words::{Mark, thousands};

/// How a run stands at one level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Promised and kept, broken, beyond the promise, or intact without a promise.
    pub mark: Mark,
    /// What is there, in two or three words: `all once`, `1 lost`, `2 doubled`.
    pub text: String,
}

/// How a run stands at a level.
pub fn standing(line: &Line, level: Level) -> Standing {
    if line.row.verdict == RunVerdict::NotApplicable {
        return Standing {
            mark: Mark::Untouched,
            text: String::new(),
        };
    }
    let here: Vec<&ViolationRow> = line
        .row
        .violations
        .iter()
        .filter(|violation| violation.level == level)
        .collect();
    let promised = line.promise.iter().any(|clause| clause.level == level);
    let mark = match &here[..] {
        _ if here.iter().any(|violation| violation.is_breach()) => Mark::Broken,
        [_, ..] => Mark::Beyond,
        [] if promised => Mark::Kept,
        [] => Mark::Idle,
    };
    Standing {
        mark,
        text: count(line, level, here.is_empty()),
    }
}

fn count(line: &Line, level: Level, intact: bool) -> String {
    let row = &line.row;
    let (lost, late) = match level {
        Level::Effect => (row.lost, row.reordered),
        _ => (
            row.count(Invariant::NoLoss, level),
            row.count(Invariant::KeyOrder, level),
        ),
    };
    let counts = [
        (lost, "lost"),
        (extra(row, level), "doubled"),
        (late, "late"),
    ];
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", thousands(count)))
        .collect();
    match (parts.is_empty(), intact) {
        (false, _) => parts.join(", "),
        (true, false) => "not as it should be".into(),
        (true, true) if level == Level::Effect && row.applied < row.records => {
            format!("{} of {}", thousands(row.applied), thousands(row.records))
        }
        (true, true) => "all once".into(),
    }
}
