//! How numbers are spread, in as little room for a million of them as for ten.

use std::collections::BTreeMap;

/// Counts numbers by their leading bits: a number is known within one in a thousand of itself, small ones exactly.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spread {
    counts: BTreeMap<u64, u64>,
    all: u64,
}

/// How many leading bits are kept.
const BITS: u32 = 10;

impl Spread {
    /// Adds a number.
    pub(crate) fn add(&mut self, number: u64) {
        let spare = (u64::BITS - number.leading_zeros()).saturating_sub(BITS);
        *self.counts.entry(number >> spare << spare).or_default() += 1;
        self.all += 1;
    }

    /// The middle of all (the lower one of two), 0 of none.
    pub(crate) fn median(&self) -> u64 {
        self.percentile(50)
    }

    /// What so many in a hundred do not exceed, 0 of none.
    pub(crate) fn percentile(&self, percent: u64) -> u64 {
        let wanted = (self.all * percent).div_ceil(100);
        let mut below = 0;
        let found = self.counts.iter().find(|(_, count)| {
            below += **count;
            below >= wanted
        });
        found.map_or(0, |(number, _)| *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_right_to_a_thousandth() {
        let mut spread = Spread::default();
        assert_eq!(spread.median(), 0);
        [5, 1, 4].into_iter().for_each(|number| spread.add(number));
        assert_eq!(spread.median(), 4);
        let mut spread = Spread::default();
        (0..=1000u64).for_each(|number| spread.add(number * 1_000_000));
        assert!((499_500_000..=500_000_000).contains(&spread.median()));
        assert!((948_900_000..=950_000_000).contains(&spread.percentile(95)));
    }

    #[test]
    fn a_million_numbers_take_little_room() {
        let mut spread = Spread::default();
        (0..1_000_000u64).for_each(|number| spread.add(9_000_000 + number * 7));
        assert!(spread.counts.len() < 1024);
    }
}
