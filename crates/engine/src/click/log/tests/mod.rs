//! Tests of the click log against real files: what each promise of the module means when tried.

mod basic;
mod crash;
mod damage;
mod full;
mod model;

use std::path::Path;

use tempfile::TempDir;
use tokio::task::JoinSet;

use super::*;

const IDENTITY: &str = "00c0ffee00c0ffee";

/// The smallest segments, so that a few records roll, release and recycle them.
fn small(dir: &Path) -> LogConfig {
    LogConfig { segment_bytes: 4 << 10, ..LogConfig::new(dir) }
}

fn open(dir: &Path) -> ClickLog {
    ClickLog::open(&small(dir), IDENTITY).unwrap()
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn list(ids: impl Iterator<Item = i64>) -> Vec<i64> {
    ids.collect()
}

/// A payload that tells its id and is checked against it.
fn payload(id: i64) -> Vec<u8> {
    let size = usize::try_from(id.rem_euclid(7) * 40).unwrap();
    id.to_le_bytes().into_iter().cycle().take(size).collect()
}

async fn append(log: &ClickLog, id: i64) -> Durability {
    log.append(id, |bytes| bytes.extend_from_slice(&payload(id))).await
}

/// Appends the ids at once, as that many requests would; they must become durable.
async fn append_all(log: &ClickLog, ids: impl IntoIterator<Item = i64>) {
    let mut requests = JoinSet::new();
    for id in ids {
        let log = log.clone();
        requests.spawn(async move { append(&log, id).await });
    }
    for durability in requests.join_all().await {
        assert_eq!(durability, Durability::Durable);
    }
}

/// The ids behind `from` in log order, with checked payloads, and the mark behind them.
fn read_all(log: &ClickLog, from: Mark) -> (Vec<i64>, Mark) {
    let (mut ids, mut mark) = (Vec::new(), from);
    loop {
        let batch = log.read(mark, 10, 1000).unwrap();
        if batch.records.is_empty() {
            assert_eq!(batch.next, mark);
            return (ids, mark);
        }
        for (id, bytes) in batch.iter() {
            assert_eq!(bytes, payload(id), "payload of {id}");
            ids.push(id);
        }
        assert!(batch.next > mark);
        mark = batch.next;
    }
}
