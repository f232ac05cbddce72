//! API keys: found by hash; the profile key is kept as ciphertext too, readable to its owner (design §4).

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{Condition, QueryOrder, QuerySelect};
use serde::Serialize;
use whocpa_domain::role::Rights;
use whocpa_domain::user::{KeyKind, UserStatus};
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db};
use crate::person;

/// One key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose it is.
    pub user_id: i64,
    /// `KeyKind` as a number.
    pub kind: i64,
    /// What its owner calls it.
    pub name: String,
    /// Its first letters, to tell keys apart.
    pub prefix: String,
    /// SHA-256 of the key, hexadecimal.
    #[serde(skip)]
    pub hash: String,
    /// The encrypted profile key, empty for others.
    #[serde(skip)]
    pub cipher: String,
    /// Seconds.
    pub date_created: i64,
    /// Seconds; a revoked key stays in the list and opens nothing.
    pub date_revoked: Option<i64>,
    /// `Right::Read`
    pub can_read: bool,
    /// `Right::Write`
    pub can_write: bool,
    /// `Right::Money`
    pub can_money: bool,
    /// From where it may be used: the text of `Networks`, empty for everywhere.
    pub networks: String,
    /// The additional key by which it was made, and with which it is revoked.
    pub parent_id: Option<i64>,
    /// Opens nothing from here on, seconds.
    pub date_expires: Option<i64>,
    /// Last use, seconds; at most a minute old when newer uses are not written yet.
    #[serde(skip)]
    pub date_used: Option<i64>,
    /// From where it was last used, empty for nowhere known.
    #[serde(skip)]
    pub ip_used: String,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The row that the rest of the product calls a key.
pub type Key = Model;

impl Key {
    /// What it may be used for.
    pub fn rights(&self) -> Rights {
        Rights { read: self.can_read, write: self.can_write, money: self.can_money }
    }

    /// Whether it opens anything at `now`.
    pub fn works(&self, now: Time) -> bool {
        self.date_revoked.is_none() && self.date_expires.is_none_or(|end| now.0 < end)
    }
}

fn of(user_id: i64) -> Select<Entity> {
    Entity::find().filter(Column::UserId.eq(user_id))
}

/// A person's keys, oldest first. Keys are always the caller's own, whatever his level.
pub async fn list(db: &Db, user_id: i64) -> Result<Vec<Key>> {
    of(user_id).order_by_asc(Column::Id).all(&db.conn()).await.map_err(db::error)
}

/// One key of a person.
pub async fn view(db: &Db, user_id: i64, id: i64) -> Result<Option<Key>> {
    of(user_id).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// All keys of a person, oldest first, kept from changing until the transaction ends.
pub async fn list_for_update(db: &Db, user_id: i64) -> Result<Vec<Key>> {
    of(user_id).order_by_asc(Column::Id).lock_exclusive().all(&db.conn()).await.map_err(db::error)
}

/// A person's working profile key.
pub async fn profile(db: &Db, user_id: i64) -> Result<Option<Key>> {
    of(user_id)
        .filter(Column::Kind.eq(KeyKind::Profile.code()))
        .filter(Column::DateRevoked.is_null())
        .one(&db.conn())
        .await
        .map_err(db::error)
}

/// A key that is not revoked, with the active person behind it.
pub async fn with_owner(db: &Db, hash: &str) -> Result<Option<(Key, person::User)>> {
    let key = Entity::find().filter(Column::Hash.eq(hash)).filter(Column::DateRevoked.is_null());
    let Some(key) = key.one(&db.conn()).await.map_err(db::error)? else {
        return Ok(None);
    };
    let owner = person::view(db, Scope::All, key.user_id).await?;
    let owner = owner.filter(|owner| owner.status == UserStatus::Active.code());
    Ok(owner.map(|owner| (key, owner)))
}

/// Stores a new key; gives its id.
pub async fn create(db: &Db, row: Key) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}

/// Writes all columns of a stored key.
pub async fn update(db: &Db, row: Key) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Notes the last use of a key, unless a later one is noted already.
pub async fn set_used(db: &Db, id: i64, at: Time, ip: &str) -> Result<()> {
    let earlier = Condition::any().add(Column::DateUsed.is_null()).add(Column::DateUsed.lt(at.0));
    Entity::update_many()
        .col_expr(Column::DateUsed, Expr::value(at.0))
        .col_expr(Column::IpUsed, Expr::value(ip))
        .filter(Column::Id.eq(id))
        .filter(earlier)
        .exec(&db.conn())
        .await
        .map(drop)
        .map_err(db::error)
}
