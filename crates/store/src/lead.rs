//! Leads: the current view of their events.

mod filter;
mod hold;
mod list;
mod named;
mod of_click;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Condition;
use sea_orm::{QueryOrder, QuerySelect};
use whocpa_domain::lead::{Closing, Contest, LeadMoney, LeadState, LeadStatus};
use whocpa_domain::ledger::{Parties, Posting};
use whocpa_domain::{Error, Result, Scope, Time};

use crate::bulk;
use crate::buyer::{self, Buyer};
use crate::db::{self, Backend, Db};
use crate::event::{self, Event};
use crate::lead_event::{self, LeadEvent};
use crate::migrate::execute;
use crate::person;
use crate::transfer::{self, Cause};

/// One lead.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead")]
pub struct Model {
    /// Number, from the sequence `lead`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Who pays.
    pub advertiser_id: i64,
    /// Who is paid.
    pub webmaster_id: i64,
    /// Of which offer.
    pub offer_id: i64,
    /// For which goal.
    pub goal_id: i64,
    /// By which terms it was rated.
    pub goal_version_id: i64,
    /// By which special condition beside them.
    pub condition_version_id: Option<i64>,
    /// The click that brought it.
    pub click_id: i64,
    /// The click that it claims for itself, with `is_otol`.
    pub otol_click_id: Option<i64>,
    /// What makes it the same action when it is sent again.
    pub natural_key: String,
    /// The advertiser's id of the action, empty for none.
    pub sale_id: String,
    /// `LeadType` as a number.
    pub r#type: i64,
    /// [`LeadStatus`] as a number.
    pub status: i64,
    /// [`Closing`] as a number.
    pub is_closed: i64,
    /// Why it has this status: `LeadReason` as a number.
    pub reason_code: i64,
    /// Words to the status.
    pub substatus: String,
    /// What became of the webmaster's protest: `Contest` as a number.
    pub contest: i64,
    /// The lead that a Double repeats.
    pub first_lead_id: Option<i64>,
    /// Number of its newest event.
    pub event_count: i64,
    /// Days, frozen.
    pub hold_period: i64,
    /// Currency of the amounts.
    pub currency_id: i64,
    /// The sale in micro-units, where it was sent.
    pub amount: Option<i64>,
    /// The advertiser pays this, micro-units.
    pub charge: i64,
    /// The webmaster gets this, micro-units.
    pub payout: i64,
    /// Who brought the webmaster, frozen; `None` when nobody is paid for that.
    pub referrer_id: Option<i64>,
    /// His share of the payout, frozen, parts per million.
    pub referral_ppm: i64,
    /// He gets this, micro-units.
    pub referral: i64,
    /// Seconds.
    pub date_created: i64,
    /// Time of the click, seconds.
    pub date_redirect: i64,
    /// Seconds.
    pub date_approved: Option<i64>,
    /// Seconds; from here a decided lead closes.
    pub date_hold_end: i64,
    /// Until when the advertiser agreed to decide, frozen; seconds.
    pub date_decide_until: Option<i64>,
    /// When it is approved unless somebody decided, frozen; seconds.
    pub date_auto_approve: Option<i64>,
    /// When it was first decided, seconds.
    pub date_decided: Option<i64>,
    /// Version of the offer's terms that its click carries, 0 for none.
    pub terms_version: i64,
    /// Seconds.
    pub date_closed: Option<i64>,
    /// The click's link.
    pub link_id: i64,
    /// The click's traffic source.
    pub area_id: Option<i64>,
    /// The click's promo.
    pub promo_id: Option<i64>,
    /// The click's product.
    pub product_id: Option<i64>,
    /// The click's stock.
    pub stock_id: Option<i64>,
    /// The click's landing page.
    pub landing_id: Option<i64>,
    /// The click's deeplink.
    pub deeplink_id: Option<i64>,
    /// The click's label.
    pub subid1: String,
    /// The click's label.
    pub subid2: String,
    /// The click's label.
    pub subid3: String,
    /// The click's label.
    pub subid4: String,
    /// The click's label.
    pub subid5: String,
    /// Search phrase.
    pub keyword: String,
    /// Visitor's address.
    pub ip: String,
    /// Why its click is counted apart: `BotMark` as a number.
    pub bot_mark: i64,
    /// Visitor's country.
    pub country: String,
    /// Visitor's user agent.
    pub ua: String,
    /// Page that the visitor came from.
    pub url_from: String,
    /// Visitor's language.
    pub language: String,
    /// Days that the cookie lives.
    pub cookie_ttl_days: i64,
    /// `LeadWay` as a number: the door through which it came in.
    pub way: i64,
    /// `Attribution` as a number: how it found its click.
    pub attribution: i64,
    /// The report that made it carried a right signature.
    pub is_signed: bool,
    /// Visitor's device: `DeviceKind` as a number.
    pub device: i64,
    /// Visitor's operating system.
    pub os: String,
    /// Visitor's browser.
    pub browser: String,
    /// When its state was last changed, seconds: statistics tell what was known when.
    pub date_recorded: i64,
    /// The line of its goal's version that rated it, 0 for none.
    pub goal_line: i64,
    /// Approved leads of its webmaster and goal in the month before it, where a line asked for them.
    pub month_leads: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One lead.
pub type Lead = Model;

pub use filter::{LeadFilter, Window};
pub use hold::holds;
pub use list::{SCAN_LIMIT, list};
pub use named::named;
pub use of_click::{clicks_with_lead, of_clicks};

impl Lead {
    /// Its place on both axes.
    pub fn state(&self) -> LeadState {
        LeadState {
            status: LeadStatus::from_code(self.status).unwrap_or(LeadStatus::Pending),
            closing: Closing::from_code(self.is_closed).unwrap_or(Closing::Hold),
        }
    }

    /// What became of the protest against its refusal.
    pub fn contest(&self) -> Contest {
        Contest::from_code(self.contest).unwrap_or(Contest::None)
    }

    /// What it is worth.
    pub fn money(&self) -> LeadMoney {
        LeadMoney { charge: self.charge, payout: self.payout, referral: self.referral }
    }

    /// Who pays whom, and in what.
    pub fn parties(&self) -> Parties {
        Parties {
            webmaster_id: self.webmaster_id,
            advertiser_id: self.advertiser_id,
            referrer_id: self.referrer_id,
            currency_id: self.currency_id,
        }
    }
}

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Webmaster(id) => Entity::find().filter(Column::WebmasterId.eq(id)),
        Scope::Advertiser(id) => Entity::find().filter(Column::AdvertiserId.eq(id)),
        Scope::Manager(id) => Entity::find().filter(
            Condition::any()
                .add(Column::WebmasterId.in_subquery(person::managed(id)))
                .add(Column::AdvertiserId.in_subquery(person::managed(id))),
        ),
        Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// The ids of the leads that a caller may see.
pub(crate) fn visible_ids(scope: Scope) -> Select<Entity> {
    visible(scope).select_only().column(Column::Id)
}

/// One lead.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Lead>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One lead, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Lead>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// Leads that may be the same action as one that is sent now, and all leads of these clicks: kept from changing, so that
/// a decision of the same moment is seen here or waits.
pub async fn same_actions(db: &Db, natural_keys: &[String], click_ids: &[i64]) -> Result<Vec<Lead>> {
    if db.backend() == Backend::Postgres {
        // A young table has no statistics yet, and the planner would read all of it for a handful of keys. Everything
        // in this transaction looks rows up by an index.
        execute(db, "SET LOCAL enable_seqscan = off", []).await?;
        lock_clicks(db, click_ids).await?;
    }
    // Each on an index of its own, which a condition with OR would not use. A lead is in one of those by click: which one
    // tells what its goal said of `is_otol` when it came, not what it says now.
    let by_key = Condition::all().add(bulk::among_texts(db, Column::NaturalKey, natural_keys));
    let holders = Condition::all().add(bulk::among(db, Column::OtolClickId, click_ids));
    let others =
        Condition::all().add(bulk::among(db, Column::ClickId, click_ids)).add(Column::OtolClickId.is_null());
    let mut rows = Vec::new();
    for wanted in [by_key, holders, others] {
        let select = Entity::find().filter(wanted).order_by_asc(Column::Id).lock_exclusive();
        rows.extend(select.all(&db.conn()).await.map_err(db::error)?);
    }
    rows.sort_unstable_by_key(|row| row.id);
    rows.dedup_by_key(|row| row.id);
    Ok(rows)
}

/// Keeps other nodes from reports of the same clicks until the transaction ends: the same action has another natural key by
/// another way in, which no index could refuse. All in one order, so that two nodes wait in one direction only.
async fn lock_clicks(db: &Db, click_ids: &[i64]) -> Result<()> {
    let mut ids = click_ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let sql = "SELECT pg_advisory_xact_lock(id) FROM \
               (SELECT unnest(string_to_array($1, ',')::bigint[]) AS id ORDER BY 1) AS ids";
    execute(db, sql, [ids.join(",").into()]).await.map(drop)
}

/// The lead with this natural key in an advertiser's offer.
pub async fn of_key(db: &Db, scope: Scope, offer_id: i64, natural_key: &str) -> Result<Option<Lead>> {
    let select =
        visible(scope).filter(Column::NaturalKey.eq(natural_key)).filter(Column::OfferId.eq(offer_id));
    select.order_by_asc(Column::Id).one(&db.conn()).await.map_err(db::error)
}

/// These leads, kept from changing.
pub async fn of_ids(db: &Db, ids: &[i64]) -> Result<Vec<Lead>> {
    let select = Entity::find().filter(bulk::among(db, Column::Id, ids)).order_by_asc(Column::Id);
    select.lock_exclusive().all(&db.conn()).await.map_err(db::error)
}

/// These leads, for the network's own messages about them.
pub async fn told(db: &Db, ids: &[i64]) -> Result<Vec<Lead>> {
    Entity::find().filter(bulk::among(db, Column::Id, ids)).all(&db.conn()).await.map_err(db::error)
}

/// Decided leads whose hold is over, oldest first, kept from changing.
pub async fn due(db: &Db, now: Time, limit: u64) -> Result<Vec<Lead>> {
    Entity::find()
        .filter(Column::IsClosed.eq(Closing::Hold.code()))
        .filter(Column::Status.ne(LeadStatus::Pending.code()))
        .filter(Column::DateHoldEnd.lte(now.0))
        .order_by_asc(Column::DateHoldEnd)
        .limit(limit)
        .lock_exclusive()
        .all(&db.conn())
        .await
        .map_err(db::error)
}

/// Leads that nobody has decided about in the agreed time, the longest waiting first, kept from changing.
pub async fn silent(db: &Db, now: Time, limit: u64) -> Result<Vec<Lead>> {
    Entity::find()
        .filter(Column::Status.eq(LeadStatus::Pending.code()))
        .filter(Column::IsClosed.eq(Closing::Hold.code()))
        .filter(Column::DateAutoApprove.is_not_null())
        .filter(Column::DateAutoApprove.lte(now.0))
        .order_by_asc(Column::DateAutoApprove)
        .limit(limit)
        .lock_exclusive()
        .all(&db.conn())
        .await
        .map_err(db::error)
}

/// How many of a webmaster's leads of a goal that came in from `from` until before `until` are approved now.
pub async fn approved(
    db: &Db,
    (webmaster_id, goal_id): (i64, i64),
    (from, until): (Time, Time),
) -> Result<i64> {
    let select = Entity::find()
        .filter(Column::WebmasterId.eq(webmaster_id))
        .filter(Column::DateCreated.gte(from.0))
        .filter(Column::DateCreated.lt(until.0))
        .filter(Column::GoalId.eq(goal_id))
        .filter(Column::Status.eq(LeadStatus::Approved.code()));
    let count = select.count(&db.conn()).await.map_err(db::error)?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Writes the columns of a stored lead that change in its life. All others are facts of its beginning; naming them here
/// would write every index anew. `event_count` is the one that was read: a lead that somebody changed meanwhile is not
/// written over, and the write door tries the transaction again.
pub async fn update(db: &Db, row: Lead, event_count: i64) -> Result<()> {
    let done = Entity::update_many()
        .col_expr(Column::Status, row.status.into())
        .col_expr(Column::IsClosed, row.is_closed.into())
        .col_expr(Column::SaleId, row.sale_id.into())
        .col_expr(Column::ReasonCode, row.reason_code.into())
        .col_expr(Column::Substatus, row.substatus.into())
        .col_expr(Column::Contest, row.contest.into())
        .col_expr(Column::EventCount, row.event_count.into())
        .col_expr(Column::Amount, row.amount.into())
        .col_expr(Column::Charge, row.charge.into())
        .col_expr(Column::Payout, row.payout.into())
        .col_expr(Column::Referral, row.referral.into())
        .col_expr(Column::GoalVersionId, row.goal_version_id.into())
        .col_expr(Column::GoalLine, row.goal_line.into())
        .col_expr(Column::ConditionVersionId, row.condition_version_id.into())
        .col_expr(Column::DateDecided, row.date_decided.into())
        .col_expr(Column::DateAutoApprove, row.date_auto_approve.into())
        .col_expr(Column::DateApproved, row.date_approved.into())
        .col_expr(Column::DateClosed, row.date_closed.into())
        .col_expr(Column::DateRecorded, row.date_recorded.into())
        .filter(Column::Id.eq(row.id))
        .filter(Column::EventCount.eq(event_count))
        .exec(&db.conn())
        .await;
    match done.map_err(db::error)?.rows_affected {
        1 => Ok(()),
        _ => Err(Error::Unavailable(format!("lead {} was changed meanwhile", row.id))),
    }
}

/// What is stored about leads by one change.
pub struct Record<'a> {
    /// New leads.
    pub new: &'a [Lead],
    /// Their buyers, where they are known.
    pub buyers: &'a [Buyer],
    /// Their events, and those of leads that are stored already.
    pub events: &'a [LeadEvent],
    /// What readers are told of them.
    pub told: &'a [Event],
    /// The transfers of these events.
    pub postings: &'a [(Cause, Vec<Posting>)],
}

/// Stores new leads, events and transfers in the caller's transaction. A broken uniqueness rule of the leads means that
/// another node stored the same action first: the caller's transaction is tried again and then sees it.
pub async fn create(db: &Db, record: Record<'_>, now: Time) -> Result<()> {
    let transfers = transfer::rows(db, record.postings, now).await?;
    let number = Some(transfer::Column::Id);
    if db.backend() == Backend::Postgres {
        let mut together = bulk::Together::default();
        together.add::<Entity>(record.new, None).map_err(db::error)?;
        together.add::<lead_event::Entity>(record.events, None).map_err(db::error)?;
        together.add::<transfer::Entity>(&transfers, number).map_err(db::error)?;
        together.add::<buyer::Entity>(record.buyers, None).map_err(db::error)?;
        together.add::<event::Entity>(record.told, Some(event::Column::Id)).map_err(db::error)?;
        return together.insert(db).await.map_err(refused);
    }
    bulk::insert::<Entity>(db, record.new, None).await.map_err(refused)?;
    bulk::insert::<buyer::Entity>(db, record.buyers, None).await.map_err(db::error)?;
    bulk::insert::<lead_event::Entity>(db, record.events, None).await.map_err(db::error)?;
    event::create_many(db, record.told).await?;
    bulk::insert::<transfer::Entity>(db, &transfers, number).await.map_err(db::error)
}

/// SQLite has one writer, who sees all that is there; PostgreSQL names the rule that was broken.
fn refused(refusal: DbErr) -> Error {
    match db::broken_rule(&refusal) {
        Some("lead_natural" | "lead_otol") => Error::Unavailable(refusal.to_string()),
        _ => db::error(refusal),
    }
}
