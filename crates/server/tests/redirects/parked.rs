//! Deeplinks lead to pages that the offer allows, and a parked domain carries its owner's links and nothing else.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use whocpa_db_test::db_test;
use whocpa_domain::parked::{DomainStatus, LOST_DAYS};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Scope, Time};
use whocpa_engine::doctor::{Health, doctor};
use whocpa_engine::outbound::OutboundConfig;
use whocpa_engine::user::UserCreate;
use whocpa_engine::{Caller, EngineConfig};
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::domain::{self, Domain};
use whocpa_store::testing::TestDb;

use crate::attempts::{Door, door, door_of};
use crate::support::{Answer, TestApp, generous};

async fn made(door: &Door, path: &str, form: &str) -> i64 {
    let answer = door.app.call("POST", path, &[("x-api-key", &door.key)], form).await;
    answer.json()["created"].as_i64().unwrap_or_else(|| panic!("{path} {form}: {answer}"))
}

async fn object(door: &Door, path: &str) -> serde_json::Value {
    door.app.call("GET", path, &[("x-api-key", &door.key)], "").await.json()["object"].take()
}

async fn through(door: &Door, host: &str, path: &str) -> Answer {
    door.app.call("GET", path, &[("host", host)], "").await
}

/// What a look at a parked domain would have found, without a server there.
async fn looked(door: &Door, id: i64, status: DomainStatus) {
    let (now, app) = (door.app.state.engine.now(), &door.app);
    let change = move |db| async move {
        let row = domain::view(&db, Scope::All, id).await?.expect("it is there");
        let date_seen = status.is_host().then_some(now.0);
        domain::update(&db, Domain { status: status.code(), date_seen, ..row }).await?;
        change::create(&db, ChangeKind::Domain, id, now).await
    };
    app.db.store.write(change).await.expect("write the state");
    app.state.engine.catalogue_refresh().await.expect("read it");
}

async fn set_offer(door: &Door, form: &str) {
    let path = format!("/api/offer/{}", door.offer);
    let answer = door.app.call("POST", &path, &[("x-api-key", &door.operator)], form).await;
    assert_eq!(answer.status.as_u16(), 200, "{form}: {answer}");
}

#[db_test]
async fn deeplinks_lead_to_allowed_pages(db: TestDb) {
    let door = door(db).await;
    let page = "url_to=https://shop.example/tea%3Fx=1%23top";
    let form = format!("offer_id={}&{page}", door.offer);
    let refused = door.app.call("POST", "/api/deeplink/", &[("x-api-key", &door.key)], &form).await;
    assert!(refused.to_string().contains("The offer allows no deeplinks"), "{refused}");
    set_offer(&door, "is_deeplink=1&utm_mask=utm_source=net").await;
    let id = made(&door, "/api/deeplink/", &form).await;
    for bad in ["https://evil.example/", "https://shop.example.evil.example/", "javascript:alert(1)", ""] {
        let form = format!("offer_id={}&url_to={bad}", door.offer);
        let refused = door.app.call("POST", "/api/deeplink/", &[("x-api-key", &door.key)], &form).await;
        assert_eq!(refused.status.as_u16(), 400, "{bad}: {refused}");
        assert!(refused.json()["error"]["url_to"].is_array(), "{bad}: {refused}");
    }
    let code =
        object(&door, &format!("/api/deeplink/{id}")).await["code"].as_str().expect("a code").to_owned();
    let missing = door.app.call("GET", &format!("/api/link/{id}"), &[("x-api-key", &door.key)], "").await;
    assert_eq!(missing.status.as_u16(), 404, "a deeplink is no link: {missing}");
    let right = "https://shop.example/tea?x=1&utm_source=net&tid=";
    let answer = door.app.get(&format!("/go/{code}")).await;
    assert!(answer.header("location").starts_with(right), "{answer}");
    // The same by the parameter of any link; a page elsewhere leads to the offer's own destination.
    let asked = "deeplink=https%3A%2F%2Fshop.example%2Ftea%3Fx=1%23top";
    let answer = door.app.get(&format!("/go/{}?{}", door.code, asked.replace("%3Fx=1", "%3Fx%3D1"))).await;
    assert!(answer.header("location").starts_with(right), "{answer}");
    let answer = door.app.get(&format!("/go/{}?deeplink=https%3A%2F%2Fevil.example%2F", door.code)).await;
    assert!(answer.header("location").starts_with("https://shop.example/p/"), "{answer}");
    // What the offer no longer allows loses nobody.
    set_offer(&door, "is_deeplink=0").await;
    let answer = door.app.get(&format!("/go/{code}")).await;
    assert!(answer.header("location").starts_with("https://shop.example/p/"), "{answer}");
}

#[db_test]
async fn a_parked_domain_carries_its_owners_links_only(db: TestDb) {
    let door = door(db).await;
    let host = "go.partner.example:8443";
    assert_eq!(through(&door, host, "/tls/ask?domain=go.partner.example").await.status.as_u16(), 404);
    let id = made(&door, "/api/domain/", "name=Go.Partner.Example").await;
    for bad in ["localhost", "1.2.3.4", "go.partner.example"] {
        let form = format!("name={bad}");
        let refused = door.app.call("POST", "/api/domain/", &[("x-api-key", &door.key)], &form).await;
        assert!(refused.json()["error"]["name"].is_array(), "{bad}: {refused}");
    }
    looked(&door, id, DomainStatus::Active).await;
    let code = &door.code;
    for path in [format!("/go/{code}"), format!("/{code}"), format!("/click?offer_id={}", door.offer)] {
        let answer = through(&door, host, &path).await;
        assert!(answer.header("location").starts_with("https://shop.example/p/"), "{path}: {answer}");
    }
    for path in ["/", "/api/geo/", "/apidocs/guest/overview/about", "/setup/x", "/a/b", "/metrics"] {
        let answer = through(&door, host, path).await;
        assert_eq!(answer.status.as_u16(), 404, "{path} must not be there: {answer}");
    }
    // What pages for visitors load is there; impressions are counted of the owner's links.
    let style = through(&door, host, "/assets/site.css").await;
    assert_eq!(style.status.as_u16(), 200, "{style}");
    let picture = format!("/i/{code}.gif");
    let shown = async || door.app.call("HEAD", &picture, &[("host", host)], "").await.status.as_u16();
    assert_eq!(shown().await, 200);
    // HTTP/2 names the host in the address.
    let answer = door.app.get("http://go.partner.example/api/geo/").await;
    assert_eq!(answer.status.as_u16(), 404, "{answer}");
    let word = through(&door, host, "/.well-known/whocpa").await;
    assert_eq!((word.status.as_u16(), word.to_string().contains("200")), (200, true), "{word}");
    assert_eq!(door.app.get("/.well-known/whocpa").await.status.as_u16(), 404);
    assert_eq!(through(&door, "cpa.test", "/tls/ask?domain=GO.partner.example.").await.status.as_u16(), 200);
    let engine = &door.app.state.engine;
    let other = UserCreate::new(UserLevel::Webmaster, "other@cpa.test", "other", "correct horse");
    let other = engine.user_create(Caller::SYSTEM, other).await.expect("another webmaster");
    let stranger = engine.profile_key(other).await.expect("his key");
    let foreign =
        door.app.call("POST", "/api/domain/", &[("x-api-key", &stranger)], "name=go.partner.example").await;
    assert!(foreign.to_string().contains("parked already"), "{foreign}");
    looked(&door, id, DomainStatus::Waiting).await;
    assert_eq!(through(&door, "cpa.test", "/tls/ask?domain=go.partner.example").await.status.as_u16(), 404);
    // Nobody pointed it here: after some days it goes to whoever comes.
    door.app.clock.advance(4 * 86_400);
    let taken =
        door.app.call("POST", "/api/domain/", &[("x-api-key", &stranger)], "name=go.partner.example").await;
    assert_eq!(taken.status.as_u16(), 201, "{taken}");
    let gone = door.app.call("GET", &format!("/api/domain/{id}"), &[("x-api-key", &door.key)], "").await;
    assert_eq!(gone.status.as_u16(), 404, "{gone}");
    looked(&door, taken.json()["created"].as_i64().expect("an id"), DomainStatus::Active).await;
    // It is the other's now: this link is not there any more.
    assert_eq!(through(&door, host, &format!("/go/{code}")).await.status.as_u16(), 404);
    assert_eq!(shown().await, 404);
    let script = door.app.call("POST", &format!("/t/{code}"), &[("host", host)], "").await;
    assert!(script.json()["tid"].is_null(), "{script}");
    let path = format!("/api/domain/{}", taken.json()["created"]);
    let no_reason = door.app.call("POST", &path, &[("x-api-key", &door.operator)], "status=3").await;
    assert!(no_reason.json()["error"]["reason"].is_array(), "{no_reason}");
    let blocked =
        door.app.call("POST", &path, &[("x-api-key", &door.operator)], "status=3&reason=phishing").await;
    assert_eq!(blocked.status.as_u16(), 200, "{blocked}");
    assert_eq!(through(&door, host, "/tls/ask?domain=go.partner.example").await.status.as_u16(), 404);
    let stays = door.app.call("DELETE", &path, &[("x-api-key", &stranger)], "").await;
    assert_eq!(stays.status.as_u16(), 409, "{stays}");
}

/// What `whocpa doctor` finds: of the network's own address, and of the parked domain.
async fn health(config: &EngineConfig) -> [Health; 2] {
    let findings = doctor(config).await;
    ["base_url", "domain"].map(|subject| {
        let found = findings.iter().find(|finding| finding.subject.starts_with(subject));
        found.unwrap_or_else(|| panic!("no {subject} in {findings:?}")).health
    })
}

#[db_test]
async fn a_domain_works_as_soon_as_it_leads_here(db: TestDb) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
    let port = listener.local_addr().expect("its address").port();
    let here = "127.0.0.1".parse().expect("an address");
    let config = EngineConfig {
        base_url: format!("http://cpa.test:{port}"),
        outbound: OutboundConfig {
            allow: vec!["127.0.0.1/32".parse().expect("a network")],
            ports: vec![port],
            hosts: ["go.partner.example", "cpa.test"].map(|name| (name.to_owned(), here)).into(),
            ..OutboundConfig::default()
        },
        ..TestApp::config(&db)
    };
    let door = door_of(TestApp::start_from(db, config.clone(), generous()).await).await;
    let engine = &door.app.state.engine;
    let domain = made(&door, "/api/domain/", "name=go.partner.example").await;
    let link = made(&door, "/api/link/", &format!("offer_id={}&domain_id={domain}", door.offer)).await;
    let shown = async || {
        let domain = object(&door, &format!("/api/domain/{domain}")).await;
        let link = object(&door, &format!("/api/link/{link}")).await;
        let code = link["code"].as_str().expect("a code");
        let base =
            link["url"].as_str().expect("an address").trim_end_matches(&format!("/go/{code}")).to_owned();
        (domain["status"].as_i64(), domain["reason"].as_str().map(str::to_owned), base)
    };
    let (own, parked) = (format!("http://cpa.test:{port}"), format!("http://go.partner.example:{port}"));
    let is = |status, reason: &str, base: &str| (Some(status), Some(reason.to_owned()), base.to_owned());
    assert_eq!(shown().await, is(0, "", &own), "not looked at yet");

    let app = door.app.router.clone().into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    assert_eq!(engine.domain_look_due().await.expect("look"), 1);
    assert_eq!(shown().await, is(1, "", &parked));
    assert_eq!(health(&config).await, [Health::Good, Health::Doubtful], "by http only");
    assert_eq!(engine.domain_look_due().await.expect("not due"), 0);

    server.abort();
    let _ = server.await;
    door.app.clock.advance(86_400);
    assert_eq!(engine.domain_look_due().await.expect("look"), 1);
    assert_eq!(shown().await, is(2, "Nobody answers at this address", &own));
    assert_eq!(health(&config).await, [Health::Doubtful, Health::Bad]);
}

#[db_test]
async fn a_parked_name_hides_nothing_before_it_was_found(db: TestDb) {
    let door = door(db).await;
    let id = made(&door, "/api/domain/", "name=cpa.example").await;
    let site = async || through(&door, "cpa.example", "/healthz").await.status.as_u16();
    let ask = async || through(&door, "cpa.test", "/tls/ask?domain=cpa.example").await.status.as_u16();
    let word = async || through(&door, "cpa.example", "/.well-known/whocpa").await.status.as_u16();
    assert_eq!((site().await, ask().await, word().await), (200, 404, 200), "waiting");
    looked(&door, id, DomainStatus::Active).await;
    assert_eq!((site().await, ask().await, word().await), (404, 200, 200), "found");
    looked(&door, id, DomainStatus::Failed).await;
    assert_eq!((site().await, ask().await, word().await), (404, 200, 200), "found once");
    // Whoever lost it keeps it for a while.
    let engine = &door.app.state.engine;
    let other = UserCreate::new(UserLevel::Webmaster, "other@cpa.test", "other", "correct horse");
    let other = engine.user_create(Caller::SYSTEM, other).await.expect("another webmaster");
    let stranger = engine.profile_key(other).await.expect("his key");
    let take = async || {
        let key = [("x-api-key", stranger.as_str())];
        door.app.call("POST", "/api/domain/", &key, "name=cpa.example").await
    };
    assert_eq!(take().await.status.as_u16(), 400);
    door.app.clock.advance(LOST_DAYS * 86_400);
    assert_eq!(take().await.status.as_u16(), 400);
    door.app.clock.advance(86_400);
    let taken = take().await;
    assert_eq!(taken.status.as_u16(), 201, "{taken}");
    // An operator's block ends it, and so does a release.
    let id = taken.json()["created"].as_i64().expect("an id");
    looked(&door, id, DomainStatus::Active).await;
    let (path, key) = (format!("/api/domain/{id}"), [("x-api-key", door.operator.as_str())]);
    let blocked = door.app.call("POST", &path, &key, "status=3&reason=not+yours").await;
    assert_eq!(blocked.status.as_u16(), 200, "{blocked}");
    assert_eq!((site().await, ask().await, word().await), (200, 404, 404), "blocked");
    let released = door.app.call("DELETE", &path, &key, "").await;
    assert_eq!(released.status.as_u16(), 200, "{released}");
    assert_eq!((site().await, ask().await, word().await), (200, 404, 404), "released");
    assert_eq!(take().await.status.as_u16(), 201);
}

#[db_test]
async fn names_of_the_network_are_nobodys(db: TestDb) {
    let config = EngineConfig { own_hosts: vec!["CPA.example".to_owned()], ..TestApp::config(&db) };
    let door = door_of(TestApp::start_from(db, config, generous()).await).await;
    for name in ["cpa.example", "a.cpa.example", "B.Cpa.Example."] {
        let refused =
            door.app.call("POST", "/api/domain/", &[("x-api-key", &door.key)], &format!("name={name}")).await;
        assert!(refused.to_string().contains("This is the network's own name"), "{name}: {refused}");
    }
    // What was parked before the setting does not count any more.
    let webmaster_id = door.webmaster;
    let park = move |db| async move {
        let row = Domain {
            id: 0,
            name: "a.cpa.example".to_owned(),
            webmaster_id,
            status: DomainStatus::Active.code(),
            reason: String::new(),
            is_secure: false,
            token: "word".to_owned(),
            date_checked: None,
            date_seen: Some(0),
            date_due: i64::MAX,
            date_created: 0,
        };
        let id = domain::create(&db, row).await?;
        change::create(&db, ChangeKind::Domain, id, Time(0)).await
    };
    door.app.db.store.write(park).await.expect("park it");
    let engine = &door.app.state.engine;
    engine.catalogue_refresh().await.expect("read it");
    assert_eq!(through(&door, "a.cpa.example", "/healthz").await.status.as_u16(), 200);
    assert!(engine.domain_of_host("a.cpa.example").is_none());
    assert!(engine.domain_proof("a.cpa.example").is_none());
    assert!(engine.domain_may_have_certificate("cpa.example"));
    assert!(!engine.domain_may_have_certificate("a.cpa.example"));
}
