//! Conversions whose click is not known yet: kept, visible, matched by a sweep (design §6).

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait as _, OnConflict};
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
    /// The click that the tid names, 0 when it names none.
    pub click_id: i64,
    /// As it was sent, 0 for none.
    pub goal_id: i64,
    /// As it was sent, empty for none.
    pub sale_id: String,
    /// As it was sent, micro-units.
    pub amount: Option<i64>,
    /// `LeadStatus` as it was sent.
    pub status: i64,
    /// `LeadReason` as it was sent.
    pub reason_code: i64,
    /// Words to the status.
    pub comment: String,
    /// Whether it is still tried.
    pub is_open: bool,
    /// Why it is parked, or in the end was refused.
    pub reason: String,
    /// The lead that it became.
    pub lead_id: Option<i64>,
    /// Seconds.
    pub date_created: i64,
    /// When it was last tried, seconds.
    pub date_tried: i64,
    /// The sender's own name of the goal, empty for none.
    pub goal_alias: String,
    /// The offer that was named, where it is the sender's.
    pub offer_id: Option<i64>,
    /// Currency of the amount as it was sent, empty for the goal's.
    pub currency: String,
    /// `OrphanKind`: what was wrong with the tid.
    pub kind: i64,
    /// `LeadWay` as a number.
    pub way: i64,
    /// `Intent` as a number.
    pub intent: i64,
    /// It carried a right signature.
    pub is_signed: bool,
    /// Keyed hash of the buyer's telephone number, empty without one.
    pub phone_hash: String,
    /// What is known of the buyer, encrypted; empty for nothing.
    pub sealed: String,
    /// How often it was sent.
    pub sent_count: i64,
    /// When it was settled or given up, seconds.
    pub date_closed: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One parked conversion.
pub type ParkedLead = Model;

/// Those whose click may still appear, that were not tried since `tried_before` and are not too old: longest untried
/// first, so that none keeps others waiting.
pub async fn open(db: &Db, tried_before: Time, created_after: Time, limit: u64) -> Result<Vec<ParkedLead>> {
    Entity::find()
        .filter(Column::IsOpen.eq(true))
        .filter(Column::ClickId.ne(0))
        .filter(Column::DateCreated.gt(created_after.0))
        .filter(Column::DateTried.lt(tried_before.0))
        .order_by_asc(Column::DateTried)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(&db.conn())
        .await
        .map_err(db::error)
}

/// Parks a conversion; gives its number. The same action again replaces what was said about it: its latest status counts.
pub async fn create(db: &Db, row: ParkedLead) -> Result<i64> {
    let mut row = row.into_active_model().reset_all();
    row.id = NotSet;
    let natural = [
        Column::AdvertiserId,
        Column::Tid,
        Column::GoalId,
        Column::GoalAlias,
        Column::SaleId,
        Column::PhoneHash,
    ];
    let latest = [
        Column::Amount,
        Column::Currency,
        Column::Status,
        Column::ReasonCode,
        Column::Comment,
        Column::IsOpen,
        Column::Reason,
        Column::Kind,
        Column::Sealed,
        Column::DateClosed,
    ];
    let mut again = OnConflict::columns(natural);
    again.update_columns(latest);
    again.value(Column::SentCount, Expr::col((Entity, Column::SentCount)).add(1));
    let stored = Entity::insert(row).on_conflict(again).exec_with_returning(&db.conn()).await;
    stored.map(|row| row.id).map_err(db::error)
}

/// Notes that one was tried: what it became, or why it never will, or neither.
pub async fn tried(db: &Db, id: i64, lead_id: Option<i64>, refusal: Option<&str>, now: Time) -> Result<()> {
    let mut change =
        Entity::update_many().col_expr(Column::DateTried, Expr::value(now.0)).filter(Column::Id.eq(id));
    if lead_id.is_some() || refusal.is_some() {
        change = change
            .col_expr(Column::LeadId, Expr::value(lead_id))
            .col_expr(Column::IsOpen, Expr::value(false))
            .col_expr(Column::DateClosed, Expr::value(now.0));
    }
    if let Some(reason) = refusal {
        change = change.col_expr(Column::Reason, Expr::value(reason));
    }
    change.exec(&db.conn()).await.map(drop).map_err(db::error)
}

/// What was parked before it became this lead; for those who may see the lead.
pub async fn of_lead(db: &Db, lead_id: i64) -> Result<Option<ParkedLead>> {
    let select = Entity::find().filter(Column::LeadId.eq(lead_id)).order_by_asc(Column::Id);
    select.one(&db.conn()).await.map_err(db::error)
}
