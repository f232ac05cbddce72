//! What may be asked of statistics, and how it becomes a question to the store.

use std::collections::BTreeMap;

use whocpa_domain::click::ClickReason;
use whocpa_domain::facts::DeviceKind;
use whocpa_domain::input::Limits;
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::sort::Sort;
use whocpa_domain::stat::{Dimension, Edge, Key, Shape, StatSort};
use whocpa_domain::user::TimeZone;
use whocpa_domain::{FieldErrors, Level, Page, PerPage, Time, params};

params! {
    /// What is counted and how.
    pub struct StatList {
        /// By what it is counted apart, one to four; `day` unless told. Hours, days, weeks (from Monday) and months are those of
        /// `tz`. `goal`, `status`, `reason` and `currency` are of leads only, `click_reason` of clicks only.
        group: Option<Vec<Dimension>>,
        /// From here on, by the clock of `tz`; the last seven days unless told.
        from: Option<Edge>,
        /// Until here, inclusive: a date takes its whole day in. Today unless told.
        to: Option<Edge>,
        /// Zone in which days begin, for example `Europe/Kyiv`; that of your profile unless told.
        tz: Option<TimeZone>,
        /// Only of these offers.
        offer_id: Option<Vec<i64>>,
        /// Only for these goals.
        goal_id: Option<Vec<i64>>,
        /// Only of these advertisers; for operators.
        advertiser_id: Option<Vec<i64>>,
        /// Only of these webmasters; for advertisers and operators.
        webmaster_id: Option<Vec<i64>>,
        /// Only of webmasters whom these operators look after; for operators.
        manager_id: Option<Vec<i64>>,
        /// Only from these areas; for webmasters and operators.
        area_id: Option<Vec<i64>>,
        /// Only through these links; for webmasters and operators.
        link_id: Option<Vec<i64>>,
        /// Only on these landing pages.
        landing_id: Option<Vec<i64>>,
        /// Only with these promo materials.
        promo_id: Option<Vec<i64>>,
        /// Only of these stocks (promotions).
        stock_id: Option<Vec<i64>>,
        /// Only through these deeplinks; for webmasters and operators.
        deeplink_id: Option<Vec<i64>>,
        /// Only from these countries, ISO 3166 codes such as `UA`.
        country: Option<Vec<String>>,
        /// Only from these kinds of device.
        device: Option<Vec<DeviceKind>>,
        /// Only with these operating systems.
        os: Option<Vec<String>>,
        /// Only with these browsers.
        browser: Option<Vec<String>>,
        /// Only in these languages, ISO 639-1 codes such as `uk`.
        language: Option<Vec<String>>,
        /// Only with one of these first labels; for webmasters and operators.
        subid1: Option<Vec<String>>,
        /// Only with one of these second labels; for webmasters and operators.
        subid2: Option<Vec<String>>,
        /// Only with one of these third labels; for webmasters and operators.
        subid3: Option<Vec<String>>,
        /// Only with one of these fourth labels; for webmasters and operators.
        subid4: Option<Vec<String>>,
        /// Only with one of these fifth labels; for webmasters and operators.
        subid5: Option<Vec<String>>,
        /// Only with one of these search phrases; for webmasters and operators.
        keyword: Option<Vec<String>>,
        /// Only with these reasons for where they went; clicks only; for webmasters and operators.
        click_reason: Option<Vec<ClickReason>>,
        /// Only with these statuses; leads only.
        status: Option<Vec<LeadStatus>>,
        /// Only with these reasons of their status; leads only.
        reason: Option<Vec<LeadReason>>,
        /// Only in these currencies; leads only.
        currency_id: Option<Vec<i64>>,
        /// Only in these hours of the day.
        hour_of_day: Option<Vec<i64>> where Limits::Range(0, 23),
        /// Only on these days of the week, 1 for Monday to 7.
        weekday: Option<Vec<i64>> where Limits::Range(1, 7),
        /// Not of these offers.
        offer_id_not: Option<Vec<i64>>,
        /// Not for these goals.
        goal_id_not: Option<Vec<i64>>,
        /// Not of these advertisers; for operators.
        advertiser_id_not: Option<Vec<i64>>,
        /// Not of these webmasters; for advertisers and operators.
        webmaster_id_not: Option<Vec<i64>>,
        /// Not of webmasters whom these operators look after; for operators.
        manager_id_not: Option<Vec<i64>>,
        /// Not from these areas; for webmasters and operators.
        area_id_not: Option<Vec<i64>>,
        /// Not through these links; for webmasters and operators.
        link_id_not: Option<Vec<i64>>,
        /// Not on these landing pages.
        landing_id_not: Option<Vec<i64>>,
        /// Not with these promo materials.
        promo_id_not: Option<Vec<i64>>,
        /// Not of these stocks (promotions).
        stock_id_not: Option<Vec<i64>>,
        /// Not through these deeplinks; for webmasters and operators.
        deeplink_id_not: Option<Vec<i64>>,
        /// Not from these countries, ISO 3166 codes such as `UA`.
        country_not: Option<Vec<String>>,
        /// Not from these kinds of device.
        device_not: Option<Vec<DeviceKind>>,
        /// Not with these operating systems.
        os_not: Option<Vec<String>>,
        /// Not with these browsers.
        browser_not: Option<Vec<String>>,
        /// Not in these languages, ISO 639-1 codes such as `uk`.
        language_not: Option<Vec<String>>,
        /// Not with one of these first labels; for webmasters and operators.
        subid1_not: Option<Vec<String>>,
        /// Not with one of these second labels; for webmasters and operators.
        subid2_not: Option<Vec<String>>,
        /// Not with one of these third labels; for webmasters and operators.
        subid3_not: Option<Vec<String>>,
        /// Not with one of these fourth labels; for webmasters and operators.
        subid4_not: Option<Vec<String>>,
        /// Not with one of these fifth labels; for webmasters and operators.
        subid5_not: Option<Vec<String>>,
        /// Not with one of these search phrases; for webmasters and operators.
        keyword_not: Option<Vec<String>>,
        /// Not with these reasons for where they went; clicks only; for webmasters and operators.
        click_reason_not: Option<Vec<ClickReason>>,
        /// Not with these statuses; leads only.
        status_not: Option<Vec<LeadStatus>>,
        /// Not with these reasons of their status; leads only.
        reason_not: Option<Vec<LeadReason>>,
        /// Not in these currencies; leads only.
        currency_id_not: Option<Vec<i64>>,
        /// Not in these hours of the day.
        hour_of_day_not: Option<Vec<i64>> where Limits::Range(0, 23),
        /// Not on these days of the week, 1 for Monday to 7.
        weekday_not: Option<Vec<i64>> where Limits::Range(1, 7),
        /// Only those that have no value of these dimensions: no label, no area, an unknown country.
        none: Option<Vec<Dimension>>,
        /// Only those that have a value of these dimensions.
        none_not: Option<Vec<Dimension>>,
        /// Order of the rows: a dimension of `group` or a measure, with a minus in front for the largest first; the first
        /// dimension unless told. `money` and `epc` need one `currency_id`.
        sort: Option<Sort<StatSort>>,
        /// Whether `before` tells the same of the period before, as long as this one.
        compare: Option<bool>,
        /// Leads and money as they were known at this moment; now unless told.
        as_of: Option<Time>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

/// Values that are wanted, or not, by dimension.
pub(super) type Filters = BTreeMap<Dimension, Vec<Key>>;

/// A value that a filter may have.
trait Named {
    fn key(self) -> Key;
}

impl Named for i64 {
    fn key(self) -> Key {
        Key::Number(self)
    }
}

impl Named for String {
    fn key(self) -> Key {
        Key::Text(self)
    }
}

macro_rules! named {
    ($($kind:ty),*) => { $(impl Named for $kind {
        fn key(self) -> Key {
            Key::Number(self.code())
        }
    })* };
}
named!(DeviceKind, ClickReason, LeadStatus, LeadReason);

fn add<T: Named>(filters: &mut Filters, dimension: Dimension, values: Option<Vec<T>>) {
    if let Some(values) = values {
        filters.entry(dimension).or_default().extend(values.into_iter().map(Named::key));
    }
}

/// Codes of countries as they are stored.
fn capitals(codes: Option<Vec<String>>) -> Option<Vec<String>> {
    codes.map(|codes| codes.iter().map(|code| code.to_ascii_uppercase()).collect())
}

/// Who may ask for it.
fn refusal(dimension: Dimension) -> &'static str {
    match (dimension.is_for(Level::Webmaster), dimension.is_for(Level::Advertiser)) {
        (true, false) => "Only webmasters and operators may use this",
        (false, true) => "Only advertisers and operators may use this",
        _ => "Only operators may use this",
    }
}

impl StatList {
    /// Takes the filters out: what is wanted, and what is not.
    pub(super) fn filters(&mut self) -> (Filters, Filters) {
        let (mut only, mut not) = (Filters::new(), Filters::new());
        for (filters, none) in [(&mut only, self.none.take()), (&mut not, self.none_not.take())] {
            for dimension in none.into_iter().flatten() {
                let nothing =
                    if dimension.shape() == Shape::Text { Key::Text(String::new()) } else { Key::Number(0) };
                filters.entry(dimension).or_default().push(nothing);
            }
        }
        self.only(&mut only);
        self.not(&mut not);
        (only, not)
    }

    fn only(&mut self, filters: &mut Filters) {
        add(filters, Dimension::Offer, self.offer_id.take());
        add(filters, Dimension::Goal, self.goal_id.take());
        add(filters, Dimension::Advertiser, self.advertiser_id.take());
        add(filters, Dimension::Webmaster, self.webmaster_id.take());
        add(filters, Dimension::Manager, self.manager_id.take());
        add(filters, Dimension::Area, self.area_id.take());
        add(filters, Dimension::Link, self.link_id.take());
        add(filters, Dimension::Landing, self.landing_id.take());
        add(filters, Dimension::Promo, self.promo_id.take());
        add(filters, Dimension::Stock, self.stock_id.take());
        add(filters, Dimension::Deeplink, self.deeplink_id.take());
        add(filters, Dimension::Country, capitals(self.country.take()));
        add(filters, Dimension::Device, self.device.take());
        add(filters, Dimension::Os, self.os.take());
        add(filters, Dimension::Browser, self.browser.take());
        add(filters, Dimension::Language, self.language.take());
        add(filters, Dimension::Subid1, self.subid1.take());
        add(filters, Dimension::Subid2, self.subid2.take());
        add(filters, Dimension::Subid3, self.subid3.take());
        add(filters, Dimension::Subid4, self.subid4.take());
        add(filters, Dimension::Subid5, self.subid5.take());
        add(filters, Dimension::Keyword, self.keyword.take());
        add(filters, Dimension::ClickReason, self.click_reason.take());
        add(filters, Dimension::Status, self.status.take());
        add(filters, Dimension::Reason, self.reason.take());
        add(filters, Dimension::Currency, self.currency_id.take());
        add(filters, Dimension::HourOfDay, self.hour_of_day.take());
        add(filters, Dimension::Weekday, self.weekday.take());
    }

    fn not(&mut self, filters: &mut Filters) {
        add(filters, Dimension::Offer, self.offer_id_not.take());
        add(filters, Dimension::Goal, self.goal_id_not.take());
        add(filters, Dimension::Advertiser, self.advertiser_id_not.take());
        add(filters, Dimension::Webmaster, self.webmaster_id_not.take());
        add(filters, Dimension::Manager, self.manager_id_not.take());
        add(filters, Dimension::Area, self.area_id_not.take());
        add(filters, Dimension::Link, self.link_id_not.take());
        add(filters, Dimension::Landing, self.landing_id_not.take());
        add(filters, Dimension::Promo, self.promo_id_not.take());
        add(filters, Dimension::Stock, self.stock_id_not.take());
        add(filters, Dimension::Deeplink, self.deeplink_id_not.take());
        add(filters, Dimension::Country, capitals(self.country_not.take()));
        add(filters, Dimension::Device, self.device_not.take());
        add(filters, Dimension::Os, self.os_not.take());
        add(filters, Dimension::Browser, self.browser_not.take());
        add(filters, Dimension::Language, self.language_not.take());
        add(filters, Dimension::Subid1, self.subid1_not.take());
        add(filters, Dimension::Subid2, self.subid2_not.take());
        add(filters, Dimension::Subid3, self.subid3_not.take());
        add(filters, Dimension::Subid4, self.subid4_not.take());
        add(filters, Dimension::Subid5, self.subid5_not.take());
        add(filters, Dimension::Keyword, self.keyword_not.take());
        add(filters, Dimension::ClickReason, self.click_reason_not.take());
        add(filters, Dimension::Status, self.status_not.take());
        add(filters, Dimension::Reason, self.reason_not.take());
        add(filters, Dimension::Currency, self.currency_id_not.take());
        add(filters, Dimension::HourOfDay, self.hour_of_day_not.take());
        add(filters, Dimension::Weekday, self.weekday_not.take());
    }

    /// Looks whether the caller may ask this.
    pub(super) fn check(&self, level: Level, errors: &mut FieldErrors) {
        let group = self.group.as_deref().unwrap_or_default();
        if group.len() > 4 || self.group.as_ref().is_some_and(Vec::is_empty) {
            errors.add("group", "Must be one to four dimensions");
        }
        let none = |list: &Option<Vec<Dimension>>| list.clone().unwrap_or_default();
        for (name, dimensions) in
            [("group", group.to_vec()), ("none", none(&self.none)), ("none_not", none(&self.none_not))]
        {
            for dimension in dimensions {
                if !dimension.is_for(level) {
                    errors.add(name, format!("{}: {}", dimension.name(), refusal(dimension)));
                } else if name != "group" && dimension.is_time() {
                    errors.add(name, format!("{}: everything has a time", dimension.name()));
                }
            }
        }
        for (name, dimension, is_sent) in self.sent() {
            if is_sent && !dimension.is_for(level) {
                errors.add(name, refusal(dimension));
            }
        }
    }

    fn sent(&self) -> Vec<(&'static str, Dimension, bool)> {
        vec![
            ("advertiser_id", Dimension::Advertiser, self.advertiser_id.is_some()),
            ("advertiser_id_not", Dimension::Advertiser, self.advertiser_id_not.is_some()),
            ("webmaster_id", Dimension::Webmaster, self.webmaster_id.is_some()),
            ("webmaster_id_not", Dimension::Webmaster, self.webmaster_id_not.is_some()),
            ("manager_id", Dimension::Manager, self.manager_id.is_some()),
            ("manager_id_not", Dimension::Manager, self.manager_id_not.is_some()),
            ("area_id", Dimension::Area, self.area_id.is_some()),
            ("area_id_not", Dimension::Area, self.area_id_not.is_some()),
            ("link_id", Dimension::Link, self.link_id.is_some()),
            ("link_id_not", Dimension::Link, self.link_id_not.is_some()),
            ("deeplink_id", Dimension::Deeplink, self.deeplink_id.is_some()),
            ("deeplink_id_not", Dimension::Deeplink, self.deeplink_id_not.is_some()),
            ("subid1", Dimension::Subid1, self.subid1.is_some()),
            ("subid1_not", Dimension::Subid1, self.subid1_not.is_some()),
            ("subid2", Dimension::Subid2, self.subid2.is_some()),
            ("subid2_not", Dimension::Subid2, self.subid2_not.is_some()),
            ("subid3", Dimension::Subid3, self.subid3.is_some()),
            ("subid3_not", Dimension::Subid3, self.subid3_not.is_some()),
            ("subid4", Dimension::Subid4, self.subid4.is_some()),
            ("subid4_not", Dimension::Subid4, self.subid4_not.is_some()),
            ("subid5", Dimension::Subid5, self.subid5.is_some()),
            ("subid5_not", Dimension::Subid5, self.subid5_not.is_some()),
            ("keyword", Dimension::Keyword, self.keyword.is_some()),
            ("keyword_not", Dimension::Keyword, self.keyword_not.is_some()),
            ("click_reason", Dimension::ClickReason, self.click_reason.is_some()),
            ("click_reason_not", Dimension::ClickReason, self.click_reason_not.is_some()),
        ]
    }
}
