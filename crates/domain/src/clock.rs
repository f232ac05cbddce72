//! Time as an input: nothing in the product asks the system directly, so tests and the demo can move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::Time;

/// Where the present moment comes from.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01 UTC.
    fn now_ms(&self) -> i64;

    /// The present second.
    fn now(&self) -> Time {
        Time(self.now_ms().div_euclid(1000))
    }
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
        let now = std::time::SystemTime::now();
        match now.duration_since(std::time::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        }
    }
}

/// A clock that stands still until it is moved: for tests, and for the demo's past.
#[derive(Debug, Clone, Default)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that shows `now`.
    pub fn new(now: Time) -> Self {
        let clock = Self::default();
        clock.set(now);
        clock
    }

    /// Moves the clock to `now`, forwards or back.
    pub fn set(&self, now: Time) {
        self.0.store(now.0.saturating_mul(1000), Ordering::SeqCst);
    }

    /// Moves the clock by `seconds`.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds.saturating_mul(1000), Ordering::SeqCst);
    }

    /// Moves the clock to a millisecond.
    pub fn set_ms(&self, now_ms: i64) {
        self.0.store(now_ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}
