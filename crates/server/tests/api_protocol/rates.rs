//! Requests a minute: counted by key, account and address, told in headers, refused in the envelope (trust R3).

use std::num::NonZeroU32;

use whocpa::limits::{Figures, LimitsConfig};
use whocpa_db_test::db_test;
use whocpa_domain::user::UserLevel;
use whocpa_store::testing::TestDb;

use crate::support::{Answer, TestApp, shows};

const HERE: &str = "192.0.2.1";

fn figures(read: u32, heavy: u32, write: u32, upload: u32) -> Figures {
    let figure = |number| NonZeroU32::new(number).expect("not zero");
    Figures { read: figure(read), heavy: figure(heavy), write: figure(write), upload: figure(upload) }
}

/// So few that a test reaches them.
fn few() -> LimitsConfig {
    let mut limits = LimitsConfig::default();
    limits.rate.guest = figures(3, 1, 1, 1);
    limits.rate.key = figures(4, 2, 2, 1);
    limits.rate.account = figures(6, 3, 3, 1);
    limits.rate.wrong_keys = NonZeroU32::new(3).expect("not zero");
    limits
}

fn told(answer: &Answer) -> [&str; 4] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "ratelimit-policy"]
        .map(|name| answer.header(name))
}

#[db_test]
async fn a_guest_reads_his_limit_and_meets_it(db: TestDb) {
    let app = TestApp::start_with(db, few()).await;
    let get = async |path: &str| app.get_from(HERE, path, &[]).await;
    assert_eq!(told(&get("/api/category").await), ["3", "2", "20", "3;w=60"]);
    // What is refused is counted too, whatever it is refused for.
    assert_eq!(told(&get("/api/nothing").await), ["3", "1", "40", "3;w=60"]);
    assert_eq!(told(&get("/api/category?x=%FF").await), ["3", "0", "60", "3;w=60"]);
    let refused = get("/api/category").await;
    shows(
        &refused,
        r#"429 {"error":"Too many requests (lists and views): at most 3 a minute. Try again in 20 s"}"#,
    );
    assert_eq!((refused.header("retry-after"), refused.header("content-type")), ("20", "application/json"));
    assert_eq!(told(&refused), ["3", "0", "60", "3;w=60"]);
    assert_ne!(refused.header("x-request-id"), "");
    assert_eq!(get("/api/nothing").await.status, 429, "instead of any other answer");
    // A neighbour has a limit of his own, an IPv6 host with all its addresses has one.
    assert_eq!(app.get_from("192.0.2.2", "/api/category", &[]).await.status, 200);
    for (number, status) in [(1, 200), (2, 200), (3, 200), (4, 429)] {
        let ip = format!("2001:db8:0:1::{number}");
        assert_eq!(app.get_from(&ip, "/api/category", &[]).await.status, status, "{ip}");
    }
    app.clock.advance(20);
    assert_eq!(told(&get("/api/category").await), ["3", "0", "60", "3;w=60"]);
    assert_eq!(get("/api/category").await.status, 429);
    app.clock.advance(3600);
    assert_eq!(told(&get("/api/category").await)[1], "2", "never more than all of them");
}

#[db_test]
async fn nobody_chooses_the_address_that_he_is_counted_for(db: TestDb) {
    let app = TestApp::start_with(db, few()).await;
    for (number, status) in [(1, 200), (2, 200), (3, 200), (4, 429)] {
        let told = format!("198.51.100.{number}");
        let headers =
            [("x-forwarded-for", told.as_str()), ("forwarded", "for=1.1.1.1"), ("x-real-ip", &told)];
        assert_eq!(app.get_from(HERE, "/api/category", &headers).await.status, status, "{number}");
    }
}

#[db_test]
async fn keys_and_their_account_are_counted_apart_from_guests(db: TestDb) {
    let app = TestApp::start_with(db, few()).await;
    let first = app.key(UserLevel::Operator).await;
    let made = app.call("POST", "/api/key", &[("x-api-key", &first)], "name=Tracker").await.json();
    let more = made["key"].as_str().expect("another key");
    let get = async |key: &str, path: &str| app.get_from(HERE, path, &[("x-api-key", key)]).await;
    for left in ["3", "2", "1", "0"] {
        assert_eq!(told(&get(&first, "/api/category").await)[..2], ["4", left]);
    }
    assert_eq!(get(&first, "/api/category").await.status, 429);
    // The account has two left, whichever key asks; then it has none. (The refused request was one of six.)
    assert_eq!(told(&get(more, "/api/category").await)[..2], ["6", "0"]);
    let refused = get(more, "/api/category").await;
    assert_eq!((refused.status.as_u16(), told(&refused)[0]), (429, "6"));
    // Lists of what grows have a limit of their own, and so have writes and uploads.
    assert_eq!(told(&get(&first, "/api/lead").await)[..2], ["2", "1"]);
    let write = async |kind: &str, body: &str| {
        let headers = [("x-api-key", more), ("content-type", kind)];
        app.call("POST", "/api/category", &headers, body).await
    };
    let form = write("application/x-www-form-urlencoded", "name_en=A&name_ru=A").await;
    assert_eq!((form.status.as_u16(), told(&form)[..2].to_vec()), (403, vec!["2", "1"]), "it reads only");
    let part = "--x\r\nContent-Disposition: form-data; name=\"name_en\"\r\n\r\nB\r\n--x--\r\n";
    for status in [403, 429] {
        assert_eq!(write("multipart/form-data; boundary=x", part).await.status, status);
    }
    assert_eq!(app.get_from(HERE, "/api/category", &[]).await.status, 200, "guests are others");
}

#[db_test]
async fn guesses_are_stopped_and_the_owner_is_not(db: TestDb) {
    let app = TestApp::start_with(db, few()).await;
    let key = app.key(UserLevel::Webmaster).await;
    let get = async |ip: &str, key: &str| app.get_from(ip, "/api/category", &[("x-api-key", key)]).await;
    assert_eq!(get(HERE, &key).await.status, 200);
    for (number, status) in [(1, 401), (2, 401), (3, 401), (4, 429), (5, 429)] {
        let answer = get(HERE, &format!("wcp_guess{number}")).await;
        assert_eq!(answer.status, status, "{number}: {answer}");
        assert_eq!(told(&answer)[0], "3");
    }
    let stopped = get(HERE, "wcp_guess6").await;
    shows(
        &stopped,
        r#"429 {"error":"Too many requests (wrong keys): at most 3 a minute. Try again in 20 s"}"#,
    );
    assert_eq!(stopped.header("retry-after"), "20");
    assert_eq!(get(HERE, &key).await.status, 200, "the owner, where he was before");
    assert_eq!(get("192.0.2.9", &key).await.status, 200, "the owner, elsewhere");
    assert_eq!(get("192.0.2.9", "wcp_guess7").await.status, 401, "guesses from there are counted there");
    assert_eq!(app.get_from(HERE, "/api/category", &[]).await.status, 200, "guests are not guesses");
    // A key that nobody used from there is a guess like any other, until the next one is allowed.
    let other = app.key(UserLevel::Advertiser).await;
    assert_eq!(get(HERE, &other).await.status, 429);
    app.clock.advance(20);
    assert_eq!(get(HERE, &other).await.status, 200);
    // A revoked key is a wrong one from then on.
    let engine = &app.state.engine;
    let owner = engine.authenticate(&key, None).await.expect("the key opens");
    engine.key_delete(owner, owner.origin.key_id).await.expect("revoke the key");
    let answers = [get(HERE, &key).await.status.as_u16(), get(HERE, &key).await.status.as_u16()];
    assert_eq!(answers, [401, 429]);
}

#[db_test]
async fn every_answer_tells_the_limit(db: TestDb) {
    let app = TestApp::start(db).await;
    for (verb, path) in [
        ("GET", "/api/category"),
        ("GET", "/api/openapi.json"),
        ("GET", "/api/lead"),
        ("GET", "/api/nothing"),
        ("GET", "/api/category/0"),
        ("GET", "/api/category?page=x"),
        ("BREW", "/api/category"),
        ("POST", "/api/payout"),
        ("HEAD", "/api/category"),
        ("GET", "/api"),
    ] {
        let answer = app.call(verb, path, &[], "").await;
        assert!(told(&answer).iter().all(|text| !text.is_empty()), "{verb} {path}: {answer}");
    }
}
