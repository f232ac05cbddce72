//! Parked domains of webmasters.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use serde::Serialize;
use whocpa_domain::parked::DomainStatus;
use whocpa_domain::sort::{DomainSort, Sort};
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::{listing, person};

/// One domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "domain")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet. Never given again: clicks name it.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Its name in lower case ASCII, unique.
    pub name: String,
    /// Whose it is.
    pub webmaster_id: i64,
    /// `DomainStatus` as a number.
    pub status: i64,
    /// Why it does not work, empty otherwise.
    pub reason: String,
    /// Whether it answered by https.
    pub is_secure: bool,
    /// What the network answers there, so that it knows itself.
    #[serde(skip)]
    pub token: String,
    /// When it was last looked at, seconds.
    pub date_checked: Option<i64>,
    /// When it was last found here, seconds.
    #[serde(skip)]
    pub date_seen: Option<i64>,
    /// When it is to be looked at, seconds.
    #[serde(skip)]
    pub date_due: i64,
    /// Seconds.
    pub date_created: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One domain.
pub type Domain = Model;

/// Which domains are wanted.
#[derive(Debug, Clone, Default)]
pub struct DomainFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these webmasters.
    pub webmaster_ids: Option<Vec<i64>>,
    /// Only in one of these states.
    pub status: Option<Vec<DomainStatus>>,
    /// Only with this in the name.
    pub search: Option<String>,
    /// Parked from here, and before this.
    pub created: (Option<Time>, Option<Time>),
    /// In which order; by their numbers unless told.
    pub sort: Option<Sort<DomainSort>>,
}

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Webmaster(id) => Entity::find().filter(Column::WebmasterId.eq(id)),
        Scope::Manager(id) => Entity::find().filter(Column::WebmasterId.in_subquery(person::managed(id))),
        Scope::Advertiser(_) | Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// One page of domains.
pub async fn list(db: &Db, scope: Scope, filter: &DomainFilter, paging: Paging) -> Result<Rows<Domain>> {
    let mut select = listing::among(visible(scope), Column::Id, filter.ids.as_deref());
    select = listing::among(select, Column::WebmasterId, filter.webmaster_ids.as_deref());
    select = listing::within(select, Column::DateCreated, filter.created);
    if let Some(states) = &filter.status {
        select = select.filter(Column::Status.is_in(states.iter().map(|status| status.code())));
    }
    if let Some(words) = &filter.search {
        select = select.filter(db::contains(Column::Name, words));
    }
    let column = match filter.sort.map(|sort| sort.key) {
        None | Some(DomainSort::Id) => Column::Id,
        Some(DomainSort::Name) => Column::Name,
        Some(DomainSort::Created) => Column::DateCreated,
        Some(DomainSort::Checked) => Column::DateChecked,
    };
    select =
        listing::sorted(select, (column, Column::Id), filter.sort.is_some_and(|sort| sort.is_descending));
    db::page(db, select, paging).await
}

/// One domain.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Domain>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One domain, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Domain>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// The domain with this name, whoever has it, kept from changing until the transaction ends.
pub async fn by_name(db: &Db, name: &str) -> Result<Option<Domain>> {
    let found = Entity::find().filter(Column::Name.eq(name)).lock_exclusive();
    found.one(&db.conn()).await.map_err(db::error)
}

/// How many domains a webmaster has.
pub async fn count(db: &Db, webmaster_id: i64) -> Result<u64> {
    Entity::find().filter(Column::WebmasterId.eq(webmaster_id)).count(&db.conn()).await.map_err(db::error)
}

/// Domains that are to be looked at by now, the longest waiting first.
pub async fn due(db: &Db, now: Time, limit: u64) -> Result<Vec<Domain>> {
    let due = Entity::find().filter(Column::DateDue.lte(now.0)).order_by_asc(Column::DateDue).limit(limit);
    due.all(&db.conn()).await.map_err(db::error)
}

/// Every domain, for the catalogue of clicks; `ids` limits it to some.
pub async fn all(db: &Db, ids: Option<&[i64]>) -> Result<Vec<Domain>> {
    let select = match ids {
        Some(ids) => Entity::find().filter(Column::Id.is_in(ids.iter().copied())),
        None => Entity::find(),
    };
    select.all(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored domain.
pub async fn update(db: &Db, row: Domain) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new domain; gives its id.
pub async fn create(db: &Db, row: Domain) -> Result<i64> {
    let stored = db::insert(db, row).await;
    stored.map(|stored| stored.id).map_err(|e| db::unique(e, "name", "This domain is parked already"))
}

/// Removes a domain.
pub async fn delete(db: &Db, id: i64) -> Result<()> {
    Entity::delete_by_id(id).exec(&db.conn()).await.map(drop).map_err(db::error)
}
