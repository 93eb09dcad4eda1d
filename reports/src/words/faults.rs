//! Faults read aloud: `the network loses the ack of record 3 (attempt 1)`.
//!
//! A fault is read as a file would show it, field by field, so that a new field is never silently left out: what no
//! sentence knows is added in brackets.

use semel_scenarios::file::scenario::Fault;
use serde_json::{Map, Value};

use super::numbers::list;
use super::things;

/// The fields of a fault or a pattern, each taken as it is told.
#[derive(Default)]
struct Fields {
    left: Map<String, Value>,
    /// The node is not named: it is the one where the trigger is met.
    unnamed: bool,
}

/// One fault in a sentence without its end.
pub fn fault(fault: &Fault) -> String {
    let value = serde_json::to_value(fault).unwrap_or_default();
    let inner = value.as_object().and_then(|outer| outer.values().next());
    if let Some(Value::Array(script)) = inner {
        return script_of(script);
    }
    let mut fields = Fields::of(inner);
    fields.left.remove("name");
    let told = match fault.kind() {
        "drop" => format!("the network loses {}", fields.packets()),
        "delay" => {
            let by = fields.take("by").map(|by| spread(&by));
            let packets = fields.packets();
            format!(
                "the network makes {packets} late by {}",
                by.unwrap_or_default()
            )
        }
        "duplicate" => format!("the network doubles {}", fields.packets()),
        "hold" => {
            let release = fields.text("release");
            format!(
                "the network holds {} back until {release}",
                fields.packets()
            )
        }
        "burst" => {
            let (good, bad, rate) = (fields.text("good"), fields.text("bad"), fields.text("rate"));
            format!(
                "the network loses {rate} of all packets in bursts of {bad}, about {good} apart"
            )
        }
        "corrupt" => format!("the network damages {}", fields.packets()),
        "isolate" => fields.isolation(),
        "slow_link" => format!("packets take {} longer", fields.text("extra")),
        "crash" => format!("{} crashes", fields.node()),
        "power_loss" => format!("{} loses power", fields.node()),
        "disk_loss" => format!("{} loses its disk", fields.node()),
        "pause" => format!("{} pauses", fields.node()),
        "slow" => format!(
            "{} works {} times slower",
            fields.node(),
            fields.text("factor")
        ),
        "clock_step" => fields.clock_step(),
        "clock_drift" => format!(
            "the clocks of {} drift by {} ppm",
            fields.node(),
            fields.text("ppm")
        ),
        kind => kind.to_owned(),
    };
    told + &fields.when() + &fields.rest()
}

impl Fields {
    fn of(value: Option<&Value>) -> Self {
        Self {
            left: value
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
            unnamed: false,
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name).filter(|value| !value.is_null())
    }

    fn has(&self, name: &str) -> bool {
        self.left.get(name).is_some_and(|value| !value.is_null())
    }

    fn text(&mut self, name: &str) -> String {
        self.take(name)
            .map(|value| plain(&value))
            .unwrap_or_default()
    }

    fn node(&mut self) -> String {
        match self.text("node").as_str() {
            "" => {
                self.unnamed = true;
                "a node".into()
            }
            "*" => "every node".into(),
            node => node.to_owned(),
        }
    }

    /// Which packets are meant.
    fn packets(&mut self) -> String {
        let rate = self.take("rate").map(|rate| plain(&rate));
        let what = self.take("packet");
        match (rate, what) {
            (None, Some(what)) => message(&what),
            (None, None) => "every packet".into(),
            (Some(rate), None) if rate == "1" => "every packet".into(),
            (Some(rate), Some(what)) => {
                let share = if rate == "1" {
                    String::new()
                } else {
                    format!("{rate} of ")
                };
                format!("{share}all {}", messages(&what))
            }
            (Some(rate), None) => format!("{rate} of all packets"),
        }
    }

    fn isolation(&mut self) -> String {
        let node = self.node();
        let way = match self.text("direction").as_str() {
            "Outgoing" => ", for what it sends",
            "Incoming" => ", for what is sent to it",
            _ => "",
        };
        let from = self
            .take("from")
            .map(|from| format!(" from {}", plain(&from)));
        format!("{node} is isolated{}{way}", from.unwrap_or_default())
    }

    fn clock_step(&mut self) -> String {
        let node = self.node();
        let forward = self
            .take("forward")
            .map(|by| format!("forward by {}", plain(&by)));
        let back = self
            .take("back")
            .map(|by| format!("back by {}", plain(&by)));
        let ways: Vec<String> = forward.into_iter().chain(back).collect();
        format!("the wall clock of {node} is set {}", list(&ways))
    }

    /// Where and when, in a fixed order.
    fn when(&mut self) -> String {
        let mut parts = Vec::new();
        let simple = |fields: &mut Self, name: &str, before: &str| {
            let value = fields.take(name)?;
            Some(format!("{before}{}", plain(&value)))
        };
        parts.extend(simple(self, "from", " from "));
        parts.extend(simple(self, "to", " to "));
        let after = self.take("after").map(|after| observation(&after));
        let there = if self.unnamed { " there" } else { "" };
        parts.extend(after.map(|after| format!(" right after {after}{there}")));
        let packet = self.take("packet").map(|what| message(&what));
        // Whoever is named may be struck by what another node handles.
        parts.extend(packet.map(|what| {
            if self.unnamed {
                format!(" right after handling {what}")
            } else {
                format!(" right after {what} is handled")
            }
        }));
        parts.extend(
            self.take("nth")
                .map(|nth| format!(", the {} time", ordinal(&nth))),
        );
        let begins = if self.has("until") && !self.has("every") {
            " from "
        } else {
            " at "
        };
        parts.extend(simple(self, "at", begins));
        parts.extend(simple(self, "every", " every "));
        parts.extend(simple(self, "rate", " with probability "));
        parts.extend(simple(self, "until", " until "));
        parts.extend(simple(self, "times", ", at most so often: "));
        parts.extend(simple(self, "lasting", ", for "));
        parts.extend(simple(self, "down", ", for "));
        parts.concat()
    }

    /// What no sentence has told yet.
    fn rest(&mut self) -> String {
        let rest: Vec<String> = self
            .left
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| format!("{name} {}", plain(value)))
            .collect();
        if rest.is_empty() {
            String::new()
        } else {
            format!(" ({})", rest.join(", "))
        }
    }
}

/// A pattern on messages: `the ack of record 3 (attempt 1)`.
fn message(value: &Value) -> String {
    let (name, record, mut fields) = pattern(value);
    let known = things::message(&name);
    let transaction = fields.take("transaction").map(|number| plain(&number));
    let noun = match (name.as_str(), record, transaction) {
        ("Produce", Some(record), _) => format!("the request to store record {record}"),
        ("Ack", Some(record), _) => format!("the ack of record {record}"),
        ("Apply", Some(record), _) => format!("the request to apply record {record}"),
        ("Applied", Some(record), _) => format!("the sink's answer about record {record}"),
        ("EndTransaction", _, Some(number)) => format!("the end of transaction {number}"),
        (_, record, transaction) => {
            let one = known.map_or(&*name, |(one, _)| one).to_owned();
            let record = record.map(|record| format!(" (record {record})"));
            let transaction = transaction.map(|number| format!(" (transaction {number})"));
            one + &record.unwrap_or_default() + &transaction.unwrap_or_default()
        }
    };
    noun + &fields.rest()
}

/// All messages that match a pattern: `commits`, `acks (record 3)`.
fn messages(value: &Value) -> String {
    let (name, record, mut fields) = pattern(value);
    let all = things::message(&name).map_or(&*name, |(_, all)| all);
    let record = record.map(|record| format!(" (record {record})"));
    all.to_owned() + &record.unwrap_or_default() + &fields.rest()
}

/// A pattern on observations: `record 3 is stored`.
fn observation(value: &Value) -> String {
    let (name, record, mut fields) = pattern(value);
    let clause = match record {
        Some(record) if name.ends_with("ed") => {
            format!("record {record} is {}", name.to_lowercase())
        }
        Some(record) if name == "Intent" => format!("record {record} is intended"),
        Some(record) => format!("record {record} is sent"),
        None => things::moment(&name).map_or(name, ToOwned::to_owned),
    };
    clause + &fields.rest()
}

/// The parts of a pattern: its name, the record it asks for, and its other fields.
fn pattern(value: &Value) -> (String, Option<String>, Fields) {
    let inner = value.as_object().and_then(|outer| outer.iter().next());
    let Some((name, fields)) = inner else {
        return (plain(value), None, Fields::default());
    };
    let mut fields = Fields::of(Some(fields));
    let record = fields.take("record").map(|record| plain(&record));
    (name.clone(), record, fields)
}

/// `1st`, `2nd`, `3rd`, `4th`.
fn ordinal(number: &Value) -> String {
    let digits = number
        .as_u64()
        .map(|number| (number / 10 % 10, number % 10));
    let ending = match digits {
        Some((tens, 1)) if tens != 1 => "st",
        Some((tens, 2)) if tens != 1 => "nd",
        Some((tens, 3)) if tens != 1 => "rd",
        _ => "th",
    };
    format!("{}{ending}", plain(number))
}

fn spread(value: &Value) -> String {
    let Some((kind, by)) = value.as_object().and_then(|outer| outer.iter().next()) else {
        return plain(value);
    };
    match (kind.as_str(), by.as_array().map(Vec::as_slice)) {
        ("Uniform", Some([least, most])) => format!("{} to {}", plain(least), plain(most)),
        ("Fixed", _) => plain(by),
        ("Exponential", _) => format!("{} on average", plain(by)),
        ("HeavyTail", _) => format!("{} and sometimes much more", plain(by)),
        _ => plain(value),
    }
}

fn script_of(script: &[Value]) -> String {
    match script.len() {
        1 => "one scripted deviation".into(),
        count => format!("{count} scripted deviations"),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use semel_models::message::Kind;
    use semel_scenarios::file::load::{Source, load};

    use super::*;

    /// What people read has no names of the code in it: a kind of message without words would be one.
    #[test]
    fn every_message_and_every_moment_has_words() {
        for kind in Kind::ALL {
            assert!(things::message(kind.name()).is_some(), "{}", kind.name());
        }
        for name in ["Intent", "Stored", "Handled", "Applied", "Progress"] {
            assert!(things::moment(name).is_some(), "{name}");
        }
    }

    #[test]
    fn faults_are_read_aloud() {
        let text = r#"(schema: 1, name: "faults", faults: [
            Drop(packet: Ack(record: 3, attempt: 1)),
            Drop(rate: "1/20", to: "broker"),
            Drop(rate: 1, to: "sink"),
            Drop(rate: 1, packet: Commit()),
            Delay(packet: EndTransaction(transaction: 2), by: Uniform("110ms", "400ms")),
            Crash(node: "consumer-0", after: Handled(record: 3), down: "200ms"),
            Crash(node: "consumer-0", packet: Committed(), nth: 4, down: "200ms"),
            Crash(node: "*", every: "150ms", rate: "1/2", until: "2s", down: "50ms"),
            Isolate(node: "broker-0", at: "300ms", until: "1500ms"),
            PowerLoss(node: "broker-0", after: Stored(record: 5), sends: 2, down: "100ms"),
            ClockStep(node: "broker-0", forward: "3min", at: "850ms"),
            Pause(after: Delivered(record: 3), down: "2s"),
        ])"#;
        let source = Source {
            name: "faults".into(),
            text: text.into(),
        };
        let faults = load(&source).unwrap().faults;
        let told: Vec<String> = faults.iter().map(fault).collect();
        let expected = [
            "the network loses the ack of record 3 (attempt 1)",
            "the network loses 1/20 of all packets to broker",
            "the network loses every packet to sink",
            "the network loses all commits",
            "the network makes the end of transaction 2 late by 110ms to 400ms",
            "consumer-0 crashes right after record 3 is handled, for 200ms",
            "consumer-0 crashes right after the answer to a commit is handled, the 4th time, for 200ms",
            "every node crashes every 150ms with probability 1/2 until 2s, for 50ms",
            "broker-0 is isolated from 300ms until 1500ms",
            "broker-0 loses power right after record 5 is stored, for 100ms (sends 2)",
            "the wall clock of broker-0 is set forward by 3min at 850ms",
            "a node pauses right after record 3 is delivered there, for 2s",
        ];
        assert_eq!(told, expected);
    }
}
