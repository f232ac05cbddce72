//! How leads are shown to each side.

use std::collections::BTreeMap;

use whocpa_domain::facts::BotMark;
use whocpa_domain::lead::{Closing, Contest, LeadReason, LeadStatus, LeadType, order_id};
use whocpa_domain::money::Amount;
use whocpa_domain::time::HOUR;
use whocpa_domain::{Level, Method, Resource, Time, view};
use whocpa_store::lead::Lead;

use super::buyer::BuyerView;
use crate::{Caller, Engine};

view! {
    /// A lead in a list.
    pub struct LeadRow {
        /// Lead id.
        id: i64,
        /// Id of the redirect (click).
        tid: String,
        /// The advertiser's id of the action.
        sale_id: String,
        /// What was done.
        r#type: LeadType,
        /// On hold or closed.
        is_closed: Closing,
        /// The advertiser's decision.
        status: LeadStatus,
        /// Why it has this status.
        reason: LeadReason,
        /// Words to the status.
        substatus: String,
        /// Whether the webmaster contests its refusal, and what became of it.
        contest: Contest,
        /// Offer.
        offer_id: i64,
        /// Goal.
        goal_id: i64,
        /// Days of hold.
        hold_period: i64,
        /// Currency of `money`.
        currency_id: i64,
        /// When it was closed.
        date_closed: Option<Time>,
        /// When it was approved.
        date_approved: Option<Time>,
        /// When it was created.
        date_created: Time,
        /// Until when the advertiser has agreed to decide; `null` when nothing was agreed when it came.
        date_decide_until: Option<Time>,
        /// Whether it is pending and that time is over.
        is_overdue: bool,
        /// When it is approved unless somebody decides before, as agreed when it came; `null` for never.
        date_auto_approve: Option<Time>,
        /// When it was first decided.
        date_decided: Option<Time>,
        /// Whole hours for which it has waited for its decision; `null` for a decided one.
        undecided_hours: Option<i64>,
        /// When the visitor was redirected.
        date_redirect: Time,
        /// Promo material of the click.
        promo_id: Option<i64>,
        /// Product of the click.
        product_id: Option<i64>,
        /// Stock (promotion) of the click.
        stock_id: Option<i64>,
        /// Traffic source of the click.
        area_id: Option<i64>,
        /// Deeplink of the click.
        deeplink_id: Option<i64>,
        /// Landing page of the click.
        landing_id: Option<i64>,
        /// Tracked link of the click.
        link_id: i64,
        /// The webmaster's label.
        subid1: String,
        /// The webmaster's label.
        subid2: String,
        /// The webmaster's label.
        subid3: String,
        /// The webmaster's label.
        subid4: String,
        /// The webmaster's label.
        subid5: String,
        /// Search phrase.
        keyword: String,
        /// Visitor's address.
        ip: String,
        /// Visitor's user agent.
        ua: String,
        /// Why its click is counted apart. By itself this is no reason to refuse it; it is never approved by silence.
        bot_mark: BotMark,
        /// Visitor's country, ISO 3166, empty when unknown.
        country: String,
        /// Page that the visitor came from.
        url_from: String,
        /// Days that the cookie holding the tid lives.
        cookie_ttl_days: i64,
        /// Visitor's language.
        language: String,
        /// Webmaster: what you earn with it; advertiser and operator: what the advertiser pays. Zero for refused leads;
        /// absent for operators who see no earnings.
        #[serde(skip_serializing_if = "Option::is_none")]
        money: Option<Amount>,
        /// Amount of the sale, where it was sent.
        amount: Option<Amount>,
        /// The person behind it; absent when nobody told who he is.
        #[serde(skip_serializing_if = "Option::is_none")]
        buyer: Option<BuyerView>,
        /// The webmaster's own id of an order that he sent; absent for others.
        #[serde(skip_serializing_if = "Option::is_none")]
        order_id: Option<String>,
        /// Webmaster who brought it (advertisers and operators).
        #[serde(skip_serializing_if = "Option::is_none")]
        webmaster_id: Option<i64>,
        /// Advertiser who pays it (operators).
        #[serde(skip_serializing_if = "Option::is_none")]
        advertiser_id: Option<i64>,
        /// What the webmaster earns with it (operators).
        #[serde(skip_serializing_if = "Option::is_none")]
        payout: Option<Amount>,
        /// Who is paid for having brought the webmaster, out of the network's part; absent when nobody is (operators).
        #[serde(skip_serializing_if = "Option::is_none")]
        referrer_id: Option<i64>,
        /// What he earns with it (operators).
        #[serde(skip_serializing_if = "Option::is_none")]
        referral: Option<Amount>,
    }
}

/// Who sees no transfers sees no earnings of leads either: support (`domain::role`).
pub(super) fn sees_money(caller: Caller) -> bool {
    caller.may(Resource::Transfer, Method::List).is_ok()
}

impl Engine {
    pub(crate) fn lead_row(&self, caller: Caller, lead: Lead, digits: &BTreeMap<i64, u8>) -> LeadRow {
        let (level, sees_money) = (caller.level, sees_money(caller));
        let state = lead.state();
        let digits = digits.get(&lead.currency_id).copied().unwrap_or(2);
        let amount = |micros| Amount { micros, digits };
        let earns = matches!(state.status, LeadStatus::Pending | LeadStatus::Approved);
        let worth = |micros| amount(if earns { micros } else { 0 });
        let (is_operator, contest) = (level == Level::Operator, lead.contest());
        let (reason, mark) = (LeadReason::from_code(lead.reason_code), BotMark::from_code(lead.bot_mark));
        let is_late = lead.date_decide_until.is_some_and(|until| until < self.now().0);
        LeadRow {
            id: lead.id,
            tid: self.tid_keys().write(lead.click_id),
            sale_id: lead.sale_id,
            r#type: LeadType::from_code(lead.r#type).unwrap_or(LeadType::Lead),
            is_closed: state.closing,
            status: state.status,
            reason: reason.unwrap_or(LeadReason::Untold),
            substatus: lead.substatus,
            contest,
            offer_id: lead.offer_id,
            goal_id: lead.goal_id,
            hold_period: lead.hold_period,
            currency_id: lead.currency_id,
            date_closed: lead.date_closed.map(Time),
            date_approved: lead.date_approved.map(Time),
            date_created: Time(lead.date_created),
            date_decide_until: lead.date_decide_until.map(Time),
            is_overdue: is_late && state.status == LeadStatus::Pending,
            date_auto_approve: lead.date_auto_approve.map(Time),
            date_decided: lead.date_decided.map(Time),
            undecided_hours: (state.status == LeadStatus::Pending)
                .then(|| (self.now().0 - lead.date_created).max(0) / HOUR),
            date_redirect: Time(lead.date_redirect),
            promo_id: lead.promo_id,
            product_id: lead.product_id,
            stock_id: lead.stock_id,
            area_id: lead.area_id,
            deeplink_id: lead.deeplink_id,
            landing_id: lead.landing_id,
            link_id: lead.link_id,
            subid1: lead.subid1,
            subid2: lead.subid2,
            subid3: lead.subid3,
            subid4: lead.subid4,
            subid5: lead.subid5,
            keyword: lead.keyword,
            ip: lead.ip,
            ua: lead.ua,
            bot_mark: mark.unwrap_or(BotMark::None),
            country: lead.country,
            url_from: lead.url_from,
            cookie_ttl_days: lead.cookie_ttl_days,
            language: lead.language,
            money: sees_money
                .then(|| worth(if level == Level::Webmaster { lead.payout } else { lead.charge })),
            amount: lead.amount.map(amount),
            buyer: None,
            order_id: order_id(&lead.natural_key).map(str::to_owned),
            webmaster_id: (level != Level::Webmaster).then_some(lead.webmaster_id),
            advertiser_id: is_operator.then_some(lead.advertiser_id),
            payout: (is_operator && sees_money).then(|| worth(lead.payout)),
            referrer_id: lead.referrer_id.filter(|_| is_operator && sees_money),
            referral: (is_operator && sees_money).then(|| worth(lead.referral)),
        }
    }
}
