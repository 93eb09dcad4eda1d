//! Chance: rates as exact ratios, and dice whose answers depend on an address alone.
//!
//! *An answer is a pure function of (seed, name, address, draw number): it has no position and no memory.* So a
//! removed fault, a fork or a replay never shifts another's dice.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::digest::{mix, mix_address, mix_in, name_key};

/// Where a question stands in a run: two words that never depend on what was asked before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub u64, pub u64);

/// An address, mixed once for all the dice that are rolled there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot(u64);

impl From<Address> for Spot {
    #[inline]
    fn from(address: Address) -> Self {
        Self(mix_address(address.0, address.1))
    }
}

/// The seed of a run, stretched once through `ChaCha8` into the keys of all its dice.
#[derive(Clone, Copy, Debug)]
pub struct Seed {
    keys: [u64; 2],
}

impl Seed {
    /// The keys of run number `seed`.
    pub fn new(seed: u64) -> Self {
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        Self {
            keys: [stream.next_u64(), stream.next_u64()],
        }
    }

    /// The dice of the fault (or other chooser) called `name`.
    pub fn dice(self, name: &str) -> Dice {
        self.dice_keyed(name_key(name))
    }

    /// The dice of the name with this key.
    pub(crate) const fn dice_keyed(self, key: u64) -> Dice {
        Dice {
            key: mix(self.keys[0], self.keys[1], key),
        }
    }
}

/// A source of answers for one name. Copying it copies no position, for it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dice {
    key: u64,
}

impl Dice {
    /// 64 fair bits for this address and draw number.
    #[inline]
    pub const fn roll(self, address: Address, draw: u64) -> u64 {
        mix(
            self.key
                .wrapping_add(draw.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            address.0,
            address.1,
        )
    }

    /// The same as a roll with draw number 0 at the spot's address.
    #[inline]
    pub(crate) const fn roll_at(self, spot: Spot) -> u64 {
        mix_in(self.key, spot.0)
    }

    /// An integer in `0..count`, by multiply-shift on 64 bits. Zero when `count` is zero.
    #[inline]
    pub const fn below(self, address: Address, draw: u64, count: u64) -> u64 {
        share(self.roll(address, draw), count)
    }

    /// The same with draw number 0 at the spot's address.
    #[inline]
    pub(crate) const fn below_at(self, spot: Spot, count: u64) -> u64 {
        share(self.roll_at(spot), count)
    }

    /// Whether an event of this rate happens here.
    #[inline]
    pub const fn hits(self, address: Address, draw: u64, rate: Rate) -> bool {
        (self.roll(address, draw) as u128) < rate.threshold()
    }
}

/// As far into `0..count` as the word is into all words.
#[inline]
const fn share(word: u64, count: u64) -> u64 {
    ((word as u128 * count as u128) >> 64) as u64
}

/// A probability as an exact ratio. Written `"1/100"`, `"0.5%"`, `"0.01"` or plainly `0.01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    numerator: u32,
    denominator: u32,
    threshold: u128,
}

impl Rate {
    /// Never.
    pub const ZERO: Self = Self::new(0, 1);
    /// Always.
    pub const ONE: Self = Self::new(1, 1);

    /// `numerator` in `denominator`; the first may not exceed the second, which may not be zero.
    pub const fn new(numerator: u32, denominator: u32) -> Self {
        assert!(
            denominator > 0 && numerator <= denominator,
            "a rate lies between 0 and 1"
        );
        let threshold = ((numerator as u128) << 64) / denominator as u128;
        Self {
            numerator,
            denominator,
            threshold,
        }
    }

    /// The rate in 2⁻⁶⁴ths: a fair word below it is a hit.
    #[inline]
    pub const fn threshold(self) -> u128 {
        self.threshold
    }

    /// True for a rate of zero: as good as absent.
    pub const fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// Reads `"1/100"`, `"2%"` or `"0.02"`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is not a probability; write for example \"1/100\" or 0.01");
        let (numerator, denominator) = if let Some((top, bottom)) = text.split_once('/') {
            let number = |part: &str| part.trim().parse::<u32>().map_err(|_| wrong());
            (number(top)?, number(bottom)?)
        } else if let Some(percent) = text.strip_suffix('%') {
            let (top, bottom) = ratio(percent.trim()).ok_or_else(wrong)?;
            (top, bottom.checked_mul(100).ok_or_else(wrong)?)
        } else {
            ratio(text).ok_or_else(wrong)?
        };
        if denominator == 0 {
            return Err(wrong());
        }
        if numerator > denominator {
            return Err(format!(
                "`{text}` is above 1; a probability lies between 0 and 1"
            ));
        }
        Ok(Self::new(numerator, denominator))
    }
}

/// A decimal number as a ratio.
fn ratio(text: &str) -> Option<(u32, u32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fraction = fraction.trim_end_matches('0');
    if whole.is_empty() || !plain(whole) || !plain(fraction) || fraction.len() > 9 {
        return None;
    }
    let bottom = 10_u32.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = if fraction.is_empty() {
        0
    } else {
        fraction.parse::<u32>().ok()?
    };
    let top = whole
        .parse::<u32>()
        .ok()?
        .checked_mul(bottom)?
        .checked_add(part)?;
    Some((top, bottom))
}

impl Default for Rate {
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.numerator, self.denominator) {
            (0, _) => out.write_str("0"),
            (top, bottom) if top == bottom => out.write_str("1"),
            (top, bottom) => write!(out, "{top}/{bottom}"),
        }
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RateText)
    }
}

struct RateText;

impl Visitor<'_> for RateText {
    type Value = Rate;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a probability such as \"1/100\" or 0.01")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Rate, E> {
        Rate::parse(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Rate, E> {
        Rate::parse(&number.to_string()).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Rate, E> {
        Rate::parse(&number.to_string()).map_err(E::custom)
    }

    /// The shortest decimal that reads back as this float is taken at its word.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Rate, E> {
        Rate::parse(&number.to_string()).map_err(E::custom)
    }
}

impl JsonSchema for Rate {
    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "a probability between 0 and 1: \"1/100\", \"1%\" or 0.01",
            "anyOf": [
                { "type": "string", "pattern": "^([0-9]+/[0-9]+|[0-9]+(\\.[0-9]+)?%?)$" },
                { "type": "number", "minimum": 0, "maximum": 1 }
            ],
            "examples": ["1/100", "5%", 0.01]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_sampling_is_pinned() {
        let dice = Seed::new(4127).dice("drop");
        let rolls: [u64; 4] =
            core::array::from_fn(|draw| dice.below(Address(1, 2), draw as u64, 1000));
        assert_eq!(rolls, [57, 888, 842, 509]);
    }

    #[test]
    fn rates_are_exact_however_they_are_written() {
        for text in ["1/20", "5%", "0.05", "0.050"] {
            assert_eq!(
                Rate::parse(text).unwrap().threshold(),
                Rate::new(1, 20).threshold()
            );
        }
        assert!(Rate::parse("1.5").unwrap_err().contains("above 1"));
        assert!(
            Rate::parse("-0.1").is_err()
                && Rate::parse("1/0").is_err()
                && Rate::parse("often").is_err()
        );
    }

    #[test]
    fn a_rate_of_one_always_hits_and_of_zero_never() {
        let dice = Seed::new(1).dice("drop");
        for n in 0..1000 {
            assert!(dice.hits(Address(n, 0), 0, Rate::ONE));
            assert!(!dice.hits(Address(n, 0), 0, Rate::ZERO));
        }
    }

    /// Two dice at one address share half of their work; their answers share nothing.
    #[test]
    fn dice_are_independent_of_each_other_and_of_neighbours() {
        let (one, other) = (Seed::new(5).dice("drop"), Seed::new(5).dice("duplicate"));
        let place = |n: u64| Address(name_key("link"), n);
        let later = Seed::new(6).dice("drop");
        let even = Rate::new(1, 2);
        let hit = |dice: Dice, n| dice.hits(place(n), 0, even);
        let agree = |alike: &dyn Fn(u64) -> bool| (0..100_000).filter(|n| alike(*n)).count();
        for (what, count) in [
            ("two dice", agree(&|n| hit(one, n) == hit(other, n))),
            ("neighbours", agree(&|n| hit(one, n) == hit(one, n + 1))),
            (
                "two draws",
                agree(&|n| hit(one, n) == one.hits(place(n), 1, even)),
            ),
            ("two seeds", agree(&|n| hit(one, n) == hit(later, n))),
        ] {
            assert!(
                (49_200..=50_800).contains(&count),
                "{what} agree {count} times of 100000"
            );
        }
    }

    #[test]
    fn a_rate_is_met_within_sampling_error() {
        let dice = Seed::new(9).dice("drop");
        let hits = (0..100_000)
            .filter(|n| dice.hits(Address(3, *n), 0, Rate::new(1, 10)))
            .count();
        assert!((9_700..=10_300).contains(&hits), "{hits} of 100000 at 1/10");
    }
}
