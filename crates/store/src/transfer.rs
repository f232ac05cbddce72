//! The ledger: transfers are written once; balances are what they add up to.

use std::collections::BTreeSet;
use std::fmt::Write;

use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, QueryOrder, Value};
use whocpa_domain::ledger::{Account, AccountKind, CauseKind, Posting, TransferKind};
use whocpa_domain::{Error, Result, Scope, Time, WalkPlace};

use crate::account;
use crate::bulk;
use crate::db::{self, Db, Paging, Rows};
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

/// Which transfers are wanted.
#[derive(Debug, Clone, Default)]
pub struct TransferFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these kinds.
    pub kinds: Option<Vec<TransferKind>>,
    /// Only from or to accounts of these kinds, of those that the caller may see.
    pub accounts: Option<Vec<AccountKind>>,
    /// Only from or to accounts of this owner.
    pub owner_id: Option<i64>,
    /// Only in this currency.
    pub currency_id: Option<i64>,
    /// Only of one of these causes; each of the list narrows further.
    pub causes: Vec<(CauseKind, Vec<i64>)>,
    /// Made from here, seconds.
    pub from: Option<Time>,
    /// Made before this, seconds.
    pub until: Option<Time>,
}

/// Accounts whose transfers are looked for one by one, each in its own order; more of them are looked for together.
const SINGLE_ACCOUNTS: usize = 16;

/// A condition in SQL and its values.
#[derive(Debug, Clone, Default)]
struct Conditions {
    text: String,
    values: Vec<Value>,
}

impl Conditions {
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn one_of(&mut self, column: &str, values: impl IntoIterator<Item = i64>) {
        let list: Vec<String> = values.into_iter().map(|value| self.bind(value)).collect();
        // No value at all is a question that nothing answers.
        let list = if list.is_empty() { "NULL".to_owned() } else { list.join(", ") };
        let _ = write!(self.text, " AND {column} IN ({list})");
    }

    fn of(filter: &TransferFilter) -> Self {
        let mut all = Self::default();
        if let Some(ids) = &filter.ids {
            all.one_of("id", ids.iter().copied());
        }
        if let Some(kinds) = &filter.kinds {
            all.one_of("kind", kinds.iter().map(|kind| kind.code()));
        }
        if let Some(id) = filter.currency_id {
            all.one_of("currency_id", [id]);
        }
        for (kind, ids) in &filter.causes {
            all.one_of("cause", [kind.code()]);
            all.one_of("cause_id", ids.iter().copied());
        }
        for (sign, time) in [(">=", filter.from), ("<", filter.until)] {
            if let Some(time) = time {
                let value = all.bind(time.0);
                let _ = write!(all.text, " AND date_created {sign} {value}");
            }
        }
        all
    }
}

/// The accounts from and to which the caller may see transfers, narrowed by the filter; `None` for all.
async fn accounts_of(db: &Db, scope: Scope, filter: &TransferFilter) -> Result<Option<Vec<i64>>> {
    if scope == Scope::All && filter.accounts.is_none() && filter.owner_id.is_none() {
        return Ok(None);
    }
    let mut select = account::visible(scope);
    if let Some(kinds) = &filter.accounts {
        select = select.filter(account::Column::Kind.is_in(kinds.iter().map(|kind| kind.code())));
    }
    if let Some(id) = filter.owner_id {
        select = select.filter(account::Column::OwnerId.eq(id));
    }
    if let Some(id) = filter.currency_id {
        select = select.filter(account::Column::CurrencyId.eq(id));
    }
    let rows = select.all(&db.conn()).await.map_err(db::error)?;
    Ok(Some(rows.into_iter().map(|row| row.id).collect()))
}

/// One page of transfers, newest first.
pub async fn list(db: &Db, scope: Scope, filter: &TransferFilter, paging: Paging) -> Result<Rows<Transfer>> {
    let accounts = accounts_of(db, scope, filter).await?;
    let mut conditions = Conditions::of(filter);
    let own = match &accounts {
        None => String::new(),
        Some(ids) if ids.is_empty() => return Ok(Rows { rows: Vec::new(), total_count: 0, paging }),
        Some(ids) => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            format!(" AND (debit_id IN ({0}) OR credit_id IN ({0}))", ids.join(", "))
        }
    };
    if let Some(walk) = paging.walk {
        match walk.place {
            WalkPlace::Start => {}
            WalkPlace::Behind { id, .. } => {
                let last = conditions.bind(id);
                let _ = write!(conditions.text, " AND id < {last}");
            }
            WalkPlace::End => return Ok(Rows { rows: Vec::new(), total_count: 0, paging }),
        }
        let (sql, values) = page_sql(conditions, accounts.as_deref(), &own, (0, walk.take));
        let rows = read(db, &sql, values).await?;
        let walk = walk.after(rows.len(), rows.last().map(|row| (0, row.id)));
        return Ok(Rows { rows, total_count: 0, paging: Paging { walk: Some(walk), ..paging } });
    }
    let counted = format!("SELECT COUNT(*) FROM transfer WHERE 1 = 1{}{own}", conditions.text);
    let counted = statement(db, &counted, conditions.values.clone());
    let total = db.conn().query_one_raw(counted).await.map_err(db::error)?;
    let total_count = total.map_or(Ok(0), |row| row.try_get_by(0)).map_err(db::error)?;
    let first = (paging.page - 1).saturating_mul(paging.per_page);
    let (sql, values) = page_sql(conditions, accounts.as_deref(), &own, (first, paging.per_page));
    Ok(Rows { rows: read(db, &sql, values).await?, total_count, paging })
}

async fn read(db: &Db, sql: &str, values: Vec<Value>) -> Result<Vec<Transfer>> {
    let found = Entity::find().from_raw_sql(statement(db, sql, values));
    found.all(&db.conn()).await.map_err(db::error)
}

/// The statement of so many transfers after the first ones, newest first, and its values.
fn page_sql(
    mut conditions: Conditions,
    accounts: Option<&[i64]>,
    own: &str,
    (first, rows): (i64, i64),
) -> (String, Vec<Value>) {
    let filters = conditions.text.clone();
    let (offset, limit) = (conditions.bind(first), conditions.bind(rows));
    let page = format!("ORDER BY id DESC LIMIT {limit} OFFSET {offset}");
    let sql = match accounts {
        // Each account has its transfers in order: the newest of each are enough for the newest of all.
        Some(ids) if ids.len() <= SINGLE_ACCOUNTS => {
            let most = conditions.bind(first.saturating_add(rows));
            let of = |side: &str, id: &i64| {
                format!(
                    "SELECT * FROM (SELECT * FROM transfer WHERE {side} = {id}{filters} \
                     ORDER BY id DESC LIMIT {most}) AS {side}_{id}"
                )
            };
            let each = ids.iter().flat_map(|id| [of("debit_id", id), of("credit_id", id)]);
            let each: Vec<String> = each.collect();
            format!("SELECT * FROM ({}) AS found {page}", each.join(" UNION "))
        }
        _ => format!("SELECT * FROM transfer WHERE 1 = 1{filters}{own} {page}"),
    };
    (sql, conditions.values)
}

/// One transfer from or to an account of the scope.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Transfer>> {
    let filter = TransferFilter { ids: Some(vec![id]), ..TransferFilter::default() };
    let found = list(db, scope, &filter, Paging::first(1)).await?;
    Ok(found.rows.into_iter().next())
}
