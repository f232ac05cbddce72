//! Re-ratings: leads of a goal and a period that are rated anew, and how far that has come.

use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, FromQueryResult, QueryOrder, QuerySelect};
use serde::Serialize;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::rerating::ReratingStatus;
use whocpa_domain::{Result, Scope, Time};

use crate::bulk;
use crate::db::{self, Db, Paging, Rows};
use crate::lead::Lead;
use crate::listing;
use crate::migrate::statement;

/// One re-rating.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "rerating")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The operator who began it.
    pub user_id: i64,
    /// Leads of this goal.
    pub goal_id: i64,
    /// The terms by which they are rated anew.
    pub goal_version_id: i64,
    /// Who pays for the goal.
    pub advertiser_id: i64,
    /// Currency of the goal.
    pub currency_id: i64,
    /// Leads that came in from here, seconds.
    pub date_from: i64,
    /// Leads that came in before this, seconds.
    pub date_end: i64,
    /// The newest lead that there was.
    pub last_lead_id: i64,
    /// Why, in words: it stands in the leads' stories.
    pub reason: String,
    /// [`ReratingStatus`] as a number.
    pub status: i64,
    /// What its owner should know.
    pub message: String,
    /// Leads that were looked at.
    pub leads: i64,
    /// Leads that become worth another amount.
    pub leads_changed: i64,
    /// Leads that these terms cannot rate.
    pub leads_failed: i64,
    /// What is charged for the leads that hold money, before.
    pub charge_before: i64,
    /// The same after.
    pub charge_after: i64,
    /// What their webmasters get, before.
    pub payout_before: i64,
    /// The same after.
    pub payout_after: i64,
    /// Of what was counted.
    pub checksum: String,
    /// Leads that were changed.
    pub leads_applied: i64,
    /// Of what was applied.
    pub checksum_applied: String,
    /// The last lead that was done: when it came in.
    pub cursor_date: i64,
    /// The last lead that was done.
    pub cursor_id: i64,
    /// Grows whenever another worker takes it.
    pub fence: i64,
    /// Until when the worker must have shown itself, seconds.
    pub date_until: i64,
    /// Seconds.
    pub date_created: i64,
    /// When somebody told to apply it, seconds.
    pub date_applied: Option<i64>,
    /// When it ended, seconds.
    pub date_finished: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One re-rating.
pub type Rerating = Model;

/// What it does to one webmaster.
pub mod row {
    use sea_orm::entity::prelude::*;

    /// One webmaster's part.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "rerating_row")]
    pub struct Model {
        /// Of which re-rating.
        #[sea_orm(primary_key, auto_increment = false)]
        pub rerating_id: i64,
        /// Whose leads.
        #[sea_orm(primary_key, auto_increment = false)]
        pub webmaster_id: i64,
        /// Leads that were looked at.
        pub leads: i64,
        /// Leads that become worth another amount.
        pub leads_changed: i64,
        /// What is charged for them, before.
        pub charge_before: i64,
        /// The same after.
        pub charge_after: i64,
        /// What the webmaster gets, before.
        pub payout_before: i64,
        /// The same after.
        pub payout_after: i64,
    }

    /// Relations are not used.
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a re-rating does to one webmaster.
pub type ReratingRow = row::Model;

/// What is known of a lead when it is rated anew.
#[derive(Debug, Clone, FromQueryResult)]
pub struct RatedLead {
    /// Its number.
    pub id: i64,
    /// When it came in, seconds.
    pub date_created: i64,
    /// Whose it is.
    pub webmaster_id: i64,
    /// `LeadStatus` as a number.
    pub status: i64,
    /// The sale, micro-units.
    pub amount: Option<i64>,
    /// The advertiser pays this.
    pub charge: i64,
    /// The webmaster gets this.
    pub payout: i64,
    /// The special condition that rated it.
    pub condition_version_id: Option<i64>,
    /// The visitor's country.
    pub country: String,
    /// His user agent, where a line asks for his device.
    pub ua: String,
    /// The landing page to which he was sent.
    pub landing_id: Option<i64>,
    /// Approved leads in the month before it.
    pub month_leads: Option<i64>,
    /// The version that rated it.
    pub goal_version_id: i64,
    /// The line of it.
    pub goal_line: i64,
}

impl From<&Lead> for RatedLead {
    fn from(lead: &Lead) -> Self {
        Self {
            id: lead.id,
            date_created: lead.date_created,
            webmaster_id: lead.webmaster_id,
            status: lead.status,
            amount: lead.amount,
            charge: lead.charge,
            payout: lead.payout,
            condition_version_id: lead.condition_version_id,
            country: lead.country.clone(),
            ua: lead.ua.clone(),
            landing_id: lead.landing_id,
            month_leads: lead.month_leads,
            goal_version_id: lead.goal_version_id,
            goal_line: lead.goal_line,
        }
    }
}

/// Only who sees the whole network sees them: they are about all webmasters of a goal.
fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        _ => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// Which re-ratings are wanted.
#[derive(Debug, Clone, Default)]
pub struct ReratingFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these advertisers.
    pub advertiser_ids: Option<Vec<i64>>,
    /// Only of these goals.
    pub goal_ids: Option<Vec<i64>>,
    /// Only in one of these states.
    pub status: Option<Vec<ReratingStatus>>,
    /// Begun from here, and before this.
    pub created: (Option<Time>, Option<Time>),
}

/// One page of re-ratings, the newest first.
pub async fn list(db: &Db, scope: Scope, filter: &ReratingFilter, paging: Paging) -> Result<Rows<Rerating>> {
    let mut select = visible(scope).order_by_desc(Column::Id);
    for (column, wanted) in [
        (Column::Id, &filter.ids),
        (Column::AdvertiserId, &filter.advertiser_ids),
        (Column::GoalId, &filter.goal_ids),
    ] {
        select = listing::among(select, column, wanted.as_deref());
    }
    select = listing::within(select, Column::DateCreated, filter.created);
    if let Some(states) = &filter.status {
        select = select.filter(Column::Status.is_in(states.iter().map(|status| status.code())));
    }
    db::page(db, select, paging).await
}

/// One re-rating.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Rerating>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One re-rating, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Rerating>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// What it does, by webmaster, in the order of their numbers.
pub async fn rows(db: &Db, id: i64, paging: Paging) -> Result<Rows<ReratingRow>> {
    let select = row::Entity::find().filter(row::Column::ReratingId.eq(id));
    db::page(db, select.order_by_asc(row::Column::WebmasterId), paging).await
}

/// The re-rating that waits longest for a worker.
pub async fn due(db: &Db, now: Time) -> Result<Option<i64>> {
    let runs = [ReratingStatus::Counting.code(), ReratingStatus::Applying.code()];
    let select = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Status.is_in(runs))
        .filter(Column::DateUntil.lte(now.0))
        .order_by_asc(Column::DateUntil)
        .order_by_asc(Column::Id);
    select.into_tuple().one(&db.conn()).await.map_err(db::error)
}

/// The goal's re-ratings that are being applied.
pub async fn running(db: &Db, goal_id: i64) -> Result<u64> {
    let select = Entity::find().filter(Column::GoalId.eq(goal_id));
    select
        .filter(Column::Status.eq(ReratingStatus::Applying.code()))
        .count(&db.conn())
        .await
        .map_err(db::error)
}

/// The newest lead that there is.
pub async fn last_lead(db: &Db) -> Result<i64> {
    let found =
        db.conn().query_one_raw(statement(db, "SELECT MAX(id) FROM lead", [])).await.map_err(db::error)?;
    let id: Option<i64> = found.map_or(Ok(None), |row| row.try_get_by(0)).map_err(db::error)?;
    Ok(id.unwrap_or(0))
}

/// The next leads of a re-rating after its cursor, in the order in which they came in; doubles are not among them.
pub async fn leads(db: &Db, of: &Rerating, limit: u64, with_ua: bool) -> Result<Vec<RatedLead>> {
    let ua = if with_ua { "ua" } else { "'' AS ua" };
    let sql = format!(
        "SELECT id, date_created, webmaster_id, status, amount, charge, payout, condition_version_id, country, \
               {ua}, landing_id, month_leads, goal_version_id, goal_line FROM lead \
               WHERE advertiser_id = $1 AND (date_created, id) > ($2, $3) AND date_created < $4 \
               AND goal_id = $5 AND id <= $6 AND status <> $7 ORDER BY date_created, id LIMIT $8"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = [
        of.advertiser_id.into(),
        of.cursor_date.into(),
        of.cursor_id.into(),
        of.date_end.into(),
        of.goal_id.into(),
        of.last_lead_id.into(),
        LeadStatus::Double.code().into(),
        limit.into(),
    ];
    RatedLead::find_by_statement(statement(db, &sql, values)).all(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored re-rating.
pub async fn update(db: &Db, row: Rerating) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new re-rating; gives its id.
pub async fn create(db: &Db, row: Rerating) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}

/// Stores what it does, by webmaster, in place of what was there.
pub async fn create_rows(db: &Db, id: i64, rows: &[ReratingRow]) -> Result<()> {
    let old = row::Entity::delete_many().filter(row::Column::ReratingId.eq(id));
    old.exec(&db.conn()).await.map_err(db::error)?;
    bulk::insert::<row::Entity>(db, rows, None).await.map_err(db::error)
}
