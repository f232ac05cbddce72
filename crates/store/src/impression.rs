//! Impressions: how often pages showed a link's banner, by day.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait as _, OnConflict};
use sea_orm::{IntoActiveModel, QuerySelect, QueryTrait};
use whocpa_domain::{Result, Scope};

use crate::db::{self, Db};
use crate::{bulk, link};

/// One link on one day.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "impression")]
pub struct Model {
    /// Which link.
    #[sea_orm(primary_key, auto_increment = false)]
    pub link_id: i64,
    /// Days since 1970, UTC.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: i64,
    /// How often.
    pub shown: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One link on one day.
pub type Impression = Model;

/// Adds to what is there.
pub async fn add(db: &Db, rows: Vec<Impression>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let more = Expr::col((Entity, Column::Shown)).add(Expr::cust("excluded.shown"));
    let mut there = OnConflict::columns([Column::LinkId, Column::Day]);
    there.value(Column::Shown, more);
    let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
    let added = Entity::insert_many(rows.collect::<Vec<_>>()).on_conflict(there);
    added.exec_without_returning(&db.conn()).await.map(drop).map_err(db::error)
}

/// How often these links were shown, where the caller may see them.
pub async fn list(db: &Db, scope: Scope, link_ids: &[i64]) -> Result<BTreeMap<i64, i64>> {
    let seen = link::visible(scope).select_only().column(link::Column::Id).into_query();
    let rows = Entity::find()
        .filter(bulk::among(db, Column::LinkId, link_ids))
        .filter(Column::LinkId.in_subquery(seen));
    let mut sums = BTreeMap::new();
    for row in rows.all(&db.conn()).await.map_err(db::error)? {
        *sums.entry(row.link_id).or_default() += row.shown;
    }
    Ok(sums)
}
