//! Scenarios that nobody has thought of: any combination of what `semel schema` offers, read off a tape of choices.
//!
//! A tape that has ended answers 0, and the first option is always the plainest one: so what `proptest` finds with a
//! long tape becomes a short scenario by itself.
//!
//! As long as the format itself: one function for each of its parts, in its order, so that a new field is missed here.

use std::fmt::Write;

/// Choices, one byte each.
struct Tape<'a>(std::slice::Iter<'a, u8>);

impl Tape<'_> {
    fn below(&mut self, options: usize) -> usize {
        usize::from(*self.0.next().unwrap_or(&0)) % options
    }

    fn one<T: Copy>(&mut self, options: &[T]) -> T {
        options[self.below(options.len())]
    }

    /// True once in so many.
    fn rarely(&mut self, in_so_many: usize) -> bool {
        self.below(in_so_many) == in_so_many - 1
    }

    /// `field: value, `, or nothing.
    fn perhaps(&mut self, field: &str, value: impl FnOnce(&mut Self) -> String) -> String {
        if self.rarely(2) {
            format!("{field}: {}, ", value(self))
        } else {
            String::new()
        }
    }
}

/// How wild a scenario is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Lengths of time as in a laboratory.
    Tame,
    /// Lengths of time and numbers at the edge of what is allowed.
    Extreme,
}

/// Writes a scenario with one strategy of its own, called `mine`.
pub(crate) struct Writer<'a> {
    tape: Tape<'a>,
    kind: Kind,
    datagrams: bool,
}

const NODES: [&str; 9] = [
    "broker-0",
    "consumer-0",
    "producer-0",
    "sink",
    "consumer",
    "producer",
    "broker",
    "*",
    "broker-1",
];
const PACKETS: [&str; 18] = [
    "Ack",
    "Produce",
    "Fetch",
    "Records",
    "Commit",
    "Committed",
    "Apply",
    "Applied",
    "OffsetIs",
    "Joined",
    "Heartbeat",
    "EndTransaction",
    "TransactionAnswer",
    "WriteMarker",
    "MarkerWritten",
    "AddPartition",
    "OffsetsInTransaction",
    "InitProducer",
];
const OBSERVED: [&str; 8] = [
    "Stored",
    "Applied",
    "Delivered",
    "Handled",
    "Acked",
    "Intent",
    "Recognised",
    "Enlisted",
];
const UNNUMBERED: [&str; 8] = [
    "Progress",
    "Decided",
    "Marked",
    "Assigned",
    "Granted",
    "Opened",
    "Synced",
    "Concluded",
];
const INVARIANTS: [&str; 18] = [
    "no_loss",
    "no_duplicate",
    "key_order",
    "mark_matches_effect",
    "atomic",
    "no_phantom",
    "no_aborted_effect",
    "no_early_read",
    "read_order",
    "monotone_offset",
    "fencing",
    "honest_ack",
    "stable_progress",
    "convergence",
    "same_state",
    "conservation",
    "stable_result",
    "bounded_state",
];
const ASSUMPTIONS: [&str; 20] = [
    "SameSession",
    "NoPowerLoss",
    "Within(\"1s\")",
    "NoDiskLoss",
    "NoNetworkDuplicates",
    "NoPause",
    "NoBrokerOutage",
    "NoConsumerOutage",
    "TrueClocks",
    "DedupKept",
    "NoEviction",
    "LeaseKept",
    "NoSinkOutage",
    "NoLateMark",
    "NoLateRecord",
    "TrueStoreClocks",
    "NoGivingUp",
    "DistinctContents",
    "NoPoison",
    "NoZombie",
];

impl<'a> Writer<'a> {
    pub(crate) fn new(choices: &'a [u8], kind: Kind) -> Self {
        let mut tape = Tape(choices.iter());
        let datagrams = tape.rarely(3);
        Self {
            tape,
            kind,
            datagrams,
        }
    }

    /// The whole file.
    pub(crate) fn scenario(&mut self) -> String {
        let faults = self.faults();
        self.around(&faults)
    }

    /// Up to five faults, each with a name of its own, so that leaving one out renames no other.
    pub(crate) fn faults(&mut self) -> Vec<String> {
        let count = self.tape.below(6);
        (0..count).map(|place| self.fault(place)).collect()
    }

    /// The rest of the file around some faults.
    pub(crate) fn around(&mut self, faults: &[String]) -> String {
        let strategy = self.strategy();
        let mut text = String::from("(schema: 1, name: \"wild\", ");
        if self.datagrams {
            text += "transport: Datagram, ";
        }
        let consumers = 1 + self.tape.below(3);
        let partitions = consumers + self.tape.below(3);
        let (producers, brokers) = (1 + self.tape.below(3), 1 + self.tape.below(3));
        write!(
            text,
            "topology: (producers: {producers}, brokers: {brokers}, partitions: {partitions}, consumers: {consumers}), "
        )
        .unwrap();
        write!(text, "workload: {}, ", self.workload()).unwrap();
        write!(
            text,
            "network: (latency: {}, spread: {}, service: {}), ",
            self.short(),
            self.short(),
            self.short()
        )
        .unwrap();
        write!(text, "faults: [{}], ", faults.join(", ")).unwrap();
        if !self.tape.rarely(6) {
            write!(
                text,
                "heal_at: {}, ",
                self.tape.one(&["\"1s\"", "\"300ms\"", "\"5s\""])
            )
            .unwrap();
        }
        text += "settle: (quiet: \"30s\", patience: \"60s\"), events: 20000, ";
        write!(text, "define: {{\"mine\": {strategy}}})").unwrap();
        text
    }

    fn workload(&mut self) -> String {
        let tape = &mut self.tape;
        let money = tape.one(&["Credits", "Credits", "Transfers"]);
        let records = 2 * (1 + tape.below(8));
        let poison = tape.one(&[0, 0, 0, 1, 3]);
        let amount = tape.one(&["None", "10", "-7"]);
        let keys = 2 + tape.below(3);
        format!(
            "(records: {records}, keys: {keys}, money: {money}, pace: {}, pace_spread: {}, poison_every: {poison}, \
             amount: {amount})",
            self.short(),
            self.short()
        )
    }

    /// A length of time that is small beside a run.
    fn short(&mut self) -> String {
        let tame = ["1ms", "0ms", "10ms", "7us"];
        let wild = ["1ms", "0ms", "1ns", "50ms", "1s", "3h"];
        self.span(&tame, &wild)
    }

    /// A length of time that a protocol might use.
    fn long(&mut self) -> String {
        let tame = ["100ms", "20ms", "300ms", "1s", "3s", "5ms"];
        let wild = [
            "100ms",
            "0ms",
            "1ns",
            "1us",
            "1d",
            "1000d",
            "18446744073709551615ns",
        ];
        self.span(&tame, &wild)
    }

    fn span(&mut self, tame: &[&str], wild: &[&str]) -> String {
        let options = if self.kind == Kind::Extreme && self.tape.rarely(3) {
            wild
        } else {
            tame
        };
        format!("\"{}\"", self.tape.one(options))
    }

    fn rate(&mut self) -> &'static str {
        self.tape
            .one(&["\"1/10\"", "\"1/3\"", "\"1/50\"", "0", "1"])
    }

    fn count(&mut self) -> String {
        let most = if self.kind == Kind::Extreme { 5 } else { 3 };
        self.tape
            .one(&["1", "2", "3", "7", "4294967295"][..most])
            .to_string()
    }

    fn packet(&mut self) -> String {
        let name = self.tape.one(&PACKETS);
        let about = match self.tape.below(4) {
            0 => String::new(),
            1 => format!("record: {}", self.tape.below(6)),
            2 => format!("attempt: {}", 1 + self.tape.below(2)),
            _ => format!("partition: {}", self.tape.below(2)),
        };
        format!("{name}({about})")
    }

    fn observed(&mut self) -> String {
        if self.tape.rarely(3) {
            return format!("{}()", self.tape.one(&UNNUMBERED));
        }
        let name = self.tape.one(&OBSERVED);
        let record = self.tape.below(6);
        format!("{name}(record: {record})")
    }

    fn node(&mut self) -> String {
        format!("\"{}\"", self.tape.one(&NODES))
    }

    /// What packet faults share.
    fn pick(&mut self) -> String {
        let when = match self.tape.below(4) {
            0 => format!("packet: {}, ", self.packet()),
            1 => format!("rate: {}, ", self.rate()),
            2 => format!(
                "at: \"{}ms\", until: \"{}ms\", ",
                self.tape.below(100),
                100 + self.tape.below(200)
            ),
            _ => format!("packet: {}, rate: {}, ", self.packet(), self.rate()),
        };
        let limits = self
            .tape
            .perhaps("from", |tape| format!("\"{}\"", tape.one(&NODES)));
        let nth = if self.tape.rarely(4) {
            format!("nth: {}, ", self.count())
        } else {
            String::new()
        };
        let times = if self.tape.rarely(4) {
            format!("times: {}, ", self.count())
        } else {
            String::new()
        };
        when + &limits + &nth + &times
    }

    /// What outages share.
    fn strike(&mut self) -> String {
        let down = self.long();
        let when = match self.tape.below(5) {
            0 => format!("after: {}", self.observed()),
            1 => format!("packet: {}", self.packet()),
            2 => format!("node: {}, at: \"{}ms\"", self.node(), self.tape.below(256)),
            3 => format!(
                "node: {}, rate: {}",
                self.node(),
                self.tape.one(&["\"1/50\"", "\"1/10\"", "0", "1"])
            ),
            _ => format!(
                "node: {}, every: {}, rate: {}, until: \"2s\"",
                self.node(),
                self.long(),
                self.rate()
            ),
        };
        let sends = self.tape.perhaps("sends", |tape| tape.below(3).to_string());
        format!("down: {down}, {sends}{when}")
    }

    fn by(&mut self) -> String {
        let length = self.long();
        match self.tape.below(4) {
            0 => format!("Fixed({length})"),
            1 => format!("Uniform(\"0ms\", {length})"),
            2 => format!("Exponential({length})"),
            _ => format!("HeavyTail({length})"),
        }
    }

    fn fault(&mut self, place: usize) -> String {
        let name = format!("name: \"f{place}\"");
        let at = 10 * self.tape.below(30);
        let until = at + 10 * (1 + self.tape.below(60));
        let (at, until) = (format!("at: \"{at}ms\""), format!("until: \"{until}ms\""));
        match self.tape.below(16) {
            0 | 5 => format!("Drop({name}, {})", self.pick()),
            1 => format!("Delay({name}, by: {}, {})", self.by(), self.pick()),
            2 if self.datagrams => format!("Duplicate({name}, {})", self.pick()),
            2 => format!("Corrupt({name}, {})", self.pick()),
            3 => format!(
                "Hold({name}, release: \"{}ms\", rate: {})",
                100 + self.tape.below(256),
                self.rate()
            ),
            4 => format!(
                "Burst({name}, good: {}, bad: {}, rate: {})",
                self.long(),
                self.long(),
                self.rate()
            ),
            6 => {
                let direction = self.tape.one(&["Both", "Outgoing", "Incoming"]);
                let node = self.node();
                format!(
                    "Isolate({name}, node: {node}, direction: {direction}, {at}, lasting: {})",
                    self.long()
                )
            }
            7 => {
                let after = self.observed();
                format!(
                    "Isolate({name}, node: {}, after: {after}, lasting: {})",
                    self.node(),
                    self.long()
                )
            }
            8 => format!(
                "SlowLink({name}, to: {}, extra: {}, {at}, {until})",
                self.node(),
                self.long()
            ),
            9 => format!("Crash({name}, {})", self.strike()),
            10 => format!("PowerLoss({name}, {})", self.strike()),
            11 => format!("DiskLoss({name}, {})", self.strike()),
            12 => format!("Pause({name}, {})", self.strike()),
            13 => format!(
                "Slow({name}, node: {}, factor: {}, {at}, {until})",
                self.node(),
                self.count()
            ),
            14 => {
                let way = self.tape.one(&["forward", "back"]);
                format!(
                    "ClockStep({name}, node: {}, {way}: {}, {at})",
                    self.node(),
                    self.long()
                )
            }
            _ => {
                let ppm = self
                    .tape
                    .one(&[1000, -1000, 500_000, -500_000, 999_999, -999_999]);
                format!(
                    "ClockDrift({name}, node: {}, ppm: {ppm}, {at}, {until})",
                    self.node()
                )
            }
        }
    }

    fn strategy(&mut self) -> String {
        let transact = !self.datagrams && self.tape.rarely(4);
        let name = if transact {
            "Sequence"
        } else {
            self.tape
                .one(&["None", "Sequence", "Intent", "Content", "Attempt"])
        };
        let source = match self.tape.below(3) {
            0 => "Live".to_string(),
            1 => format!("Replayed(save_every: {})", self.short()),
            _ => format!("Outbox(save_every: {})", self.short()),
        };
        let publish = self.publish(name);
        let stream = self.stream(name, transact);
        let (work, sink) = if transact {
            self.transact()
        } else {
            self.work()
        };
        let promise = self.promise();
        format!(
            "(promise: [{promise}], source: {source}, publish: {publish}, stream: {stream}, work: {work}, sink: {sink})"
        )
    }

    fn promise(&mut self) -> String {
        let count = self.tape.below(4);
        let clause = |writer: &mut Self| {
            let level = writer.tape.one(&["effect", "log", "delivery"]);
            let assuming: Vec<&str> = (0..writer.tape.below(3))
                .map(|_| writer.tape.one(&ASSUMPTIONS))
                .collect();
            let keeps = writer.tape.one(&INVARIANTS);
            format!(
                "(level: {level}, keeps: {keeps}, assuming: [{}]), ",
                assuming.join(", ")
            )
        };
        (0..count).map(|_| clause(self)).collect()
    }

    fn publish(&mut self, name: &str) -> String {
        let asks_nothing = name == "None" && self.tape.rarely(4);
        let retry = if asks_nothing || (name != "Sequence" && self.tape.rarely(6)) {
            format!("Never(timeout: {})", self.long())
        } else {
            let attempts = self.tape.one(&["None", "None", "1", "3"]);
            let deadline = self.tape.one(&["120s", "2s", "1d"]);
            let breaker = if self.tape.rarely(5) {
                let on_open = self.tape.one(&["Park", "Fail", "Lose"]);
                format!(
                    "(failures: {}, open_for: {}, on_open: {on_open})",
                    self.tape.below(3) + 1,
                    self.long()
                )
            } else {
                "None".into()
            };
            format!(
                "Backoff(timeout: {}, delay_min: {}, delay_max: \"1000d\", jitter: {}, attempts: {attempts}, \
                 deadline: \"{deadline}\", breaker: {breaker})",
                self.long(),
                self.long(),
                self.tape.one(&[20, 0, 255]),
            )
        };
        let wait = if asks_nothing { "Nothing" } else { "Stored" };
        let batch = if self.tape.rarely(3) {
            format!(
                "(records: {}, linger: {})",
                2 + self.tape.below(4),
                self.short()
            )
        } else {
            "()".into()
        };
        let window = self.tape.one(&[5, 1, 2]);
        let buffer = self.tape.one(&[64, 1, 3]);
        format!(
            "(wait: {wait}, retry: {retry}, window: {window}, batch: {batch}, buffer: {buffer}, name: {name})"
        )
    }

    fn keep(&mut self) -> String {
        let time = self.tape.perhaps("time", |tape| {
            format!("\"{}\"", tape.one(&["100ms", "1s", "1d"]))
        });
        let count = self
            .tape
            .perhaps("count", |tape| tape.one(&["1", "3", "100"]).to_string());
        format!("({time}{count})")
    }

    fn kept(&mut self) -> String {
        match self.tape.below(4) {
            0 => "WithData".into(),
            1 => "Durable".into(),
            2 => "Memory".into(),
            _ => format!("AsyncCopy({})", self.long()),
        }
    }

    fn stream(&mut self, name: &str, transactions: bool) -> String {
        let flush = match self.tape.below(4) {
            0 => "Never".to_string(),
            1 => "Always".to_string(),
            2 => format!("Entries({})", self.count()),
            _ => format!("Every({})", self.long()),
        };
        let recognise = match name {
            "Sequence" => format!(
                "Sequence(batches: {}, expire: {})",
                self.tape.one(&[5, 1, 255]),
                self.long()
            ),
            "None" => "Nothing".into(),
            _ => match self.tape.below(3) {
                0 => format!("Id({}, {})", self.keep(), self.kept()),
                1 if name == "Intent" => format!("Highest({})", self.kept()),
                _ => "Nothing".into(),
            },
        };
        let transactions = if transactions {
            let (version, verification) = self.tape.one(&[(2, "On"), (1, "On"), (1, "Off")]);
            format!(
                "Markers(transaction_version: {version}, verification: {verification}, scan_every: {})",
                self.long()
            )
        } else {
            "None".into()
        };
        format!("(copies: One({flush}), recognise: {recognise}, transactions: {transactions})")
    }

    fn right(&mut self) -> String {
        if self.tape.rarely(2) {
            let session = self.tape.one(&["500ms", "2s", "1000d"]);
            format!(
                "Group(session: \"{session}\", heartbeat: \"100ms\", initial_delay: {}, poll_interval: {})",
                self.short(),
                self.long()
            )
        } else {
            "Alone".into()
        }
    }

    fn work(&mut self) -> (String, String) {
        let mark = match self.tape.below(4) {
            0 => "After".to_string(),
            1 => "Before".to_string(),
            2 => "WithEffect".to_string(),
            _ => format!("Timer(every: {})", self.long()),
        };
        let recognise = match self.tape.below(4) {
            0 | 1 => "None".to_string(),
            2 => format!("Volatile{}", self.keep()),
            _ => format!("Durable{}", self.keep()),
        };
        let poison = self.tape.one(&[
            "Block",
            "Skip",
            "DeadLetter(attempts: 1)",
            "DeadLetter(attempts: 3)",
        ]);
        let right = self.right();
        let workers = if mark == "WithEffect" {
            1
        } else {
            self.tape.one(&[1, 1, 4, 65535])
        };
        let timeout = if mark == "WithEffect" || !self.tape.rarely(5) {
            self.long()
        } else {
            "None".into()
        };
        let (read, reset) = (
            self.tape.one(&["Any", "Committed"]),
            self.tape.one(&["Earliest", "Earliest", "Latest"]),
        );
        let poll = self.tape.one(&[500, 1, 3]);
        let fenced = right != "Alone" && self.tape.rarely(2);
        let work = format!(
            "Loop(mark: {mark}, right: {right}, recognise: {recognise}, read: {read}, reset: {reset}, poison: {poison}, \
             poll: {poll}, workers: {workers}, processing: {}, sink_timeout: {timeout}, fetch_wait: {}, fetch_timeout: {})",
            self.short(),
            self.long(),
            self.long()
        );
        let kind = match self.tape.below(3) {
            0 => "Ledger".to_string(),
            1 => format!("Inbox{}", self.keep()),
            _ if mark == "WithEffect" => "Ledger".to_string(),
            _ => {
                let lease = self.tape.one(&["\"300ms\"", "None", "\"1ns\""]);
                let claim = self.tape.one(&["Conditional", "CheckThenAct"]);
                format!(
                    "Keyed(ttl: {}, lease: {lease}, execution: {}, claim: {claim})",
                    self.long(),
                    self.short()
                )
            }
        };
        (
            work,
            format!(
                "(kind: {kind}, fence: {})",
                if fenced { "Token" } else { "Open" }
            ),
        )
    }

    fn transact(&mut self) -> (String, String) {
        let pays = self.tape.rarely(3);
        let right = self.right();
        let work = format!(
            "Transact(right: {right}, commit_every: {}, timeout: \"2s\", reset: {}, side_effect: {}, poll: {}, \
             processing: {}, request_timeout: {}, delivery_timeout: \"120s\", fetch_wait: {})",
            self.tape.one(&["\"50ms\"", "\"0ms\"", "\"1s\""]),
            self.tape.one(&["Earliest", "Latest"]),
            if pays { "Payment" } else { "None" },
            self.tape.one(&[500, 1, 3]),
            self.short(),
            self.tape.one(&["\"100ms\"", "\"1s\"", "\"1ns\""]),
            self.long()
        );
        (
            work,
            format!("(kind: {})", if pays { "Ledger" } else { "Output" }),
        )
    }
}
