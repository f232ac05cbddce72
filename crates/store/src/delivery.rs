//! Deliveries: one event for one address each, and the tries that were made.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Condition;
use sea_orm::sea_query::LockType;
use sea_orm::{ExprTrait, QueryOrder, QuerySelect, QueryTrait};
use whocpa_domain::postback::{DeliveryStatus, PostbackEvent, PostbackKind, PostbackStatus};
use whocpa_domain::sort::{Sort, TimeSort};
use whocpa_domain::time::{DAY, HOUR};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Result, Scope, Time};

use crate::bulk;
use crate::db::{self, Db, Paging, Rows};
use crate::migrate::execute;
use crate::{listing, person, postback};

/// One delivery.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// To which address.
    pub postback_id: i64,
    /// Whose it is.
    pub user_id: i64,
    /// `PostbackEvent` as a number.
    pub event: i64,
    /// Of which lead; `None` for a rehearsal.
    pub lead_id: Option<i64>,
    /// Which event of the lead.
    pub event_number: i64,
    /// A rehearsal: nothing of it is money or statistics.
    pub is_test: bool,
    /// `DeliveryStatus` as a number: waiting, delivered or failed; the others follow from the postback.
    pub status: i64,
    /// Tries in all.
    pub attempt_count: i64,
    /// Tries since it was last sent by hand: the table of retries counts these.
    pub try_count: i64,
    /// Status of the last answer.
    pub http_status: Option<i64>,
    /// Macros that had no value at the last try, by name with commas.
    pub empty: String,
    /// Seconds.
    pub date_created: i64,
    /// When it is tried next, seconds.
    pub date_next: i64,
    /// Seconds.
    pub date_delivered: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One delivery.
pub type Delivery = Model;

/// Tries.
pub mod attempt {
    use sea_orm::entity::prelude::*;

    /// One try.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "delivery_attempt")]
    pub struct Model {
        /// Of which delivery.
        #[sea_orm(primary_key, auto_increment = false)]
        pub delivery_id: i64,
        /// From 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// What was called, without its secrets.
        pub url: String,
        /// Status of the answer.
        pub http_status: Option<i64>,
        /// Milliseconds.
        pub duration_ms: i64,
        /// Why there was no answer, in words.
        pub error: String,
        /// Beginning of the answer.
        pub answer: String,
        /// Seconds.
        pub date_created: i64,
    }

    /// Relations are not used.
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One try.
pub type Attempt = attempt::Model;

/// Which deliveries are wanted.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these postbacks.
    pub postback_ids: Option<Vec<i64>>,
    /// Only about these leads.
    pub lead_ids: Option<Vec<i64>>,
    /// Only in one of these states.
    pub status: Option<Vec<DeliveryStatus>>,
    /// Only of these events.
    pub events: Option<Vec<PostbackEvent>>,
    /// Only of these people.
    pub user_ids: Option<Vec<i64>>,
    /// Only rehearsals, or only others.
    pub is_test: Option<bool>,
    /// Only orders that an advertiser's system did not take for an hour, or says nothing of for a day.
    pub stuck_at: Option<Time>,
    /// Made from here on.
    pub from: Option<Time>,
    /// Made before.
    pub until: Option<Time>,
    /// In which order; the newest first unless told.
    pub sort: Option<Sort<TimeSort>>,
}

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Webmaster(id) | Scope::Advertiser(id) => Entity::find().filter(Column::UserId.eq(id)),
        Scope::Manager(id) => Entity::find().filter(Column::UserId.in_subquery(person::managed(id))),
        Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

fn filtered(mut select: Select<Entity>, filter: &DeliveryFilter) -> Select<Entity> {
    for (column, wanted) in [
        (Column::Id, &filter.ids),
        (Column::PostbackId, &filter.postback_ids),
        (Column::LeadId, &filter.lead_ids),
        (Column::UserId, &filter.user_ids),
    ] {
        select = listing::among(select, column, wanted.as_deref());
    }
    if let Some(states) = &filter.status {
        let any = states.iter().fold(Condition::any(), |any, status| any.add(in_state(*status)));
        select = select.filter(any);
    }
    if let Some(events) = &filter.events {
        select = select.filter(Column::Event.is_in(events.iter().map(|event| event.code())));
    }
    if let Some(is_test) = filter.is_test {
        select = select.filter(Column::IsTest.eq(is_test));
    }
    if let Some(now) = filter.stuck_at {
        select = select.filter(stuck(now));
    }
    if let Some(from) = filter.from {
        select = select.filter(Column::DateCreated.gte(from.0));
    }
    if let Some(until) = filter.until {
        select = select.filter(Column::DateCreated.lt(until.0));
    }
    select
}

/// New leads for a system of an advertiser that it did not take for an hour, or took a day ago and nobody decided since.
fn stuck(now: Time) -> Condition {
    let systems = postback::Entity::find()
        .select_only()
        .column(postback::Column::Id)
        .filter(postback::Column::Kind.eq(PostbackKind::Post.code()))
        .filter(postback::Column::Level.eq(UserLevel::Advertiser.code()));
    let pending = "EXISTS (SELECT 1 FROM lead WHERE lead.id = delivery.lead_id AND lead.status = 0)";
    let untaken = Condition::all()
        .add(Column::Status.ne(DeliveryStatus::Delivered.code()))
        .add(Column::DateCreated.lte(now.0 - HOUR));
    let silent = Condition::all()
        .add(Column::Status.eq(DeliveryStatus::Delivered.code()))
        .add(Column::DateDelivered.lte(now.0 - DAY));
    Condition::all()
        .add(Column::Event.eq(PostbackEvent::Created.code()))
        .add(Column::PostbackId.in_subquery(systems.into_query()))
        .add(Expr::cust(pending))
        .add(Condition::any().add(untaken).add(silent))
}

/// Whether a delivery waits is its own; for what, its postback says.
fn in_state(status: DeliveryStatus) -> Condition {
    let of_postbacks = |wanted: Condition| {
        let ids = postback::Entity::find().select_only().column(postback::Column::Id).filter(wanted);
        Condition::all()
            .add(Column::Status.eq(DeliveryStatus::Waiting.code()))
            .add(Column::PostbackId.in_subquery(ids.into_query()))
    };
    let active = postback::Column::IsActive;
    let is_active = PostbackStatus::Active.code();
    match status {
        DeliveryStatus::Delivered | DeliveryStatus::Failed => {
            Condition::all().add(Column::Status.eq(status.code()))
        }
        DeliveryStatus::Waiting => {
            of_postbacks(Condition::all().add(active.eq(true)).add(postback::Column::Status.eq(is_active)))
        }
        DeliveryStatus::Paused => {
            of_postbacks(Condition::all().add(active.eq(true)).add(postback::Column::Status.ne(is_active)))
        }
        DeliveryStatus::Cancelled => of_postbacks(Condition::all().add(active.eq(false))),
    }
}

/// One page of deliveries, the newest first.
pub async fn list(db: &Db, scope: Scope, filter: &DeliveryFilter, paging: Paging) -> Result<Rows<Delivery>> {
    let is_descending = filter.sort.is_none_or(|sort| sort.is_descending);
    let select = listing::sorted(filtered(visible(scope), filter), (Column::Id, Column::Id), is_descending);
    db::page(db, select, paging).await
}

/// The deliveries that a filter finds, the oldest first, behind this one.
pub async fn found(
    db: &Db,
    scope: Scope,
    filter: &DeliveryFilter,
    after: i64,
    limit: u64,
) -> Result<Vec<Delivery>> {
    let select = filtered(visible(scope), filter).filter(Column::Id.gt(after)).order_by_asc(Column::Id);
    select.limit(limit).all(&db.conn()).await.map_err(db::error)
}

/// How many deliveries a filter finds.
pub async fn count(db: &Db, scope: Scope, filter: &DeliveryFilter) -> Result<u64> {
    filtered(visible(scope), filter).count(&db.conn()).await.map_err(db::error)
}

/// One delivery.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Delivery>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One delivery, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Delivery>> {
    visible(scope)
        .filter(Column::Id.eq(id))
        .lock(LockType::NoKeyUpdate)
        .one(&db.conn())
        .await
        .map_err(db::error)
}

/// The tries of a delivery that the caller may see, in order.
pub async fn attempts(db: &Db, scope: Scope, delivery_id: i64) -> Result<Vec<Attempt>> {
    if view(db, scope, delivery_id).await?.is_none() {
        return Ok(Vec::new());
    }
    let select = attempt::Entity::find().filter(attempt::Column::DeliveryId.eq(delivery_id));
    select.order_by_asc(attempt::Column::Number).all(&db.conn()).await.map_err(db::error)
}

/// How many deliveries wait at each of these postbacks.
pub async fn waiting(db: &Db, postback_ids: &[i64]) -> Result<BTreeMap<i64, i64>> {
    let select = Entity::find()
        .select_only()
        .column(Column::PostbackId)
        .column_as(Column::Id.count(), "count")
        .filter(Column::PostbackId.is_in(postback_ids.iter().copied()))
        .filter(Column::Status.eq(DeliveryStatus::Waiting.code()))
        .group_by(Column::PostbackId);
    let rows = select.into_tuple::<(i64, i64)>().all(&db.conn()).await.map_err(db::error)?;
    Ok(rows.into_iter().collect())
}

/// Whether no earlier event of the same lead waits for the same receiver: its events arrive in their order.
pub(crate) const FIRST_OF_LEAD: &str = "NOT EXISTS (SELECT 1 FROM delivery AS earlier WHERE earlier.lead_id = delivery.lead_id \
     AND earlier.postback_id = delivery.postback_id AND earlier.status = 0 AND earlier.id < delivery.id)";

/// What is due at a postback, in order; of each lead the oldest only, because its events arrive in their order.
pub async fn due(db: &Db, postback_id: i64, now: Time, limit: u64) -> Result<Vec<Delivery>> {
    let select = Entity::find()
        .filter(Column::PostbackId.eq(postback_id))
        .filter(Column::Status.eq(DeliveryStatus::Waiting.code()))
        .filter(Column::DateNext.lte(now.0))
        .filter(Expr::cust(FIRST_OF_LEAD))
        .order_by_asc(Column::DateNext)
        .order_by_asc(Column::Id)
        .limit(limit);
    select.all(&db.conn()).await.map_err(db::error)
}

/// What waits for a retry at a postback is due now: its receiver works again. A hurried try is one more: a receiver that comes
/// and goes does not use up the tries of three days.
pub async fn hasten(db: &Db, postback_id: i64, now: Time) -> Result<()> {
    let sql = "UPDATE delivery SET date_next = $1, try_count = CASE WHEN try_count > 0 THEN try_count - 1 ELSE 0 END \
               WHERE postback_id = $2 AND status = 0 AND date_next > $1";
    execute(db, sql, [now.0.into(), postback_id.into()]).await.map(drop)
}

/// The receiver took these, with this status.
pub async fn set_delivered(db: &Db, ids: &[i64], http_status: i64, empty: &str, now: Time) -> Result<()> {
    let done = Entity::update_many()
        .col_expr(Column::Status, DeliveryStatus::Delivered.code().into())
        .col_expr(Column::AttemptCount, Expr::col(Column::AttemptCount).add(1))
        .col_expr(Column::TryCount, Expr::col(Column::TryCount).add(1))
        .col_expr(Column::HttpStatus, Some(http_status).into())
        .col_expr(Column::Empty, empty.into())
        .col_expr(Column::DateDelivered, Some(now.0).into())
        .filter(bulk::among(db, Column::Id, ids));
    done.exec(&db.conn()).await.map(drop).map_err(db::error)
}

/// These begin anew.
pub async fn set_again(db: &Db, ids: &[i64], now: Time) -> Result<()> {
    let done = Entity::update_many()
        .col_expr(Column::Status, DeliveryStatus::Waiting.code().into())
        .col_expr(Column::TryCount, 0.into())
        .col_expr(Column::DateNext, now.0.into())
        .col_expr(Column::DateDelivered, Option::<i64>::None.into())
        .filter(bulk::among(db, Column::Id, ids));
    done.exec(&db.conn()).await.map(drop).map_err(db::error)
}

/// Writes all columns of a stored delivery.
pub async fn update(db: &Db, row: Delivery) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new delivery; gives its id.
pub async fn create(db: &Db, row: Delivery) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}

/// Stores new deliveries.
pub async fn create_many(db: &Db, rows: &[Delivery]) -> Result<()> {
    bulk::insert::<Entity>(db, rows, Some(Column::Id)).await.map_err(db::error)
}

/// Stores tries.
pub async fn create_attempts(db: &Db, rows: &[Attempt]) -> Result<()> {
    bulk::insert::<attempt::Entity>(db, rows, None).await.map_err(db::error)
}

/// Deliveries from before that ended: they were taken, were given up, or their postback was removed.
fn ended() -> [Condition; 2] {
    let removed = postback::Entity::find()
        .select_only()
        .column(postback::Column::Id)
        .filter(postback::Column::IsActive.eq(false));
    let waiting = Column::Status.eq(DeliveryStatus::Waiting.code());
    [
        // In the words of the index.
        Condition::all().add(Expr::cust("status IN (1, 2)")),
        Condition::all().add(waiting).add(Column::PostbackId.in_subquery(removed.into_query())),
    ]
}

/// Numbers of deliveries from before that ended, at most so many. It only looks: the search is outside of any transaction.
pub async fn old(db: &Db, before: Time, limit: u64) -> Result<Vec<i64>> {
    let mut ids = Vec::new();
    for wanted in ended() {
        let left = limit.saturating_sub(ids.len() as u64);
        let select = Entity::find().select_only().column(Column::Id).filter(wanted);
        let select = select.filter(Column::DateCreated.lt(before.0)).limit(left);
        ids.extend(select.into_tuple::<i64>().all(&db.conn()).await.map_err(db::error)?);
    }
    Ok(ids)
}

/// Forgets these deliveries with their tries, those of them that are still ended; gives how many.
pub async fn forget(db: &Db, ids: &[i64]) -> Result<u64> {
    let any = ended().into_iter().fold(Condition::any(), Condition::add);
    let select = Entity::find().select_only().column(Column::Id).filter(bulk::among(db, Column::Id, ids));
    let ids: Vec<i64> = select.filter(any).into_tuple().all(&db.conn()).await.map_err(db::error)?;
    let tries = attempt::Entity::delete_many().filter(bulk::among(db, attempt::Column::DeliveryId, &ids));
    tries.exec(&db.conn()).await.map_err(db::error)?;
    let gone = Entity::delete_many().filter(bulk::among(db, Column::Id, &ids)).exec(&db.conn()).await;
    Ok(gone.map_err(db::error)?.rows_affected)
}
