//! Buyers: what is known of the person behind a lead, encrypted. Nothing of it stands anywhere else.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect};
use whocpa_domain::{Result, Scope, Time};

use crate::bulk;
use crate::db::{self, Db};
use crate::lead;

/// One buyer.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "buyer")]
pub struct Model {
    /// Of which lead.
    #[sea_orm(primary_key, auto_increment = false)]
    pub lead_id: i64,
    /// Of which offer.
    pub offer_id: i64,
    /// Keyed hash of the telephone number, empty without one.
    pub phone_hash: String,
    /// All that is known, encrypted.
    pub sealed: String,
    /// Seconds.
    pub date_created: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One buyer.
pub type Buyer = Model;

/// The buyers of these leads, by lead, where the caller may see the lead.
pub async fn list(db: &Db, scope: Scope, lead_ids: &[i64]) -> Result<BTreeMap<i64, Buyer>> {
    let seen = lead::visible_ids(scope).filter(bulk::among(db, lead::Column::Id, lead_ids));
    let select = Entity::find().filter(bulk::among(db, Column::LeadId, lead_ids));
    let select = select.filter(Column::LeadId.in_subquery(sea_orm::QueryTrait::into_query(seen)));
    let rows = select.all(&db.conn()).await.map_err(db::error)?;
    Ok(rows.into_iter().map(|row| (row.lead_id, row)).collect())
}

/// Which of these leads have a buyer: for the network's own rules.
pub async fn known(db: &Db, lead_ids: &[i64]) -> Result<BTreeSet<i64>> {
    let select = Entity::find().select_only().column(Column::LeadId);
    let select = select.filter(bulk::among(db, Column::LeadId, lead_ids));
    let ids: Vec<i64> = select.into_tuple().all(&db.conn()).await.map_err(db::error)?;
    Ok(ids.into_iter().collect())
}

/// The newest leads with this telephone number that the caller may see.
pub async fn leads_of_phone(db: &Db, scope: Scope, phone_hash: &str, limit: u64) -> Result<Vec<i64>> {
    let select = Entity::find()
        .select_only()
        .column(Column::LeadId)
        .filter(Column::PhoneHash.eq(phone_hash))
        .filter(Column::LeadId.in_subquery(sea_orm::QueryTrait::into_query(lead::visible_ids(scope))))
        .order_by_desc(Column::LeadId)
        .limit(limit);
    select.into_tuple().all(&db.conn()).await.map_err(db::error)
}

/// Leads of an offer with one of these telephone numbers since then, oldest first: for the network's own rules.
pub async fn of_phones(db: &Db, phone_hashes: &[String], since: Time) -> Result<Vec<Buyer>> {
    Entity::find()
        .filter(bulk::among_texts(db, Column::PhoneHash, phone_hashes))
        .filter(Column::DateCreated.gte(since.0))
        .order_by_asc(Column::LeadId)
        .all(&db.conn())
        .await
        .map_err(db::error)
}

/// Stores buyers of leads that are there already; one that is known stays as he is.
pub async fn attach(db: &Db, rows: Vec<Buyer>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let keep = OnConflict::column(Column::LeadId).do_nothing().to_owned();
    let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
    let made = Entity::insert_many(rows.collect::<Vec<_>>()).on_conflict(keep);
    made.exec_without_returning(&db.conn()).await.map(drop).map_err(db::error)
}
