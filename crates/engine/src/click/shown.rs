//! A click as the API shows it.

use std::collections::BTreeMap;

use whocpa_domain::click::{Click, ClickReason};
use whocpa_domain::facts::{BotMark, ClickWay, DeviceKind};
use whocpa_domain::tid::{ClickId, click_ms};
use whocpa_domain::trace::{Check, Trace, TraceStep};
use whocpa_domain::{Level, Time, view};

use crate::Engine;

view! {
    /// A click in a list.
    pub struct ClickRow {
        /// The tid: id of the redirect.
        id: String,
        /// When the visitor was redirected.
        date_created: Time,
        /// Who brought the visitor; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        webmaster_id: Option<i64>,
        /// Tracked link.
        link_id: Option<i64>,
        /// Deeplink.
        deeplink_id: Option<i64>,
        /// Parked domain that the visitor came through.
        domain_id: Option<i64>,
        /// Traffic source.
        area_id: Option<i64>,
        /// Offer.
        offer_id: Option<i64>,
        /// Landing page.
        landing_id: Option<i64>,
        /// Promo material.
        promo_id: Option<i64>,
        /// Product.
        product_id: Option<i64>,
        /// Stock (promotion).
        stock_id: Option<i64>,
        /// Why the visitor was sent to where he was sent.
        reason: ClickReason,
        /// Whether it is the visitor's first click on the offer within 24 hours.
        is_unique: bool,
        /// Whether it is counted apart; such a click is never dropped.
        is_bot: bool,
        /// Why it is counted apart.
        bot_mark: BotMark,
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
        /// Visitor's country, ISO 3166, empty when unknown.
        country: String,
        /// Visitor's device.
        device: DeviceKind,
        /// Visitor's operating system, empty when unknown.
        os: String,
        /// Version of the operating system, empty when unknown.
        os_version: String,
        /// Visitor's browser, empty when unknown.
        browser: String,
        /// Version of the browser, empty when unknown.
        browser_version: String,
        /// Visitor's language.
        language: String,
        /// Visitor's user agent.
        ua: String,
        /// Page that the visitor came from.
        url_from: String,
        /// How many leads it brought.
        lead_count: i64,
    }
}

view! {
    /// One question that was asked about a click.
    pub struct ClickStep {
        /// From 1, in the order in which they were asked.
        number: i64,
        /// What was looked at, for example `offer`, `connection`, `geo`, `cap`.
        check: String,
        /// Whether the click passed.
        is_passed: bool,
        /// What was found, in words.
        detail: String,
    }
}

view! {
    /// A click and how it was decided.
    pub struct ClickView {
        /// All fields of the list.
        #[serde(flatten)]
        row: ClickRow,
        /// How the click came about.
        way: ClickWay,
        /// The query of the address as it was asked for.
        query: String,
        /// Click ids of ad networks, and the names under which labels came that were not called `subid1` and so on: a
        /// query such as `subid1=clickid&gclid=abc`.
        params: String,
        /// Site that the visitor was sent to, without path and parameters; empty for a page of the network.
        url_to: String,
        /// The questions and their answers, in order.
        trace: Vec<ClickStep>,
        /// Leads that it brought.
        lead_ids: Vec<i64>,
    }
}

impl Engine {
    /// A click as this level sees it; `leads` are those of its page.
    pub(super) fn click_row(
        &self,
        level: Level,
        click: Click,
        leads: &BTreeMap<ClickId, Vec<i64>>,
    ) -> ClickRow {
        let given = |id: i64| Some(id).filter(|id| *id != 0);
        let bot_mark = BotMark::from_code(click.bot_mark).unwrap_or(BotMark::None);
        let [subid1, subid2, subid3, subid4, subid5] = click.subid;
        ClickRow {
            id: self.tid_keys().write(click.id),
            date_created: Time(click_ms(click.id).div_euclid(1000)),
            webmaster_id: given(click.webmaster_id).filter(|_| level == Level::Operator),
            link_id: given(click.link_id),
            deeplink_id: given(click.deeplink_id),
            domain_id: given(click.domain_id),
            area_id: given(click.area_id),
            offer_id: given(click.offer_id),
            landing_id: given(click.landing_id),
            promo_id: given(click.promo_id),
            product_id: given(click.product_id),
            stock_id: given(click.stock_id),
            reason: ClickReason::from_code(click.reason).unwrap_or(ClickReason::UnknownCode),
            is_unique: click.is_unique,
            is_bot: bot_mark != BotMark::None,
            bot_mark,
            subid1,
            subid2,
            subid3,
            subid4,
            subid5,
            keyword: click.keyword,
            ip: click.ip,
            country: click.country,
            device: DeviceKind::from_code(click.device).unwrap_or(DeviceKind::Other),
            os: click.os,
            os_version: click.os_version,
            browser: click.browser,
            browser_version: click.browser_version,
            language: click.language,
            ua: click.ua,
            url_from: click.referer,
            lead_count: leads.get(&click.id).map_or(0, |ids| i64::try_from(ids.len()).unwrap_or(i64::MAX)),
        }
    }
}

/// A stored trace, step by step.
pub(crate) fn steps(trace: &str) -> Vec<ClickStep> {
    told(Trace::read(trace))
}

/// Steps in words.
pub(crate) fn told(steps: impl Iterator<Item = TraceStep>) -> Vec<ClickStep> {
    let steps = (1..).zip(steps);
    let shown = steps.map(|(number, step)| ClickStep {
        number,
        check: step.check.word().to_owned(),
        is_passed: step.is_passed,
        detail: step.words(),
    });
    shown.collect()
}

/// The site that the visitor was sent to, as the trace has it.
pub(super) fn site(trace: &str) -> String {
    let to = Trace::read(trace).find(|step| step.check == Check::Destination && step.is_passed);
    to.map_or_else(String::new, |step| step.found)
}
