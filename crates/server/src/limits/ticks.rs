//! The product's clock as the rate limiter wants it: a time that never goes back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use whocpa_domain::Clock;

/// Counts milliseconds on from its beginning. A clock that is set back stops nobody: the time that it repeats counts
/// again.
#[derive(Clone)]
pub struct Ticks(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    seen_ms: i64,
    elapsed: Duration,
}

impl Ticks {
    /// From now on.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let state = State { seen_ms: clock.now_ms(), elapsed: Duration::ZERO };
        Self(Arc::new(Inner { clock, state: Mutex::new(state) }))
    }
}

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        let now_ms = self.0.clock.now_ms();
        // Two numbers that are written together are whole at every moment.
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now_ms.saturating_sub(state.seen_ms);
        state.seen_ms = now_ms;
        state.elapsed += Duration::from_millis(u64::try_from(passed).unwrap_or(0));
        state.elapsed
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::Clock as _;
    use whocpa_domain::{ManualClock, Time};

    use super::*;

    #[test]
    fn a_clock_that_is_set_back_goes_on() {
        let clock = ManualClock::new(Time(1000));
        let ticks = Ticks::new(Arc::new(clock.clone()));
        clock.advance(5);
        assert_eq!(ticks.now(), Duration::from_secs(5));
        clock.advance(-3600);
        assert_eq!(ticks.now(), Duration::from_secs(5));
        clock.advance(2);
        assert_eq!(ticks.now(), Duration::from_secs(7));
    }
}
