//! What people did: an entry for every write, in its own transaction, never changed (trust P2).

use sea_orm::entity::prelude::*;
use whocpa_domain::Result;

use crate::db::{self, Db};

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Seconds.
    pub date_created: i64,
    /// `UserLevel` of who did it as a number, 0 for the network itself.
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

/// Stores an entry.
pub async fn create(db: &Db, row: Entry) -> Result<()> {
    db::insert(db, row).await.map(drop).map_err(db::error)
}
