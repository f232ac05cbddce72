//! Sums of clicks: written once whatever is replayed, made anew from the clicks, and never without them.

use whocpa_db_test::db_test;
use whocpa_domain::click::Click;
use whocpa_domain::tid::click_id;
use whocpa_domain::time::DAY;
use whocpa_store::click::ClickMark;
use whocpa_store::stats;
use whocpa_store::testing::TestDb;

use crate::direct::{Direct, query, texts};
use crate::stats::{DAYS, START, World};

const TABLES: [(&str, &str); 6] = [
    ("stat_webmaster", "webmaster_id || ' ' || bucket"),
    ("stat_offer", "offer_id || ' ' || bucket"),
    ("stat_country", "bucket || country || device"),
    ("stat_day", "day || ' ' || webmaster_id || ' ' || offer_id"),
    ("stat_offer_day", "day || ' ' || offer_id || country || device"),
    ("stat_country_day", "day || country || device"),
];

/// All sums, as sentences.
async fn sums(db: &TestDb) -> Vec<String> {
    let direct = Direct::open(&db.config).await;
    let mut all = Vec::new();
    for (table, key) in TABLES {
        let sql = format!(
            "SELECT '{table} ' || {key} || ': ' || clicks || ' ' || uniques || ' ' || bots || ' ' || unsent FROM {table}"
        );
        let found = texts(&direct.clicks, &sql).await;
        assert!(!found.is_empty(), "{table} is empty");
        all.extend(found);
    }
    all.sort();
    all
}

async fn rebuild(db: &TestDb) {
    let (from, until) = stats::rebuild_days(&db.store.clicks()).await.expect("days");
    assert_eq!(until - from, DAYS, "all days are kept");
    for day in from..until {
        let made = db.store.write_clicks(move |db| async move { stats::rebuild_day(&db, day).await });
        made.await.expect("a day");
    }
}

#[db_test]
async fn sums_are_made_anew_from_clicks_and_replays_add_nothing(db: TestDb) {
    let world = World::new(&db.store, |_| true).await;
    let before = sums(&db).await;
    // What a drainer does after a crash, and worse: the same clicks under another mark.
    for batch in [&world.clicks[..300], &world.clicks[200..500], &world.clicks[..1]] {
        let again = [batch, batch].concat();
        db.store.click_write("log", ClickMark { segment: 2, place: 1 }, &again).await.expect("a replay");
    }
    assert_eq!(sums(&db).await, before, "a replay is counted again");
    rebuild(&db).await;
    assert_eq!(sums(&db).await, before, "made anew, they are others");
    let damage = db.store.write_clicks(|db| async move {
        stats::rebuild_day(&db, START / DAY).await?;
        Ok(())
    });
    damage.await.expect("one day");
    let direct = Direct::open(&db.config).await;
    for sql in [
        "UPDATE stat_day SET clicks = clicks + 1",
        "DELETE FROM stat_country WHERE device = 1",
        "DELETE FROM stat_webmaster WHERE clicks > 0",
        "UPDATE stat_offer SET bots = 9",
    ] {
        query(&direct.clicks, sql).await;
    }
    assert_ne!(sums_or_none(&db).await, before);
    rebuild(&db).await;
    assert_eq!(sums(&db).await, before, "damage is mended");
}

async fn sums_or_none(db: &TestDb) -> Vec<String> {
    let direct = Direct::open(&db.config).await;
    texts(&direct.clicks, "SELECT '' || clicks FROM stat_day").await.into_iter().collect()
}

#[db_test]
async fn a_batch_that_fails_counts_nothing(db: TestDb) {
    World::new(&db.store, |_| true).await;
    let before = sums(&db).await;
    let click = &[Click { id: click_id(START * 1000, 9, 9), ..Click::default() }];
    let failed = db.store.write_clicks(move |db| async move {
        whocpa_store::click::create(&db, "log", ClickMark { segment: 3, place: 0 }, click).await?;
        Err::<(), _>(whocpa_domain::Error::Internal("the power went".to_owned()))
    });
    assert!(failed.await.is_err());
    assert_eq!(sums(&db).await, before);
}
