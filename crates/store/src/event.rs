//! Events in the order in which readers fetch them. A cursor is the number of the last one read, and never passes one that
//! is still to be committed.

use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use whocpa_domain::{Error, Result, Scope};

use crate::bulk;
use crate::db::{self, Backend, Db};
use crate::migrate::statement;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// `PostbackEvent` as a number.
    pub event: i64,
    /// The webmaster who may read it; 0 for all of them.
    pub webmaster_id: Option<i64>,
    /// The advertiser who may read it; 0 for all of them.
    pub advertiser_id: Option<i64>,
    /// The lead that it is about.
    pub lead_id: Option<i64>,
    /// Which event of the lead.
    pub number: i64,
    /// What it says, as JSON; empty for a lead's, whose own event says it.
    pub body: String,
    /// Seconds.
    pub date_created: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One event.
pub type Event = Model;

/// Stands for all webmasters, or all advertisers.
pub const EVERYBODY: i64 = 0;
/// How often it is looked whether older transactions have ended, and how long between two looks.
const LOOKS: (u32, Duration) = (60, Duration::from_millis(20));

/// What the caller may read: what is told to him, and what is told to all of his kind. Each is a stretch of an index.
fn visible(scope: Scope) -> Vec<Select<Entity>> {
    let of = |column: Column, id: i64| [id, EVERYBODY].map(|id| Entity::find().filter(column.eq(id)));
    match scope {
        Scope::Webmaster(id) => of(Column::WebmasterId, id).into(),
        Scope::Advertiser(id) => of(Column::AdvertiserId, id).into(),
        Scope::All => vec![Entity::find()],
        Scope::Manager(_) | Scope::Public => Vec::new(),
    }
}

/// The caller's events behind the number `after`, in order: none that another one with a lower number may still follow.
///
/// # Errors
/// [`Error::Unavailable`] while a transaction that is older than the look does not end.
pub async fn list(db: &Db, scope: Scope, after: i64, limit: u64) -> Result<Vec<Event>> {
    let rows = behind(db, scope, (after, i64::MAX), limit).await?;
    let Some(last) = rows.last().map(|row| row.id) else { return Ok(rows) };
    if db.backend() == Backend::Sqlite {
        return Ok(rows);
    }
    if !is_settled(db).await? {
        // No empty list: that would say that there is nothing more.
        let words = "a transaction that does not end holds up the readers of events";
        return Err(Error::Unavailable(words.to_owned()));
    }
    behind(db, scope, (after, last), limit).await
}

/// Whether there is an event with this number or a higher one.
pub async fn reaches(db: &Db, id: i64) -> Result<bool> {
    let found = Entity::find().filter(Column::Id.gte(id)).limit(1).one(&db.conn()).await;
    found.map(|row| row.is_some()).map_err(db::error)
}

/// The number of the newest event.
pub async fn last(db: &Db) -> Result<i64> {
    let found = Entity::find().order_by_desc(Column::Id).limit(1).one(&db.conn()).await;
    found.map(|row| row.map_or(0, |row| row.id)).map_err(db::error)
}

async fn behind(db: &Db, scope: Scope, (after, last): (i64, i64), limit: u64) -> Result<Vec<Event>> {
    let mut rows = Vec::new();
    for select in visible(scope) {
        let select = select.filter(Column::Id.gt(after)).filter(Column::Id.lte(last));
        let select = select.order_by_asc(Column::Id).limit(limit);
        rows.append(&mut select.all(&db.conn()).await.map_err(db::error)?);
    }
    rows.sort_by_key(|row| row.id);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows)
}

/// Waits until each transaction of PostgreSQL has ended that had an id when this was called; false when that takes too long.
/// `0073_event` gives out a number only to a transaction with an id, so all numbers that are below one that was seen before are
/// decided then. Unlike a lock, it holds up no writer.
async fn is_settled(db: &Db) -> Result<bool> {
    let mark = number(db, "SELECT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)").await?;
    for _ in 0..LOOKS.0 {
        let sql = "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)";
        if number(db, sql).await? > mark {
            return Ok(true);
        }
        tokio::time::sleep(LOOKS.1).await;
    }
    Ok(false)
}

async fn number(db: &Db, sql: &str) -> Result<i64> {
    let row = db.conn().query_one_raw(statement(db, sql, [])).await.map_err(db::error)?;
    let row = row.ok_or_else(|| Error::Internal(format!("nothing was read by {sql}")))?;
    row.try_get_by(0).map_err(db::error)
}

/// These events, for the network's own messages about them.
pub async fn told(db: &Db, ids: &[i64]) -> Result<Vec<Event>> {
    Entity::find().filter(bulk::among(db, Column::Id, ids)).all(&db.conn()).await.map_err(db::error)
}

/// Stores a new event; gives its number.
pub async fn create(db: &Db, row: Event) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}

/// Stores new events.
pub async fn create_many(db: &Db, rows: &[Event]) -> Result<()> {
    bulk::insert::<Entity>(db, rows, Some(Column::Id)).await.map_err(db::error)
}
