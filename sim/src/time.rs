//! Virtual time: instants and spans in whole nanoseconds, and the way people write spans (`"120ms"`).

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::ops::{Add, AddAssign, Sub};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant of true time: nanoseconds since the run began. Only the kernel and the recorder know it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

/// A length of time in nanoseconds. Written by people as a number and a unit: `"90us"`, `"1.5s"`, `"2min"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub u64);

impl Time {
    /// The beginning of a run.
    pub const ZERO: Self = Self(0);
    /// Later than every event of a run: what is set for then does not happen.
    pub const NEVER: Self = Self(u64::MAX);

    /// The span since `earlier`, zero when `earlier` is in fact later.
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of whole microseconds.
    pub const fn micros(count: u64) -> Self {
        Self(count * 1_000)
    }

    /// A span of whole milliseconds.
    pub const fn millis(count: u64) -> Self {
        Self(count * 1_000_000)
    }

    /// A span of whole seconds.
    pub const fn secs(count: u64) -> Self {
        Self(count * 1_000_000_000)
    }

    /// This span `factor` times, capped at the longest span.
    pub const fn times(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// True for a span of zero length.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Reads a number with a unit (`ns us ms s min h d`); fractions are allowed where they give whole nanoseconds.
    pub fn parse(text: &str) -> Result<Self, String> {
        let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let unit = &text[digits.len()..];
        let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(if unit.is_empty() {
                format!("`{text}` has no unit; write for example \"{text}ms\"")
            } else {
                format!("`{unit}` is not a unit of time; use ns, us, ms, s, min, h or d")
            });
        };
        if digits.starts_with('-') {
            return Err(format!("`{text}` is negative; a span of time is not"));
        }
        decimal(digits, *scale)
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not a span of time; write for example \"120ms\""))
    }
}

const UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// `digits` (with an optional fraction) times `scale`, exactly, or nothing.
fn decimal(digits: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || fraction.len() > 12 {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(scale)?;
    if fraction.is_empty() {
        return Some(whole);
    }
    let power = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let part = u128::from(fraction.parse::<u64>().ok()?) * u128::from(scale);
    if part % power != 0 {
        return None;
    }
    whole.checked_add(u64::try_from(part / power).ok()?)
}

impl Add<Span> for Time {
    type Output = Self;

    /// [`Time::NEVER`] at the latest.
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Time {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Span {
    /// The largest unit that divides the span evenly, so that it reads back as the same span.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return out.write_str("0ms");
        }
        let unit = UNITS
            .iter()
            .find(|(_, scale)| self.0.is_multiple_of(*scale));
        let (name, scale) = unit.expect("every span is a whole number of nanoseconds");
        write!(out, "{}{name}", self.0 / scale)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpanText)
    }
}

struct SpanText;

impl Visitor<'_> for SpanText {
    type Value = Span;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a span of time such as \"120ms\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
        Span::parse(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Span, E> {
        Err(E::custom(format!(
            "`{number}` has no unit; write for example \"{number}ms\""
        )))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Span, E> {
        Err(E::custom(format!(
            "`{number}` is negative; a span of time is not"
        )))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Span, E> {
        Err(E::custom(format!(
            "`{number}` has no unit; write for example \"{number}ms\""
        )))
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "a span of time: a number and a unit (ns, us, ms, s, min, h, d)",
            "pattern": "^[0-9]+(\\.[0-9]+)?(ns|us|ms|s|min|h|d)$",
            "examples": ["120ms", "5min"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reads_back_as_written() {
        for (text, nanos) in [
            ("120ms", 120_000_000),
            ("1.5s", 1_500_000_000),
            ("2min", 120_000_000_000),
            ("7ns", 7),
        ] {
            let span = Span::parse(text).unwrap();
            assert_eq!(span, Span(nanos));
            assert_eq!(Span::parse(&span.to_string()), Ok(span));
        }
    }

    #[test]
    fn a_span_without_unit_or_with_a_sign_is_refused_with_the_fix() {
        assert_eq!(
            Span::parse("120").unwrap_err(),
            "`120` has no unit; write for example \"120ms\""
        );
        assert!(Span::parse("-1ms").unwrap_err().contains("negative"));
        assert!(Span::parse("3weeks").unwrap_err().contains("not a unit"));
        assert!(Span::parse("ms").is_err() && Span::parse("99999999999999d").is_err());
    }
}
