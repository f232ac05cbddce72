//! How long the import of a large feed takes and how much memory it needs.
//!
//! `WHOCPA_FEED_GOODS=100000 cargo test -p whocpa --test feed_speed -- --nocapture --test-threads=1` prints the figures of
//! docs/performance.md; without the variable a small feed shows that it works.

#![expect(clippy::expect_used, reason = "a test that cannot have its network must fail")]

#[cfg(test)]
#[expect(dead_code, reason = "shared with tests that use all of it")]
mod support;

use std::fmt::Write as _;
use std::time::Instant;

use support::TestApp;
use whocpa_db_test::db_test;
use whocpa_domain::Level;
use whocpa_domain::input::{FileBytes, Input, RawParams, RawValue};
use whocpa_domain::user::UserLevel;
use whocpa_engine::Caller;
use whocpa_engine::feed::FeedUpdate;
use whocpa_store::testing::TestDb;

fn read<T: Input>(pairs: &[(&str, &str)], file: Option<&[u8]>) -> T {
    let mut raw = RawParams::default();
    for (name, value) in pairs {
        raw.push(name, RawValue::Text((*value).to_owned()));
    }
    if let Some(file) = file {
        raw.push("file", RawValue::File(FileBytes::new(file)));
    }
    raw.read().expect("good parameters")
}

/// A YML of so many goods, of which each fourth costs `price`.
fn yml(goods: usize, price: usize) -> Vec<u8> {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><yml_catalog><shop><categories><category id=\"1\">Tea</category></categories><offers>\n",
    );
    for n in 0..goods {
        let price = if n % 4 == 0 { price } else { 10 + n % 90 };
        let _ = writeln!(
            text,
            "<offer id=\"g{n}\"><name>Good number {n}</name><price>{price}.50</price><currencyId>USD</currencyId>\
             <categoryId>1</categoryId><vendor>Maker</vendor><url>https://shop.example/goods/{n}</url></offer>"
        );
    }
    text += "</offers></shop></yml_catalog>";
    text.into_bytes()
}

/// Most memory of this process since the last call, in MiB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    // Five forgets the peak.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    kilobytes.unwrap_or_default() / 1024
}

#[db_test]
async fn a_large_feed_is_imported_as_a_stream(db: TestDb) {
    let goods: usize =
        std::env::var("WHOCPA_FEED_GOODS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000);
    let database = if db.config.database_url.is_some() { "PostgreSQL" } else { "SQLite" };
    let app = TestApp::start(db).await;
    let engine = &app.state.engine;
    let key = app.key(UserLevel::Advertiser).await;
    let advertiser = engine.authenticate(&key, None).await.expect("the key opens");
    let advertiser = Caller::new(Level::Advertiser, advertiser.user_id);
    let category = engine
        .category_create(Caller::SYSTEM, read(&[("name_en", "Tea"), ("name_ru", "Чай")], None))
        .await
        .expect("a category")
        .to_string();
    let offer = [
        ("name", "Tea"),
        ("url_redirect", "https://shop.example/"),
        ("categories", category.as_str()),
        ("geo", "1"),
    ];
    let offer_id = engine.offer_create(advertiser, read(&offer, None)).await.expect("an offer").to_string();
    let create = read(&[("offer_id", &offer_id)], Some(&yml(goods, 5)));
    let id = engine.feed_create(advertiser, create).await.expect("a feed");
    let count = i64::try_from(goods).expect("a number");
    for (what, price, expected) in [
        ("new", 5, [count, 0, 0]),
        ("as they were", 5, [0, 0, count]),
        ("a fourth changed", 6, [0, count / 4, count - count / 4]),
    ] {
        if what != "new" {
            let update: FeedUpdate = read(&[], Some(&yml(goods, price)));
            engine.feed_update(advertiser, id, update).await.expect("another file");
        }
        peak_memory();
        let before = peak_memory();
        let began = Instant::now();
        assert_eq!(engine.feed_import_due().await.expect("import"), 1);
        let took = began.elapsed();
        let feed = engine.feed_view(advertiser, id).await.expect("view");
        assert_eq!([feed.rows_created, feed.rows_updated, feed.rows_unchanged], expected, "{}", feed.message);
        println!(
            "feed, {database}: {goods} goods {what}: {:.1} s, memory {before} MiB before, {} MiB at most",
            took.as_secs_f64(),
            peak_memory()
        );
    }
}
