//! The ledger: transfers are written once; balances are what they add up to.

use std::collections::BTreeSet;

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, Value};
use whocpa_domain::ledger::{Account, AccountKind, CauseKind, Posting};
use whocpa_domain::money::MICRO;
use whocpa_domain::{Error, Result, Scope, Time};

use crate::account;
use crate::bulk;
use crate::db::{self, Db};
use crate::migrate::statement;

/// One transfer.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transfer")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// [`CauseKind`] as a number.
    pub cause: i64,
    /// What caused it.
    pub cause_id: i64,
    /// Which step of that.
    pub cause_number: i64,
    /// Which of the step's transfers, from 1.
    pub leg: i64,
    /// `TransferKind` as a number.
    pub kind: i64,
    /// Account that the amount is taken from.
    pub debit_id: i64,
    /// Account that the amount is put into.
    pub credit_id: i64,
    /// Currency of both.
    pub currency_id: i64,
    /// Micro-units, above zero.
    pub amount: i64,
    /// Seconds.
    pub date_created: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One transfer.
pub type Transfer = Model;

/// What a transfer was made for: its natural id, together with the leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// What the ids below count.
    pub kind: CauseKind,
    /// For example the lead.
    pub id: i64,
    /// For example the lead's event.
    pub number: i64,
}

/// Writes transfers down, each group under its cause. The same leg of the same cause twice is refused by the
/// database and fails the transaction: money is never moved twice for one reason.
pub async fn create(db: &Db, groups: &[(Cause, Vec<Posting>)], now: Time) -> Result<()> {
    let rows = rows(db, groups, now).await?;
    bulk::insert::<Entity>(db, &rows, Some(Column::Id)).await.map_err(db::error)
}

/// The rows of these groups; accounts that do not exist yet are made.
pub(crate) async fn rows(db: &Db, groups: &[(Cause, Vec<Posting>)], now: Time) -> Result<Vec<Transfer>> {
    let wanted: BTreeSet<Account> =
        groups.iter().flat_map(|(_, legs)| legs.iter().flat_map(|leg| [leg.debit, leg.credit])).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let accounts = account::ensure(db, &wanted).await?;
    let number_of = |account: &Account| {
        let missing = || Error::Internal(format!("account {account:?} is missing"));
        accounts.get(account).copied().ok_or_else(missing)
    };
    let mut rows = Vec::new();
    for (cause, legs) in groups {
        for (leg, posting) in (1i64..).zip(legs) {
            rows.push(Transfer {
                id: 0,
                cause: cause.kind.code(),
                cause_id: cause.id,
                cause_number: cause.number,
                leg,
                kind: posting.kind.code(),
                debit_id: number_of(&posting.debit)?,
                credit_id: number_of(&posting.credit)?,
                currency_id: posting.debit.currency_id,
                amount: posting.amount,
                date_created: now.0,
            });
        }
    }
    Ok(rows)
}

/// The transfers that a lead's events made, in order; for those who may see both sides.
pub async fn of_lead(db: &Db, lead_id: i64) -> Result<Vec<Transfer>> {
    let select =
        Entity::find().filter(Column::Cause.eq(CauseKind::Lead.code())).filter(Column::CauseId.eq(lead_id));
    select
        .order_by_asc(Column::CauseNumber)
        .order_by_asc(Column::Leg)
        .all(&db.conn())
        .await
        .map_err(db::error)
}

/// What one step of a lead did to one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// The lead's event.
    pub number: i64,
    /// `TransferKind` as a number.
    pub kind: i64,
    /// Which account.
    pub account: Account,
    /// What came in less what went out, micro-units.
    pub micros: i64,
    /// Seconds.
    pub date_created: i64,
}

/// What a lead's steps did to the accounts of the caller's scope, in order. Transfers of one step to and from one account
/// are one sum: what an advertiser pays is not told apart into the webmaster's part and the network's.
pub async fn sides_of_lead(db: &Db, scope: Scope, lead_id: i64) -> Result<Vec<Side>> {
    let mut values: Vec<Value> = vec![CauseKind::Lead.code().into(), lead_id.into()];
    let owned = match scope {
        Scope::All => "",
        Scope::Webmaster(id) | Scope::Advertiser(id) => {
            values.push(id.into());
            "AND a.owner_id = $3"
        }
        Scope::Manager(id) => {
            values.push(id.into());
            "AND a.owner_id IN (SELECT p.id FROM person p WHERE p.manager_id = $3)"
        }
        Scope::Public => return Ok(Vec::new()),
    };
    let sql = format!(
        "SELECT t.cause_number, MAX(t.kind), a.kind, a.owner_id, a.currency_id, \
         CAST(SUM(CASE WHEN t.credit_id = a.id THEN t.amount ELSE -t.amount END) AS BIGINT), MAX(t.date_created) \
         FROM transfer t JOIN account a ON a.id IN (t.debit_id, t.credit_id) \
         WHERE t.cause = $1 AND t.cause_id = $2 {owned} \
         GROUP BY t.cause_number, a.kind, a.owner_id, a.currency_id \
         ORDER BY t.cause_number, a.kind, a.owner_id"
    );
    let rows = db.conn().query_all_raw(statement(db, &sql, values)).await.map_err(db::error)?;
    let mut sides = Vec::with_capacity(rows.len());
    for row in &rows {
        let [number, kind, account, owner_id, currency_id, micros, date_created] =
            seven(row).map_err(db::error)?;
        let unknown = || Error::Internal(format!("unknown account kind {account}"));
        let account =
            Account { kind: AccountKind::from_code(account).ok_or_else(unknown)?, owner_id, currency_id };
        sides.push(Side { number, kind, account, micros, date_created });
    }
    Ok(sides)
}

fn seven(row: &QueryResult) -> Result<[i64; 7], DbErr> {
    let mut values = [0; 7];
    for (at, value) in values.iter_mut().enumerate() {
        *value = row.try_get_by(at)?;
    }
    Ok(values)
}

/// An account and what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Which account.
    pub account: Account,
    /// Credits minus debits, micro-units.
    pub micros: i64,
}

/// The balances of the accounts that the caller owns (an operator: of all), derived from the transfers.
pub async fn balances(db: &Db, scope: Scope) -> Result<Vec<Balance>> {
    let (owned, values): (&str, Vec<Value>) = match scope {
        Scope::All => ("", Vec::new()),
        Scope::Webmaster(id) | Scope::Advertiser(id) => ("WHERE a.owner_id = $1", vec![id.into()]),
        Scope::Manager(id) => {
            ("WHERE a.owner_id IN (SELECT p.id FROM person p WHERE p.manager_id = $1)", vec![id.into()])
        }
        Scope::Public => return Ok(Vec::new()),
    };
    // Whole units and micro-units apart: neither sum can overflow, whatever was transferred.
    let side = |column: &str, part: &str| {
        format!(
            "CAST(COALESCE((SELECT SUM(t.amount {part}) FROM transfer t WHERE t.{column} = a.id), 0) AS BIGINT)"
        )
    };
    let sql = format!(
        "SELECT a.kind, a.owner_id, a.currency_id, {}, {}, {}, {} FROM account a {owned} \
         ORDER BY a.owner_id, a.currency_id, a.kind",
        side("credit_id", "/ 1000000"),
        side("credit_id", "% 1000000"),
        side("debit_id", "/ 1000000"),
        side("debit_id", "% 1000000"),
    );
    let rows = db.conn().query_all_raw(statement(db, &sql, values)).await.map_err(db::error)?;
    let mut balances = Vec::with_capacity(rows.len());
    for row in &rows {
        let [kind, owner_id, currency_id, credit_units, credit_micros, debit_units, debit_micros] =
            seven(row).map_err(db::error)?;
        let sum = |units: i64, micros: i64| i128::from(units) * i128::from(MICRO) + i128::from(micros);
        let micros = sum(credit_units, credit_micros) - sum(debit_units, debit_micros);
        let micros = i64::try_from(micros).unwrap_or(if micros < 0 { i64::MIN } else { i64::MAX });
        let unknown = || Error::Internal(format!("unknown account kind {kind}"));
        let kind = AccountKind::from_code(kind).ok_or_else(unknown)?;
        balances.push(Balance { account: Account { kind, owner_id, currency_id }, micros });
    }
    Ok(balances)
}
