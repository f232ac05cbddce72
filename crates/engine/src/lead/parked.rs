//! Parked conversions: tried again until their click is known, or their time is over.

use serde_json::json;
use whocpa_domain::buyer::Buyer;
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::orphan::OrphanKind;
use whocpa_domain::tid::ClickId;
use whocpa_domain::way::{Attribution, Intent, LeadWay};
use whocpa_domain::{Result, Time};
use whocpa_store::parked_lead::{self, ParkedLead};

use super::buyer::Sealed;
use super::desk::receive_all;
use super::receive::{Claim, Conversion, Order, Verdict};
use crate::Engine;
use crate::vault::fingerprint;

/// Those of one sweep.
const CHUNK: u64 = 200;
/// A parked conversion is tried again after this many seconds.
const PAUSE: i64 = 10;
/// One that waits for an order of its telephone number, after this many.
const PHONE_PAUSE: i64 = 60;
/// And for this many days.
pub(crate) const PARKED_DAYS: i64 = 30;

impl Engine {
    /// Tries parked conversions again, each by itself; gives how many were settled.
    pub async fn lead_match_parked(&self) -> Result<usize> {
        let (now, db) = (self.now(), self.store().read());
        let created_after = now.plus_days(-PARKED_DAYS);
        let mut settled = 0;
        for row in parked_lead::open(&db, now.plus(-PAUSE), created_after, CHUNK).await? {
            settled += usize::from(self.parked_try(row).await);
        }
        for mut row in parked_lead::of_phones(&db, now.plus(-PHONE_PAUSE), created_after, CHUNK).await? {
            if let Some((click_id, attribution)) = self.parked_phone(&row).await? {
                row.click_id = click_id;
                let mut claim = claim(row);
                claim.conversion.attribution = attribution;
                settled += usize::from(self.parked_settle(claim).await);
            } else {
                let id = row.id;
                let tried = move |db| async move { parked_lead::tried(&db, id, None, None, now).await };
                self.store().write(tried).await?;
            }
        }
        Ok(settled)
    }

    /// Ends those whose time is over; gives how many.
    pub async fn lead_expire_parked(&self) -> Result<u64> {
        let (mut ended, now) = (0, self.now());
        let before = now.plus_days(-PARKED_DAYS);
        loop {
            let expire = move |db| async move { parked_lead::expire(&db, before, now, CHUNK).await };
            let chunk = self.store().write(expire).await?;
            ended += chunk;
            if chunk < CHUNK {
                return Ok(ended);
            }
        }
    }

    /// Tries one; gives whether it is settled.
    pub(crate) async fn parked_try(&self, row: ParkedLead) -> bool {
        self.parked_settle(claim(row)).await
    }

    async fn parked_settle(&self, claim: Claim) -> bool {
        match receive_all(self, std::slice::from_ref(&claim)).await {
            Ok(verdicts) => verdicts.iter().any(|verdict| !matches!(verdict, Verdict::Parked { .. })),
            Err(error) => {
                tracing::warn!(parked.id = claim.parked_id, ?error, "a parked conversion failed");
                false
            }
        }
    }

    /// The click of an order that came in after the report of its telephone number.
    async fn parked_phone(&self, row: &ParkedLead) -> Result<Option<(ClickId, Attribution)>> {
        let catalogue = self.catalogue().now_owned();
        let offer = row.offer_id.and_then(|id| catalogue.offers.get(&id));
        let Some(offer) = offer.filter(|offer| offer.leads.is_phone_tracking) else { return Ok(None) };
        let since = Time(row.date_created).plus_days(-offer.cookie_ttl_days);
        self.phone_click(offer, &row.phone_hash, since).await
    }
}

/// What makes a report the same one when it is sent again, as a hash. A browser without a signature never meets the
/// advertiser's own word, nor either of them an order; where nothing names the action, all that is said of it does.
pub(super) fn natural_key(claim: &Claim, offer_id: Option<i64>) -> String {
    let sent = &claim.conversion;
    let buyer = claim.sealed.clone().unwrap_or_default();
    let (webmaster_id, order_id) =
        sent.order.as_ref().map_or((0, ""), |order| (order.webmaster_id, order.id.as_str()));
    let place = json!([sent.advertiser_id, offer_id, sent.goal_id, sent.goal_alias, sent.tid]);
    let side = json!([webmaster_id, sent.is_unproven()]);
    let is_named = claim.click_id != 0
        || [sent.sale_id.as_str(), order_id, &buyer.phone_hash].iter().any(|name| !name.is_empty());
    let action = if is_named {
        json!([sent.sale_id, order_id, buyer.phone_hash])
    } else {
        let decision = (sent.status.code(), sent.reason.code(), &sent.comment);
        json!([sent.amount, sent.currency, decision, buyer.print])
    };
    fingerprint(&json!([place, side, is_named, action]).to_string())
}

/// What was parked, as it was sent.
fn claim(row: ParkedLead) -> Claim {
    let kind = OrphanKind::from_code(row.kind).unwrap_or(OrphanKind::Late);
    let attribution = match kind {
        OrphanKind::Late => Attribution::Tid,
        OrphanKind::Cut => Attribution::CutTid,
        OrphanKind::NoPhone => Attribution::PhoneLast,
        _ => Attribution::Named,
    };
    Claim {
        click_id: row.click_id,
        orphan: (kind, row.reason),
        parked_id: row.id,
        parked_count: row.sent_count,
        sent: Time(row.date_created),
        said: Time(row.date_said),
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
            order: row.webmaster_id.map(|webmaster_id| Order {
                webmaster_id,
                id: row.order_id,
                area_id: row.area_id,
            }),
        },
        sealed: Some(Sealed { phone_hash: row.phone_hash, text: row.sealed, print: String::new() })
            .filter(|known| !known.text.is_empty()),
        by: None,
    }
}
