//! What is said of a lead when it is made, and what the same action does when it is sent again.

use whocpa_domain::facts::BotMark;
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::user::UserLevel;
use whocpa_domain::way::Intent;
use whocpa_store::goal::Goal;
use whocpa_store::lead::Lead;

use super::phones::{Number, Phones};
use super::rating::Ratings;
use super::receive::{Claim, Verdict};
use super::resolve::rejected;
use super::silence::auto_approve;
use super::steps::{Actor, Steps, Why, is_early};
use crate::catalogue::OfferEntry;

/// By which rules an action that is sent again is looked at.
pub(super) struct Rules<'a> {
    /// Its goal.
    pub goal: &'a Goal,
    /// Its offer.
    pub offer: Option<&'a OfferEntry>,
    /// The sale's amount in the goal's currency.
    pub amount: Option<i64>,
    /// What rated the leads that were there before this batch.
    pub ratings: &'a Ratings,
    /// The buyer's number, and the days for which the offer counts it once.
    pub number: Option<(Number, i64)>,
}

/// Why nothing approves a lead by itself: its click is counted apart (design §5), a browser reported it, or the advertiser
/// has not spoken of the order. Nothing else follows from any of them. Empty for a lead without such a mark.
pub(super) fn mark_words(claim: &Claim, mark: Option<BotMark>, goal: &Goal) -> String {
    let so = if goal.is_auto_approve { "; so the goal does not approve the lead by itself" } else { "" };
    let sent = &claim.conversion;
    // Told, and believed of nobody: the advertiser's own report names the sale.
    let named = match sent.sale_id.as_str() {
        sale_id if sent.is_unproven() && !sale_id.is_empty() => format!("; it calls the sale {sale_id:?}"),
        _ => String::new(),
    };
    match mark {
        Some(mark) => format!("the click is counted apart: {}{so}{named}", mark.word()),
        None if sent.is_unproven() => {
            format!("reported by a browser without a signature, as anybody could{so}{named}")
        }
        None if sent.order.is_some() && goal.is_auto_approve => {
            format!("an order, of which the advertiser has said nothing yet{so}")
        }
        None => String::new(),
    }
}

/// A decision that comes with the action, else the goal's own, which no marked lead gets.
pub(super) fn decide_new(claim: &Claim, goal: &Goal, is_marked: bool, (id, steps): (i64, &mut Steps)) {
    let (status, actor, why) = match claim.conversion.status {
        LeadStatus::Pending if goal.is_auto_approve && !is_marked => {
            (LeadStatus::Approved, Actor::NETWORK, Why::rule(LeadReason::GoalRule))
        }
        LeadStatus::Pending => return,
        sent => (sent, advertiser(claim), told(claim)),
    };
    // A pending lead takes every decision but Double, which nobody can send.
    if let Err(illegal) = steps.decide(id, status, actor, why) {
        tracing::warn!(lead.id = id, %illegal, "the decision that came with a new lead was not taken");
    }
}

/// The same action again: a retry, or a decision about it.
pub(super) fn again(
    claim: &Claim,
    rules: &Rules<'_>,
    lead_id: i64,
    (steps, phones): (&mut Steps, &mut Phones),
) -> Verdict {
    let verdict = decide_again(claim, rules, lead_id, steps);
    if matches!(verdict, Verdict::Rejected { .. }) {
        return verdict;
    }
    let sent = &claim.conversion;
    if !sent.sale_id.is_empty() && !sent.is_unproven() {
        steps.set_sale_id(lead_id, &sent.sale_id);
    }
    let is_new = |sealed| steps.set_buyer(lead_id, sealed);
    if claim.sealed.as_ref().is_some_and(is_new)
        && let Some((number, days)) = &rules.number
        && phones.holder(number, *days, claim.sent, steps).is_none()
    {
        phones.take(number.clone(), lead_id);
    }
    verdict
}

fn decide_again(claim: &Claim, rules: &Rules<'_>, lead_id: i64, steps: &mut Steps) -> Verdict {
    let is_corrected = match correct(claim, rules, lead_id, steps) {
        Ok(is_corrected) => is_corrected,
        Err(refusal) => return refusal,
    };
    match decide_known(claim, rules, lead_id, steps) {
        Verdict::Duplicate { lead_id, status } if is_corrected => Verdict::Updated { lead_id, status },
        verdict => verdict,
    }
}

fn decide_known(claim: &Claim, rules: &Rules<'_>, lead_id: i64, steps: &mut Steps) -> Verdict {
    let (before, sent) = (steps.status(lead_id), claim.conversion.status);
    let known = steps.lead(lead_id);
    let is_only_new = claim.conversion.intent == Intent::Add;
    // What was parked is out of date where somebody decided since it was sent. A lead that only came in meanwhile, or that
    // a rule approved, still waits for this word.
    let is_stale = claim.parked_id != 0 && steps.said(lead_id).is_some_and(|at| at >= claim.said.0);
    if sent == LeadStatus::Pending && claim.conversion.is_told() && known.is_some_and(waits) {
        return confirm(rules, lead_id, steps);
    }
    if sent == LeadStatus::Pending || before == LeadStatus::Double || is_stale || is_only_new {
        return Verdict::Duplicate { lead_id, status: before };
    }
    match steps.decide(lead_id, sent, advertiser(claim), told(claim)) {
        Ok(true) => Verdict::Updated { lead_id, status: sent },
        Ok(false) => Verdict::Duplicate { lead_id, status: before },
        Err(illegal) => rejected("status", format!("lead {lead_id}: {illegal}")),
    }
}

/// The same action with another amount of its sale: the lead is rated anew, before it is decided as the report says. Gives
/// whether that changed what it is worth.
fn correct(claim: &Claim, rules: &Rules<'_>, lead_id: i64, steps: &mut Steps) -> Result<bool, Verdict> {
    let (sent, actor) = (claim.conversion.status, advertiser(claim));
    let said_since = claim.parked_id != 0 && steps.said(lead_id).is_some_and(|at| at >= claim.said.0);
    let is_doubt =
        claim.conversion.is_unproven() || steps.status(lead_id) == LeadStatus::Double || said_since;
    let known = steps.lead(lead_id).filter(|lead| !is_doubt && lead.amount != rules.amount);
    let Some((lead, amount)) = known.zip(rules.amount) else { return Ok(false) };
    if claim.conversion.intent == Intent::Add && lead.amount.is_some() {
        let words = format!("lead {lead_id} was reported with another one: send an update of it");
        return Err(rejected("amount", words));
    }
    let money = rules.ratings.rate(lead, Some(amount));
    let money = money.map_err(|words| rejected("amount", format!("lead {lead_id}: {words}")))?;
    // All of it, or nothing.
    let is_decided = sent != LeadStatus::Pending && sent != lead.state().status;
    if is_decided && let Err(illegal) = lead.state().decide(sent, actor.decider()) {
        return Err(rejected("status", format!("lead {lead_id}: {illegal}")));
    }
    let words = if is_decided { "" } else { claim.conversion.comment.as_str() };
    let room = actor.decider().may_add(lead.event_count + i64::from(is_decided));
    let done = room.and_then(|()| steps.correct(lead_id, (amount, money), actor, words));
    done.map_err(|illegal| rejected("amount", format!("lead {lead_id}: {illegal}")))
}

/// Whether nothing approved a lead by itself only because its advertiser had not spoken of it.
fn waits(lead: &Lead) -> bool {
    let is_pending = lead.state().status == LeadStatus::Pending;
    is_pending && is_early(lead) && !lead.is_signed && lead.bot_mark == BotMark::None.code()
}

/// The advertiser reports what an order or a browser told before: from here on the rules hold for it.
fn confirm(rules: &Rules<'_>, lead_id: i64, steps: &mut Steps) -> Verdict {
    let until = rules.offer.and_then(|offer| auto_approve(offer, false, steps.now()));
    steps.set_auto_approve(lead_id, until);
    let rule = Why::rule(LeadReason::GoalRule);
    let is_approved = rules.goal.is_auto_approve
        && steps.decide(lead_id, LeadStatus::Approved, Actor::NETWORK, rule) == Ok(true);
    let status = steps.status(lead_id);
    if is_approved { Verdict::Updated { lead_id, status } } else { Verdict::Duplicate { lead_id, status } }
}

fn advertiser(claim: &Claim) -> Actor {
    Actor { level: UserLevel::Advertiser.code(), user_id: claim.conversion.advertiser_id }
}

fn told(claim: &Claim) -> Why<'_> {
    Why { code: claim.conversion.reason, words: &claim.conversion.comment }
}
