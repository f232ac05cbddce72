//! Landings: the pages of an offer that visitors are sent to.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use serde::Serialize;
use whocpa_domain::landing::LandingKind;
use whocpa_domain::material::MaterialSort;
use whocpa_domain::moderation::ModerationStatus;
use whocpa_domain::sort::Sort;
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::material::{self, Columns};

/// One landing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "landing")]
#[expect(clippy::struct_excessive_bools, reason = "the protocol has these flags as separate fields")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which offer.
    pub offer_id: i64,
    /// The goal that it leads to, if it leads to one only.
    pub goal_id: Option<i64>,
    /// [`LandingKind`] as a number.
    pub kind: i64,
    /// [`ModerationStatus`] as a number.
    pub status: i64,
    /// The operator's reason.
    pub reason: String,
    /// Name.
    pub name: String,
    /// ISO 639-1 code, empty for none.
    pub language: String,
    /// Where visitors are sent; a template with macros.
    pub url: String,
    /// For connected webmasters only.
    pub is_private: bool,
    /// Only this network has it.
    pub is_exclusive: bool,
    /// Suits desktop visitors.
    pub is_desktop_optimised: bool,
    /// Suits mobile visitors.
    pub is_mobile_optimised: bool,
    /// Seconds.
    pub date_created: i64,
    /// Seconds.
    pub date_updated: i64,
    /// When an operator first approved it, seconds.
    pub date_published: Option<i64>,
    /// [`Targeting`](whocpa_domain::targeting::Targeting) as its text.
    pub targeting: String,
    /// Share in the rotation, 0 for none.
    pub weight: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One landing.
pub type Landing = Model;

/// Which landings are wanted.
#[derive(Debug, Clone, Default)]
pub struct LandingFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these offers.
    pub offer_ids: Option<Vec<i64>>,
    /// Only to these goals.
    pub goal_ids: Option<Vec<i64>>,
    /// Only of these kinds.
    pub kinds: Option<Vec<LandingKind>>,
    /// Only in one of these states.
    pub status: Option<Vec<ModerationStatus>>,
    /// Only in these languages.
    pub languages: Option<Vec<String>>,
    /// Only exclusive ones, or only others.
    pub is_exclusive: Option<bool>,
    /// Only suited for desktop visitors, or only others.
    pub is_desktop_optimised: Option<bool>,
    /// Only suited for mobile visitors, or only others.
    pub is_mobile_optimised: Option<bool>,
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

/// One page of landings.
pub async fn list(db: &Db, scope: Scope, filter: &LandingFilter, paging: Paging) -> Result<Rows<Landing>> {
    let mut select = visible(scope);
    for (column, wanted) in
        [(Column::Id, &filter.ids), (Column::OfferId, &filter.offer_ids), (Column::GoalId, &filter.goal_ids)]
    {
        if let Some(wanted) = wanted {
            select = select.filter(column.is_in(wanted.iter().copied()));
        }
    }
    for (column, wanted) in [
        (Column::IsExclusive, filter.is_exclusive),
        (Column::IsDesktopOptimised, filter.is_desktop_optimised),
        (Column::IsMobileOptimised, filter.is_mobile_optimised),
    ] {
        if let Some(wanted) = wanted {
            select = select.filter(column.eq(wanted));
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

/// One landing.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Landing>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One landing, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Landing>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// The live landings of all offers, or of these, for the catalogue of clicks.
pub async fn live(db: &Db, offer_ids: Option<&[i64]>) -> Result<Vec<Landing>> {
    let mut select = Entity::find().filter(Column::Status.eq(ModerationStatus::Live.code()));
    if let Some(ids) = offer_ids {
        select = select.filter(Column::OfferId.is_in(ids.iter().copied()));
    }
    select.order_by_asc(Column::Id).all(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored landing.
pub async fn update(db: &Db, row: Landing) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new landing; gives its id.
pub async fn create(db: &Db, row: Landing) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}

/// Removes a landing that was never published.
pub async fn delete(db: &Db, id: i64) -> Result<()> {
    Entity::delete_by_id(id).exec(&db.conn()).await.map(drop).map_err(db::error)
}
