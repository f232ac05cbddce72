//! Currencies: ISO 4217 and USDT.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Condition;
use sea_orm::{ActiveModelTrait, IntoActiveModel, QueryOrder};
use serde::Serialize;
use whocpa_domain::{Result, Scope};

use crate::db::{self, Db};

/// One currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "currency")]
pub struct Model {
    /// ISO 4217 number; above 10 000 for others.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// ISO 4217 code, unique.
    pub code: String,
    /// Digits of the minor unit.
    pub digits: i64,
    /// Name in English.
    pub name_en: String,
    /// Name in Russian.
    pub name_ru: String,
    /// Whether new goals may use it.
    pub is_active: bool,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One currency.
pub type Currency = Model;

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        _ => Entity::find().filter(Column::IsActive.eq(true)),
    }
}

/// All currencies by code.
pub async fn list(db: &Db, scope: Scope) -> Result<Vec<Currency>> {
    visible(scope).order_by_asc(Column::Code).all(&db.conn()).await.map_err(db::error)
}

/// One currency.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Currency>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored currency.
pub async fn update(db: &Db, row: Currency) -> Result<()> {
    db::save(db, row).await.map_err(|e| db::unique(e, "code", "Already taken"))
}

/// Stores a new currency under the number in the row.
pub async fn create(db: &Db, row: Currency) -> Result<()> {
    let row = row.into_active_model().reset_all();
    let stored = Entity::insert(row).exec_without_returning(&db.conn()).await;
    stored.map(drop).map_err(|e| db::unique(e, "code", "This code or number is already taken"))
}

/// Removes a currency; false when something is counted in it.
pub async fn delete(db: &Db, id: i64) -> Result<bool> {
    let goals = crate::goal::Entity::find().filter(crate::goal::Column::CurrencyId.eq(id));
    let accounts = crate::account::Entity::find().filter(crate::account::Column::CurrencyId.eq(id));
    let products = crate::product::Entity::find().filter(crate::product::Column::CurrencyId.eq(id));
    let feeds = crate::feed::Entity::find().filter(crate::feed::Column::CurrencyId.eq(id));
    let is_of = |column: crate::rate::Column| column.eq(id);
    let of_rate = Condition::any().add(is_of(crate::rate::Column::BaseId));
    let of_rate = of_rate.add(is_of(crate::rate::Column::CurrencyId));
    let rates = crate::rate::Entity::find().filter(of_rate);
    let wallets = crate::wallet::Entity::find().filter(crate::wallet::Column::CurrencyId.eq(id));
    let deposits = crate::deposit::Entity::find().filter(crate::deposit::Column::CurrencyId.eq(id));
    let used = rates.count(&db.conn()).await.map_err(db::error)?
        + wallets.count(&db.conn()).await.map_err(db::error)?
        + deposits.count(&db.conn()).await.map_err(db::error)?
        + goals.count(&db.conn()).await.map_err(db::error)?
        + accounts.count(&db.conn()).await.map_err(db::error)?
        + products.count(&db.conn()).await.map_err(db::error)?
        + feeds.count(&db.conn()).await.map_err(db::error)?;
    if used == 0 {
        Entity::delete_by_id(id).exec(&db.conn()).await.map_err(db::error)?;
    }
    Ok(used == 0)
}
