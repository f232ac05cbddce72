//! Postbacks: addresses that are told what happens to leads, and which of them are due.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, LockType, SelectStatement};
use sea_orm::{FromQueryResult, QueryOrder, QuerySelect, QueryTrait};
use serde::Serialize;
use whocpa_domain::postback::{PostbackEvent, PostbackKind, PostbackStatus};
use whocpa_domain::sort::{NamedSort, Sort};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Result, Scope, Time};

use crate::bulk;
use crate::db::{self, Db, Paging, Rows};
use crate::delivery::FIRST_OF_LEAD;
use crate::event::EVERYBODY;
use crate::{listing, person};

/// One postback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "postback")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose it is.
    pub user_id: i64,
    /// `UserLevel` of its owner as a number.
    pub level: i64,
    /// `PostbackKind` as a number.
    pub kind: i64,
    /// `PostbackTemplate` as a number.
    pub template: i64,
    /// What its owner calls it.
    pub name: String,
    /// The address with macros, sealed by the vault.
    #[serde(skip)]
    pub url_sealed: String,
    /// What is shown of it to others.
    pub url_masked: String,
    /// `PostbackFormat` of a body as a number, 0 without one.
    pub format: i64,
    /// The body with macros, sealed; empty without one.
    #[serde(skip)]
    pub body_sealed: String,
    /// Headers, one a line, sealed; empty without any.
    #[serde(skip)]
    pub headers_sealed: String,
    /// Their names.
    pub header_names: String,
    /// What is read of its answers, as JSON; empty for nothing.
    pub answer: String,
    /// Where it is asked for a lead's status, sealed; empty for nowhere.
    #[serde(skip)]
    pub poll_url_sealed: String,
    /// Minutes between two questions, 0 for none.
    pub poll_minutes: i64,
    /// Bits of `PostbackEvent`.
    pub events: i64,
    /// `,1,2,`, empty for all; so are the others.
    pub offer_ids: String,
    /// Goals.
    pub goal_ids: String,
    /// Traffic sources.
    pub area_ids: String,
    /// Links.
    pub link_ids: String,
    /// Whether a lead that pays nothing is told as 0.
    pub is_zero_sent: bool,
    /// What its messages are signed with, sealed.
    #[serde(skip)]
    pub secret_sealed: String,
    /// What they were signed with before, sealed; empty for none.
    #[serde(skip)]
    pub secret_old_sealed: String,
    /// Until when both sign, seconds.
    pub date_secret_old: Option<i64>,
    /// [`PostbackStatus`] as a number.
    pub status: i64,
    /// Why the network paused it, in words.
    pub reason: String,
    /// False once it is removed.
    pub is_active: bool,
    /// Failed tries since the last success.
    #[serde(skip)]
    pub failure_count: i64,
    /// Times in a row that nobody answered, or asked for a pause.
    #[serde(skip)]
    pub down_count: i64,
    /// Since when only failures, seconds.
    #[serde(skip)]
    pub date_failing: Option<i64>,
    /// The last success, seconds.
    #[serde(skip)]
    pub date_delivered: Option<i64>,
    /// Since when it is paused, seconds.
    pub date_paused: Option<i64>,
    /// It is left alone until then, seconds.
    #[serde(skip)]
    pub date_retry: i64,
    /// When it last had its turn, seconds.
    #[serde(skip)]
    pub date_turn: i64,
    /// Until when a worker has it, seconds.
    #[serde(skip)]
    pub date_until: i64,
    /// Grows whenever a worker takes it.
    #[serde(skip)]
    pub fence: i64,
    /// Seconds.
    pub date_created: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One postback.
pub type Postback = Model;

/// Which postbacks are wanted.
#[derive(Debug, Clone, Default)]
pub struct PostbackFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these people.
    pub user_ids: Option<Vec<i64>>,
    /// Only with this in the name.
    pub search: Option<String>,
    /// In which order; by their numbers unless told.
    pub sort: Option<Sort<NamedSort>>,
    /// Only in one of these states.
    pub status: Option<Vec<PostbackStatus>>,
    /// Only those that tell of this offer.
    pub offer_id: Option<i64>,
}

/// Postbacks that were removed are seen by nobody; their deliveries are.
fn visible(scope: Scope) -> Select<Entity> {
    let kept = Entity::find().filter(Column::IsActive.eq(true));
    match scope {
        Scope::All => kept,
        Scope::Webmaster(id) | Scope::Advertiser(id) => kept.filter(Column::UserId.eq(id)),
        Scope::Manager(id) => kept.filter(Column::UserId.in_subquery(person::managed(id))),
        Scope::Public => kept.filter(Column::Id.eq(-1)),
    }
}

/// One page of postbacks, in the order of their ids.
pub async fn list(db: &Db, scope: Scope, filter: &PostbackFilter, paging: Paging) -> Result<Rows<Postback>> {
    let column = match filter.sort.map(|sort| sort.key) {
        None | Some(NamedSort::Id | NamedSort::Name) => Column::Id,
        Some(NamedSort::Created) => Column::DateCreated,
    };
    let is_descending = filter.sort.is_some_and(|sort| sort.is_descending);
    let mut select = visible(scope);
    if filter.sort.is_some_and(|sort| sort.key == NamedSort::Name) {
        select = listing::by_name(select, Column::Name, is_descending);
    }
    select = listing::sorted(select, (column, Column::Id), is_descending);
    select = listing::among(select, Column::Id, filter.ids.as_deref());
    select = listing::among(select, Column::UserId, filter.user_ids.as_deref());
    if let Some(words) = &filter.search {
        select = select.filter(db::contains(Column::Name, words));
    }
    if let Some(states) = &filter.status {
        select = select.filter(Column::Status.is_in(states.iter().map(|status| status.code())));
    }
    if let Some(id) = filter.offer_id {
        let named =
            Condition::any().add(Column::OfferIds.eq("")).add(Column::OfferIds.contains(format!(",{id},")));
        select = select.filter(named);
    }
    db::page(db, select, paging).await
}

/// How many postbacks a person has.
pub async fn count(db: &Db, user_id: i64) -> Result<u64> {
    let select = Entity::find().filter(Column::IsActive.eq(true)).filter(Column::UserId.eq(user_id));
    select.count(&db.conn()).await.map_err(db::error)
}

/// One postback.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Postback>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One postback, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Postback>> {
    visible(scope)
        .filter(Column::Id.eq(id))
        .lock(LockType::NoKeyUpdate)
        .one(&db.conn())
        .await
        .map_err(db::error)
}

/// What a postback wants to be told.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Listener {
    /// The postback.
    pub id: i64,
    /// Whose it is.
    pub user_id: i64,
    /// Bits of `PostbackEvent`.
    pub events: i64,
    /// As in [`Postback`]; so are the others.
    pub offer_ids: String,
    /// Goals.
    pub goal_ids: String,
    /// Traffic sources.
    pub area_ids: String,
    /// Links.
    pub link_ids: String,
}

fn listeners() -> Select<Entity> {
    Entity::find()
        .select_only()
        .columns([Column::Id, Column::UserId, Column::Events])
        .columns([Column::OfferIds, Column::GoalIds, Column::AreaIds, Column::LinkIds])
        .filter(Column::IsActive.eq(true))
        .order_by_asc(Column::Id)
}

/// The network's own look at whom these people want to be told, for what happens to their leads.
pub async fn of_users(db: &Db, user_ids: &[i64]) -> Result<Vec<Listener>> {
    let select = listeners().filter(bulk::among(db, Column::UserId, user_ids));
    select.into_model::<Listener>().all(&db.conn()).await.map_err(db::error)
}

/// The network's own look at who wants to be told of such events: webhooks of this webmaster and of this advertiser, 0 for all
/// of their kind.
pub async fn wanting(
    db: &Db,
    event: PostbackEvent,
    (webmaster_id, advertiser_id): (Option<i64>, Option<i64>),
) -> Result<Vec<Listener>> {
    let mut readers = Condition::any();
    for (level, id) in [(UserLevel::Webmaster, webmaster_id), (UserLevel::Advertiser, advertiser_id)] {
        let Some(id) = id else { continue };
        let all = Condition::all().add(Column::Level.eq(level.code()));
        readers = readers.add(if id == EVERYBODY { all } else { all.add(Column::UserId.eq(id)) });
    }
    let select = listeners().filter(readers).filter(Column::Kind.eq(PostbackKind::Webhook.code()));
    let select = select.filter(Expr::cust(format!("(events & {}) <> 0", event.bit())));
    select.into_model::<Listener>().all(&db.conn()).await.map_err(db::error)
}

/// Postbacks with something to send now that no worker has, the one first that waited longest for its turn; those that
/// did not answer last time, or the others.
pub async fn due(db: &Db, now: Time, is_down: bool, limit: u64) -> Result<Vec<Postback>> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let waits = format!(
        "EXISTS (SELECT 1 FROM delivery WHERE delivery.postback_id = postback.id AND delivery.status = 0 \
         AND delivery.date_next <= {} AND {FIRST_OF_LEAD})",
        now.0
    );
    let down = if is_down { Column::DownCount.gt(0) } else { Column::DownCount.eq(0) };
    let select = Entity::find()
        .filter(Column::IsActive.eq(true))
        .filter(Column::Status.eq(PostbackStatus::Active.code()))
        .filter(Column::DateUntil.lte(now.0))
        .filter(Column::DateRetry.lte(now.0))
        .filter(down)
        // What waits for a blocked account is sent when it works again.
        .filter(Column::UserId.in_subquery(person::active_ids()))
        .filter(Expr::cust(waits))
        .order_by_asc(Column::DateTurn)
        .order_by_asc(Column::Id)
        .limit(limit);
    select.all(&db.conn()).await.map_err(db::error)
}

/// Takes a postback that was found due, until then; false when another worker was faster. Its fence is one higher then.
pub async fn take(db: &Db, row: &Postback, now: Time, until: Time) -> Result<bool> {
    let taken = Entity::update_many()
        .col_expr(Column::Fence, (row.fence + 1).into())
        .col_expr(Column::DateUntil, until.0.into())
        .col_expr(Column::DateTurn, now.0.into())
        .filter(Column::Id.eq(row.id))
        .filter(Column::Fence.eq(row.fence))
        .filter(Column::DateUntil.lte(now.0))
        .filter(Column::IsActive.eq(true))
        .filter(Column::Status.eq(PostbackStatus::Active.code()))
        .exec(&db.conn())
        .await;
    Ok(taken.map_err(db::error)?.rows_affected == 1)
}

/// Postbacks that are not paused, and those that were removed, whose questions end.
pub(crate) fn sent_ids() -> SelectStatement {
    let sent = Condition::any()
        .add(Column::Status.eq(PostbackStatus::Active.code()))
        .add(Column::IsActive.eq(false));
    Entity::find().select_only().column(Column::Id).filter(sent).into_query()
}

/// A receiver that is left alone need not be any longer: its owner says so.
pub async fn release(db: &Db, id: i64) -> Result<()> {
    let done = Entity::update_many().col_expr(Column::DateRetry, 0.into()).filter(Column::Id.eq(id));
    done.exec(&db.conn()).await.map(drop).map_err(db::error)
}

/// No worker has any postback: for the start of the only one that there is.
pub async fn release_all(db: &Db) -> Result<()> {
    let done = Entity::update_many().col_expr(Column::DateUntil, 0.into()).filter(Column::DateUntil.gt(0));
    done.exec(&db.conn()).await.map(drop).map_err(db::error)
}

/// A postback as its worker left it, kept from changing; `None` when another worker has it by now.
pub async fn held(db: &Db, id: i64, fence: i64) -> Result<Option<Postback>> {
    let select = Entity::find().filter(Column::Id.eq(id)).filter(Column::Fence.eq(fence));
    select.lock(LockType::NoKeyUpdate).one(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored postback.
pub async fn update(db: &Db, row: Postback) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new postback; gives its id.
pub async fn create(db: &Db, row: Postback) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}
