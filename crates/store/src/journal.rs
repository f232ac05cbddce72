//! The ledger in the order in which it was written, for whoever keeps the books.

use std::fmt::Write;

use sea_orm::{ConnectionTrait, QueryResult, Value};
use whocpa_domain::ledger::{Account, AccountKind};
use whocpa_domain::money::MICRO;
use whocpa_domain::{Error, Result, Time};

use crate::db::{self, Db};
use crate::migrate::statement;

/// One transfer with its accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Number of the transfer.
    pub id: i64,
    /// Seconds.
    pub date_created: i64,
    /// `TransferKind` as a number.
    pub kind: i64,
    /// Taken from here.
    pub debit: Account,
    /// Put in here.
    pub credit: Account,
    /// Micro-units.
    pub amount: i64,
    /// `CauseKind` as a number.
    pub cause: i64,
    /// What caused it.
    pub cause_id: i64,
    /// Which step of that.
    pub cause_number: i64,
}

/// Which part of the journal is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct JournalFilter {
    /// Made from here.
    pub from: Option<Time>,
    /// Made before this.
    pub until: Option<Time>,
    /// Only in this currency.
    pub currency_id: Option<i64>,
    /// Only from or to accounts of this owner, 0 for the network.
    pub owner_id: Option<i64>,
    /// Only from or to accounts of this kind.
    pub account: Option<AccountKind>,
}

impl JournalFilter {
    /// As a condition on transfers `t` between accounts `d` and `c`, with its values.
    fn condition(&self, values: &mut Vec<Value>) -> String {
        let mut text = String::new();
        let mut bound = |column: &str, sign: &str, value: Option<i64>| {
            if let Some(value) = value {
                values.push(value.into());
                let _ = write!(text, " AND {column} {sign} ${}", values.len());
            }
        };
        bound("t.date_created", ">=", self.from.map(|time| time.0));
        bound("t.date_created", "<", self.until.map(|time| time.0));
        bound("t.currency_id", "=", self.currency_id);
        text.push_str(&self.side(values));
        text
    }

    /// Whether one of the two accounts is meant.
    fn side(&self, values: &mut Vec<Value>) -> String {
        if self.owner_id.is_none() && self.account.is_none() {
            return String::new();
        }
        let (credit, debit) = (self.of("c", values), self.of("d", values));
        format!(" AND ({credit} OR {debit})")
    }

    /// Whether the account `name` is meant.
    fn of(&self, name: &str, values: &mut Vec<Value>) -> String {
        let kind = self.account.map(AccountKind::code);
        let mut all = Vec::new();
        for (column, value) in [("owner_id", self.owner_id), ("kind", kind)] {
            if let Some(value) = value {
                values.push(value.into());
                all.push(format!("{name}.{column} = ${}", values.len()));
            }
        }
        format!("({})", all.join(" AND "))
    }

    /// Whether an account is one of those that are meant.
    pub fn has(&self, account: Account) -> bool {
        self.owner_id.is_none_or(|id| id == account.owner_id)
            && self.account.is_none_or(|kind| kind == account.kind)
    }
}

const JOINED: &str =
    "FROM transfer t JOIN account d ON d.id = t.debit_id JOIN account c ON c.id = t.credit_id";

/// The next transfers after the number `after`, in the order of their numbers.
pub async fn list(db: &Db, filter: &JournalFilter, after: i64, limit: i64) -> Result<Vec<Entry>> {
    let mut values: Vec<Value> = vec![after.into()];
    let condition = filter.condition(&mut values);
    let sql = format!(
        "SELECT t.id, t.date_created, t.kind, d.kind, d.owner_id, c.kind, c.owner_id, t.currency_id, t.amount, \
         t.cause, t.cause_id, t.cause_number {JOINED} WHERE t.id > $1{condition} ORDER BY t.id LIMIT {limit}"
    );
    let rows = db.conn().query_all_raw(statement(db, &sql, values)).await.map_err(db::error)?;
    rows.iter().map(entry).collect()
}

/// What the accounts of a filter held when its period begins, micro-units.
pub async fn opening(db: &Db, filter: &JournalFilter) -> Result<i128> {
    let Some(from) = filter.from else { return Ok(0) };
    let before = JournalFilter { from: None, until: Some(from), ..*filter };
    let mut sum = 0;
    for (name, sign) in [("c", 1), ("d", -1)] {
        let mut values: Vec<Value> = vec![from.0.into()];
        let mut condition = String::new();
        if let Some(id) = before.currency_id {
            values.push(id.into());
            condition = format!(" AND t.currency_id = ${}", values.len());
        }
        let of = before.of(name, &mut values);
        let sql = format!(
            "SELECT CAST(COALESCE(SUM(t.amount / 1000000), 0) AS BIGINT), \
             CAST(COALESCE(SUM(t.amount % 1000000), 0) AS BIGINT) {JOINED} \
             WHERE t.date_created < $1{condition} AND {of}"
        );
        let row = db.conn().query_one_raw(statement(db, &sql, values)).await.map_err(db::error)?;
        let row = row.ok_or_else(|| Error::Internal("a sum without a row".to_owned()))?;
        let part = |at: usize| row.try_get_by::<i64, _>(at).map(i128::from).map_err(db::error);
        sum += sign * (part(0)? * i128::from(MICRO) + part(1)?);
    }
    Ok(sum)
}

fn entry(row: &QueryResult) -> Result<Entry> {
    let mut numbers = [0i64; 12];
    for (at, number) in numbers.iter_mut().enumerate() {
        *number = row.try_get_by(at).map_err(db::error)?;
    }
    let [id, date_created, kind, from, from_owner, to, to_owner, currency_id, amount, cause, cause_id, step] =
        numbers;
    let account = |kind: i64, owner_id: i64| {
        let unknown = || Error::Internal(format!("unknown account kind {kind}"));
        Ok(Account { kind: AccountKind::from_code(kind).ok_or_else(unknown)?, owner_id, currency_id })
    };
    Ok(Entry {
        id,
        date_created,
        kind,
        debit: account(from, from_owner)?,
        credit: account(to, to_owner)?,
        amount,
        cause,
        cause_id,
        cause_number: step,
    })
}
