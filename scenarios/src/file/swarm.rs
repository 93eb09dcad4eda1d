//! Swarm: ranges in place of values, so that each seed meets a mix of its own and rare combinations meet.
//!
//! What a seed draws is a pure function of the seed and the drawn path: one more range, or one less, changes no other
//! draw, nor do strategies: they meet the same mixes. A value that `--set` gives takes the place of its range.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use semel_models::strategy::Strategy;
use semel_sim::chance::{Address, Dice, Rate, Seed};
use semel_sim::time::Span;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::file::check;
use crate::file::load::faults;
use crate::file::path::{Path, Step};
use crate::file::scenario::{Fault, Scenario};

/// What each seed draws for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Swarm {
    /// With this probability a fault of the list is switched off altogether, each by itself.
    pub off: Rate,
    /// Paths as `--set` takes them, each with the range that its value is drawn from: `"faults[drop].rate": "0..1/10"`.
    /// Rates, spans of time and whole numbers of `topology`, `workload`, `network`, `faults`, `heal_at`, `settle` and
    /// `strategy` can be drawn. A path of `strategy` is drawn for those strategies that have it.
    pub ranges: BTreeMap<String, Range>,
}

impl Default for Swarm {
    fn default() -> Self {
        Self {
            off: Rate::new(1, 3),
            ranges: BTreeMap::new(),
        }
    }
}

/// A range, both ends included: `"0..1/10"`, `"1ms..20ms"`, `"1..3"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    least: String,
    most: String,
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ends = text.split_once("..").map(|(a, b)| (a.trim(), b.trim()));
        match ends {
            Some((least, most)) if !least.is_empty() && !most.is_empty() => Ok(Self {
                least: least.into(),
                most: most.into(),
            }),
            _ => Err(format!(
                "`{text}` is not a range; write for example \"0..1/10\" or \"1ms..20ms\""
            )),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}..{}", self.least, self.most)
    }
}

impl Serialize for Range {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Range {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Range {
    fn schema_name() -> Cow<'static, str> {
        "Range".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "a range of rates, spans of time or whole numbers, both ends included",
            "pattern": "^.+\\.\\..+$",
            "examples": ["0..1/10", "1ms..20ms", "1..3"]
        })
    }
}

/// The parts of a scenario whose values can be drawn, and the strategy.
const PARTS: [&str; 7] = [
    "topology", "workload", "network", "faults", "heal_at", "settle", "strategy",
];

/// What is wrong with a range: about its path, or about its ends; and the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) of_path: bool,
    pub(crate) text: String,
    pub(crate) help: Option<&'static str>,
}

/// One value that seeds draw.
#[derive(Clone, Debug)]
struct Dial {
    /// The path with faults by name: it keys the dice.
    path: String,
    place: Path,
    kind: Kind,
    least: u64,
    most: u64,
}

/// What a drawn number is, and in which unit it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A whole number.
    Whole,
    /// A rate, in millionths.
    Rate,
    /// A span, in nanoseconds.
    Span,
}

const MILLION: u64 = 1_000_000;
/// In how many steps a range of rates or spans is drawn: finer values would only be longer to read.
const STEPS: u64 = 1000;

/// A scenario and a strategy as templates, and what seeds draw in them.
#[derive(Clone, Debug)]
pub(crate) struct Draws {
    scenario: Value,
    strategy: Value,
    dials: Vec<Dial>,
    off: Rate,
    faults: Vec<(String, bool)>,
}

/// What a seed has drawn.
#[derive(Clone, Debug)]
pub(crate) struct Mix {
    pub(crate) scenario: Scenario,
    pub(crate) strategy: Strategy,
    /// The places of faults that are switched off.
    pub(crate) off: BTreeSet<usize>,
    /// What was drawn, by path.
    pub(crate) drawn: BTreeMap<String, String>,
}

impl Draws {
    /// What is drawn for a strategy. None where nothing is.
    pub(crate) fn new(scenario: &Scenario, strategy: &Strategy) -> Option<Self> {
        let swarm = scenario.swarm.as_ref()?;
        let template = Scenario {
            swarm: None,
            expect: BTreeMap::new(),
            define: BTreeMap::new(),
            ..scenario.clone()
        };
        let (names, of) = (faults(scenario), (&template, strategy));
        let dial = |(path, range): (&String, &Range)| Dial::new(path, range, &names, of).ok();
        let can_be_off = |fault: &Fault| !matches!(fault, Fault::Script(_));
        Some(Self {
            scenario: json(&template),
            strategy: json(strategy),
            dials: swarm.ranges.iter().filter_map(dial).collect(),
            off: swarm.off,
            faults: names
                .iter()
                .cloned()
                .zip(scenario.faults.iter().map(can_be_off))
                .collect(),
        })
    }

    /// What a seed draws. A mix that does not hang together is replaced by the values that are written.
    pub(crate) fn mix(&self, seed: u64) -> Mix {
        let seed = Seed::new(seed);
        let off = self.switched_off(seed);
        let numbers = self.dials.iter().map(|dial| dial.draw(seed));
        let numbers: Vec<u64> = numbers.collect();
        let (scenario, strategy, drawn) = self.with(&numbers).unwrap_or_else(|| {
            let written = || (read(&self.scenario), read(&self.strategy));
            let (scenario, strategy) = written();
            let whole = "what is written can be read";
            (scenario.expect(whole), strategy.expect(whole), &[])
        });
        let is_off = |dial: &Dial| {
            let of = |place: &usize| dial.place.0.get(1) == Some(&Step::Index(*place));
            dial.place.0.first() == Some(&Step::Field("faults".into())) && off.iter().any(of)
        };
        let shown = drawn.iter().zip(&numbers).filter(|(dial, _)| !is_off(dial));
        let mut drawn: BTreeMap<String, String> = shown
            .map(|(dial, number)| (dial.path.clone(), dial.kind.text(*number)))
            .collect();
        let name = |place: &usize| (fault_path(&self.faults[*place].0), OFF.to_string());
        drawn.extend(off.iter().map(name));
        Mix {
            scenario,
            strategy,
            off,
            drawn,
        }
    }

    fn switched_off(&self, seed: Seed) -> BTreeSet<usize> {
        let faults = self.faults.iter().enumerate();
        let off = faults.filter(|(_, (name, can_be_off))| {
            *can_be_off && dice(seed, &fault_path(name)).hits(ONLY, 0, self.off)
        });
        off.map(|(place, _)| place).collect()
    }

    /// The templates with these values, if they hang together.
    fn with(&self, numbers: &[u64]) -> Option<(Scenario, Strategy, &[Dial])> {
        let (mut scenario, mut strategy) = (self.scenario.clone(), self.strategy.clone());
        for (dial, number) in self.dials.iter().zip(numbers) {
            let (root, place) = dial.root(&mut scenario, &mut strategy);
            *seek(root, place)? = dial.kind.value(*number);
        }
        let (scenario, strategy) = (read(&scenario)?, read(&strategy)?);
        check::mix(&scenario, &strategy).then_some((scenario, strategy, self.dials.as_slice()))
    }
}

/// How rows say that a fault was switched off.
pub(crate) const OFF: &str = "off";

/// The path of a fault.
pub(crate) fn fault_path(name: &str) -> String {
    format!("faults[{name}]")
}

/// A path in the form in which it keys draws: faults by name.
pub(crate) fn canonical(path: &Path, faults: &[String]) -> Path {
    path.clone().renamed(|step| match step {
        Step::Index(index) => Some(Step::Named(faults.get(*index)?.clone())),
        _ => None,
    })
}

/// What is wrong with a range of this scenario for this strategy, if anything is.
pub(crate) fn misfit(
    path: &str,
    range: &Range,
    scenario: &Scenario,
    strategy: &Strategy,
) -> Option<Misfit> {
    Dial::new(path, range, &faults(scenario), (scenario, strategy)).err()
}

/// A scenario and a strategy with the least and with the most of one range.
pub(crate) fn ends(
    path: &str,
    range: &Range,
    scenario: &Scenario,
    strategy: &Strategy,
) -> Option<[(Scenario, Strategy); 2]> {
    let of = (scenario, strategy);
    let dial = Dial::new(path, range, &faults(scenario), of).ok()?;
    let at = |number: u64| {
        let (mut scenario, mut strategy) = (json(scenario), json(strategy));
        let (root, place) = dial.root(&mut scenario, &mut strategy);
        *seek(root, place)? = dial.kind.value(number);
        Some((read(&scenario)?, read(&strategy)?))
    };
    Some([at(dial.least)?, at(dial.most)?])
}

impl Dial {
    fn new(
        text: &str,
        range: &Range,
        faults: &[String],
        (scenario, strategy): (&Scenario, &Strategy),
    ) -> Result<Self, Misfit> {
        let of_path = |text: String| Misfit {
            of_path: true,
            text,
            help: None,
        };
        let path: Path = text.parse().map_err(of_path)?;
        let path = canonical(&path, faults);
        let part = matches!(&path.0[0], Step::Field(part) if PARTS.contains(&part.as_str()));
        if !part {
            let text = format!("`{path}` cannot be drawn: {} can", PARTS.join(", "));
            return Err(of_path(text));
        }
        let place = path.clone().renamed(|step| match step {
            Step::Named(name) => Some(Step::Index(faults.iter().position(|fault| fault == name)?)),
            _ => None,
        });
        let mut dial = Self {
            path: path.to_string(),
            place,
            kind: Kind::Whole,
            least: 0,
            most: 0,
        };
        let (mut scenario, mut strategy) = (json(scenario), json(strategy));
        dial.kind = dial
            .find_kind(&mut scenario, &mut strategy)
            .ok_or_else(|| of_path(format!("there is no number, rate or span at `{path}`")))?;
        let end = |text: &str| dial.kind.parse(text);
        (dial.least, dial.most) = match (end(&range.least), end(&range.most)) {
            (Ok(least), Ok(most)) if least <= most => (least, most),
            (Ok(_), Ok(_)) => {
                return Err(Misfit {
                    of_path: false,
                    text: format!("`{range}` begins behind its end"),
                    help: Some("write the smaller end first"),
                });
            }
            (Err(text), _) | (_, Err(text)) => {
                return Err(Misfit {
                    of_path: false,
                    text,
                    help: None,
                });
            }
        };
        Ok(dial)
    }

    /// What stands at the place, found by what can stand there.
    fn find_kind(&self, scenario: &mut Value, strategy: &mut Value) -> Option<Kind> {
        let mut takes = |probe: Value| {
            let (root, place) = self.root(scenario, strategy);
            let before = std::mem::replace(seek(root, place)?, probe);
            let taken =
                read::<Scenario>(scenario).is_some() && read::<Strategy>(strategy).is_some();
            let (root, place) = self.root(scenario, strategy);
            *seek(root, place)? = before;
            Some(taken)
        };
        if takes("a word".into())? {
            None
        } else if takes("1/7".into())? {
            Some(Kind::Rate)
        } else if takes("7us".into())? {
            Some(Kind::Span)
        } else {
            takes(7.into())?.then_some(Kind::Whole)
        }
    }

    /// The value in which the place is, and the place there.
    fn root<'v>(
        &self,
        scenario: &'v mut Value,
        strategy: &'v mut Value,
    ) -> (&'v mut Value, &[Step]) {
        match &self.place.0[..] {
            [Step::Field(part), rest @ ..] if part == "strategy" => (strategy, rest),
            all => (scenario, all),
        }
    }

    fn draw(&self, seed: Seed) -> u64 {
        let width = self.most - self.least;
        let steps = match self.kind {
            Kind::Whole => width,
            Kind::Rate | Kind::Span => width.min(STEPS),
        };
        let step = dice(seed, &self.path).below(ONLY, 0, steps + 1);
        let along = u128::from(width) * u128::from(step) / u128::from(steps.max(1));
        self.least + along as u64
    }
}

/// A path is drawn once.
const ONLY: Address = Address(0, 0);

fn dice(seed: Seed, path: &str) -> Dice {
    seed.dice(&format!("swarm {path}"))
}

impl Kind {
    fn parse(self, text: &str) -> Result<u64, String> {
        match self {
            Self::Whole => text
                .parse::<u32>()
                .map(u64::from)
                .map_err(|_| format!("`{text}` is not a whole number")),
            Self::Rate => {
                let rate = Rate::parse(text)?;
                let scaled = rate.threshold() * u128::from(MILLION);
                Ok(((scaled + (1 << 63)) >> 64) as u64)
            }
            Self::Span => Span::parse(text).map(|span| span.0),
        }
    }

    fn text(self, number: u64) -> String {
        match self {
            Self::Whole => number.to_string(),
            Self::Rate => {
                let divisor = common(number, MILLION);
                Rate::new((number / divisor) as u32, (MILLION / divisor) as u32).to_string()
            }
            Self::Span => Span(number).to_string(),
        }
    }

    fn value(self, number: u64) -> Value {
        match self {
            Self::Whole => number.into(),
            Self::Rate | Self::Span => self.text(number).into(),
        }
    }
}

/// The greatest common divisor.
const fn common(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common(b, a % b) }
}

/// The value at a path. Variants are no steps of a path: they are passed through.
fn seek<'v>(value: &'v mut Value, path: &[Step]) -> Option<&'v mut Value> {
    let Some((step, rest)) = path.split_first() else {
        return Some(value);
    };
    let missing = matches!(step, Step::Field(name) if value.get(name).is_none());
    if missing && is_variant(value) {
        let inner = value.as_object_mut()?.values_mut().next()?;
        return seek(inner, path);
    }
    match step {
        Step::Field(name) if missing && rest.is_empty() => {
            let map = value.as_object_mut()?;
            Some(map.entry(name.clone()).or_insert(Value::Null))
        }
        Step::Field(name) => seek(value.get_mut(name)?, rest),
        Step::Index(index) => seek(value.get_mut(*index)?, rest),
        Step::Named(_) => None,
    }
}

fn is_variant(value: &Value) -> bool {
    let single = value.as_object().filter(|map| map.len() == 1);
    single.is_some_and(|map| map.keys().all(|key| key.starts_with(char::is_uppercase)))
}

fn json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("every value of a scenario can be written")
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}
