//! What makes the guessing of passwords and codes slow (trust T1): so many tries at once, then one after each pause.
//!
//! Tries are counted in tables of fixed size without locks, one for each pace: nobody can fill them, whatever he sends.
//! Two counters of one pace that fall into one place count together, which is rare while few tries are under way. It
//! holds for one process.

use std::hash::Hasher as _;
use std::sync::atomic::{AtomicI64, Ordering};

use siphasher::sip::SipHasher13;

/// Places of a table; half a megabyte.
const PLACES: usize = 1 << 16;
/// Tables: one for each pace, so that a counter meets only those that grow as it does.
const TABLES: usize = 7;

/// How many tries are free, and the pause after which another one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Tries at once.
    pub burst: i64,
    /// Seconds for each further one.
    pub seconds: i64,
    /// Its table, below [`TABLES`]; no two paces have the same.
    pub table: usize,
}

/// The counters.
pub(crate) struct Throttle {
    seed: u64,
    /// The tables, one after another. For each place: the millisecond at which all of its tries have grown back.
    places: Vec<AtomicI64>,
}

impl Throttle {
    /// `seed` keeps strangers from choosing what shares a place.
    pub fn new(seed: u64) -> Self {
        Self { seed, places: (0..TABLES * PLACES).map(|_| AtomicI64::new(0)).collect() }
    }

    /// Takes one try of `what`.
    ///
    /// # Errors
    /// Seconds until there is one.
    pub fn take(&self, what: &str, pace: Pace, now_ms: i64) -> Result<(), i64> {
        let step = pace.seconds * 1000;
        let most = pace.burst * step;
        let grown = |full: i64| {
            // Later than any try can make it: the clock was set back, which must keep nobody out.
            let from = if full > now_ms + most { now_ms } else { full.max(now_ms) };
            let next = from + step;
            (next - now_ms <= most).then_some(next)
        };
        let taken = self.place(what, pace).fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown);
        taken.map(drop).map_err(|full| ((full - now_ms + step - most) / 1000).max(1))
    }

    /// Gives a try back that was no guess.
    pub fn give_back(&self, what: &str, pace: Pace) {
        self.place(what, pace).fetch_sub(pace.seconds * 1000, Ordering::Relaxed);
    }

    fn place(&self, what: &str, pace: Pace) -> &AtomicI64 {
        let mut hasher = SipHasher13::new_with_keys(self.seed, 0);
        hasher.write(what.as_bytes());
        let index = usize::try_from(hasher.finish() % PLACES as u64).unwrap_or(0);
        &self.places[pace.table % TABLES * PLACES + index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { burst: 3, seconds: 60, table: 0 };

    #[test]
    fn tries_grow_back_one_by_one() {
        let throttle = Throttle::new(7);
        let take = |now_ms| throttle.take("a", PACE, now_ms);
        let start = 1_000_000_000_000;
        assert_eq!([take(start), take(start), take(start)], [Ok(()); 3]);
        assert_eq!(take(start), Err(60));
        assert_eq!(take(start + 59_000), Err(1));
        assert_eq!(take(start + 60_000), Ok(()));
        assert!(take(start + 60_000).is_err());
        throttle.give_back("a", PACE);
        assert_eq!(take(start + 60_000), Ok(()));
        assert_eq!(throttle.take("b", PACE, start), Ok(()), "another one's tries are his own");
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nobody_out() {
        let throttle = Throttle::new(7);
        let late = 2_000_000_000_000;
        assert_eq!([(); 3].map(|()| throttle.take("a", PACE, late)), [Ok(()); 3]);
        assert_eq!(throttle.take("a", PACE, late - 86_400_000), Ok(()));
    }

    #[test]
    fn a_counter_of_another_pace_gives_no_tries_back() {
        let throttle = Throttle::new(7);
        let start = 1_000_000_000_000;
        let (slow, quick) =
            (Pace { burst: 10, seconds: 360, table: 1 }, Pace { burst: 10, seconds: 1, table: 2 });
        for _ in 0..10 {
            assert_eq!(throttle.take("code 1", slow, start), Ok(()));
        }
        // Of this many, some fall into the place of the first one.
        for number in 0..4 * PLACES {
            assert_eq!(throttle.take(&format!("device {number}"), quick, start), Ok(()), "{number}");
            throttle.give_back(&format!("device {number}"), quick);
        }
        assert_eq!(throttle.take("code 1", slow, start), Err(360));
    }
}
