//! Sessions of people who signed in: found by the hash of a random token, ended by time, by not being used, or by their
//! owner (trust T4).

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{QueryOrder, QuerySelect};
use serde::Serialize;
use whocpa_domain::user::UserStatus;
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db};
use crate::person;

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who signed in.
    pub user_id: i64,
    /// SHA-256 of the token, hexadecimal.
    #[serde(skip)]
    pub hash: String,
    /// False while it waits for the code of the second factor: it opens nothing.
    pub is_confirmed: bool,
    /// Wrong codes so far.
    #[serde(skip)]
    pub tries: i64,
    /// From where he signed in, empty for nowhere known.
    pub ip: String,
    /// From where it was last used.
    #[serde(skip)]
    pub ip_used: String,
    /// The browser's own name, shortened.
    pub agent: String,
    /// Seconds.
    pub date_created: i64,
    /// Last use, seconds; at most a minute old when newer uses are not written yet.
    #[serde(skip)]
    pub date_used: i64,
    /// Opens nothing from here on, seconds.
    pub date_end: i64,
    /// When it was ended, seconds.
    pub date_revoked: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One session.
pub type Session = Model;

impl Session {
    /// Whether it opens anything at `now`, when one that was not used for `idle` seconds does not.
    pub fn works(&self, now: Time, idle: i64) -> bool {
        self.date_revoked.is_none() && now.0 < self.date_end && now.0 - self.date_used < idle
    }
}

fn of(user_id: i64) -> Select<Entity> {
    Entity::find().filter(Column::UserId.eq(user_id))
}

/// A person's confirmed sessions that nobody ended, newest first; some may be over by time.
pub async fn list(db: &Db, user_id: i64, now: Time) -> Result<Vec<Session>> {
    of(user_id)
        .filter(Column::IsConfirmed.eq(true))
        .filter(Column::DateRevoked.is_null())
        .filter(Column::DateEnd.gt(now.0))
        .order_by_desc(Column::Id)
        .all(&db.conn())
        .await
        .map_err(db::error)
}

/// One session of a person, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, user_id: i64, id: i64) -> Result<Option<Session>> {
    of(user_id).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// A session that nobody ended, by its token's hash, with the active person behind it.
pub async fn with_owner(db: &Db, hash: &str) -> Result<Option<(Session, person::User)>> {
    let found = Entity::find().filter(Column::Hash.eq(hash)).filter(Column::DateRevoked.is_null());
    let Some(session) = found.one(&db.conn()).await.map_err(db::error)? else {
        return Ok(None);
    };
    let owner = person::view(db, Scope::All, session.user_id).await?;
    let owner = owner.filter(|owner| owner.status == UserStatus::Active.code());
    Ok(owner.map(|owner| (session, owner)))
}

/// Stores a new session; gives its id.
pub async fn create(db: &Db, row: Session) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}

/// Writes all columns of a stored session.
pub async fn update(db: &Db, row: Session) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Ends all sessions of a person but one (0 for all); tells how many.
pub async fn revoke_others(db: &Db, user_id: i64, kept: i64, now: Time) -> Result<u64> {
    let done = Entity::update_many()
        .col_expr(Column::DateRevoked, Expr::value(now.0))
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Id.ne(kept))
        .filter(Column::DateRevoked.is_null())
        .exec(&db.conn())
        .await;
    done.map(|done| done.rows_affected).map_err(db::error)
}

/// Ends the oldest open sessions of a person, of those that are confirmed or of those that are not, but for `kept` ones.
pub async fn revoke_oldest(db: &Db, user_id: i64, is_confirmed: bool, kept: u64, now: Time) -> Result<()> {
    let spare: Option<i64> = of(user_id)
        .select_only()
        .column(Column::Id)
        .filter(Column::IsConfirmed.eq(is_confirmed))
        .filter(Column::DateRevoked.is_null())
        .filter(Column::DateEnd.gt(now.0))
        .order_by_desc(Column::Id)
        .offset(kept)
        .limit(1)
        .into_tuple()
        .one(&db.conn())
        .await
        .map_err(db::error)?;
    let Some(newest) = spare else { return Ok(()) };
    Entity::update_many()
        .col_expr(Column::DateRevoked, Expr::value(now.0))
        .filter(Column::UserId.eq(user_id))
        .filter(Column::IsConfirmed.eq(is_confirmed))
        .filter(Column::Id.lte(newest))
        .filter(Column::DateRevoked.is_null())
        .exec(&db.conn())
        .await
        .map(drop)
        .map_err(db::error)
}

/// Notes the last use of a session, unless a later one is noted already.
pub async fn set_used(db: &Db, id: i64, at: Time, ip: &str) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::DateUsed, Expr::value(at.0))
        .col_expr(Column::IpUsed, Expr::value(ip))
        .filter(Column::Id.eq(id))
        .filter(Column::DateUsed.lt(at.0))
        .exec(&db.conn())
        .await
        .map(drop)
        .map_err(db::error)
}

/// Forgets sessions that were over before this moment.
pub async fn delete_old(db: &Db, before: Time) -> Result<()> {
    let old = Entity::delete_many().filter(Column::DateEnd.lt(before.0));
    old.exec(&db.conn()).await.map(drop).map_err(db::error)
}
