//! Stocks: time-limited promotions of an offer (акции, not inventory).

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, SelectStatement};
use sea_orm::{QuerySelect, QueryTrait};
use serde::Serialize;
use whocpa_domain::material::MaterialSort;
use whocpa_domain::moderation::ModerationStatus;
use whocpa_domain::sort::Sort;
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::material::{self, Columns};
use crate::promo;

/// One stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "stock")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which offer.
    pub offer_id: i64,
    /// [`ModerationStatus`] as a number.
    pub status: i64,
    /// The operator's reason.
    pub reason: String,
    /// Name.
    pub name: String,
    /// What is promised.
    pub description: String,
    /// The code that a buyer enters, empty for none.
    pub promo_code: String,
    /// Where visitors are sent, a template with macros; empty for the offer's own destination.
    pub url: String,
    /// Name of its picture.
    pub image: Option<String>,
    /// For connected webmasters only.
    pub is_private: bool,
    /// First second.
    pub date_start: i64,
    /// First second after it.
    pub date_end: i64,
    /// Seconds.
    pub date_created: i64,
    /// Seconds.
    pub date_updated: i64,
    /// When an operator first approved it, seconds.
    pub date_published: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One stock.
pub type Stock = Model;

/// Which stocks are wanted.
#[derive(Debug, Clone, Default)]
pub struct StockFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these offers.
    pub offer_ids: Option<Vec<i64>>,
    /// Only in one of these states.
    pub status: Option<Vec<ModerationStatus>>,
    /// Only live ones that run at this moment, or only the others.
    pub active_at: Option<(Time, bool)>,
    /// Only published since, or only the others.
    pub published_from: Option<(Time, bool)>,
    /// Only whose name contains this.
    pub search: Option<String>,
    /// Only changed since.
    pub updated_from: Option<Time>,
    /// The order.
    pub sort: Sort<MaterialSort>,
}

fn visible(scope: Scope) -> Select<Entity> {
    let (offer_id, status, is_private) = (Column::OfferId, Column::Status, Column::IsPrivate);
    material::visible(scope, &Columns { offer_id, status, is_private })
}

/// Live and running at `at`.
fn active(at: Time) -> Condition {
    Condition::all()
        .add(Column::Status.eq(ModerationStatus::Live.code()))
        .add(Column::DateStart.lte(at.0))
        .add(Column::DateEnd.gt(at.0))
}

/// One page of stocks.
pub async fn list(db: &Db, scope: Scope, filter: &StockFilter, paging: Paging) -> Result<Rows<Stock>> {
    let mut select = visible(scope);
    for (column, wanted) in [(Column::Id, &filter.ids), (Column::OfferId, &filter.offer_ids)] {
        if let Some(wanted) = wanted {
            select = select.filter(column.is_in(wanted.iter().copied()));
        }
    }
    if let Some(states) = &filter.status {
        select = select.filter(Column::Status.is_in(states.iter().map(|status| status.code())));
    }
    if let Some((at, wanted)) = filter.active_at {
        select = select.filter(if wanted { active(at) } else { active(at).not() });
    }
    if let Some((from, wanted)) = filter.published_from {
        select = select.filter(material::published(Column::DatePublished, from, wanted));
    }
    if let Some(search) = &filter.search {
        select = select.filter(db::contains(Column::Name, search));
    }
    if let Some(from) = filter.updated_from {
        select = select.filter(Column::DateUpdated.gte(from.0));
    }
    let column = match filter.sort.key {
        MaterialSort::Id => Column::Id,
        MaterialSort::Name => Column::Name,
        MaterialSort::Updated => Column::DateUpdated,
        MaterialSort::Published => Column::DatePublished,
    };
    let select = material::ordered(select, column, filter.sort.is_descending, Column::Id);
    db::page(db, select, paging).await
}

/// One stock.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Stock>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One stock, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Stock>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// Names of those of `ids` that the caller may see.
pub async fn names(db: &Db, scope: Scope, ids: &[i64]) -> Result<BTreeMap<i64, String>> {
    let select = visible(scope)
        .select_only()
        .column(Column::Id)
        .column(Column::Name)
        .filter(Column::Id.is_in(ids.iter().copied()));
    let pairs: Vec<(i64, String)> = select.into_tuple().all(&db.conn()).await.map_err(db::error)?;
    Ok(pairs.into_iter().collect())
}

/// The offers that have a live stock published since `from` that the caller may see.
pub(crate) fn new_offers(scope: Scope, from: Time) -> SelectStatement {
    visible(scope)
        .select_only()
        .column(Column::OfferId)
        .filter(Column::Status.eq(ModerationStatus::Live.code()))
        .filter(Column::DatePublished.gte(from.0))
        .into_query()
}

/// Those of `offer_ids` that have a live stock published since `from`.
pub async fn new_of(db: &Db, scope: Scope, offer_ids: &[i64], from: Time) -> Result<Vec<i64>> {
    let select = Entity::find()
        .select_only()
        .column(Column::OfferId)
        .distinct()
        .filter(Column::OfferId.is_in(offer_ids.iter().copied()))
        .filter(Column::OfferId.in_subquery(new_offers(scope, from)));
    select.into_tuple().all(&db.conn()).await.map_err(db::error)
}

/// The offers that have a stock that runs at `at` and that the caller may see.
pub(crate) fn active_offers(scope: Scope, at: Time) -> SelectStatement {
    visible(scope).select_only().column(Column::OfferId).filter(active(at)).into_query()
}

/// Writes all columns of a stored stock.
pub async fn update(db: &Db, row: Stock) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new stock; gives its id.
pub async fn create(db: &Db, row: Stock) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}

/// Removes a stock that was never published; false when promos belong to it (they keep it).
pub async fn delete(db: &Db, id: i64) -> Result<bool> {
    let used = promo::Entity::find().filter(promo::Column::StockId.eq(id));
    if used.count(&db.conn()).await.map_err(db::error)? > 0 {
        return Ok(false);
    }
    Entity::delete_by_id(id).exec(&db.conn()).await.map_err(db::error)?;
    Ok(true)
}
