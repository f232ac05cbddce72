//! `Idempotency-Key`: the same write twice, at once, after a failure, with other parameters (trust §5, M5).

use axum::http::StatusCode;
use tokio::task::JoinSet;
use whocpa::api::{Declaration, Registry};
use whocpa_db_test::db_test;
use whocpa_domain::input::Nothing;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Resource, params};
use whocpa_engine::claim::Taken;
use whocpa_engine::{Caller, Engine};
use whocpa_store::testing::TestDb;

use crate::JSON;
use crate::support::{Answer, TestApp, shows};

const PATH: &str = "/api/category";
const FORM: &str = "name_en=A&name_ru=B";

struct Client<'a> {
    app: &'a TestApp,
    key: String,
}

impl<'a> Client<'a> {
    async fn operator(app: &'a TestApp) -> Self {
        Self { app, key: app.key(UserLevel::Operator).await }
    }

    async fn send(&self, verb: &str, path: &str, name: &str, form: &str) -> Answer {
        let headers = [("x-api-key", self.key.as_str()), ("idempotency-key", name)];
        self.app.call(verb, path, &headers, form).await
    }

    async fn post(&self, name: &str, form: &str) -> Answer {
        self.send("POST", PATH, name, form).await
    }

    async fn caller(&self) -> Caller {
        self.app.state.engine.authenticate(&self.key, None).await.expect("the key opens")
    }
}

async fn categories(app: &TestApp) -> usize {
    app.get(PATH).await.json()["objects"].as_array().map_or(0, Vec::len)
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == "true"
}

#[db_test]
async fn a_repeated_write_is_answered_as_the_first_time(db: TestDb) {
    let app = TestApp::start(db).await;
    let client = Client::operator(&app).await;
    let first = client.post("k1", FORM).await;
    assert!(first.status == 201 && !is_replayed(&first), "{first}");
    let again = client.post("k1", "name_ru=B&name_en=A").await;
    assert_eq!(again.to_string(), first.to_string(), "the order of names does not matter");
    assert!(is_replayed(&again) && again.header("cache-control") == "no-store");
    // The key of the account may stand elsewhere, and the path may end with a slash.
    let json = format!(r#"{{"api_key":"{}","name_en":"A","name_ru":"B"}}"#, client.key);
    let headers = [JSON, ("idempotency-key", "k1")];
    let again = app.call("POST", "/api/category/", &headers, &json).await;
    assert_eq!(again.to_string(), first.to_string());
    assert_eq!(categories(&app).await, 1);

    let item = format!("{PATH}/{}", first.json()["created"]);
    for (verb, form) in [("POST", "name_en=C"), ("PUT", "name_en=C"), ("DELETE", "")] {
        // The same word means nothing to another method or path.
        let first = client.send(verb, &item, "k1", form).await;
        assert!(first.status == 200 && !is_replayed(&first), "{verb}: {first}");
        let again = client.send(verb, &item, "k1", form).await;
        assert!(again.to_string() == first.to_string() && is_replayed(&again), "{verb}: {again}");
    }
    assert_eq!(client.send("DELETE", &item, "k2", "").await.status, 404, "it is gone");
}

#[db_test]
async fn another_request_with_the_same_key_is_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let client = Client::operator(&app).await;
    client.post("k", FORM).await;
    for form in ["name_en=A&name_ru=C", "name_en=A", "name_en=A&name_ru=B&is_active=1", ""] {
        let other = client.post("k", form).await;
        shows(&other, r#"422 {"error":"This Idempotency-Key was used for another request"}"#);
    }
    assert_eq!(categories(&app).await, 1);
    for name in ["", "a\tb", &"k".repeat(256)] {
        let answer = client.post(name, FORM).await;
        shows(
            &answer,
            r#"400 {"error":{"Idempotency-Key":["Must be given once, with 1 to 255 printable characters"]}}"#,
        );
    }
    assert_eq!(client.post(&"~".repeat(255), "name_en=Long&name_ru=L").await.status, 201);
}

#[db_test]
async fn a_failed_request_leaves_the_key_free(db: TestDb) {
    let app = TestApp::start(db).await;
    let client = Client::operator(&app).await;
    assert_eq!(client.post("k", "name_en=A").await.status, 400);
    assert_eq!(client.post("k", FORM).await.status, 201);
    assert_eq!(client.post("k2", FORM).await.status, 400, "the name is taken");
    assert_eq!(client.post("k2", "name_en=B&name_ru=B").await.status, 201);
    assert_eq!(client.send("DELETE", "/api/category/999", "k3", "").await.status, 404);
    let long = format!("/api/category/{}", "9".repeat(3000));
    assert_eq!(client.send("DELETE", &long, "k3", "").await.status, 404);
}

#[db_test]
async fn a_running_twin_is_waited_for_and_may_be_overtaken(db: TestDb) {
    let app = TestApp::start(db).await;
    let client = Client::operator(&app).await;
    let engine = app.state.engine.clone();
    let first = client.post("k", FORM).await;
    // A request that began and whose process died: the claim is there, with the parameters' hash of the first one.
    let caller = client.caller().await;
    let place = "POST /api/category";
    let taken = engine.claim_take(caller, place, "dead", b"other", 15).await.expect("take a claim");
    assert!(matches!(taken, Taken::Ours(_)));
    assert_eq!(client.post("dead", FORM).await.status, 422, "even before it is done");
    let Taken::Done(_) = engine.claim_take(caller, place, "k", &canonical(), 15).await.expect("look") else {
        panic!("the first request is done: {first}");
    };
    let form = "name_en=New&name_ru=N";
    let bytes = pairs(&[("name_en", "New"), ("name_ru", "N")]);
    let Taken::Ours(dead) = engine.claim_take(caller, place, "slow", &bytes, 15).await.expect("take") else {
        panic!("nobody has it");
    };
    let waiting = client.post("slow", form).await;
    shows(&waiting, r#"409 {"error":"The first request with this Idempotency-Key is still running"}"#);
    assert_eq!(waiting.header("retry-after"), "2");
    app.clock.advance(16);
    let overtaken = client.post("slow", form).await;
    assert!(overtaken.status == 201 && !is_replayed(&overtaken), "{overtaken}");
    assert_eq!(client.post("slow", form).await.to_string(), overtaken.to_string());
    // The first one wakes up: it must not make a second object.
    let mut late = caller;
    late.origin.claim = Some(dead);
    let mut raw = whocpa_domain::input::RawParams::default();
    for (name, value) in [("name_en", "Late"), ("name_ru", "L")] {
        raw.push(name, whocpa_domain::input::RawValue::Text(value.to_owned()));
    }
    let refused = engine.category_create(late, raw.read().expect("parameters")).await;
    assert!(matches!(refused, Err(whocpa_domain::Error::Conflict(_))), "{refused:?}");
    assert_eq!(categories(&app).await, 2);
}

/// The canonical form of [`FORM`].
fn canonical() -> Vec<u8> {
    pairs(&[("name_en", "A"), ("name_ru", "B")])
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, value) in pairs {
        for part in [*name, "t", *value] {
            text.extend_from_slice(&(part.len() as u64).to_be_bytes());
            text.extend_from_slice(part.as_bytes());
        }
    }
    text
}

#[db_test]
async fn fifty_twins_have_one_effect(db: TestDb) {
    let app = TestApp::start(db).await;
    let client = Client::operator(&app).await;
    let mut twins = JoinSet::new();
    for _ in 0..50 {
        let (router, key) = (app.router.clone(), client.key.clone());
        twins.spawn(async move {
            let request = axum::http::Request::post(PATH)
                .header("x-api-key", key)
                .header("idempotency-key", "twins")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(axum::body::Body::from(FORM))
                .expect("a right request");
            let answer = tower::ServiceExt::oneshot(router, request).await.expect("an answer");
            (answer.status(), answer.headers().contains_key("idempotent-replayed"))
        });
    }
    let answers = twins.join_all().await;
    let ran = answers.iter().filter(|(status, replayed)| *status == 201 && !replayed).count();
    assert_eq!(ran, 1, "{answers:?}");
    let allowed = |status: StatusCode| status == 201 || status == 409;
    assert!(answers.iter().all(|(status, _)| allowed(*status)), "{answers:?}");
    assert_eq!(categories(&app).await, 1);
    assert!(is_replayed(&client.post("twins", FORM).await));
}

#[db_test]
async fn a_secret_is_repeated_and_stored_sealed(db: TestDb) {
    let app = TestApp::start(db).await;
    let client = Client::operator(&app).await;
    let first = client.send("POST", "/api/key", "k", "name=Tracker").await;
    let again = client.send("POST", "/api/key", "k", "name=Tracker").await;
    assert_eq!((first.status.as_u16(), again.to_string()), (201, first.to_string()));
    let key = first.json()["key"].as_str().expect("the key").to_owned();
    if app.db.config.database_url.is_none() {
        for name in ["whocpa.db", "whocpa.db-wal"] {
            let file = std::fs::read(app.db.config.data_dir.join(name)).expect("the database's file");
            let is_there = file.windows(key.len()).any(|bytes| bytes == key.as_bytes());
            assert!(!is_there, "{name} holds the key");
        }
    }
}

#[db_test]
async fn answers_are_kept_for_three_days(db: TestDb) {
    let app = TestApp::start(db).await;
    let client = Client::operator(&app).await;
    let engine = &app.state.engine;
    client.post("k", FORM).await;
    app.clock.advance(72 * 3600);
    assert_eq!(engine.claim_delete_old().await.expect("delete"), 0);
    assert!(is_replayed(&client.post("k", FORM).await));
    app.clock.advance(1);
    assert_eq!(engine.claim_delete_old().await.expect("delete"), 1);
    assert_eq!(client.post("k", FORM).await.status, 400, "it runs again, and the name is taken");
}

params! {
    /// For the test below.
    pub struct Sent {
        /// How it goes.
        how: String,
    }
}

/// A resource that moves money, and writes that change nothing or fail.
fn money() -> Registry {
    let create = |_: Engine, _: Caller, (): (), sent: Sent| async move {
        assert!(sent.how != "panic", "the secret cause");
        Ok(7)
    };
    let delete = |_: Engine, _: Caller, _: i64, _: Nothing| async { Ok(()) };
    Registry::new(vec![
        Declaration::new(Resource::Payout, "").create("", create).delete("", delete),
        Declaration::new(Resource::Area, "").create("", create),
    ])
}

#[db_test]
async fn what_moves_money_wants_a_key(db: TestDb) {
    let app = TestApp::start(db).await.with(money());
    let client = Client { app: &app, key: app.key(UserLevel::Webmaster).await };
    let auth = [("x-api-key", client.key.as_str())];
    for (verb, path, form) in [("POST", "/api/payout", "how=well"), ("DELETE", "/api/payout/7", "")] {
        let refused = app.call(verb, path, &auth, form).await;
        shows(&refused, r#"400 {"error":{"Idempotency-Key":["This header is required"]}}"#);
        // A write that notes nothing is settled all the same.
        let first = client.send(verb, path, "k", form).await;
        let again = client.send(verb, path, "k", form).await;
        assert!(first.status.is_success() && !is_replayed(&first), "{first}");
        assert!(again.to_string() == first.to_string() && is_replayed(&again), "{again}");
    }
    assert_eq!(app.call("POST", "/api/area", &auth, "how=well").await.status, 201, "elsewhere it is free");
    for _ in 0..2 {
        shows(
            &client.send("POST", "/api/area", "k", "how=panic").await,
            r#"500 {"error":"Internal server error"}"#,
        );
    }
    assert_eq!(
        client.send("POST", "/api/area", "k", "how=well").await.status,
        201,
        "given back after a panic"
    );
}
