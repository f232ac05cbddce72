//! Appending, reading, releasing and finding while nothing goes wrong but the caller.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn records_are_read_in_order_across_segments_and_runs() {
    let dir = folder();
    let log = open(dir.path());
    append_all(&log, 0..100).await;
    let (ids, mark) = read_all(&log, Mark::default());
    assert_eq!(ids, list(0..100));
    assert!(log.stats().segments > 2);
    drop(log);

    let log = open(dir.path());
    append_all(&log, 100..150).await;
    assert_eq!(read_all(&log, mark).0, list(100..150));
    assert_eq!(read_all(&log, Mark::default()).0, list(0..150));
}

#[tokio::test]
async fn requests_share_a_sync() {
    let dir = folder();
    let log = open(dir.path());
    append_all(&log, 0..500).await;
    let stats = log.stats();
    assert_eq!((stats.appended, stats.durable, stats.unacknowledged), (500, 500, 0));
    assert!(stats.groups < 100, "{stats:?}");
}

#[tokio::test]
async fn released_segments_become_the_reserve_and_the_last_number_is_kept() {
    let dir = folder();
    let log = open(dir.path());
    append_all(&log, 0..200).await;
    let (_, mark) = read_all(&log, Mark::default());
    log.release(mark).unwrap();
    let stats = log.stats();
    assert_eq!((stats.segments, stats.pending_bytes, stats.reserve_segments), (1, 0, 2));
    assert_eq!(log.find(199).unwrap(), None);
    drop(log);

    // What the recycled files hold from before never validates.
    let log = open(dir.path());
    assert!(read_all(&log, mark).0.is_empty());
    append_all(&log, 200..300).await;
    let (ids, end) = read_all(&log, mark);
    assert_eq!(ids, list(200..300));
    assert!(end.segment > mark.segment);
}

#[tokio::test]
async fn find_reads_undrained_records_only() {
    let dir = folder();
    let config = LogConfig { segment_bytes: 256 << 10, ..LogConfig::new(dir.path()) };
    let log = ClickLog::open(&config, IDENTITY).unwrap();
    // Pairs swapped: ids arrive almost in order.
    append_all(&log, (0..4000).map(|id| id ^ 1)).await;
    for id in (0..4000).step_by(97) {
        assert_eq!(log.find(id).unwrap(), Some(payload(id)), "{id}");
    }
    assert_eq!(log.find(4000).unwrap(), None);
    let batch = log.read(Mark::default(), 1000, u64::MAX).unwrap();
    log.release(batch.next).unwrap();
    assert_eq!(log.find(998).unwrap(), None);
    assert_eq!(log.find(1000).unwrap(), Some(payload(1000)));
    // A mark from beyond the end hides nothing that comes later.
    log.release(Mark { segment: u64::MAX, offset: 0 }).unwrap();
    append_all(&log, [5000]).await;
    assert_eq!(log.find(5000).unwrap(), Some(payload(5000)));
    drop(log);
    let log = ClickLog::open(&config, IDENTITY).unwrap();
    assert_eq!(log.find(3999).unwrap(), Some(payload(3999)));
}

#[tokio::test]
async fn a_waiting_reader_hears_of_the_next_record() {
    let dir = folder();
    let log = open(dir.path());
    append_all(&log, [1]).await;
    log.wait_after(Mark::default()).await;
    let (_, mark) = read_all(&log, Mark::default());
    let waiter = tokio::spawn({
        let log = log.clone();
        async move { log.wait_after(mark).await }
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(!waiter.is_finished());
    append_all(&log, [2]).await;
    waiter.await.unwrap();
    assert_eq!(read_all(&log, mark).0, [2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn draining_and_finding_go_on_beside_appending() {
    let dir = folder();
    let log = open(dir.path());
    let mut requests = JoinSet::new();
    for first in (0..2000).step_by(250) {
        let log = log.clone();
        requests.spawn(async move {
            for id in first..first + 250 {
                assert_eq!(append(&log, id).await, Durability::Durable);
                let found = log.find(id).unwrap();
                assert!(found.is_none_or(|found| found == payload(id)), "{id}");
            }
        });
    }
    let (mut drained, mut mark) = (Vec::new(), Mark::default());
    while drained.len() < 2000 {
        log.wait_after(mark).await;
        let (ids, next) = read_all(&log, mark);
        log.release(next).unwrap();
        drained.extend(ids);
        mark = next;
    }
    requests.join_all().await;
    drained.sort_unstable();
    assert_eq!(drained, list(0..2000));
}

#[tokio::test]
async fn a_record_may_fill_a_segment_but_not_more() {
    let dir = folder();
    let log = open(dir.path());
    let largest = 4096 - 40 - 16;
    for (size, expected) in [(largest + 1, Durability::Unacknowledged), (largest, Durability::Durable)] {
        assert_eq!(log.append(7, |bytes| bytes.resize(bytes.len() + size, 1)).await, expected);
    }
    let batch = log.read(Mark::default(), 10, 1).unwrap();
    assert_eq!(batch.iter().map(|(_, bytes)| bytes.len()).collect::<Vec<_>>(), [largest]);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let dir = folder();
    let log = ClickLog::open(&LogConfig { queue_bytes: 0, ..small(dir.path()) }, IDENTITY).unwrap();
    assert_eq!(append(&log, 1).await, Durability::Unacknowledged);
    assert_eq!(log.stats().unacknowledged, 1);
}

#[tokio::test]
async fn a_panicking_encoder_harms_only_itself() {
    let dir = folder();
    let log = open(dir.path());
    let panicking = tokio::spawn({
        let log = log.clone();
        async move {
            log.append(1, |bytes| {
                bytes.extend_from_slice(b"half a rec");
                panic!("no more");
            })
            .await
        }
    });
    assert!(panicking.await.unwrap_err().is_panic());
    append_all(&log, 2..20).await;
    assert_eq!(read_all(&log, Mark::default()).0, list(2..20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_requests_do_not_hold_up_their_group() {
    let dir = folder();
    let log = open(dir.path());
    for round in 0..100 {
        let mut requests = JoinSet::new();
        for id in 0..8 {
            let log = log.clone();
            let patience = if id % 2 == 0 { Duration::from_micros(150) } else { Duration::from_secs(10) };
            requests.spawn(async move {
                let answer = tokio::time::timeout(patience, append(&log, round * 8 + id)).await;
                assert!(id % 2 == 0 || answer == Ok(Durability::Durable));
            });
        }
        requests.join_all().await;
    }
    log.close();
    let (mut ids, _) = read_all(&log, Mark::default());
    ids.sort_unstable();
    assert_eq!(ids, list(0..800), "a cancelled request's record is written all the same");
}

#[tokio::test]
async fn a_closed_log_is_still_read() {
    let dir = folder();
    let log = open(dir.path());
    append_all(&log, 0..10).await;
    log.close();
    assert_eq!(append(&log, 10).await, Durability::Unacknowledged);
    assert_eq!(read_all(&log, Mark::default()).0, list(0..10));
}

#[test]
fn the_identity_is_kept_and_the_folder_locked() {
    let dir = folder();
    let log = open(dir.path());
    assert!(matches!(ClickLog::open(&small(dir.path()), IDENTITY), Err(LogError::Locked(_))));
    drop(log);
    let log = ClickLog::open(&small(dir.path()), "ffffffffffffffff").unwrap();
    assert_eq!(log.identity(), IDENTITY);
    let new = folder();
    assert!(matches!(ClickLog::open(&small(new.path()), "not hex"), Err(LogError::Identity(_))));
}
