//! Leads in advertisers' own systems: their ids there, and what those systems say of them.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::LockType;
use sea_orm::sea_query::OnConflict;
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect};
use whocpa_domain::{Result, Scope, Time};

use crate::bulk;
use crate::db::{self, Db};
use crate::{person, postback};

/// One lead in one system.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "forward")]
pub struct Model {
    /// The lead.
    #[sea_orm(primary_key, auto_increment = false)]
    pub lead_id: i64,
    /// The postback that brought it there.
    #[sea_orm(primary_key, auto_increment = false)]
    pub postback_id: i64,
    /// The advertiser.
    pub user_id: i64,
    /// Its id there, empty when it was not told.
    pub crm_id: String,
    /// What the system last said, in its own word.
    pub word: String,
    /// `LeadStatus` that follows and is not decided yet, as a number.
    pub wanted: Option<i64>,
    /// Why that decision was refused, in words.
    pub refusal: String,
    /// How often it was asked for.
    pub poll_count: i64,
    /// When it came there, seconds.
    pub date_sent: i64,
    /// When it is asked for next, seconds.
    pub date_next: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One lead in one system.
pub type Forward = Model;

/// What is known of a lead in the systems of its advertiser.
pub async fn of_lead(db: &Db, scope: Scope, lead_id: i64) -> Result<Vec<Forward>> {
    let select = Entity::find().filter(Column::LeadId.eq(lead_id)).order_by_asc(Column::PostbackId);
    let select = match scope {
        Scope::All => select,
        Scope::Advertiser(id) => select.filter(Column::UserId.eq(id)),
        Scope::Manager(id) => select.filter(Column::UserId.in_subquery(person::managed(id))),
        Scope::Webmaster(_) | Scope::Public => select.filter(Column::LeadId.eq(-1)),
    };
    select.all(&db.conn()).await.map_err(db::error)
}

/// One lead in one system, kept from changing.
pub async fn view_for_update(db: &Db, lead_id: i64, postback_id: i64) -> Result<Option<Forward>> {
    let select = Entity::find_by_id((lead_id, postback_id)).lock(LockType::NoKeyUpdate);
    select.one(&db.conn()).await.map_err(db::error)
}

/// Those with a decision that is not made yet.
pub async fn wanted(db: &Db, limit: u64) -> Result<Vec<Forward>> {
    let select = Entity::find().filter(Column::Wanted.is_not_null()).order_by_asc(Column::LeadId);
    let select = select.filter(Column::UserId.in_subquery(person::active_ids()));
    select.limit(limit).all(&db.conn()).await.map_err(db::error)
}

/// Those that are to be asked for now, the longest waiting first: not while their postback is paused.
pub async fn due(db: &Db, now: Time, limit: u64) -> Result<Vec<Forward>> {
    let select = Entity::find()
        .filter(Column::DateNext.is_not_null())
        .filter(Column::DateNext.lte(now.0))
        .filter(Column::UserId.in_subquery(person::active_ids()))
        .filter(Column::PostbackId.in_subquery(postback::sent_ids()))
        .order_by_asc(Column::DateNext);
    select.limit(limit).all(&db.conn()).await.map_err(db::error)
}

/// Of these leads, what their systems call them.
pub async fn known(db: &Db, postback_id: i64, lead_ids: &[i64]) -> Result<Vec<Forward>> {
    let select = Entity::find().filter(Column::PostbackId.eq(postback_id)).filter(bulk::among(
        db,
        Column::LeadId,
        lead_ids,
    ));
    select.all(&db.conn()).await.map_err(db::error)
}

/// Writes a lead in a system, new or known.
pub async fn put(db: &Db, row: Forward) -> Result<()> {
    let key = OnConflict::columns([Column::LeadId, Column::PostbackId])
        .update_columns([
            Column::CrmId,
            Column::Word,
            Column::Wanted,
            Column::Refusal,
            Column::PollCount,
            Column::DateNext,
        ])
        .to_owned();
    let row = row.into_active_model().reset_all();
    let put = Entity::insert(row).on_conflict(key).exec_without_returning(&db.conn()).await;
    put.map(drop).map_err(db::error)
}
