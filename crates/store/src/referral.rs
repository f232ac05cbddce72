//! Who brought whom, and what it earned.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{QueryOrder, QuerySelect, QueryTrait};
use serde::Serialize;
use whocpa_domain::lead::{Closing, LeadStatus};
use whocpa_domain::user::UserStatus;
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::{bulk, lead, listing, person};

/// Somebody who was brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "referral")]
pub struct Model {
    /// Who was brought.
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: i64,
    /// Who brought him.
    pub referrer_id: i64,
    /// Share of his payouts, parts per million.
    pub ppm: i64,
    /// Until when it is paid, seconds; `None` for without end.
    pub date_end: Option<i64>,
    /// Seconds.
    pub date_created: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Somebody who was brought.
pub type Referral = Model;

/// Which referrals are wanted.
#[derive(Debug, Clone, Default)]
pub struct ReferralFilter {
    /// Only these people.
    pub person_ids: Option<Vec<i64>>,
    /// Only those brought by these people.
    pub referrer_ids: Option<Vec<i64>>,
    /// Only those who came from here on.
    pub from: Option<Time>,
    /// Only those who came before this.
    pub until: Option<Time>,
}

/// Referrals are their referrers'.
fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Webmaster(id) => Entity::find().filter(Column::ReferrerId.eq(id)),
        Scope::Manager(id) => Entity::find().filter(Column::ReferrerId.in_subquery(person::managed(id))),
        Scope::Advertiser(_) | Scope::Public => Entity::find().filter(Column::PersonId.eq(-1)),
    }
}

/// One page of referrals, in the order of who was brought.
pub async fn list(db: &Db, scope: Scope, filter: &ReferralFilter, paging: Paging) -> Result<Rows<Referral>> {
    let mut select = visible(scope).order_by_asc(Column::PersonId);
    select = listing::among(select, Column::PersonId, filter.person_ids.as_deref());
    select = listing::among(select, Column::ReferrerId, filter.referrer_ids.as_deref());
    if let Some(from) = filter.from {
        select = select.filter(Column::DateCreated.gte(from.0));
    }
    if let Some(until) = filter.until {
        select = select.filter(Column::DateCreated.lt(until.0));
    }
    db::page(db, select, paging).await
}

/// The referral of one person.
pub async fn view(db: &Db, scope: Scope, person_id: i64) -> Result<Option<Referral>> {
    visible(scope).filter(Column::PersonId.eq(person_id)).one(&db.conn()).await.map_err(db::error)
}

/// Those of these people for whom a referrer who works is paid at this moment, by their ids.
pub async fn in_force(db: &Db, person_ids: &[i64], at: Time) -> Result<BTreeMap<i64, Referral>> {
    let working = person::Entity::find()
        .select_only()
        .column(person::Column::Id)
        .filter(person::Column::Status.eq(UserStatus::Active.code()))
        .into_query();
    let rows = Entity::find()
        .filter(Column::PersonId.is_in(person_ids.iter().copied()))
        .filter(Column::DateEnd.is_null().or(Column::DateEnd.gt(at.0)))
        .filter(Column::ReferrerId.in_subquery(working))
        .all(&db.conn())
        .await;
    Ok(rows.map_err(db::error)?.into_iter().map(|row| (row.person_id, row)).collect())
}

/// How many approved and closed leads of these people were paid for, by person.
pub async fn lead_counts(db: &Db, scope: Scope, person_ids: &[i64]) -> Result<BTreeMap<i64, i64>> {
    use lead::Column as L;
    let rows = of_leads(scope, person_ids)
        .column(L::WebmasterId)
        .column_as(L::Id.count(), "leads")
        .filter(L::IsClosed.eq(Closing::Closed.code()))
        .group_by(L::WebmasterId)
        .into_tuple::<(i64, i64)>()
        .all(&db.conn())
        .await;
    Ok(rows.map_err(db::error)?.into_iter().collect())
}

/// What one person's leads earned his referrer: currency, whether they are closed, micro-units.
pub async fn earned(db: &Db, scope: Scope, person_id: i64) -> Result<Vec<(i64, bool, i64)>> {
    use lead::Column as L;
    let rows = of_leads(scope, &[person_id])
        .column(L::CurrencyId)
        .column(L::IsClosed)
        .column_as(L::Referral.sum().cast_as("BIGINT"), "earned")
        .group_by(L::CurrencyId)
        .group_by(L::IsClosed)
        .order_by_asc(L::CurrencyId)
        .into_tuple::<(i64, i64, i64)>()
        .all(&db.conn())
        .await;
    let closed = |is_closed: i64| is_closed == Closing::Closed.code();
    Ok(rows.map_err(db::error)?.into_iter().map(|(id, is, micros)| (id, closed(is), micros)).collect())
}

/// Approved leads of these people that a referrer is paid for.
fn of_leads(scope: Scope, person_ids: &[i64]) -> Select<lead::Entity> {
    use lead::Column as L;
    let referrers = visible(scope)
        .select_only()
        .column(Column::ReferrerId)
        .filter(Column::PersonId.is_in(person_ids.iter().copied()))
        .into_query();
    lead::Entity::find()
        .select_only()
        .filter(L::ReferrerId.in_subquery(referrers))
        .filter(L::WebmasterId.is_in(person_ids.iter().copied()))
        .filter(L::Status.eq(LeadStatus::Approved.code()))
}

/// Writes all columns of a stored referral.
pub async fn update(db: &Db, row: Referral) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores who brought a new person.
pub async fn create(db: &Db, row: Referral) -> Result<()> {
    // The library leaves out keys that databases give; this one is the person's.
    bulk::insert::<Entity>(db, &[row], None).await.map_err(db::error)
}
