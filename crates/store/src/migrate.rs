//! Migrations: plain SQL in two folders with equal names, applied in order, never changed afterwards.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sha2::{Digest, Sha256};
use whocpa_domain::hex::hex;
use whocpa_domain::{Error, Result, Time};

use crate::db::{self, Backend, Db};
use crate::{Store, fold, seed};

/// One step: its name and its text for each database.
pub(crate) struct Migration {
    pub(crate) name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        &[$(Migration {
            name: $name,
            sqlite: include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../migrations/postgres/", $name, ".sql")),
        }),*]
    };
}

/// The network without its clicks.
pub(crate) const MAIN: &[Migration] = migrations![
    "main/0001_core",
    "main/0002_immutable",
    "main/0003_audit",
    "main/0004_materials",
    "main/0005_image",
    "main/0006_people",
    "main/0008_lists",
    "main/0009_references",
    "main/0010_transfer_currency",
    "main/0011_news",
    "main/0012_offer",
    "main/0013_facts",
    "main/0014_routing",
    "main/0015_caps",
    "main/0016_buyer",
    "main/0017_ways",
    "main/0018_desk",
    "main/0019_pixel",
    "main/0020_form",
    "main/0021_park",
    "main/0022_orphan",
    "main/0023_impression",
    "main/0024_attribution",
    "main/0025_decision",
    "main/0026_quality",
    "main/0028_balance",
    "main/0029_payout",
    "main/0030_condition",
    "main/0036_parked",
    "main/0038_park_seen",
    "main/0039_lead_objects",
    "main/0040_terms",
    "main/0041_rate",
    "main/0042_correction",
    "main/0043_kinds",
    "main/0044_rerating",
    "main/0047_referral",
    "main/0048_cover",
    "main/0049_payout_batch",
    "main/0053_postback",
    "main/0054_forward",
    "main/0059_lead_delta",
    "main/0060_stat_lead",
    "main/0064_change_used",
    "main/0065_session",
    "main/0073_event",
    "main/0074_letter",
    "main/0075_telegram",
    "main/0076_letter_first",
    "main/0080_list_order",
    "main/0081_ids",
    "main/0082_shared_wallet",
    "main/0095_export",
];
/// Clicks.
pub(crate) const CLICKS: &[Migration] =
    migrations!["clicks/0001_click", "clicks/0002_facts", "clicks/0003_click_list", "clicks/0004_stat"];

/// One step and whether this database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// The file's name without its ending.
    pub name: String,
    /// When it was applied; `None` when it is pending.
    pub date_applied: Option<Time>,
}

/// Any number that no other program is likely to lock: only one node migrates at a time.
const ADVISORY_LOCK: i64 = 0x77_68_6f_63_70_61;

impl Store {
    /// Applies what is pending, then loads regions and currencies where their data changed.
    ///
    /// # Errors
    /// [`Error::Internal`] when a step fails, when an applied file was changed, or when the database knows a step
    /// that this program does not (it was written by a newer version: never downgrade silently).
    pub async fn migrate(&self, now: Time) -> Result<()> {
        self.write(move |db| async move { apply(&db, MAIN, now).await }).await?;
        self.write_clicks(move |db| async move { apply(&db, CLICKS, now).await }).await?;
        self.write(|db| async move { fold::all(&db).await }).await?;
        self.write(|db| async move { seed::load(&db).await }).await
    }

    /// Every step and whether it is applied.
    pub async fn migrations(&self) -> Result<Vec<MigrationState>> {
        let mut states = state(&self.read(), MAIN).await?;
        states.extend(state(&self.clicks(), CLICKS).await?);
        Ok(states)
    }
}

async fn apply(db: &Db, steps: &[Migration], now: Time) -> Result<()> {
    lock(db).await?;
    run(
        db,
        "CREATE TABLE IF NOT EXISTS migration \
         (name TEXT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL, date_applied BIGINT NOT NULL)",
    )
    .await?;
    let applied = applied(db).await?;
    let folder = steps.first().and_then(|step| step.name.split('/').next()).unwrap_or_default();
    for (name, ..) in applied.iter().filter(|(name, ..)| name.split('/').next() == Some(folder)) {
        if !steps.iter().any(|step| step.name == name) {
            return Err(Error::Internal(format!(
                "the database has {name}, which this version does not know"
            )));
        }
    }
    for step in steps {
        let text = if db.backend() == Backend::Postgres { step.postgres } else { step.sqlite };
        let checksum = hex(&Sha256::digest(text.as_bytes()));
        match applied.iter().find(|(name, ..)| name == step.name) {
            Some((_, known, _)) if *known == checksum => {}
            Some(_) => {
                return Err(Error::Internal(format!("{} was changed after it was applied", step.name)));
            }
            None => {
                run(db, text).await?;
                let values = [step.name.into(), checksum.into(), now.0.into()];
                let sql = "INSERT INTO migration (name, checksum, date_applied) VALUES ($1, $2, $3)";
                execute(db, sql, values).await?;
            }
        }
    }
    Ok(())
}

async fn state(db: &Db, steps: &[Migration]) -> Result<Vec<MigrationState>> {
    // A database that was never migrated has no table to read.
    let applied = applied(db).await.unwrap_or_default();
    let find = |name: &str| applied.iter().find(|(known, ..)| known == name).map(|(.., at)| Time(*at));
    Ok(steps
        .iter()
        .map(|step| MigrationState { name: step.name.to_owned(), date_applied: find(step.name) })
        .collect())
}

async fn applied(db: &Db) -> Result<Vec<(String, String, i64)>> {
    let statement = statement(db, "SELECT name, checksum, date_applied FROM migration ORDER BY name", []);
    let rows = db.conn().query_all_raw(statement).await.map_err(db::error)?;
    rows.iter()
        .map(|row| Ok((row.try_get_by(0)?, row.try_get_by(1)?, row.try_get_by(2)?)))
        .collect::<std::result::Result<_, sea_orm::DbErr>>()
        .map_err(db::error)
}

/// Keeps other nodes from setting the database up until the transaction ends; on SQLite a write transaction does.
pub(crate) async fn lock(db: &Db) -> Result<()> {
    match db.backend() {
        Backend::Postgres => run(db, &format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")).await,
        Backend::Sqlite => Ok(()),
    }
}

async fn run(db: &Db, sql: &str) -> Result<()> {
    db.conn().execute_unprepared(sql).await.map(drop).map_err(db::error)
}

/// A statement with `$1`-style values, which both databases take.
pub(crate) fn statement(db: &Db, sql: &str, values: impl IntoIterator<Item = sea_orm::Value>) -> Statement {
    let backend = match db.backend() {
        Backend::Postgres => DbBackend::Postgres,
        Backend::Sqlite => DbBackend::Sqlite,
    };
    Statement::from_sql_and_values(backend, sql, values)
}

/// Runs one statement with values; gives the number of rows that it changed.
pub(crate) async fn execute(
    db: &Db,
    sql: &str,
    values: impl IntoIterator<Item = sea_orm::Value>,
) -> Result<u64> {
    let done = db.conn().execute_raw(statement(db, sql, values)).await.map_err(db::error)?;
    Ok(done.rows_affected())
}
