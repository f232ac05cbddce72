//! Areas: traffic sources of webmasters.

use sea_orm::entity::prelude::*;
use sea_orm::{Condition, QuerySelect};
use serde::Serialize;
use whocpa_domain::area::{AreaKind, AreaStatus};
use whocpa_domain::sort::{NamedSort, Sort};
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::{listing, person};

/// One traffic source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "area")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose it is.
    pub webmaster_id: i64,
    /// `AreaKind` as a number.
    pub kind: i64,
    /// What its owner calls it.
    pub name: String,
    /// Its address, empty where there is none.
    pub url: String,
    /// [`AreaStatus`] as a number.
    pub status: i64,
    /// The operator's reason for a refusal.
    pub reason: String,
    /// The owner's words.
    pub comment: String,
    /// Seconds.
    pub date_created: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One traffic source.
pub type Area = Model;

/// Which areas are wanted.
#[derive(Debug, Clone, Default)]
pub struct AreaFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these webmasters.
    pub webmaster_ids: Option<Vec<i64>>,
    /// Only of one of these kinds.
    pub kinds: Option<Vec<AreaKind>>,
    /// Only in one of these states.
    pub status: Option<Vec<AreaStatus>>,
    /// Only with this in the name or the address.
    pub search: Option<String>,
    /// Added from here, and before this.
    pub created: (Option<Time>, Option<Time>),
    /// In which order; by their numbers unless told.
    pub sort: Option<Sort<NamedSort>>,
}

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Webmaster(id) => Entity::find().filter(Column::WebmasterId.eq(id)),
        Scope::Manager(id) => Entity::find().filter(Column::WebmasterId.in_subquery(person::managed(id))),
        Scope::Advertiser(_) | Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// One page of areas.
pub async fn list(db: &Db, scope: Scope, filter: &AreaFilter, paging: Paging) -> Result<Rows<Area>> {
    let mut select = listing::among(visible(scope), Column::Id, filter.ids.as_deref());
    select = listing::among(select, Column::WebmasterId, filter.webmaster_ids.as_deref());
    select = listing::within(select, Column::DateCreated, filter.created);
    if let Some(kinds) = &filter.kinds {
        select = select.filter(Column::Kind.is_in(kinds.iter().map(|kind| kind.code())));
    }
    if let Some(states) = &filter.status {
        select = select.filter(Column::Status.is_in(states.iter().map(|status| status.code())));
    }
    if let Some(words) = &filter.search {
        let found = Condition::any().add(db::contains(Column::Name, words));
        select = select.filter(found.add(db::contains(Column::Url, words)));
    }
    let column = match filter.sort.map(|sort| sort.key) {
        None | Some(NamedSort::Id | NamedSort::Name) => Column::Id,
        Some(NamedSort::Created) => Column::DateCreated,
    };
    let is_descending = filter.sort.is_some_and(|sort| sort.is_descending);
    if filter.sort.is_some_and(|sort| sort.key == NamedSort::Name) {
        select = listing::by_name(select, Column::Name, is_descending);
    }
    select = listing::sorted(select, (column, Column::Id), is_descending);
    db::page(db, select, paging).await
}

/// One area.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Area>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// The webmasters whose areas these are; whoever asks about leads sees his own only all the same.
pub(crate) async fn owners(db: &Db, ids: &[i64]) -> Result<Vec<i64>> {
    let owners = Entity::find().filter(Column::Id.is_in(ids.iter().copied())).select_only();
    let owners = owners.column(Column::WebmasterId).distinct().into_tuple().all(&db.conn()).await;
    owners.map_err(db::error)
}

/// One area, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Area>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored area.
pub async fn update(db: &Db, row: Area) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new area; gives its id.
pub async fn create(db: &Db, row: Area) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}
