//! What is used of an offer's caps.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use sea_orm::ConnectionTrait;
use whocpa_domain::cap::{CapMeasure, CapRule, Window};
use whocpa_domain::click::ClickReason;
use whocpa_domain::facts::BotMark;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::tid::{ClickId, NODES, SEQUENCE_BITS, click_id};
use whocpa_domain::{Result, Time};

use crate::Store;
use crate::click::{self, ClickMark};
use crate::db::{self, Db};
use crate::migrate::{execute, statement};

/// Pending and approved leads of an offer that were created in a window, or what webmasters earn with them in
/// micro-units, by webmaster: those that the cap counts.
pub async fn leads_used(db: &Db, offer_id: i64, rule: CapRule, window: Window) -> Result<BTreeMap<i64, i64>> {
    let sum = match rule.measure {
        CapMeasure::Clicks => return Ok(BTreeMap::new()),
        CapMeasure::Leads => "COUNT(*)",
        // Thousands of micro-units: no sum of them overflows; rounded up, so that a cap is rather reached too early.
        CapMeasure::Payout => "CAST(SUM((payout + 999) / 1000) AS BIGINT)",
    };
    let mut sql = format!(
        "SELECT webmaster_id, {sum} FROM lead WHERE offer_id = $1 AND date_created >= $2 AND date_created < $3 \
         AND status IN ({}, {})",
        LeadStatus::Pending.code(),
        LeadStatus::Approved.code()
    );
    for (column, wanted) in
        [("goal_id", rule.goal_id), ("currency_id", rule.currency_id), ("webmaster_id", rule.webmaster_id)]
    {
        if wanted != 0 {
            // Writing to a String cannot fail.
            let _ = write!(sql, " AND {column} = {wanted}");
        }
    }
    sql.push_str(" GROUP BY webmaster_id");
    let values = [offer_id.into(), window.start.0.into(), window.end.0.into()];
    let mut used = pairs(db, &sql, values).await?;
    if rule.measure == CapMeasure::Payout {
        for thousands in used.values_mut() {
            *thousands = thousands.saturating_mul(1000);
        }
    }
    Ok(used)
}

/// Stored clicks of people that were sent to an offer in a window, by webmaster and number of the node that sent them.
pub async fn clicks_used(db: &Db, offer_id: i64, window: Window) -> Result<BTreeMap<(i64, i64), i64>> {
    let bound = |at: Time| click_id(at.0.saturating_mul(1000), 0, 0);
    let end = if window.end == Time(i64::MAX) { i64::MAX } else { bound(window.end) };
    let node = format!("((id >> {SEQUENCE_BITS}) & {})", NODES - 1);
    let sql = format!(
        "SELECT webmaster_id, {node}, COUNT(*) FROM click WHERE id >= $1 AND id < $2 AND offer_id = $3 AND reason = $4 \
         AND bot_mark = {} GROUP BY webmaster_id, {node}",
        BotMark::None.code()
    );
    let values = [bound(window.start).into(), end.into(), offer_id.into(), ClickReason::Sent.code().into()];
    let rows = db.conn().query_all_raw(statement(db, &sql, values)).await.map_err(db::error)?;
    rows.iter()
        .map(|row| Ok(((row.try_get_by(0)?, row.try_get_by(1)?), row.try_get_by(2)?)))
        .collect::<std::result::Result<_, sea_orm::DbErr>>()
        .map_err(db::error)
}

/// What the store has of a click log and of the clicks that were sent to an offer, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Clicks of the log before this mark are stored.
    pub mark: ClickMark,
    /// As [`clicks_used`].
    pub used: BTreeMap<(i64, i64), i64>,
    /// Which of the named clicks are stored.
    pub stored: BTreeSet<ClickId>,
}

/// What the store has at one moment. `named` is asked once that moment has come.
pub async fn settled(
    store: &Store,
    log: &str,
    (offer_id, window): (i64, Window),
    named: impl FnOnce() -> Vec<ClickId>,
) -> Result<Settled> {
    let look = |db: Db| async move {
        let mark = click::mark(&db, log).await?;
        let stored = click::stored(&db, &named()).await?;
        Ok(Settled { mark, stored, used: clicks_used(&db, offer_id, window).await? })
    };
    store.look_clicks(look).await
}

async fn pairs(
    db: &Db,
    sql: &str,
    values: impl IntoIterator<Item = sea_orm::Value>,
) -> Result<BTreeMap<i64, i64>> {
    let rows = db.conn().query_all_raw(statement(db, sql, values)).await.map_err(db::error)?;
    rows.iter()
        .map(|row| Ok((row.try_get_by(0)?, row.try_get_by(1)?)))
        .collect::<std::result::Result<_, sea_orm::DbErr>>()
        .map_err(db::error)
}

/// Clicks that a node has counted in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Number of the node.
    pub node: i64,
    /// The offer.
    pub offer_id: i64,
    /// `CapPeriod` as a number.
    pub period: i64,
    /// The webmaster, 0 for all together.
    pub webmaster_id: i64,
    /// The window.
    pub window: Window,
    /// How many.
    pub used: i64,
}

/// Tells what a node has counted, and forgets windows that ended before `past`.
pub async fn tell(db: &Db, counts: &[Told], past: Time) -> Result<()> {
    let sql = "INSERT INTO cap_click (node, offer_id, period, webmaster_id, date_start, date_end, used) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (node, offer_id, period, webmaster_id) \
               DO UPDATE SET date_start = $5, date_end = $6, used = $7";
    for told in counts {
        let values = [
            told.node.into(),
            told.offer_id.into(),
            told.period.into(),
            told.webmaster_id.into(),
            told.window.start.0.into(),
            told.window.end.0.into(),
            told.used.into(),
        ];
        execute(db, sql, values).await?;
    }
    execute(db, "DELETE FROM cap_click WHERE date_end < $1", [past.0.into()]).await.map(drop)
}

/// What the other nodes have told.
pub async fn others(db: &Db, node: i64) -> Result<Vec<Told>> {
    let sql = "SELECT node, offer_id, period, webmaster_id, date_start, date_end, used FROM cap_click WHERE node <> $1";
    let rows = db.conn().query_all_raw(statement(db, sql, [node.into()])).await.map_err(db::error)?;
    rows.iter()
        .map(|row| {
            Ok(Told {
                node: row.try_get_by(0)?,
                offer_id: row.try_get_by(1)?,
                period: row.try_get_by(2)?,
                webmaster_id: row.try_get_by(3)?,
                window: Window { start: Time(row.try_get_by(4)?), end: Time(row.try_get_by(5)?) },
                used: row.try_get_by(6)?,
            })
        })
        .collect::<std::result::Result<_, sea_orm::DbErr>>()
        .map_err(db::error)
}
