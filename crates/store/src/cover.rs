//! What covers an advertiser's leads, by currency.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, QueryOrder, QueryResult, QuerySelect, Value};
use serde::Serialize;
use whocpa_domain::cover::{CoverState, Covering};
use whocpa_domain::goal::MoneyType;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::migrate::statement;
use crate::{listing, person};

/// The cover of one advertiser in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "cover")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose.
    pub advertiser_id: i64,
    /// In which currency.
    pub currency_id: i64,
    /// What the network trusts him with, micro-units.
    pub credit_limit: i64,
    /// He pays afterwards.
    pub is_postpaid: bool,
    /// He is told when less than this is available, micro-units.
    pub warn_below: Option<i64>,
    /// His visitors go to traffic-back when nothing is left.
    pub is_traffback: bool,
    /// He was told.
    pub is_warned: bool,
    /// [`CoverState`] as a number, as it was counted.
    pub state: i64,
    /// What was available then, micro-units.
    pub available: i64,
    /// What a week costs, micro-units.
    pub week_charge: i64,
    /// When that was counted, seconds.
    pub date_week: i64,
    /// When the rest was counted, seconds.
    pub date_counted: i64,
    /// Seconds.
    pub date_created: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The cover of one advertiser in one currency.
pub type Cover = Model;

impl Cover {
    /// As the rule asks.
    pub fn covering(&self) -> Covering {
        Covering {
            available: self.available,
            credit_limit: self.credit_limit,
            is_postpaid: self.is_postpaid,
            week_charge: self.week_charge,
        }
    }

    /// Whether visitors are not sent to his offers in this currency.
    pub fn stops(&self) -> bool {
        self.is_traffback && self.state == CoverState::Uncovered.code()
    }
}

/// Which covers are wanted.
#[derive(Debug, Clone, Default)]
pub struct CoverFilter {
    /// Only of these advertisers.
    pub advertiser_ids: Option<Vec<i64>>,
    /// Only in these currencies.
    pub currency_ids: Option<Vec<i64>>,
    /// Only in one of these states.
    pub state: Option<Vec<CoverState>>,
}

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Advertiser(id) => Entity::find().filter(Column::AdvertiserId.eq(id)),
        Scope::Manager(id) => Entity::find().filter(Column::AdvertiserId.in_subquery(person::managed(id))),
        Scope::Webmaster(_) | Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// One page of covers, in the order of their ids.
pub async fn list(db: &Db, scope: Scope, filter: &CoverFilter, paging: Paging) -> Result<Rows<Cover>> {
    let mut select = visible(scope).order_by_asc(Column::Id);
    select = listing::among(select, Column::AdvertiserId, filter.advertiser_ids.as_deref());
    select = listing::among(select, Column::CurrencyId, filter.currency_ids.as_deref());
    if let Some(states) = &filter.state {
        select = select.filter(Column::State.is_in(states.iter().map(|state| state.code())));
    }
    db::page(db, select, paging).await
}

/// One cover.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Cover>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One cover, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Cover>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// The cover of an advertiser in a currency, kept from changing.
pub async fn of_for_update(db: &Db, advertiser_id: i64, currency_id: i64) -> Result<Option<Cover>> {
    let select = Entity::find().filter(Column::AdvertiserId.eq(advertiser_id));
    let select = select.filter(Column::CurrencyId.eq(currency_id)).lock_exclusive();
    select.one(&db.conn()).await.map_err(db::error)
}

/// Every cover, by advertiser and currency.
pub async fn all(db: &Db) -> Result<BTreeMap<(i64, i64), Cover>> {
    let rows = Entity::find().all(&db.conn()).await.map_err(db::error)?;
    Ok(rows.into_iter().map(|row| ((row.advertiser_id, row.currency_id), row)).collect())
}

/// Advertisers and currencies of the active goals of live offers, with the dearest lead of a fixed price.
pub async fn wanted(db: &Db, now: Time) -> Result<BTreeMap<(i64, i64), i64>> {
    let sql = "SELECT o.advertiser_id, g.currency_id, \
               CAST(MAX(CASE WHEN v.money_type = $1 THEN v.charge ELSE 0 END) AS BIGINT) \
               FROM goal g JOIN offer o ON o.id = g.offer_id AND o.status = $2 JOIN goal_version v ON v.id = \
               (SELECT MAX(w.id) FROM goal_version w WHERE w.goal_id = g.id AND w.date_from <= $3) \
               WHERE g.is_active GROUP BY o.advertiser_id, g.currency_id";
    let values = [MoneyType::Fixed.code(), OfferStatus::Live.code(), now.0];
    pairs(db, sql, values.map(Value::from).to_vec()).await
}

/// What leads from `since` on cost that are not refused, by advertiser and currency.
pub async fn charged(db: &Db, since: Time) -> Result<BTreeMap<(i64, i64), i64>> {
    let sql = "SELECT advertiser_id, currency_id, CAST(SUM(charge) AS BIGINT) FROM lead \
               WHERE date_created >= $1 AND status IN ($2, $3) GROUP BY advertiser_id, currency_id";
    let values = [since.0, LeadStatus::Pending.code(), LeadStatus::Approved.code()];
    pairs(db, sql, values.map(Value::from).to_vec()).await
}

async fn pairs(db: &Db, sql: &str, values: Vec<Value>) -> Result<BTreeMap<(i64, i64), i64>> {
    let rows = db.conn().query_all_raw(statement(db, sql, values)).await.map_err(db::error)?;
    let read = |row: &QueryResult| -> std::result::Result<_, DbErr> {
        Ok(((row.try_get_by(0)?, row.try_get_by(1)?), row.try_get_by(2)?))
    };
    rows.iter().map(read).collect::<std::result::Result<_, DbErr>>().map_err(db::error)
}

/// The offers of an advertiser with a goal in this currency, whatever state both are in: one that is switched off now may have
/// been known to clicks as stopped.
pub async fn offers(db: &Db, advertiser_id: i64, currency_id: i64) -> Result<Vec<i64>> {
    let sql = "SELECT DISTINCT o.id FROM offer o JOIN goal g ON g.offer_id = o.id \
               WHERE o.advertiser_id = $1 AND g.currency_id = $2 ORDER BY o.id";
    let values = [advertiser_id, currency_id].map(Value::from);
    let rows = db.conn().query_all_raw(statement(db, sql, values)).await.map_err(db::error)?;
    rows.iter().map(|row| row.try_get_by(0)).collect::<std::result::Result<_, DbErr>>().map_err(db::error)
}

/// How each of these offers is covered: as that of its active goals' currencies that is covered worst. Those without
/// active goals are not in it; what nobody has counted yet is uncovered.
pub async fn of_offers(db: &Db, ids: &[i64]) -> Result<BTreeMap<i64, CoverState>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sql = format!(
        "SELECT g.offer_id, CAST(MAX(COALESCE(c.state, 3)) AS BIGINT) FROM goal g JOIN offer o ON o.id = g.offer_id \
         LEFT JOIN cover c ON c.advertiser_id = o.advertiser_id AND c.currency_id = g.currency_id \
         WHERE g.is_active AND g.offer_id IN ({}) GROUP BY g.offer_id",
        ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    );
    let rows = db.conn().query_all_raw(statement(db, &sql, [])).await.map_err(db::error)?;
    let mut states = BTreeMap::new();
    for row in &rows {
        let state: i64 = row.try_get_by(1).map_err(db::error)?;
        let state = CoverState::from_code(state).unwrap_or(CoverState::Uncovered);
        states.insert(row.try_get_by(0).map_err(db::error)?, state);
    }
    Ok(states)
}

/// Those of these offers (of all, when none are told) to which no visitors are sent for want of cover.
pub async fn stopped(db: &Db, ids: Option<&[i64]>) -> Result<BTreeSet<i64>> {
    let narrowed = match ids {
        None => String::new(),
        Some([]) => return Ok(BTreeSet::new()),
        Some(ids) => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            format!(" AND g.offer_id IN ({})", ids.join(", "))
        }
    };
    let sql = format!(
        "SELECT DISTINCT g.offer_id FROM cover c JOIN offer o ON o.advertiser_id = c.advertiser_id \
         JOIN goal g ON g.offer_id = o.id AND g.currency_id = c.currency_id \
         WHERE c.is_traffback AND c.state = $1 AND g.is_active{narrowed}"
    );
    let uncovered = CoverState::Uncovered.code();
    let rows = db.conn().query_all_raw(statement(db, &sql, [uncovered.into()])).await.map_err(db::error)?;
    rows.iter().map(|row| row.try_get_by(0)).collect::<std::result::Result<_, DbErr>>().map_err(db::error)
}

/// Writes all columns of a stored cover.
pub async fn update(db: &Db, row: Cover) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new cover; gives its id.
pub async fn create(db: &Db, row: Cover) -> Result<i64> {
    let made = db::insert(db, row).await.map(|stored| stored.id);
    made.map_err(|refusal| db::unique(refusal, "currency_id", "The advertiser has a cover in this currency"))
}
