//! When the money of approved leads becomes available.

use whocpa_domain::money::Amount;
use whocpa_domain::{Method, Resource, Result, Scope, Time};
use whocpa_store::lead;

use crate::currency::digits;
use crate::{Caller, Engine};

/// What becomes available at one time in one currency, while its leads stay approved: within a quarter of an hour here, and
/// within a day of somebody's zone once [`HoldDay::by_day`] has put them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldDay {
    /// When the last of these holds ends.
    pub date_end: Time,
    /// Currency of the money.
    pub currency_id: i64,
    /// How many leads.
    pub leads: i64,
    /// What they are worth to the webmaster.
    pub money: Amount,
}

impl HoldDay {
    /// Those of one day and currency together; `day` is the day of a moment by somebody's clock.
    pub fn by_day(holds: Vec<Self>, day: impl Fn(Time) -> String) -> Vec<(String, Vec<Self>)> {
        let mut days: Vec<(String, Vec<Self>)> = Vec::new();
        for hold in holds {
            let of = day(hold.date_end);
            match days.last_mut().filter(|(known, _)| *known == of) {
                Some((_, found)) => match found.iter_mut().find(|one| one.currency_id == hold.currency_id) {
                    Some(one) => {
                        one.date_end = one.date_end.max(hold.date_end);
                        one.leads += hold.leads;
                        one.money.micros = one.money.micros.saturating_add(hold.money.micros);
                    }
                    None => found.push(hold),
                },
                None => days.push((of, vec![hold])),
            }
        }
        days
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_are_put_together_by_day_and_currency() {
        let hold = |hour: i64, currency_id: i64| HoldDay {
            date_end: Time(hour * 3600),
            currency_id,
            leads: 2,
            money: Amount { micros: 5, digits: 2 },
        };
        let all = vec![hold(1, 840), hold(5, 980), hold(23, 840), hold(24, 840)];
        let days = HoldDay::by_day(all, |time| (time.0 / 86_400).to_string());
        let both = HoldDay { leads: 4, money: Amount { micros: 10, digits: 2 }, ..hold(23, 840) };
        assert_eq!(
            days,
            [("0".to_owned(), vec![both, hold(5, 980)]), ("1".to_owned(), vec![hold(24, 840)]),]
        );
    }
}
