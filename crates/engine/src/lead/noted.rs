//! What the audit tells of a lead that was sent by the API; nothing of its buyer.

use serde::Serialize;
use whocpa_domain::Resource;

use super::order::LeadCreated;
use super::receive::{Claim, Verdict};
use super::steps::Steps;
use crate::Caller;
use crate::audit::Changes;

/// A request to be noted, with what it is told.
pub(super) struct Request {
    pub caller: Caller,
    pub resource: Resource,
    pub id: i64,
    pub told: LeadCreated,
    pub changes: Changes,
}

/// A lead as the audit shows it.
#[derive(Serialize, PartialEq)]
pub(super) struct Noted {
    offer_id: i64,
    goal_id: i64,
    webmaster_id: i64,
    status: i64,
    reason_code: i64,
    way: i64,
    sale_id: String,
    first_lead_id: Option<i64>,
    is_buyer_known: bool,
}

impl Noted {
    /// A lead as it is by now.
    pub fn of(lead_id: i64, steps: &Steps) -> Option<Self> {
        let lead = steps.lead(lead_id)?;
        Some(Self {
            offer_id: lead.offer_id,
            goal_id: lead.goal_id,
            webmaster_id: lead.webmaster_id,
            status: lead.status,
            reason_code: lead.reason_code,
            way: lead.way,
            sale_id: lead.sale_id.clone(),
            first_lead_id: lead.first_lead_id,
            is_buyer_known: steps.knows_buyer(lead_id),
        })
    }

    fn parked(claim: &Claim) -> Self {
        let sent = &claim.conversion;
        Self {
            offer_id: sent.offer_id,
            goal_id: sent.goal_id.unwrap_or(0),
            webmaster_id: sent.order.as_ref().map_or(0, |order| order.webmaster_id),
            status: sent.status.code(),
            reason_code: sent.reason.code(),
            way: sent.way.code(),
            sale_id: sent.sale_id.clone(),
            first_lead_id: None,
            is_buyer_known: claim.sealed.is_some(),
        }
    }
}

/// What is to be noted of a request; nothing of one that changed nothing. `before` is the lead that it was about.
pub(super) fn request(
    claim: &Claim,
    verdict: &Verdict,
    before: Option<&Noted>,
    steps: &Steps,
) -> Option<Request> {
    let (caller, told) = claim.by.zip(LeadCreated::of(verdict))?;
    let (resource, id, changes) = match *verdict {
        Verdict::Parked { id, .. } => (Resource::Orphan, id, Changes::created(&Noted::parked(claim))),
        Verdict::Accepted { lead_id, .. } => {
            (Resource::Lead, lead_id, Changes::created(&Noted::of(lead_id, steps)?))
        }
        Verdict::Updated { lead_id, .. } | Verdict::Duplicate { lead_id, .. } => {
            let (before, after) = (before?, Noted::of(lead_id, steps)?);
            let is_same = matches!(verdict, Verdict::Duplicate { .. }) && *before == after;
            (Resource::Lead, lead_id, (!is_same).then(|| Changes::updated(before, &after))?)
        }
        Verdict::Rejected { .. } => return None,
    };
    Some(Request { caller, resource, id, told, changes })
}
