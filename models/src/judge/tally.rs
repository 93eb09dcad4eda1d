//! Numbers of a run that no violation depends on: latencies, dedup state, recovery.

use alloc::vec::Vec;

use semel_sim::address::NodeId;
use semel_sim::time::{Span, Time};

use super::finding::Tally;
use crate::observation::Place;
use crate::vocabulary::Partition;

/// Buckets per power of two: the middle of a bucket is off by at most 1 in 64.
const FINE: u32 = 5;

/// Latencies in logarithmic buckets: room for what came, at most 15 KiB.
#[derive(Clone, Debug, Default)]
struct Latencies {
    buckets: Vec<u64>,
    count: u64,
    /// Buckets before and from here on are empty.
    first: usize,
    end: usize,
}

impl Latencies {
    #[inline]
    fn add(&mut self, span: Span) {
        let index = bucket(span.0);
        if index >= self.buckets.len() {
            self.grow(index);
        }
        self.buckets[index] += 1;
        if self.count == 0 {
            self.first = index;
        }
        self.first = self.first.min(index);
        self.end = self.end.max(index + 1);
        self.count += 1;
    }

    #[cold]
    fn grow(&mut self, index: usize) {
        self.buckets.resize(index + 1, 0);
    }

    fn reset(&mut self) {
        self.buckets[self.first..self.end].fill(0);
        self.count = 0;
        self.first = 0;
        self.end = 0;
    }

    /// The spans that so many in a hundred do not exceed, the smaller share first.
    fn percentiles<const N: usize>(&self, percents: [u64; N]) -> [Span; N] {
        let mut spans = [Span::ZERO; N];
        let (mut index, mut seen) = (self.first, 0);
        for (span, percent) in spans.iter_mut().zip(percents) {
            let wanted = (self.count * percent).div_ceil(100);
            while seen < wanted {
                seen += self.buckets[index];
                index += 1;
            }
            if seen > 0 {
                *span = Span(middle(index - 1));
            }
        }
        spans
    }
}

/// The bucket of a value: exact below 32, then 32 buckets for each power of two.
#[inline]
const fn bucket(value: u64) -> usize {
    let magnitude = (value | 1).ilog2();
    if magnitude < FINE {
        return value as usize;
    }
    let shift = magnitude - FINE;
    (((shift as u64 + 1) << FINE) + ((value >> shift) - (1 << FINE))) as usize
}

/// The middle of a bucket.
const fn middle(index: usize) -> u64 {
    let (high, low) = ((index >> FINE) as u64, (index & ((1 << FINE) - 1)) as u64);
    if high == 0 {
        return low;
    }
    let shift = high - 1;
    let first = ((1 << FINE) + low) << shift;
    first + ((1 << shift) >> 1)
}

/// Running numbers.
#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct Tallies {
    pub(in crate::judge) sums: Tally,
    latencies: Latencies,
    /// Dedup entries per node that keeps any, and per partition if that is a broker.
    kept: Vec<((NodeId, Partition), u32)>,
    /// Where something was stored last: a broker says what it keeps for that partition.
    stored: Partition,
    /// A fault struck then, and nothing took effect since.
    struck_at: Option<Time>,
}

impl Tallies {
    pub(in crate::judge) fn reset(&mut self) {
        self.sums = Tally::default();
        self.latencies.reset();
        self.kept.clear();
        self.stored = 0;
        self.struck_at = None;
    }

    /// A record took effect for the first time.
    #[inline]
    pub(in crate::judge) fn effect(&mut self, intended_at: Time, at: Time) {
        self.sums.applied += 1;
        self.latencies.add(at.since(intended_at));
        if let Some(struck_at) = self.struck_at.take() {
            self.sums.recovery = Some(at.since(struck_at));
        }
    }

    /// A fault struck.
    pub(in crate::judge) fn fault(&mut self, at: Time) {
        self.struck_at = Some(at);
    }

    /// Something was stored.
    #[inline]
    pub(in crate::judge) const fn stored(&mut self, partition: Partition) {
        self.stored = partition;
    }

    /// A node says how many dedup entries it keeps; a broker, for the partition that it has just stored something in.
    pub(in crate::judge) fn keeps(&mut self, node: NodeId, place: Place, entries: u32) {
        let partition = match place {
            Place::Stream => self.stored,
            Place::Consumer | Place::Sink => 0,
        };
        let store = (node, partition);
        match self.kept.iter_mut().find(|(known, _)| *known == store) {
            Some((_, kept)) => *kept = entries,
            None => self.kept.push((store, entries)),
        }
        let sum: u64 = self.kept.iter().map(|(_, kept)| u64::from(*kept)).sum();
        self.sums.dedup_bytes_max = self.sums.dedup_bytes_max.max(16 * sum);
    }

    /// The numbers as they are now.
    pub(in crate::judge) fn sum_up(&self) -> Tally {
        let [latency_p50, latency_p99] = self.latencies.percentiles([50, 99]);
        Tally {
            latency_p50,
            latency_p99,
            ..self.sums.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_at_most_three_percent_off() {
        for exponent in 0..64 {
            for step in 0..50_u64 {
                let value = (1_u64 << exponent).saturating_add((1_u64 << exponent) / 50 * step);
                let found = middle(bucket(value));
                assert!(
                    found.abs_diff(value) <= value / 33,
                    "{value} is said to be {found}"
                );
            }
        }
    }

    #[test]
    fn half_took_so_long_and_almost_all_took_so_long() {
        let mut latencies = Latencies::default();
        (1..=30).for_each(|span| latencies.add(Span(span)));
        assert_eq!(latencies.percentiles([50, 99]), [Span(15), Span(30)]);
    }
}
