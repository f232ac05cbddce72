//! Conversions whose click is not known yet: kept, visible, matched by a sweep (design §6).

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, IntoActiveModel, NotSet, QueryOrder, QuerySelect};
use whocpa_domain::{Result, Time};

use crate::db::{self, Db};

/// One parked conversion.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "parked_lead")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who sent it.
    pub advertiser_id: i64,
    /// As it was sent.
    pub tid: String,
    /// The click that the tid names.
    pub click_id: i64,
    /// As it was sent.
    pub goal_id: Option<i64>,
    /// As it was sent, empty for none.
    pub sale_id: String,
    /// As it was sent, micro-units.
    pub amount: Option<i64>,
    /// `LeadStatus` as it was sent.
    pub status: i64,
    /// Why it is parked.
    pub reason: String,
    /// The lead that it became.
    pub lead_id: Option<i64>,
    /// Seconds.
    pub date_created: i64,
    /// When it was last tried, seconds.
    pub date_tried: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One parked conversion.
pub type ParkedLead = Model;

/// Those that are not matched yet and were not tried since `tried_before`, oldest first.
pub async fn open(db: &Db, tried_before: Time, created_after: Time, limit: u64) -> Result<Vec<ParkedLead>> {
    Entity::find()
        .filter(Column::LeadId.is_null())
        .filter(Column::DateCreated.gt(created_after.0))
        .filter(Column::DateTried.lt(tried_before.0))
        .order_by_asc(Column::DateCreated)
        .limit(limit)
        .all(&db.conn())
        .await
        .map_err(db::error)
}

/// Parks conversions; the same one again changes nothing.
pub async fn create(db: &Db, rows: Vec<ParkedLead>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.into_iter().map(|row| {
        let mut row = row.into_active_model().reset_all();
        row.id = NotSet;
        row
    });
    let once = OnConflict::new().do_nothing().to_owned();
    let insert = Entity::insert_many(rows).on_conflict(once).exec_without_returning(&db.conn()).await;
    insert.map(drop).map_err(db::error)
}

/// Notes that one was tried, and the lead that it became.
pub async fn tried(db: &Db, id: i64, lead_id: Option<i64>, now: Time) -> Result<()> {
    let change = Entity::update_many()
        .col_expr(Column::LeadId, Expr::value(lead_id))
        .col_expr(Column::DateTried, Expr::value(now.0))
        .filter(Column::Id.eq(id));
    change.exec(&db.conn()).await.map(drop).map_err(db::error)
}
