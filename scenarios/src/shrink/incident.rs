//! Incidents: which deviations of a schedule are one fault.
//!
//! A plan says `Isolate(node: "consumer", lasting: "1s")` and `PowerLoss(..)`; a schedule writes down each link that
//! is cut and joined again, and each journal of which something survives. Whoever counts faults, or takes one away,
//! means the former.

use semel_sim::schedule::{Deviation, NamedChange, OutageName};

/// The number of each deviation's incident, from 0, in the order in which they begin.
pub(crate) fn incidents<'d>(deviations: impl Iterator<Item = &'d Deviation>) -> Vec<usize> {
    let mut before: Vec<(&Deviation, usize)> = Vec::new();
    let mut count = 0;
    let mut number = |deviation: &'d Deviation| {
        let mut earlier = before.iter().rev();
        let begun = may_continue(deviation)
            .then(|| earlier.find(|(earlier, _)| continues(deviation, earlier)))
            .flatten();
        let number = begun.map_or(count, |(_, number)| *number);
        count = count.max(number + 1);
        if may_begin(deviation) {
            before.push((deviation, number));
        }
        number
    };
    deviations.map(&mut number).collect()
}

/// The number of each deviation's bond, from 0: an end goes with what it ends, everything else by itself.
pub(crate) fn bonds<'d>(deviations: impl Iterator<Item = &'d Deviation>) -> Vec<usize> {
    let mut open: Vec<(&Deviation, usize)> = Vec::new();
    let mut count = 0;
    let mut number = |deviation: &'d Deviation| {
        let changes = change_of(deviation).is_some();
        let mut begun = open.iter();
        let begun = changes
            .then(|| begun.rposition(|(begun, _)| ends(deviation, begun)))
            .flatten();
        if let Some(place) = begun {
            return open.remove(place).1;
        }
        if changes {
            open.push((deviation, count));
        }
        count += 1;
        count - 1
    };
    deviations.map(&mut number).collect()
}

/// Whether a deviation can be part of what an earlier one began. Most, such as the loss of a packet, stand alone.
const fn may_continue(deviation: &Deviation) -> bool {
    matches!(deviation, Deviation::Survives { .. }) || change_of(deviation).is_some()
}

/// Whether a later deviation can be part of what this one began.
fn may_begin(deviation: &Deviation) -> bool {
    loses_power(deviation).is_some() || change_of(deviation).is_some()
}

/// Whether something begins that does not end: a link is cut, or a node slow, to the last.
pub(crate) fn leaves_open<'d>(deviations: impl Iterator<Item = &'d Deviation> + Clone) -> bool {
    let bonds = bonds(deviations.clone());
    let alone = |number: &usize| bonds.iter().filter(|other| *other == number).count() == 1;
    let mut pairs = deviations.zip(&bonds);
    pairs.any(|(deviation, number)| begins(deviation) && alone(number))
}

/// Whether a deviation lasts until another one ends it.
const fn begins(deviation: &Deviation) -> bool {
    match change_of(deviation) {
        Some(NamedChange::Cut(..)) => true,
        Some(NamedChange::Latency(_, _, extra)) => !extra.is_zero(),
        Some(NamedChange::Slow(_, factor)) => *factor != 1,
        Some(NamedChange::ClockDrift(_, drift)) => *drift != 0,
        _ => false,
    }
}

/// Whether a deviation ends what an earlier one began.
fn ends(deviation: &Deviation, earlier: &Deviation) -> bool {
    let (Some(change), Some(begun)) = (change_of(deviation), change_of(earlier)) else {
        return false;
    };
    match (change, begun) {
        (NamedChange::Join(from, to), NamedChange::Cut(a, b)) => (from, to) == (a, b),
        (NamedChange::Latency(from, to, extra), NamedChange::Latency(a, b, _)) => {
            extra.is_zero() && (from, to) == (a, b)
        }
        (NamedChange::Slow(node, 1), NamedChange::Slow(slow, _))
        | (NamedChange::ClockDrift(node, 0), NamedChange::ClockDrift(slow, _)) => node == slow,
        _ => false,
    }
}

/// Whether a deviation is part of what an earlier one began.
fn continues(deviation: &Deviation, earlier: &Deviation) -> bool {
    if let Deviation::Survives { node, .. } = deviation {
        return loses_power(earlier) == Some(node);
    }
    let (Some(change), Some(begun)) = (change_of(deviation), change_of(earlier)) else {
        return false;
    };
    match (change, begun) {
        (NamedChange::Cut(from, to), NamedChange::Cut(a, b)) => {
            let touch = [a, b].iter().any(|end| [from, to].contains(end));
            touch && at_once(deviation, earlier)
        }
        _ => ends(deviation, earlier),
    }
}

/// The node that loses power, if one does.
fn loses_power(deviation: &Deviation) -> Option<&String> {
    match (deviation, change_of(deviation)) {
        (Deviation::Step { node, outage, .. }, _)
        | (_, Some(NamedChange::Outage(node, outage, _))) => {
            (*outage == OutageName::PowerLoss).then_some(node)
        }
        _ => None,
    }
}

const fn change_of(deviation: &Deviation) -> Option<&NamedChange> {
    match deviation {
        Deviation::Weather { change, .. } | Deviation::After { change, .. } => Some(change),
        _ => None,
    }
}

/// Whether two changes of the weather come at one time, or after one step.
fn at_once(one: &Deviation, other: &Deviation) -> bool {
    let step = |deviation: &Deviation| match deviation {
        Deviation::After {
            node, label, nth, ..
        } => Some((node.clone(), label.clone(), *nth)),
        _ => None,
    };
    match (one, other) {
        (Deviation::Weather { at, .. }, Deviation::Weather { at: other, .. }) => at == other,
        _ => step(one).is_some() && step(one) == step(other),
    }
}

#[cfg(test)]
mod tests {
    use semel_sim::time::Span;

    use super::*;

    fn at(millis: u64, change: NamedChange) -> Deviation {
        Deviation::Weather {
            at: Span::millis(millis),
            change,
        }
    }

    fn cut(from: &str, to: &str) -> NamedChange {
        NamedChange::Cut(from.into(), to.into())
    }

    fn join(from: &str, to: &str) -> NamedChange {
        NamedChange::Join(from.into(), to.into())
    }

    fn power_loss(node: &str) -> NamedChange {
        NamedChange::Outage(node.into(), OutageName::PowerLoss, Span::millis(60))
    }

    fn survives(node: &str, incarnation: u32) -> Deviation {
        Deviation::Survives {
            node: node.into(),
            incarnation,
            journal: 0,
            kept: 1,
        }
    }

    #[test]
    fn an_isolation_is_one_incident_however_many_links_it_cuts() {
        let schedule = [
            at(1, cut("a", "b")),
            at(1, cut("b", "a")),
            at(1, cut("a", "c")),
            at(1, cut("d", "e")),
            at(2, cut("a", "d")),
            at(5, join("a", "b")),
            at(5, join("b", "a")),
            at(6, join("a", "d")),
            at(7, cut("a", "b")),
            at(8, join("a", "b")),
        ];
        assert_eq!(incidents(schedule.iter()), [0, 0, 0, 1, 2, 0, 0, 2, 3, 3]);
    }

    #[test]
    fn an_end_goes_with_what_it_ends() {
        let slow = |factor| NamedChange::Slow("a".into(), factor);
        let schedule = [
            at(1, cut("a", "b")),
            at(1, cut("b", "a")),
            at(2, slow(4)),
            at(3, join("a", "b")),
            at(4, cut("a", "b")),
            at(5, join("a", "b")),
            at(6, slow(1)),
        ];
        assert_eq!(bonds(schedule.iter()), [0, 1, 2, 0, 3, 3, 2]);
        // The link from b to a stays cut.
        assert!(leaves_open(schedule.iter()));
        assert!(!leaves_open(
            schedule[2..].iter().filter(|one| **one != schedule[3])
        ));
    }

    #[test]
    fn what_survives_is_part_of_the_loss_of_power_that_it_survives() {
        let schedule = [
            at(1, power_loss("a")),
            survives("a", 0),
            at(2, power_loss("b")),
            at(3, power_loss("a")),
            survives("a", 1),
            survives("b", 0),
            survives("c", 0),
        ];
        assert_eq!(incidents(schedule.iter()), [0, 0, 1, 2, 2, 1, 3]);
    }

    #[test]
    fn what_goes_back_to_normal_is_no_fault_of_its_own() {
        let slow = |factor| NamedChange::Slow("a".into(), factor);
        let drift = |parts| NamedChange::ClockDrift("a".into(), parts);
        let late = |extra| NamedChange::Latency("a".into(), "b".into(), Span::millis(extra));
        let schedule = [
            at(1, slow(4)),
            at(2, drift(90)),
            at(3, late(5)),
            at(4, slow(1)),
            at(5, drift(0)),
            at(6, late(0)),
            at(7, slow(2)),
        ];
        assert_eq!(incidents(schedule.iter()), [0, 1, 2, 0, 1, 2, 3]);
    }
}
