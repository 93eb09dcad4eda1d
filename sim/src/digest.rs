//! The pinned mixer: one folded multiplication per word. It keys dice, digests runs and fingerprints states.
//!
//! Its constants and order are part of the format: tokens, witnesses and pinned digests depend on them.

use core::hash::{Hash, Hasher};

/// Odd constants with balanced bits (from the digits of pi), fixed for ever.
const SEED: u64 = 0x243f_6a88_85a3_08d3;
const FIRST: u64 = 0x1319_8a2e_0370_7345;
const SECOND: u64 = 0xa409_3822_299f_31d1;

/// Folds the 128-bit product of two words into one.
#[inline]
const fn fold(left: u64, right: u64) -> u64 {
    let product = (left as u128) * (right as u128);
    (product as u64) ^ ((product >> 64) as u64)
}

/// A well-mixed word from a key and an address of two words.
///
/// The address is mixed first and without the key, so that several keys at one address share that half of the work.
#[inline]
pub const fn mix(key: u64, high: u64, low: u64) -> u64 {
    mix_in(key, mix_address(high, low))
}

/// The half of [`mix`] that knows no key.
#[inline]
pub(crate) const fn mix_address(high: u64, low: u64) -> u64 {
    fold(high ^ FIRST, low ^ SECOND) ^ high
}

/// The half of [`mix`] that only the key makes different.
#[inline]
pub(crate) const fn mix_in(key: u64, address: u64) -> u64 {
    let mixed = address.wrapping_add(key);
    fold(mixed ^ SEED, mixed.rotate_left(32) ^ FIRST)
}

/// A running hash over words in order; also a [`Hasher`], so that any `Hash` type can be added to it. Numbers count the
/// same on every machine, alone and in structs. (A slice of numbers wider than a byte is handed over by `core` as it
/// lies in memory: on a big-endian machine such ones have other digests.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest(u64);

impl Digest {
    /// The digest of nothing.
    pub const fn new() -> Self {
        Self(SEED)
    }

    /// Adds one word.
    #[inline]
    pub const fn word(&mut self, word: u64) {
        self.0 = fold(self.0 ^ word, FIRST);
    }

    /// Adds two words for the price of one; their order counts.
    #[inline]
    pub const fn words(&mut self, left: u64, right: u64) {
        self.0 = fold(self.0 ^ left, SECOND ^ right);
    }

    /// Adds everything that `value` hashes.
    #[inline]
    pub fn add(&mut self, value: &impl Hash) {
        value.hash(self);
    }

    /// The digest so far; asking changes nothing.
    pub const fn value(self) -> u64 {
        fold(self.0 ^ SECOND, FIRST) ^ self.0
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

impl Hasher for Digest {
    fn finish(&self) -> u64 {
        self.value()
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.word(value.into());
    }

    fn write_u16(&mut self, value: u16) {
        self.word(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.word(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.word(value);
    }

    fn write_u128(&mut self, value: u128) {
        self.word(value as u64);
        self.word((value >> 64) as u64);
    }

    // The signed kinds of fixed width come in as the unsigned ones; this one would come in as native bytes.
    fn write_i128(&mut self, value: i128) {
        self.write_u128(value.cast_unsigned());
    }

    fn write_usize(&mut self, value: usize) {
        self.word(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.word(value.cast_unsigned() as u64);
    }
}

/// The sum of one thing that is said: mixed where it is made, where its kind is hardly ever a question and its fields
/// are at hand, and added to a run's digest as one word. No word waits for the multiplication of the one before it.
///
/// It tells runs apart, no more: dice and fingerprints go by [`Digest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sum(u64);

impl Sum {
    /// By how much earlier words are turned aside: in so many steps each bit comes to every place.
    const TURN: u32 = 23;

    /// The sum of nothing.
    pub(crate) const NONE: Self = Self(SEED);

    /// The sum of one thing.
    #[expect(
        clippy::inline_always,
        reason = "of what is known, little is left to do"
    )]
    #[inline(always)]
    pub(crate) fn of(thing: &impl Hash) -> Self {
        let mut sum = Self::NONE;
        thing.hash(&mut sum);
        sum
    }

    /// Adds one word.
    #[expect(clippy::inline_always, reason = "three instructions")]
    #[inline(always)]
    pub(crate) const fn word(&mut self, word: u64) {
        self.0 = self.0.rotate_left(Self::TURN) ^ word.wrapping_mul(FIRST);
    }

    /// As a word of a digest.
    #[inline]
    pub(crate) const fn value(self) -> u64 {
        self.0
    }
}

impl Hasher for Sum {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.word(u64::from(*byte));
        }
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.word(value.into());
    }

    #[inline]
    fn write_u16(&mut self, value: u16) {
        self.word(value.into());
    }

    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.word(value.into());
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.word(value);
    }

    #[inline]
    fn write_u128(&mut self, value: u128) {
        self.word(value as u64);
        self.word((value >> 64) as u64);
    }

    #[inline]
    fn write_i128(&mut self, value: i128) {
        self.write_u128(value.cast_unsigned());
    }

    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.word(value as u64);
    }

    #[inline]
    fn write_isize(&mut self, value: isize) {
        self.word(value.cast_unsigned() as u64);
    }
}

/// The word that stands for a name (of a node or a fault) in addresses.
pub fn name_key(name: &str) -> u64 {
    let mut digest = Digest::new();
    digest.write(name.as_bytes());
    digest.word(name.len() as u64);
    digest.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mixer_is_pinned() {
        assert_eq!(mix(1, 2, 3), 0x0b8a_9f22_506f_11ff);
        assert_eq!(name_key("broker-0"), 0x80b9_9432_dc14_ffa2);
    }

    /// Words are little-endian, the low one first, whatever the machine.
    #[test]
    fn wide_numbers_are_words() {
        let of = |add: &dyn Fn(&mut Digest)| {
            let mut digest = Digest::new();
            add(&mut digest);
            digest.value()
        };
        let wide = 0x0123_4567_89ab_cdef_0011_2233_4455_6677_u128;
        let words = of(&|digest| {
            digest.word(0x0011_2233_4455_6677);
            digest.word(0x0123_4567_89ab_cdef);
        });
        assert_eq!(of(&|digest| digest.add(&wide)), words);
        assert_eq!(of(&|digest| digest.add(&wide.cast_signed())), words);
        assert_eq!(of(&|digest| digest.write(&wide.to_le_bytes())), words);
        let minus = of(&|digest| digest.add(&-1_i64));
        assert_eq!(of(&|digest| digest.add(&-1_isize)), minus);
    }

    #[test]
    fn the_sum_is_pinned_and_each_place_in_it_is_another() {
        let mut sums = alloc::vec::Vec::new();
        for (left, right) in [
            (1_u64, 2_u64),
            (2, 1),
            (0, 3),
            (3, 0),
            (0, 0),
            (0, 1 << 23),
            (1, 0),
        ] {
            sums.push(Sum::of(&(left, right)).value());
        }
        assert_eq!(Sum::of(&(1_u32, 2_u64)).value(), sums[0]);
        assert_eq!(sums[0], 0xf306_656a_7ecb_4b27);
        sums.sort_unstable();
        sums.dedup();
        assert_eq!(sums.len(), 7);
    }

    #[test]
    fn every_bit_of_an_address_moves_about_half_the_answer() {
        for bit in 0..64 {
            let mut flips = 0;
            for base in 0..256_u64 {
                let address = base.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                flips += (mix(7, address, base) ^ mix(7, address ^ (1 << bit), base)).count_ones();
                flips += (mix(7, base, address) ^ mix(7, base, address ^ (1 << bit))).count_ones();
            }
            let mean = flips / 512;
            assert!(
                (28..=36).contains(&mean),
                "bit {bit} flips {mean} bits on average"
            );
        }
    }
}
