//! The end of the hold, and parked conversions: what time alone brings about.

use whocpa_domain::buyer::Buyer;
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::orphan::OrphanKind;
use whocpa_domain::way::{Attribution, Intent, LeadWay};
use whocpa_domain::{Error, Result, Time};
use whocpa_store::parked_lead::ParkedLead;
use whocpa_store::{lead, parked_lead};

use super::buyer::Sealed;
use super::desk::receive_all;
use super::receive::{Claim, Conversion, Verdict};
use super::steps::Steps;
use crate::Engine;

/// Leads of one transaction: well under 50 ms (design §11).
const CHUNK: u64 = 200;
/// A parked conversion is tried again after this many seconds.
const PARKED_PAUSE: i64 = 10;
/// And for this many days.
const PARKED_DAYS: i64 = 30;

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

    /// Tries parked conversions again, each by itself; gives how many were settled.
    pub async fn lead_match_parked(&self) -> Result<usize> {
        let now = self.now();
        let (tried_before, created_after) = (now.plus(-PARKED_PAUSE), now.plus_days(-PARKED_DAYS));
        let open = parked_lead::open(&self.store().read(), tried_before, created_after, CHUNK).await?;
        let mut settled = 0;
        for row in open {
            let claim = claim(row);
            match receive_all(self, std::slice::from_ref(&claim)).await {
                Ok(verdicts) => {
                    settled +=
                        verdicts.iter().filter(|verdict| !matches!(verdict, Verdict::Parked { .. })).count();
                }
                Err(error) => {
                    tracing::warn!(parked.id = claim.parked_id, ?error, "a parked conversion failed");
                }
            }
        }
        Ok(settled)
    }
}

/// What was parked, as it was sent.
fn claim(row: ParkedLead) -> Claim {
    let kind = OrphanKind::from_code(row.kind).unwrap_or(OrphanKind::Late);
    let attribution = if kind == OrphanKind::Cut { Attribution::CutTid } else { Attribution::Tid };
    Claim {
        click_id: row.click_id,
        orphan: (kind, row.reason),
        parked_id: row.id,
        sent: Time(row.date_created),
        conversion: Conversion {
            advertiser_id: row.advertiser_id,
            tid: row.tid,
            offer_id: row.offer_id.unwrap_or(0),
            goal_id: Some(row.goal_id).filter(|id| *id != 0),
            goal_alias: row.goal_alias,
            sale_id: row.sale_id,
            amount: row.amount,
            currency: row.currency,
            status: LeadStatus::from_code(row.status).unwrap_or(LeadStatus::Pending),
            reason: LeadReason::from_code(row.reason_code).unwrap_or(LeadReason::Untold),
            comment: row.comment,
            way: LeadWay::from_code(row.way).unwrap_or(LeadWay::Unknown),
            attribution,
            intent: Intent::from_code(row.intent).unwrap_or(Intent::Any),
            is_signed: row.is_signed,
            buyer: Buyer::default(),
            order: None,
        },
        sealed: Some(Sealed { phone_hash: row.phone_hash, text: row.sealed })
            .filter(|known| !known.text.is_empty()),
        by: None,
    }
}
