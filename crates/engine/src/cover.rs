//! Cover: what an advertiser's leads are paid from, and what follows when little of it is left. `docs/money.md` has the
//! rule.

mod count;

use std::collections::BTreeMap;

use whocpa_domain::cover::CoverState;
use whocpa_domain::input::{Decimal, Patch};
use whocpa_domain::money::Amount;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{
    Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Scope, Time, params, view,
};
use whocpa_store::cover::{self, Cover, CoverFilter};
use whocpa_store::{Db, person};

use crate::audit::Changes;
use crate::{Caller, Engine, Paging, Rows, currency};

params! {
    /// Which covers are wanted.
    pub struct CoverList {
        /// Only of these advertisers; for operators.
        advertiser_id: Option<Vec<i64>>,
        /// Only in these currencies.
        currency_id: Option<Vec<i64>>,
        /// Only in these states.
        state: Option<Vec<CoverState>>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A new cover: every advertiser has one in each currency of his live offers' goals by itself.
    pub struct CoverCreate {
        /// Whose.
        advertiser_id: i64,
        /// In which currency.
        currency_id: i64,
        /// What the network trusts him with beside his balance; nothing unless told.
        credit_limit: Option<Decimal>,
        /// Whether he pays afterwards, whatever it is.
        is_postpaid: Option<bool>,
    }
}

params! {
    /// Changes of a cover.
    pub struct CoverUpdate {
        /// What the network trusts the advertiser with beside his balance; for operators.
        credit_limit: Option<Decimal>,
        /// Whether he pays afterwards, whatever it is; for operators.
        is_postpaid: Option<bool>,
        /// He is told by a ticket, once, when less than this is available; empty for never.
        warn_below: Patch<Decimal>,
        /// Whether visitors of his offers with a goal in this currency go to traffic-back while nothing is left.
        is_traffback: Option<bool>,
    }
}

view! {
    /// What covers an advertiser's leads in one currency.
    pub struct CoverView {
        /// Cover id.
        id: i64,
        /// Whose; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        advertiser_id: Option<i64>,
        /// In which currency.
        currency_id: i64,
        /// What was prepaid and not reserved when it was counted; below zero when he owes.
        available: Amount,
        /// What the network trusts him with beside it.
        credit_limit: Amount,
        /// Whether he pays afterwards, whatever it is.
        is_postpaid: bool,
        /// What leads may still cost; `null` for one who pays afterwards.
        room: Option<Amount>,
        /// What leads of the last seven days cost that were not refused, and no less than the dearest lead that can come.
        week_charge: Amount,
        /// Whether that is covered; webmasters see it on his offers.
        state: CoverState,
        /// He is told when less than this is available, `null` for never.
        warn_below: Option<Amount>,
        /// Whether visitors go to traffic-back while nothing is left.
        is_traffback: bool,
        /// When it was counted; every some seconds.
        date_counted: Time,
    }
}

impl Engine {
    /// One page of covers.
    pub async fn cover_list(&self, caller: Caller, input: CoverList) -> Result<Rows<CoverView>> {
        let scope = caller.may(Resource::Cover, Method::List)?;
        if input.advertiser_id.is_some() && caller.level != Level::Operator {
            return Err(Error::field("advertiser_id", "Only operators may use this"));
        }
        let filter = CoverFilter {
            advertiser_ids: input.advertiser_id,
            currency_ids: input.currency_id,
            state: input.state,
        };
        let db = self.store().read();
        let rows = cover::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        let digits = currency::digits(&db).await?;
        Ok(rows.map(|row| shown(&row, caller, &digits)))
    }

    /// One cover.
    pub async fn cover_view(&self, caller: Caller, id: i64) -> Result<CoverView> {
        let scope = caller.may(Resource::Cover, Method::View)?;
        let db = self.store().read();
        let row = cover::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        Ok(shown(&row, caller, &currency::digits(&db).await?))
    }

    /// Changes a cover; absent fields keep their value. What follows for visitors follows at once.
    pub async fn cover_update(&self, caller: Caller, id: i64, input: CoverUpdate) -> Result<()> {
        let scope = caller.may(Resource::Cover, Method::Update)?;
        let mut errors = FieldErrors::default();
        let sent =
            [("credit_limit", input.credit_limit.is_some()), ("is_postpaid", input.is_postpaid.is_some())];
        for (field, is_sent) in sent {
            if is_sent && caller.level != Level::Operator {
                errors.add(field, "Only an operator may change this");
            }
        }
        errors.finish()?;
        let (input, now) = (&input, self.now());
        self.change(move |db| async move {
            let before = cover::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
            let warn_below = input.warn_below.map(|limit| limit.0).or(before.warn_below);
            let row = Cover {
                credit_limit: input.credit_limit.map_or(before.credit_limit, |limit| limit.0),
                is_postpaid: input.is_postpaid.unwrap_or(before.is_postpaid),
                // A new threshold is a new warning.
                is_warned: before.is_warned && warn_below == before.warn_below,
                warn_below,
                is_traffback: input.is_traffback.unwrap_or(before.is_traffback),
                ..before.clone()
            };
            let row = Cover { state: row.covering().state().code(), ..row };
            let changes = Changes::updated(&before, &row);
            count::store(&db, Some(&before), row, now).await?;
            self.note(&db, caller, Resource::Cover, id, changes).await
        })
        .await
    }

    /// Adds the cover of an advertiser in a currency; gives its id.
    pub async fn cover_create(&self, caller: Caller, input: CoverCreate) -> Result<i64> {
        let scope = caller.may(Resource::Cover, Method::Create)?;
        let (input, now) = (&input, self.now());
        self.change(move |db| async move {
            check(&db, scope, input).await?;
            let credit_limit = input.credit_limit.map_or(0, |limit| limit.0);
            let row = count::new_row((input.advertiser_id, input.currency_id), now);
            let row = Cover { credit_limit, is_postpaid: input.is_postpaid.unwrap_or(false), ..row };
            let row = Cover { state: row.covering().state().code(), ..row };
            let id = cover::create(&db, row.clone()).await?;
            self.note(&db, caller, Resource::Cover, id, Changes::created(&Cover { id, ..row })).await?;
            Ok(id)
        })
        .await
    }
}

async fn check(db: &Db, scope: Scope, input: &CoverCreate) -> Result<()> {
    match person::view(db, scope, input.advertiser_id).await? {
        Some(person) if person.level() == UserLevel::Advertiser && person.is_active() => {}
        _ => return Err(Error::field("advertiser_id", "Advertisers not found")),
    }
    let known = whocpa_store::currency::view(db, Scope::Public, input.currency_id).await?;
    known.map(drop).ok_or_else(|| Error::field("currency_id", "Currencies not found"))
}

fn shown(row: &Cover, caller: Caller, digits: &BTreeMap<i64, u8>) -> CoverView {
    let digits = digits.get(&row.currency_id).copied().unwrap_or(0);
    let amount = |micros: i64| Amount { micros, digits };
    CoverView {
        id: row.id,
        advertiser_id: (caller.level == Level::Operator).then_some(row.advertiser_id),
        currency_id: row.currency_id,
        available: amount(row.available),
        credit_limit: amount(row.credit_limit),
        is_postpaid: row.is_postpaid,
        room: row.covering().room().map(amount),
        week_charge: amount(row.week_charge),
        state: CoverState::from_code(row.state).unwrap_or(CoverState::Uncovered),
        warn_below: row.warn_below.map(amount),
        is_traffback: row.is_traffback,
        date_counted: Time(row.date_counted),
    }
}
