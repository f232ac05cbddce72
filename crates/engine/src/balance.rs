//! Balances: what is in the accounts of the ledger, derived from its transfers. `docs/money.md` says how.

use std::collections::BTreeMap;

use whocpa_domain::ledger::AccountKind;
use whocpa_domain::money::Amount;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, Method, Resource, Result, Scope, view};
use whocpa_store::balance::{self, Balance};
use whocpa_store::currency::{self, Currency};

use crate::{Caller, Engine};

/// Owner of the network's own accounts.
const HOUSE: i64 = 0;
/// Transfers of one transaction: well under 50 ms (design §11).
const CHUNK: i64 = 10_000;

view! {
    /// The balances of one owner in one currency. Which fields there are depends on the owner.
    pub struct BalanceView {
        /// The currency's id: an owner has one balance object per currency.
        id: i64,
        /// Currency of the amounts.
        currency_id: i64,
        /// Its code, for example `USD`.
        currency: String,
        /// Whose it is, 0 for the network itself; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        owner_id: Option<i64>,
        /// The owner's kind of account, absent for the network itself; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        level: Option<UserLevel>,
        /// Webmaster: earned by approved leads, waiting for the end of the hold.
        #[serde(skip_serializing_if = "Option::is_none")]
        hold: Option<Amount>,
        /// Webmaster: free to be paid out. Advertiser: prepaid, below zero when he owes.
        #[serde(skip_serializing_if = "Option::is_none")]
        available: Option<Amount>,
        /// Webmaster: in payouts that are under way.
        #[serde(skip_serializing_if = "Option::is_none")]
        reserved: Option<Amount>,
        /// Webmaster: advanced by the network, below zero by what is still owed.
        #[serde(skip_serializing_if = "Option::is_none")]
        advance: Option<Amount>,
        /// Advertiser: reserved for pending leads.
        #[serde(skip_serializing_if = "Option::is_none")]
        committed: Option<Amount>,
        /// Network: its part of closed leads.
        #[serde(skip_serializing_if = "Option::is_none")]
        margin: Option<Amount>,
        /// Network: its part of leads on hold.
        #[serde(skip_serializing_if = "Option::is_none")]
        margin_hold: Option<Amount>,
        /// Network: owed to referrers.
        #[serde(skip_serializing_if = "Option::is_none")]
        referral: Option<Amount>,
        /// Network: remainders of divisions.
        #[serde(skip_serializing_if = "Option::is_none")]
        rounding: Option<Amount>,
        /// Network: currency exchange.
        #[serde(skip_serializing_if = "Option::is_none")]
        fx: Option<Amount>,
        /// Network: losses by chargeback.
        #[serde(skip_serializing_if = "Option::is_none")]
        chargeback: Option<Amount>,
        /// Outside world: what came in by deposits and went out by payouts, below zero for more in than out.
        #[serde(skip_serializing_if = "Option::is_none")]
        external: Option<Amount>,
    }
}

impl Engine {
    /// Your balances, one object per currency in which you have had money; an operator sees those of all owners.
    pub async fn balance_list(&self, caller: Caller) -> Result<Vec<BalanceView>> {
        let scope = caller.may(Resource::Balance, Method::List)?;
        self.balances(scope).await
    }

    /// Your balances in the currency `id`; an operator sees the network's own.
    pub async fn balance_view(&self, caller: Caller, id: i64) -> Result<BalanceView> {
        let scope = caller.may(Resource::Balance, Method::View)?;
        let wanted = |row: &BalanceView| row.id == id && row.owner_id.is_none_or(|owner| owner == HOUSE);
        let rows = self.balances(scope).await?;
        rows.into_iter().find(wanted).ok_or(Error::NotFound)
    }

    /// `(currency_id, micro-units)`: all balances of a currency added up. Anything but zero is a broken ledger.
    pub async fn ledger_sum(&self) -> Result<Vec<(i64, i64)>> {
        let mut sums: BTreeMap<i64, i64> = BTreeMap::new();
        for balance in balance::list(&self.store().read(), Scope::All).await? {
            let sum = sums.entry(balance.account.currency_id).or_default();
            let added = sum.checked_add(balance.micros);
            *sum = added.ok_or_else(|| Error::Internal("the sum of balances overflows".to_owned()))?;
        }
        Ok(sums.into_iter().collect())
    }

    /// Adds transfers to the folded balances; gives how many were added. Balances are right without it, only slower.
    pub async fn balance_fold(&self) -> Result<i64> {
        let horizon = self.store().write(|db| async move { balance::horizon(&db).await }).await?;
        let mut folded = 0;
        loop {
            let chunk =
                self.store().write(|db| async move { balance::fold(&db, horizon, CHUNK).await }).await?;
            folded += chunk;
            if chunk < CHUNK {
                return Ok(folded);
            }
        }
    }

    /// The balances that a scope reaches.
    pub(crate) async fn balances(&self, scope: Scope) -> Result<Vec<BalanceView>> {
        let db = self.store().read();
        let rows = balance::list(&db, scope).await?;
        // Also those that are no longer in use: money in them still counts.
        let currencies = currency::list(&db, Scope::All).await?;
        let currencies: BTreeMap<i64, Currency> = currencies.into_iter().map(|row| (row.id, row)).collect();
        let mut owners: BTreeMap<(i64, i64), Vec<Balance>> = BTreeMap::new();
        for row in rows {
            let key = (row.account.owner_id, row.account.currency_id);
            owners.entry(key).or_default().push(row);
        }
        let shown = owners.into_iter().map(|((owner_id, currency_id), rows)| {
            let missing = || Error::Internal(format!("currency {currency_id} is missing"));
            let currency = currencies.get(&currency_id).ok_or_else(missing)?;
            Ok(shown(scope, owner_id, currency, &rows))
        });
        shown.collect()
    }
}

/// Whose accounts of this kind are; `None` for the network itself.
fn level(kind: AccountKind) -> Option<UserLevel> {
    use AccountKind as K;
    match kind {
        K::WebmasterHold | K::WebmasterAvailable | K::WebmasterReserved | K::WebmasterAdvance => {
            Some(UserLevel::Webmaster)
        }
        K::AdvertiserAvailable | K::AdvertiserCommitted => Some(UserLevel::Advertiser),
        K::HouseMarginHold
        | K::HouseMargin
        | K::HouseReferral
        | K::HouseRounding
        | K::HouseFx
        | K::HouseChargeback
        | K::External => None,
    }
}

fn shown(scope: Scope, owner_id: i64, currency: &Currency, rows: &[Balance]) -> BalanceView {
    use AccountKind as K;
    let owner_level = rows.first().and_then(|row| level(row.account.kind));
    // Every account of the owner's level is shown, one that was never used as zero.
    let amount = |kind: AccountKind| {
        let found = rows.iter().find(|row| row.account.kind == kind);
        (level(kind) == owner_level).then(|| Amount {
            micros: found.map_or(0, |row| row.micros),
            digits: u8::try_from(currency.digits).unwrap_or(0),
        })
    };
    let is_operator = matches!(scope, Scope::All | Scope::Manager(_));
    BalanceView {
        id: currency.id,
        currency_id: currency.id,
        currency: currency.code.clone(),
        owner_id: is_operator.then_some(owner_id),
        level: owner_level.filter(|_| is_operator),
        hold: amount(K::WebmasterHold),
        available: amount(K::WebmasterAvailable).or_else(|| amount(K::AdvertiserAvailable)),
        reserved: amount(K::WebmasterReserved),
        advance: amount(K::WebmasterAdvance),
        committed: amount(K::AdvertiserCommitted),
        margin: amount(K::HouseMargin),
        margin_hold: amount(K::HouseMarginHold),
        referral: amount(K::HouseReferral),
        rounding: amount(K::HouseRounding),
        fx: amount(K::HouseFx),
        chargeback: amount(K::HouseChargeback),
        external: amount(K::External),
    }
}
