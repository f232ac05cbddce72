//! What everybody sees: offers, news, help, registration.

use serde_json::{Value, json};
use whocpa_db_test::db_test;
use whocpa_domain::user::{AffId, UserLevel};
use whocpa_engine::Caller;
use whocpa_engine::user::UserList;
use whocpa_store::testing::TestDb;

use crate::browser::{Browser, PASSWORD, leads_to, network, page, person};
use crate::support::TestApp;

const POLYGLOT: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>";

/// A request to the API as the network's owner.
pub async fn api(app: &TestApp, key: &str, path: &str, form: Value) -> i64 {
    let headers = [("x-api-key", key), ("content-type", "application/json")];
    let answer = app.call("POST", path, &headers, &form.to_string()).await;
    assert!(answer.status.is_success(), "{path}: {answer}");
    let told = answer.json();
    told.get("created").or(told.get("updated")).and_then(Value::as_i64).expect("an id")
}

/// An offer that is live, with one goal, whose words are hostile.
pub async fn offer(app: &TestApp, operator: &str, advertiser_id: i64) -> i64 {
    let category = api(app, operator, "/api/category/", json!({"name_en": "Tea", "name_ru": "Tea"})).await;
    let geo = app.get("/api/geo/").await.json()["objects"][0]["id"].clone();
    let words = json!({"categories": [category], "geo": [geo], "name": format!("Tea {POLYGLOT}"), "description": POLYGLOT, "description_short": POLYGLOT,
        "rules_full": POLYGLOT, "url_redirect": "https://tea.example/", "advertiser_id": advertiser_id,
        "is_auto_connect": true});
    let id = api(app, operator, "/api/offer/", words).await;
    let goal = json!({"offer_id": id, "description": POLYGLOT, "money_type": 1, "payment": "12.50", "charge": "15",
        "currency_id": 840, "hold_period": 7});
    api(app, operator, "/api/goal/", goal).await;
    api(app, operator, &format!("/api/offer/{id}"), json!({"status": 2})).await;
    id
}

/// The owner of the network: his key.
pub async fn owner(app: &TestApp) -> String {
    let id = person(app, UserLevel::Operator, "olga").await;
    app.state.engine.profile_key(id).await.expect("his key")
}

#[db_test]
async fn offers_are_found_and_read(db: TestDb) {
    let app = network(db).await;
    let owner = owner(&app).await;
    let advertiser = person(&app, UserLevel::Advertiser, "ada").await;
    let guest = Browser::new(&app);
    assert!(page(&guest.get("/offers").await, 200).contains("class=\"empty\""));
    let id = offer(&app, &owner, advertiser).await;
    for path in ["/", "/ru", "/offers", "/offers?search=tea", "/ua/offers"] {
        let answer = guest.get(path).await;
        let text = page(&answer, 200);
        assert!(text.contains(&format!("/offers/{id}")) && text.contains("USD"), "{path}");
        assert!(!text.contains("<script>alert") && !text.contains("<img src=x"), "{path}");
    }
    assert!(guest.get("/offers?search=coffee").await.text.contains("class=\"empty\""));
    assert_eq!(guest.get("/offers?colour=red").await.status, 400, "an unknown condition is not ignored");
    let shown = guest.get(&format!("/offers/{id}")).await;
    let text = page(&shown, 200);
    assert!(text.contains("12.50") && text.contains("7 days") && text.contains("/register"), "{text}");
    assert!(!text.contains("<script>alert") && !text.contains("<img src=x"));
    assert!(!text.contains("15.00"), "what the advertiser pays is not for everybody");
    assert!(guest.get(&format!("/ru/offers/{id}")).await.text.contains("12,50"));
    assert_eq!(guest.get("/offers/999999").await.status, 404);
}

#[db_test]
async fn a_webmaster_asks_for_an_offer(db: TestDb) {
    let app = network(db).await;
    let owner = owner(&app).await;
    let advertiser = person(&app, UserLevel::Advertiser, "ada").await;
    let id = offer(&app, &owner, advertiser).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    let (wanda, ada) = (Browser::signed_in(&app, "wanda").await, Browser::signed_in(&app, "ada").await);
    let connect = format!("/offers/{id}/connect");
    assert!(page(&wanda.get(&format!("/offers/{id}")).await, 200).contains(&connect));
    assert_eq!(ada.post(&connect, "comment=me").await.status, 404, "it is for webmasters");
    leads_to(&wanda.post(&connect, "comment=from+search").await, &format!("/offers/{id}?done=connected"));
    assert!(page(&wanda.get(&format!("/offers/{id}")).await, 200).contains("You work with this offer"));
    assert_eq!(wanda.post(&connect, "comment=again").await.status, 400);
}

#[db_test]
async fn news_are_read(db: TestDb) {
    let app = network(db).await;
    let owner = owner(&app).await;
    let news =
        json!({"header": POLYGLOT, "body": "<p>Tea <b>is</b> back</p><script>alert(1)</script>", "type": 1});
    let id = api(&app, &owner, "/api/news/", news).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    let wanda = Browser::signed_in(&app, "wanda").await;
    let listed = wanda.get("/news").await;
    assert!(page(&listed, 200).contains("unread") && !listed.text.contains("<script>alert"));
    let read = wanda.get(&format!("/news/{id}")).await;
    assert!(page(&read, 200).contains("<p>Tea <b>is</b> back</p>"), "{}", read.text);
    assert!(!read.text.contains("<script>alert"));
    assert!(!wanda.get("/news").await.text.contains("unread"));
    let guest = Browser::new(&app);
    assert!(page(&guest.get(&format!("/ua/news/{id}")).await, 200).contains("Tea"));
    assert_eq!(guest.get("/news/999").await.status, 404);
}

#[db_test]
async fn help_is_there_in_every_language(db: TestDb) {
    let app = network(db).await;
    let guest = Browser::new(&app);
    for prefix in ["", "/ru", "/ua"] {
        let first = guest.get(&format!("{prefix}/help")).await;
        let links: Vec<&str> = page(&first, 200)
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|link| link.contains("/help/"))
            .collect();
        assert_eq!(links.len(), 7, "{links:?}");
        for link in links {
            let text = guest.get(link).await.text;
            assert!(text.contains("<h1>") && !text.contains("**") && !text.contains('`'), "{link}");
        }
    }
    assert_eq!(guest.get("/help/nothing").await.status, 404);
}

#[db_test]
async fn an_account_is_asked_for_and_waits(db: TestDb) {
    let app = network(db).await;
    let referrer = person(&app, UserLevel::Webmaster, "wanda").await;
    let aff_id = AffId::of(referrer).expect("an affiliate id").number();
    let guest = Browser::new(&app);
    let shown = guest.get(&format!("/register?level=1&ref={aff_id}")).await;
    assert!(page(&shown, 200).contains(&format!("value=\"{aff_id}\"")));
    let form = format!(
        "level=1&ref={aff_id}&login=Boris&password=correct+horse&name=Boris&about=sites&telegram=boris"
    );
    for (wrong, message) in [
        (form.replace("telegram=boris", "email="), "Leave an e-mail address"),
        (form.replace("level=1", "level=3"), "Must be webmaster or advertiser"),
        (form.replace("about=sites", "about="), "required"),
        (form.replace("login=Boris", "login=wanda"), "Already taken"),
        (form.replace("login=Boris", "login=bor%E2%80%8Bis"), "letters, digits"),
        (form.replace("login=Boris", "login=%EF%BC%A2oris"), "letters, digits"),
        (form.replace("=correct+horse", "=Password123"), "Too many people"),
    ] {
        let answer = guest.post("/register", &wrong).await;
        assert!(page(&answer, 400).contains(message), "{wrong}: {}", answer.text);
        assert!(!answer.text.contains("correct horse"));
    }
    let done = guest.post("/register", &form).await;
    assert!(page(&done, 200).contains("waits for an operator"));
    assert!(page(&guest.sign_in("boris", PASSWORD).await, 403).contains("waits for an operator"));
    assert!(
        page(&guest.sign_in("boris", "wrong horse").await, 401).contains("not right"),
        "only its owner is told"
    );
    let engine = &app.state.engine;
    let found = engine.user_list(Caller::SYSTEM, waiting()).await.expect("people").rows;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].login.as_str(), found[0].comment.as_str()), ("boris", "sites"));
    let owner = owner(&app).await;
    api(&app, &owner, &format!("/api/user/{}", found[0].id), json!({"status": 1})).await;
    leads_to(&guest.sign_in("boris", PASSWORD).await, "/pub");
    let (path, headers) = (format!("/api/user/{}", found[0].id), [("x-api-key", owner.as_str())]);
    let refused = app.call("POST", &path, &headers, "status=3");
    assert_eq!(refused.await.status, 400, "nobody is made to wait again");
}

fn waiting() -> UserList {
    let mut params = whocpa_domain::input::RawParams::default();
    params.push("status", whocpa_domain::input::RawValue::Text("3".to_owned()));
    params.read().expect("a filter")
}
