//! Keys that are narrowed, and operators whose role narrows them, as a program meets them.

use whocpa_db_test::db_test;
use whocpa_domain::role::Role;
use whocpa_domain::user::UserLevel;
use whocpa_engine::Caller;
use whocpa_engine::user::UserCreate;
use whocpa_store::testing::TestDb;

use crate::support::{CLIENT, TestApp, shows};

async fn made(app: &TestApp, key: &str, form: &str) -> String {
    let created = app.call("POST", "/api/key/", &[("x-api-key", key)], form).await;
    assert_eq!(created.status, 201, "{created}");
    created.json()["key"].as_str().expect("a key").to_owned()
}

#[db_test]
async fn a_key_away_from_home_is_a_wrong_key(db: TestDb) {
    let app = TestApp::start(db).await;
    let profile = app.key(UserLevel::Webmaster).await;
    let wrong = app.get("/api/area/?api_key=wrong").await.to_string();
    let away = made(&app, &profile, "name=x&networks=198.51.100.0/24,2001:db8::/32").await;
    for path in ["/api/area/", "/api/offer/", "/api/nothing-like-it/1"] {
        // Nobody is taken at his word about where he is, unless he is a proxy of ours.
        for told in [("x-forwarded-for", "198.51.100.1"), ("x-real-ip", "198.51.100.1")] {
            let answer = app.call("GET", path, &[("x-api-key", &away), told], "").await;
            let other = app.call("GET", path, &[("x-api-key", "wrong"), told], "").await;
            assert_eq!(answer.to_string(), other.to_string(), "{path}");
        }
    }
    assert_eq!(app.get(&format!("/api/area/?api_key={away}")).await.to_string(), wrong);
    let home = made(&app, &profile, &format!("name=x&networks={}", CLIENT.ip())).await;
    assert_eq!(app.get(&format!("/api/area/?api_key={home}")).await.status, 200);
    let bad = app.call("POST", "/api/key/", &[("x-api-key", &profile)], "name=x&networks=0.0.0.0/0").await;
    shows(
        &bad,
        r#"400 {"error":{"networks":["Must not be the whole Internet: leave the parameter out instead"]}}"#,
    );
}

#[db_test]
async fn rights_and_roles_forbid(db: TestDb) {
    let app = TestApp::start(db).await;
    let forbidden = r#"403 {"error":"You do not have permission to use this method of this resource"}"#;
    let profile = app.key(UserLevel::Webmaster).await;
    let reader = made(&app, &profile, "name=reader").await;
    let headers = [("x-api-key", reader.as_str())];
    assert_eq!(app.call("GET", "/api/area/", &headers, "").await.status, 200);
    shows(&app.call("POST", "/api/area/", &headers, "kind=9&name=x").await, forbidden);
    shows(&app.call("POST", "/api/key/", &headers, "name=x").await, forbidden);
    // It may not read what it may not do.
    let writer = made(&app, &profile, "name=writer&rights=write").await;
    let headers = [("x-api-key", writer.as_str())];
    shows(&app.call("GET", "/api/area/", &headers, "").await, forbidden);
    assert_eq!(app.call("POST", "/api/area/", &headers, "kind=9&name=x").await.status, 201);

    let engine = &app.state.engine;
    for (role, method, path, form) in [
        (Role::Support, "GET", "/api/audit/", ""),
        (Role::Support, "GET", "/api/balance/", ""),
        (Role::Support, "POST", "/api/user/", "level=1&login=x&name=x&password=x"),
        (Role::Finance, "POST", "/api/news/", "header=x&body=x"),
        (Role::Finance, "POST", "/api/user/1", "role=1"),
        (Role::Manager, "POST", "/api/category/", "name_en=x&name_ru=x"),
        (Role::Manager, "GET", "/api/audit/", ""),
    ] {
        let login = format!("{}-{}", role.code(), path.replace('/', "-"));
        let input = UserCreate {
            role: Some(role),
            ..UserCreate::new(UserLevel::Operator, &login, "x", "correct horse")
        };
        let id = engine.user_create(Caller::SYSTEM, input).await.expect("an operator");
        let key = engine.profile_key(id).await.expect("his key");
        shows(&app.call(method, path, &[("x-api-key", &key)], form).await, forbidden);
    }
}
