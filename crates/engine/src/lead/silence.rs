//! The clock of the advertiser's decision, and what his silence means: agreed per offer, shown to webmasters, and kept by
//! each lead as it was agreed when it came.

use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::{Error, Result, Time};
use whocpa_store::lead;

use super::steps::{Actor, Steps, Why};
use crate::Engine;
use crate::catalogue::OfferEntry;

/// Leads of one transaction: well under 50 ms (design §11).
const CHUNK: u64 = 100;

impl Engine {
    /// Approves every lead that nobody decided about in the time that its advertiser had agreed to; gives how many.
    ///
    /// The rule is the whole of it: no chance and nothing hidden decides. A decision that comes at the same moment either
    /// is seen here, and the lead is left alone, or finds the lead approved, and may correct it until it closes.
    pub async fn lead_approve_silent(&self) -> Result<u64> {
        let mut approved = 0;
        loop {
            let now = self.now();
            let chunk = self
                .store()
                .write(move |db| async move {
                    let silent = lead::silent(&db, now, CHUNK).await?;
                    let ids: Vec<i64> = silent.iter().map(|lead| lead.id).collect();
                    let mut steps = Steps::new(silent, now);
                    for id in &ids {
                        let until = steps.lead(*id).and_then(|lead| lead.date_auto_approve).map(Time);
                        let words = until.map(|until| {
                            format!("Nobody decided until {until} (decision_days of the offer)")
                        });
                        let words = words.as_deref().unwrap_or_default();
                        let why = Why { code: LeadReason::Silence, words };
                        // `silent` gives pending leads on hold only.
                        steps
                            .decide(*id, LeadStatus::Approved, Actor::NETWORK, why)
                            .map_err(|illegal| Error::Internal(format!("lead {id}: {illegal}")))?;
                    }
                    steps.write(&db).await?;
                    Ok(ids.len() as u64)
                })
                .await?;
            approved += chunk;
            if chunk < CHUNK {
                return Ok(approved);
            }
        }
    }
}

/// Until when the advertiser has agreed to decide about a lead that comes now. One that was parked comes when it is
/// matched: before that nobody could decide.
pub(super) fn decide_until(offer: &OfferEntry, now: Time) -> Option<i64> {
    (offer.decision_days > 0).then(|| now.plus_days(offer.decision_days).0)
}

/// When silence approves a lead that comes now; never when its click is marked (design §5) or anybody could have sent it.
pub(super) fn auto_approve(offer: &OfferEntry, is_marked: bool, now: Time) -> Option<i64> {
    decide_until(offer, now).filter(|_| offer.is_silence_approval && !is_marked)
}
