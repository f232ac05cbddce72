//! Balances: what transfers up to a mark add up to, folded by a job, and those above the mark added when it is read.
//!
//! Nobody who moves money writes a balance: the network's own accounts take part in every lead, and their rows would
//! make all writers wait for each other (design §7).

use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, QueryResult, Value};
use whocpa_domain::ledger::{Account, AccountKind};
use whocpa_domain::money::MICRO;
use whocpa_domain::{Error, Result, Scope};

use crate::db::{self, Backend, Db};
use crate::migrate::{execute, statement};

/// What an account held at the mark: the sum of whole units and the sum of what is below one. They are not carried
/// over, so that folding is one addition.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "balance")]
pub struct Model {
    /// Which account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: i64,
    /// Whole units.
    pub units: i64,
    /// Micro-units beside them.
    pub micros: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Up to which transfer the balances are folded: one row.
pub mod mark {
    use sea_orm::entity::prelude::*;

    /// The mark.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "balance_mark")]
    pub struct Model {
        /// Always 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        /// The last transfer that is in the balances.
        pub transfer_id: i64,
    }

    /// Relations are not used.
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An account and what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Which account.
    pub account: Account,
    /// Credits minus debits, micro-units.
    pub micros: i64,
}

/// The lock that writers of transfers share, as in migration 0028.
const TRANSFER_LOCK: &str = "28, 1";

/// The balances of the accounts that the caller owns (an operator: of all), exact at this moment.
pub async fn list(db: &Db, scope: Scope) -> Result<Vec<Balance>> {
    let (owned, values): (&str, Vec<Value>) = match scope {
        Scope::All => ("", Vec::new()),
        Scope::Webmaster(id) | Scope::Advertiser(id) => ("WHERE a.owner_id = $1", vec![id.into()]),
        Scope::Manager(id) => {
            ("WHERE a.owner_id IN (SELECT p.id FROM person p WHERE p.manager_id = $1)", vec![id.into()])
        }
        Scope::Public => return Ok(Vec::new()),
    };
    read(db, owned, values, Part::Whole).await
}

/// The balances of all accounts of a kind, exact at this moment.
pub async fn of_kind(db: &Db, kind: AccountKind) -> Result<Vec<Balance>> {
    read(db, "WHERE a.kind = $1", vec![kind.code().into()], Part::Whole).await
}

/// What is in one account, exact at this moment. Whoever is about to take something out holds it first
/// ([`crate::account::lock`]).
pub async fn of_account(db: &Db, account_id: i64) -> Result<i64> {
    let rows = read(db, "WHERE a.id = $1", vec![account_id.into()], Part::Whole).await?;
    Ok(rows.first().map_or(0, |row| row.micros))
}

/// Accounts whose folded balance is not what their transfers up to the mark add up to: none, unless somebody changed
/// the database by hand. Each with the difference.
pub async fn differences(db: &Db) -> Result<Vec<Balance>> {
    let rows = read(db, "", Vec::new(), Part::Difference).await?;
    Ok(rows.into_iter().filter(|row| row.micros != 0).collect())
}

/// What is read of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The folded balance and the transfers above the mark.
    Whole,
    /// The folded balance without the transfers up to the mark.
    Difference,
}

async fn read(db: &Db, owned: &str, values: Vec<Value>, part: Part) -> Result<Vec<Balance>> {
    // Whole units and micro-units apart: neither sum can overflow, whatever was transferred.
    let side = |column: &str, of: &str| {
        let (sign, above) = if part == Part::Whole { ("", ">") } else { ("-", "<=") };
        format!(
            "CAST(COALESCE((SELECT {sign}SUM(t.amount {of}) FROM transfer t WHERE t.{column} = a.id \
             AND t.id {above} (SELECT m.transfer_id FROM balance_mark m)), 0) AS BIGINT)"
        )
    };
    let sql = format!(
        "SELECT a.kind, a.owner_id, a.currency_id, {}, {}, {}, {}, COALESCE(b.units, 0), COALESCE(b.micros, 0) \
         FROM account a LEFT JOIN balance b ON b.account_id = a.id {owned} \
         ORDER BY a.owner_id, a.currency_id, a.kind",
        side("credit_id", "/ 1000000"),
        side("credit_id", "% 1000000"),
        side("debit_id", "/ 1000000"),
        side("debit_id", "% 1000000"),
    );
    let rows = db.conn().query_all_raw(statement(db, &sql, values)).await.map_err(db::error)?;
    rows.iter().map(balance).collect()
}

fn balance(row: &QueryResult) -> Result<Balance> {
    let mut values = [0i64; 9];
    for (at, value) in values.iter_mut().enumerate() {
        *value = row.try_get_by(at).map_err(db::error)?;
    }
    let [kind, owner_id, currency_id, in_units, in_micros, out_units, out_micros, units, micros] = values;
    let sum = |units: i64, micros: i64| i128::from(units) * i128::from(MICRO) + i128::from(micros);
    let micros = sum(units, micros) + sum(in_units, in_micros) - sum(out_units, out_micros);
    let micros = i64::try_from(micros).unwrap_or(if micros < 0 { i64::MIN } else { i64::MAX });
    let unknown = || Error::Internal(format!("unknown account kind {kind}"));
    let kind = AccountKind::from_code(kind).ok_or_else(unknown)?;
    Ok(Balance { account: Account { kind, owner_id, currency_id }, micros })
}

/// The highest number below which no transfer is still to come, in a transaction of its own: on PostgreSQL it waits for
/// the transactions that have written transfers, and ends before others may go on.
pub async fn horizon(db: &Db) -> Result<i64> {
    if db.backend() == Backend::Postgres {
        for sql in
            ["SET LOCAL lock_timeout = '2s'", &format!("SELECT pg_advisory_xact_lock({TRANSFER_LOCK})")]
        {
            db.conn().execute_unprepared(sql).await.map_err(db::error)?;
        }
    }
    one(db, "SELECT COALESCE(MAX(id), 0) FROM transfer").await
}

/// Folds up to `limit` transfers, none above `horizon`, into the balances; gives how many numbers the mark moved on.
pub async fn fold(db: &Db, horizon: i64, limit: i64) -> Result<i64> {
    let lock = if db.backend() == Backend::Postgres { " FOR UPDATE" } else { "" };
    let mark = one(db, &format!("SELECT transfer_id FROM balance_mark WHERE id = 1{lock}")).await?;
    let until = horizon.min(mark.saturating_add(limit));
    if until <= mark {
        return Ok(0);
    }
    let side = |column: &str, sign: &str| {
        format!(
            "SELECT {column} AS account_id, {sign}(amount / 1000000) AS units, {sign}(amount % 1000000) AS micros \
             FROM transfer WHERE id > $1 AND id <= $2"
        )
    };
    // In the order of the key, so that nobody waits crosswise; `WHERE 1 = 1` tells SQLite that no join goes on.
    let sql = format!(
        "INSERT INTO balance (account_id, units, micros) \
         SELECT account_id, CAST(SUM(units) AS BIGINT), CAST(SUM(micros) AS BIGINT) \
         FROM ({} UNION ALL {}) AS moved WHERE 1 = 1 GROUP BY account_id ORDER BY account_id \
         ON CONFLICT (account_id) DO UPDATE SET \
         units = balance.units + excluded.units, micros = balance.micros + excluded.micros",
        side("credit_id", ""),
        side("debit_id", "-"),
    );
    execute(db, &sql, [mark.into(), until.into()]).await?;
    execute(db, "UPDATE balance_mark SET transfer_id = $1 WHERE id = 1", [until.into()]).await?;
    Ok(until - mark)
}

async fn one(db: &Db, sql: &str) -> Result<i64> {
    let row = db.conn().query_one_raw(statement(db, sql, [])).await.map_err(db::error)?;
    let row = row.ok_or_else(|| Error::Internal(format!("nothing was read by {sql}")))?;
    row.try_get_by(0).map_err(db::error)
}
