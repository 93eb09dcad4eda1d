//! Faults read aloud: `the network loses the ack of record 3 (attempt 1)`.
//!
//! Each kind of fault has its sentence; where and when it strikes follows in a fixed order, and what a pattern asks for
//! beyond that is added in brackets.

use semel_models::asked::Asked;
use semel_models::message::{Kind, MessagePattern};
use semel_models::observation::ObservationPattern;
use semel_scenarios::file::scenario::Fault;
use semel_sim::faults::{
    Burst, ClockDrift, ClockStep, Delay, Direction, Hold, Isolate, Slow, SlowLink, Spread,
};
use semel_sim::faults::{NodePick, PacketPick, When};
use semel_sim::time::Span;

use super::numbers::list;
use super::things;

/// Where and when a fault strikes, besides what its sentence tells.
#[derive(Default)]
struct Around<'f> {
    from: Option<&'f str>,
    to: Option<&'f str>,
    after: Option<&'f ObservationPattern>,
    handled: Option<&'f MessagePattern>,
    nth: Option<u32>,
    when: When,
    times: Option<u32>,
    lasting: Option<Span>,
    sends: Option<u32>,
    /// The node is not named: it is the one where the trigger is met.
    unnamed: bool,
}

/// One fault in a sentence without its end.
pub fn fault(fault: &Fault) -> String {
    let packets = || packets(fault).unwrap_or_default();
    let struck = |what: &str| format!("{} {what}", who(struck(fault)));
    let told = match fault {
        Fault::Drop(_) => format!("the network loses {}", packets()),
        Fault::Delay(Delay { by, .. }) => {
            format!("the network makes {} late by {}", packets(), spread(*by))
        }
        Fault::Duplicate(_) => format!("the network doubles {}", packets()),
        Fault::Hold(Hold { release, .. }) => {
            format!("the network holds {} back until {release}", packets())
        }
        Fault::Burst(Burst {
            good, bad, rate, ..
        }) => {
            format!(
                "the network loses {rate} of all packets in bursts of {bad}, about {good} apart"
            )
        }
        Fault::Corrupt(_) => format!("the network damages {}", packets()),
        Fault::Isolate(cut) => isolation(cut),
        Fault::SlowLink(SlowLink { extra, .. }) => format!("packets take {extra} longer"),
        Fault::Crash(_) => struck("crashes"),
        Fault::PowerLoss(_) => struck("loses power"),
        Fault::DiskLoss(_) => struck("loses its disk"),
        Fault::Pause(_) => struck("pauses"),
        Fault::Slow(Slow { node, factor, .. }) => {
            format!("{} works {factor} times slower", who(Some(node)))
        }
        Fault::ClockStep(step) => clock_step(step),
        Fault::ClockDrift(ClockDrift { node, ppm, .. }) => {
            format!("the clocks of {} drift by {ppm} ppm", who(Some(node)))
        }
        Fault::Script(script) if script.len() == 1 => return "one scripted deviation".into(),
        Fault::Script(script) => return format!("{} scripted deviations", script.len()),
    };
    told + &Around::of(fault).tell()
}

/// The node that goes down, if it is named.
fn struck(fault: &Fault) -> Option<&str> {
    let (_, pick) = fault.as_outage()?;
    pick.node.map(String::as_str)
}

fn who(node: Option<&str>) -> &str {
    match node {
        None | Some("") => "a node",
        Some("*") => "every node",
        Some(node) => node,
    }
}

/// Which packets are meant.
fn packets(fault: &Fault) -> Option<String> {
    let PacketPick { rate, packet, .. } = fault.as_packet()?;
    let share = rate.map(|rate| rate.to_string());
    Some(match (share.as_deref(), packet) {
        (None, Some(what)) => message(what),
        (None | Some("1"), None) => "every packet".into(),
        (Some("1"), Some(what)) => format!("all {}", messages(what)),
        (Some(share), Some(what)) => format!("{share} of all {}", messages(what)),
        (Some(share), None) => format!("{share} of all packets"),
    })
}

fn isolation(cut: &Isolate<ObservationPattern>) -> String {
    let way = match cut.direction {
        Direction::Both => "",
        Direction::Outgoing => ", for what it sends",
        Direction::Incoming => ", for what is sent to it",
    };
    let from = cut.from.as_ref().map(|from| format!(" from {from}"));
    let (node, from) = (who(Some(&cut.node)), from.unwrap_or_default());
    format!("{node} is isolated{from}{way}")
}

fn clock_step(step: &ClockStep) -> String {
    let forward = step.forward.map(|by| format!("forward by {by}"));
    let back = step.back.map(|by| format!("back by {by}"));
    let ways: Vec<String> = forward.into_iter().chain(back).collect();
    let node = who(Some(&step.node));
    format!("the wall clock of {node} is set {}", list(&ways))
}

impl<'f> Around<'f> {
    fn of(fault: &'f Fault) -> Self {
        let plain = Self {
            after: fault.after(),
            when: fault.when(),
            ..Self::default()
        };
        if let Some(pick) = fault.as_packet() {
            return plain.of_packets(pick);
        }
        if let Some((_, pick)) = fault.as_outage() {
            let lasting = fault.length().map(|(_, down)| down);
            return plain.of_outage(pick, lasting);
        }
        let (from, to, lasting) = match fault {
            Fault::Burst(Burst { from, to, .. }) | Fault::SlowLink(SlowLink { from, to, .. }) => {
                (from.as_deref(), to.as_deref(), None)
            }
            Fault::Isolate(Isolate { lasting, .. }) => (None, None, *lasting),
            _ => (None, None, None),
        };
        let mut around = Self {
            from,
            to,
            lasting,
            ..plain
        };
        if matches!(fault, Fault::Burst(_)) {
            // Its share is part of the sentence.
            around.when.rate = None;
        }
        around
    }

    fn of_packets(self, pick: PacketPick<'f, MessagePattern>) -> Self {
        let PacketPick {
            // These two are part of the sentence.
            rate: _,
            packet: _,
            from,
            to,
            at,
            until,
            nth,
            times,
            ..
        } = pick;
        Self {
            from: from.map(String::as_str),
            to: to.map(String::as_str),
            when: When {
                at,
                until,
                ..When::default()
            },
            nth,
            times,
            ..self
        }
    }

    fn of_outage(
        self,
        pick: NodePick<'f, MessagePattern, ObservationPattern>,
        lasting: Option<Span>,
    ) -> Self {
        let NodePick {
            node,
            when,
            after,
            packet,
            nth,
            times,
            sends,
        } = pick;
        Self {
            unnamed: node.is_none_or(String::is_empty),
            when,
            after,
            handled: packet,
            nth,
            times,
            sends,
            lasting,
            ..self
        }
    }

    /// Where and when, in a fixed order.
    fn tell(self) -> String {
        let When {
            rate,
            at,
            every,
            until,
        } = self.when;
        let there = if self.unnamed { " there" } else { "" };
        let begins = if until.is_some() && every.is_none() {
            "from"
        } else {
            "at"
        };
        let parts = [
            self.from.map(|from| format!(" from {from}")),
            self.to.map(|to| format!(" to {to}")),
            self.after
                .map(|after| format!(" right after {}{there}", observation(after))),
            // Whoever is named may be struck by what another node handles.
            self.handled.map(message).map(|what| {
                if self.unnamed {
                    format!(" right after handling {what}")
                } else {
                    format!(" right after {what} is handled")
                }
            }),
            self.nth.map(|nth| format!(", the {} time", ordinal(nth))),
            at.map(|at| format!(" {begins} {at}")),
            every.map(|every| format!(" every {every}")),
            rate.map(|rate| format!(" with probability {rate}")),
            until.map(|until| format!(" until {until}")),
            self.times
                .map(|times| format!(", at most so often: {times}")),
            self.lasting.map(|lasting| format!(", for {lasting}")),
            self.sends.map(|sends| format!(" (sends {sends})")),
        ];
        parts.into_iter().flatten().collect()
    }
}

/// What a pattern asks for: the record, the transaction, and the rest.
struct Sought {
    record: Option<Asked>,
    transaction: Option<Asked>,
    rest: Vec<(&'static str, Asked)>,
}

impl Sought {
    fn of(asked: impl Iterator<Item = (&'static str, Asked)>) -> Self {
        let mut sought = Self {
            record: None,
            transaction: None,
            rest: Vec::new(),
        };
        for (name, value) in asked {
            match name {
                "record" => sought.record = Some(value),
                "transaction" => sought.transaction = Some(value),
                _ => sought.rest.push((name, value)),
            }
        }
        sought.rest.sort_by_key(|(name, _)| *name);
        sought
    }

    /// The transaction is part of the rest, too.
    fn with_transaction(mut self) -> Self {
        let transaction = self
            .transaction
            .take()
            .map(|number| ("transaction", number));
        self.rest.extend(transaction);
        self.rest.sort_by_key(|(name, _)| *name);
        self
    }

    /// What no sentence has told yet.
    fn in_brackets(self) -> String {
        let told = |(name, value): (&str, Asked)| format!("{name} {value}");
        let rest: Vec<String> = self.rest.into_iter().map(told).collect();
        if rest.is_empty() {
            String::new()
        } else {
            format!(" ({})", rest.join(", "))
        }
    }
}

/// A pattern on messages: `the ack of record 3 (attempt 1)`.
fn message(pattern: &MessagePattern) -> String {
    let sought = Sought::of(pattern.asked());
    let noun = match (pattern.kind(), &sought.record, &sought.transaction) {
        (Kind::Produce, Some(record), _) => format!("the request to store record {record}"),
        (Kind::Ack, Some(record), _) => format!("the ack of record {record}"),
        (Kind::Apply, Some(record), _) => format!("the request to apply record {record}"),
        (Kind::Applied, Some(record), _) => format!("the sink's answer about record {record}"),
        (Kind::EndTransaction, _, Some(number)) => format!("the end of transaction {number}"),
        (kind, record, transaction) => {
            let of = |name: &str, number: &Option<Asked>| {
                let number = number.as_ref();
                number.map_or_else(String::new, |number| format!(" ({name} {number})"))
            };
            things::one(kind).to_owned() + &of("record", record) + &of("transaction", transaction)
        }
    };
    noun + &sought.in_brackets()
}

/// All messages that match a pattern: `commits`, `acks (record 3)`.
fn messages(pattern: &MessagePattern) -> String {
    let sought = Sought::of(pattern.asked()).with_transaction();
    let record = sought.record.as_ref();
    let record = record.map(|record| format!(" (record {record})"));
    things::all(pattern.kind()).to_owned() + &record.unwrap_or_default() + &sought.in_brackets()
}

/// A pattern on observations: `record 3 is stored`.
fn observation(pattern: &ObservationPattern) -> String {
    let sought = Sought::of(pattern.asked()).with_transaction();
    let clause = match &sought.record {
        Some(record) => format!("record {record} is {}", things::deed(pattern)),
        None => things::moment(pattern).to_owned(),
    };
    clause + &sought.in_brackets()
}

/// `1st`, `2nd`, `3rd`, `4th`.
fn ordinal(number: u32) -> String {
    let ending = match (number / 10 % 10, number % 10) {
        (tens, 1) if tens != 1 => "st",
        (tens, 2) if tens != 1 => "nd",
        (tens, 3) if tens != 1 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

fn spread(by: Spread) -> String {
    match by {
        Spread::Fixed(by) => by.to_string(),
        Spread::Uniform(least, most) => format!("{least} to {most}"),
        Spread::Exponential(mean) => format!("{mean} on average"),
        Spread::HeavyTail(least) => format!("{least} and sometimes much more"),
    }
}

#[cfg(test)]
mod tests {
    use semel_scenarios::file::load::{Source, load};

    use super::*;

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
