//! Opening the databases, and the one door for changing them.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::Connection as _;
use sea_orm::sqlx::PgPool;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    AccessMode, ConnectOptions, Database, DatabaseConnection, DbBackend, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::{Semaphore, SemaphorePermit};
use whocpa_domain::{Error, Result};

use crate::account::Committed;
use crate::db::{self, Db, Open};

/// Where the data is.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// Folder of the SQLite files; made if missing. Not used with a `database_url`.
    pub data_dir: PathBuf,
    /// `postgres://…` for PostgreSQL, `None` for SQLite.
    pub database_url: Option<String>,
    /// Connections of one process: readers on SQLite, all on PostgreSQL.
    pub connections: u32,
}

/// The databases of one process. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    main: Pair,
    clicks: Pair,
    accounts: Arc<Committed>,
    reports: Semaphore,
}

/// SQLite has one writer at a time, so writing has a connection of its own; on PostgreSQL both are the same pool.
#[derive(Clone)]
struct Pair {
    read: DatabaseConnection,
    write: DatabaseConnection,
}

/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 512;

/// Rows that SQLite's thread reads ahead of whoever asked: with the driver's 50 both wake each other all the time.
const ROWS: usize = 1024;

/// Tries of a write that lost a race before the caller is told.
const TRIES: u32 = 6;

impl Store {
    /// Opens the databases; does not migrate.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the folder cannot be made or the server cannot be reached.
    pub async fn connect(config: &StoreConfig) -> Result<Self> {
        let (main, clicks) = if let Some(url) = &config.database_url {
            let pool = postgres(url, config.connections).await?;
            let pair = Pair { read: pool.clone(), write: pool };
            (pair.clone(), pair)
        } else {
            // Tokens and keys are in it: nobody else on this machine reads it.
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&config.data_dir)
                .map_err(|e| Error::Unavailable(format!("{}: {e}", config.data_dir.display())))?;
            let main = sqlite(&config.data_dir.join("whocpa.db"), config.connections).await?;
            let clicks = sqlite(&config.data_dir.join("clicks.db"), config.connections).await?;
            (main, clicks)
        };
        let reports = Semaphore::new(usize::try_from(config.connections / 2).unwrap_or(1).max(1));
        Ok(Self(Arc::new(Inner { main, clicks, accounts: Arc::default(), reports })))
    }

    /// For looking: what is committed at the moment of each statement.
    pub fn read(&self) -> Db {
        Db::connection(&self.0.main.read)
    }

    /// For looking at clicks.
    pub fn clicks(&self) -> Db {
        Db::connection(&self.0.clicks.read)
    }

    /// A place for a question that may take long: half of the connections stay free for visitors and leads.
    pub(crate) async fn report_place(&self) -> Result<SemaphorePermit<'_>> {
        self.0.reports.acquire().await.map_err(|_| Error::Unavailable("the program ends".to_owned()))
    }

    /// The connections beneath the query layer, for COPY; PostgreSQL only.
    pub(crate) fn clicks_pool(&self) -> &PgPool {
        self.0.clicks.write.get_postgres_connection_pool()
    }

    /// Runs `work` in one transaction: all of it is committed, or on an error nothing. `work` may run more than
    /// once (after a lost race), so it changes nothing but the database, and touches no network.
    pub async fn write<T, F: Future<Output = Result<T>>>(&self, work: impl Fn(Db) -> F) -> Result<T> {
        write(&self.0.main.write, &self.0.accounts, work).await
    }

    /// As [`Store::write`], for clicks.
    pub async fn write_clicks<T, F: Future<Output = Result<T>>>(&self, work: impl Fn(Db) -> F) -> Result<T> {
        write(&self.0.clicks.write, &self.0.accounts, work).await
    }

    /// Looks at clicks as they are at one moment: whatever is written meanwhile is not seen.
    #[expect(clippy::disallowed_methods, reason = "it only reads")]
    pub async fn look_clicks<T, F: Future<Output = Result<T>>>(
        &self,
        work: impl FnOnce(Db) -> F,
    ) -> Result<T> {
        let read = &self.0.clicks.read;
        let is_server = matches!(read.get_database_backend(), DbBackend::Postgres);
        let options = TransactionOptions {
            // One file of SQLite in WAL mode is seen so anyway.
            isolation_level: is_server.then_some(IsolationLevel::RepeatableRead),
            access_mode: is_server.then_some(AccessMode::ReadOnly),
            ..TransactionOptions::default()
        };
        let transaction = read.begin_with_options(options).await.map_err(db::error)?;
        let transaction = Arc::new(Open::new(transaction, Arc::clone(&self.0.accounts)));
        let found = work(Db::transaction(&transaction)).await;
        if let Some(open) = Arc::into_inner(transaction) {
            // Nothing was written: how it ends is of no account.
            let _ = open.rollback().await;
        }
        found
    }

    /// Closes all connections; other clones of this store then answer [`Error::Unavailable`].
    pub async fn close(&self) {
        for pair in [&self.0.main, &self.0.clicks] {
            for connection in [&pair.read, &pair.write] {
                // Already closed is what is wanted.
                let _ = connection.clone().close().await;
            }
        }
    }

    /// Whether the databases answer; for `/readyz`.
    pub async fn ping(&self) -> Result<()> {
        self.0.main.read.ping().await.map_err(db::error)?;
        self.0.clicks.read.ping().await.map_err(db::error)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one write door")]
async fn write<T, F: Future<Output = Result<T>>>(
    connection: &DatabaseConnection,
    accounts: &Arc<Committed>,
    work: impl Fn(Db) -> F,
) -> Result<T> {
    let mut tries = 1;
    loop {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = connection.begin_with_options(options).await.map_err(db::error)?;
        let transaction = Arc::new(Open::new(transaction, Arc::clone(accounts)));
        let result = work(Db::transaction(&transaction)).await;
        let transaction = Arc::into_inner(transaction)
            .ok_or_else(|| Error::Internal("a transaction was kept beyond its work".to_owned()))?;
        let result = match result {
            // A commit whose answer was lost may have happened: only a commit that was refused is tried again.
            Ok(value) => match transaction.commit().await {
                Ok(()) => return Ok(value),
                Err(refused) if db::is_lost_race(&refused) => Err(db::error(refused)),
                Err(unknown) => return Err(Error::Unavailable(format!("commit: {unknown}"))),
            },
            Err(refused) => {
                // A failed rollback means a lost connection; the database then rolls back by itself.
                let _ = transaction.rollback().await;
                Err(refused)
            }
        };
        match result {
            Err(Error::Unavailable(_)) if tries < TRIES => {
                tokio::time::sleep(Duration::from_millis(5 << tries)).await;
                tries += 1;
            }
            result => return result,
        }
    }
}

async fn postgres(url: &str, connections: u32) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections.max(2))
        .acquire_timeout(Duration::from_secs(5))
        .sqlx_logging(false)
        .set_application_name("whocpa")
        // One statement for each number of rows that a batch may have, for several tables.
        .map_sqlx_postgres_opts(|options| options.statement_cache_capacity(STATEMENTS))
        .test_before_acquire(false);
    Database::connect(options).await.map_err(db::error)
}

async fn sqlite(path: &Path, readers: u32) -> Result<Pair> {
    let open = async |connections: u32| {
        let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", path.display()));
        options
            .max_connections(connections)
            .min_connections(1)
            .acquire_timeout(Duration::from_secs(10))
            .sqlx_logging(false)
            .test_before_acquire(false)
            .map_sqlx_sqlite_pool_opts(|options| {
                // After a commit that failed (a full disk), SQLite has rolled back by itself, the driver cannot do it again,
                // and takes the connection for one within a transaction: what is "committed" on it then may never be.
                options.before_acquire(|connection, _| {
                    Box::pin(async move { Ok(!connection.is_in_transaction()) })
                })
            })
            .map_sqlx_sqlite_opts(|options| {
                options
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(Duration::from_secs(5))
                    .statement_cache_capacity(STATEMENTS)
                    .row_buffer_size(ROWS)
                    // Without it REPLACE removes immutable rows past their delete triggers.
                    .pragma("recursive_triggers", "on")
                    .pragma("cache_size", "-65536")
                    .pragma("temp_store", "memory")
            });
        Database::connect(options).await.map_err(db::error)
    };
    // The writer first: it makes the file and switches it to WAL.
    let write = open(1).await?;
    let read = open(readers.max(1)).await?;
    Ok(Pair { read, write })
}

#[cfg(test)]
mod tests {
    use sea_orm::sqlx;

    use super::*;

    /// As after a commit for which there was no space: the database has ended the transaction, the driver counts on.
    #[expect(clippy::disallowed_methods, reason = "it is the driver's own transaction that is tested")]
    #[tokio::test]
    async fn a_connection_that_lost_count_is_not_used_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let pair = sqlite(&dir.path().join("x.db"), 1).await.expect("open");
        let pool = pair.write.get_sqlite_connection_pool();
        let mut connection = pool.acquire().await.expect("the only connection");
        let mut transaction = connection.begin().await.expect("begin");
        sqlx::query("CREATE TEMP TABLE seen (id INTEGER)").execute(&mut *transaction).await.expect("mark it");
        sqlx::query("COMMIT").execute(&mut *transaction).await.expect("end it behind the driver's back");
        transaction.rollback().await.expect_err("there is nothing to roll back");
        drop(connection);
        let mut fresh = pool.acquire().await.expect("a connection");
        assert!(!fresh.is_in_transaction());
        let marked = sqlx::query("SELECT id FROM seen").fetch_all(&mut *fresh).await;
        marked.expect_err("another connection");
    }
}
