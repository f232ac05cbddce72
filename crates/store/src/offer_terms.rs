//! The terms of offers for late leads: each version is written once and never changed.

use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, QueryOrder};
use whocpa_domain::Result;

use crate::db::{self, Db};

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offer_terms")]
pub struct Model {
    /// Of which offer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_id: i64,
    /// From 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    /// `LateRule` as a number.
    pub late_rule: i64,
    /// Its days.
    pub late_days: i64,
    /// Clicks from here on carry it, seconds.
    pub date_from: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One version of an offer's terms.
pub type OfferTerms = Model;

/// The versions of an offer's terms, newest first. Whoever sees the offer sees them.
pub async fn list(db: &Db, offer_id: i64) -> Result<Vec<OfferTerms>> {
    let select = Entity::find().filter(Column::OfferId.eq(offer_id)).order_by_desc(Column::Version);
    select.all(&db.conn()).await.map_err(db::error)
}

/// One version.
pub async fn view(db: &Db, offer_id: i64, version: i64) -> Result<Option<OfferTerms>> {
    Entity::find_by_id((offer_id, version)).one(&db.conn()).await.map_err(db::error)
}

/// Writes a version down.
pub async fn create(db: &Db, row: OfferTerms) -> Result<()> {
    let row = row.into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(&db.conn()).await.map(drop).map_err(db::error)
}

/// Forgets those of an offer that never went live and goes itself.
pub(crate) async fn delete(db: &Db, offer_id: i64) -> Result<()> {
    let all = Entity::delete_many().filter(Column::OfferId.eq(offer_id));
    all.exec(&db.conn()).await.map(drop).map_err(db::error)
}
