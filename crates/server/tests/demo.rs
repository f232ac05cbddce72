//! The demo, small: what it makes, that it is whole, that a seed makes it again, that it lives.

#![expect(clippy::expect_used, reason = "a test that cannot have its demo must fail")]

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use whocpa::demo::visitors::COUNTRIES;
use whocpa::demo::{DemoOptions, run_until};
use whocpa_db_test::db_test;
use whocpa_domain::input::{Input, Page, PerPage, RawParams};
use whocpa_domain::lead::NEWEST_FIRST;
use whocpa_domain::role::Role;
use whocpa_domain::{Level, ManualClock, Scope, Time};
use whocpa_engine::click::Visit;
use whocpa_engine::{Engine, EngineConfig, Rng};
use whocpa_store::lead::{self, LeadFilter};
use whocpa_store::testing::TestDb;
use whocpa_store::{Paging, Store, StoreConfig, click};

/// When the histories end: always the same moment, so that the day of the run changes nothing.
const END: Time = Time(1_767_000_000);

struct Running {
    json: Value,
    stop: oneshot::Sender<()>,
    demo: JoinHandle<Result<(), String>>,
}

fn options(data: &Path, database_url: Option<String>) -> DemoOptions {
    DemoOptions {
        data: data.to_owned(),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        seed: 7,
        days: 2,
        clicks_per_day: 500,
        rate: 0,
        database_url,
    }
}

/// Runs a demo until it has told what it made.
async fn begin(options: DemoOptions, end: Time) -> Running {
    let file = options.data.join("demo.json");
    let (stop, stopped) = oneshot::channel::<()>();
    let demo = tokio::spawn(run_until(options, end, async move { drop(stopped.await) }));
    while !file.exists() {
        assert!(!demo.is_finished(), "the demo ended: {:?}", demo.await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let text = std::fs::read_to_string(file).expect("read demo.json");
    Running { json: serde_json::from_str(&text).expect("demo.json is JSON"), stop, demo }
}

impl Running {
    async fn end(self) -> Value {
        self.stop.send(()).expect("the demo still runs");
        self.demo.await.expect("no panic").expect("a good end");
        self.json
    }
}

async fn open(data: &Path, database_url: Option<String>) -> Engine {
    let config = EngineConfig { database_url, ..EngineConfig::new(data) };
    Engine::open(config, Arc::new(ManualClock::new(END.plus_days(1))), Rng::seeded(1))
        .await
        .expect("open the engine")
}

fn rows<'a>(json: &'a Value, name: &str) -> &'a [Value] {
    json[name].as_array().map_or(&[], Vec::as_slice)
}

#[db_test]
async fn the_demo_is_a_whole_network(db: TestDb) {
    let url = db.config.database_url.clone();
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("demo");
    let json = begin(options(&data, url.clone()), END).await.end().await;

    assert!(rows(&json, "advertisers").len() >= 8 && rows(&json, "webmasters").len() >= 60);
    assert!(rows(&json, "offers").len() >= 40 && rows(&json, "links").len() >= 150);
    assert_eq!(json["clicks"], 1000);
    for status in ["pending", "approved", "rejected"] {
        assert!(json["leads"][status].as_i64() > Some(0), "{status}: {}", json["leads"]);
    }
    assert!(
        rows(&json, "offers")
            .iter()
            .all(|offer| offer["goals"][0]["id"].is_i64() && offer["goals"][0]["money_type"].is_i64())
    );
    assert!(rows(&json, "links").iter().all(|link| link["code"].is_string() && link["offer_id"].is_i64()));

    let engine = open(&data, url.clone()).await;
    for (name, level) in [("webmasters", Level::Webmaster), ("advertisers", Level::Advertiser)] {
        for account in rows(&json, name) {
            let caller = engine
                .authenticate(account["api_key"].as_str().expect("a key"), None)
                .await
                .expect("the key opens");
            assert_eq!((caller.level, Some(caller.user_id)), (level, account["id"].as_i64()));
        }
    }
    let advertiser = &json["advertisers"][0];
    let owner = engine
        .postback_owner(advertiser["postback_token"].as_str().expect("a token"))
        .expect("the token opens");
    assert_eq!(Some(owner), advertiser["id"].as_i64());
    let operator = &json["operator"];
    let (login, password) =
        (operator["login"].as_str().expect("a login"), operator["password"].as_str().expect("words"));
    assert_eq!(engine.sign_in(login, password).await.expect("signs in").level, Level::Operator);
    check_staff(&engine, &json).await;
    let sums = engine.ledger_sum().await.expect("the ledger");
    assert!(sums.len() > 3 && sums.iter().all(|(_, micros)| *micros == 0), "{sums:?}");
    check_countries(&engine, &json).await;
    engine.close().await.expect("close");

    let refused = Box::pin(run_until(options(&data, url), END, async {})).await;
    assert!(refused.expect_err("not twice").contains("whocpa serve --data"));
}

/// Managers have people of their own, and somebody was asked something.
async fn check_staff(engine: &Engine, json: &Value) {
    let staff = rows(json, "staff");
    assert_eq!(staff.len(), 4);
    let mut counts = Vec::new();
    for account in staff {
        let key = account["api_key"].as_str().expect("a key");
        let caller = engine.authenticate(key, None).await.expect("the key opens");
        let people = engine.user_list(caller, all()).await.expect("people").total_count;
        let tickets = engine.ticket_list(caller, all()).await.expect("tickets").total_count;
        counts.push((caller.role, people, tickets));
    }
    let managed: i64 =
        counts.iter().filter(|(role, ..)| *role == Role::Manager).map(|(_, people, _)| people).sum();
    let everybody = counts.last().expect("support").1;
    assert!(managed > 40 && managed < everybody, "{counts:?}");
    assert!(counts.iter().all(|(_, people, tickets)| *people > 10 && *tickets > 0), "{counts:?}");
}

/// No filters.
fn all<T: Input>() -> T {
    RawParams::default().read().expect("no parameter is required")
}

/// The addresses of visitors must lie where the visitors say that they live: the engine's own data decides.
async fn check_countries(engine: &Engine, json: &Value) {
    let live: Vec<&Value> = rows(json, "offers")
        .iter()
        .filter(|offer| offer["is_live"] == true)
        .map(|offer| &offer["id"])
        .collect();
    let link = rows(json, "links").iter().find(|link| live.contains(&&link["offer_id"])).expect("a link");
    for country in COUNTRIES {
        for (a, b) in country.blocks {
            let visit = Visit {
                ip: IpAddr::from([a, b, 20, 7]),
                ..Visit::to(link["code"].as_str().expect("a code"))
            };
            let location = engine.click_track(visit).await.location.expect("a destination");
            assert!(location.contains(&format!("geo={}&", country.iso)), "{a}.{b}: {location}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seed_makes_the_same_network_again_and_it_lives() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let mut made = begin(options(&first, None), END).await.end().await;
    let running = begin(DemoOptions { rate: 100, ..options(&second, None) }, END).await;
    let mut same = running.json.clone();
    made["base_url"] = Value::Null;
    same["base_url"] = Value::Null;
    assert_eq!(made, same);

    let before = made["leads"].as_object().expect("leads").values().filter_map(Value::as_i64).sum::<i64>();
    let (mut clicks, mut leads) = (0, 0);
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        (clicks, leads) = figures(&second).await;
        if clicks >= 1300 && leads > before {
            break;
        }
    }
    running.end().await;
    assert!(clicks >= 1300 && leads > before, "{clicks} clicks, {leads} leads after 40 s");
}

/// Clicks and leads, read beside the running demo.
async fn figures(data: &Path) -> (i64, i64) {
    let config = StoreConfig { data_dir: data.to_owned(), database_url: None, connections: 1 };
    let store = Store::connect(&config).await.expect("connect");
    let clicks = click::count(&store.clicks(), Scope::All).await.expect("clicks");
    let paging = Paging::new(Page::number(1), PerPage(10));
    let leads = lead::list(&store.read(), Scope::All, &LeadFilter::default(), NEWEST_FIRST, paging)
        .await
        .expect("leads");
    store.close().await;
    (clicks, leads.total_count)
}
