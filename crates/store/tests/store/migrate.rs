//! Migrations are applied once, in one piece, and never changed; shipped data keeps what operators decided.

use std::collections::BTreeMap;

use whocpa_db_test::db_test;
use whocpa_domain::{Error, Result, Scope, Time};
use whocpa_store::testing::TestDb;
use whocpa_store::{Store, StoreConfig, currency, geo};

use crate::direct::{Direct, texts};
use crate::parity::schema;
use crate::rows::NOW;

const GEO: &str = include_str!("../../../../data/geo/geo.tsv");
const LATER: Time = Time(NOW.0 + 1000);

fn told<T>(result: Result<T>) -> String {
    match result {
        Err(Error::Internal(text)) => text,
        Err(other) => panic!("another refusal: {other:?}"),
        Ok(_) => panic!("not refused"),
    }
}

#[db_test]
async fn a_changed_file_is_refused(db: TestDb) {
    let direct = Direct::open(&db.config).await;
    for (connection, name) in [
        (&direct.main, "main/0001_core"),
        (&direct.main, "main/0002_immutable"),
        (&direct.main, "main/0010_transfer_currency"),
        (&direct.clicks, "clicks/0001_click"),
    ] {
        let set = async |from: &str, to: &str| {
            let sql = format!(
                "UPDATE migration SET checksum = replace(checksum, '{from}', '{to}') WHERE name = '{name}'"
            );
            sea_orm::ConnectionTrait::execute_unprepared(connection, &sql)
                .await
                .expect("change the checksum");
        };
        set("a", "A").await;
        let text = told(db.store.migrate(LATER).await);
        assert!(text.contains(name) && text.contains("changed"), "{text}");
        set("A", "a").await;
        db.store.migrate(LATER).await.expect("as it was");
    }
}

#[db_test]
async fn a_newer_database_is_refused(db: TestDb) {
    let direct = Direct::open(&db.config).await;
    for (connection, name) in [(&direct.main, "main/0999_future"), (&direct.clicks, "clicks/0999_future")] {
        let run = async |sql: String| {
            sea_orm::ConnectionTrait::execute_unprepared(connection, &sql).await.expect("run");
        };
        run(format!("INSERT INTO migration (name, checksum, date_applied) VALUES ('{name}', 'x', 1)")).await;
        let text = told(db.store.migrate(LATER).await);
        assert!(text.contains(name), "{text}");
        run(format!("DELETE FROM migration WHERE name = '{name}'")).await;
    }
    db.store.migrate(LATER).await.expect("known steps only");
}

/// The schema, the steps and the numbers of shipped rows.
async fn picture(store: &Store, direct: &Direct) -> (Vec<String>, Vec<i64>) {
    let steps = store.migrations().await.expect("the steps");
    let mut words: Vec<String> = steps.iter().map(|step| format!("{step:?}")).collect();
    words.extend(schema(direct).await);
    let mut counts = Vec::new();
    for table in ["geo", "currency", "secret", "sequence"] {
        counts.push(direct.number(&format!("SELECT count(*) FROM {table}")).await);
    }
    (words, counts)
}

#[db_test]
async fn migrating_twice_changes_nothing(db: TestDb) {
    let direct = Direct::open(&db.config).await;
    let steps = db.store.migrations().await.expect("the steps");
    assert!(steps.iter().all(|step| step.date_applied.is_some()), "{steps:?}");
    let before = picture(&db.store, &direct).await;
    db.store.migrate(LATER).await.expect("migrate again");
    assert_eq!(picture(&db.store, &direct).await, before);
    // Nodes of one network start together.
    let (first, second) = tokio::join!(db.store.migrate(LATER), db.store.migrate(LATER));
    first.and(second).expect("both");
    assert_eq!(picture(&db.store, &direct).await, before);
}

/// An empty database beside the given one.
async fn fresh(db: &TestDb) -> StoreConfig {
    let data_dir = db.dir.path().join("fresh");
    std::fs::create_dir(&data_dir).expect("a folder");
    let mut config = StoreConfig { data_dir, ..db.config.clone() };
    if let Some(url) = &db.config.database_url {
        let (server, name) = url.rsplit_once('/').expect("a database in the address");
        let direct = Direct::open(&db.config).await;
        direct.run(&format!("CREATE DATABASE {name}_fresh")).await.expect("an empty database");
        config.database_url = Some(format!("{server}/{name}_fresh"));
    }
    config
}

#[db_test]
async fn a_failed_migration_leaves_nothing(db: TestDb) {
    let config = fresh(&db).await;
    let direct = Direct::open(&config).await;
    // The first file's last table is in the way: it fails when nearly all of it is done.
    direct.run("CREATE TABLE transfer (x BIGINT)").await.expect("a table in the way");
    let before = schema(&direct).await;
    let store = Store::connect(&config).await.expect("connect");
    told(store.migrate(NOW).await);
    assert_eq!(schema(&direct).await, before, "all of it was taken back");
    assert!(store.migrations().await.expect("steps").iter().all(|step| step.date_applied.is_none()));

    direct.run("DROP TABLE transfer").await.expect("clear the way");
    store.migrate(NOW).await.expect("now it goes");
    assert_eq!(schema(&direct).await, schema(&Direct::open(&db.config).await).await);
    store.close().await;
}

#[db_test]
async fn shipped_regions_are_all_there(db: TestDb) {
    let mut shipped: BTreeMap<String, i64> = BTreeMap::new();
    for line in GEO.lines().skip(1) {
        *shipped.entry(line.split('\t').nth(2).expect("a type").to_owned()).or_default() += 1;
    }
    assert_eq!(shipped.get("30"), Some(&249), "ISO 3166 has 249 countries");
    let direct = Direct::open(&db.config).await;
    for (kind, count) in shipped {
        assert_eq!(
            direct.number(&format!("SELECT count(*) FROM geo WHERE type = {kind}")).await,
            count,
            "{kind}"
        );
    }
    let orphans = "SELECT count(*) FROM geo c WHERE parent_id IS NOT NULL \
                   AND NOT EXISTS (SELECT 1 FROM geo p WHERE p.id = c.parent_id)";
    assert_eq!(direct.number(orphans).await, 0);
    let codes = texts(&direct.main, "SELECT code FROM geo WHERE type = 30").await;
    assert_eq!(codes.len(), 249, "each country has a code of its own");
    let currencies = texts(&direct.main, "SELECT code FROM currency").await;
    assert!(["USD", "EUR", "UAH", "USDT"].iter().all(|code| currencies.contains(*code)), "{currencies:?}");
}

#[db_test]
async fn a_new_load_keeps_what_operators_decided(db: TestDb) {
    let direct = Direct::open(&db.config).await;
    let before = direct.number("SELECT count(*) FROM geo").await;
    let id = direct.number("SELECT id FROM geo WHERE type = 30 AND code = 'FR'").await;
    let changed = db.store.write(move |db| async move {
        let mut row = geo::view_for_update(&db, id).await?.ok_or(Error::NotFound)?;
        row.is_displayed = false;
        row.name_en = "An old name".to_owned();
        geo::update(&db, row).await?;
        let mut row = currency::view(&db, Scope::All, 978).await?.ok_or(Error::NotFound)?;
        row.is_active = false;
        row.name_en = "An old name".to_owned();
        currency::update(&db, row).await
    });
    changed.await.expect("change");
    let look = async || {
        let rows = geo::list(&db.store.read(), Scope::All).await.expect("regions");
        let geo = rows.into_iter().find(|row| row.id == id).expect("France");
        let money = currency::view(&db.store.read(), Scope::All, 978).await.expect("read").expect("euro");
        [(geo.name_en, geo.is_displayed), (money.name_en, money.is_active)]
    };
    db.store.migrate(LATER).await.expect("migrate");
    assert!(
        look().await.iter().all(|(name, on)| name == "An old name" && !on),
        "the data was loaded already"
    );
    // As when a new version brings new data.
    direct.run("DELETE FROM secret WHERE kind = 'seed_checksum'").await.expect("forget the load");
    db.store.migrate(LATER).await.expect("load anew");
    let [geo, money] = look().await;
    assert_eq!((geo.0.as_str(), geo.1), ("France", false));
    assert_eq!((money.0.as_str(), money.1), ("Euro", false));
    assert_eq!(direct.number("SELECT count(*) FROM geo").await, before);
}
