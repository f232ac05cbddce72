//! Idempotency keys: a write that runs or is done, under a name that its sender chose (trust §5).
//!
//! A claim is taken in a transaction of its own before the write and settled in the write's own transaction, so that
//! effect and answer are stored together or not at all. Whoever took it holds it until `date_until`; then another
//! request may take it over under a `fence` of its own, so that the first one, should it still run, settles nothing
//! and its transaction fails.

use sea_orm::ConnectionTrait;
use sea_orm::entity::prelude::*;
use whocpa_domain::access;
use whocpa_domain::{Error, Result, Time};

use crate::db::{self, Db};
use crate::migrate::{execute, statement};

/// One claim.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "claim")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose it is.
    pub user_id: i64,
    /// Method and path.
    pub place: String,
    /// The `Idempotency-Key`.
    pub name: String,
    /// Keyed hash of the request's parameters, hexadecimal.
    pub request_hash: String,
    /// Drawn by the request that holds the row: an earlier holder knows another one, also when the row was removed and
    /// its number given to another.
    pub fence: i64,
    /// Whether the write is done.
    pub is_done: bool,
    /// What was answered.
    pub answer: String,
    /// Seconds.
    pub date_created: i64,
    /// Until when the running request holds it, seconds.
    pub date_until: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One claim.
pub type Claim = Model;

/// A request that names a claim.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who sends it.
    pub user_id: i64,
    /// Method and path.
    pub place: &'a str,
    /// The `Idempotency-Key`.
    pub name: &'a str,
    /// Keyed hash of its parameters.
    pub hash: &'a str,
}

/// What a request finds under its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing that keeps it from running: the claim is its own now.
    Ours(access::Claim),
    /// A twin runs, and may do so for so many seconds.
    Running(i64),
    /// A twin is done; what it was answered.
    Done(String),
    /// The key was used for a request with other parameters.
    OtherRequest,
}

impl Request<'_> {
    /// What a claim means for this request; `None` when it may be taken over.
    fn standing(&self, claim: &Claim, now: Time) -> Option<Standing> {
        if claim.request_hash != self.hash {
            return Some(Standing::OtherRequest);
        }
        if claim.is_done {
            return Some(Standing::Done(claim.answer.clone()));
        }
        (claim.date_until > now.0).then(|| Standing::Running(claim.date_until - now.0))
    }
}

async fn find(db: &Db, request: Request<'_>) -> Result<Option<Claim>> {
    let select = Entity::find()
        .filter(Column::UserId.eq(request.user_id))
        .filter(Column::Place.eq(request.place))
        .filter(Column::Name.eq(request.name));
    select.one(&db.conn()).await.map_err(db::error)
}

/// What a request finds, without taking anything; `None` when there is something to take.
pub async fn view(db: &Db, request: Request<'_>, now: Time) -> Result<Option<Standing>> {
    Ok(find(db, request).await?.and_then(|claim| request.standing(&claim, now)))
}

/// Takes the claim for a request until `until`, under a `fence` that no other request has, or says why not. A
/// transaction of its own, committed before the write begins.
pub async fn take(db: &Db, request: Request<'_>, fence: i64, (now, until): (Time, Time)) -> Result<Standing> {
    let sql = "INSERT INTO claim (user_id, place, name, request_hash, fence, is_done, answer, date_created, date_until) \
               VALUES ($1, $2, $3, $4, $5, FALSE, '', $6, $7) ON CONFLICT (user_id, place, name) DO NOTHING RETURNING id";
    let values = [
        request.user_id.into(),
        request.place.into(),
        request.name.into(),
        request.hash.into(),
        fence.into(),
        now.0.into(),
        until.0.into(),
    ];
    let inserted = db.conn().query_one_raw(statement(db, sql, values)).await.map_err(db::error)?;
    if let Some(row) = inserted {
        let id = row.try_get_by(0).map_err(db::error)?;
        return Ok(Standing::Ours(access::Claim { id, fence }));
    }
    // It was released or taken over between two statements: the write door tries again.
    let lost = || Error::Unavailable("a claim changed meanwhile".to_owned());
    let claim = find(db, request).await?.ok_or_else(lost)?;
    if let Some(standing) = request.standing(&claim, now) {
        return Ok(standing);
    }
    let sql = "UPDATE claim SET fence = $1, date_until = $2 WHERE id = $3 AND fence = $4 AND NOT is_done";
    let values = [fence.into(), until.0.into(), claim.id.into(), claim.fence.into()];
    match execute(db, sql, values).await? {
        0 => Err(lost()),
        _ => Ok(Standing::Ours(access::Claim { id: claim.id, fence })),
    }
}

/// Notes that the write is done and what it answers, in the write's own transaction; false when the claim is not
/// this request's any more, and then the transaction must fail.
pub async fn settle(db: &Db, claim: access::Claim, answer: &str) -> Result<bool> {
    let sql = "UPDATE claim SET is_done = TRUE, answer = $1 WHERE id = $2 AND fence = $3 AND NOT is_done";
    Ok(execute(db, sql, [answer.into(), claim.id.into(), claim.fence.into()]).await? == 1)
}

/// Whether the write is done.
pub async fn is_done(db: &Db, claim: access::Claim) -> Result<bool> {
    let found = Entity::find_by_id(claim.id).one(&db.conn()).await.map_err(db::error)?;
    Ok(found.is_some_and(|found| found.is_done))
}

/// Gives the claim back after a request that did nothing, so that the key can be used again.
pub async fn release(db: &Db, claim: access::Claim) -> Result<()> {
    let sql = "DELETE FROM claim WHERE id = $1 AND fence = $2 AND NOT is_done";
    execute(db, sql, [claim.id.into(), claim.fence.into()]).await.map(drop)
}

/// Removes at most `limit` claims from before `before`; gives how many there were.
pub async fn delete_old(db: &Db, before: Time, limit: i64) -> Result<u64> {
    let sql = "DELETE FROM claim WHERE id IN (SELECT id FROM claim WHERE date_created < $1 ORDER BY date_created LIMIT $2)";
    execute(db, sql, [before.0.into(), limit.into()]).await
}
