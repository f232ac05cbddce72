//! What keeps several nodes apart: leases of work, and of the node numbers in click ids.

use sea_orm::ConnectionTrait;
use whocpa_domain::tid::NODES;
use whocpa_domain::{Error, Result, Time};

use crate::db::{self, Db};
use crate::migrate::{execute, statement};

/// Takes or keeps the lease `name` for `seconds`; gives its fencing number, or `None` when another holds it.
///
/// The number rises each time that the holder changes: an effect that carries an older one came too late.
pub async fn lease_take(db: &Db, name: &str, holder: &str, seconds: i64, now: Time) -> Result<Option<i64>> {
    let sql = "INSERT INTO lease (name, holder, fence, date_until) VALUES ($1, $2, 1, $3) \
               ON CONFLICT (name) DO UPDATE SET \
               fence = CASE WHEN lease.holder = $2 THEN lease.fence ELSE lease.fence + 1 END, \
               holder = $2, date_until = $3 \
               WHERE lease.holder = $2 OR lease.date_until < $4 RETURNING fence";
    let values = [name.into(), holder.into(), now.plus(seconds).0.into(), now.0.into()];
    let row = db.conn().query_one_raw(statement(db, sql, values)).await.map_err(db::error)?;
    row.map(|row| row.try_get_by(0).map_err(db::error)).transpose()
}

/// A node number and the last millisecond that it may have issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeLease {
    /// 0..1024.
    pub id: i64,
    /// Ids must be later than this.
    pub issued_ms: i64,
}

/// Seconds for which a node number is held without being renewed.
pub const NODE_LEASE_SECONDS: i64 = 60;

/// Takes a node number: a fresh one while there are any, else the one that has been free for longest.
pub async fn take(db: &Db, holder: &str, now: Time, issued_until_ms: i64) -> Result<NodeLease> {
    let sql = "SELECT id, issued_ms, date_until FROM node ORDER BY date_until, id";
    let rows = db.conn().query_all_raw(statement(db, sql, [])).await.map_err(db::error)?;
    let mut known: Vec<(i64, i64, i64)> = Vec::with_capacity(rows.len());
    for row in &rows {
        let read = || Ok((row.try_get_by(0)?, row.try_get_by(1)?, row.try_get_by(2)?));
        known.push(read().map_err(db::error)?);
    }
    let fresh = (0..NODES).find(|id| known.iter().all(|(taken, ..)| taken != id)).map(|id| (id, 0));
    let free = known.iter().find(|(.., until)| *until < now.0).map(|(id, issued_ms, _)| (*id, *issued_ms));
    let (id, issued_ms) =
        fresh.or(free).ok_or_else(|| Error::Unavailable("all node numbers are taken".to_owned()))?;
    let sql = "INSERT INTO node (id, holder, date_until, issued_ms) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (id) DO UPDATE SET holder = $2, date_until = $3, issued_ms = $4 WHERE node.date_until < $5";
    let until = now.plus(NODE_LEASE_SECONDS).0;
    let values =
        [id.into(), holder.into(), until.into(), issued_until_ms.max(issued_ms).into(), now.0.into()];
    match execute(db, sql, values).await? {
        // Two nodes saw the same free number; the transaction is tried again and sees it taken.
        0 => Err(Error::Unavailable("a node number was taken meanwhile".to_owned())),
        _ => Ok(NodeLease { id, issued_ms }),
    }
}

/// Keeps a node number; false when it was lost.
pub async fn keep(db: &Db, id: i64, holder: &str, now: Time, issued_until_ms: i64) -> Result<bool> {
    let sql = "UPDATE node SET date_until = $1, issued_ms = $2 WHERE id = $3 AND holder = $4";
    let values = [now.plus(NODE_LEASE_SECONDS).0.into(), issued_until_ms.into(), id.into(), holder.into()];
    Ok(execute(db, sql, values).await? == 1)
}

/// Gives a node number back at a clean stop, with the last millisecond that it issued.
pub async fn give_back(db: &Db, id: i64, holder: &str, issued_ms: i64) -> Result<()> {
    let sql = "UPDATE node SET date_until = 0, issued_ms = $1 WHERE id = $2 AND holder = $3";
    execute(db, sql, [issued_ms.into(), id.into(), holder.into()]).await.map(drop)
}
