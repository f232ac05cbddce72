//! Letters to people, and how far news are written to everybody.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use whocpa_domain::letter::URGENT_LAST;
use whocpa_domain::{Result, Time};

use crate::bulk;
use crate::db::{self, Db};
use crate::migrate::execute;

/// How far a letter is: it waits for its turn.
pub const WAITING: i64 = 0;
/// The way out took it.
pub const SENT: i64 = 1;
/// It was given up.
pub const FAILED: i64 = 2;
/// Its reader wanted it no longer, or could not have it, when its turn came.
pub const DROPPED: i64 = 3;
/// How a letter goes out: as e-mail.
pub const EMAIL: i64 = 1;
/// How a letter goes out: as a message in Telegram.
pub const TELEGRAM: i64 = 2;

/// One letter.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "letter")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// To whom.
    pub user_id: i64,
    /// How: [`EMAIL`] or [`TELEGRAM`].
    pub channel: i64,
    /// `LetterKind` as a number.
    pub kind: i64,
    /// The values of its text as JSON, sealed by the vault.
    pub values_sealed: String,
    /// [`WAITING`], [`SENT`], [`FAILED`] or [`DROPPED`].
    pub status: i64,
    /// Tries so far, with the one that is under way.
    pub try_count: i64,
    /// Why the last one failed, in words.
    pub error: String,
    /// Seconds.
    pub date_created: i64,
    /// When it is tried next, seconds.
    pub date_next: i64,
    /// Until when a worker has it, seconds.
    pub date_until: i64,
    /// Grows whenever a worker takes it.
    pub fence: i64,
    /// Seconds.
    pub date_sent: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One letter.
pub type Letter = Model;

/// How far news are written to their readers.
pub mod news {
    use sea_orm::entity::prelude::*;

    /// News that are being written.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "letter_news")]
    pub struct Model {
        /// Which.
        #[sea_orm(primary_key, auto_increment = false)]
        pub news_id: i64,
        /// Everybody up to this number has them.
        pub user_id: i64,
        /// Seconds.
        pub date_created: i64,
    }

    /// Relations are not used.
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// News that are being written to their readers.
pub type LetterNews = news::Model;

/// Letters of a channel that are to be sent now and that no worker has: those that cannot wait first, then the longest waiting.
pub async fn due(db: &Db, channel: i64, now: Time, limit: u64) -> Result<Vec<Letter>> {
    let mut rows = Vec::new();
    // As they stand in the conditions of the two indexes.
    for part in
        [format!("status = 0 AND kind <= {URGENT_LAST}"), format!("status = 0 AND kind > {URGENT_LAST}")]
    {
        let room = limit.saturating_sub(rows.len() as u64);
        let select = Entity::find()
            .filter(Expr::cust(part))
            .filter(Column::Channel.eq(channel))
            .filter(Column::DateNext.lte(now.0))
            .filter(Column::DateUntil.lte(now.0))
            .order_by_asc(Column::DateNext)
            .order_by_asc(Column::Id);
        rows.extend(select.limit(room).all(&db.conn()).await.map_err(db::error)?);
    }
    Ok(rows)
}

/// When a person last got a letter by this channel, seconds.
pub async fn last_sent(db: &Db, user_id: i64, channel: i64) -> Result<Option<i64>> {
    let select = Entity::find()
        .select_only()
        .column(Column::DateSent)
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Channel.eq(channel))
        .filter(Column::DateSent.is_not_null())
        .order_by_desc(Column::DateSent)
        .limit(1);
    let found = select.into_tuple::<Option<i64>>().one(&db.conn()).await.map_err(db::error)?;
    Ok(found.flatten())
}

/// Takes a letter that was found due, until then; false when another worker was faster. Its fence and its tries are one higher
/// then: a worker that dies has used up its try.
pub async fn take(db: &Db, row: &Letter, until: Time) -> Result<bool> {
    let taken = Entity::update_many()
        .col_expr(Column::Fence, (row.fence + 1).into())
        .col_expr(Column::TryCount, (row.try_count + 1).into())
        .col_expr(Column::DateUntil, until.0.into())
        .filter(Column::Id.eq(row.id))
        .filter(Column::Fence.eq(row.fence))
        .filter(Column::Status.eq(WAITING))
        .exec(&db.conn())
        .await;
    Ok(taken.map_err(db::error)?.rows_affected == 1)
}

/// Writes down what came of a letter, if its worker still has it; false when another one has.
pub async fn settle(db: &Db, row: &Letter) -> Result<bool> {
    let sql = "UPDATE letter SET status = $1, error = $2, date_next = $3, date_until = 0, date_sent = $4 \
               WHERE id = $5 AND fence = $6 AND status = 0";
    let values = [
        row.status.into(),
        row.error.clone().into(),
        row.date_next.into(),
        row.date_sent.into(),
        row.id.into(),
        row.fence.into(),
    ];
    Ok(execute(db, sql, values).await? == 1)
}

/// Stores new letters.
pub async fn create_many(db: &Db, rows: &[Letter]) -> Result<()> {
    bulk::insert::<Entity>(db, rows, Some(Column::Id)).await.map_err(db::error)
}

/// Letters that were given up, newest first.
pub async fn list_failed(db: &Db, limit: u64) -> Result<Vec<Letter>> {
    let select = Entity::find().filter(Column::Status.eq(FAILED)).order_by_desc(Column::Id).limit(limit);
    select.all(&db.conn()).await.map_err(db::error)
}

/// Lets a letter that was given up be tried anew; false when there is none.
pub async fn revive(db: &Db, id: i64, now: Time) -> Result<bool> {
    let sql = "UPDATE letter SET status = 0, try_count = 0, date_next = $1 WHERE id = $2 AND status = 2";
    Ok(execute(db, sql, [now.0.into(), id.into()]).await? == 1)
}

/// Forgets letters from before that were sent, given up or dropped: at most so many; gives how many.
pub async fn forget(db: &Db, before: Time, limit: u64) -> Result<u64> {
    let select = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Status.ne(WAITING))
        .filter(Column::DateCreated.lt(before.0))
        .limit(limit);
    let ids: Vec<i64> = select.into_tuple().all(&db.conn()).await.map_err(db::error)?;
    let gone = Entity::delete_many().filter(bulk::among(db, Column::Id, &ids)).exec(&db.conn()).await;
    Ok(gone.map_err(db::error)?.rows_affected)
}

/// News are to be written to everybody whom they concern.
pub async fn news_create(db: &Db, news_id: i64, now: Time) -> Result<()> {
    let row = LetterNews { news_id, user_id: 0, date_created: now.0 };
    let row = sea_orm::IntoActiveModel::<news::ActiveModel>::into_active_model(row).reset_all();
    news::Entity::insert(row).exec_without_returning(&db.conn()).await.map(drop).map_err(db::error)
}

/// News that are not written to everybody yet.
pub async fn news_list(db: &Db) -> Result<Vec<LetterNews>> {
    news::Entity::find().order_by_asc(news::Column::NewsId).all(&db.conn()).await.map_err(db::error)
}

/// Goes on to the people behind this number; false when another worker was faster.
pub async fn news_advance(db: &Db, row: &LetterNews, user_id: i64) -> Result<bool> {
    let sql = "UPDATE letter_news SET user_id = $1 WHERE news_id = $2 AND user_id = $3";
    Ok(execute(db, sql, [user_id.into(), row.news_id.into(), row.user_id.into()]).await? == 1)
}

/// Everybody has them.
pub async fn news_delete(db: &Db, news_id: i64) -> Result<()> {
    news::Entity::delete_by_id(news_id).exec(&db.conn()).await.map(drop).map_err(db::error)
}
