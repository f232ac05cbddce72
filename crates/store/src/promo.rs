//! Promos: creative material with which webmasters advertise an offer.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{QuerySelect, QueryTrait};
use serde::Serialize;
use whocpa_domain::material::MaterialSort;
use whocpa_domain::moderation::ModerationStatus;
use whocpa_domain::promo::PromoKind;
use whocpa_domain::sort::Sort;
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::material::{self, Columns};

/// One promo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "promo")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which offer.
    pub offer_id: i64,
    /// The stock that it advertises.
    pub stock_id: Option<i64>,
    /// [`PromoKind`] as a number.
    pub kind: i64,
    /// [`ModerationStatus`] as a number.
    pub status: i64,
    /// The operator's reason.
    pub reason: String,
    /// Name.
    pub name: String,
    /// ISO 639-1 code, empty for none.
    pub language: String,
    /// Text or HTML.
    pub template: String,
    /// Where visitors are sent, a template with macros; empty for the offer's own destination.
    pub url: String,
    /// Where the material itself is: a video, a feed.
    pub url_content: String,
    /// Name of its picture.
    pub image: Option<String>,
    /// Pixels.
    pub width: Option<i64>,
    /// Pixels.
    pub height: Option<i64>,
    /// For connected webmasters only.
    pub is_private: bool,
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

/// One promo.
pub type Promo = Model;

/// Which promos are wanted.
#[derive(Debug, Clone, Default)]
pub struct PromoFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these offers.
    pub offer_ids: Option<Vec<i64>>,
    /// Only of these stocks.
    pub stock_ids: Option<Vec<i64>>,
    /// Only of these widths.
    pub widths: Option<Vec<i64>>,
    /// Only of these heights.
    pub heights: Option<Vec<i64>>,
    /// Only of these kinds.
    pub kinds: Option<Vec<PromoKind>>,
    /// Only in one of these states.
    pub status: Option<Vec<ModerationStatus>>,
    /// Only in these languages.
    pub languages: Option<Vec<String>>,
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

/// One page of promos.
pub async fn list(db: &Db, scope: Scope, filter: &PromoFilter, paging: Paging) -> Result<Rows<Promo>> {
    let mut select = visible(scope);
    for (column, wanted) in [
        (Column::Id, &filter.ids),
        (Column::OfferId, &filter.offer_ids),
        (Column::StockId, &filter.stock_ids),
        (Column::Width, &filter.widths),
        (Column::Height, &filter.heights),
    ] {
        if let Some(wanted) = wanted {
            select = select.filter(column.is_in(wanted.iter().copied()));
        }
    }
    if let Some(kinds) = &filter.kinds {
        select = select.filter(Column::Kind.is_in(kinds.iter().map(|kind| kind.code())));
    }
    if let Some(states) = &filter.status {
        select = select.filter(Column::Status.is_in(states.iter().map(|status| status.code())));
    }
    if let Some(languages) = &filter.languages {
        select = select.filter(Column::Language.is_in(languages.iter().cloned()));
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

/// One promo.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Promo>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One promo, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Promo>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// The offers that have a live promo published since `from` that the caller may see.
pub(crate) fn new_offers(scope: Scope, from: Time) -> SelectStatement {
    visible(scope)
        .select_only()
        .column(Column::OfferId)
        .filter(Column::Status.eq(ModerationStatus::Live.code()))
        .filter(Column::DatePublished.gte(from.0))
        .into_query()
}

/// Those of `offer_ids` that have a live promo published since `from`.
pub async fn new_of(db: &Db, scope: Scope, offer_ids: &[i64], from: Time) -> Result<Vec<i64>> {
    let select = Entity::find()
        .select_only()
        .column(Column::OfferId)
        .distinct()
        .filter(Column::OfferId.is_in(offer_ids.iter().copied()))
        .filter(Column::OfferId.in_subquery(new_offers(scope, from)));
    select.into_tuple().all(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored promo.
pub async fn update(db: &Db, row: Promo) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new promo; gives its id.
pub async fn create(db: &Db, row: Promo) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}

/// Removes a promo that was never published.
pub async fn delete(db: &Db, id: i64) -> Result<()> {
    Entity::delete_by_id(id).exec(&db.conn()).await.map(drop).map_err(db::error)
}
