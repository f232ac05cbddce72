//! Exchange rates: what the network's operators state, and the reference rates of the European Central Bank.

mod ecb;

use whocpa_domain::input::limits::{self, Form, Limits};
use whocpa_domain::rate::{Exchange, LONGEST_DAYS, OPERATOR_DAYS, RateSource, parse_rate, show_rate};
use whocpa_domain::time::DAY;
use whocpa_domain::{
    Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Scope, Time, params, view,
};
use whocpa_store::rate::{self, Rate, RateFilter};
use whocpa_store::{Db, currency};

use crate::audit::Changes;
use crate::{Caller, Engine, Paging, Rows};
pub use ecb::{SHIPPED, load};

/// What another text than a rate is told.
const PLAIN: &str =
    "Must be a plain decimal such as 92.5: above zero, at most 9000000, at most twelve places";
/// Number of units of one currency for one of another.
const VALUE: Limits = Limits::Form(&Form {
    format: "",
    pattern: r"^[0-9]{1,7}(\.[0-9]{1,12})?$",
    longest: 20,
    wrong: |text| parse_rate(text).is_none().then(|| PLAIN.to_owned()),
});

params! {
    /// Which rates are wanted.
    pub struct RateList {
        /// Only of these base currencies.
        base_id: Option<Vec<i64>>,
        /// Only of these currencies.
        currency_id: Option<Vec<i64>>,
        /// Only from these sources.
        source: Option<Vec<RateSource>>,
        /// Only those that count at this moment.
        d_valid_at: Option<Time>,
        /// Page, from 1.
        page: Page,
        /// Rows on a page, 10 to 100.
        per_page: PerPage,
    }
}

params! {
    /// A rate. It cannot be changed: a better one is stated later.
    pub struct RateCreate {
        /// One unit of this currency …
        base_id: i64,
        /// … is `value` units of this one.
        currency_id: i64,
        /// How many, at most twelve decimal places. State the larger number of a pair's two: it is more exact.
        value: String where VALUE,
        /// From when on, within a year; from now unless told. A moment of today that is over means from now on.
        date_start: Option<Time>,
        /// Until when; for 30 days unless told, for 366 at most.
        date_end: Option<Time>,
        /// Where it comes from; webmasters and advertisers read it.
        comment: Option<String> where limits::LINE,
    }
}

view! {
    /// An exchange rate: one unit of `base_id` is `value` units of `currency_id`.
    pub struct RateView {
        /// Rate id.
        id: i64,
        /// The currency of which it is the worth.
        base_id: i64,
        /// The currency in which that is stated.
        currency_id: i64,
        /// Units of `currency_id` for one unit of `base_id`: a decimal of up to twelve places.
        value: String,
        /// Who states it.
        source: RateSource,
        /// Where it comes from, in words.
        comment: String,
        /// It counts from here on, unless a newer one of the same two currencies does.
        date_start: Time,
        /// It counts until here.
        date_end: Time,
        /// When it was written down.
        date_created: Time,
    }
}

impl From<Rate> for RateView {
    fn from(row: Rate) -> Self {
        Self {
            id: row.id,
            base_id: row.base_id,
            currency_id: row.currency_id,
            value: show_rate(row.value),
            source: RateSource::from_code(row.source).unwrap_or(RateSource::Operator),
            comment: row.comment,
            date_start: Time(row.date_from),
            date_end: Time(row.date_end),
            date_created: Time(row.date_recorded),
        }
    }
}

impl Engine {
    /// One page of rates, the newest first.
    pub async fn rate_list(&self, caller: Caller, input: RateList) -> Result<Rows<RateView>> {
        let scope = caller.may(Resource::Rate, Method::List)?;
        let filter = RateFilter {
            base_ids: input.base_id,
            currency_ids: input.currency_id,
            sources: input.source,
            at: input.d_valid_at,
            begun_at: begun_at(caller, self.now()),
        };
        let paging = Paging::new(input.page, input.per_page);
        let rows = rate::list(&self.store().read(), scope, &filter, paging).await?;
        Ok(rows.map(RateView::from))
    }

    /// One rate.
    pub async fn rate_view(&self, caller: Caller, id: i64) -> Result<RateView> {
        let scope = caller.may(Resource::Rate, Method::View)?;
        let row = rate::view(&self.store().read(), scope, id).await?;
        let row = row.filter(|row| begun_at(caller, self.now()).is_none_or(|now| row.date_from <= now.0));
        row.map(RateView::from).ok_or(Error::NotFound)
    }

    /// States a rate; gives its id.
    pub async fn rate_create(&self, caller: Caller, input: RateCreate) -> Result<i64> {
        let scope = caller.may(Resource::Rate, Method::Create)?;
        let (input, now) = (&input, self.now());
        let row = &stated(caller, input, now)?;
        self.store()
            .write(move |db| async move {
                let mut errors = FieldErrors::default();
                for (field, id) in [("base_id", row.base_id), ("currency_id", row.currency_id)] {
                    if currency::view(&db, scope, id).await?.is_none() {
                        errors.add(field, "Currencies not found");
                    }
                }
                errors.finish()?;
                let id = rate::create(&db, row.clone()).await?;
                let row = Rate { id, ..row.clone() };
                self.note(&db, caller, Resource::Rate, id, Changes::created(&row)).await?;
                Ok(id)
            })
            .await
    }
}

/// Who may ask for a payout must not know the rate of tomorrow today.
fn begun_at(caller: Caller, now: Time) -> Option<Time> {
    (caller.level != Level::Operator).then_some(now)
}

/// A rate as it is stated.
fn stated(caller: Caller, input: &RateCreate, now: Time) -> Result<Rate> {
    let mut errors = FieldErrors::default();
    let stated = input.date_start.unwrap_or(now);
    // A day alone means its midnight, and clocks differ.
    let start = if stated.0.div_euclid(DAY) == now.0.div_euclid(DAY) { stated.max(now) } else { stated };
    let end = input.date_end.unwrap_or(start.plus_days(OPERATOR_DAYS));
    if input.base_id == input.currency_id {
        errors.add("currency_id", "Must be another currency than base_id");
    }
    if start < now {
        errors.add("date_start", "Must not be in the past: what was exchanged keeps its rate");
    }
    if start > now.plus_days(LONGEST_DAYS) {
        errors.add("date_start", format!("Must be within {LONGEST_DAYS} days"));
    }
    if end <= start {
        errors.add("date_end", "Must be later than date_start");
    } else if end > start.plus_days(LONGEST_DAYS) {
        errors.add("date_end", format!("Must be at most {LONGEST_DAYS} days after date_start"));
    }
    let value = parse_rate(&input.value);
    if value.is_none() {
        errors.add("value", PLAIN);
    }
    errors.finish()?;
    Ok(Rate {
        id: 0,
        base_id: input.base_id,
        currency_id: input.currency_id,
        value: value.unwrap_or(0),
        date_from: start.0,
        date_end: end.0,
        date_recorded: now.0,
        source: RateSource::Operator.code(),
        user_id: Some(caller.user_id),
        comment: input.comment.clone().unwrap_or_default(),
    })
}

/// By which rate one currency becomes another now.
pub(crate) async fn exchange(db: &Db, from: i64, to: i64, now: Time) -> Result<Option<Exchange>> {
    Ok(Exchange::find(&rate::quotes(db, (from, to), now).await?, from, to))
}

/// Letters of a currency, for messages.
pub(crate) async fn code_of(db: &Db, id: i64) -> Result<String> {
    Ok(currency::view(db, Scope::All, id).await?.map_or_else(|| id.to_string(), |row| row.code))
}
