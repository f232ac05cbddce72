//! Products: the goods of an offer.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use serde::Serialize;
use whocpa_domain::material::ProductSort;
use whocpa_domain::sort::Sort;
use whocpa_domain::{Result, Scope, Time};

use crate::bulk;
use crate::db::{self, Db, Paging, Rows};
use crate::material;

/// One product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which offer.
    pub offer_id: i64,
    /// The advertiser's own id of it, unique within the offer.
    pub external_id: String,
    /// Name.
    pub name: String,
    /// Its page.
    pub url: String,
    /// Micro-units.
    pub price: i64,
    /// What it cost before, micro-units.
    pub price_old: Option<i64>,
    /// Currency of both.
    pub currency_id: i64,
    /// Address of its picture, empty for none.
    pub picture: String,
    /// Path of categories, joined by ` / `.
    pub category: String,
    /// Who makes it.
    pub vendor: String,
    /// Description.
    pub description: String,
    /// Whether it can be bought.
    pub is_available: bool,
    /// Which run of a feed saw it last, 0 for none.
    pub run: i64,
    /// Seconds.
    pub date_created: i64,
    /// Seconds.
    pub date_updated: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One product.
pub type Product = Model;

/// Which products are wanted.
#[derive(Debug, Clone, Default)]
pub struct ProductFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these offers.
    pub offer_ids: Option<Vec<i64>>,
    /// Only with these ids of the advertiser.
    pub external_ids: Option<Vec<String>>,
    /// Only by these makers.
    pub vendors: Option<Vec<String>>,
    /// Only with prices in this currency.
    pub currency_id: Option<i64>,
    /// Only at this price or more, micro-units.
    pub price_from: Option<i64>,
    /// Only at this price or less, micro-units.
    pub price_to: Option<i64>,
    /// Only cheaper than before, or only others.
    pub is_discounted: Option<bool>,
    /// Only those that can be bought, or only others.
    pub is_available: Option<bool>,
    /// Only whose category path contains this.
    pub category: Option<String>,
    /// Only whose name contains this.
    pub search: Option<String>,
    /// Only changed since.
    pub updated_from: Option<Time>,
    /// The order.
    pub sort: Sort<ProductSort>,
}

fn visible(scope: Scope) -> Select<Entity> {
    material::of_visible_offers(scope, Column::OfferId)
}

fn filtered(mut select: Select<Entity>, filter: &ProductFilter) -> Select<Entity> {
    for (column, wanted) in [(Column::Id, &filter.ids), (Column::OfferId, &filter.offer_ids)] {
        if let Some(wanted) = wanted {
            select = select.filter(column.is_in(wanted.iter().copied()));
        }
    }
    for (column, wanted) in [(Column::ExternalId, &filter.external_ids), (Column::Vendor, &filter.vendors)] {
        if let Some(wanted) = wanted {
            select = select.filter(column.is_in(wanted.iter().cloned()));
        }
    }
    for (column, part) in [(Column::Category, &filter.category), (Column::Name, &filter.search)] {
        if let Some(part) = part {
            select = select.filter(db::contains(column, part));
        }
    }
    if let Some(id) = filter.currency_id {
        select = select.filter(Column::CurrencyId.eq(id));
    }
    if let Some(price) = filter.price_from {
        select = select.filter(Column::Price.gte(price));
    }
    if let Some(price) = filter.price_to {
        select = select.filter(Column::Price.lte(price));
    }
    match filter.is_discounted {
        Some(true) => select = select.filter(Column::PriceOld.is_not_null()),
        Some(false) => select = select.filter(Column::PriceOld.is_null()),
        None => {}
    }
    if let Some(wanted) = filter.is_available {
        select = select.filter(Column::IsAvailable.eq(wanted));
    }
    if let Some(from) = filter.updated_from {
        select = select.filter(Column::DateUpdated.gte(from.0));
    }
    select
}

/// One page of products.
pub async fn list(db: &Db, scope: Scope, filter: &ProductFilter, paging: Paging) -> Result<Rows<Product>> {
    let column = match filter.sort.key {
        ProductSort::Id => Column::Id,
        ProductSort::Name => Column::Name,
        ProductSort::Price => Column::Price,
        ProductSort::Updated => Column::DateUpdated,
    };
    let select = filtered(visible(scope), filter);
    db::page(db, material::ordered(select, column, filter.sort.is_descending, Column::Id), paging).await
}

/// One product.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Product>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One product, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Product>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// Products of one offer by the advertiser's ids, kept from changing until the transaction ends.
pub async fn of_external_ids(db: &Db, offer_id: i64, ids: &[String]) -> Result<Vec<Product>> {
    let select = Entity::find()
        .filter(Column::OfferId.eq(offer_id))
        .filter(bulk::among_texts(db, Column::ExternalId, ids))
        .order_by_asc(Column::Id)
        .lock_exclusive();
    select.all(&db.conn()).await.map_err(db::error)
}

/// Ids of an offer's products that can be bought and that this run has not seen; in order, after the id `after`.
pub async fn unseen(db: &Db, offer_id: i64, run: i64, after: i64, limit: u64) -> Result<Vec<i64>> {
    let select = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::OfferId.eq(offer_id))
        .filter(Column::IsAvailable.eq(true))
        .filter(Column::Run.ne(run))
        .filter(Column::Id.gt(after))
        .order_by_asc(Column::Id)
        .limit(limit);
    select.into_tuple().all(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored product.
pub async fn update(db: &Db, row: Product) -> Result<()> {
    db::save(db, row).await.map_err(taken)
}

/// Notes that a run has seen these products.
pub async fn update_seen(db: &Db, ids: &[i64], run: i64) -> Result<()> {
    let many = Entity::update_many().col_expr(Column::Run, run.into());
    many.filter(bulk::among(db, Column::Id, ids)).exec(&db.conn()).await.map(drop).map_err(db::error)
}

/// Takes these products off sale.
pub async fn update_unavailable(db: &Db, ids: &[i64], now: Time) -> Result<()> {
    let many = Entity::update_many()
        .col_expr(Column::IsAvailable, false.into())
        .col_expr(Column::DateUpdated, now.0.into());
    many.filter(bulk::among(db, Column::Id, ids)).exec(&db.conn()).await.map(drop).map_err(db::error)
}

/// Stores a new product; gives its id.
pub async fn create(db: &Db, row: Product) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(taken)
}

/// Stores products, or writes those over that the offer has under the same external id.
pub async fn create_or_update(db: &Db, rows: &[Product]) -> Result<()> {
    bulk::upsert::<Entity>(
        db,
        rows,
        Column::Id,
        &[Column::OfferId, Column::ExternalId],
        &[Column::DateCreated],
    )
    .await
    .map_err(db::error)
}

/// Removes a product.
pub async fn delete(db: &Db, id: i64) -> Result<()> {
    Entity::delete_by_id(id).exec(&db.conn()).await.map(drop).map_err(db::error)
}

fn taken(refusal: DbErr) -> whocpa_domain::Error {
    db::unique(refusal, "external_id", "This offer has a product with this id")
}
