//! Where people are written to in Telegram.

use sea_orm::entity::prelude::*;
use whocpa_domain::{Result, Time};

use crate::bulk;
use crate::db::{self, Db};
use crate::migrate::execute;

/// Where one person is written to.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "letter_chat")]
pub struct Model {
    /// Who.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// His chat with the network's bot, while it is connected.
    pub chat_id: Option<i64>,
    /// How often one was connected, or codes were made void.
    pub link_count: i64,
    /// When it was connected, seconds.
    pub date_linked: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Where one person is written to.
pub type LetterChat = Model;

/// Of one person.
pub async fn view(db: &Db, user_id: i64) -> Result<Option<LetterChat>> {
    Entity::find_by_id(user_id).one(&db.conn()).await.map_err(db::error)
}

/// Those of these people who are connected.
pub async fn connected(db: &Db, user_ids: &[i64]) -> Result<Vec<i64>> {
    let select =
        Entity::find().filter(bulk::among(db, Column::UserId, user_ids)).filter(Column::ChatId.is_not_null());
    let rows = select.all(&db.conn()).await.map_err(db::error)?;
    Ok(rows.into_iter().map(|row| row.user_id).collect())
}

/// Connects a person's chat, if it was connected so often before; false when a code was used already.
pub async fn link(db: &Db, user_id: i64, link_count: i64, chat_id: i64, now: Time) -> Result<bool> {
    let sql = "INSERT INTO letter_chat (user_id, chat_id, link_count, date_linked) VALUES ($1, $2, $3 + 1, $4) \
               ON CONFLICT (user_id) DO UPDATE SET chat_id = $2, link_count = $3 + 1, date_linked = $4 \
               WHERE letter_chat.link_count = $3";
    let values = [user_id.into(), chat_id.into(), link_count.into(), now.0.into()];
    Ok(execute(db, sql, values).await? == 1)
}

/// A person is not written to in Telegram any more; false when he was not.
pub async fn unlink(db: &Db, user_id: i64) -> Result<bool> {
    let sql = "UPDATE letter_chat SET chat_id = NULL WHERE user_id = $1 AND chat_id IS NOT NULL";
    Ok(execute(db, sql, [user_id.into()]).await? == 1)
}

/// The same, and no code that was given before connects anything; false when he was not.
pub async fn cut(db: &Db, user_id: i64) -> Result<bool> {
    let was_linked = unlink(db, user_id).await?;
    let sql = "INSERT INTO letter_chat (user_id, chat_id, link_count, date_linked) VALUES ($1, NULL, 1, NULL) \
               ON CONFLICT (user_id) DO UPDATE SET link_count = letter_chat.link_count + 1";
    execute(db, sql, [user_id.into()]).await?;
    Ok(was_linked)
}

/// The people who are written to in this chat.
pub async fn of_chat(db: &Db, chat_id: i64) -> Result<Vec<i64>> {
    let rows = Entity::find().filter(Column::ChatId.eq(chat_id)).all(&db.conn()).await.map_err(db::error)?;
    Ok(rows.into_iter().map(|row| row.user_id).collect())
}
