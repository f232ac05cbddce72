//! Payouts: webmasters' money on its way out.

use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use serde::Serialize;
use whocpa_domain::payout::{Arrives, PayoutStatus};
use whocpa_domain::sort::{AmountSort, Sort};
use whocpa_domain::wallet::WalletKind;
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::{listing, person};

/// One payout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "payout")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who is paid.
    pub webmaster_id: i64,
    /// Where the money goes.
    pub wallet_id: i64,
    /// [`WalletKind`] as a number.
    pub wallet_kind: i64,
    /// Of the balance and of all amounts.
    pub currency_id: i64,
    /// What leaves the balance, micro-units.
    pub amount: i64,
    /// The part of it that the way of payment keeps.
    pub fee: i64,
    /// [`PayoutStatus`] as a number.
    pub status: i64,
    /// How many steps it has made: numbers the causes of its transfers.
    pub step: i64,
    /// Why it was rejected.
    pub reason: String,
    /// The owner's words.
    pub comment: String,
    /// Id of the payment in the system that made it.
    pub reference: String,
    /// The operator who approved it.
    pub approver_id: Option<i64>,
    /// The other operator who approved it, above the limit.
    pub second_approver_id: Option<i64>,
    /// Seconds.
    pub date_created: i64,
    /// When it was approved or rejected.
    pub date_decided: Option<i64>,
    /// When it was paid.
    pub date_paid: Option<i64>,
    /// The wallet's currency where it is another one.
    pub currency_paid_id: Option<i64>,
    /// What arrives in it, micro-units.
    pub amount_paid: Option<i64>,
    /// Units of it for one of the balance, in 10^-12.
    pub rate: Option<i64>,
    /// Who stated that, in words.
    pub rate_source: String,
    /// The batch that it is sent with.
    pub batch_id: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One payout.
pub type Payout = Model;

/// Which payouts are wanted.
#[derive(Debug, Clone, Default)]
pub struct PayoutFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these webmasters.
    pub webmaster_ids: Option<Vec<i64>>,
    /// Only to these wallets.
    pub wallet_ids: Option<Vec<i64>>,
    /// Only out of balances in these currencies.
    pub currency_ids: Option<Vec<i64>>,
    /// In which order; the newest first unless told.
    pub sort: Option<Sort<AmountSort>>,
    /// Only by these ways of payment.
    pub wallet_kinds: Option<Vec<WalletKind>>,
    /// Only in one of these states.
    pub status: Option<Vec<PayoutStatus>>,
    /// Asked for from here, seconds.
    pub from: Option<Time>,
    /// Asked for before this, seconds.
    pub until: Option<Time>,
}

impl Payout {
    /// What arrives in another currency than the balance's.
    pub fn arrives(&self) -> Option<Arrives> {
        let (currency_id, amount) = self.currency_paid_id.zip(self.amount_paid)?;
        Some(Arrives { currency_id, amount })
    }
}

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Webmaster(id) => Entity::find().filter(Column::WebmasterId.eq(id)),
        Scope::Manager(id) => Entity::find().filter(Column::WebmasterId.in_subquery(person::managed(id))),
        Scope::Advertiser(_) | Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// One page of payouts, newest first.
pub async fn list(db: &Db, scope: Scope, filter: &PayoutFilter, paging: Paging) -> Result<Rows<Payout>> {
    let column = match filter.sort.map(|sort| sort.key) {
        None | Some(AmountSort::Created) => Column::Id,
        Some(AmountSort::Amount) => Column::Amount,
    };
    let is_descending = filter.sort.is_none_or(|sort| sort.is_descending);
    let mut select = listing::sorted(visible(scope), (column, Column::Id), is_descending);
    for (column, wanted) in [
        (Column::Id, &filter.ids),
        (Column::WebmasterId, &filter.webmaster_ids),
        (Column::WalletId, &filter.wallet_ids),
        (Column::CurrencyId, &filter.currency_ids),
    ] {
        select = listing::among(select, column, wanted.as_deref());
    }
    if let Some(kinds) = &filter.wallet_kinds {
        select = select.filter(Column::WalletKind.is_in(kinds.iter().map(|kind| kind.code())));
    }
    if let Some(states) = &filter.status {
        select = select.filter(Column::Status.is_in(states.iter().map(|status| status.code())));
    }
    if let Some(from) = filter.from {
        select = select.filter(Column::DateCreated.gte(from.0));
    }
    if let Some(until) = filter.until {
        select = select.filter(Column::DateCreated.lt(until.0));
    }
    db::page(db, select, paging).await
}

/// One payout.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Payout>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// Those of these payouts that the caller may see.
pub async fn of_ids(db: &Db, scope: Scope, ids: &[i64]) -> Result<Vec<Payout>> {
    visible(scope).filter(Column::Id.is_in(ids.iter().copied())).all(&db.conn()).await.map_err(db::error)
}

/// One payout, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Payout>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored payout.
pub async fn update(db: &Db, row: Payout) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new payout; gives its id.
pub async fn create(db: &Db, row: Payout) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}
