//! Batches: payouts that are sent together.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Func};
use sea_orm::{QueryOrder, QuerySelect};
use serde::Serialize;
use whocpa_domain::payout::PayoutStatus;
use whocpa_domain::wallet::WalletKind;
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::listing;
use crate::payout::{self, Payout};

/// One batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "payout_batch")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Way of payment: [`WalletKind`] as a number.
    pub wallet_kind: i64,
    /// Of all its payouts.
    pub currency_id: i64,
    /// How many there are.
    pub payout_count: i64,
    /// What arrives of all of them, micro-units.
    pub amount: i64,
    /// Who made it.
    pub operator_id: i64,
    /// Seconds.
    pub date_created: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One batch.
pub type PayoutBatch = Model;

/// Which batches are wanted.
#[derive(Debug, Clone, Default)]
pub struct BatchFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only by these ways of payment.
    pub wallet_kinds: Option<Vec<WalletKind>>,
    /// Only in these currencies.
    pub currency_ids: Option<Vec<i64>>,
    /// Made from here, seconds.
    pub from: Option<Time>,
    /// Made before this, seconds.
    pub until: Option<Time>,
}

/// Batches are of many people: they are for those who see all.
fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        _ => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// One page of batches, newest first.
pub async fn list(db: &Db, scope: Scope, filter: &BatchFilter, paging: Paging) -> Result<Rows<PayoutBatch>> {
    let mut select = visible(scope).order_by_desc(Column::Id);
    if let Some(kinds) = &filter.wallet_kinds {
        select = select.filter(Column::WalletKind.is_in(kinds.iter().map(|kind| kind.code())));
    }
    select = listing::among(select, Column::Id, filter.ids.as_deref());
    select = listing::among(select, Column::CurrencyId, filter.currency_ids.as_deref());
    if let Some(from) = filter.from {
        select = select.filter(Column::DateCreated.gte(from.0));
    }
    if let Some(until) = filter.until {
        select = select.filter(Column::DateCreated.lt(until.0));
    }
    db::page(db, select, paging).await
}

/// One batch.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<PayoutBatch>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One batch, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<PayoutBatch>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// The oldest approved payouts of a way of payment that arrive in a currency and are in no batch, kept from changing.
pub async fn queued(db: &Db, kind: WalletKind, currency_id: i64, limit: u64) -> Result<Vec<Payout>> {
    use payout::Column as P;
    payout::Entity::find()
        .filter(P::Status.eq(PayoutStatus::Approved.code()))
        .filter(P::BatchId.is_null())
        .filter(P::WalletKind.eq(kind.code()))
        // Exchanged ones are paid in another currency than that of their balance.
        .filter(
            Expr::expr(Func::coalesce([Expr::col(P::CurrencyPaidId), Expr::col(P::CurrencyId)]))
                .eq(currency_id),
        )
        .order_by_asc(P::Id)
        .limit(limit)
        .lock_exclusive()
        .all(&db.conn())
        .await
        .map_err(db::error)
}

/// The payouts of a batch.
pub async fn payouts(db: &Db, id: i64) -> Result<Vec<Payout>> {
    let select = payout::Entity::find().filter(payout::Column::BatchId.eq(id));
    select.order_by_asc(payout::Column::Id).all(&db.conn()).await.map_err(db::error)
}

/// The same, kept from changing.
pub async fn payouts_for_update(db: &Db, id: i64) -> Result<Vec<Payout>> {
    let select = payout::Entity::find().filter(payout::Column::BatchId.eq(id)).lock_exclusive();
    select.order_by_asc(payout::Column::Id).all(&db.conn()).await.map_err(db::error)
}

/// Stores a new batch; gives its id.
pub async fn create(db: &Db, row: PayoutBatch) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}
