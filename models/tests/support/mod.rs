#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of this"
)]
//! Runs a strategy in a small world and writes down what happened, a line per entry.

use std::sync::Arc;

use semel_models::message::{Message, MessagePattern};
use semel_models::model::Model;
use semel_models::node;
use semel_models::observation::{Observation, ObservationPattern};
use semel_models::strategy::Strategy;
use semel_models::vocabulary::{Item, Topology};
use semel_models::workload::{Money, Workload};
use semel_sim::address::NodeId;
use semel_sim::adversary::seeded::Seeded;
use semel_sim::chance::Seed;
use semel_sim::faults::{self, Fault};
use semel_sim::net::{Latency, Transport};
use semel_sim::record::{Entry, Recorder, What};
use semel_sim::time::{Span, Time};
use semel_sim::world::{End, Limits, Terrain, World};

/// A fault of this domain.
pub type AnyFault = Fault<MessagePattern, ObservationPattern>;

/// What happened, in lines.
pub struct Transcript {
    names: Vec<String>,
    pub lines: Vec<String>,
    pub seen: Vec<Observation>,
    /// Every message that was sent, and whether it carried records.
    pub sent: Vec<(Message, bool)>,
    intents: u32,
    settled: u32,
    applied: u32,
    progress: u64,
}

/// A small world to run a strategy in.
pub struct Stage {
    pub topology: Topology,
    pub transport: Transport,
    pub records: u32,
    pub pace: Span,
    pub latency: Span,
    pub faults: Vec<AnyFault>,
    pub heal_at: Time,
    pub seed: u64,
    /// How many accounts.
    pub keys: u32,
    /// One record in so many is poison; 0 is none.
    pub poison_every: u32,
    /// How the run should end.
    pub end: End,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            topology: Topology::default(),
            transport: Transport::Connection,
            records: 3,
            pace: Span::millis(10),
            latency: Span::millis(1),
            faults: Vec::new(),
            heal_at: Time::NEVER,
            seed: 0,
            keys: 4,
            poison_every: 0,
            end: End::Settled,
        }
    }
}

impl Stage {
    /// Runs a strategy, written in RON, to its end.
    pub fn run(&self, strategy: &str) -> Transcript {
        let strategy: Strategy = read(strategy);
        let objections = strategy.check(self.topology, self.transport);
        assert!(objections.is_empty(), "{objections:?}");
        let workload = Arc::new(Workload {
            records: self.records,
            keys: self.keys,
            money: Money::Credits,
            pace: self.pace,
            pace_spread: Span::ZERO,
            poison_every: self.poison_every,
            amount: Some(10),
            dice: Seed::new(self.seed).dice("workload"),
            written: Vec::new(),
        });
        let names = node::names(self.topology);
        let nodes = node::build(&strategy, self.topology, self.transport, &workload);
        let latency = Latency {
            least: self.latency,
            spread: Span::ZERO,
        };
        let terrain = Terrain {
            transport: self.transport,
            latency,
            service: Span::ZERO,
        };
        let rules = faults::compile(&self.faults, &names).expect("the faults make sense");
        let mut adversary =
            Seeded::<Model>::new(rules, &names, self.seed).expect("the script names what exists");
        let mut world = World::new(terrain, &names, nodes);
        let mut transcript = Transcript {
            names,
            lines: Vec::new(),
            seen: Vec::new(),
            sent: Vec::new(),
            intents: 0,
            settled: 0,
            applied: 0,
            progress: 0,
        };
        let limits = Limits {
            heal_at: self.heal_at,
            quiet: Span::secs(10),
            patience: Span::secs(600),
            events: 1_000_000,
        };
        let end = world.run(&limits, &mut adversary, &mut transcript);
        assert_eq!(end, self.end);
        world.last_words(&mut transcript);
        transcript
    }
}

impl Transcript {
    fn name(&self, node: NodeId) -> &str {
        &self.names[usize::from(node.0)]
    }

    /// The lines that contain any of these words.
    pub fn about(&self, words: &[&str]) -> String {
        let about = |line: &&String| words.iter().any(|word| line.contains(word));
        self.lines
            .iter()
            .filter(about)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// How often each record was applied.
    pub fn effects(&self, record: u32) -> usize {
        let applies = |seen: &&Observation| matches!(seen, Observation::Applied { record: r, .. } if *r == record);
        self.seen.iter().filter(applies).count()
    }

    fn line(&self, what: &What<Model>, items: &[Item]) -> Option<String> {
        let say = |message: &Message| message.describe(items);
        Some(match what {
            What::Sent {
                from,
                to,
                message,
                loss,
                ..
            } => {
                let lost = loss.map_or_else(String::new, |loss| format!("  x {loss:?}"));
                format!(
                    "{} -> {}  {}{lost}",
                    self.name(*from),
                    self.name(*to),
                    say(message)
                )
            }
            What::Missed(from, to, message, loss) => {
                format!(
                    "{} -> {}  {}  x {loss:?}",
                    self.name(*from),
                    self.name(*to),
                    message.describe(&[])
                )
            }
            What::Unsent(node, message) => {
                format!("{} never sends {}", self.name(*node), message.describe(&[]))
            }
            What::Disconnected(node, peer) => format!(
                "{} disconnected from {}",
                self.name(*node),
                self.name(*peer)
            ),
            What::Observed(node, seen) => format!("{} # {seen:?}", self.name(*node)),
            What::Struck(node, outage, ..) => {
                format!("{} {:?} for {}", self.name(*node), outage.kind, outage.down)
            }
            What::Returned(node, _) => format!("{} is back", self.name(*node)),
            What::Weather(weather) => format!("weather {:?}", weather.change),
            What::Healed => "healed".into(),
            What::Started(_) | What::Arrived(..) | What::Fired(..) | What::Jittered(..) => {
                return None;
            }
        })
    }
}

impl Recorder<Model> for Transcript {
    const OPEN: bool = true;

    fn entry(&mut self, entry: &Entry<Model>, items: &[Item]) {
        if let What::Sent { message, .. } = &entry.what {
            self.sent.push((*message, !items.is_empty()));
        }
        if let Some(line) = self.line(&entry.what, items) {
            self.lines.push(format!("{:>6} {line}", entry.at.0 / 1_000));
        }
    }

    fn observe(&mut self, _: u64, _: Time, _: NodeId, observation: &Observation) {
        self.seen.push(*observation);
        match observation {
            Observation::Intent { .. } => self.intents += 1,
            Observation::Acked { .. } => self.settled += 1,
            Observation::Applied { .. } => self.applied += 1,
            _ => return,
        }
        self.progress += 1;
    }

    fn complete(&self) -> bool {
        false
    }

    fn progress(&self) -> u64 {
        self.progress
    }
}

/// Reads RON as scenario files do.
pub fn read<T: serde::de::DeserializeOwned>(text: &str) -> T {
    use ron::extensions::Extensions;
    let options = ron::Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME)
        .with_default_extension(Extensions::UNWRAP_VARIANT_NEWTYPES);
    options.from_str(text).expect("valid RON")
}
