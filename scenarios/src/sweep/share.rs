//! Shares of runs, chosen by plan and seed: the same runs whatever the number of threads, and after every resumption.

use std::fmt;
use std::str::FromStr;

/// A share of all runs, in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u16);

/// All of them.
const WHOLE: u16 = 10_000;

impl Share {
    /// So many in a hundred; at most all.
    pub const fn percent(percent: u16) -> Self {
        if percent >= 100 {
            Self(WHOLE)
        } else {
            Self(percent * 100)
        }
    }

    /// Whether the run of this plan, by its hash, under this seed is in the share.
    pub fn holds(self, plan: &str, seed: u64) -> bool {
        let plan = u64::from_str_radix(plan, 16).unwrap_or_default();
        // The finisher of SplitMix64: neighbours fall apart.
        let mut mixed = (seed ^ plan << 32).wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % u64::from(WHOLE) < u64::from(self.0)
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a share; write for example `5%` or `0.5%`");
        let number = text.strip_suffix('%').ok_or_else(wrong)?.trim();
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if part.is_empty() || part.len() > 2 || !digits(whole) || !digits(part) {
            return Err(wrong());
        }
        let hundredths: u16 = format!("{part:0<2}").parse().map_err(|_| wrong())?;
        let whole: u16 = whole.parse().map_err(|_| wrong())?;
        let share = whole
            .checked_mul(100)
            .and_then(|share| share.checked_add(hundredths));
        let share = share.filter(|share| *share <= WHOLE).map(Self);
        share.ok_or_else(|| format!("`{text}` is more than all runs; use at most `100%`"))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(out, "{whole}%"),
            (whole, part) => write!(out, "{whole}.{part:02}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_read_as_they_print() {
        for text in ["0%", "5%", "0.50%", "12.25%", "100%"] {
            assert_eq!(text.parse::<Share>().unwrap().to_string(), text);
        }
        for text in ["5", "-1%", "101%", "1.234%", "%", "x%", "700%", "655.99%"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }

    #[test]
    fn five_percent_of_the_seeds_are_five_percent() {
        let share = Share::percent(5);
        let held = (0..100_000)
            .filter(|seed| share.holds("9f3c2a71", *seed))
            .count();
        assert!((4_800..5_200).contains(&held), "{held}");
        assert!((0..1000).all(|seed| Share::percent(100).holds("0", seed)));
        assert!(!(0..1000).any(|seed| Share::percent(0).holds("0", seed)));
    }
}
