//! Special conditions: what is different for one webmaster and goal.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{QueryOrder, QuerySelect, QueryTrait};
use serde::Serialize;
use whocpa_domain::goal::{Rate, Special};
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::{listing, person};

/// For whom a condition is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "condition")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// For whom.
    pub webmaster_id: i64,
    /// The goal's offer.
    pub offer_id: i64,
    /// For which goal.
    pub goal_id: i64,
    /// Only for visitors from this area; `None` for all.
    pub area_id: Option<i64>,
    /// Words for the webmaster.
    pub description: String,
    /// Seconds.
    pub date_created: i64,
    /// Seconds.
    pub date_updated: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// For whom a condition is.
pub type Condition = Model;

/// What a condition says: never changed.
pub mod version {
    use sea_orm::entity::prelude::*;
    use serde::Serialize;

    /// One version.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
    #[sea_orm(table_name = "condition_version")]
    pub struct Model {
        /// Number; 0 for a row that is not stored yet.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// Of which condition.
        pub condition_id: i64,
        /// It counts from here, seconds.
        pub date_from: i64,
        /// When it was written down, seconds.
        pub date_recorded: i64,
        /// It counts until here, seconds; `None` for without end.
        pub date_end: Option<i64>,
        /// The webmaster's rate in the goal's unit; `None` for the goal's own.
        pub payment: Option<i64>,
        /// The advertiser's rate; `None` for the goal's own.
        pub charge: Option<i64>,
        /// Days of hold; `None` for the goal's own.
        pub hold_period: Option<i64>,
        /// The second part of `payment`.
        pub payment_more: Option<i64>,
        /// The second part of `charge`.
        pub charge_more: Option<i64>,
    }

    /// Relations are not used.
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a condition says.
pub type ConditionVersion = version::Model;

impl ConditionVersion {
    /// As the rules read it.
    pub fn special(&self) -> Special {
        let rate = |first: Option<i64>, more: Option<i64>| {
            first.map(|first| Rate { first, more: more.unwrap_or(0) })
        };
        Special {
            payment: rate(self.payment, self.payment_more),
            charge: rate(self.charge, self.charge_more),
            hold_period: self.hold_period,
        }
    }

    /// Whether it is over, or ended before it began.
    pub fn has_ended(&self, at: Time) -> bool {
        self.date_end.is_some_and(|end| end <= at.0 || end <= self.date_from)
    }

    /// Whether it counts at `at`.
    pub fn is_in_force(&self, at: Time) -> bool {
        self.date_from <= at.0 && self.date_end.is_none_or(|end| at.0 < end)
    }
}

/// Which conditions are wanted.
#[derive(Debug, Clone, Default)]
pub struct ConditionFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these offers.
    pub offer_ids: Option<Vec<i64>>,
    /// Only of these goals.
    pub goal_ids: Option<Vec<i64>>,
    /// Only of these webmasters.
    pub webmaster_ids: Option<Vec<i64>>,
    /// Only for visitors from these areas.
    pub area_ids: Option<Vec<i64>>,
    /// Only those that count at this moment, or only the others.
    pub in_force: Option<(Time, bool)>,
}

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Webmaster(id) => Entity::find().filter(Column::WebmasterId.eq(id)),
        Scope::Manager(id) => Entity::find().filter(Column::WebmasterId.in_subquery(person::managed(id))),
        Scope::Advertiser(_) | Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// The id of each condition's version that was the newest at `at`.
fn newest(at: Time) -> Select<version::Entity> {
    version::Entity::find()
        .select_only()
        .column_as(version::Column::Id.max(), "id")
        .filter(version::Column::DateFrom.lte(at.0))
        .group_by(version::Column::ConditionId)
}

/// One page of conditions, in the order of their ids.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &ConditionFilter,
    paging: Paging,
) -> Result<Rows<Condition>> {
    let mut select = visible(scope).order_by_asc(Column::Id);
    for (column, wanted) in [
        (Column::Id, &filter.ids),
        (Column::OfferId, &filter.offer_ids),
        (Column::GoalId, &filter.goal_ids),
        (Column::WebmasterId, &filter.webmaster_ids),
        (Column::AreaId, &filter.area_ids),
    ] {
        select = listing::among(select, column, wanted.as_deref());
    }
    if let Some((at, wanted)) = filter.in_force {
        let end = version::Column::DateEnd;
        let counting = version::Entity::find()
            .select_only()
            .column(version::Column::ConditionId)
            .filter(version::Column::Id.in_subquery(newest(at).into_query()))
            .filter(end.is_null().or(end.gt(at.0)))
            .into_query();
        let is_one = Column::Id.in_subquery(counting);
        select = select.filter(if wanted { is_one } else { is_one.not() });
    }
    db::page(db, select, paging).await
}

/// One condition.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Condition>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One condition, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Condition>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// The newest version of each of these conditions: the one that counts or will, or the last one that did. By condition.
pub async fn versions(db: &Db, ids: &[i64]) -> Result<BTreeMap<i64, ConditionVersion>> {
    let rows = version::Entity::find()
        .filter(version::Column::Id.in_subquery(newest(Time(i64::MAX)).into_query()))
        .filter(version::Column::ConditionId.is_in(ids.iter().copied()));
    let rows = rows.all(&db.conn()).await.map_err(db::error)?;
    Ok(rows.into_iter().map(|row| (row.condition_id, row)).collect())
}

/// When each of these conditions first counted, by condition.
pub async fn starts(db: &Db, ids: &[i64]) -> Result<BTreeMap<i64, i64>> {
    let rows = version::Entity::find()
        .select_only()
        .column(version::Column::ConditionId)
        .column_as(version::Column::DateFrom.min(), "date_from")
        .filter(version::Column::ConditionId.is_in(ids.iter().copied()))
        .group_by(version::Column::ConditionId);
    let rows: Vec<(i64, i64)> = rows.into_tuple().all(&db.conn()).await.map_err(db::error)?;
    Ok(rows.into_iter().collect())
}

/// What counts at `at` for these webmasters and goals.
pub async fn in_force(
    db: &Db,
    webmaster_ids: &[i64],
    goal_ids: &[i64],
    at: Time,
) -> Result<Vec<(Condition, ConditionVersion)>> {
    let rows = Entity::find()
        .filter(Column::WebmasterId.is_in(webmaster_ids.iter().copied()))
        .filter(Column::GoalId.is_in(goal_ids.iter().copied()));
    let rows = rows.all(&db.conn()).await.map_err(db::error)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids = rows.iter().map(|row| row.id);
    let versions = version::Entity::find()
        .filter(version::Column::ConditionId.is_in(ids))
        .filter(version::Column::DateFrom.lte(at.0))
        .order_by_asc(version::Column::Id);
    let versions = versions.all(&db.conn()).await.map_err(db::error)?;
    // The last one of each condition stays.
    let mut newest: BTreeMap<i64, ConditionVersion> =
        versions.into_iter().map(|row| (row.condition_id, row)).collect();
    let counting = rows.into_iter().filter_map(|row| {
        let version = newest.remove(&row.id).filter(|version| version.is_in_force(at))?;
        Some((row, version))
    });
    Ok(counting.collect())
}

/// The conditions of a goal that count now or will, with their newest versions.
pub async fn of_goal(db: &Db, goal_id: i64, now: Time) -> Result<Vec<(Condition, ConditionVersion)>> {
    let rows = Entity::find().filter(Column::GoalId.eq(goal_id)).all(&db.conn()).await.map_err(db::error)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut versions = versions(db, &ids).await?;
    let open = rows.into_iter().filter_map(|row| {
        let version = versions.remove(&row.id)?;
        (!version.has_ended(now)).then_some((row, version))
    });
    Ok(open.collect())
}

/// One version and its condition, for those who may see the lead that was rated by it.
pub async fn version(db: &Db, id: i64) -> Result<Option<ConditionVersion>> {
    version::Entity::find_by_id(id).one(&db.conn()).await.map_err(db::error)
}

/// These versions, for the network's own rules.
pub async fn versions_by_id(db: &Db, ids: &BTreeSet<i64>) -> Result<BTreeMap<i64, ConditionVersion>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = version::Entity::find().filter(version::Column::Id.is_in(ids.iter().copied()));
    let rows = rows.all(&db.conn()).await.map_err(db::error)?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Writes all columns of a stored condition.
pub async fn update(db: &Db, row: Condition) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new condition; gives its id.
pub async fn create(db: &Db, row: Condition) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}

/// Stores a new version of a condition.
pub async fn version_create(db: &Db, row: ConditionVersion) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}
