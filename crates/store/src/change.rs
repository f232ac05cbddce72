//! The change log of the in-memory catalogue: written with the change, read by every node each second.
//!
//! Ids of concurrent transactions become visible out of order, so a reader asks for everything of the last minute
//! and leaves out what it has applied already: gap-safe as long as no write transaction takes a minute (they stay
//! under 50 ms, design §11).

use sea_orm::entity::prelude::*;
use sea_orm::{ActiveModelTrait, NotSet, QueryOrder, Set};
use whocpa_domain::{Result, Time, codes};

use crate::db::{self, Db};

codes! {
    /// What a change is about; the object id is the row's.
    pub enum ChangeKind {
        Link = 1 "a link",
        Offer = 2 "an offer",
        Connection = 3 "a connection",
        User = 4 "a user",
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "change")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// [`ChangeKind`] as a number.
    pub kind: i64,
    /// Which object.
    pub object_id: i64,
    /// When, seconds.
    pub date_created: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One change.
pub type Change = Model;

/// How long changes are kept: a node that was away longer reads everything anew.
pub const KEEP_SECONDS: i64 = 3600;

/// Changes since `since`, in the order of their numbers.
pub async fn list(db: &Db, since: Time) -> Result<Vec<Change>> {
    let rows = Entity::find()
        .filter(Column::DateCreated.gte(since.0))
        .order_by_asc(Column::Id);
    rows.all(&db.conn()).await.map_err(db::error)
}

/// Notes a change, in the transaction that makes it.
pub async fn create(db: &Db, kind: ChangeKind, object_id: i64, now: Time) -> Result<()> {
    let row = ActiveModel {
        id: NotSet,
        kind: Set(kind.code()),
        object_id: Set(object_id),
        date_created: Set(now.0),
    };
    row.insert(&db.conn()).await.map(drop).map_err(db::error)
}

/// Removes what every node has had time to read.
pub async fn delete(db: &Db, before: Time) -> Result<()> {
    let old = Entity::delete_many().filter(Column::DateCreated.lt(before.0));
    old.exec(&db.conn()).await.map(drop).map_err(db::error)
}
