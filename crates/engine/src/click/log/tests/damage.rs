//! Torn tails, foreign and damaged files, and writes that fail.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use super::*;

fn segment(dir: &TempDir, number: u64) -> PathBuf {
    dir.path().join(format!("{number:012}.log"))
}

#[tokio::test]
async fn a_torn_tail_ends_a_segment_at_the_last_whole_record() {
    let dir = folder();
    let log = open(dir.path());
    append_all(&log, 1..4).await;
    let ends: Vec<u64> = (1..4).map(|n| log.read(Mark::default(), n, 4096).unwrap().next.offset).collect();
    drop(log);
    let whole = fs::read(segment(&dir, 1)).unwrap();

    for torn in (0..usize::try_from(ends[2]).unwrap()).step_by(3) {
        // A power cut loses a sector anywhere behind what was synced: one flipped byte stands for it.
        let mut bytes = whole.clone();
        bytes[torn] ^= 0x55;
        fs::write(segment(&dir, 1), &bytes).unwrap();
        let kept = if torn < 40 { 0 } else { ends.iter().filter(|end| **end <= torn as u64).count() };
        let log = open(dir.path());
        let (ids, _) = read_all(&log, Mark::default());
        assert_eq!(ids, list((1..4).take(kept)), "byte {torn}");
    }
}

#[tokio::test]
async fn nothing_is_appended_behind_a_torn_tail() {
    let dir = folder();
    let log = open(dir.path());
    append_all(&log, 0..3).await;
    let mark = read_all(&log, Mark::default()).1;
    drop(log);
    let file = fs::OpenOptions::new().write(true).open(segment(&dir, 1)).unwrap();
    file.set_len(mark.offset - 1).unwrap();

    let log = open(dir.path());
    append_all(&log, 3..6).await;
    assert_eq!(read_all(&log, Mark::default()).0, [0, 1, 3, 4, 5]);
    // A mark behind what the power cut took does not skip what came after.
    assert_eq!(read_all(&log, mark).0, [3, 4, 5]);
}

#[tokio::test]
async fn stale_records_of_a_recycled_file_never_validate() {
    let dir = folder();
    // Of equal size, so that old and new records lie at the same offsets.
    let equal = async |log: &ClickLog, id| log.append(id, |bytes| bytes.extend_from_slice(&[7; 100])).await;
    let log = open(dir.path());
    for id in 0..20 {
        assert_eq!(equal(&log, id).await, Durability::Durable);
    }
    let mark = log.read(Mark::default(), usize::MAX, u64::MAX).unwrap().next;
    drop(log);
    for entry in fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.extension().is_some_and(|extension| extension == "spare") {
            fs::copy(segment(&dir, 1), entry).unwrap();
        }
    }
    let log = open(dir.path());
    assert_eq!(equal(&log, 20).await, Durability::Durable);
    drop(log);
    let batch = open(dir.path()).read(mark, usize::MAX, u64::MAX).unwrap();
    assert_eq!(list(batch.iter().map(|(id, _)| id)), [20]);
}

#[tokio::test]
async fn a_failed_sync_abandons_the_segment() {
    let dir = folder();
    let log = open(dir.path());
    append_all(&log, 0..3).await;
    log.0.shared.failures.store(1, Ordering::Relaxed);
    assert_eq!(append(&log, 3).await, Durability::Unacknowledged);
    assert_eq!(read_all(&log, Mark::default()).0, [0, 1, 2]);

    // A segment that lasted less than the retry time may have a bad disk below it, so the next one waits.
    while append(&log, 4).await == Durability::Unacknowledged {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let (ids, mark) = read_all(&log, Mark::default());
    assert_eq!((ids, mark.segment), (vec![0, 1, 2, 4], 2));
    assert_eq!(log.stats().sync_errors, 1);

    log.release(mark).unwrap();
    assert!(!segment(&dir, 1).exists());
}

#[tokio::test]
async fn a_disk_that_keeps_failing_uses_up_no_space() {
    let dir = folder();
    let log = open(dir.path());
    log.0.shared.failures.store(u64::MAX, Ordering::Relaxed);
    for id in 0..50 {
        assert_eq!(append(&log, id).await, Durability::Unacknowledged);
    }
    let stats = log.stats();
    assert_eq!((stats.segments, stats.unacknowledged), (0, 50));
    assert!(stats.sync_errors < 5, "{stats:?}");
}

#[tokio::test]
async fn damage_under_the_reader_is_an_error_and_can_be_stepped_over() {
    let dir = folder();
    let log = open(dir.path());
    append_all(&log, 0..100).await;
    let mut bytes = fs::read(segment(&dir, 2)).unwrap();
    bytes[50] ^= 1;
    fs::write(segment(&dir, 2), &bytes).unwrap();

    let mut mark = Mark::default();
    let error = loop {
        match log.read(mark, 1000, u64::MAX) {
            Ok(batch) => mark = batch.next,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, LogError::Corrupt { segment: 2, offset: 40 }), "{error}");
    assert!(read_all(&log, Mark { segment: 3, offset: 0 }).0.contains(&99));
}

#[tokio::test]
async fn a_foreign_segment_is_refused() {
    let (ours, theirs) = (folder(), folder());
    drop(open(ours.path()));
    let log = ClickLog::open(&small(theirs.path()), "ffffffffffffffff").unwrap();
    append_all(&log, [1]).await;
    fs::copy(segment(&theirs, 1), segment(&ours, 1)).unwrap();
    assert!(matches!(ClickLog::open(&small(ours.path()), IDENTITY), Err(LogError::Foreign(_))));
}
