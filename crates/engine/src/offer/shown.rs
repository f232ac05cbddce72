//! Offers as answers show them.

use std::collections::{BTreeMap, BTreeSet};

use whocpa_domain::buyer::FormField;
use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::cover::CoverState;
use whocpa_domain::goal::{MoneyType, Rate};
use whocpa_domain::landing::LandingKind;
use whocpa_domain::money::{Amount, MICRO, PPM_PER_PERCENT};
use whocpa_domain::offer::{OfferStatus, TrafficKind, is_within, new_since};
use whocpa_domain::offer_figure::MIDDLE_RATING;
use whocpa_domain::targeting::Targeting;
use whocpa_domain::terms::LateRule;
use whocpa_domain::way::AttributionRule;
use whocpa_domain::{Level, Result, Scope, Time, view};
use whocpa_store::goal;
use whocpa_store::landing::{Landing, LandingFilter};
use whocpa_store::offer::{self, Offer};
use whocpa_store::offer_figure::{self, OfferFigure};
use whocpa_store::{Db, Paging, cover, landing, promo, stock};

use super::caps::CapView;
use super::terms::OfferTermsView;
use crate::currency::digits;
use crate::goal::{GoalSummary, every};
use crate::image::{self, ImageView};
use crate::offer::fields_of;
use crate::{Caller, Engine};

view! {
    /// The rules of an offer.
    pub struct OfferRules {
        /// In short.
        short: String,
        /// In full.
        full: String,
    }
}

view! {
    /// What goals of an offer pay a webmaster for an action.
    pub struct OfferPayment {
        /// How it is stated.
        money_type: MoneyType,
        /// Currency of the goals and their leads.
        currency_id: i64,
        /// The lowest: an amount in the currency, or with `money_type` 2 a percentage of the sale.
        from: String,
        /// The highest, stated alike.
        to: String,
    }
}

view! {
    /// A landing page as its offer shows it.
    pub struct OfferLanding {
        /// Landing id.
        id: i64,
        /// Name.
        name: String,
        /// What the page is there for.
        kind: LandingKind,
        /// Its language, an ISO 639-1 code, empty when not told.
        language: String,
        /// The goal that it leads to; `null` when it leads to all of the offer's.
        goal_id: Option<i64>,
    }
}

view! {
    /// What the product costs a buyer.
    pub struct OfferPrice {
        /// Currency.
        currency_id: i64,
        /// The lowest price.
        from: Amount,
        /// The highest price.
        to: Amount,
    }
}

/// Declares the row of the list and the richer object at once: what they share is written and documented once.
macro_rules! shown {
    (
        shared { $( $(#[doc = $doc:literal])* $(#[serde($($serde:tt)*)])? $field:ident : $ty:ty ),* $(,)? }
        more { $( $(#[doc = $more_doc:literal])* $(#[serde($($more_serde:tt)*)])? $more:ident : $more_ty:ty ),* $(,)? }
    ) => {
        view! {
            /// An offer in a list.
            pub struct OfferRow { $( $(#[doc = $doc])* $(#[serde($($serde)*)])? $field: $ty ),* }
        }
        view! {
            /// An offer with its goals.
            pub struct OfferView {
                $( $(#[doc = $doc])* $(#[serde($($serde)*)])? $field: $ty, )*
                $( $(#[doc = $more_doc])* $(#[serde($($more_serde)*)])? $more: $more_ty ),*
            }
        }
        impl OfferRow {
            /// The same offer with what only its own page shows.
            fn with(self, ($($more),*): ($($more_ty),*)) -> OfferView {
                OfferView { $( $field: self.$field, )* $( $more ),* }
            }
        }
    };
}

shown! {
    shared {
        /// Offer id.
        id: i64,
        /// For a webmaster: whether he is connected with the offer and may work with it. For others: whether it went
        /// live, that is, passed moderation.
        is_approved: bool,
        /// Whether it is paused: no visitors are sent to it now.
        is_stopped: bool,
        /// Name.
        name: String,
        /// Full description.
        description: String,
        /// Short description.
        description_short: String,
        /// The advertiser's rules.
        rules: OfferRules,
        /// Whether deeplinks are allowed.
        is_deeplink: bool,
        /// Hosts that deeplinks may lead to; empty for the host of the offer's own destination.
        deeplink_hosts: Vec<String>,
        /// Whether it first went live in the last 14 days.
        is_new: bool,
        /// Whether it has promo materials that were first approved in the last 14 days.
        is_new_promo: bool,
        /// Whether it has a stock that was first approved in the last 14 days.
        is_new_stock: bool,
        /// Whether only this network has it.
        is_exclusive: bool,
        /// Whether leads are tracked by phone.
        is_phone_tracking: bool,
        /// Rating, 1 to 10: its place among all offers in the last 30 days, half by EPC, three tenths by approve rate, two
        /// tenths by number of leads; 5 with fewer than 100 clicks.
        rating: i64,
        /// Home page, empty for none.
        url_homepage: String,
        /// Where visitors are sent. Guests and webmasters see it without its query.
        url_redirect: String,
        /// Title of that page.
        url_name: String,
        /// Its picture in three sizes; empty when it has none.
        images: Vec<ImageView>,
        /// Days that the cookie with the tid lives.
        cookie_ttl_days: i64,
        /// Days in which the advertiser has agreed to decide about a lead, 0 when nothing is agreed. Each lead keeps what was
        /// agreed when it came.
        decision_days: i64,
        /// Whether a lead that nobody decided about in these days is approved by itself; never one whose click is marked as
        /// a bot's, and an order or a browser's unsigned report only from the advertiser's own report of it on.
        is_silence_approval: bool,
        /// What is paid of the leads that come after the offer stopped or a cap of its leads was reached. Each click keeps what
        /// held when it was sent.
        late_rule: LateRule,
        /// Days of the rule that counts them from the click.
        late_days: i64,
        /// When it was added.
        date_created: Time,
        /// Whether it is a mobile product: a game, an application.
        is_mobile: bool,
        /// Whether its pages suit mobile visitors.
        is_mobile_optimised: bool,
        /// Whether the network recommends it: a rating of at least 8 and at least 20 leads in the last 30 days.
        is_recommended: bool,
        /// What webmasters earned with approved leads per click in the last 30 days, in `epc_currency_id`; `null` with
        /// fewer than 100 clicks. This and the two rates are computed some minutes later than the leads.
        epc: Option<Amount>,
        /// Currency of `epc`: that of most of its leads.
        epc_currency_id: Option<i64>,
        /// Leads in a hundred clicks in the last 30 days; `null` with fewer than 100 clicks.
        cr: Option<Amount>,
        /// Approved leads in a hundred decided ones (approved, rejected, spam) in the last 30 days; `null` with fewer
        /// than 10 decided leads.
        approve_rate: Option<Amount>,
        /// Leads that wait for the advertiser's decision; computed as the rates are.
        undecided: i64,
        /// When the one that waits longest came; `null` when none waits.
        date_undecided: Option<Time>,
        /// Hours that a decision took on average, of leads that came in the last 30 days; `null` with fewer than 10
        /// decided leads.
        decision_hours: Option<Amount>,
        /// Whether what its advertiser has pays for leads: for as much as a week of his leads costs, for less, or for none.
        /// Counted every some seconds; leads are taken all the same.
        cover: CoverState,
        /// What its active goals pay, one entry for each currency and way of stating it.
        payments: Vec<OfferPayment>,
        /// Ids of its categories.
        categories: Vec<i64>,
        /// Ids of the regions where it is available.
        geo: Vec<i64>,
        /// Kinds of traffic that are allowed.
        traffic_allowed: Vec<TrafficKind>,
        /// Kinds of traffic that are forbidden.
        traffic_forbidden: Vec<TrafficKind>,
        /// Languages of its pages and its call centre, ISO 639-1.
        languages: Vec<String>,
        /// Whose offer it is; for its advertiser and operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        advertiser_id: Option<i64>,
        /// State of the offer; for its advertiser and operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<OfferStatus>,
        /// Whether only connected webmasters see it; for its advertiser and operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        is_private: Option<bool>,
        /// Whether webmasters are connected without a decision; for its advertiser and operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        is_auto_connect: Option<bool>,
        /// Why an operator sent it back, stopped or archived it, empty otherwise; for its advertiser and operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Query that is added to `url_redirect`; for its advertiser and operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        utm_mask: Option<String>,
        /// Note of the network's people; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    }
    more {
        /// Its goals with the terms that are in force.
        goals: Vec<GoalSummary>,
        /// Its first 100 landing pages that you may see.
        landings: Vec<OfferLanding>,
        /// State of your connection with it; `null` when you have none or are not a webmaster.
        connection_status: Option<ConnectionStatus>,
        /// Days for which orders with one telephone number, from different clicks, are one lead; 0 for no such rule.
        phone_double_days: i64,
        /// Whether actions that a visitor's browser reports are taken without a signature.
        is_pixel: bool,
        /// Whether it has an order form, at `/form/<code>`.
        is_form: bool,
        /// What the form asks besides name and telephone.
        form_fields: Vec<FormField>,
        /// Whose a lead is that only a cookie or a telephone number names the visitor of.
        attribution: AttributionRule,
        /// When its call centre works, in words; empty when nothing is known.
        call_hours: String,
        /// What the product costs a buyer; `null` when nothing is known.
        product_price: Option<OfferPrice>,
        /// Visitors are sent from this moment on; `null` for no beginning.
        date_start: Option<Time>,
        /// Visitors are sent until this moment; `null` for no end.
        date_stop: Option<Time>,
        /// Which visitors it takes; what is empty asks nothing. Rules about areas and labels are shown to its advertiser and
        /// operators only.
        targeting: Targeting,
        /// How much it takes, and what of it is left; for webmasters those that concern them.
        caps: Vec<CapView>,
        /// Time zone of the days of its caps.
        time_zone: String,
        /// The terms for late leads that were changed so far, newest first; empty while late leads were always paid.
        late_terms: Vec<OfferTermsView>,
        /// Where visitors go whom it does not take and for whom the webmaster named no address, empty for none; for its
        /// advertiser and operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        url_traffback: Option<String>,
    }
}

/// What a page of offers needs besides its rows, read once for all of them.
pub(super) struct Around {
    level: Level,
    now: Time,
    base_url: String,
    connected: BTreeSet<i64>,
    new_promo: BTreeSet<i64>,
    new_stock: BTreeSet<i64>,
    categories: BTreeMap<i64, Vec<i64>>,
    geos: BTreeMap<i64, Vec<i64>>,
    languages: BTreeMap<i64, Vec<String>>,
    traffic: BTreeMap<i64, Vec<(i64, bool)>>,
    figures: BTreeMap<i64, OfferFigure>,
    covers: BTreeMap<i64, CoverState>,
    payments: BTreeMap<i64, Vec<OfferPayment>>,
    digits: BTreeMap<i64, u8>,
}

impl Around {
    pub(super) async fn load(
        engine: &Engine,
        db: &Db,
        (caller, scope): (Caller, Scope),
        ids: &[i64],
    ) -> Result<Self> {
        let digits = digits(db).await?;
        let since = new_since(engine.now());
        Ok(Self {
            new_promo: promo::new_of(db, scope, ids, since).await?.into_iter().collect(),
            new_stock: stock::new_of(db, scope, ids, since).await?.into_iter().collect(),
            level: caller.level,
            now: engine.now(),
            base_url: engine.base_url().to_owned(),
            connected: match scope {
                Scope::Webmaster(id) => offer::connected(db, id, ids).await?,
                Scope::Public | Scope::Advertiser(_) | Scope::Manager(_) | Scope::All => BTreeSet::new(),
            },
            categories: offer::categories(db, ids).await?,
            geos: offer::geos(db, ids).await?,
            languages: offer::languages(db, ids).await?,
            traffic: offer::traffic(db, ids).await?,
            figures: offer_figure::list(db, ids).await?,
            covers: cover::of_offers(db, ids).await?,
            payments: payments(db, engine.now(), ids, &digits).await?,
            digits,
        })
    }

    pub(super) fn row(&self, row: Offer) -> OfferRow {
        let status = OfferStatus::from_code(row.status).unwrap_or(OfferStatus::Draft);
        let sees_all = matches!(self.level, Level::Advertiser | Level::Operator);
        let figure = self.figures.get(&row.id);
        let percent = |rate: i64| Amount { micros: (rate + 50) / 100 * PPM_PER_PERCENT, digits: 2 };
        OfferRow {
            id: row.id,
            is_approved: match self.level {
                Level::Webmaster => self.connected.contains(&row.id),
                Level::Guest | Level::Advertiser | Level::Operator => status.is_public(),
            },
            is_stopped: matches!(status, OfferStatus::Stopped | OfferStatus::Archived)
                || status == OfferStatus::Live && !is_within(row.date_start, row.date_stop, self.now),
            images: image::views(&self.base_url, row.image.as_deref()),
            rules: OfferRules { short: row.rules_short, full: row.rules_full },
            is_new: row.date_live.is_some_and(|live| Time(live) >= new_since(self.now)),
            is_new_promo: self.new_promo.contains(&row.id),
            is_new_stock: self.new_stock.contains(&row.id),
            rating: figure.map_or(MIDDLE_RATING, |figure| figure.rating),
            is_recommended: figure.is_some_and(|figure| figure.is_recommended),
            epc: figure.and_then(|figure| self.amount(figure.currency_id?, figure.epc?)),
            epc_currency_id: figure.and_then(|figure| figure.epc.and(figure.currency_id)),
            cr: figure.and_then(|figure| figure.cr).map(percent),
            approve_rate: figure.and_then(|figure| figure.approve_rate).map(percent),
            undecided: figure.map_or(0, |figure| figure.undecided),
            date_undecided: figure.and_then(|figure| figure.date_undecided).map(Time),
            decision_hours: figure.and_then(|figure| figure.decision_seconds).map(hours),
            cover: self.covers.get(&row.id).copied().unwrap_or(CoverState::Uncovered),
            payments: self.payments.get(&row.id).cloned().unwrap_or_default(),
            url_redirect: if sees_all { row.url_redirect } else { without_query(&row.url_redirect) },
            categories: self.categories.get(&row.id).cloned().unwrap_or_default(),
            geo: self.geos.get(&row.id).cloned().unwrap_or_default(),
            traffic_allowed: self.kinds(row.id, true),
            traffic_forbidden: self.kinds(row.id, false),
            languages: self.languages.get(&row.id).cloned().unwrap_or_default(),
            date_created: Time(row.date_created),
            advertiser_id: sees_all.then_some(row.advertiser_id),
            status: sees_all.then_some(status),
            is_private: sees_all.then_some(row.is_private),
            is_auto_connect: sees_all.then_some(row.is_auto_connect),
            reason: sees_all.then_some(row.reason),
            utm_mask: sees_all.then_some(row.utm_mask),
            comment: (self.level == Level::Operator).then_some(row.comment),
            name: row.name,
            description: row.description,
            description_short: row.description_short,
            is_deeplink: row.is_deeplink,
            deeplink_hosts: row
                .deeplink_hosts
                .split(',')
                .filter(|host| !host.is_empty())
                .map(str::to_owned)
                .collect(),
            is_exclusive: row.is_exclusive,
            is_phone_tracking: row.is_phone_tracking,
            url_homepage: row.url_homepage,
            url_name: row.url_name,
            cookie_ttl_days: row.cookie_ttl_days,
            decision_days: row.decision_days,
            is_silence_approval: row.is_silence_approval,
            late_rule: LateRule::from_code(row.late_rule).unwrap_or(LateRule::Paid),
            late_days: row.late_days,
            is_mobile: row.is_mobile,
            is_mobile_optimised: row.is_mobile_optimised,
        }
    }

    /// The offer with what only its own page shows.
    pub(super) fn view(
        &self,
        row: Offer,
        (goals, landings): (Vec<GoalSummary>, Vec<OfferLanding>),
        connection_status: Option<ConnectionStatus>,
        (caps, terms): (Vec<CapView>, Vec<OfferTermsView>),
    ) -> OfferView {
        let price = row.price_from.zip(row.price_currency_id).and_then(|(from, currency_id)| {
            let to = row.price_to.unwrap_or(from);
            Some(OfferPrice {
                currency_id,
                from: self.amount(currency_id, from)?,
                to: self.amount(currency_id, to)?,
            })
        });
        let (start, stop) = (row.date_start.map(Time), row.date_stop.map(Time));
        let (days, pixel, form) = (row.phone_double_days, row.is_pixel, row.is_form);
        let (fields, hours) = (fields_of(&row.form_fields), row.call_hours.clone());
        let rule = AttributionRule::from_code(row.attribution).unwrap_or(AttributionRule::Last);
        let zone = if row.time_zone.is_empty() { "UTC".to_owned() } else { row.time_zone.clone() };
        let sees_all = matches!(self.level, Level::Advertiser | Level::Operator);
        let targeting = Targeting::read(&row.targeting).unwrap_or_default();
        let targeting = if sees_all { targeting } else { targeting.public() };
        let back = sees_all.then(|| row.url_traffback.clone());
        self.row(row).with((
            goals,
            landings,
            connection_status,
            days,
            pixel,
            form,
            fields,
            rule,
            hours,
            price,
            start,
            stop,
            targeting,
            caps,
            zone,
            terms,
            back,
        ))
    }

    pub(super) fn amount(&self, currency_id: i64, micros: i64) -> Option<Amount> {
        self.digits.get(&currency_id).map(|digits| Amount { micros, digits: *digits })
    }

    fn kinds(&self, id: i64, wanted: bool) -> Vec<TrafficKind> {
        let kinds = self.traffic.get(&id).into_iter().flatten().filter(|(_, allowed)| *allowed == wanted);
        kinds.filter_map(|(kind, _)| TrafficKind::from_code(*kind)).collect()
    }
}

/// The landing pages of an offer.
pub(super) async fn landings(db: &Db, scope: Scope, id: i64) -> Result<Vec<OfferLanding>> {
    let filter = LandingFilter { offer_ids: Some(vec![id]), ..LandingFilter::default() };
    let found = landing::list(db, scope, &filter, Paging::first(100)).await?;
    let landing = |row: Landing| OfferLanding {
        id: row.id,
        name: row.name,
        kind: LandingKind::from_code(row.kind).unwrap_or(LandingKind::Landing),
        language: row.language,
        goal_id: row.goal_id,
    };
    Ok(found.rows.into_iter().map(landing).collect())
}

/// What the active goals of these offers pay.
async fn payments(
    db: &Db,
    now: Time,
    ids: &[i64],
    digits: &BTreeMap<i64, u8>,
) -> Result<BTreeMap<i64, Vec<OfferPayment>>> {
    let goals = goal::of_offers(db, ids).await?;
    let goal_ids: Vec<i64> = goals.iter().map(|goal| goal.id).collect();
    let versions = goal::versions_at(db, &goal_ids, now).await?;
    let mut spans: BTreeMap<(i64, i64, MoneyType), (Rate, Rate)> = BTreeMap::new();
    for goal in goals.iter().filter(|goal| goal.is_active) {
        let Some(version) = versions.get(&goal.id) else { continue };
        for terms in every(version.terms(), &version.lines()?) {
            let span = spans.entry((goal.offer_id, goal.currency_id, terms.money_type));
            let span = span.or_insert((terms.payment, terms.payment));
            *span = (span.0.min(terms.payment), span.1.max(terms.payment));
        }
    }
    let mut payments: BTreeMap<i64, Vec<OfferPayment>> = BTreeMap::new();
    for ((offer_id, currency_id, money_type), (from, to)) in spans {
        let places = digits.get(&currency_id).copied().unwrap_or(0);
        let text = |rate: Rate| rate.text(money_type, places);
        let payment = OfferPayment { money_type, currency_id, from: text(from), to: text(to) };
        payments.entry(offer_id).or_default().push(payment);
    }
    Ok(payments)
}

/// The query of a template may hold keys between the advertiser and the network.
/// Hours with two digits: a hundredth of an hour is 36 seconds.
fn hours(seconds: i64) -> Amount {
    Amount { micros: (seconds + 18) / 36 * (MICRO / 100), digits: 2 }
}

fn without_query(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}
