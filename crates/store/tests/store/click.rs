//! Clicks are stored in batches: once each, whole, and with the log's mark in the same transaction.

use whocpa_db_test::db_test;
use whocpa_domain::click::Click;
use whocpa_domain::{Error, Scope};
use whocpa_store::click::{self, ClickMark};
use whocpa_store::testing::TestDb;
use whocpa_store::{Db, Store};

const LOG: &str = "node0";

fn a_click(id: i64, text: &str) -> Click {
    let text = |column: &str| format!("{column}{text}");
    Click {
        id,
        link_id: 1,
        offer_id: 2,
        webmaster_id: id % 3,
        area_id: 0,
        reason: 0,
        code: text("code"),
        ip: text("ip"),
        country: text("country"),
        ua: text("ua"),
        language: text("language"),
        referer: text("referer"),
        keyword: text("keyword"),
        subid: [text("1"), text("2"), text("3"), text("4"), text("5")],
        query: text("query"),
        cookie_ttl_days: 30,
        way: 1,
        device: 2,
        os: text("os"),
        os_version: text("os_version"),
        browser: text("browser"),
        browser_version: text("browser_version"),
        bot_mark: 3,
        is_unique: id % 2 == 0,
        landing_id: 11,
        promo_id: 12,
        product_id: 13,
        stock_id: 14,
        deeplink_id: 15,
        domain_id: 16,
        trace: text("trace"),
        params: text("params"),
    }
}

fn clicks(ids: std::ops::Range<i64>) -> Vec<Click> {
    ids.map(|id| a_click(id, "")).collect()
}

fn mark(segment: i64, place: i64) -> ClickMark {
    ClickMark { segment, place }
}

async fn create(store: &Store, to: ClickMark, clicks: &[Click]) {
    let stored = store.write_clicks(move |db| async move { click::create(&db, LOG, to, clicks).await });
    stored.await.expect("store clicks");
}

async fn count(db: &Db) -> i64 {
    click::count(db, Scope::All).await.expect("count")
}

async fn marked(db: &Db, log: &str) -> ClickMark {
    click::mark(db, log).await.expect("the mark")
}

#[db_test]
async fn batches_of_every_size_are_whole(db: TestDb) {
    let mut first = 1;
    for size in [1, 1023, 1024, 1025, 5000] {
        create(&db.store, mark(1, first), &clicks(first..first + size)).await;
        first += size;
        assert_eq!(count(&db.store.clicks()).await, first - 1, "after a batch of {size}");
    }
    create(&db.store, mark(9, 9), &[]).await;
    assert_eq!(marked(&db.store.clicks(), LOG).await, mark(9, 9), "an empty batch moves the mark too");
    let ids: Vec<i64> = (first - 20..first + 5).collect();
    let found = click::find(&db.store.clicks(), &ids).await.expect("find");
    assert_eq!(found.into_values().collect::<Vec<_>>(), clicks(first - 20..first));
    let own = click::count(&db.store.clicks(), Scope::Webmaster(1)).await.expect("count");
    assert_eq!(own, i64::try_from((1..first).filter(|id| id % 3 == 1).count()).expect("few"));
    for nobody in [Scope::Public, Scope::Advertiser(1)] {
        assert_eq!(click::count(&db.store.clicks(), nobody).await.expect("count"), 0);
    }
}

#[db_test]
async fn a_replay_adds_and_changes_nothing(db: TestDb) {
    create(&db.store, mark(1, 10), &clicks(1..100)).await;
    let mut again = clicks(50..150);
    for click in &mut again {
        click.keyword = "replayed".to_owned();
    }
    create(&db.store, mark(1, 20), &again).await;
    create(&db.store, mark(1, 20), &again).await;
    assert_eq!(count(&db.store.clicks()).await, 149);
    let found = click::find(&db.store.clicks(), &[99, 100]).await.expect("find");
    assert_eq!(found[&99].keyword, "keyword", "what is stored stays");
    assert_eq!(found[&100].keyword, "replayed");
    // The same id twice in one batch is one click.
    create(&db.store, mark(1, 30), &[a_click(500, "a"), a_click(500, "b"), a_click(501, "")]).await;
    assert_eq!(count(&db.store.clicks()).await, 151);
}

#[db_test]
async fn the_mark_moves_with_the_clicks_or_not_at_all(db: TestDb) {
    assert_eq!(marked(&db.store.clicks(), LOG).await, ClickMark::default());
    create(&db.store, mark(1, 10), &clicks(1..4)).await;
    let batch = &clicks(4..2000);
    let failed = db.store.write_clicks(move |db| async move {
        click::create(&db, LOG, mark(2, 0), batch).await?;
        assert_eq!(count(&db).await, 1999, "seen inside the transaction");
        Err::<(), _>(Error::Internal("the power went".to_owned()))
    });
    assert!(failed.await.is_err());
    assert_eq!(count(&db.store.clicks()).await, 3);
    assert_eq!(marked(&db.store.clicks(), LOG).await, mark(1, 10));
    assert_eq!(marked(&db.store.clicks(), "node1").await, ClickMark::default(), "each log has its own");
    create(&db.store, mark(2, 0), batch).await;
    assert_eq!((count(&db.store.clicks()).await, marked(&db.store.clicks(), LOG).await), (1999, mark(2, 0)));
}

#[db_test]
async fn strange_texts_survive(db: TestDb) {
    let long = "длинно".repeat(700);
    let strange = [
        "",
        "'; DROP TABLE click; --",
        "\"double\" 'single' `back` \\ % _ $1 ?1 :name",
        "Привіт 你好 🦊 é e\u{301} \u{202e}שלום",
        "\u{fffd}\u{feff}\u{200b}",
        "\t\r\n\u{1}\u{7f}\u{85}\u{10ffff}",
        " leading and trailing ",
        &long,
    ];
    let batch: Vec<Click> = (1..).zip(strange).map(|(id, text)| a_click(id, text)).collect();
    create(&db.store, mark(1, 1), &batch).await;
    let ids: Vec<i64> = batch.iter().map(|click| click.id).collect();
    let found = click::find(&db.store.clicks(), &ids).await.expect("find");
    assert_eq!(found.into_values().collect::<Vec<_>>(), batch);
    let huge = Click { id: i64::MAX, link_id: i64::MAX, reason: i64::MIN, ..a_click(0, "") };
    create(&db.store, mark(i64::MAX, i64::MAX), std::slice::from_ref(&huge)).await;
    assert_eq!(click::find(&db.store.clicks(), &[i64::MAX]).await.expect("find")[&i64::MAX], huge);
}
