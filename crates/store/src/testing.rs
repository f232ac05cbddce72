//! Fresh databases for tests, on both engines, in milliseconds: each is a copy of one migrated template.

#![expect(clippy::expect_used, reason = "a test that cannot have its database must fail")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use whocpa_domain::Time;

use crate::{Store, StoreConfig};

/// The environment variable with the URL of a PostgreSQL that tests may fill; the test command sets it.
pub const POSTGRES: &str = "WHOCPA_TEST_POSTGRES";

/// A migrated, otherwise empty database that lives as long as this value.
pub struct TestDb {
    /// The opened store.
    pub store: Store,
    /// How it was opened, for tests that open it again or start the server on it.
    pub config: StoreConfig,
    /// A folder of this test's own.
    pub dir: TempDir,
}

static NEXT: AtomicU32 = AtomicU32::new(0);
static SQLITE_TEMPLATE: OnceCell<TempDir> = OnceCell::const_new();
static POSTGRES_TEMPLATE: OnceCell<String> = OnceCell::const_new();

impl TestDb {
    /// On SQLite.
    ///
    /// # Panics
    /// When the temporary folder cannot be used.
    pub async fn sqlite() -> Self {
        let template = SQLITE_TEMPLATE.get_or_init(sqlite_template).await;
        let dir = temp_dir();
        for name in ["whocpa.db", "clicks.db"] {
            std::fs::copy(template.path().join(name), dir.path().join(name)).expect("copy the template");
        }
        Self::open(config(dir.path(), None), dir).await
    }

    /// On PostgreSQL.
    ///
    /// # Panics
    /// When [`POSTGRES`] is not set or the server cannot be used: such a test never passes silently.
    pub async fn postgres() -> Self {
        let url = std::env::var(POSTGRES).unwrap_or_else(|_| {
            panic!("{POSTGRES} is not set: run ./test, or ./test --sqlite-only to leave PostgreSQL out")
        });
        let template = POSTGRES_TEMPLATE.get_or_init(async || postgres_template(&url).await).await;
        let name = format!("whocpa_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        create_database(&url, &name, Some(template)).await;
        let dir = temp_dir();
        Self::open(config(dir.path(), Some(with_database(&url, &name))), dir).await
    }

    async fn open(config: StoreConfig, dir: TempDir) -> Self {
        let store = Store::connect(&config).await.expect("connect to the test database");
        Self { store, config, dir }
    }
}

fn temp_dir() -> TempDir {
    tempfile::Builder::new().prefix("whocpa-test-").tempdir().expect("make a temporary folder")
}

fn config(dir: &Path, database_url: Option<String>) -> StoreConfig {
    StoreConfig { data_dir: PathBuf::from(dir), database_url, connections: 4 }
}

async fn sqlite_template() -> TempDir {
    let dir = temp_dir();
    migrate(&config(dir.path(), None)).await;
    dir
}

/// One template per test process: another process may be of another version.
async fn postgres_template(url: &str) -> String {
    let name = format!("whocpa_template_{}", std::process::id());
    create_database(url, &name, None).await;
    migrate(&config(Path::new("."), Some(with_database(url, &name)))).await;
    name
}

async fn migrate(config: &StoreConfig) {
    let store = Store::connect(config).await.expect("connect to the template");
    store.migrate(Time(0)).await.expect("migrate the template");
    store.close().await;
}

async fn create_database(url: &str, name: &str, template: Option<&str>) {
    let server = Database::connect(url).await.expect("connect to PostgreSQL");
    let template = template.map_or_else(String::new, |template| format!(" TEMPLATE {template}"));
    server
        .execute_unprepared(&format!("CREATE DATABASE {name}{template}"))
        .await
        .expect("create a test database");
    server.close().await.expect("close the connection");
}

/// The same URL with another database name.
fn with_database(url: &str, name: &str) -> String {
    let (address, options) =
        url.split_once('?').map_or((url, None), |(address, options)| (address, Some(options)));
    let server = address.rsplit_once('/').map_or(address, |(server, _)| server);
    options.map_or_else(|| format!("{server}/{name}"), |options| format!("{server}/{name}?{options}"))
}
