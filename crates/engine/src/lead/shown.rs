//! How leads are shown to each side.

use std::collections::BTreeMap;

use whocpa_domain::lead::{Closing, LeadEventKind, LeadStatus, LeadType};
use whocpa_domain::money::Amount;
use whocpa_domain::way::{Attribution, LeadWay};
use whocpa_domain::{Level, Time, view};
use whocpa_store::lead::Lead;
use whocpa_store::lead_event::LeadEvent;

use crate::Engine;

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
        /// Words to the status.
        substatus: String,
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
        /// Visitor's country, ISO 3166, empty when unknown.
        country: String,
        /// Page that the visitor came from.
        url_from: String,
        /// Days that the cookie holding the tid lives.
        cookie_ttl_days: i64,
        /// Visitor's language.
        language: String,
        /// Webmaster: what you earn with it; advertiser and operator: what the advertiser pays. Zero for refused leads.
        money: Amount,
        /// Amount of the sale, where it was sent.
        amount: Option<Amount>,
        /// Webmaster who brought it (advertisers and operators).
        #[serde(skip_serializing_if = "Option::is_none")]
        webmaster_id: Option<i64>,
        /// Advertiser who pays it (operators).
        #[serde(skip_serializing_if = "Option::is_none")]
        advertiser_id: Option<i64>,
        /// What the webmaster earns with it (operators).
        #[serde(skip_serializing_if = "Option::is_none")]
        payout: Option<Amount>,
    }
}

view! {
    /// One step in a lead's life.
    pub struct LeadEventView {
        /// From 1, without gaps.
        number: i64,
        /// What happened.
        kind: LeadEventKind,
        /// Status after it.
        status: LeadStatus,
        /// On hold or closed after it.
        is_closed: Closing,
        /// Who did it: network, webmaster, advertiser or operator.
        by: String,
        /// Why, in words.
        reason: String,
        /// When.
        date_created: Time,
    }
}

view! {
    /// A lead and its story.
    pub struct LeadView {
        /// All fields of the list.
        #[serde(flatten)]
        row: LeadRow,
        /// When its hold ends.
        date_hold_end: Time,
        /// The version of the goal's terms by which it was rated.
        goal_version_id: i64,
        /// The lead that a double repeats.
        first_lead_id: Option<i64>,
        /// By which door it came in.
        way: LeadWay,
        /// How it found the click that is paid for it.
        attribution: Attribution,
        /// Whether the report that made it carried a right signature of the advertiser.
        is_signed: bool,
        /// What happened to it, in order.
        events: Vec<LeadEventView>,
    }
}

impl Engine {
    pub(super) fn lead_row(&self, level: Level, lead: Lead, digits: &BTreeMap<i64, u8>) -> LeadRow {
        let state = lead.state();
        let digits = digits.get(&lead.currency_id).copied().unwrap_or(2);
        let amount = |micros| Amount { micros, digits };
        let earns = matches!(state.status, LeadStatus::Pending | LeadStatus::Approved);
        let worth = |micros| amount(if earns { micros } else { 0 });
        let is_operator = level == Level::Operator;
        LeadRow {
            id: lead.id,
            tid: self.tid_keys().write(lead.click_id),
            sale_id: lead.sale_id,
            r#type: LeadType::from_code(lead.r#type).unwrap_or(LeadType::Lead),
            is_closed: state.closing,
            status: state.status,
            substatus: lead.substatus,
            offer_id: lead.offer_id,
            goal_id: lead.goal_id,
            hold_period: lead.hold_period,
            currency_id: lead.currency_id,
            date_closed: lead.date_closed.map(Time),
            date_approved: lead.date_approved.map(Time),
            date_created: Time(lead.date_created),
            date_redirect: Time(lead.date_redirect),
            promo_id: None,
            product_id: None,
            stock_id: None,
            area_id: lead.area_id,
            deeplink_id: None,
            landing_id: None,
            link_id: lead.link_id,
            subid1: lead.subid1,
            subid2: lead.subid2,
            subid3: lead.subid3,
            subid4: lead.subid4,
            subid5: lead.subid5,
            keyword: lead.keyword,
            ip: lead.ip,
            ua: lead.ua,
            country: lead.country,
            url_from: lead.url_from,
            cookie_ttl_days: lead.cookie_ttl_days,
            language: lead.language,
            money: worth(if level == Level::Webmaster { lead.payout } else { lead.charge }),
            amount: lead.amount.map(amount),
            webmaster_id: (level != Level::Webmaster).then_some(lead.webmaster_id),
            advertiser_id: is_operator.then_some(lead.advertiser_id),
            payout: is_operator.then(|| worth(lead.payout)),
        }
    }
}

pub(super) fn event_view(event: LeadEvent) -> LeadEventView {
    use whocpa_domain::user::UserLevel;
    LeadEventView {
        number: event.number,
        kind: LeadEventKind::from_code(event.kind).unwrap_or(LeadEventKind::Created),
        status: LeadStatus::from_code(event.status).unwrap_or(LeadStatus::Pending),
        is_closed: Closing::from_code(event.is_closed).unwrap_or(Closing::Hold),
        by: UserLevel::from_code(event.level).map_or("network", UserLevel::word).to_owned(),
        reason: event.reason,
        date_created: Time(event.date_created),
    }
}
