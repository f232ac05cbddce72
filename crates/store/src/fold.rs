//! Names in the form that searches compare, for rows that were written before there was one.

use sea_orm::ConnectionTrait;
use whocpa_domain::text::fold;
use whocpa_domain::{Error, Result};

use crate::db::{self, Db};
use crate::migrate::{execute, statement};

/// Table, the text, and its folded form.
const COLUMNS: [(&str, &str, &str); 3] = [
    ("offer", "name", "name_folded"),
    ("goal", "description", "description_folded"),
    ("link", "name", "name_folded"),
];

/// Folds what is not folded yet.
pub(crate) async fn all(db: &Db) -> Result<()> {
    for (table, plain, folded) in COLUMNS {
        let sql = format!("SELECT id, {plain} FROM {table} WHERE {folded} = '' AND {plain} <> ''");
        let rows = db.conn().query_all_raw(statement(db, &sql, [])).await.map_err(db::error)?;
        let sql = format!("UPDATE {table} SET {folded} = $1 WHERE id = $2");
        for row in rows {
            let read: std::result::Result<(i64, String), sea_orm::DbErr> =
                row.try_get_by(0).and_then(|id| Ok((id, row.try_get_by(1)?)));
            let (id, text) = read.map_err(|e| Error::Internal(e.to_string()))?;
            execute(db, &sql, [fold(&text).into(), id.into()]).await?;
        }
    }
    Ok(())
}
