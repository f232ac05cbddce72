//! What a lead has from its claim and its click, before it is rated.

use whocpa_domain::click::Click;
use whocpa_domain::lead::{Contest, LeadMoney, LeadReason, LeadStatus, LeadType};
use whocpa_domain::tid::click_ms;
use whocpa_store::condition::ConditionVersion;
use whocpa_store::goal::{Goal, GoalVersion};
use whocpa_store::lead::Lead;
use whocpa_store::referral::Referral;

use super::late::terms_of;
use super::receive::Claim;

/// The area that a claim comes from: its order's, else its click's.
pub(super) fn area_of(claim: &Claim, click: &Click) -> Option<i64> {
    let told = claim.conversion.order.as_ref().and_then(|order| order.area_id);
    told.or(Some(click.area_id).filter(|id| *id != 0))
}

/// Who could write any sale id names none: it would take the place of the advertiser's own.
fn sale_id(claim: &Claim) -> &str {
    if claim.conversion.is_unproven() { "" } else { &claim.conversion.sale_id }
}

/// A lead of this claim, before it is rated.
pub(super) fn bare_lead(
    claim: &Claim,
    click: &Click,
    goal: &Goal,
    (version, special): (&GoalVersion, Option<&ConditionVersion>),
    id: i64,
) -> Lead {
    let [subid1, subid2, subid3, subid4, subid5] = click.subid.clone();
    let hold_period = special.and_then(|special| special.hold_period).unwrap_or(version.hold_period);
    let given = |id: i64| Some(id).filter(|id| *id != 0);
    Lead {
        id,
        advertiser_id: claim.conversion.advertiser_id,
        webmaster_id: click.webmaster_id,
        offer_id: click.offer_id,
        goal_id: goal.id,
        goal_version_id: version.id,
        condition_version_id: special.map(|special| special.id),
        click_id: click.id,
        otol_click_id: None,
        natural_key: String::new(),
        sale_id: sale_id(claim).to_owned(),
        r#type: LeadType::Lead.code(),
        status: LeadStatus::Pending.code(),
        is_closed: 0,
        reason_code: LeadReason::Untold.code(),
        substatus: claim.conversion.comment.clone(),
        contest: Contest::None.code(),
        first_lead_id: None,
        event_count: 0,
        hold_period,
        currency_id: goal.currency_id,
        amount: None,
        charge: 0,
        payout: 0,
        referrer_id: None,
        referral_ppm: 0,
        referral: 0,
        date_created: claim.sent.0,
        date_redirect: click_ms(click.id).div_euclid(1000),
        date_approved: None,
        date_hold_end: claim.sent.plus_days(hold_period).0,
        date_decide_until: None,
        date_auto_approve: None,
        date_decided: None,
        terms_version: terms_of(click).map_or(0, |terms| terms.version),
        date_closed: None,
        link_id: click.link_id,
        area_id: area_of(claim, click),
        promo_id: given(click.promo_id),
        product_id: given(click.product_id),
        stock_id: given(click.stock_id),
        landing_id: given(click.landing_id),
        deeplink_id: given(click.deeplink_id),
        subid1,
        subid2,
        subid3,
        subid4,
        subid5,
        keyword: click.keyword.clone(),
        ip: click.ip.clone(),
        bot_mark: click.bot_mark,
        country: click.country.clone(),
        ua: click.ua.clone(),
        url_from: click.referer.clone(),
        language: click.language.clone(),
        cookie_ttl_days: click.cookie_ttl_days,
        way: claim.conversion.way.code(),
        attribution: claim.conversion.attribution.code(),
        is_signed: claim.conversion.is_signed,
        device: click.device,
        os: click.os.clone(),
        browser: click.browser.clone(),
        date_recorded: 0,
        goal_line: 0,
        month_leads: None,
    }
}

/// The same with what it is worth, and what of that is the referrer's.
pub(super) fn worth(lead: Lead, money: LeadMoney, referral: Option<&Referral>) -> Lead {
    let referral_ppm = referral.map_or(0, |referral| referral.ppm);
    let money = money.with_referral(referral_ppm);
    Lead {
        charge: money.charge,
        payout: money.payout,
        referrer_id: referral.map(|referral| referral.referrer_id),
        referral_ppm,
        referral: money.referral,
        ..lead
    }
}
