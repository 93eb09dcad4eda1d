//! What a scenario expects of a strategy, and the short way in which broken invariants are written.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use semel_models::strategy::{Invariant, Level};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::file::nearest::nearest;
use crate::outcome::row::ExpectedKind;

/// What is expected of one strategy, and which section of `semantics.md` demands it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The verdict.
    pub verdict: Expected,
    /// Why, with the section that demands it.
    #[serde(default)]
    pub because: String,
}

/// An expected verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Expected {
    /// Every seed holds.
    Holds,
    /// Each of these appears under some seed. No promise is broken but those among them that every strategy makes
    /// without writing them.
    Breaks(Vec<Breach>),
    /// All of these appear under every seed. No promise is broken but those among them that every strategy makes
    /// without writing them.
    Always(Vec<Breach>),
    /// Judged by the promise alone.
    #[default]
    Any,
    /// The faults cannot touch this strategy, for this reason.
    NotApplicable(String),
}

/// An invariant broken at a level. Written `"no_duplicate at effect"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breach {
    /// What is broken.
    pub invariant: Invariant,
    /// Where.
    pub level: Level,
}

impl Expected {
    /// The kind, as rows call it.
    pub const fn kind(&self) -> ExpectedKind {
        match self {
            Self::Holds => ExpectedKind::Holds,
            Self::Breaks(_) => ExpectedKind::Breaks,
            Self::Always(_) => ExpectedKind::Always,
            Self::Any => ExpectedKind::Any,
            Self::NotApplicable(_) => ExpectedKind::NotApplicable,
        }
    }

    /// The violations that are expected to appear.
    pub fn breaches(&self) -> &[Breach] {
        match self {
            Self::Breaks(breaches) | Self::Always(breaches) => breaches,
            Self::Holds | Self::Any | Self::NotApplicable(_) => &[],
        }
    }
}

/// Every level, from the stream to the sink.
pub const LEVELS: [Level; 3] = [Level::Log, Level::Delivery, Level::Effect];

impl FromStr for Breach {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((invariant, level)) = text.split_once(" at ") else {
            return Err(format!(
                "`{text}` does not say where; write for example \"no_duplicate at effect\""
            ));
        };
        let found = Invariant::ALL
            .into_iter()
            .find(|known| known.name() == invariant);
        let invariant = found
            .ok_or_else(|| unknown("invariant", invariant, Invariant::ALL.map(Invariant::name)))?;
        let found = LEVELS.into_iter().find(|known| known.name() == level);
        let level = found
            .ok_or_else(|| format!("there is no level `{level}`; use log, delivery or effect"))?;
        Ok(Self { invariant, level })
    }
}

fn unknown<const N: usize>(what: &str, word: &str, known: [&'static str; N]) -> String {
    let help = nearest(word, known).map_or_else(
        || format!("use {}", known.join(", ")),
        |name| format!("did you mean `{name}`?"),
    );
    format!("there is no {what} `{word}`; {help}")
}

impl fmt::Display for Breach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at {}", self.invariant.name(), self.level.name())
    }
}

impl Serialize for Breach {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Breach {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Breach {
    fn schema_name() -> Cow<'static, str> {
        "Breach".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "an invariant at a level",
            "pattern": "^[a-z_]+ at (log|delivery|effect)$",
            "examples": ["no_duplicate at effect"]
        })
    }
}
