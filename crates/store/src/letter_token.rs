//! Links in letters that open something once. Only the hash of what stands in a link is stored.

use sea_orm::entity::prelude::*;
use whocpa_domain::letter::LetterKind;
use whocpa_domain::{Result, Time};

use crate::db::{self, Db};
use crate::migrate::execute;

/// A link that opens something once.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "letter_token")]
pub struct Model {
    /// Of what stands in the link.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    /// Whose it is.
    pub user_id: i64,
    /// `LetterKind` as a number.
    pub kind: i64,
    /// The address that it was sent to.
    pub address: String,
    /// Seconds.
    pub date_created: i64,
    /// It works before this, seconds.
    pub date_expires: i64,
    /// When it was used, seconds.
    pub date_used: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A link that opens something once.
pub type LetterToken = Model;

impl LetterToken {
    /// Whether it opens something now.
    pub fn works(&self, now: Time) -> bool {
        self.date_used.is_none() && self.date_expires > now.0
    }
}

/// How many links of a kind a person was sent since then.
pub async fn count(db: &Db, user_id: i64, kind: LetterKind, since: Time) -> Result<u64> {
    let select = Entity::find()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Kind.eq(kind.code()))
        .filter(Column::DateCreated.gte(since.0));
    select.count(&db.conn()).await.map_err(db::error)
}

/// Stores a link.
pub async fn create(db: &Db, row: LetterToken) -> Result<()> {
    let row = sea_orm::IntoActiveModel::<ActiveModel>::into_active_model(row).reset_all();
    Entity::insert(row).exec_without_returning(&db.conn()).await.map(drop).map_err(db::error)
}

/// A link of this kind.
pub async fn view(db: &Db, hash: &str, kind: LetterKind) -> Result<Option<LetterToken>> {
    let select = Entity::find_by_id(hash).filter(Column::Kind.eq(kind.code()));
    select.one(&db.conn()).await.map_err(db::error)
}

/// Uses a link that works; false for one that is unknown, used, or too old. Of two who use it at once one does.
pub async fn consume(db: &Db, hash: &str, kind: LetterKind, now: Time) -> Result<bool> {
    let sql = "UPDATE letter_token SET date_used = $1 WHERE hash = $2 AND kind = $3 AND date_used IS NULL AND date_expires > $1";
    Ok(execute(db, sql, [now.0.into(), hash.into(), kind.code().into()]).await? == 1)
}

/// All links of a kind of a person work no longer.
pub async fn end(db: &Db, user_id: i64, kind: LetterKind, now: Time) -> Result<()> {
    let sql = "UPDATE letter_token SET date_expires = $1 WHERE user_id = $2 AND kind = $3 AND date_used IS NULL AND date_expires > $1";
    execute(db, sql, [now.0.into(), user_id.into(), kind.code().into()]).await.map(drop)
}

/// Forgets links that ended before this.
pub async fn forget(db: &Db, before: Time) -> Result<()> {
    let old = Entity::delete_many().filter(Column::DateExpires.lt(before.0));
    old.exec(&db.conn()).await.map(drop).map_err(db::error)
}
