//! `Delay`: packets that arrive late, and the ways in which lateness spreads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::faults::packet::{PacketPick, Packets, packet_fault};
use crate::faults::pick::Wrong;
use crate::faults::rules::PacketAct;
use crate::time::Span;

packet_fault! {
    /// Makes packets late. On a connection everything behind a late packet waits for it.
    Delay {
        /// How late.
        by: Spread,
    }
}

impl<M> Packets<M> for Delay<M> {
    fn act(&self, _: &mut PacketPick<'_, M>) -> Result<PacketAct, Wrong> {
        match self.by {
            Spread::Uniform(least, most) if most < least => Err(Wrong::new(
                "by",
                alloc::format!("goes from {least} to {most}; write the smaller first"),
            )),
            by if by.length().is_zero() => Err(Wrong::new(
                "by",
                "is 0, so nothing would be late; leave the fault out",
            )),
            by => Ok(PacketAct::Delay(by)),
        }
    }

    fn length(&self) -> Option<(&'static str, Span)> {
        Some(("by", self.by.length()))
    }
}

/// How a length of time is spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Spread {
    /// Always the same.
    Fixed(Span),
    /// Evenly between the two.
    Uniform(Span, Span),
    /// Exponential, with this mean.
    Exponential(Span),
    /// At least this, and with probability 2⁻ᵏ at least 2ᵏ times this (Pareto with exponent 1), up to 2¹⁶ times.
    HeavyTail(Span),
}

impl Default for Spread {
    fn default() -> Self {
        Self::Fixed(Span::ZERO)
    }
}

impl Spread {
    /// The length it is written with; the longer one of two.
    pub fn length(self) -> Span {
        match self {
            Self::Fixed(span) | Self::Exponential(span) | Self::HeavyTail(span) => span,
            Self::Uniform(least, most) => least.max(most),
        }
    }

    /// The length for 64 fair bits.
    pub fn draw(self, bits: u64) -> Span {
        match self {
            Self::Fixed(span) => span,
            Self::Uniform(least, most) => {
                let width = (most - least).0;
                Span(least.0 + ((u128::from(bits) * (u128::from(width) + 1)) >> 64) as u64)
            }
            Self::Exponential(mean) => {
                Span(((u128::from(mean.0) * u128::from(exponential(bits))) >> 16) as u64)
            }
            Self::HeavyTail(least) => {
                let doublings = bits.trailing_zeros().min(16);
                let base = least.0.saturating_mul(1 << doublings);
                let part = ((u128::from(base) * u128::from(bits >> 17)) >> 47) as u64;
                Span(base.saturating_add(part))
            }
        }
    }
}

/// `-ln(1 - u)` in 65536ths, for `u` from 64 fair bits: six bits choose a table entry, the next 16 interpolate.
/// The last entry is without end; there, by lack of memory, the draw starts over with fresh bits.
fn exponential(mut bits: u64) -> u64 {
    let mut sum = 0;
    for _ in 0..4 {
        let entry = (bits >> 58) as usize;
        if entry < 63 {
            let (low, high) = (u64::from(LOGARITHM[entry]), u64::from(LOGARITHM[entry + 1]));
            let part = (bits >> 42) & 0xffff;
            return sum + low + (((high - low) * part) >> 16);
        }
        sum += u64::from(LOGARITHM[63]);
        bits = bits.rotate_left(6);
    }
    sum
}

/// `-ln(1 - i/64)` in 65536ths for `i` in `0..64`.
const LOGARITHM: [u32; 64] = [
    0, 1032, 2081, 3146, 4230, 5331, 6451, 7591, 8751, 9932, 11135, 12360, 13608, 14880, 16178,
    17502, 18854, 20233, 21643, 23083, 24556, 26063, 27605, 29184, 30802, 32461, 34164, 35911,
    37707, 39553, 41453, 43409, 45426, 47507, 49656, 51877, 54177, 56561, 59034, 61604, 64280,
    67069, 69982, 73031, 76228, 79590, 83133, 86879, 90852, 95082, 99603, 104_460, 109_706,
    115_408, 121_654, 128_559, 136_278, 145_029, 155_132, 167_080, 181_704, 200_558, 227_130,
    272_557,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::{Address, Seed};

    fn mean(spread: Spread) -> u64 {
        let dice = Seed::new(3).dice("spread");
        let sum: u64 = (0..100_000)
            .map(|n| spread.draw(dice.roll(Address(n, 0), 0)).0)
            .sum();
        sum / 100_000
    }

    #[test]
    fn spreads_have_the_means_they_should() {
        assert!((9_900..=10_100).contains(&mean(Spread::Uniform(Span(5_000), Span(15_000)))));
        assert!((9_850..=10_150).contains(&mean(Spread::Exponential(Span(10_000)))));
    }

    #[test]
    fn a_heavy_tail_halves_with_every_doubling() {
        let dice = Seed::new(5).dice("spread");
        let draws = (0..100_000).map(|n| {
            Spread::HeavyTail(Span(1_000))
                .draw(dice.roll(Address(n, 0), 0))
                .0
        });
        let beyond = draws.filter(|draw| *draw >= 8_000).count();
        assert!(
            (12_100..=12_900).contains(&beyond),
            "{beyond} of 100000 beyond eight times the least"
        );
    }
}
