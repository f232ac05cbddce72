//! The change log of the in-memory catalogue: written with the change, read by every node each second.
//!
//! Ids of concurrent transactions become visible out of order, so a reader must not pass a missing number before it
//! is older than [`GAP_SECONDS`]: gap-safe as long as no write transaction takes that long (they stay under 50 ms,
//! design §11).

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::{ActiveModelTrait, NotSet, QueryOrder, QuerySelect, Set};
use whocpa_domain::{Result, Time, codes};

use crate::db::{self, Db};
use crate::{bulk, offer};

codes! {
    /// What a change is about. The object id is the row's; a connection's is its offer's, because the row may be gone.
    pub enum ChangeKind {
        Link = 1 "a link",
        Offer = 2 "an offer",
        Connection = 3 "a connection",
        User = 4 "a user",
        Figures = 5 "the figures of offers, computed anew",
        Used = 6 "what is used of an offer's caps",
        Domain = 7 "a parked domain",
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
    /// Of [`ChangeKind::Used`]: how many leads came or changed.
    pub leads: i64,
    /// And the payout of all of them, in micro-units of their currencies.
    pub payout: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One change.
pub type Change = Model;

/// How long changes are kept: a node that was away longer reads everything anew.
pub const KEEP_SECONDS: i64 = 3600;

/// How long a missing number may still become visible.
pub const GAP_SECONDS: i64 = 60;

/// The number of the newest change that is older than `before`, 0 for none: a reader may start behind it.
pub async fn settled(db: &Db, before: Time) -> Result<i64> {
    let newest = Entity::find().filter(Column::DateCreated.lt(before.0)).order_by_desc(Column::Id);
    let newest = newest.one(&db.conn()).await.map_err(db::error)?;
    Ok(newest.map_or(0, |row| row.id))
}

/// Changes after the number `after`, and these before it, in order.
pub async fn list(db: &Db, after: i64, missing: &[i64]) -> Result<Vec<Change>> {
    let rows = Entity::find().filter(Column::Id.gt(after)).order_by_asc(Column::Id);
    let mut rows = rows.all(&db.conn()).await.map_err(db::error)?;
    if !missing.is_empty() {
        let late = Entity::find().filter(bulk::among(db, Column::Id, missing)).order_by_asc(Column::Id);
        let late = late.all(&db.conn()).await.map_err(db::error)?;
        rows.splice(0..0, late);
    }
    Ok(rows)
}

/// Notes a change, in the transaction that makes it.
pub async fn create(db: &Db, kind: ChangeKind, object_id: i64, now: Time) -> Result<()> {
    let row = ActiveModel {
        id: NotSet,
        kind: Set(kind.code()),
        object_id: Set(object_id),
        date_created: Set(now.0),
        leads: Set(0),
        payout: Set(0),
    };
    row.insert(&db.conn()).await.map(drop).map_err(db::error)
}

/// Notes that leads came or changed: how many and with what payout by offer, for offers whose caps count leads.
pub async fn create_used(db: &Db, used: &BTreeMap<i64, (i64, i64)>, now: Time) -> Result<()> {
    if used.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = used.keys().copied().collect();
    let counting = offer::Entity::find().select_only().column(offer::Column::Id);
    let counting = counting.filter(bulk::among(db, offer::Column::Id, &ids));
    let counting = counting.filter(offer::Column::CountsLeads.eq(true)).into_tuple::<i64>();
    let counting = counting.all(&db.conn()).await.map_err(db::error)?;
    let rows: Vec<Change> = counting
        .into_iter()
        .map(|object_id| {
            let (leads, payout) = used.get(&object_id).copied().unwrap_or_default();
            Change { id: 0, kind: ChangeKind::Used.code(), object_id, date_created: now.0, leads, payout }
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    bulk::insert::<Entity>(db, &rows, Some(Column::Id)).await.map_err(db::error)
}

/// Removes what every node has had time to read.
pub async fn delete(db: &Db, before: Time) -> Result<()> {
    let old = Entity::delete_many().filter(Column::DateCreated.lt(before.0));
    old.exec(&db.conn()).await.map(drop).map_err(db::error)
}
