//! When the money of approved leads becomes available.

use whocpa_domain::money::Amount;
use whocpa_domain::{Method, Resource, Result, Scope, Time};
use whocpa_store::lead;

use crate::currency::digits;
use crate::{Caller, Engine};

/// What becomes available on one day in one currency, while its leads stay approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldDay {
    /// When the last of that day's holds ends.
    pub date_end: Time,
    /// Currency of the money.
    pub currency_id: i64,
    /// How many leads.
    pub leads: i64,
    /// What they are worth to the webmaster.
    pub money: Amount,
}

impl Engine {
    /// When the caller's approved leads on hold become available, the earliest first.
    pub async fn hold_list(&self, caller: Caller) -> Result<Vec<HoldDay>> {
        let Scope::Webmaster(id) = caller.may(Resource::Lead, Method::List)? else { return Ok(Vec::new()) };
        let db = self.store().read();
        let digits = digits(&db).await?;
        let mut days = lead::holds(&db, id).await?;
        days.sort_unstable();
        let day = |(date_end, currency_id, leads, micros): (i64, i64, i64, i64)| HoldDay {
            date_end: Time(date_end),
            currency_id,
            leads,
            money: Amount { micros, digits: digits.get(&currency_id).copied().unwrap_or(2) },
        };
        Ok(days.into_iter().map(day).collect())
    }
}
