//! Referrals: who brought whom, and what it earned. `docs/money.md` has the rules.

use std::collections::BTreeMap;

use serde_json::json;
use whocpa_domain::input::limits::{Form, Limits};
use whocpa_domain::input::{Patch, Until};
use whocpa_domain::money::{self, Amount};
use whocpa_domain::referral::masked_name;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{
    Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Scope, Time, params, view,
};
use whocpa_store::Db;
use whocpa_store::person::{self, User};
use whocpa_store::referral::{self, Referral, ReferralFilter};

use crate::audit::Changes;
use crate::user::{UserCreate, UserUpdate};
use crate::{Caller, Engine, Paging, Rows, check, currency};

/// A percentage with up to four decimals.
pub(crate) const PERCENT: Limits = Limits::Form(&Form {
    format: "",
    pattern: r"^(100(\.0{1,4})?|[0-9]{1,2}(\.[0-9]{1,4})?)$",
    longest: 8,
    wrong: |text| {
        let is_good = money::parse_percent(text).is_some();
        (!is_good).then(|| "Must be a percentage from 0 to 100 with up to four decimals".to_owned())
    },
});

params! {
    /// Which referrals are wanted.
    pub struct ReferralList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Joined from here on.
        d_created_from: Option<Time>,
        /// Joined until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Only those brought by these people; for operators.
        referrer_id: Option<Vec<i64>>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

view! {
    /// Somebody who was brought.
    pub struct ReferralRow {
        /// User id of who was brought.
        id: i64,
        /// Who brought him; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        referrer_id: Option<i64>,
        /// Name, masked for everybody but operators.
        name: String,
        /// Kind of account.
        level: UserLevel,
        /// Share of what he earns that the network pays to the referrer, in percent.
        percent: Amount,
        /// Until when that share is paid, `null` for without end.
        date_end: Option<Time>,
        /// His approved and closed leads that the share was paid of.
        lead_count: i64,
        /// When he joined.
        date_created: Time,
    }
}

view! {
    /// What a referral earned in one currency.
    pub struct ReferralEarned {
        /// Currency.
        currency_id: i64,
        /// Available to the referrer or paid out already.
        amount: Amount,
        /// Waiting for the end of the hold.
        amount_hold: Amount,
    }
}

view! {
    /// Somebody who was brought, and what it earned.
    pub struct ReferralView {
        /// All fields of the list.
        #[serde(flatten)]
        row: ReferralRow,
        /// What it earned, by currency.
        earned: Vec<ReferralEarned>,
    }
}

impl Engine {
    /// One page of those whom you brought; operators see all.
    pub async fn referral_list(&self, caller: Caller, input: ReferralList) -> Result<Rows<ReferralRow>> {
        let scope = caller.may(Resource::Referral, Method::List)?;
        let mut errors = FieldErrors::default();
        check::for_operators(&mut errors, caller, &[("referrer_id", input.referrer_id.is_some())]);
        let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        errors.finish()?;
        let filter = ReferralFilter {
            person_ids: input.id,
            referrer_ids: input.referrer_id,
            from: created.0,
            until: created.1,
        };
        let db = self.store().read();
        let rows = referral::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        let ids: Vec<i64> = rows.rows.iter().map(|row| row.person_id).collect();
        let mut people = person::by_ids(&db, &ids).await?;
        let leads = referral::lead_counts(&db, scope, &ids).await?;
        Ok(rows.map(|row| {
            let count = leads.get(&row.person_id).copied().unwrap_or(0);
            shown(caller, &row, people.remove(&row.person_id), count)
        }))
    }

    /// One of those whom you brought, with what it earned.
    pub async fn referral_view(&self, caller: Caller, id: i64) -> Result<ReferralView> {
        let scope = caller.may(Resource::Referral, Method::View)?;
        let db = self.store().read();
        let row = referral::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        let person = person::view(&db, Scope::All, id).await?;
        let leads = referral::lead_counts(&db, scope, &[id]).await?;
        let sums = referral::earned(&db, scope, id).await?;
        let earned = by_currency(sums, &currency::digits(&db).await?);
        let row = shown(caller, &row, person, leads.get(&id).copied().unwrap_or(0));
        Ok(ReferralView { row, earned })
    }

    /// Notes who brought a new person, where it is told.
    pub(crate) async fn referral_start(
        &self,
        db: &Db,
        id: i64,
        input: &UserCreate,
        changes: Changes,
    ) -> Result<Changes> {
        let Some(referrer_id) = input.referrer_id else { return Ok(changes) };
        check_referrer(db, referrer_id).await?;
        let (rules, now) = (self.referral_rules(), self.now());
        let row = Referral {
            person_id: id,
            referrer_id,
            ppm: input.referral_percent.as_deref().and_then(money::parse_percent).unwrap_or(rules.ppm),
            date_end: input.referral_date_end.or_else(|| rules.end(now)).map(|end| end.0),
            date_created: now.0,
        };
        let told = json!(row);
        referral::create(db, row).await?;
        Ok(changes.also("referral", told))
    }

    /// Changes what is paid for a person who was brought.
    pub(crate) async fn referral_change(
        &self,
        db: &Db,
        id: i64,
        input: &UserUpdate,
        changes: Changes,
    ) -> Result<Changes> {
        let field = match (&input.referral_percent, &input.referral_date_end) {
            (Some(_), _) => "referral_percent",
            (None, Patch::Keep) => return Ok(changes),
            (None, _) => "referral_date_end",
        };
        let before = referral::view(db, Scope::All, id).await?;
        let before = before.ok_or_else(|| Error::field(field, "Nobody brought this person"))?;
        let row = Referral {
            ppm: input.referral_percent.as_deref().and_then(money::parse_percent).unwrap_or(before.ppm),
            date_end: input.referral_date_end.map(|end| end.0).or(before.date_end),
            ..before.clone()
        };
        let (was, is) = (json!(before), json!(row));
        referral::update(db, row).await?;
        Ok(changes.with("referral", was, is))
    }
}

/// What belongs to a referral is sent with a webmaster and his referrer only.
pub(crate) fn check_referred(errors: &mut FieldErrors, input: &UserCreate) {
    let sent = [
        ("referrer_id", input.referrer_id.is_some()),
        ("referral_percent", input.referral_percent.is_some()),
        ("referral_date_end", input.referral_date_end.is_some()),
    ];
    for (field, is_sent) in sent {
        if is_sent && input.level != UserLevel::Webmaster {
            errors.add(field, "Only webmasters have a referrer");
        } else if is_sent && input.referrer_id.is_none() {
            errors.add(field, "Only with referrer_id");
        }
    }
}

async fn check_referrer(db: &Db, id: i64) -> Result<()> {
    match person::view(db, Scope::All, id).await? {
        Some(person) if person.level() == UserLevel::Webmaster && person.is_active() => Ok(()),
        _ => Err(Error::field("referrer_id", "Webmasters not found")),
    }
}

/// A share as it is shown.
pub(crate) fn percent(ppm: i64) -> Amount {
    Amount { micros: ppm.saturating_mul(100), digits: 0 }
}

fn shown(caller: Caller, row: &Referral, person: Option<User>, lead_count: i64) -> ReferralRow {
    let is_operator = caller.level == Level::Operator;
    let level = person.as_ref().map_or(UserLevel::Webmaster, User::level);
    let name = person.map(|person| person.name).unwrap_or_default();
    ReferralRow {
        id: row.person_id,
        referrer_id: is_operator.then_some(row.referrer_id),
        name: if is_operator { name } else { masked_name(&name) },
        level,
        percent: percent(row.ppm),
        date_end: row.date_end.map(Time),
        lead_count,
        date_created: Time(row.date_created),
    }
}

/// Sums by currency and closing as one row for each currency.
fn by_currency(sums: Vec<(i64, bool, i64)>, digits: &BTreeMap<i64, u8>) -> Vec<ReferralEarned> {
    let mut by_currency: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for (currency_id, is_closed, micros) in sums {
        let (amount, hold) = by_currency.entry(currency_id).or_default();
        *if is_closed { amount } else { hold } += micros;
    }
    let row = |(currency_id, (amount, hold))| {
        let digits = digits.get(&currency_id).copied().unwrap_or(0);
        ReferralEarned {
            currency_id,
            amount: Amount { micros: amount, digits },
            amount_hold: Amount { micros: hold, digits },
        }
    };
    by_currency.into_iter().map(row).collect()
}
