//! How far the events are that a person was written of, and his last summary of a day.

use sea_orm::entity::prelude::*;
use whocpa_domain::Result;

use crate::db::{self, Db};
use crate::migrate::execute;

/// How far one person is.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "letter_digest")]
pub struct Model {
    /// Who.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// The last event that he was written of, or that was there when he chose to be.
    pub event_id: i64,
    /// When he was last written of events, seconds.
    pub date_events: i64,
    /// When the day began on which he was last written a summary, seconds.
    pub date_digest: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How far one person is.
pub type LetterDigest = Model;

/// Of one person.
pub async fn view(db: &Db, user_id: i64) -> Result<Option<LetterDigest>> {
    Entity::find_by_id(user_id).one(&db.conn()).await.map_err(db::error)
}

/// Goes on from `before`, or begins where there was nothing; false when another node was faster.
pub async fn advance(db: &Db, before: Option<&LetterDigest>, row: &LetterDigest) -> Result<bool> {
    let values = [row.user_id.into(), row.event_id.into(), row.date_events.into(), row.date_digest.into()];
    let Some(before) = before else {
        let sql = "INSERT INTO letter_digest (user_id, event_id, date_events, date_digest) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (user_id) DO NOTHING";
        return Ok(execute(db, sql, values).await? == 1);
    };
    let sql = "UPDATE letter_digest SET event_id = $2, date_events = $3, date_digest = $4 \
               WHERE user_id = $1 AND event_id = $5 AND date_events = $6 AND date_digest = $7";
    let [user, event, events, digest] = values;
    let values = [
        user,
        event,
        events,
        digest,
        before.event_id.into(),
        before.date_events.into(),
        before.date_digest.into(),
    ];
    Ok(execute(db, sql, values).await? == 1)
}
