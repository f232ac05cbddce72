//! Currencies in which goals pay and balances are kept.

use std::collections::BTreeMap;

use whocpa_domain::input::limits::{self, Form, Limits};
use whocpa_domain::{Error, FieldErrors, Method, Resource, Result, Scope, params, view};
use whocpa_store::Db;
use whocpa_store::currency::{self, Currency};

use crate::audit::Changes;
use crate::{Caller, Engine, check};

/// Numbers of currencies.
const ID: Limits = Limits::Range(1, 99_999);
/// Digits of a minor unit.
const DIGITS: Limits = Limits::Range(0, 6);
/// Codes of currencies.
const CODE: Limits = Limits::Form(&Form {
    format: "",
    pattern: "^[A-Z0-9]{3,10}$",
    longest: 10,
    wrong: |code| {
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        let is_right = (3..=10).contains(&code.len()) && code.chars().all(plain);
        (!is_right).then(|| "Must be 3 to 10 capital Latin letters and digits".to_owned())
    },
});

params! {
    /// A new currency.
    pub struct CurrencyCreate {
        /// Currency id: the ISO 4217 number, or a number above 10000 where ISO has none.
        id: i64 where ID,
        /// ISO 4217 code or a name like it, 3 to 10 capital letters and digits, unique.
        code: String where CODE,
        /// Digits of the minor unit, 0 to 6: 2 where amounts look like 12.50.
        digits: i64 where DIGITS,
        /// Name in English.
        name_en: String where limits::NAME,
        /// Name in Russian.
        name_ru: String where limits::NAME,
        /// Whether new goals may use it; yes unless told.
        is_active: Option<bool>,
    }
}

params! {
    /// Changes of a currency.
    pub struct CurrencyUpdate {
        /// ISO 4217 code or a name like it, 3 to 10 capital letters and digits, unique.
        code: Option<String> where CODE,
        /// Digits of the minor unit, 0 to 6. Stored amounts keep their value; they are only shown otherwise.
        digits: Option<i64> where DIGITS,
        /// Name in English.
        name_en: Option<String> where limits::NAME,
        /// Name in Russian.
        name_ru: Option<String> where limits::NAME,
        /// Whether new goals may use it.
        is_active: Option<bool>,
    }
}

view! {
    /// A currency.
    pub struct CurrencyView {
        /// Currency id: the ISO 4217 number, or a number above 10000 where ISO has none.
        id: i64,
        /// ISO 4217 code or a name like it.
        code: String,
        /// Digits of the minor unit: 2 where amounts look like 12.50.
        digits: i64,
        /// Name in English.
        name_en: String,
        /// Name in Russian.
        name_ru: String,
        /// Whether new goals may use it.
        is_active: bool,
    }
}

impl From<Currency> for CurrencyView {
    fn from(row: Currency) -> Self {
        Self {
            id: row.id,
            code: row.code,
            digits: row.digits,
            name_en: row.name_en,
            name_ru: row.name_ru,
            is_active: row.is_active,
        }
    }
}

impl Engine {
    /// All currencies by code; others than operators see the active ones.
    pub async fn currency_list(&self, caller: Caller) -> Result<Vec<CurrencyView>> {
        let scope = caller.may(Resource::Currency, Method::List)?;
        let rows = currency::list(&self.store().read(), scope).await?;
        Ok(rows.into_iter().map(CurrencyView::from).collect())
    }

    /// One currency.
    pub async fn currency_view(&self, caller: Caller, id: i64) -> Result<CurrencyView> {
        let scope = caller.may(Resource::Currency, Method::View)?;
        let row = currency::view(&self.store().read(), scope, id).await?;
        row.map(CurrencyView::from).ok_or(Error::NotFound)
    }

    /// Changes a currency; absent fields keep their value.
    pub async fn currency_update(&self, caller: Caller, id: i64, input: CurrencyUpdate) -> Result<()> {
        let scope = caller.may(Resource::Currency, Method::Update)?;
        let input = &input;
        self.store()
            .write(move |db| async move {
                let before = currency::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let mut row = before.clone();
                row.code = input.code.clone().unwrap_or(row.code);
                row.digits = input.digits.unwrap_or(row.digits);
                row.name_en = input.name_en.clone().unwrap_or(row.name_en);
                row.name_ru = input.name_ru.clone().unwrap_or(row.name_ru);
                row.is_active = input.is_active.unwrap_or(row.is_active);
                check(&row)?;
                let changes = Changes::updated(&before, &row);
                currency::update(&db, row).await?;
                self.note(&db, caller, Resource::Currency, id, changes).await
            })
            .await
    }

    /// Adds a currency under its number; gives the number.
    pub async fn currency_create(&self, caller: Caller, input: CurrencyCreate) -> Result<i64> {
        caller.may(Resource::Currency, Method::Create)?;
        let row = Currency {
            id: input.id,
            code: input.code,
            digits: input.digits,
            name_en: input.name_en,
            name_ru: input.name_ru,
            is_active: input.is_active.unwrap_or(true),
        };
        check(&row)?;
        let row = &row;
        self.store()
            .write(move |db| async move {
                currency::create(&db, row.clone()).await?;
                self.note(&db, caller, Resource::Currency, row.id, Changes::created(row)).await?;
                Ok(row.id)
            })
            .await
    }

    /// Removes a currency in which nothing is counted.
    pub async fn currency_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Currency, Method::Delete)?;
        self.store()
            .write(move |db| async move {
                let row = currency::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
                if !currency::delete(&db, id).await? {
                    return Err(Error::Conflict("Goals or balances use this currency".to_owned()));
                }
                self.note(&db, caller, Resource::Currency, id, Changes::deleted(&row)).await
            })
            .await
    }
}

/// The code of a currency, empty for one that is not there.
pub(crate) async fn code(db: &Db, id: i64) -> Result<String> {
    Ok(currency::view(db, Scope::All, id).await?.map(|row| row.code).unwrap_or_default())
}

/// Digits of every currency by its id, for showing amounts.
pub(crate) async fn digits(db: &Db) -> Result<BTreeMap<i64, u8>> {
    let rows = currency::list(db, Scope::All).await?;
    Ok(rows.into_iter().map(|row| (row.id, minor_digits(&row))).collect())
}

/// Digits of one currency's minor unit.
pub(crate) fn minor_digits(row: &Currency) -> u8 {
    u8::try_from(row.digits).unwrap_or(0)
}

fn check(row: &Currency) -> Result<()> {
    let mut errors = FieldErrors::default();
    ID.check_number(&mut errors, "id", row.id);
    CODE.check(&mut errors, "code", &row.code);
    DIGITS.check_number(&mut errors, "digits", row.digits);
    check::name(&mut errors, "name_en", &row.name_en);
    check::name(&mut errors, "name_ru", &row.name_ru);
    errors.finish()
}
