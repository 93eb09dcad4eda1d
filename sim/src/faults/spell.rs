//! Spells: what faults bring about from one time until another. Where several of a kind overlap in one place they add
//! up, and what ends leaves the others as they are.

use crate::faults::rules::{Action, Rules, Spell};
use crate::time::{Span, Time};

/// Tells each rule that begins or ends a spell what all of them come to at that time.
pub(crate) fn settle<M, O>(rules: &mut Rules<M, O>) {
    for spell in &rules.spells {
        let together = |time| all_at(&rules.spells, spell.own, time);
        rules.timed[spell.begins].action = together(spell.from);
        if let Some(ends) = spell.ends {
            rules.timed[ends].action = together(spell.until);
        }
    }
}

/// What all spells of one kind and place come to.
fn all_at(spells: &[Spell], of: Action, time: Time) -> Action {
    let lasts = |spell: &&Spell| (spell.from..spell.until).contains(&time);
    let lasting = spells.iter().filter(lasts);
    lasting.fold(none(of), |sum, spell| add(sum, spell.own))
}

const fn none(of: Action) -> Action {
    match of {
        Action::Latency(from, to, _) => Action::Latency(from, to, Span::ZERO),
        Action::Slow(node, _) => Action::Slow(node, 1),
        Action::ClockDrift(node, _) => Action::ClockDrift(node, 0),
        Action::Outage(..) | Action::Cut(_) | Action::ClockStep(..) => of,
    }
}

/// The sum, where both are of one kind and place; otherwise nothing is added.
fn add(sum: Action, own: Action) -> Action {
    match (sum, own) {
        (Action::Latency(from, to, sum), Action::Latency(source, target, extra))
            if (from, to) == (source, target) =>
        {
            Action::Latency(from, to, sum + extra)
        }
        (Action::Slow(node, sum), Action::Slow(other, factor)) if node == other => {
            Action::Slow(node, sum.saturating_mul(factor))
        }
        (Action::ClockDrift(node, sum), Action::ClockDrift(other, ppm)) if node == other => {
            Action::ClockDrift(node, sum.saturating_add(ppm).max(STILL + 1))
        }
        _ => sum,
    }
}

/// A clock that stands still; none does.
const STILL: i32 = -1_000_000;
