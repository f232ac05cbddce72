//! A payout into a wallet of another currency: the rate of the moment is recorded, and what arrives by it.

use whocpa_domain::{Error, Result, Time};
use whocpa_store::Db;
use whocpa_store::payout::Payout;

use crate::rate;

/// The payout with what arrives in the wallet's currency, of which so many digits can be paid.
///
/// # Errors
/// [`Error::Invalid`] when no rate is known, or so little arrives that it cannot be paid.
pub(super) async fn converted(db: &Db, row: Payout, currency_id: i64, digits: u8) -> Result<Payout> {
    if row.currency_id == currency_id {
        return Ok(row);
    }
    let now = Time(row.date_created);
    let Some(found) = rate::exchange(db, row.currency_id, currency_id, now).await? else {
        let (from, to) = (rate::code_of(db, row.currency_id).await?, rate::code_of(db, currency_id).await?);
        let message = format!(
            "This wallet takes {to}, and there is no rate from {from} to {to} now: ask the network, or use a wallet in {from}"
        );
        return Err(Error::field("currency_id", message));
    };
    let amount = found.apply(row.amount - row.fee, digits).filter(|amount| *amount > 0);
    let amount = amount.ok_or_else(|| Error::field("amount", "Cannot be paid in the wallet's currency"))?;
    Ok(Payout {
        currency_paid_id: Some(currency_id),
        amount_paid: Some(amount),
        rate: Some(found.rate),
        rate_source: found.words(),
        ..row
    })
}
