//! From when on clicks are kept as rows, and making sums anew from them.

use sea_orm::ConnectionTrait;
use whocpa_domain::tid::{click_ms, first_click_id};
use whocpa_domain::time::DAY;
use whocpa_domain::{Result, Time};

use super::rollup;
use crate::db::{self, Backend, Db};
use crate::migrate::{execute, statement};

/// From this second on every click is kept as a row.
pub async fn kept_from(db: &Db) -> Result<Time> {
    number(db, "SELECT kept_from FROM stat_kept WHERE id = 1").await.map(|second| Time(second.unwrap_or(0)))
}

/// The days of UTC (since 1970) whose clicks are all kept as rows: the first, and the one after the last.
pub async fn rebuild_days(db: &Db) -> Result<(i64, i64)> {
    let day = |id: Option<i64>| id.map_or(0, |id| click_ms(id).div_euclid(1000 * DAY));
    let first = day(number(db, "SELECT MIN(id) FROM click").await?);
    let last = number(db, "SELECT MAX(id) FROM click").await?;
    let kept = kept_from(db).await?.0;
    let from = first.max((kept + DAY - 1).div_euclid(DAY));
    Ok((from, last.map_or(from, |id| day(Some(id)) + 1)))
}

/// Makes all sums of a day anew from its clicks, in the caller's transaction; not of one whose clicks are going meanwhile, which
/// has nothing else than its sums.
pub async fn rebuild_day(db: &Db, day: i64) -> Result<()> {
    let lock = if db.backend() == Backend::Postgres { " FOR SHARE" } else { "" };
    let kept = number(db, &format!("SELECT kept_from FROM stat_kept WHERE id = 1{lock}")).await?;
    if kept.is_some_and(|kept| day * DAY < kept) {
        return Ok(());
    }
    rollup::rebuild(db, day).await
}

/// Says that clicks before `until`, which begins a day of UTC, are going: from now on they count in their sums only.
pub async fn set_kept_from(db: &Db, until: Time) -> Result<()> {
    let sql = "UPDATE stat_kept SET kept_from = $1 WHERE id = 1 AND kept_from < $1";
    execute(db, sql, [until.0.into()]).await.map(drop)
}

/// Removes up to `limit` of the oldest clicks that are not kept any more; gives how many there were.
pub async fn forget(db: &Db, limit: i64) -> Result<u64> {
    let until = first_click_id(kept_from(db).await?);
    let sql = "DELETE FROM click WHERE id IN (SELECT id FROM click WHERE id < $1 ORDER BY id LIMIT $2)";
    execute(db, sql, [until.into(), limit.into()]).await
}

async fn number(db: &Db, sql: &str) -> Result<Option<i64>> {
    let row = db.conn().query_one_raw(statement(db, sql, [])).await.map_err(db::error)?;
    row.map_or(Ok(None), |row| row.try_get_by(0).map_err(db::error))
}
