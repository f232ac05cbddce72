//! Goals of offers and the versions of their money terms.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect, QueryTrait};
use serde::Serialize;
use whocpa_domain::goal::{Line, MoneyType, Rate, Terms, read_lines};
use whocpa_domain::{Error, Result, Scope, Time};

use crate::bulk;
use crate::db::{self, Db, Paging, Rows};
use crate::offer;

/// One goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "goal")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which offer.
    pub offer_id: i64,
    /// What must be done.
    pub description: String,
    /// [`fold`](whocpa_domain::text::fold)ed description.
    #[serde(skip)]
    pub description_folded: String,
    /// Whether leads are taken.
    pub is_active: bool,
    /// Leads approve themselves.
    pub is_auto_approve: bool,
    /// At most one action per tid.
    pub is_otol: bool,
    /// `GoalCategory` as a number.
    pub category: i64,
    /// Currency of all its leads.
    pub currency_id: i64,
    /// Seconds.
    pub date_created: i64,
    /// The advertiser's own name of it, unique in the offer; empty for none.
    pub alias: String,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One goal.
pub type Goal = Model;

/// Money terms of a goal: written once, in force from `date_from` until the next.
pub mod version {
    use sea_orm::entity::prelude::*;

    /// One version.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "goal_version")]
    pub struct Model {
        /// Number; 0 for a row that is not stored yet.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// Of which goal.
        pub goal_id: i64,
        /// In force from here, seconds.
        pub date_from: i64,
        /// When it was written down, seconds.
        pub date_recorded: i64,
        /// `MoneyType` as a number.
        pub money_type: i64,
        /// The webmaster's rate: micro-units, or parts per million.
        pub payment: i64,
        /// The advertiser's rate in the same unit.
        pub charge: i64,
        /// Days of hold.
        pub hold_period: i64,
        /// The second part of `payment`.
        pub payment_more: i64,
        /// The second part of `charge`.
        pub charge_more: i64,
        /// Other rates for some visitors, as `whocpa_domain::goal::lines_text` writes them.
        pub lines: String,
    }

    /// Relations are not used.
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One version of a goal's terms.
pub type GoalVersion = version::Model;

impl GoalVersion {
    /// The terms as the rules read them.
    pub fn terms(&self) -> Terms {
        let money_type = MoneyType::from_code(self.money_type).unwrap_or(MoneyType::Fixed);
        let payment = Rate { first: self.payment, more: self.payment_more };
        let charge = Rate { first: self.charge, more: self.charge_more };
        Terms { money_type, payment, charge }
    }

    /// The other rates for some visitors.
    ///
    /// # Errors
    /// [`Error::Internal`] when somebody wrote them by hand.
    pub fn lines(&self) -> Result<Vec<Line>> {
        read_lines(&self.lines)
            .ok_or_else(|| Error::Internal(format!("goal version {} has unreadable lines", self.id)))
    }
}

/// Which goals are wanted.
#[derive(Debug, Clone, Default)]
pub struct GoalFilter {
    /// Only of these offers.
    pub offer_ids: Option<Vec<i64>>,
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only active ones, or only others.
    pub is_active: Option<bool>,
    /// Only with this in the folded description.
    pub search: Option<String>,
    /// Only of these kinds.
    pub categories: Option<Vec<i64>>,
    /// Only in these currencies.
    pub currency_ids: Option<Vec<i64>>,
    /// Only whose terms in force at this moment are of these money types.
    pub money_types: Option<(Time, Vec<i64>)>,
}

fn visible(scope: Scope) -> Select<Entity> {
    let offers = offer::visible(scope).select_only().column(offer::Column::Id).into_query();
    match scope {
        Scope::All => Entity::find(),
        _ => Entity::find().filter(Column::OfferId.in_subquery(offers)),
    }
}

/// One page of goals, in the order of their ids.
pub async fn list(db: &Db, scope: Scope, filter: &GoalFilter, paging: Paging) -> Result<Rows<Goal>> {
    let mut select = visible(scope).order_by_asc(Column::Id);
    if let Some(ids) = &filter.offer_ids {
        select = select.filter(Column::OfferId.is_in(ids.iter().copied()));
    }
    if let Some(wanted) = filter.is_active {
        select = select.filter(Column::IsActive.eq(wanted));
    }
    if let Some(search) = &filter.search {
        select = select.filter(db::contains(Column::DescriptionFolded, search));
    }
    for (column, wanted) in [
        (Column::Id, &filter.ids),
        (Column::Category, &filter.categories),
        (Column::CurrencyId, &filter.currency_ids),
    ] {
        if let Some(wanted) = wanted {
            select = select.filter(column.is_in(wanted.iter().copied()));
        }
    }
    if let Some((at, types)) = &filter.money_types {
        let terms = version::Entity::find()
            .select_only()
            .column(version::Column::GoalId)
            .filter(version::Column::Id.in_subquery(newest(*at).into_query()))
            .filter(version::Column::MoneyType.is_in(types.iter().copied()));
        select = select.filter(Column::Id.in_subquery(terms.into_query()));
    }
    db::page(db, select, paging).await
}

/// One goal.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Goal>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One goal, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Goal>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// All goals of these offers, in the order of their ids.
pub async fn of_offers(db: &Db, offer_ids: &[i64]) -> Result<Vec<Goal>> {
    let select = Entity::find().filter(bulk::among(db, Column::OfferId, offer_ids)).order_by_asc(Column::Id);
    select.all(&db.conn()).await.map_err(db::error)
}

/// The version of each of these goals that is in force at `at`: the last one written that had begun by then.
pub async fn versions_at(db: &Db, goal_ids: &[i64], at: Time) -> Result<BTreeMap<i64, GoalVersion>> {
    let newest = newest(at).filter(bulk::among(db, version::Column::GoalId, goal_ids)).into_query();
    let rows = version::Entity::find().filter(version::Column::Id.in_subquery(newest));
    let rows = rows.all(&db.conn()).await.map_err(db::error)?;
    Ok(rows.into_iter().map(|row| (row.goal_id, row)).collect())
}

/// One version of terms, for those who may see the lead that was rated by it.
pub async fn version(db: &Db, id: i64) -> Result<Option<GoalVersion>> {
    version::Entity::find_by_id(id).one(&db.conn()).await.map_err(db::error)
}

/// These versions of terms, for the network's own rules.
pub async fn versions(db: &Db, ids: &BTreeSet<i64>) -> Result<BTreeMap<i64, GoalVersion>> {
    let ids: Vec<i64> = ids.iter().copied().collect();
    let rows = version::Entity::find().filter(bulk::among(db, version::Column::Id, &ids));
    let rows = rows.all(&db.conn()).await.map_err(db::error)?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The id of each goal's version that is in force at `at`.
pub(crate) fn newest(at: Time) -> Select<version::Entity> {
    version::Entity::find()
        .select_only()
        .column_as(version::Column::Id.max(), "id")
        .filter(version::Column::DateFrom.lte(at.0))
        .group_by(version::Column::GoalId)
}

/// Writes all columns of a stored goal.
pub async fn update(db: &Db, row: Goal) -> Result<()> {
    db::save(db, row).await.map_err(taken)
}

/// Stores a new goal; gives its id.
pub async fn create(db: &Db, row: Goal) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(taken)
}

fn taken(refusal: DbErr) -> Error {
    db::unique(refusal, "alias", "Another goal of the offer has this name")
}

/// Stores a new version of a goal's terms.
pub async fn version_create(db: &Db, row: GoalVersion) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}
