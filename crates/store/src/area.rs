//! Areas: traffic sources of webmasters.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use serde::Serialize;
use whocpa_domain::area::AreaStatus;
use whocpa_domain::{Result, Scope};

use crate::db::{self, Db, Paging, Rows};
use crate::person;

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
    /// Only of this webmaster.
    pub webmaster_id: Option<i64>,
    /// Only in one of these states.
    pub status: Option<Vec<AreaStatus>>,
}

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Webmaster(id) => Entity::find().filter(Column::WebmasterId.eq(id)),
        Scope::Manager(id) => Entity::find().filter(Column::WebmasterId.in_subquery(person::managed(id))),
        Scope::Advertiser(_) | Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// One page of areas, in the order of their ids.
pub async fn list(db: &Db, scope: Scope, filter: &AreaFilter, paging: Paging) -> Result<Rows<Area>> {
    let mut select = visible(scope).order_by_asc(Column::Id);
    if let Some(id) = filter.webmaster_id {
        select = select.filter(Column::WebmasterId.eq(id));
    }
    if let Some(states) = &filter.status {
        select = select.filter(Column::Status.is_in(states.iter().map(|status| status.code())));
    }
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
