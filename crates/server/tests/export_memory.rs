//! How much memory an export of 100 000 rows takes: it does not grow with them. Alone in its process, to be measured.

use std::time::{Duration, Instant};

use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

use crate::network::{Network, earn};

#[cfg(test)]
#[expect(dead_code, reason = "shared with tests that use all of it")]
#[path = "exports/network.rs"]
mod network;
#[cfg(test)]
#[expect(dead_code, reason = "shared with tests that use all of it")]
mod support;

/// Rows of the long list.
const ROWS: i64 = 100_000;
/// One database after the other.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Memory of this process, in KiB.
fn memory() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[db_test]
async fn memory_does_not_grow_with_the_rows(db: TestDb) {
    let _alone = ALONE.lock().await;
    let (net, rows) = (Network::start(db).await, ROWS);
    let profile = net.send(&net.webmaster, "GET", "/api/profile/", "").await.json();
    let webmaster = profile["objects"][0]["id"].as_i64().expect("an id");
    earn(&net.app.db.store, webmaster, 0, rows).await;
    for format in [1, 2, 3] {
        let id = net.make(&net.webmaster, "export", &format!("resource=transfer&format={format}")).await;
        let (before, begun) = (memory(), Instant::now());
        let mut most = before;
        let mut run = std::pin::pin!(net.app.state.engine.export_run_due());
        let done = loop {
            tokio::select! {
                done = &mut run => break done,
                () = tokio::time::sleep(Duration::from_millis(20)) => most = most.max(memory()),
            }
        };
        assert_eq!(done.expect("a run"), 1);
        let view = net.view(&net.webmaster, id).await;
        assert_eq!((&view["status"], &view["row_count"]), (&2.into(), &rows.into()), "{view}");
        let grown = (most - before) / 1024;
        println!(
            "{rows} rows, format {format}: {} bytes, {:?}, {grown} MiB more at most",
            view["size"],
            begun.elapsed()
        );
        assert!(grown < 64, "{grown} MiB");
    }
}
