//! Clicks: every visit through a link, with the reason why it went where it went.

use whocpa_domain::click::ClickReason;
use whocpa_domain::facts::{BotMark, DeviceKind};
use whocpa_domain::input::Until;
use whocpa_domain::{Page, PerPage, Time, params, view};

params! {
    /// Which clicks are wanted.
    pub struct ClickList {
        /// Only clicks with these tids.
        tid: Option<Vec<String>>,
        /// Only to these offers.
        offer_id: Option<Vec<i64>>,
        /// Only through these links.
        link_id: Option<Vec<i64>>,
        /// Only from these areas.
        area_id: Option<Vec<i64>>,
        /// Only of these webmasters; for operators.
        webmaster_id: Option<Vec<i64>>,
        /// Clicked from here on.
        d_created_from: Option<Time>,
        /// Clicked until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Only from these countries, ISO 3166 codes such as `UA`.
        country: Option<Vec<String>>,
        /// Only from these kinds of device.
        device: Option<Vec<DeviceKind>>,
        /// Only with these reasons.
        reason: Option<Vec<ClickReason>>,
        /// Only first visits of a visitor to an offer within 24 hours (1), or only repeated ones (0).
        is_unique: Option<bool>,
        /// Only marked clicks (1), or only those without a mark (0).
        is_bot: Option<bool>,
        /// Only clicks that brought a lead (1), or only those that did not (0).
        has_lead: Option<bool>,
        /// Only with one of these first labels.
        subid1: Option<Vec<String>>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

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
        /// Visitor's browser, empty when unknown.
        browser: String,
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
        /// The query of the address as it was asked for.
        query: String,
        /// Site that the visitor was sent to, without parameters.
        url_to: String,
        /// The questions and their answers, in order.
        trace: Vec<ClickStep>,
        /// Leads that it brought.
        lead_ids: Vec<i64>,
    }
}
