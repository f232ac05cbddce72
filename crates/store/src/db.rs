//! The handle that store functions take, pages of rows, and how database errors become errors of the product.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseConnection,
    DatabaseExecutor, DatabaseTransaction, DbBackend, DbErr, EntityTrait, FromQueryResult, IntoActiveModel,
    Iterable, ModelTrait, PaginatorTrait, PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, RuntimeErr, Select, SqlErr, SqlxError, Value,
};
use whocpa_domain::ledger::Account;
use whocpa_domain::{Error, Page, PerPage, Result, Walk, WalkPlace};

use crate::account;

/// Which database stands behind a handle; only for the few statements that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// A file on this machine.
    Sqlite,
    /// A server.
    Postgres,
}

/// A place to run statements in: connections for reading, or the open transaction of [`crate::Store::write`].
pub struct Db(Place);

enum Place {
    Connection(DatabaseConnection),
    Transaction(Arc<Open>),
}

/// An open transaction.
pub(crate) struct Open {
    transaction: DatabaseTransaction,
    committed: Arc<account::Committed>,
    /// Accounts that were read or made in it.
    used: Mutex<BTreeMap<Account, i64>>,
}

impl Open {
    pub fn new(transaction: DatabaseTransaction, committed: Arc<account::Committed>) -> Self {
        Self { transaction, committed, used: Mutex::default() }
    }

    pub async fn commit(self) -> std::result::Result<(), DbErr> {
        self.transaction.commit().await?;
        self.committed.remember(self.used.into_inner().unwrap_or_else(PoisonError::into_inner));
        Ok(())
    }

    pub async fn rollback(self) -> std::result::Result<(), DbErr> {
        self.transaction.rollback().await
    }
}

impl Db {
    pub(crate) fn connection(connection: &DatabaseConnection) -> Self {
        Self(Place::Connection(connection.clone()))
    }

    pub(crate) fn transaction(open: &Arc<Open>) -> Self {
        Self(Place::Transaction(Arc::clone(open)))
    }

    /// The accounts whose numbers need not be read.
    pub(crate) fn committed_accounts(&self) -> Option<&account::Committed> {
        match &self.0 {
            Place::Connection(_) => None,
            Place::Transaction(open) => Some(&open.committed),
        }
    }

    /// Accounts that are known once this transaction is committed.
    pub(crate) fn account_used(&self, found: &BTreeMap<Account, i64>) {
        if let Place::Transaction(open) = &self.0 {
            open.used.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
        }
    }

    pub(crate) fn conn(&self) -> DatabaseExecutor<'_> {
        match &self.0 {
            Place::Connection(connection) => DatabaseExecutor::Connection(connection),
            Place::Transaction(open) => DatabaseExecutor::Transaction(&open.transaction),
        }
    }

    /// Which database this is.
    pub fn backend(&self) -> Backend {
        match self.conn().get_database_backend() {
            DbBackend::Postgres => Backend::Postgres,
            _ => Backend::Sqlite,
        }
    }
}

/// Which rows of a list are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// From 1.
    pub page: i64,
    /// Rows on a page.
    pub per_page: i64,
    /// Instead of a page: a piece of the whole list, in the order of its keys. The answer says where the next one begins.
    pub walk: Option<Walk>,
}

impl Paging {
    /// The first rows.
    pub const fn first(per_page: i64) -> Self {
        Self { page: 1, per_page, walk: None }
    }

    /// The page that a request asks for.
    pub fn new(page: Page, per_page: PerPage) -> Self {
        let per_page = page.walk.map_or(per_page.0, |walk| walk.take);
        Self { page: page.number, per_page, walk: page.walk }
    }
}

/// One page of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows<T> {
    /// The page's rows.
    pub rows: Vec<T>,
    /// How many rows the filter finds in all.
    pub total_count: i64,
    /// The page that this is.
    pub paging: Paging,
}

impl<T> Rows<T> {
    /// The same page with other rows in it.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Rows<U> {
        let rows = self.rows.into_iter().map(change).collect();
        Rows { rows, total_count: self.total_count, paging: self.paging }
    }
}

/// The column contains `text` in any case of letters; `%` and `_` stand for themselves. SQLite folds the case of Latin letters
/// only: of other texts it finds those in small letters, in capitals, and as a name is written.
pub(crate) fn contains(column: impl ColumnTrait, text: &str) -> Expr {
    let pattern = |text: &str| {
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        LikeExpr::new(format!("%{escaped}%")).escape('\\')
    };
    let value = || Expr::col((column.entity_name(), column));
    let small = text.to_lowercase();
    let any = value().like(pattern(text)).or(Expr::expr(Func::lower(value())).like(pattern(&small)));
    if text.is_ascii() {
        return any;
    }
    let mut letters = small.chars();
    let name: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    any.or(value().like(pattern(&small.to_uppercase()))).or(value().like(pattern(&name)))
}

/// Reads one page of `select`, which must be ordered by something unique.
pub(crate) async fn page<E>(db: &Db, select: Select<E>, paging: Paging) -> Result<Rows<E::Model>>
where
    E: EntityTrait,
    E::Model: FromQueryResult + Sized + Send + Sync,
{
    if let Some(walk) = paging.walk
        && let Some((rows, walk)) = piece(db, select.clone(), walk).await?
    {
        return Ok(Rows { rows, total_count: 0, paging: Paging { walk: Some(walk), ..paging } });
    }
    let total = select.clone().count(&db.conn()).await.map_err(error)?;
    let offset = u64::try_from((paging.page - 1) * paging.per_page).unwrap_or(u64::MAX);
    let limit = u64::try_from(paging.per_page).unwrap_or(0);
    let rows = select.offset(offset).limit(limit).all(&db.conn()).await.map_err(error)?;
    Ok(Rows { rows, total_count: i64::try_from(total).unwrap_or(i64::MAX), paging })
}

/// The next piece of a walk, the highest numbers first, whatever the order of the list is; `None` for a table whose rows have
/// no number of their own.
async fn piece<E>(db: &Db, mut select: Select<E>, walk: Walk) -> Result<Option<(Vec<E::Model>, Walk)>>
where
    E: EntityTrait,
    E::Model: FromQueryResult + Sized + Send + Sync,
{
    let mut key = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
    let (Some(id), None) = (key.next(), key.next()) else { return Ok(None) };
    select = match walk.place {
        WalkPlace::Start => select,
        WalkPlace::Behind { id: last, .. } => select.filter(id.lt(last)),
        WalkPlace::End => return Ok(Some((Vec::new(), walk))),
    };
    QueryTrait::query(&mut select).clear_order_by();
    let limit = u64::try_from(walk.take).unwrap_or(0);
    let rows = select.order_by_desc(id).limit(limit).all(&db.conn()).await.map_err(error)?;
    let last = match rows.last().map(|row| row.get(id)) {
        Some(Value::BigInt(last)) => last.map(|last| (0, last)),
        Some(_) => return Ok(None),
        None => None,
    };
    let walk = walk.after(rows.len(), last);
    Ok(Some((rows, walk)))
}

/// Stores a new row under a number that the database chooses; gives the row as stored.
pub(crate) async fn insert<M, A>(db: &Db, row: M) -> std::result::Result<M, DbErr>
where
    M: ModelTrait + IntoActiveModel<A>,
    M::Entity: EntityTrait<Model = M>,
    A: ActiveModelTrait<Entity = M::Entity> + ActiveModelBehavior + Send,
{
    let mut row = row.into_active_model().reset_all();
    for key in <M::Entity as EntityTrait>::PrimaryKey::iter() {
        row.not_set(key.into_column());
    }
    row.insert(&db.conn()).await
}

/// Writes all columns of a stored row.
pub(crate) async fn save<M, A>(db: &Db, row: M) -> std::result::Result<(), DbErr>
where
    M: ModelTrait + IntoActiveModel<A>,
    M::Entity: EntityTrait<Model = M>,
    A: ActiveModelTrait<Entity = M::Entity> + ActiveModelBehavior + Send,
{
    row.into_active_model().reset_all().update(&db.conn()).await.map(drop)
}

/// A database's refusal in the words of the product. A lost race or a lost connection is [`Error::Unavailable`],
/// which [`crate::Store::write`] tries again; everything else is our fault.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
pub(crate) fn error(error: DbErr) -> Error {
    if is_passing(&error) {
        Error::Unavailable(error.to_string())
    } else {
        Error::Internal(error.to_string())
    }
}

/// As [`error()`], but a broken uniqueness rule becomes a message for the parameter `name`.
pub(crate) fn unique(refusal: DbErr, name: &str, message: &str) -> Error {
    match refusal.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::field(name, message),
        _ => error(refusal),
    }
}

/// A lost race, or a database that is locked or cannot be reached: by code, never by text.
fn is_passing(error: &DbErr) -> bool {
    if is_lost_race(error) || matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) {
        return true;
    }
    match inner(error) {
        // PostgreSQL stops, starts, or has too many clients.
        Some(SqlxError::Database(refusal)) => {
            refusal.code().is_some_and(|code| matches!(&*code, "57P01" | "57P02" | "57P03" | "53300"))
        }
        Some(
            SqlxError::Io(_) | SqlxError::PoolTimedOut | SqlxError::PoolClosed | SqlxError::WorkerCrashed,
        ) => true,
        _ => false,
    }
}

/// The database refused the transaction for the sake of another one: nothing of it happened.
pub(crate) fn is_lost_race(error: &DbErr) -> bool {
    // SQLite: BUSY, BUSY_SNAPSHOT, LOCKED. PostgreSQL: serialization failure, deadlock.
    matches!(inner(error), Some(SqlxError::Database(refusal)) if refusal
        .code()
        .is_some_and(|code| matches!(&*code, "5" | "517" | "6" | "40001" | "40P01")))
}

/// The name of the uniqueness rule or other constraint that a statement broke, where the database tells it.
pub(crate) fn broken_rule(error: &DbErr) -> Option<&str> {
    match inner(error) {
        Some(SqlxError::Database(refusal)) => refusal.constraint(),
        _ => None,
    }
}

fn inner(error: &DbErr) -> Option<&SqlxError> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => Some(inner),
        _ => None,
    }
}
