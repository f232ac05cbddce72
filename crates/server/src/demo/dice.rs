//! Chance in the demo: one generator with a seed, so that the same seed makes the same network.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng};

/// A seeded generator. Integers only: the same numbers on every machine.
pub struct Dice(StdRng);

impl Dice {
    /// The generator of `seed`; `stream` tells the demo's parts apart.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(StdRng::seed_from_u64(seed ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high.max(low))
    }

    /// An index below `length`; 0 for nothing to choose from.
    pub fn index(&mut self, length: usize) -> usize {
        self.0.random_range(0..length.max(1))
    }

    /// True in so many of a million cases.
    pub fn ppm(&mut self, ppm: u32) -> bool {
        self.0.random_range(0..1_000_000) < ppm
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    /// One of these.
    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> Option<&'a T> {
        from.get(self.index(from.len())).copied()
    }

    /// An index chosen by weight: `sums` are running totals, so that item `i` weighs `sums[i] - sums[i - 1]`.
    pub fn weighted(&mut self, sums: &[u64]) -> usize {
        let total = sums.last().copied().unwrap_or_default();
        let drawn = self.0.random_range(0..total.max(1));
        sums.partition_point(|sum| *sum <= drawn)
    }
}

/// Running totals of weights, for [`Dice::weighted`].
pub fn running(weights: impl IntoIterator<Item = u64>) -> Vec<u64> {
    let sum = |total: &mut u64, weight: u64| {
        *total += weight;
        Some(*total)
    };
    weights.into_iter().scan(0, sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_weighs_nothing_is_never_chosen() {
        let sums = running([0, 3, 0, 1]);
        let mut dice = Dice::new(1, 0);
        let mut seen = [0; 4];
        for _ in 0..1000 {
            seen[dice.weighted(&sums)] += 1;
        }
        assert_eq!((seen[0], seen[2]), (0, 0));
        assert!(seen[1] > seen[3] && seen[3] > 0, "{seen:?}");
    }
}
