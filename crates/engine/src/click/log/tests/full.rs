//! A full disk: the reserve is used up first, then appends are unacknowledged, and space that returns is
//! used.
//!
//! Needs a file system that can be filled: a tmpfs of 2 MiB is mounted, which takes root.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::*;

const SEGMENT_BYTES: u64 = 128 << 10;

/// A mounted file system of 2 MiB, unmounted when dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> SmallDisk {
        let dir = folder();
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(dir.path()).status();
        assert!(
            mount.is_ok_and(|status| status.success()),
            "this test mounts a tmpfs of 2 MiB to fill it: it needs root or CAP_SYS_ADMIN"
        );
        SmallDisk(dir)
    }

    fn config(&self) -> LogConfig {
        LogConfig { segment_bytes: SEGMENT_BYTES, ..LogConfig::new(self.0.path().join("log")) }
    }

    /// Writes until nothing fits any more.
    fn fill(&self) -> PathBuf {
        let ballast = self.0.path().join("ballast");
        let written = std::io::copy(&mut std::io::repeat(1), &mut fs::File::create(&ballast).unwrap());
        assert_eq!(written.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

/// Appends until one is unacknowledged; the ids that were durable.
async fn append_until_refused(log: &ClickLog, first: i64) -> Vec<i64> {
    let mut durable = Vec::new();
    for id in first..first + 100_000 {
        if append(log, id).await == Durability::Unacknowledged {
            return durable;
        }
        durable.push(id);
    }
    panic!("the disk is never full");
}

/// Appends until the log has recovered as far as asked; the ids that were durable.
async fn append_until(log: &ClickLog, first: i64, recovered: impl Fn(LogStats) -> bool) -> Vec<i64> {
    let mut durable = Vec::new();
    for id in first..first + 500 {
        if append(log, id).await == Durability::Durable {
            durable.push(id);
        }
        if !durable.is_empty() && recovered(log.stats()) {
            return durable;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the log does not recover");
}

#[tokio::test]
async fn a_full_disk_leaves_the_reserve_and_the_log_recovers() {
    let disk = SmallDisk::mount();
    let log = ClickLog::open(&disk.config(), IDENTITY).unwrap();
    let mut durable = append_until(&log, 0, |stats| stats.reserve_segments == 2).await;
    let ballast = disk.fill();
    durable.extend(append_until_refused(&log, 1000).await);
    let written = log.stats().pending_bytes;
    assert!(written > 3 * SEGMENT_BYTES - 3 * 1024, "the reserve was not used: {written} bytes");
    assert_eq!(log.stats().reserve_segments, 0);
    assert_eq!(append(&log, 200_000).await, Durability::Unacknowledged);

    // A log opened on a full disk works as far as it can.
    drop(log);
    let log = ClickLog::open(&disk.config(), IDENTITY).unwrap();
    assert_eq!(append(&log, 200_001).await, Durability::Unacknowledged);

    // Draining alone gives space back.
    let batch = log.read(Mark::default(), usize::MAX, u64::MAX).unwrap();
    let next = Mark { segment: batch.next.segment + 1, offset: 0 };
    let mut ids: Vec<i64> = batch.iter().map(|(id, _)| id).collect();
    log.release(next).unwrap();
    durable.extend(append_until(&log, 300_000, |_| true).await);
    durable.extend(append_until_refused(&log, 400_000).await);

    // And so does whoever filled the disk.
    fs::remove_file(ballast).unwrap();
    durable.extend(append_until(&log, 600_000, |stats| stats.reserve_segments == 2).await);

    let (rest, _) = read_all(&log, batch.next);
    ids.extend(rest);
    assert_eq!(ids, durable);
}
