//! What is said of a lead when it is made, and what the same action does when it is sent again.

use whocpa_domain::facts::BotMark;
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::money::Amount;
use whocpa_domain::user::UserLevel;
use whocpa_domain::way::Intent;
use whocpa_store::goal::Goal;
use whocpa_store::lead::Lead;

use super::receive::{Claim, Verdict};
use super::resolve::rejected;
use super::steps::{Actor, Steps, Why, is_order};

/// Why nothing approves a lead by itself: its click is counted apart (design §5), or a browser reported it. Nothing else
/// follows from either. Empty for a lead without such a mark.
pub(super) fn mark_words(mark: Option<BotMark>, is_marked: bool, goal: &Goal) -> String {
    let so = if goal.is_auto_approve { "; so the goal does not approve the lead by itself" } else { "" };
    match mark {
        Some(mark) => format!("the click is counted apart: {}{so}", mark.word()),
        None if is_marked => {
            format!("reported by a browser without a signature, as anybody could{so}")
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
pub(super) fn again(claim: &Claim, lead_id: i64, steps: &mut Steps) -> Verdict {
    let verdict = decide_again(claim, lead_id, steps);
    if !matches!(verdict, Verdict::Rejected { .. }) {
        if !claim.conversion.sale_id.is_empty() {
            steps.set_sale_id(lead_id, &claim.conversion.sale_id);
        }
        if let Some(sealed) = &claim.sealed {
            steps.set_buyer(lead_id, &sealed.phone_hash, &sealed.text);
        }
    }
    verdict
}

fn decide_again(claim: &Claim, lead_id: i64, steps: &mut Steps) -> Verdict {
    let (before, sent) = (steps.status(lead_id), claim.conversion.status);
    let known = steps.lead(lead_id);
    let is_only_new = claim.conversion.intent == Intent::Add;
    let same_currency = claim.conversion.currency.is_empty();
    let amounts = known.and_then(|lead| lead.amount).zip(claim.conversion.amount).filter(|_| same_currency);
    if let Some((amount, _)) = amounts.filter(|(known, sent)| known != sent) {
        let amount = Amount { micros: amount, digits: 2 };
        return rejected(
            "amount",
            format!("lead {lead_id} was reported with {amount}; corrected amounts are not taken yet"),
        );
    }
    // What was parked is older than a lead that was made meanwhile: its decision is out of date. Not so an order's, which
    // came without a word of the advertiser.
    let is_untold = |lead: &Lead| before == LeadStatus::Pending && is_order(lead);
    let is_newer = |lead: &Lead| lead.date_created >= claim.sent.0 && !is_untold(lead);
    let is_stale = claim.parked_id != 0 && known.is_some_and(is_newer);
    if sent == LeadStatus::Pending || before == LeadStatus::Double || is_stale || is_only_new {
        return Verdict::Duplicate { lead_id, status: before };
    }
    match steps.decide(lead_id, sent, advertiser(claim), told(claim)) {
        Ok(true) => Verdict::Updated { lead_id, status: sent },
        Ok(false) => Verdict::Duplicate { lead_id, status: before },
        Err(illegal) => rejected("status", format!("lead {lead_id}: {illegal}")),
    }
}

fn advertiser(claim: &Claim) -> Actor {
    Actor { level: UserLevel::Advertiser.code(), user_id: claim.conversion.advertiser_id }
}

fn told(claim: &Claim) -> Why<'_> {
    Why { code: claim.conversion.reason, words: &claim.conversion.comment }
}
