//! Keeping the numbers of leads small to read.

use whocpa_domain::Result;
use whocpa_store::lead_count;

use crate::Engine;

/// Changes of one transaction: well under 50 ms (design §11).
const CHUNK: i64 = 4_000;

impl Engine {
    /// Adds what has changed to the numbers of leads; gives how many changes there were. Lists are right without it,
    /// only slower.
    pub async fn lead_count_fold(&self) -> Result<u64> {
        let mut folded = 0;
        loop {
            let chunk = self.store().write(|db| async move { lead_count::fold(&db, CHUNK).await }).await?;
            folded += chunk;
            if chunk < CHUNK.unsigned_abs() {
                return Ok(folded);
            }
        }
    }
}
