//! A report of an action that is tried: resolved like any other, in a transaction that is taken back.

use std::sync::{Mutex, PoisonError};

use whocpa_domain::{Error, Result, Scope};
use whocpa_store::lead::Lead;
use whocpa_store::person;

use super::desk::known;
use super::receive::{Conversion, Verdict};
use super::resolve::resolve_all;
use crate::Engine;

/// What is said of an action that another webmaster's lead has.
const ELSEWHERE: &str = "duplicate: this action is known already";

/// What would become of a report.
pub(crate) struct TriedLead {
    /// The verdict in words.
    pub verdict: String,
    /// The lead that it would make or change, as it would be then.
    pub lead: Option<Lead>,
}

impl Engine {
    /// Tries a report about a click that the caller may see, in the name of the offer's advertiser; nothing for others.
    pub(crate) async fn lead_simulate(
        &self,
        scope: Scope,
        conversion: Conversion,
    ) -> Result<Option<TriedLead>> {
        let mut claim = self.claim_of(conversion);
        if claim.click_id == 0 {
            let verdict = format!("parked: {}", claim.orphan.1);
            return Ok(Some(TriedLead { verdict, lead: None }));
        }
        let known = known(self, std::slice::from_ref(&claim)).await?;
        let Some((webmaster_id, advertiser_id)) = known.parties(claim.click_id) else { return Ok(None) };
        let (sees_click, sees_all_leads) = match scope {
            Scope::All => (true, true),
            Scope::Webmaster(id) => (id == webmaster_id, false),
            Scope::Advertiser(id) => (id == advertiser_id, true),
            Scope::Manager(_) => {
                let db = self.store().read();
                let is_advertisers = person::view(&db, scope, advertiser_id).await?.is_some();
                (is_advertisers || person::view(&db, scope, webmaster_id).await?.is_some(), is_advertisers)
            }
            Scope::Public => (false, false),
        };
        if !sees_click {
            return Ok(None);
        }
        claim.conversion.advertiser_id = advertiser_id;
        let (found, known, claim, now) = (&Mutex::new(None), &known, &claim, self.now());
        let taken_back = self.store().write(move |db| async move {
            let resolved = resolve_all(&db, known, std::slice::from_ref(claim), 0, now).await?;
            // Somebody else's lead may have the action already: neither it nor what was told of it is for this caller.
            if !sees_all_leads && resolved.steps.leads().any(|lead| lead.webmaster_id != webmaster_id) {
                *found.lock().unwrap_or_else(PoisonError::into_inner) = Some((ELSEWHERE.to_owned(), None));
                return Err(Error::Conflict("tried only".to_owned()));
            }
            let verdict = resolved.verdicts.into_iter().next();
            let lead = verdict.as_ref().and_then(|verdict| resolved.steps.lead(lead_id(verdict)?).cloned());
            *found.lock().unwrap_or_else(PoisonError::into_inner) =
                verdict.map(|verdict| (words(&verdict), lead));
            Err::<(), Error>(Error::Conflict("tried only".to_owned()))
        });
        let taken_back = taken_back.await;
        match found.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some((verdict, lead)) => Ok(Some(TriedLead { verdict, lead })),
            None => {
                Err(taken_back.err().unwrap_or_else(|| Error::Internal("a trial said nothing".to_owned())))
            }
        }
    }
}

fn lead_id(verdict: &Verdict) -> Option<i64> {
    match verdict {
        Verdict::Accepted { lead_id, .. }
        | Verdict::Updated { lead_id, .. }
        | Verdict::Duplicate { lead_id, .. } => Some(*lead_id),
        Verdict::Parked { .. } | Verdict::Rejected { .. } => None,
    }
}

fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accepted { .. } => "accepted".to_owned(),
        Verdict::Updated { lead_id, .. } => format!("updated: lead {lead_id}"),
        Verdict::Duplicate { lead_id, .. } => format!("duplicate of {lead_id}"),
        Verdict::Parked { reason, .. } => format!("parked: {reason}"),
        Verdict::Rejected { field, reason } => format!("rejected: {field}: {reason}"),
    }
}
