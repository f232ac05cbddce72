//! Statistics: sums of clicks, leads and money by up to four dimensions.

use whocpa_domain::input::Until;
use whocpa_domain::money::Amount;
use whocpa_domain::{Page, PerPage, Time, params, view};

params! {
    /// What is counted and how.
    pub struct StatList {
        /// One to four of `hour`, `day`, `week`, `month`, `offer`, `goal`, `area`, `link`, `landing`, `promo`,
        /// `country`, `device`, `os`, `browser`, `language`, `subid1` to `subid5`, `webmaster`, `advertiser`, `currency`;
        /// `day` unless told.
        group: Option<Vec<String>>,
        /// From here on; the last seven days unless told.
        from: Option<Time>,
        /// Until here, inclusive: a date takes its whole day in.
        to: Option<Until>,
        /// Zone in which days begin, for example `Europe/Kyiv`; your own, or UTC.
        tz: Option<String>,
        /// Only of these offers.
        offer_id: Option<Vec<i64>>,
        /// Only of these goals.
        goal_id: Option<Vec<i64>>,
        /// Only from these areas.
        area_id: Option<Vec<i64>>,
        /// Only through these links.
        link_id: Option<Vec<i64>>,
        /// Only on these landing pages.
        landing_id: Option<Vec<i64>>,
        /// Only with these promo materials.
        promo_id: Option<Vec<i64>>,
        /// Only from these countries, ISO 3166 codes such as `UA`.
        country: Option<Vec<String>>,
        /// Only with one of these first labels.
        subid1: Option<Vec<String>>,
        /// Only with one of these second labels.
        subid2: Option<Vec<String>>,
        /// Only with one of these third labels.
        subid3: Option<Vec<String>>,
        /// Only with one of these fourth labels.
        subid4: Option<Vec<String>>,
        /// Only with one of these fifth labels.
        subid5: Option<Vec<String>>,
        /// Only of these webmasters; for operators, and for advertisers among those who work with them.
        webmaster_id: Option<Vec<i64>>,
        /// Only of these advertisers; for operators.
        advertiser_id: Option<Vec<i64>>,
        /// Only in these currencies.
        currency_id: Option<Vec<i64>>,
        /// Leave these offers out.
        offer_id_not: Option<Vec<i64>>,
        /// Leave these countries out.
        country_not: Option<Vec<String>>,
        /// Leave these webmasters out; for operators.
        webmaster_id_not: Option<Vec<i64>>,
        /// A measure or a dimension to sort by, with a minus in front for the largest first; the first dimension unless
        /// told.
        sort: Option<String>,
        /// Whether `before` tells the same measures of the period before, as long as this one.
        compare: Option<bool>,
        /// Leads and money as they were known at this moment; now unless told.
        as_of: Option<Time>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

view! {
    /// What was counted.
    pub struct StatMeasures {
        /// Clicks of people.
        clicks: i64,
        /// First clicks of a visitor on an offer within 24 hours.
        uniques: i64,
        /// Clicks counted apart as bots.
        bots: i64,
        /// All leads.
        leads: i64,
        /// Leads that wait for a decision.
        leads_pending: i64,
        /// Approved leads on hold.
        leads_approved_hold: i64,
        /// Approved leads, closed.
        leads_approved: i64,
        /// Rejected leads on hold.
        leads_rejected_hold: i64,
        /// Rejected leads, closed.
        leads_rejected: i64,
        /// Spam.
        leads_spam: i64,
        /// Doubles.
        leads_double: i64,
        /// Money of all leads that were not refused. Webmaster: earned; advertiser: paid; operator: paid by advertisers.
        money: Amount,
        /// Money of leads that wait for a decision.
        money_pending: Amount,
        /// Money of approved leads on hold.
        money_approved_hold: Amount,
        /// Money of approved leads, closed.
        money_approved: Amount,
        /// Money that rejected leads would have brought.
        money_rejected: Amount,
        /// What webmasters earn of `money`; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        payout: Option<Amount>,
        /// What referrers earn of it; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        referral: Option<Amount>,
        /// What the network keeps; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        margin: Option<Amount>,
        /// Leads of a hundred clicks, in percent.
        cr: Amount,
        /// Money of one click.
        epc: Amount,
        /// Approved leads of a hundred decided ones, in percent.
        approve_rate: Amount,
    }
}

view! {
    /// One value of a dimension.
    pub struct StatKey {
        /// The dimension, for example `offer`.
        dimension: String,
        /// The value: an id, a date, a country's code, a label.
        value: String,
        /// Its name, where it has one.
        name: String,
    }
}

view! {
    /// One row of statistics.
    pub struct StatRow {
        /// The values of the dimensions, in the order of `group`.
        group: Vec<StatKey>,
        /// Currency of the money; there is a row for each.
        currency_id: i64,
        /// What was counted.
        #[serde(flatten)]
        measures: StatMeasures,
        /// The same of the period before, with `compare` only.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<StatMeasures>,
    }
}
