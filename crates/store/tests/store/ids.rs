//! A number is never given twice, also when what had it is gone.

use whocpa_db_test::db_test;
use whocpa_domain::Time;
use whocpa_store::category::{self, Category};
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::testing::TestDb;

use crate::direct::Direct;
use crate::rows::NOW;

/// Tables that lose rows.
const LOSING: [&str; 12] = [
    "category",
    "change",
    "claim",
    "connection",
    "delivery",
    "feed",
    "landing",
    "news",
    "offer",
    "product",
    "promo",
    "stock",
];

#[db_test]
async fn what_is_gone_takes_its_number_with_it(db: TestDb) {
    let mut last = 0;
    for _ in 0..3 {
        let made = db.store.write(move |db| async move {
            let row =
                Category { id: 0, name_en: "Tea".to_owned(), name_ru: "Tea".to_owned(), is_active: true };
            let id = category::create(&db, row).await?;
            category::delete(&db, id).await.map(|is_gone| (id, is_gone))
        });
        let (id, is_gone) = made.await.expect("a category that comes and goes");
        assert!(is_gone && id > last, "{id} after {last}");
        last = id;
    }
}

/// An hour in which nothing happens empties the log of changes. Who has read it up to a number must find what comes then
/// behind that number.
#[db_test]
async fn an_empty_change_log_goes_on_where_it_was(db: TestDb) {
    let note = async || {
        let noted = db.store.write(|db| async move { change::create(&db, ChangeKind::Link, 7, NOW).await });
        noted.await.expect("a change");
    };
    for _ in 0..3 {
        note().await;
    }
    let read = change::list(&db.store.read(), 0, &[]).await.expect("the changes");
    let mark = read.last().expect("three changes").id;
    let later = Time(NOW.0 + 1);
    db.store.write(move |db| async move { change::delete(&db, later).await }).await.expect("an empty log");
    assert!(change::list(&db.store.read(), 0, &[]).await.expect("nothing").is_empty());
    note().await;
    let read = change::list(&db.store.read(), mark, &[]).await.expect("the changes");
    assert_eq!(read.len(), 1, "what comes after the mark is found behind it");
}

#[db_test]
async fn every_table_that_loses_rows_counts_on(db: TestDb) {
    let direct = Direct::open(&db.config).await;
    for table in LOSING {
        let sql = if direct.is_postgres() {
            format!("SELECT COUNT(pg_get_serial_sequence('{table}', 'id'))")
        } else {
            format!(
                "SELECT COUNT(*) FROM sqlite_master WHERE name = '{table}' AND sql LIKE '%AUTOINCREMENT%' \
                 AND EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = '{table}')"
            )
        };
        assert_eq!(direct.number(&sql).await, 1, "{table}");
    }
    if !direct.is_postgres() {
        let sound = "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'";
        assert_eq!(direct.number(sound).await, 1);
    }
}
