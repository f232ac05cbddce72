//! The end of the hold: what time alone brings about.

use whocpa_domain::{Error, Result};
use whocpa_store::lead;

use super::steps::Steps;
use crate::Engine;

/// Leads of one transaction: well under 50 ms (design §11).
const CHUNK: u64 = 200;

impl Engine {
    /// Closes every decided lead whose hold is over; gives how many. Pending ones stay open.
    pub async fn lead_close_due(&self) -> Result<u64> {
        let mut closed = 0;
        loop {
            let now = self.now();
            let chunk = self
                .store()
                .write(move |db| async move {
                    let due = lead::due(&db, now, CHUNK).await?;
                    let ids: Vec<i64> = due.iter().map(|lead| lead.id).collect();
                    let mut steps = Steps::new(due, now);
                    for id in &ids {
                        // `due` gives decided leads on hold only.
                        steps
                            .close(*id)
                            .map_err(|illegal| Error::Internal(format!("lead {id}: {illegal}")))?;
                    }
                    steps.write(&db).await?;
                    Ok(ids.len() as u64)
                })
                .await?;
            closed += chunk;
            if chunk < CHUNK {
                return Ok(closed);
            }
        }
    }
}
