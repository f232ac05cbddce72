//! Numbers given out in blocks, for rows whose id must be known before they are written in bulk.

use sea_orm::ConnectionTrait;
use whocpa_domain::{Error, Result};

use crate::Store;
use crate::db;
use crate::migrate::statement;

impl Store {
    /// Reserves `count` numbers of the sequence `name`; gives the first. A block that is not used up leaves a gap.
    pub async fn sequence_reserve(&self, name: &str, count: i64) -> Result<i64> {
        self.write(move |db| async move {
            let sql = "UPDATE sequence SET next = next + $1 WHERE name = $2 RETURNING next";
            let statement = statement(&db, sql, [count.into(), name.into()]);
            let row = db.conn().query_one_raw(statement).await.map_err(db::error)?;
            let row = row.ok_or_else(|| Error::Internal(format!("no sequence {name}")))?;
            let next: i64 = row.try_get_by(0).map_err(db::error)?;
            Ok(next - count)
        })
        .await
    }
}
