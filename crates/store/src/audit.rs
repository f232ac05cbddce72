//! What people did: an entry for every write, in its own transaction, never changed (trust P2).

use sea_orm::entity::prelude::*;
use whocpa_domain::audit::AuditActor;
use whocpa_domain::sort::{Sort, TimeSort};
use whocpa_domain::{Method, Resource, Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::listing;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Seconds.
    pub date_created: i64,
    /// [`AuditActor`] as a number.
    pub level: i64,
    /// Who did it, 0 for the network itself.
    pub user_id: i64,
    /// With which key, 0 for none.
    pub key_id: i64,
    /// From which address, empty from within.
    pub ip: String,
    /// Name of the resource.
    pub resource: String,
    /// Name of the method.
    pub method: String,
    /// Which object.
    pub object_id: i64,
    /// JSON: `{"field": [before, after]}`.
    pub changes: String,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One entry.
pub type Entry = Model;

/// Which entries are wanted.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these people.
    pub user_ids: Option<Vec<i64>>,
    /// Only of these kinds of actors.
    pub levels: Option<Vec<AuditActor>>,
    /// Only about these resources.
    pub resources: Option<Vec<Resource>>,
    /// Only by these methods.
    pub methods: Option<Vec<Method>>,
    /// Only about these objects.
    pub object_ids: Option<Vec<i64>>,
    /// Only with these keys.
    pub key_ids: Option<Vec<i64>>,
    /// Only from these addresses.
    pub ips: Option<Vec<String>>,
    /// Written from here, and before this.
    pub created: (Option<Time>, Option<Time>),
    /// In which order; newest first unless told.
    pub sort: Option<Sort<TimeSort>>,
}

/// The audit is for those who may see all of it.
fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        _ => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// One page of entries.
pub async fn list(db: &Db, scope: Scope, filter: &AuditFilter, paging: Paging) -> Result<Rows<Entry>> {
    let is_descending = filter.sort.is_none_or(|sort| sort.is_descending);
    // Not by the number alone: from a day on, that would read all that came before it.
    let mut select = listing::sorted(visible(scope), (Column::DateCreated, Column::Id), is_descending);
    for (column, wanted) in [
        (Column::Id, &filter.ids),
        (Column::UserId, &filter.user_ids),
        (Column::ObjectId, &filter.object_ids),
        (Column::KeyId, &filter.key_ids),
    ] {
        select = listing::among(select, column, wanted.as_deref());
    }
    if let Some(levels) = &filter.levels {
        select = select.filter(Column::Level.is_in(levels.iter().map(|level| level.code())));
    }
    if let Some(resources) = &filter.resources {
        select = select.filter(Column::Resource.is_in(resources.iter().map(|resource| resource.name())));
    }
    if let Some(methods) = &filter.methods {
        select = select.filter(Column::Method.is_in(methods.iter().map(|method| method.name())));
    }
    if let Some(ips) = &filter.ips {
        select = select.filter(Column::Ip.is_in(ips.iter().map(String::as_str)));
    }
    select = listing::within(select, Column::DateCreated, filter.created);
    db::page(db, select, paging).await
}

/// One entry.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Entry>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// Stores an entry.
pub async fn create(db: &Db, row: Entry) -> Result<()> {
    db::insert(db, row).await.map(drop).map_err(db::error)
}
