//! Conversions whose click is not known yet: kept, visible, matched by a sweep (design §6).

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, ExprTrait as _, OnConflict};
use sea_orm::{ActiveModelTrait, IntoActiveModel, NotSet, QueryOrder, QuerySelect, QueryTrait};
use serde::Serialize;
use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::orphan::{OrphanKind, OrphanState};
use whocpa_domain::sort::{Sort, TimeSort};
use whocpa_domain::tid::ClickId;
use whocpa_domain::way::Intent;
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::{bulk, connection, listing, person};

/// One parked conversion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
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
    #[serde(skip)]
    pub phone_hash: String,
    /// What is known of the buyer, encrypted; empty for nothing.
    #[serde(skip)]
    pub sealed: String,
    /// How often it was sent.
    pub sent_count: i64,
    /// When it was settled or given up, seconds.
    pub date_closed: Option<i64>,
    /// `OrphanState` as a number.
    pub state: i64,
    /// Whose order it is, none for a report of an action.
    pub webmaster_id: Option<i64>,
    /// The webmaster's own id of the order, empty for none.
    pub order_id: String,
    /// The webmaster's traffic source, where he named one.
    pub area_id: Option<i64>,
    /// When it was reported last, seconds.
    pub date_said: i64,
    /// What makes it the same report when it is sent again: a hash.
    #[serde(skip)]
    pub natural_key: String,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One parked conversion.
pub type ParkedLead = Model;

/// Which parked conversions are wanted; what is `None` is not asked for.
#[derive(Debug, Clone, Default)]
pub struct OrphanFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these advertisers.
    pub advertiser_ids: Option<Vec<i64>>,
    /// Only of these offers.
    pub offer_ids: Option<Vec<i64>>,
    /// Only with one of these diagnoses.
    pub kinds: Option<Vec<OrphanKind>>,
    /// Only of which one of these became.
    pub states: Option<Vec<OrphanState>>,
    /// Parked from here on.
    pub created_from: Option<Time>,
    /// Parked before this.
    pub created_until: Option<Time>,
    /// In which order; the newest first unless told.
    pub sort: Option<Sort<TimeSort>>,
}

/// A webmaster sees those of the offers that he works with: they may be of his visitors.
fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Advertiser(id) => Entity::find().filter(Column::AdvertiserId.eq(id)),
        Scope::Manager(id) => Entity::find().filter(Column::AdvertiserId.in_subquery(person::managed(id))),
        Scope::Webmaster(id) => {
            let offers = connection::Entity::find()
                .select_only()
                .column(connection::Column::OfferId)
                .filter(connection::Column::WebmasterId.eq(id))
                .filter(connection::Column::Status.eq(ConnectionStatus::Approved.code()));
            Entity::find().filter(Column::OfferId.in_subquery(offers.into_query()))
        }
        Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// One page of parked conversions, the newest first.
pub async fn list(db: &Db, scope: Scope, filter: &OrphanFilter, paging: Paging) -> Result<Rows<ParkedLead>> {
    let is_descending = filter.sort.is_none_or(|sort| sort.is_descending);
    let mut select = listing::sorted(visible(scope), (Column::Id, Column::Id), is_descending);
    let kinds = filter.kinds.as_ref().map(|all| all.iter().map(|kind| kind.code()).collect());
    let states = filter.states.as_ref().map(|all| all.iter().map(|state| state.code()).collect());
    for (column, wanted) in [
        (Column::Id, filter.ids.clone()),
        (Column::AdvertiserId, filter.advertiser_ids.clone()),
        (Column::OfferId, filter.offer_ids.clone()),
        (Column::Kind, kinds),
        (Column::State, states),
    ] {
        if let Some(wanted) = wanted {
            select = select.filter(bulk::among(db, column, &wanted));
        }
    }
    if let Some(from) = filter.created_from {
        select = select.filter(Column::DateCreated.gte(from.0));
    }
    if let Some(until) = filter.created_until {
        select = select.filter(Column::DateCreated.lt(until.0));
    }
    db::page(db, select, paging).await
}

/// One parked conversion.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<ParkedLead>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One parked conversion, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<ParkedLead>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// Writes a parked conversion that was read for it.
pub async fn update(db: &Db, row: ParkedLead) -> Result<()> {
    let row = row.into_active_model().reset_all();
    row.update(&db.conn()).await.map(drop).map_err(db::error)
}

/// Those that wait for an order of their telephone number, longest untried first.
pub async fn of_phones(
    db: &Db,
    tried_before: Time,
    created_after: Time,
    limit: u64,
) -> Result<Vec<ParkedLead>> {
    Entity::find()
        .filter(Column::IsOpen.eq(true))
        .filter(Column::ClickId.eq(0))
        .filter(Column::Kind.eq(OrphanKind::NoPhone.code()))
        .filter(Column::PhoneHash.ne(""))
        .filter(Column::DateCreated.gt(created_after.0))
        .filter(Column::DateTried.lt(tried_before.0))
        .order_by_asc(Column::DateTried)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(&db.conn())
        .await
        .map_err(db::error)
}

/// Ends those that were parked before this moment, at most so many; gives how many.
pub async fn expire(db: &Db, created_before: Time, now: Time, limit: u64) -> Result<u64> {
    let due = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::IsOpen.eq(true))
        .filter(Column::DateCreated.lte(created_before.0))
        .order_by_asc(Column::Id)
        .limit(limit);
    let ids: Vec<i64> = due.into_tuple().all(&db.conn()).await.map_err(db::error)?;
    if ids.is_empty() {
        return Ok(0);
    }
    let ended = Entity::update_many()
        .col_expr(Column::IsOpen, Expr::value(false))
        .col_expr(Column::State, Expr::value(OrphanState::Expired.code()))
        .col_expr(Column::DateClosed, Expr::value(now.0))
        .filter(bulk::among(db, Column::Id, &ids))
        .filter(Column::IsOpen.eq(true));
    ended.exec(&db.conn()).await.map(|done| done.rows_affected).map_err(db::error)
}

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

/// How often it was sent and the click of each of these that is still open, kept from changing until the transaction ends.
pub async fn waiting(db: &Db, ids: &[i64]) -> Result<BTreeMap<i64, (i64, ClickId)>> {
    let rows = Entity::find().filter(Column::IsOpen.eq(true)).filter(Column::Id.is_in(ids.iter().copied()));
    let rows = rows.order_by_asc(Column::Id).lock_exclusive().all(&db.conn()).await.map_err(db::error)?;
    Ok(rows.into_iter().map(|row| (row.id, (row.sent_count, row.click_id))).collect())
}

/// Parks a conversion; gives its number. The same report again replaces what was said before: its latest decision counts. One
/// without a decision, an amount or a buyer takes back none of them.
pub async fn create(db: &Db, row: ParkedLead) -> Result<i64> {
    let mut row = row.into_active_model().reset_all();
    row.id = NotSet;
    // Of one that was settled or given up, the report tells a new action: it waits for its visit from now on.
    let is_open = known(Column::IsOpen).eq(true);
    let latest =
        [Column::IsOpen, Column::Reason, Column::Kind, Column::DateClosed, Column::State, Column::DateSaid];
    let mut again = OnConflict::column(Column::NaturalKey);
    again.update_columns(latest);
    again.value(Column::SentCount, known(Column::SentCount).add(1));
    for column in [Column::DateCreated, Column::DateTried, Column::LeadId] {
        again.value(column, Expr::case(is_open.clone(), known(column)).finally(sent(column)));
    }
    let is_undecided = sent(Column::Status).eq(0).and(known(Column::Status).ne(0));
    for (column, is_kept) in [
        (Column::Status, is_undecided.clone()),
        (Column::ReasonCode, is_undecided.clone()),
        (Column::Comment, is_undecided),
        (Column::Amount, sent(Column::Amount).is_null()),
        (Column::Currency, sent(Column::Amount).is_null()),
        (Column::Sealed, sent(Column::Sealed).eq("")),
    ] {
        again.value(column, Expr::case(is_kept.and(is_open.clone()), known(column)).finally(sent(column)));
    }
    // What once may only be added and once only be changed may be either.
    let is_other = sent(Column::Intent).ne(known(Column::Intent)).and(is_open);
    let either = Expr::value(Intent::Any.code());
    again.value(Column::Intent, Expr::case(is_other, either).finally(sent(Column::Intent)));
    let stored = Entity::insert(row).on_conflict(again).exec_with_returning(&db.conn()).await;
    stored.map(|row| row.id).map_err(db::error)
}

/// A column of the row that is there already.
fn known(column: Column) -> Expr {
    Expr::col((Entity, column))
}

/// A column of the row that would have been stored.
fn sent(column: Column) -> Expr {
    Expr::col((Alias::new("excluded"), column))
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
        let state = if lead_id.is_some() { OrphanState::Matched } else { OrphanState::Refused };
        change = change.col_expr(Column::State, Expr::value(state.code()));
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
