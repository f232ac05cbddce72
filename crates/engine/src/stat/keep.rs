//! How long single clicks are kept. Their sums are kept for ever.

use std::time::Duration;

use whocpa_domain::time::DAY;
use whocpa_domain::{Result, Time};
use whocpa_store::stats;

use crate::Engine;

/// Clicks of one transaction: some milliseconds, so that the drainer hardly waits.
const BITE: i64 = 500;
/// Pause between two of them.
const PAUSE: Duration = Duration::from_millis(20);
/// Bites of one round, after which the job asks again whether it is still its turn.
const BITES: usize = 500;

impl Engine {
    /// Removes clicks that are older than the network keeps them, whole days of UTC at a time, in small bites. A job; gives how many
    /// went.
    pub async fn clicks_forget(&self) -> Result<u64> {
        let days = self.keep_days();
        if days == 0 {
            return Ok(0);
        }
        let until = self.now().plus_days(-i64::from(days));
        let until = Time(until.0 - until.0.rem_euclid(DAY));
        self.store().write_clicks(move |db| async move { stats::set_kept_from(&db, until).await }).await?;
        let mut gone = 0;
        for _ in 0..BITES {
            let some =
                self.store().write_clicks(move |db| async move { stats::forget(&db, BITE).await }).await?;
            gone += some;
            if some < BITE.unsigned_abs() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(gone)
    }
}
