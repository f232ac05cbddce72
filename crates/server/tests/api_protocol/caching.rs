//! What is public is kept, compared, compressed and open to other sites' scripts; what a key opens is not.

use std::io::Read as _;

use axum::body::Body;
use axum::http::Request;
use flate2::read::GzDecoder;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use whocpa::api::REGISTRY;
use whocpa_db_test::db_test;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Access, Level, Method};
use whocpa_store::testing::TestDb;

use crate::support::TestApp;

#[db_test]
async fn a_public_answer_is_sent_once(db: TestDb) {
    let app = TestApp::start(db).await;
    let key = app.key(UserLevel::Operator).await;
    let auth = [("x-api-key", key.as_str())];
    let made = app.call("POST", "/api/category", &auth, "name_en=A&name_ru=B").await;
    let item = format!("/api/category/{}", made.json()["created"]);
    for path in ["/api/category", "/api/offer/", "/api/openapi.json", item.as_str()] {
        let first = app.get(path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with("W/\"") && tag.len() == 36, "{path}: {tag}");
        assert!(first.header("cache-control").starts_with("public"), "{path}");
        let again = app.call("GET", path, &[("if-none-match", &format!("\"other\", {tag}"))], "").await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""), "{path}");
        for name in ["etag", "cache-control", "vary", "access-control-allow-origin"] {
            assert_eq!(again.header(name), first.header(name), "{path} {name}");
        }
        assert_eq!(again.header("content-type"), "");
        assert_eq!(app.call("GET", path, &[("if-none-match", "W/\"0\"")], "").await.status, 200, "{path}");
        assert_eq!(app.call("HEAD", path, &[("if-none-match", &tag)], "").await.status, 304, "{path}");
    }
    let before = app.get(&item).await.header("etag").to_owned();
    app.call("POST", &item, &auth, "name_en=C").await;
    let after = app.call("GET", &item, &[("if-none-match", &before)], "").await;
    assert_eq!(after.status, 200, "other content");
    assert_ne!(after.header("etag"), before);
}

/// Every list and every object that guests may read: compared by its tag, open to other sites' scripts.
#[db_test]
async fn every_public_answer_has_a_tag_and_is_open(db: TestDb) {
    let app = TestApp::start(db).await;
    let mut lists = 0;
    for declaration in REGISTRY.declarations() {
        let resource = declaration.resource;
        if resource.access(Method::List, Level::Guest) == Access::None {
            continue;
        }
        let path = format!("/api/{}/", resource.name());
        let first = app.get(&path).await;
        let tag = first.header("etag").to_owned();
        assert!(first.status == 200 && tag.starts_with("W/\""), "{path}: {first}");
        let again = app.call("GET", &path, &[("if-none-match", &tag)], "").await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""), "{path}");
        assert_eq!(first.header("access-control-allow-origin"), "*", "{path}");
        lists += 1;
    }
    assert!(lists >= 9, "{lists} public lists");
}

#[db_test]
async fn what_a_key_opens_is_kept_by_nobody(db: TestDb) {
    let app = TestApp::start(db).await;
    let key = app.key(UserLevel::Webmaster).await;
    for (verb, path, status) in
        [("GET", "/api/category", 200), ("GET", "/api/lead", 200), ("POST", "/api/category", 403)]
    {
        let headers =
            [("x-api-key", key.as_str()), ("if-none-match", "*"), ("origin", "https://other.example")];
        let answer = app.call(verb, path, &headers, "").await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!((answer.header("cache-control"), answer.header("etag")), ("no-store", ""), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
    let wrong = app.get("/api/category?api_key=wrong").await;
    assert_eq!(
        (wrong.header("access-control-allow-origin"), wrong.header("cache-control")),
        ("", "no-store")
    );
}

#[db_test]
async fn other_sites_read_without_a_key_only(db: TestDb) {
    let app = TestApp::start(db).await;
    for path in ["/api/category", "/api/category/0", "/api/category?x=1", "/api/openapi.json"] {
        let answer = app.get(path).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), "", "{path}");
        assert!(answer.header("access-control-expose-headers").contains("RateLimit-Remaining"), "{path}");
    }
    let asked = [("origin", "https://other.example"), ("access-control-request-method", "POST")];
    let preflight = app.call("OPTIONS", "/api/category", &asked, "").await;
    assert_eq!((preflight.status.as_u16(), preflight.text.as_str()), (204, ""));
    assert_eq!(preflight.header("access-control-allow-methods"), "GET, HEAD");
    let allowed = preflight.header("access-control-allow-headers").to_lowercase();
    assert!(!allowed.contains("key") && !allowed.contains("authorization"), "{allowed}");
    assert_eq!(app.call("OPTIONS", "/api/category", &asked[..1], "").await.status, 405, "no preflight");
}

async fn raw(app: &TestApp, path: &str, accepted: &str) -> (String, String, Vec<u8>) {
    let request = Request::builder().uri(path).header("accept-encoding", accepted);
    let request = request.body(Body::empty()).expect("a right request");
    let (parts, body) = app.router.clone().oneshot(request).await.expect("an answer").into_parts();
    let header = |name: &str| {
        let all = parts.headers.get_all(name).iter();
        all.map(|value| value.to_str().expect("plain")).collect::<Vec<_>>().join(", ").to_lowercase()
    };
    let body = body.collect().await.expect("a whole answer").to_bytes().to_vec();
    (header("content-encoding"), header("vary"), body)
}

#[db_test]
async fn long_answers_are_compressed_for_those_who_accept_it(db: TestDb) {
    let app = TestApp::start(db).await;
    let (encoding, vary, plain) = raw(&app, "/api/geo", "identity").await;
    assert_eq!(encoding, "");
    assert!(plain.len() > 100_000 && vary.contains("accept-encoding"), "{} {vary}", plain.len());
    let (encoding, vary, packed) = raw(&app, "/api/geo", "gzip").await;
    assert_eq!((encoding.as_str(), vary.as_str()), ("gzip", "authorization, x-api-key, accept-encoding"));
    assert!(packed.len() * 3 < plain.len(), "{} of {}", packed.len(), plain.len());
    let mut unpacked = Vec::new();
    GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).expect("gzip");
    assert!(unpacked == plain, "the same content");
    let (encoding, _, brotli) = raw(&app, "/api/geo", "gzip, br").await;
    assert!(encoding == "br" && brotli.len() * 3 < plain.len(), "{encoding} {}", brotli.len());
    for path in ["/api/openapi.json", "/apidocs/guest/overview/about", "/assets/site.css"] {
        assert_eq!(raw(&app, path, "br").await.0, "br", "{path}");
    }
    assert_eq!(raw(&app, "/api/category/0", "br").await.0, "", "too short");
}
