//! What stands in a diagram, in the few words that fit into a column.

use semel_scenarios::explain::{Alarm, Mark, More, Sketch};
use semel_sim::schedule::OutageName;

use super::mishaps;
use super::numbers::{span, thousands};

/// What stands at a mark; nothing at one that stands for others.
pub(crate) fn mark(mark: &Mark) -> String {
    match mark {
        Mark::Packet { what, .. } => what.clone(),
        Mark::Fact(fact) => sketch(fact),
        Mark::Timer(Alarm::Due(name)) => (*name).to_string(),
        Mark::Timer(Alarm::Silent(member)) => format!("{member} is silent"),
        Mark::Timer(Alarm::Leaves) => "leaves its group".into(),
        Mark::Down(OutageName::Crash) => "crash".into(),
        Mark::Down(OutageName::PowerLoss) => "power loss".into(),
        Mark::Down(OutageName::DiskLoss) => "disk loss".into(),
        Mark::Down(OutageName::Pause) | Mark::Stops => "pause".into(),
        Mark::Back => "back".into(),
        Mark::Weather(change) => mishaps::weather(change),
        Mark::Healed => "all faults end".into(),
        Mark::More(_) => String::new(),
    }
}

fn sketch(sketch: &Sketch) -> String {
    match sketch {
        Sketch::Stored { record, offset } => format!("offset {offset} = {record}"),
        Sketch::StoredOutput { record, offset } => format!("output {offset} = {record}"),
        Sketch::Applied { account, amount } => format!("account {account} {amount:+}"),
        Sketch::OtherApplied { record, first } => {
            let first = if *first { " first" } else { "" };
            format!("{record} applied{first}")
        }
        Sketch::InProgress(record) => format!("{record} in progress"),
        Sketch::Recognised => "recognised".into(),
        Sketch::Refused => "refused".into(),
        Sketch::PassedOver => "passed over".into(),
        Sketch::Letter { record, offset } => format!("letter {offset} = {record}"),
        Sketch::PutAside => "put aside".into(),
        Sketch::Marked { offset, accepted } => {
            let refused = if *accepted { "" } else { " refused" };
            format!("mark {offset}{refused}")
        }
        Sketch::TruncatedLetters(from) => format!("letters lost from {from}"),
        Sketch::Truncated(from) => format!("lost from {from} on"),
        Sketch::TruncatedOutputs(from) => format!("outputs lost from {from}"),
        Sketch::Reset(position) => format!("goes to {position}"),
        Sketch::Generation(number) => format!("generation {number}"),
        Sketch::NeverSends(kind) => format!("never sends {kind}"),
    }
}

/// What stands for a long repetition.
pub(crate) fn more_like_it(more: More) -> String {
    let count = thousands(more.count);
    let until = span(more.until_ns);
    format!("… and {count} more like these until {until}")
}
