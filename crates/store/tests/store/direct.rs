//! Statements past the store's functions, as somebody with a database console would send them.

use std::collections::BTreeSet;
use std::io::Write as _;

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement,
};
use whocpa_store::StoreConfig;

/// Connections of one's own to the databases of a store.
pub struct Direct {
    pub main: DatabaseConnection,
    pub clicks: DatabaseConnection,
}

impl Direct {
    pub async fn open(config: &StoreConfig) -> Self {
        let options = |file: &str| {
            let url = match &config.database_url {
                Some(url) => url.clone(),
                None => format!("sqlite://{}?mode=rwc", config.data_dir.join(file).display()),
            };
            // As the store opens it: SQLite's rules about triggers belong to the connection.
            ConnectOptions::new(url)
                .map_sqlx_sqlite_opts(|options| options.pragma("recursive_triggers", "on"))
                .to_owned()
        };
        let main = Database::connect(options("whocpa.db")).await.expect("open the main database");
        let clicks = Database::connect(options("clicks.db")).await.expect("open the clicks' database");
        Self { main, clicks }
    }

    pub fn is_postgres(&self) -> bool {
        self.main.get_database_backend() == DbBackend::Postgres
    }

    /// Both databases; on PostgreSQL they are one.
    pub fn all(&self) -> Vec<&DatabaseConnection> {
        if self.is_postgres() { vec![&self.main] } else { vec![&self.main, &self.clicks] }
    }

    /// Runs statements in the main database.
    pub async fn run(&self, sql: &str) -> Result<(), DbErr> {
        self.main.execute_unprepared(sql).await.map(drop)
    }

    /// One whole number out of the main database.
    pub async fn number(&self, sql: &str) -> i64 {
        let rows = query(&self.main, sql).await;
        rows.first().expect("one row").try_get_by(0).expect("a whole number")
    }
}

pub async fn query(connection: &DatabaseConnection, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{error}: {sql}"))
}

/// The first column of a query, as a set of texts.
pub async fn texts(connection: &DatabaseConnection, sql: &str) -> BTreeSet<String> {
    let rows = query(connection, sql).await;
    rows.iter().map(|row| row.try_get_by(0).expect("a text")).collect()
}

/// A figure for the proof report, written whether the test passes or not.
pub fn tell(figure: &str) {
    writeln!(std::io::stdout(), "{figure}").expect("write to the terminal");
}
