//! What a scenario file says. Each scenario asks one question; everything has a sensible default.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use semel_models::judge::{Cause, Side};
use semel_models::message::MessagePattern;
use semel_models::observation::ObservationPattern;
use semel_models::strategy::Strategy;
use semel_models::vocabulary::Topology;
use semel_models::workload::{Money, Written};
use semel_sim::net::Transport;
use semel_sim::time::Span;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::file::expect::{Breach, Expectation};
use crate::file::swarm::Swarm;
use crate::outcome::spelling::word;

/// The version of the scenario format.
pub const SCHEMA: u32 = 1;

/// One item of a scenario's fault plan.
pub type Fault = semel_sim::faults::Fault<MessagePattern, ObservationPattern>;

/// A question put to strategies: a world, a workload, faults, and the verdicts that are expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The version of the format: 1.
    pub schema: u32,
    /// What it is called: small letters, digits and hyphens.
    pub name: String,
    /// What it asks, in one sentence.
    #[serde(default)]
    pub question: String,
    /// How messages travel.
    #[serde(default)]
    pub transport: Transport,
    /// How many nodes and partitions there are.
    #[serde(default)]
    pub topology: Topology,
    /// What is intended.
    #[serde(default)]
    pub workload: Load,
    /// How long things take in fair weather.
    #[serde(default)]
    pub network: Network,
    /// What goes wrong.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// When faults stop, links heal and nodes come back. None: faults act to the end.
    #[serde(default)]
    pub heal_at: Option<Span>,
    /// When a run counts as settled.
    #[serde(default)]
    pub settle: Settle,
    /// The most events of a run; one that needs more is inconclusive. Default: 100000 and 1000 per record.
    #[serde(default)]
    pub events: Option<u64>,
    /// What each seed draws for itself: ranges in place of values, and faults switched off. None: all is as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swarm: Option<Swarm>,
    /// Strategies of the file's own, by name.
    #[serde(default, deserialize_with = "each_once")]
    pub define: BTreeMap<String, Strategy>,
    /// What is expected of each strategy, by name. Written before any run, from `semantics.md`.
    #[serde(default, deserialize_with = "each_once")]
    pub expect: BTreeMap<String, Expectation>,
    /// What `verify` may do. None: everything that can befall this world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu: Option<Vec<MenuItem>>,
    /// Of a witness: the failure it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<Witness>,
    /// Of a witness: four hex digits for each entry of its run, so that the first one that differs can be told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub marks: String,
}

/// Something that `verify` may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MenuItem {
    /// Packets may be lost.
    Drop,
    /// Packets may arrive twice (datagrams only).
    Duplicate,
    /// Packets may be late: past the next arrival, the retry, the session, the next transaction.
    Late,
    /// Any node may crash.
    Crash,
    /// Brokers may lose power.
    PowerLoss,
    /// Clients may stop for longer than anybody waits for them.
    Pause,
    /// Two nodes that talk may be cut off from each other, for longer than anybody waits for a client.
    Isolate,
}

/// What is intended in a run. Seeds draw keys, amounts and pace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Load {
    /// How many records, over all producers. With `written`: as many as are written out.
    pub records: u32,
    /// How many accounts.
    pub keys: u32,
    /// What records mean.
    pub money: Money,
    /// The least time between two intents of a producer.
    pub pace: Span,
    /// Chance adds up to this.
    pub pace_spread: Span,
    /// One record in so many is poison: no handler can process it. 0: none is.
    pub poison_every: u32,
    /// The amount of every record. None: chance draws 1 to 99.
    pub amount: Option<i64>,
    /// Records written out, in place of drawn ones.
    pub written: Option<Vec<Written>>,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            records: 40,
            keys: 4,
            money: Money::Credits,
            pace: Span::millis(10),
            pace_spread: Span::millis(10),
            poison_every: 0,
            amount: None,
            written: None,
        }
    }
}

/// How long things take in fair weather.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// The least time a packet takes.
    pub latency: Span,
    /// Chance adds less than this.
    pub spread: Span,
    /// How long each step keeps its node busy: what it sends leaves when that is over, and its timers begin to run.
    pub service: Span,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            latency: Span::millis(1),
            spread: Span::millis(1),
            service: Span::ZERO,
        }
    }
}

/// When a run counts as settled, once nothing more goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settle {
    /// With work still open and nothing but chatter for so long, no more will come.
    pub quiet: Span,
    /// Without any progress for so long, none will come: the run is stuck.
    pub patience: Span,
}

impl Default for Settle {
    fn default() -> Self {
        Self {
            quiet: Span::secs(120),
            patience: Span::secs(600),
        }
    }
}

/// The failure that a witness repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// The version of the program that found it.
    pub version: String,
    /// The strategy that failed.
    pub strategy: String,
    /// The seed it was found under; the schedule and the written records repeat it without.
    pub seed: u64,
    /// The invariant that breaks, and at which level.
    pub violation: Breach,
    /// On which side it was born: `inbound` or `outbound`. None in older files: whichever is gravest.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "word")]
    #[schemars(with = "Option<String>")]
    pub side: Option<Side>,
    /// The code of its cause. None in older files: whichever is gravest.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "word")]
    #[schemars(with = "Option<String>")]
    pub cause: Option<Cause>,
    /// The digest of the run: 16 hex digits.
    pub digest: String,
}

impl Scenario {
    /// What is expected of a strategy; [`crate::file::expect::Expected::Any`] where nothing is said.
    pub fn expectation(&self, strategy: &str) -> Expectation {
        self.expect.get(strategy).cloned().unwrap_or_default()
    }

    /// How many records a run intends.
    pub fn records(&self) -> u32 {
        self.workload
            .written
            .as_ref()
            .map_or(self.workload.records, |written| written.len() as u32)
    }
}

/// Reads a map in which no name stands twice.
fn each_once<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, T>, D::Error> {
    struct EachOnce<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for EachOnce<T> {
        type Value = BTreeMap<String, T>;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("a map of names")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some(name) = entries.next_key::<String>()? {
                if map.contains_key(&name) {
                    return Err(A::Error::custom(format!("`{name}` is listed twice")));
                }
                map.insert(name, entries.next_value()?);
            }
            Ok(map)
        }
    }

    deserializer.deserialize_map(EachOnce(PhantomData))
}
