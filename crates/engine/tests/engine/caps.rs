//! Caps of clicks that are set while visitors come are exact from the answer on, wherever the clicks are by then; nodes
//! share theirs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use whocpa_db_test::db_test;
use whocpa_domain::Error;
use whocpa_domain::click::ClickReason;
use whocpa_domain::user::UserLevel;
use whocpa_engine::click::Visit;
use whocpa_engine::lead::{Conversion, Verdict};
use whocpa_engine::{Engine, EngineConfig, Rng};
use whocpa_store::click;
use whocpa_store::link::{self, Link};
use whocpa_store::testing::TestDb;

use crate::routing::{Routed, routed};
use crate::world::read;

/// Keeps the drainer from storing anything until it is told to go on.
struct Held {
    go_on: Arc<Notify>,
    holder: tokio::task::JoinHandle<()>,
}

impl Held {
    async fn new(run: &Routed) -> Self {
        let path = run.world.test.config.data_dir.join("clicklog/identity");
        let log = std::fs::read_to_string(path).expect("the log's identity");
        let (go_on, held) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (store, going, holding) = (run.world.test.store.clone(), Arc::clone(&go_on), Arc::clone(&held));
        let holder = tokio::spawn(async move {
            let (log, going, holding) = (&log, &going, &holding);
            let work = |db| async move {
                let mark = click::mark(&db, log).await?;
                click::create(&db, log, mark, &[]).await?;
                holding.notify_one();
                going.notified().await;
                Err::<(), _>(Error::Internal("nothing is to be written".to_owned()))
            };
            store.write_clicks(work).await.expect_err("rolled back");
        });
        held.notified().await;
        Self { go_on, holder }
    }

    async fn release(self) {
        self.go_on.notify_one();
        self.holder.await.expect("the holder");
    }
}

#[db_test]
async fn a_cap_counts_what_waits_in_the_log(test: TestDb) {
    let run = routed(test).await;
    let held = Held::new(&run).await;
    for _ in 0..5 {
        assert_eq!(run.click("").await.reason, ClickReason::Sent);
    }
    assert!(run.world.engine.click_log_stats().pending_bytes > 0, "they wait in the log");
    let caps =
        r#"[{"measure":1,"period":1,"limit":"7"},{"measure":1,"period":4,"limit":"8","is_each":true}]"#;
    run.offer(0, &[("caps", caps)]).await;
    let mut reasons = Vec::new();
    for _ in 0..4 {
        reasons.push(run.click("").await.reason);
    }
    let (sent, capped) = (ClickReason::Sent, ClickReason::Capped);
    assert_eq!(reasons, [sent, sent, capped, capped]);
    held.release().await;
    run.stored(9).await;
    let shown = run.world.engine.offer_view(run.world.webmaster, run.offers[0]).await.expect("the offer");
    assert_eq!(shown.caps[1].used.as_deref(), Some("7"));
}

/// 64 clients at once while it is set: as many are sent as it says, to the last one.
#[db_test]
async fn a_cap_that_is_set_under_load_is_exact(test: TestDb) {
    let run = Arc::new(routed(test).await);
    let sent = Arc::new(AtomicI64::new(0));
    // A store that takes its time must not let them pass the limit before it is there.
    let is_set = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..64)
        .map(|_| {
            let (run, sent, is_set) = (Arc::clone(&run), Arc::clone(&sent), Arc::clone(&is_set));
            tokio::spawn(async move {
                while run.click("").await.reason == ClickReason::Sent {
                    let count = sent.fetch_add(1, Ordering::SeqCst);
                    while count > 5_000 && !is_set.load(Ordering::SeqCst) {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                }
            })
        })
        .collect();
    while sent.load(Ordering::SeqCst) < 300 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let limit = sent.load(Ordering::SeqCst) + 6_000;
    let caps = format!(r#"[{{"measure":1,"period":1,"limit":"{limit}"}}]"#);
    run.offer(0, &[("caps", &caps)]).await;
    is_set.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.expect("a client");
    }
    assert_eq!(sent.load(Ordering::SeqCst), limit);
}

/// Two nodes of one network tell each other what they have counted.
#[db_test]
async fn nodes_share_a_cap(test: TestDb) {
    let run = routed(test).await;
    let Some(url) = run.world.test.config.database_url.clone() else { return };
    run.offer(0, &[("caps", r#"[{"measure":1,"period":1,"limit":"10"}]"#)]).await;
    let dir = run.world.test.dir.path().join("second");
    let config = EngineConfig { database_url: Some(url), connections: 4, ..EngineConfig::new(dir) };
    let clock = Arc::new(run.world.clock.clone());
    for _ in 0..3 {
        assert_eq!(run.click("").await.reason, ClickReason::Sent);
    }
    let first = &run.world.engine;
    first.caps_share().await.expect("share");
    let second = Engine::open(config, clock, Rng::seeded(2)).await.expect("open");
    for _ in 0..3 {
        first.caps_share().await.expect("share");
        second.caps_share().await.expect("share");
    }
    let mut sent = 0;
    for _ in 0..5 {
        sent += i32::from(
            second.click_track(Visit { ua: "Mozilla/5.0", ..Visit::to(&run.code) }).await.reason
                == ClickReason::Sent,
        );
        second.caps_share().await.expect("share");
        first.caps_share().await.expect("share");
    }
    for _ in 0..5 {
        sent += i32::from(run.click("").await.reason == ClickReason::Sent);
    }
    assert_eq!(sent, 7);
    second.close().await.expect("close");
}

/// Robots go where people go, and take none of their places: neither in memory nor in what a cap begins with.
#[db_test]
async fn robots_take_no_places(test: TestDb) {
    let run = routed(test).await;
    let robot = async || run.world.engine.click_track(Visit::to(&run.code)).await.reason;
    let caps = [("caps", r#"[{"measure":1,"period":1,"limit":"2"}]"#)];
    run.offer(0, &caps).await;
    for _ in 0..5 {
        assert_eq!(robot().await, ClickReason::Sent);
    }
    run.stored(5).await;
    run.offer(0, &[("caps", "")]).await;
    run.offer(0, &caps).await;
    for _ in 0..2 {
        assert_eq!(run.click("").await.reason, ClickReason::Sent);
    }
    assert_eq!(run.click("").await.reason, ClickReason::Capped);
    assert_eq!(robot().await, ClickReason::Capped, "a full cap holds for everybody");
    run.stored(9).await;
    let db = run.world.test.store.clicks();
    let sent = click::sent_by_offer(&db, 0, i64::MAX).await.expect("count");
    assert_eq!(sent.get(&run.offers[0]), Some(&2), "figures of offers count people");
}

/// Each cap of leads or payout counts what it says, whatever other caps stand beside it.
#[db_test]
async fn caps_of_leads_count_what_they_say(test: TestDb) {
    let run = routed(test).await;
    let (offer, webmaster) = (run.offers[0], run.world.webmaster.user_id);
    let (goal, second) = (run.world.goal(offer, "4").await, run.world.goal(offer, "5").await);
    let rest = format!(r#""period":1,"limit":"1000","webmaster_id":{webmaster}"#);
    let caps = format!(
        r#"[{{"measure":2,"period":1,"limit":"1000"}},
            {{"measure":2,"period":3,"limit":"1000","goal_id":{goal}}},
            {{"measure":2,{rest}}},
            {{"measure":2,"period":4,"limit":"1000","webmaster_id":{other}}},
            {{"measure":3,"period":4,"limit":"1000","currency_id":840}},
            {{"measure":3,"period":2,"limit":"1000","currency_id":978,"is_each":true}}]"#,
        other = run.world.operator.user_id + 1000,
    );
    let refused = run.world.engine.offer_update(run.world.operator, offer, read(&[("caps", &caps)])).await;
    assert!(refused.is_err(), "there is no such webmaster");
    let other = crate::world::person(&run.world.test, UserLevel::Webmaster, "other").await.user_id;
    let caps = caps.replace(&(run.world.operator.user_id + 1000).to_string(), &other.to_string());
    run.offer(0, &[("caps", &caps)]).await;
    for goal_id in [goal, second, goal] {
        let click = run.click("").await;
        let sent = Conversion {
            advertiser_id: run.world.advertiser.user_id,
            tid: click.tid,
            goal_id: Some(goal_id),
            ..Conversion::default()
        };
        let verdict = run.world.engine.lead_receive(sent).await.expect("a verdict");
        assert!(matches!(verdict, Verdict::Accepted { .. }), "{goal_id}: {verdict:?}");
    }
    let shown = run.world.engine.offer_view(run.world.operator, offer).await.expect("the offer");
    let used: Vec<Option<&str>> = shown.caps.iter().map(|cap| cap.used.as_deref()).collect();
    assert_eq!(used[..5], [Some("3"), Some("2"), Some("3"), Some("0"), Some("10.40")]);
}

/// What changed while this node was away too long to be told of it is found by reading everything anew.
#[db_test]
async fn a_rebuild_finds_what_nobody_told(test: TestDb) {
    let run = routed(test).await;
    run.click("").await;
    let [plain, special] = [0, 1].map(|at| run.offers[at]);
    let store = &run.world.test.store;
    let made = run.world.engine.link_create(run.world.webmaster, read(&[("offer_id", &special.to_string())]));
    let second = made.await.expect("a link");
    run.world
        .engine
        .link_update(run.world.webmaster, second, read(&[("subid2", "x")]))
        .await
        .expect("a label");
    let rows = link::all(&store.read(), Some(&[run.link, second])).await.expect("links");
    let code = rows.iter().find(|row| row.id == second).expect("the second").code.clone();
    let changed = &rows.into_iter().map(|row| {
        let offer_id = if row.id == second { plain } else { special };
        Link { offer_id, subid1: "new".to_owned(), ..row }
    });
    let write = |db| async move {
        for row in changed.clone() {
            link::update(&db, row).await?;
        }
        Ok(())
    };
    store.write(write).await.expect("change them behind the engine's back");
    run.world.engine.catalogue_refresh().await.expect("refresh");
    let offer_of = async |code: &str| run.world.engine.click_track(Visit::to(code)).await.offer_id;
    assert_eq!((offer_of(&run.code).await, offer_of(&code).await), (plain, special), "nobody told");
    run.world.clock.advance(86_400);
    run.world.engine.catalogue_refresh().await.expect("a rebuild");
    assert_eq!((offer_of(&run.code).await, offer_of(&code).await), (special, plain));
}
