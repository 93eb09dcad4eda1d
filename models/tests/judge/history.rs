//! Histories of a run, written as lines that a stranger can read. As long as the list of observations: a word for each.
//!
//! ```text
//! 5 stored 0 @3 attempt=2      at 5 ms record 0 was stored at offset 3 (of partition 0; `@1:3` is partition 1)
//! delivered 0 @3 consumer=1    1 ms later
//! crash consumer-1             an outage; so are pause, power-loss and disk-loss
//! usual 4 @7                   record 4 is intended, sent, stored, acknowledged, delivered, applied and marked
//! end stuck                    how the run ended; without this line it settled
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use ron::extensions::Extensions;
use semel_models::judge::{Cause, Findings, Judge, Violation};
use semel_models::observation::{Hit, Miss, Observation, Outcome, Place, Read, TransactionId};
use semel_models::strategy::Strategy;
use semel_models::vocabulary::Topology;
use semel_models::workload::{Money, Workload, Written};
use semel_sim::address::{Change, FaultIndex, NodeId, Outage, OutageKind, Weather};
use semel_sim::chance::Seed;
use semel_sim::time::{Span, Time};
use semel_sim::world::End;

/// Whose history it is.
#[derive(Clone)]
pub(crate) struct Bench {
    /// Clauses of the promise, in RON.
    pub(crate) promise: &'static str,
    /// Work and the other fields of the strategy, in RON.
    pub(crate) strategy: &'static str,
    pub(crate) topology: Topology,
    pub(crate) workload: Workload,
}

impl Default for Bench {
    fn default() -> Self {
        Self {
            promise: "",
            strategy: "work: Loop(mark: After)",
            topology: Topology {
                producers: 2,
                brokers: 1,
                partitions: 2,
                consumers: 2,
            },
            workload: Workload {
                records: 10,
                keys: 1,
                money: Money::Credits,
                pace: Span::ZERO,
                pace_spread: Span::ZERO,
                poison_every: 0,
                amount: None,
                dice: Seed::new(0).dice("workload"),
                written: (0..10)
                    .map(|record| Written {
                        key: 0,
                        amount: 10 + record,
                        pace: Span::ZERO,
                        poison: false,
                    })
                    .collect(),
            },
        }
    }
}

impl Bench {
    pub(crate) fn of(strategy: &'static str) -> Self {
        Self {
            strategy,
            ..Self::default()
        }
    }

    pub(crate) fn promising(self, promise: &'static str) -> Self {
        Self { promise, ..self }
    }

    pub(crate) fn strategy(&self) -> Strategy {
        let text = format!("(promise: [{}], {})", self.promise, self.strategy);
        let options = ron::Options::default()
            .with_default_extension(Extensions::IMPLICIT_SOME)
            .with_default_extension(Extensions::UNWRAP_VARIANT_NEWTYPES);
        options.from_str(&text).expect("the strategy is good RON")
    }

    pub(crate) fn judge(&self) -> Judge {
        Judge::new(
            &self.strategy(),
            self.topology,
            Arc::new(self.workload.clone()),
        )
    }

    /// What the judge finds in a history.
    pub(crate) fn findings(&self, history: &str) -> Findings {
        let mut judge = self.judge();
        self.tell(history, &mut judge);
        judge.findings().clone()
    }

    /// Every violation in a history, in a line each.
    pub(crate) fn found(&self, history: &str) -> Vec<String> {
        self.findings(history)
            .violations
            .iter()
            .map(describe)
            .collect()
    }

    /// The violations of one invariant, without its name.
    pub(crate) fn found_of(&self, invariant: &str, history: &str) -> Vec<String> {
        let mark = format!("{invariant} ");
        let all = self.found(history);
        all.iter()
            .filter_map(|line| line.strip_prefix(&mark))
            .map(str::to_owned)
            .collect()
    }

    /// Tells a judge a history, to its end.
    pub(crate) fn tell(&self, history: &str, judge: &mut Judge) {
        let end = match history.lines().map(str::trim).next_back() {
            Some("end stuck") => End::Stuck,
            Some("end exhausted") => End::Exhausted,
            _ => End::Settled,
        };
        let now = self.tell_on(history, judge);
        judge.finish(end, now + Span::secs(1));
    }

    /// Tells a judge a history that may go on. Returns when it is.
    pub(crate) fn tell_on(&self, history: &str, judge: &mut Judge) -> Time {
        let mut teller = Teller {
            bench: self,
            judge,
            now: Time::ZERO,
            entry: 0,
        };
        let lines = history.lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with("end ")) {
            teller.line(line);
        }
        teller.now
    }
}

/// `no_duplicate log 0 D1 inbound, promised`.
pub(crate) fn describe(violation: &Violation) -> String {
    let record = violation
        .record
        .map_or("-".to_owned(), |record| record.to_string());
    // Not "other": it stands out among codes.
    let cause = match violation.cause {
        Cause::Other => "?",
        cause => cause.code(),
    };
    let side = violation.side;
    let scope = match (&violation.broken, violation.promised) {
        (Some(assumption), _) => format!(", beyond {assumption:?}"),
        (None, true) => ", promised".to_owned(),
        (None, false) => String::new(),
    };
    let (invariant, level) = (violation.invariant.name(), violation.level.name());
    format!("{invariant} {level} {record} {cause} {side}{scope}")
}

struct Teller<'a> {
    bench: &'a Bench,
    judge: &'a mut Judge,
    now: Time,
    entry: u64,
}

impl Teller<'_> {
    fn line(&mut self, line: &str) {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        let line = if let Ok(millis) = first.parse() {
            self.now = Time::ZERO + Span::millis(millis);
            rest
        } else {
            self.now += Span::millis(1);
            line
        };
        let words = Words::new(line);
        match words.name {
            "usual" => self.usual(&words),
            "crash" | "pause" | "power-loss" | "disk-loss" | "clock-step" => self.fault(&words),
            "copied" => self.judge.duplicated(self.now),
            _ => {
                let (node, observation) = words.observation(self.bench);
                self.see(node, observation);
                if let Some(enlisted) = words.enlisted() {
                    self.see(node, enlisted);
                }
            }
        }
    }

    fn see(&mut self, node: NodeId, observation: Observation) {
        self.judge.observe(self.entry, self.now, node, &observation);
        self.entry += 1;
    }

    /// A record's life without mishap.
    fn usual(&mut self, words: &Words<'_>) {
        let (record, (partition, offset)) = (words.record(), words.place());
        let next = offset + 1;
        for line in [
            format!("intent {record}"),
            format!("attempt {record}"),
            format!("stored {record} @{partition}:{offset}"),
            format!("acked {record} ok"),
            format!("delivered {record} @{partition}:{offset}"),
            format!("applied {record} @{partition}:{offset}"),
            format!("progress @{partition}:{next}"),
        ] {
            self.line(&line);
        }
    }

    fn fault(&mut self, words: &Words<'_>) {
        let topology = self.bench.topology;
        let (role, number) = words.plain[0]
            .rsplit_once('-')
            .unwrap_or((words.plain[0], "0"));
        let number = number.parse().expect("nodes are called `broker-0`");
        let node = match role {
            "producer" => topology.producer(number),
            "broker" => topology.broker(number),
            "consumer" => topology.consumer(number),
            _ => topology.sink(),
        };
        let outage = |kind| {
            let down = Span::millis(10);
            Change::Outage(node, Outage { kind, down })
        };
        let change = match words.name {
            "crash" => outage(OutageKind::Crash),
            "pause" => outage(OutageKind::Pause),
            "power-loss" => outage(OutageKind::PowerLoss),
            "disk-loss" => outage(OutageKind::DiskLoss),
            _ => Change::ClockStep(node, 1_000),
        };
        let fault = FaultIndex(0);
        self.judge.fault(self.now, &Weather { change, fault });
    }
}

/// A line, taken apart.
struct Words<'a> {
    name: &'a str,
    /// Words that are neither a place nor an assignment.
    plain: Vec<&'a str>,
    place: Option<&'a str>,
    set: BTreeMap<&'a str, &'a str>,
}

impl<'a> Words<'a> {
    fn new(line: &'a str) -> Self {
        let mut words = line.split_whitespace();
        let mut all = Self {
            name: words.next().expect("a line has a word"),
            plain: Vec::new(),
            place: None,
            set: BTreeMap::new(),
        };
        for word in words {
            if let Some(place) = word.strip_prefix('@') {
                all.place = Some(place);
            } else if let Some((name, value)) = word.split_once('=') {
                all.set.insert(name, value);
            } else {
                all.plain.push(word);
            }
        }
        all
    }

    fn record(&self) -> u32 {
        self.plain[0].parse().expect("a record comes first")
    }

    /// Partition and offset.
    fn place(&self) -> (u16, u64) {
        let place = self.place.expect("the line says where");
        let (partition, offset) = place.split_once(':').unwrap_or(("0", place));
        let offset = offset.split("..").next().unwrap_or(offset);
        (
            partition.parse().expect("a partition"),
            offset.parse().expect("an offset"),
        )
    }

    fn number(&self, name: &str, otherwise: u64) -> u64 {
        self.set
            .get(name)
            .map_or(otherwise, |value| value.parse().expect("a number"))
    }

    fn signed(&self, name: &str, otherwise: i64) -> i64 {
        self.set
            .get(name)
            .map_or(otherwise, |value| value.parse().expect("a number"))
    }

    fn small(&self, name: &str, otherwise: u32) -> u32 {
        self.number(name, otherwise.into()) as u32
    }

    fn has(&self, word: &str) -> bool {
        self.plain.contains(&word)
    }

    fn missed(&self) -> Miss {
        match self.set.get("missed").copied() {
            None | Some("Unasked") => Miss::Unasked,
            Some("New") => Miss::New,
            Some("Absent") => Miss::Absent,
            Some("Expired") => Miss::Expired,
            Some("Evicted") => Miss::Evicted,
            Some("TakenOver") => Miss::TakenOver,
            Some(other) => panic!("{other} is no reason to miss"),
        }
    }

    fn store(&self) -> Place {
        let place = |word: &&str| match *word {
            "stream" => Some(Place::Stream),
            "consumer" => Some(Place::Consumer),
            "sink" => Some(Place::Sink),
            _ => None,
        };
        self.plain.iter().find_map(place).expect("a place")
    }

    /// `1/2`: the second transaction of producer 1.
    fn transaction(&self) -> Option<TransactionId> {
        let word = self.set.get("in").copied();
        let word = word.or_else(|| self.plain.iter().copied().find(|word| word.contains('/')))?;
        let (producer, number) = word.split_once('/')?;
        Some(TransactionId {
            producer: producer.parse().ok()?,
            number: number.parse().ok()?,
        })
    }

    /// What follows a record that was stored in a transaction.
    fn enlisted(&self) -> Option<Observation> {
        if self.name != "stored" {
            return None;
        }
        let transaction = self.transaction()?;
        let (partition, offset) = self.place();
        Some(Observation::Enlisted {
            record: self.record(),
            partition,
            offset,
            transaction,
            epoch: self.small("epoch", 0) as u16,
        })
    }

    fn observation(&self, bench: &Bench) -> (NodeId, Observation) {
        let topology = bench.topology;
        let seen = self.inbound().or_else(|| self.outbound(bench));
        let seen = seen.or_else(|| self.rarer());
        let seen = seen.unwrap_or_else(|| panic!("{} is no observation", self.name));
        let node = match (self.set.get("by").copied(), &seen) {
            (Some("sink"), _) => topology.sink(),
            (_, Observation::Opened { .. }) => match self.set.get("consumer") {
                Some(_) => topology.consumer(self.small("consumer", 0) as u16),
                None => topology.producer(self.small("producer", 0) as u16),
            },
            (_, Observation::Applied { partition, .. }) if *partition < topology.partitions => {
                topology.sink()
            }
            _ => topology.coordinator(),
        };
        (node, seen)
    }

    fn inbound(&self) -> Option<Observation> {
        Some(match self.name {
            "intent" => Observation::Intent {
                record: self.record(),
                producer: self.small("producer", 0) as u16,
                session: self.small("session", 0),
            },
            "attempt" => Observation::Attempt {
                record: self.record(),
                attempt: self.small("attempt", 1),
                producer: self.small("producer", 0) as u16,
                session: self.small("session", 0),
            },
            "acked" => Observation::Acked {
                record: self.record(),
                outcome: match self.plain[1] {
                    "failed" => Outcome::Failed,
                    "unknown" => Outcome::Unknown,
                    _ => Outcome::Ok,
                },
                duplicate: self.has("repeat"),
            },
            "stored" => Observation::Stored {
                record: self.record(),
                partition: self.place().0,
                offset: self.place().1,
                attempt: self.small("attempt", 1),
                session: self.small("session", 0),
                missed: self.missed(),
                enlisted: self.transaction().is_some(),
            },
            "truncated" => {
                let until = self.place?.split("..").nth(1)?;
                Observation::Truncated {
                    partition: self.place().0,
                    from: self.place().1,
                    until: until.parse().ok()?,
                }
            }
            _ => return None,
        })
    }

    fn outbound(&self, bench: &Bench) -> Option<Observation> {
        let consumer = self.small("consumer", 0) as u16;
        let generation = self.small("generation", 0);
        Some(match self.name {
            "assigned" => Observation::Assigned {
                consumer,
                partition: self.place().0,
                generation,
                position: self.place().1,
            },
            "reset" => Observation::Reset {
                consumer,
                partition: self.place().0,
                position: self.place().1,
            },
            "delivered" => Observation::Delivered {
                record: self.record(),
                partition: self.place().0,
                offset: self.place().1,
                consumer,
                generation,
                read: if self.has("committed") {
                    Read::Committed
                } else {
                    Read::Any
                },
            },
            "applied" => {
                let contents = bench.workload.record(self.record());
                Observation::Applied {
                    record: self.record(),
                    key: self.small("key", contents.key),
                    amount: self.signed("amount", contents.amount),
                    actor: self.small("actor", u32::from(consumer)) as u16,
                    token: self.small("token", 0),
                    missed: self.missed(),
                    partition: self.place().0,
                    offset: self.place().1,
                    attempt: self.small("attempt", 1),
                }
            }
            "progress" => Observation::Progress {
                partition: self.place().0,
                offset: self.place().1,
                consumer,
                generation,
                accepted: !self.has("refused"),
            },
            _ => return None,
        })
    }

    fn rarer(&self) -> Option<Observation> {
        Some(match self.name {
            "recognised" => Observation::Recognised {
                record: self.record(),
                place: self.store(),
                hit: if self.has("in-flight") {
                    Hit::InFlight
                } else {
                    Hit::Stored
                },
            },
            "opened" => Observation::Opened {
                transaction: self.transaction()?,
                epoch: self.small("epoch", 0) as u16,
            },
            "decided" => Observation::Decided {
                transaction: self.transaction()?,
                commit: self.has("commit"),
                forced: self.has("forced"),
            },
            "marked" => Observation::Marked {
                partition: self.place().0,
                offset: self.place().1,
                transaction: self.transaction()?,
                commit: self.has("commit"),
                epoch: self.small("epoch", 0) as u16,
            },
            "concluded" => Observation::Concluded {
                transaction: self.transaction()?,
                commit: self.has("commit"),
                outcome: match () {
                    () if self.has("unknown") => Outcome::Unknown,
                    () if self.has("failed") => Outcome::Failed,
                    () => Outcome::Ok,
                },
            },
            "refused" => Observation::Refused {
                record: self.record(),
                place: self.store(),
                token: self.small("token", 0),
            },
            "granted" => Observation::Granted {
                partition: self.record() as u16,
                token: self.small("token", 0),
            },
            "skipped" => Observation::Skipped {
                record: self.record(),
                consumer: 0,
            },
            "parked" => Observation::Parked {
                record: self.record(),
                consumer: 0,
            },
            "unrecognised" => Observation::Unrecognised {
                record: self.record(),
                id: self.number("id", 0),
            },
            "answered" => Observation::Answered {
                record: self.record(),
                key: self.number("key", 0),
                fingerprint: self.number("request", 0),
                response: self.number("response", 0),
                error: self.has("error"),
            },
            "kept" => Observation::Kept {
                place: self.store(),
                entries: self.small("entries", 0),
                bound: self.small("bound", 0),
            },
            "balance" => Observation::Balance {
                key: self.record(),
                amount: self.signed("amount", 0),
            },
            "hanging" => Observation::Hanging {
                partition: self.place().0,
                offset: self.place().1,
                transaction: self.transaction()?,
            },
            "unsettled" => Observation::Unsettled {
                partition: self.place().0,
                offset: self.place().1,
                transaction: self.transaction()?,
            },
            _ => return None,
        })
    }
}
