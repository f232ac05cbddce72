//! Deposits: advertisers' money on its way in.

use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use serde::Serialize;
use whocpa_domain::deposit::{DepositMethod, DepositStatus};
use whocpa_domain::sort::{AmountSort, Sort};
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::{listing, person};

/// One deposit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "deposit")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who pays in.
    pub advertiser_id: i64,
    /// Of the balance that it goes to.
    pub currency_id: i64,
    /// Micro-units.
    pub amount: i64,
    /// [`DepositMethod`] as a number.
    pub method: i64,
    /// [`DepositStatus`] as a number.
    pub status: i64,
    /// The advertiser's words.
    pub comment: String,
    /// The operator's words.
    pub reason: String,
    /// Id of the payment in the system that made it.
    pub reference: String,
    /// Seconds.
    pub date_created: i64,
    /// Until when the money should come.
    pub date_due: i64,
    /// When the money was on the balance.
    pub date_paid: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One deposit.
pub type Deposit = Model;

/// Which deposits are wanted.
#[derive(Debug, Clone, Default)]
pub struct DepositFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these advertisers.
    pub advertiser_ids: Option<Vec<i64>>,
    /// Only in these currencies.
    pub currency_ids: Option<Vec<i64>>,
    /// In which order; the newest first unless told.
    pub sort: Option<Sort<AmountSort>>,
    /// Only by these ways.
    pub methods: Option<Vec<DepositMethod>>,
    /// Only in one of these states.
    pub status: Option<Vec<DepositStatus>>,
    /// Made from here, seconds.
    pub from: Option<Time>,
    /// Made before this, seconds.
    pub until: Option<Time>,
}

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Advertiser(id) => Entity::find().filter(Column::AdvertiserId.eq(id)),
        Scope::Manager(id) => Entity::find().filter(Column::AdvertiserId.in_subquery(person::managed(id))),
        Scope::Webmaster(_) | Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// One page of deposits, newest first.
pub async fn list(db: &Db, scope: Scope, filter: &DepositFilter, paging: Paging) -> Result<Rows<Deposit>> {
    let column = match filter.sort.map(|sort| sort.key) {
        None | Some(AmountSort::Created) => Column::Id,
        Some(AmountSort::Amount) => Column::Amount,
    };
    let is_descending = filter.sort.is_none_or(|sort| sort.is_descending);
    let mut select = listing::sorted(visible(scope), (column, Column::Id), is_descending);
    select = listing::among(select, Column::Id, filter.ids.as_deref());
    select = listing::among(select, Column::AdvertiserId, filter.advertiser_ids.as_deref());
    select = listing::among(select, Column::CurrencyId, filter.currency_ids.as_deref());
    if let Some(methods) = &filter.methods {
        select = select.filter(Column::Method.is_in(methods.iter().map(|method| method.code())));
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

/// One deposit.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Deposit>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One deposit, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Deposit>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored deposit.
pub async fn update(db: &Db, row: Deposit) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new deposit; gives its id.
pub async fn create(db: &Db, row: Deposit) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}
