//! What is used of an offer's caps.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
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
use crate::{bulk, lead};

/// What is used of a cap that counts leads or payout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Used {
    /// Leads or micro-units by webmaster.
    pub by_webmaster: BTreeMap<i64, i64>,
    /// How many leads were looked at for it.
    pub leads: i64,
}

/// For each of these caps of leads or payout, with its offer and window: pending and approved leads that were created in
/// the window, or what webmasters earn with them in micro-units, by webmaster. Caps that ask alike are counted together.
pub async fn leads_used(db: &Db, asked: &[(i64, CapRule, Window)]) -> Result<Vec<Used>> {
    let mut alike: BTreeMap<(CapMeasure, i64, bool, Window), Vec<usize>> = BTreeMap::new();
    for (at, (_, rule, window)) in asked.iter().enumerate() {
        let key = (rule.measure, rule.currency_id, rule.goal_id != 0, *window);
        alike.entry(key).or_default().push(at);
    }
    let mut used = vec![Used::default(); asked.len()];
    for ((measure, currency_id, is_of_goal, window), places) in alike {
        let rule = |at: usize| asked.get(at).map(|(offer_id, rule, _)| (*offer_id, *rule));
        let ids: BTreeSet<i64> = places.iter().filter_map(|at| Some(rule(*at)?.0)).collect();
        let found = leads(db, (measure, currency_id, is_of_goal, window), &Vec::from_iter(ids)).await?;
        for at in places {
            let (Some((offer_id, rule)), Some(used)) = (rule(at), used.get_mut(at)) else { continue };
            let first = (offer_id, rule.goal_id, i64::MIN);
            for ((_, _, webmaster_id), (sum, leads)) in
                found.range(first..=(offer_id, rule.goal_id, i64::MAX))
            {
                used.leads += leads;
                if rule.concerns(*webmaster_id) {
                    used.by_webmaster.insert(*webmaster_id, *sum);
                }
            }
        }
    }
    Ok(used)
}

/// Leads of offers in a window by offer, goal (0 when all together are wanted) and webmaster: what is measured, and how many
/// they are.
async fn leads(
    db: &Db,
    (measure, currency_id, is_of_goal, window): (CapMeasure, i64, bool, Window),
    offer_ids: &[i64],
) -> Result<BTreeMap<(i64, i64, i64), (i64, i64)>> {
    let sum = match measure {
        CapMeasure::Clicks => return Ok(BTreeMap::new()),
        CapMeasure::Leads => "COUNT(*)",
        // Thousands of micro-units: no sum of them overflows; rounded up, so that a cap is rather reached too early.
        CapMeasure::Payout => "CAST(SUM((payout + 999) / 1000) AS BIGINT)",
    };
    let goal = if is_of_goal { "goal_id" } else { "CAST(0 AS BIGINT)" };
    let mut select = lead::Entity::find()
        .select_only()
        .column(lead::Column::OfferId)
        .expr(Expr::cust(goal))
        .column(lead::Column::WebmasterId)
        .expr(Expr::cust(sum))
        .expr(Expr::cust("COUNT(*)"))
        .filter(bulk::among(db, lead::Column::OfferId, offer_ids))
        .filter(lead::Column::DateCreated.gte(window.start.0))
        .filter(lead::Column::DateCreated.lt(window.end.0))
        .filter(lead::Column::Status.is_in([LeadStatus::Pending.code(), LeadStatus::Approved.code()]))
        .group_by(lead::Column::OfferId)
        .group_by(lead::Column::WebmasterId);
    if is_of_goal {
        select = select.group_by(lead::Column::GoalId);
    }
    if currency_id != 0 {
        select = select.filter(lead::Column::CurrencyId.eq(currency_id));
    }
    let rows: Vec<(i64, i64, i64, i64, i64)> =
        select.into_tuple().all(&db.conn()).await.map_err(db::error)?;
    let factor = if measure == CapMeasure::Payout { 1000 } else { 1 };
    let found = rows.into_iter().map(|(offer, goal, webmaster, sum, leads)| {
        ((offer, goal, webmaster), (sum.saturating_mul(factor), leads))
    });
    Ok(found.collect())
}

/// Stored clicks of people that were sent to these offers in a window, by offer: how many by webmaster and number of the node
/// that sent them.
pub async fn clicks_used(
    db: &Db,
    offer_ids: &[i64],
    window: Window,
) -> Result<BTreeMap<i64, BTreeMap<(i64, i64), i64>>> {
    let (begin, end) = bounds(window);
    let node = format!("((id >> {SEQUENCE_BITS}) & {})", NODES - 1);
    let select = click::Entity::find()
        .select_only()
        .column(click::Column::OfferId)
        .column(click::Column::WebmasterId)
        .expr(Expr::cust(node.clone()))
        .expr(Expr::cust("COUNT(*)"))
        .filter(click::Column::Id.gte(begin))
        .filter(click::Column::Id.lt(end))
        .filter(bulk::among(db, click::Column::OfferId, offer_ids))
        .filter(click::Column::Reason.eq(ClickReason::Sent.code()))
        .filter(click::Column::BotMark.eq(BotMark::None.code()))
        .group_by(click::Column::OfferId)
        .group_by(click::Column::WebmasterId)
        .group_by(Expr::cust(node));
    let rows: Vec<(i64, i64, i64, i64)> = select.into_tuple().all(&db.conn()).await.map_err(db::error)?;
    let mut used: BTreeMap<i64, BTreeMap<(i64, i64), i64>> = BTreeMap::new();
    for (offer_id, webmaster_id, node, clicks) in rows {
        used.entry(offer_id).or_default().insert((webmaster_id, node), clicks);
    }
    Ok(used)
}

/// The click ids of a window.
fn bounds(window: Window) -> (i64, i64) {
    let bound = |at: Time| click_id(at.0.saturating_mul(1000), 0, 0);
    (bound(window.start), if window.end == Time(i64::MAX) { i64::MAX } else { bound(window.end) })
}

/// What the store has of a click log and of the clicks that were sent to an offer, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Clicks of the log before this mark are stored.
    pub mark: ClickMark,
    /// As [`clicks_used`], of that offer.
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
        let used = clicks_used(&db, &[offer_id], window).await?.remove(&offer_id).unwrap_or_default();
        Ok(Settled { mark, used, stored })
    };
    store.look_clicks(look).await
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
