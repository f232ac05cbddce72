//! Small values that all nodes share, kept by kind with their history: keys behind a tid's check, marks.

use sea_orm::entity::prelude::*;
use sea_orm::{ActiveModelTrait, NotSet, QueryOrder, Set};
use whocpa_domain::{Result, Time};

use crate::db::{self, Db};

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "secret")]
pub struct Model {
    /// Number; newer values have higher ones.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What it is for.
    pub kind: String,
    /// The value as text.
    pub value: String,
    /// When it was added, seconds.
    pub date_created: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// All values of a kind, newest first.
pub async fn list(db: &Db, kind: &str) -> Result<Vec<String>> {
    let rows = Entity::find().filter(Column::Kind.eq(kind)).order_by_desc(Column::Id).all(&db.conn()).await;
    Ok(rows.map_err(db::error)?.into_iter().map(|row| row.value).collect())
}

/// The newest value of a kind.
pub async fn newest(db: &Db, kind: &str) -> Result<Option<String>> {
    Ok(list(db, kind).await?.into_iter().next())
}

/// Adds a value; older ones stay.
pub async fn add(db: &Db, kind: &str, value: &str, now: Time) -> Result<()> {
    let row = ActiveModel {
        id: NotSet,
        kind: Set(kind.to_owned()),
        value: Set(value.to_owned()),
        date_created: Set(now.0),
    };
    row.insert(&db.conn()).await.map(drop).map_err(db::error)
}

/// All values of a kind, newest first; `value` becomes the first one where there is none yet.
pub async fn ensure(db: &Db, kind: &str, value: &str, now: Time) -> Result<Vec<String>> {
    crate::migrate::lock(db).await?;
    let known = list(db, kind).await?;
    if known.is_empty() {
        add(db, kind, value, now).await?;
        return Ok(vec![value.to_owned()]);
    }
    Ok(known)
}
