//! Lists that change while they are written.

use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

use crate::network::{Network, earn};

/// What comes while a file is written shifts nothing.
#[db_test]
async fn a_list_that_grows_is_written_once(db: TestDb) {
    let net = Network::start(db).await;
    let profile = net.send(&net.webmaster, "GET", "/api/profile/", "").await.json();
    let webmaster = profile["objects"][0]["id"].as_i64().expect("an id");
    earn(&net.app.db.store, webmaster, 0, 3000).await;
    let id = net.make(&net.webmaster, "export", "resource=transfer&format=3&fields=id").await;
    let store = &net.app.db.store;
    let (done, ()) = tokio::join!(net.app.state.engine.export_run_due(), async {
        for number in 0..20 {
            earn(store, webmaster, 10_000 + number * 10, 10).await;
        }
    });
    assert_eq!(done.expect("a run"), 1);
    let file = String::from_utf8(net.fetch(&net.webmaster, id).await).expect("text");
    let ids: Vec<i64> = file
        .lines()
        .map(|line| line.trim_matches(|letter: char| !letter.is_ascii_digit()).parse().expect("an id"))
        .collect();
    assert!(ids.is_sorted_by(|one, two| one > two), "each once, the newest first");
    assert!(ids.len() >= 3000, "{}", ids.len());
}
