//! What moved in one account in a period, by kind of transfer.

use sea_orm::{ConnectionTrait, QueryResult, Value};
use whocpa_domain::ledger::Account;
use whocpa_domain::money::MICRO;
use whocpa_domain::{Result, Time};

use crate::db::{self, Db};
use crate::migrate::statement;

/// Transfers of one kind in one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// `TransferKind` as a number.
    pub kind: i64,
    /// How many.
    pub count: i64,
    /// What they put in, micro-units.
    pub credit: i128,
    /// What they took out, micro-units.
    pub debit: i128,
}

/// What moved in an account from `from` until before `until`, by kind.
pub async fn moved(db: &Db, account: Account, from: Time, until: Time) -> Result<Vec<Moved>> {
    let sql = "SELECT t.kind, COUNT(*), \
               CAST(SUM(CASE WHEN t.credit_id = a.id THEN t.amount / 1000000 ELSE 0 END) AS BIGINT), \
               CAST(SUM(CASE WHEN t.credit_id = a.id THEN t.amount % 1000000 ELSE 0 END) AS BIGINT), \
               CAST(SUM(CASE WHEN t.debit_id = a.id THEN t.amount / 1000000 ELSE 0 END) AS BIGINT), \
               CAST(SUM(CASE WHEN t.debit_id = a.id THEN t.amount % 1000000 ELSE 0 END) AS BIGINT) \
               FROM account a JOIN transfer t ON t.credit_id = a.id OR t.debit_id = a.id \
               WHERE a.kind = $1 AND a.owner_id = $2 AND a.currency_id = $3 \
               AND t.date_created >= $4 AND t.date_created < $5 GROUP BY t.kind ORDER BY t.kind";
    let values =
        [account.kind.code(), account.owner_id, account.currency_id, from.0, until.0].map(Value::from);
    let rows = db.conn().query_all_raw(statement(db, sql, values)).await.map_err(db::error)?;
    rows.iter().map(read).collect()
}

fn read(row: &QueryResult) -> Result<Moved> {
    let mut numbers = [0i64; 6];
    for (at, number) in numbers.iter_mut().enumerate() {
        *number = row.try_get_by(at).map_err(db::error)?;
    }
    let [kind, count, credit, credit_below, debit, debit_below] = numbers;
    let whole = |units: i64, micros: i64| i128::from(units) * i128::from(MICRO) + i128::from(micros);
    Ok(Moved { kind, count, credit: whole(credit, credit_below), debit: whole(debit, debit_below) })
}
