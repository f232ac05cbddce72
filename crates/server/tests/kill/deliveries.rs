//! The worker that sends postbacks is killed in the middle of its work, again and again: every committed message arrives at
//! least once, and what comes twice is the same event.
//!
//! `WHOCPA_KILLS` sets the number of kills (4).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use whocpa_db_test::db_test;
use whocpa_domain::SystemClock;
use whocpa_domain::input::{Input, RawParams, RawValue};
use whocpa_domain::postback::DeliveryStatus;
use whocpa_engine::click::Visit;
use whocpa_engine::lead::{Conversion, Verdict};
use whocpa_engine::outbound::OutboundConfig;
use whocpa_engine::{Caller, Engine, EngineConfig, Rng};
use whocpa_store::delivery::{self, DeliveryFilter};
use whocpa_store::testing::TestDb;
use whocpa_store::{Scope, Store};

use super::network::Network;
use super::process::Process;

const LEADS: usize = 300;
const KILLS: u64 = 4;
const SEED: u64 = 0xde_11;
/// A kill comes this long after the process is ready, in milliseconds.
const KILL_AFTER_MS: std::ops::Range<u64> = 50..400;
/// How slowly the receiver answers.
const SLOW: Duration = Duration::from_millis(20);
const WITHIN: Duration = Duration::from_mins(2);

/// How often each event came.
type Came = Arc<Mutex<BTreeMap<String, u64>>>;

/// A slow receiver; gives its port.
async fn receiver(came: &Came) -> u16 {
    let listener = TcpListener::bind(("127.0.0.2", 0)).await.expect("bind");
    let port = listener.local_addr().expect("an address").port();
    let came = Arc::clone(came);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&came)));
        }
    });
    port
}

async fn serve(stream: TcpStream, came: Came) {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut id, mut line) = (String::new(), String::new());
        while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) && line != "\r\n" {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("webhook-id: ") {
                id = value.trim().to_owned();
            }
            line.clear();
        }
        if id.is_empty() {
            return;
        }
        tokio::time::sleep(SLOW).await;
        *came.lock().expect("the log").entry(id).or_default() += 1;
        if stream.get_mut().write_all(b"HTTP/1.1 204 OK\r\n\r\n").await.is_err() {
            return;
        }
    }
}

fn read<T: Input>(pairs: &[(&str, &str)]) -> T {
    let mut raw = RawParams::default();
    for (name, value) in pairs {
        raw.push(name, RawValue::Text((*value).to_owned()));
    }
    raw.read().expect("read the parameters")
}

/// Leads whose news wait; nothing is sent yet.
async fn prepare(test: &TestDb, port: u16) -> usize {
    let network = Network::prepare(&test.config).await;
    let outbound = OutboundConfig {
        allow: vec!["127.0.0.2/32".parse().expect("a network")],
        ports: vec![port],
        ..OutboundConfig::default()
    };
    let config = EngineConfig {
        database_url: test.config.database_url.clone(),
        outbound,
        log_segment_bytes: 1 << 20,
        ..EngineConfig::new(&test.config.data_dir)
    };
    let engine = Engine::open(config, Arc::new(SystemClock), Rng::system()).await.expect("open the engine");
    let advertiser = Caller::new(whocpa_domain::Level::Advertiser, network.advertiser_id);
    let url = format!("http://127.0.0.2:{port}/?e={{event_id}}");
    let made = engine.postback_create(advertiser, read(&[("kind", "1"), ("url", &url)])).await;
    made.expect("a postback");
    let offer = &network.offers[1];
    for number in 0..LEADS {
        let click = engine.click_track(Visit::to(&offer.codes[0])).await;
        let conversion = Conversion {
            advertiser_id: network.advertiser_id,
            tid: click.tid,
            goal_id: Some(offer.goal_id),
            sale_id: format!("s{number}"),
            amount: Some(1_000_000),
            ..Conversion::default()
        };
        let verdict = engine.lead_receive(conversion).await.expect("a verdict");
        assert!(matches!(verdict, Verdict::Accepted { .. }), "{verdict:?}");
    }
    engine.close().await.expect("close the engine");
    count(test, None).await
}

async fn count(test: &TestDb, status: Option<DeliveryStatus>) -> usize {
    let store = Store::connect(&test.config).await.expect("the store");
    let filter = DeliveryFilter { status: status.map(|status| vec![status]), ..DeliveryFilter::default() };
    let found = delivery::count(&store.read(), Scope::All, &filter).await.expect("count");
    store.close().await;
    usize::try_from(found).expect("a number")
}

#[db_test]
async fn a_killed_worker_loses_no_message(test: TestDb) {
    let began = Instant::now();
    let kills =
        std::env::var("WHOCPA_KILLS").map_or(KILLS, |kills| kills.parse().expect("a number of kills"));
    test.store.close().await;
    let came = Came::default();
    let port = receiver(&came).await;
    let committed = prepare(&test, port).await;
    let port = format!("[{port}]");
    // A short time for a message makes a short lease: what a dead node had taken is free again the sooner.
    let settings = [
        ("WHOCPA__OUTBOUND__ALLOW", r#"["127.0.0.2/32"]"#),
        ("WHOCPA__OUTBOUND__PORTS", port.as_str()),
        ("WHOCPA__DELIVERY__TIMEOUT_SECONDS", "1"),
    ];
    let rng = Rng::seeded(SEED);
    for _ in 0..kills {
        let mut process = Process::start_with(&test.config, &settings).await;
        let span = KILL_AFTER_MS.end - KILL_AFTER_MS.start;
        tokio::time::sleep(Duration::from_millis(KILL_AFTER_MS.start + rng.number() % span)).await;
        process.kill();
    }
    let last = Process::start_with(&test.config, &settings).await;
    let waited = Instant::now();
    while came.lock().expect("the log").len() < committed && waited.elapsed() < WITHIN {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The last turn is written down.
    tokio::time::sleep(Duration::from_secs(2)).await;
    drop(last);
    let came = came.lock().expect("the log").clone();
    let again: u64 = came.values().map(|times| times - 1).sum();
    let delivered = count(&test, Some(DeliveryStatus::Delivered)).await;
    let database = if test.config.database_url.is_some() { "postgres" } else { "sqlite" };
    println!(
        "deliveries, kill -9: {database} {kills} kills, {committed} committed, {} arrived, {again} came again ({} s)",
        came.len(),
        began.elapsed().as_secs()
    );
    assert_eq!((came.len(), delivered), (committed, committed), "missing: 0");
}
