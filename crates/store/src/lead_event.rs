//! What happened to leads: append-only, numbered per lead.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Result, Scope};

use crate::bulk;
use crate::db::{self, Db};
use crate::lead;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_event")]
pub struct Model {
    /// Of which lead.
    #[sea_orm(primary_key, auto_increment = false)]
    pub lead_id: i64,
    /// From 1, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    /// `LeadEventKind` as a number.
    pub kind: i64,
    /// `LeadStatus` after it.
    pub status: i64,
    /// `Closing` after it.
    pub is_closed: i64,
    /// Who did it: `UserLevel`, 0 for the network itself.
    pub level: i64,
    /// Who did it, 0 for the network itself.
    pub user_id: i64,
    /// `LeadReason` as a number, 0 where none was told.
    pub reason_code: i64,
    /// Why, in words.
    pub reason: String,
    /// Seconds.
    pub date_created: i64,
    /// The sale after it, where it made or changed what the lead is worth; micro-units.
    pub amount: Option<i64>,
    /// The same of what the advertiser pays.
    pub charge: Option<i64>,
    /// The same of what the webmaster gets.
    pub payout: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One event.
pub type LeadEvent = Model;

/// A lead's events in order, when the caller may see the lead.
pub async fn list(db: &Db, scope: Scope, lead_id: i64) -> Result<Vec<LeadEvent>> {
    if lead::view(db, scope, lead_id).await?.is_none() {
        return Ok(Vec::new());
    }
    let select = Entity::find().filter(Column::LeadId.eq(lead_id)).order_by_asc(Column::Number);
    select.all(&db.conn()).await.map_err(db::error)
}

/// The events of these leads, for the network's own messages about them.
pub async fn of_leads(db: &Db, lead_ids: &[i64]) -> Result<Vec<LeadEvent>> {
    let select = Entity::find().filter(bulk::among(db, Column::LeadId, lead_ids));
    select.all(&db.conn()).await.map_err(db::error)
}

/// When an advertiser or operator last did something about these leads, in seconds: for the network's own rules. Leads about
/// which none has said anything are absent.
pub async fn said(db: &Db, lead_ids: &[i64]) -> Result<BTreeMap<i64, i64>> {
    let people = [UserLevel::Advertiser.code(), UserLevel::Operator.code()];
    let select = Entity::find()
        .select_only()
        .column(Column::LeadId)
        .column_as(Column::DateCreated.max(), "said")
        .filter(bulk::among(db, Column::LeadId, lead_ids))
        .filter(Column::Level.is_in(people))
        .group_by(Column::LeadId);
    let rows = select.into_tuple::<(i64, i64)>().all(&db.conn()).await.map_err(db::error)?;
    Ok(rows.into_iter().collect())
}
