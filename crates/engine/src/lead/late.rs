//! Leads that come when their offer takes no more visitors: they are paid, unless the terms that their click carries say
//! otherwise (design §5).

use whocpa_domain::Time;
use whocpa_domain::click::Click;
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::terms::{LateRule, LateTerms};
use whocpa_domain::tid::click_ms;
use whocpa_domain::trace::{Check, Trace};

use super::receive::Claim;
use crate::catalogue::OfferEntry;

/// The terms that a click carries, none for a click that knows none: it is paid.
pub(super) fn terms_of(click: &Click) -> Option<LateTerms> {
    let step = Trace::read(&click.trace).find(|step| step.check == Check::Terms)?;
    LateTerms::read(&step.found)
}

/// Why a lead is not paid, in words; none for one that is.
pub(super) fn unpaid(claim: &Claim, click: &Click, offer: &OfferEntry) -> Option<String> {
    let terms = terms_of(click)?;
    let clicked = Time(click_ms(click.id).div_euclid(1000));
    if terms.pays(clicked, claim.sent) {
        return None;
    }
    let why = after(claim, click, offer)?;
    let says = match terms.rule {
        LateRule::Young => format!("leads are paid within {} days of their click then", terms.days),
        LateRule::Paid | LateRule::Unpaid => "no leads are paid then".to_owned(),
    };
    Some(format!("{why}; by version {} of the offer's terms, which the click carries, {says}", terms.version))
}

/// A new lead's first status and its reason: a repeated one is a Double, one that is not paid is refused.
pub(super) fn beginning(repeated: Option<LeadReason>, is_unpaid: bool) -> (LeadStatus, LeadReason) {
    match (repeated, is_unpaid) {
        (Some(code), _) => (LeadStatus::Double, code),
        (None, true) => (LeadStatus::Rejected, LeadReason::Late),
        (None, false) => (LeadStatus::Pending, LeadReason::Untold),
    }
}

/// What had happened to the offer when the lead was reported. What was parked is as old as its report: whether a cap was
/// reached then is not known any more, so it counts as in time.
fn after(claim: &Claim, click: &Click, offer: &OfferEntry) -> Option<&'static str> {
    let since = |moment: Option<i64>| moment.is_some_and(|moment| claim.sent.0 >= moment);
    if !offer.is_live && since(offer.date_stopped) {
        return Some("the offer had stopped");
    }
    if since(offer.date_stop) {
        return Some("the offer had ended");
    }
    let is_full = |cap: &crate::catalogue::CapEntry| cap.stops(click.webmaster_id, claim.sent);
    (claim.parked_id == 0 && offer.caps.iter().any(is_full)).then_some("a cap of the offer was reached")
}
