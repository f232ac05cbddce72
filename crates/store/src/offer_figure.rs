//! How offers do: clicks of each day, counted once, and the figures that a job computes from them and from leads.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, IntoActiveModel};
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::offer_figure::Counted;
use whocpa_domain::time::DAY;
use whocpa_domain::{Error, Result, Time};

use crate::db::{self, Db};
use crate::lead_count::Cells;
use crate::migrate::{execute, statement};

/// The figures of one offer.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offer_figure")]
pub struct Model {
    /// Of which offer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_id: i64,
    /// Clicks of the window.
    pub clicks: i64,
    /// Leads of the window.
    pub leads: i64,
    /// Currency of `epc`.
    pub currency_id: Option<i64>,
    /// Micro-units.
    pub epc: Option<i64>,
    /// Leads in a million clicks.
    pub cr: Option<i64>,
    /// Approved ones in a million decided leads.
    pub approve_rate: Option<i64>,
    /// 1..=10.
    pub rating: i64,
    /// Computed too.
    pub is_recommended: bool,
    /// Leads that wait for a decision now, whenever they came.
    pub undecided: i64,
    /// When the oldest of them came, seconds.
    pub date_undecided: Option<i64>,
    /// How long a decision took on average, of leads of the window that are decided; seconds.
    pub decision_seconds: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The figures of one offer.
pub type OfferFigure = Model;

/// Clicks that were sent to one offer on one day.
pub mod day {
    use sea_orm::entity::prelude::*;

    /// One day of one offer.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "offer_day")]
    pub struct Model {
        /// Of which offer.
        #[sea_orm(primary_key, auto_increment = false)]
        pub offer_id: i64,
        /// Days since 1970 UTC.
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: i64,
        /// Clicks.
        pub clicks: i64,
    }

    /// Relations are not used.
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The figures of these offers; offers that had nothing have none.
pub async fn list(db: &Db, offer_ids: &[i64]) -> Result<BTreeMap<i64, OfferFigure>> {
    let rows = Entity::find().filter(Column::OfferId.is_in(offer_ids.iter().copied()));
    let rows = rows.all(&db.conn()).await.map_err(db::error)?;
    Ok(rows.into_iter().map(|row| (row.offer_id, row)).collect())
}

/// Offer, currency and earnings of a click, of every offer where they are known.
pub async fn epc(db: &Db) -> Result<Vec<(i64, i64, i64)>> {
    let rows = Entity::find().filter(Column::Epc.is_not_null()).all(&db.conn()).await.map_err(db::error)?;
    Ok(rows.into_iter().filter_map(|row| Some((row.offer_id, row.currency_id?, row.epc?))).collect())
}

/// Up to when clicks are counted, milliseconds; 0 when none are.
pub async fn counted_ms(db: &Db) -> Result<i64> {
    let sql = "SELECT counted_ms FROM offer_day_mark WHERE id = 1";
    let row = db.conn().query_one_raw(statement(db, sql, [])).await.map_err(db::error)?;
    row.map(|row| row.try_get_by(0).map_err(db::error)).transpose().map(Option::unwrap_or_default)
}

/// Adds the clicks of a span of one day that ends at `until_ms`, and moves the mark there from `mark_ms`. False when the
/// mark is elsewhere: another node was here, and nothing is added.
pub async fn day_add(
    db: &Db,
    (mark_ms, until_ms): (i64, i64),
    day: i64,
    clicks: &BTreeMap<i64, i64>,
) -> Result<bool> {
    let first = "INSERT INTO offer_day_mark (id, counted_ms) VALUES (1, 0) ON CONFLICT (id) DO NOTHING";
    execute(db, first, []).await?;
    let moved = "UPDATE offer_day_mark SET counted_ms = $1 WHERE id = 1 AND counted_ms = $2";
    if execute(db, moved, [until_ms.into(), mark_ms.into()]).await? == 0 {
        return Ok(false);
    }
    let add = "INSERT INTO offer_day (offer_id, day, clicks) SELECT o.id, $2, $3 FROM offer o WHERE o.id = $1 \
        ON CONFLICT (offer_id, day) DO UPDATE SET clicks = offer_day.clicks + $3";
    for (offer_id, clicks) in clicks {
        execute(db, add, [(*offer_id).into(), day.into(), (*clicks).into()]).await?;
    }
    Ok(true)
}

/// What was counted of every offer since `since`: clicks by whole days, leads by the second.
pub async fn counted(db: &Db, since: Time) -> Result<BTreeMap<i64, Counted>> {
    let mut all: BTreeMap<i64, Counted> = BTreeMap::new();
    let sql = "SELECT offer_id, CAST(SUM(clicks) AS BIGINT) FROM offer_day WHERE day >= $1 GROUP BY offer_id";
    let statement_clicks = statement(db, sql, [(since.0.div_euclid(DAY)).into()]);
    for row in db.conn().query_all_raw(statement_clicks).await.map_err(db::error)? {
        let [offer_id, clicks] = numbers(&row)?;
        all.entry(offer_id).or_default().clicks = clicks;
    }
    let first = first_lead(db, since.plus(-DAY)).await?;
    // Ids rise with time, but for blocks of ids that nodes hold: from a day earlier on, the date decides.
    let sql = "SELECT offer_id, currency_id, status, COUNT(*), CAST(COALESCE(SUM(payout / 1000), 0) AS BIGINT), \
        COUNT(date_decided), CAST(COALESCE(SUM(date_decided - date_created), 0) AS BIGINT), MIN(date_created) FROM lead \
        WHERE id >= $1 AND date_created >= $2 GROUP BY offer_id, currency_id, status";
    let rows = db.conn().query_all_raw(statement(db, sql, [first.into(), since.0.into()])).await;
    let mut by_currency: BTreeMap<(i64, i64), (i64, i64)> = BTreeMap::new();
    for row in rows.map_err(db::error)? {
        let [offer_id, currency_id, status, leads, payout, timed, seconds, oldest] = numbers(&row)?;
        let status = LeadStatus::from_code(status).unwrap_or(LeadStatus::Pending);
        if status == LeadStatus::Double {
            continue;
        }
        let sum = all.entry(offer_id).or_default();
        sum.leads += leads;
        let of_currency = by_currency.entry((offer_id, currency_id)).or_default();
        of_currency.0 += leads;
        if status == LeadStatus::Pending {
            sum.undecided += leads;
            sum.date_undecided = Some(sum.date_undecided.map_or(oldest, |known| known.min(oldest)));
        } else {
            sum.decided += leads;
            sum.timed += timed;
            sum.seconds += seconds;
        }
        if status == LeadStatus::Approved {
            sum.approved += leads;
            // Thousands of micro-units: no sum of them overflows, and a figure needs no more.
            of_currency.1 = of_currency.1.saturating_add(payout.saturating_mul(1000));
        }
    }
    let mut most: BTreeMap<i64, i64> = BTreeMap::new();
    for ((offer_id, currency_id), (leads, earned)) in by_currency {
        let best = most.entry(offer_id).or_default();
        if leads > *best
            && let Some(sum) = all.get_mut(&offer_id)
        {
            *best = leads;
            (sum.currency_id, sum.earned) = (Some(currency_id), earned);
        }
    }
    count_older(db, &mut all).await?;
    Ok(all)
}

/// Adds the leads that came before the window and still wait for a decision.
async fn count_older(db: &Db, all: &mut BTreeMap<i64, Counted>) -> Result<()> {
    let pending = Cells { columns: vec![("status", vec![LeadStatus::Pending.code()])], ..Cells::default() };
    for (offer_id, undecided) in pending.by_offer(db).await? {
        let sum = all.entry(offer_id).or_default();
        if undecided <= sum.undecided {
            continue;
        }
        sum.undecided = undecided;
        // In the index of the offer, from its oldest lead on.
        let sql =
            "SELECT date_created FROM lead WHERE offer_id = $1 AND status = $2 ORDER BY date_created LIMIT 1";
        let values = [offer_id.into(), LeadStatus::Pending.code().into()];
        if let Some(row) = db.conn().query_one_raw(statement(db, sql, values)).await.map_err(db::error)? {
            let [oldest] = numbers(&row)?;
            sum.date_undecided = Some(oldest);
        }
    }
    Ok(())
}

/// The lowest id of leads from about `since` on: found by halving, because there is no index by date alone.
async fn first_lead(db: &Db, since: Time) -> Result<i64> {
    let sql = "SELECT COALESCE(MAX(id), 0) FROM lead";
    let row = db.conn().query_one_raw(statement(db, sql, [])).await.map_err(db::error)?;
    let row = row.ok_or_else(|| Error::Internal("a maximum without a row".to_owned()))?;
    let [mut high]: [i64; 1] = numbers(&row)?;
    let mut low = 0;
    while low < high {
        let middle = low + (high - low) / 2;
        let sql = "SELECT date_created FROM lead WHERE id >= $1 ORDER BY id LIMIT 1";
        let row = db.conn().query_one_raw(statement(db, sql, [middle.into()])).await.map_err(db::error)?;
        let [created] = row.as_ref().map_or(Ok([i64::MAX]), numbers)?;
        if created < since.0 {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

fn numbers<const N: usize>(row: &QueryResult) -> Result<[i64; N]> {
    let mut values = [0; N];
    for (at, value) in values.iter_mut().enumerate() {
        *value = row.try_get_by(at).map_err(db::error)?;
    }
    Ok(values)
}

/// Rows of one insert.
const CHUNK: usize = 500;

/// Puts these figures in the place of all present ones.
pub async fn replace(db: &Db, rows: &[OfferFigure]) -> Result<()> {
    Entity::delete_many().exec(&db.conn()).await.map_err(db::error)?;
    for chunk in rows.chunks(CHUNK) {
        let rows = chunk.iter().map(|row| row.clone().into_active_model().reset_all());
        Entity::insert_many(rows).exec_without_returning(&db.conn()).await.map_err(db::error)?;
    }
    Ok(())
}

/// Forgets days before `since`.
pub async fn day_delete(db: &Db, since: Time) -> Result<()> {
    let old = day::Entity::delete_many().filter(day::Column::Day.lt(since.0.div_euclid(DAY)));
    old.exec(&db.conn()).await.map(drop).map_err(db::error)
}

/// Forgets an offer.
pub(crate) async fn delete(db: &Db, offer_id: i64) -> Result<()> {
    let days = day::Entity::delete_many().filter(day::Column::OfferId.eq(offer_id));
    days.exec(&db.conn()).await.map_err(db::error)?;
    Entity::delete_by_id(offer_id).exec(&db.conn()).await.map(drop).map_err(db::error)
}
