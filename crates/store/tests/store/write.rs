//! The write door: all or nothing, one after another, lost races tried again; and what nodes share by it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use whocpa_db_test::db_test;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, Result, Scope};
use whocpa_store::testing::TestDb;
use whocpa_store::{Store, node, person};

use crate::direct::Direct;
use crate::rows::{self, NOW};

const TASKS: i64 = 8;

/// Runs the same work in eight tasks at once; gives what each had.
async fn at_once<T, F>(work: impl Fn(i64) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        tasks.spawn(work(task));
    }
    tasks.join_all().await
}

async fn counter(store: &Store, id: i64) -> i64 {
    let row = person::view(&store.read(), Scope::All, id).await.expect("read").expect("the person");
    row.comment.parse().expect("a number")
}

/// Adds one to the number in a person's comment, after looking at it.
async fn add_one(store: &Store, id: i64) -> Result<()> {
    let add = |db| async move {
        let mut row = person::view_for_update(&db, Scope::All, id).await?.ok_or(Error::NotFound)?;
        let number: i64 = row.comment.parse().expect("a number");
        tokio::task::yield_now().await;
        row.comment = (number + 1).to_string();
        person::update(&db, row).await
    };
    store.write(add).await
}

#[db_test]
async fn a_refused_write_leaves_nothing(db: TestDb) {
    let id = rows::person(&db.store, UserLevel::Webmaster, "wendy").await;
    let direct = Direct::open(&db.config).await;
    let before = direct.number("SELECT count(*) FROM person").await;
    let runs = AtomicU32::new(0);
    let runs = &runs;
    let refused = db.store.write(move |db| async move {
        runs.fetch_add(1, Ordering::Relaxed);
        let mut row = person::view_for_update(&db, Scope::All, id).await?.ok_or(Error::NotFound)?;
        row.comment = "77".to_owned();
        person::update(&db, row.clone()).await?;
        person::create(&db, person::User { id: 0, login: "walter".to_owned(), ..row }).await?;
        Err::<(), _>(Error::Conflict("no".to_owned()))
    });
    assert!(matches!(refused.await, Err(Error::Conflict(text)) if text == "no"));
    assert_eq!(runs.load(Ordering::Relaxed), 1, "a refusal is no lost race");
    assert_eq!(counter(&db.store, id).await, 0);
    assert_eq!(direct.number("SELECT count(*) FROM person").await, before);
}

#[db_test]
async fn lost_races_are_tried_again_and_then_told(db: TestDb) {
    let id = rows::person(&db.store, UserLevel::Webmaster, "wendy").await;
    for (lost, expected) in [(3, true), (u32::MAX, false)] {
        let runs = AtomicU32::new(0);
        let runs = &runs;
        let written = db.store.write(move |db| async move {
            let mut row = person::view_for_update(&db, Scope::All, id).await?.ok_or(Error::NotFound)?;
            let number: i64 = row.comment.parse().expect("a number");
            row.comment = (number + 1).to_string();
            person::update(&db, row).await?;
            if runs.fetch_add(1, Ordering::Relaxed) < lost {
                return Err(Error::Unavailable("lost a race".to_owned()));
            }
            Ok(())
        });
        assert_eq!(written.await.is_ok(), expected);
        assert_eq!(runs.load(Ordering::Relaxed), if expected { 4 } else { 6 });
    }
    assert_eq!(counter(&db.store, id).await, 1, "only the committed try counts");
}

#[db_test]
async fn eight_writers_of_one_row_lose_nothing(db: TestDb) {
    const TIMES: i64 = 50;
    let id = rows::person(&db.store, UserLevel::Webmaster, "wendy").await;
    let results = at_once(|_| {
        let store = db.store.clone();
        async move {
            for _ in 0..TIMES {
                add_one(&store, id).await?;
            }
            Ok::<(), Error>(())
        }
    });
    for result in results.await {
        result.expect("every write is done");
    }
    assert_eq!(counter(&db.store, id).await, TASKS * TIMES);
}

/// Two transactions that lock two rows crosswise: PostgreSQL ends one of them (40P01), and the door repeats it.
#[db_test]
async fn a_deadlock_is_solved(db: TestDb) {
    let first = rows::person(&db.store, UserLevel::Webmaster, "wendy").await;
    let second = rows::person(&db.store, UserLevel::Webmaster, "walter").await;
    let mut tasks = JoinSet::new();
    for pair in [[first, second], [second, first]] {
        let store = db.store.clone();
        tasks.spawn(async move {
            let work = |db| async move {
                for id in pair {
                    let row = person::view_for_update(&db, Scope::All, id).await?;
                    let mut row = row.ok_or(Error::NotFound)?;
                    let number: i64 = row.comment.parse().expect("a number");
                    row.comment = (number + 1).to_string();
                    person::update(&db, row).await?;
                    tokio::time::sleep(Duration::from_millis(60)).await;
                }
                Ok(())
            };
            store.write(work).await
        });
    }
    for result in tasks.join_all().await {
        result.expect("both are done in the end");
    }
    assert_eq!((counter(&db.store, first).await, counter(&db.store, second).await), (2, 2));
}

#[db_test]
async fn reserved_numbers_are_nobody_elses(db: TestDb) {
    const BLOCKS: i64 = 20;
    let blocks = at_once(|task| {
        let store = db.store.clone();
        async move {
            let mut blocks = Vec::new();
            for _ in 0..BLOCKS {
                let size = task + 1;
                blocks.push((store.sequence_reserve("lead", size).await.expect("a block"), size));
            }
            blocks
        }
    });
    let blocks = blocks.await.concat();
    let numbers: BTreeSet<i64> = blocks.iter().flat_map(|(first, size)| *first..first + size).collect();
    let count: i64 = blocks.iter().map(|(_, size)| size).sum();
    assert_eq!(i64::try_from(numbers.len()).expect("few"), count, "a number was given out twice");
    assert_eq!(numbers.first(), Some(&1));
    assert_eq!(numbers.last(), Some(&count), "nothing is skipped");
    assert!(db.store.sequence_reserve("unknown", 1).await.is_err());
}

async fn lease(store: &Store, holder: &str, at: i64) -> Option<i64> {
    let now = NOW.plus(at);
    let taken = store.write(move |db| async move { node::lease_take(&db, "job", holder, 30, now).await });
    taken.await.expect("an answer")
}

#[db_test]
async fn a_lease_has_one_holder_and_its_number_rises(db: TestDb) {
    let taken = at_once(|task| {
        let store = db.store.clone();
        async move { (task, lease(&store, &format!("node{task}"), 0).await) }
    });
    let holders: Vec<(i64, i64)> =
        taken.await.into_iter().filter_map(|(task, fence)| Some((task, fence?))).collect();
    let [(task, 1)] = holders[..] else { panic!("not one holder: {holders:?}") };
    let holder = format!("node{task}");
    assert_eq!(lease(&db.store, &holder, 20).await, Some(1), "keeping it changes no number");
    assert_eq!(lease(&db.store, "other", 45).await, None, "it was kept until 50");
    assert_eq!(lease(&db.store, "other", 51).await, Some(2));
    assert_eq!(lease(&db.store, &holder, 52).await, None);
    assert_eq!(lease(&db.store, &holder, 99).await, Some(3), "the number rises with every change of holder");
}

#[db_test]
async fn nodes_that_start_together_have_different_numbers(db: TestDb) {
    let taken = at_once(|task| {
        let store = db.store.clone();
        async move {
            let holder = &format!("node{task}");
            store.write(move |db| async move { node::take(&db, holder, NOW, 1_000).await }).await
        }
    });
    let leases: Vec<_> = taken.await.into_iter().map(|lease| lease.expect("a number")).collect();
    let numbers: BTreeSet<i64> = leases.iter().map(|lease| lease.id).collect();
    assert_eq!(numbers.len(), leases.len(), "{leases:?}");
    assert!(leases.iter().all(|lease| lease.issued_ms == 0), "all are fresh: {leases:?}");
}

#[db_test]
async fn a_reused_number_goes_on_after_what_it_issued(db: TestDb) {
    let direct = Direct::open(&db.config).await;
    let held = NOW.plus(50).0;
    let rows: Vec<String> = (0..whocpa_domain::tid::NODES)
        .map(|id| format!("({id}, 'node{id}', {}, {})", if id == 700 { NOW.0 - 1 } else { held }, 5_000 + id))
        .collect();
    let fill = format!("INSERT INTO node (id, holder, date_until, issued_ms) VALUES {}", rows.join(", "));
    direct.run(&fill).await.expect("numbers that are taken");
    let take = async |holder: &str, at: i64, issued_until_ms: i64| {
        let now = NOW.plus(at);
        let taken =
            db.store.write(move |db| async move { node::take(&db, holder, now, issued_until_ms).await });
        taken.await
    };
    let lease = take("new", 0, 10).await.expect("the one that is free");
    assert_eq!((lease.id, lease.issued_ms), (700, 5_700));
    let stored = direct.number("SELECT issued_ms FROM node WHERE id = 700").await;
    assert_eq!(stored, 5_700, "a clock that was set back does not lower it");
    assert!(matches!(take("late", 0, 10).await, Err(Error::Unavailable(_))), "all numbers are held");

    let keep = async |holder: &str, issued_ms: i64| {
        let kept =
            db.store.write(move |db| async move { node::keep(&db, 700, holder, NOW, issued_ms).await });
        kept.await.expect("an answer")
    };
    assert!(keep("new", 9_000).await && !keep("node700", 1).await);
    let back = db.store.write(|db| async move { node::give_back(&db, 700, "new", 9_500).await });
    back.await.expect("give it back");
    let lease = take("next", 1, 9_400).await.expect("the one that was given back");
    assert_eq!((lease.id, lease.issued_ms), (700, 9_500));
}
