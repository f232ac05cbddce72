//! Randomness as an input: one generator per engine, seeded by the system or, in tests and the demo, by a number.

use std::sync::{Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng};

/// A shared generator of unguessable values; with a seed, of repeatable ones.
pub struct Rng(Mutex<StdRng>);

/// Letters of codes and keys: no two look alike.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";

impl Rng {
    /// Seeded by the operating system: what a network runs with.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system")]
    pub fn system() -> Self {
        Self(Mutex::new(rand::make_rng()))
    }

    /// Gives the same values for the same seed: for tests and the demo only.
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    /// Fills `bytes`.
    pub fn fill(&self, bytes: &mut [u8]) {
        self.with(|rng| rng.fill_bytes(bytes));
    }

    /// Any 64-bit number.
    pub fn number(&self) -> u64 {
        self.with(rand::Rng::next_u64)
    }

    /// `length` letters and digits, five bits each.
    pub fn letters(&self, length: usize) -> String {
        self.with(|rng| {
            (0..length).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect()
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut StdRng) -> T) -> T {
        // The generator is whole at every moment, so a panic elsewhere does not spoil it.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
