//! A create under an `Idempotency-Key` makes one object, whenever the process dies (trust M5): the sender repeats the
//! request until it is answered, and every object is there exactly once, under the id that was told.
//!
//! `WHOCPA_KILLS` sets the number of kills (20).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use whocpa_db_test::db_test;
use whocpa_domain::user::UserLevel;
use whocpa_engine::category::CategoryList;
use whocpa_engine::user::UserCreate;
use whocpa_engine::{Caller, Rng};
use whocpa_store::testing::TestDb;

use super::client::Client;
use super::network;
use super::process::Process;

const SEED: u64 = 0xc1_a1_33;
const SENDERS: u64 = 6;
const KILLS: u64 = 20;
/// A kill comes this long after the process is ready, in milliseconds.
const KILL_AFTER_MS: std::ops::Range<u64> = 20..400;
/// Pause before a request that was told to wait is repeated.
const PAUSE: Duration = Duration::from_millis(50);

/// One program that makes categories and remembers what it was told.
struct Sender {
    key: String,
    number: u64,
    /// The object that it is making now.
    count: u64,
    /// What it was told: name and id.
    made: BTreeMap<String, i64>,
    /// Answers that came from an earlier request, whose answer was lost.
    replayed: u64,
    /// Answers that told it to wait for a request that had died.
    waited: u64,
}

impl Sender {
    /// Works until the process dies, or until it has had `last` answers more.
    async fn run(mut self, address: SocketAddr, last: u64) -> Self {
        let mut left = last;
        let Ok(mut client) = Client::connect(address).await else { return self };
        while left > 0 {
            let name = format!("s{}n{}", self.number, self.count);
            let headers = format!("x-api-key: {}\r\nidempotency-key: {name}\r\n", self.key);
            let form = format!("name_en={name}&name_ru={name}");
            let Ok(answer) = client.post("/api/category", &headers, &form).await else { return self };
            match answer.status {
                201 => {
                    let body: serde_json::Value =
                        serde_json::from_str(&answer.body).expect("an answer in JSON");
                    self.replayed += u64::from(answer.header("idempotent-replayed").is_some());
                    self.made.insert(name, body["created"].as_i64().expect("an id"));
                    self.count += 1;
                    left -= 1;
                }
                409 | 503 => {
                    self.waited += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                other => panic!("{name}: {other} {}", answer.body),
            }
        }
        self
    }
}

/// Makes an operator; gives his key. The engine is gone afterwards, so that processes can have its files.
async fn operator_key(test: &TestDb) -> String {
    let engine = network::open(&test.config).await;
    let input = UserCreate::new(UserLevel::Operator, "operator@cpa.test", "operator", "correct horse");
    let id = engine.user_create(Caller::SYSTEM, input).await.expect("an operator");
    let key = engine.profile_key(id).await.expect("a key");
    engine.close().await.expect("close the engine");
    key
}

#[db_test]
async fn a_repeated_create_makes_one_object_across_kill_9(test: TestDb) {
    let began = Instant::now();
    let kills =
        std::env::var("WHOCPA_KILLS").map_or(KILLS, |kills| kills.parse().expect("a number of kills"));
    test.store.close().await;
    let key = operator_key(&test).await;
    let rng = Rng::seeded(SEED);
    let sender =
        |number| Sender { key: key.clone(), number, count: 0, made: BTreeMap::new(), replayed: 0, waited: 0 };
    let mut senders: Vec<Sender> = (0..SENDERS).map(sender).collect();
    for round in 0..=kills {
        let mut process = Process::start(&test.config).await;
        // The last process lives, so that every request that is open gets its answer.
        let last = if round == kills { 1 } else { u64::MAX };
        let address = process.address;
        let running: Vec<_> =
            senders.drain(..).map(|sender| tokio::spawn(sender.run(address, last))).collect();
        if round < kills {
            let span = KILL_AFTER_MS.end - KILL_AFTER_MS.start;
            tokio::time::sleep(Duration::from_millis(KILL_AFTER_MS.start + rng.number() % span)).await;
            process.kill();
        }
        for sender in running {
            senders.push(sender.await.expect("a sender"));
        }
    }
    check(&test, &senders, kills, began).await;
}

async fn check(test: &TestDb, senders: &[Sender], kills: u64, began: Instant) {
    let engine = network::open(&test.config).await;
    let all = CategoryList { search: None, is_active: None };
    let rows = engine.category_list(Caller::SYSTEM, all).await.expect("the categories");
    engine.close().await.expect("close the engine");
    let mut stored: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for row in rows {
        stored.entry(row.name_en).or_default().push(row.id);
    }
    let told: BTreeMap<String, Vec<i64>> = senders
        .iter()
        .flat_map(|sender| sender.made.iter().map(|(name, id)| (name.clone(), vec![*id])))
        .collect();
    let sum = |of: fn(&Sender) -> u64| senders.iter().map(of).sum::<u64>();
    let database = if test.config.database_url.is_some() { "postgres" } else { "sqlite" };
    println!(
        "idempotency, kill -9: {database} {kills} kills, {} creates answered, {} from a lost answer, {} waits, {} objects stored ({} s)",
        told.len(),
        sum(|sender| sender.replayed),
        sum(|sender| sender.waited),
        stored.len(),
        began.elapsed().as_secs()
    );
    // Each sender has one object that it began and was not answered at the end: none, for the last process answered.
    assert_eq!(stored, told);
}
