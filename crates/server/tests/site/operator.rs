//! The operator's console: who sees what of it, people, what waits for a decision.

use serde_json::json;
use whocpa_db_test::db_test;
use whocpa_domain::role::Role;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Access, Method, Resource};
use whocpa_engine::Caller;
use whocpa_engine::user::UserCreate;
use whocpa_store::testing::TestDb;

use crate::browser::{Browser, PASSWORD, leads_to, network, page, person};
use crate::public::{api, offer, owner};
use crate::support::TestApp;

/// Lists, with what one must be allowed to list.
const LISTS: [(&str, Resource); 26] = [
    ("/operator/users", Resource::User),
    ("/operator/offers", Resource::Offer),
    ("/operator/leads", Resource::Lead),
    ("/operator/decisions", Resource::Decision),
    ("/operator/stats", Resource::Stat),
    ("/operator/tickets", Resource::Ticket),
    ("/operator/news", Resource::News),
    ("/operator/connections", Resource::Connection),
    ("/operator/areas", Resource::Area),
    ("/operator/landings", Resource::Landing),
    ("/operator/promos", Resource::Promo),
    ("/operator/domains", Resource::Domain),
    ("/operator/findings", Resource::Finding),
    ("/operator/rules", Resource::Rule),
    ("/operator/orphans", Resource::Orphan),
    ("/operator/postbacks", Resource::Postback),
    ("/operator/payouts", Resource::Payout),
    ("/operator/batches", Resource::Batch),
    ("/operator/deposits", Resource::Deposit),
    ("/operator/wallets", Resource::Wallet),
    ("/operator/balances", Resource::Balance),
    ("/operator/transfers", Resource::Transfer),
    ("/operator/advances", Resource::Advance),
    ("/operator/conditions", Resource::Condition),
    ("/operator/currencies", Resource::Currency),
    ("/operator/audit", Resource::Audit),
];
/// Pages of one object that is not there.
const OBJECTS: [&str; 18] = [
    "/operator/users/999",
    "/operator/offers/999",
    "/operator/leads/999",
    "/operator/decisions/999",
    "/operator/tickets/999",
    "/operator/news/999",
    "/operator/connections/999",
    "/operator/areas/999",
    "/operator/landings/999",
    "/operator/promos/999",
    "/operator/domains/999",
    "/operator/findings/999",
    "/operator/rules/999",
    "/operator/payouts/999",
    "/operator/batches/999",
    "/operator/deposits/999",
    "/operator/wallets/999",
    "/operator/conditions/999",
];
/// Forms; what they name is nobody's.
const FORMS: [&str; 29] = [
    "/operator/users/new",
    "/operator/users/1",
    "/operator/users/1/status",
    "/operator/users/1/password",
    "/operator/offers/1/status",
    "/operator/offers/1/note",
    "/operator/offers/1/connect",
    "/operator/leads",
    "/operator/leads/1",
    "/operator/decisions/1",
    "/operator/tickets/1",
    "/operator/news/new",
    "/operator/news/1",
    "/operator/news/1/delete",
    "/operator/areas/1/status",
    "/operator/wallets/1/status",
    "/operator/rules",
    "/operator/rules/1",
    "/operator/findings/1",
    "/operator/orphans/1",
    "/operator/payouts/1",
    "/operator/batches",
    "/operator/batches/1",
    "/operator/deposits",
    "/operator/deposits/1",
    "/operator/advances",
    "/operator/conditions",
    "/operator/currencies/all",
    "/operator/rates",
];

/// An operator of this role.
pub async fn operator(app: &TestApp, role: Role, login: &str) -> i64 {
    let input =
        UserCreate { role: Some(role), ..UserCreate::new(UserLevel::Operator, login, login, PASSWORD) };
    app.state.engine.user_create(Caller::SYSTEM, input).await.expect("an operator")
}

#[db_test]
async fn the_console_is_for_operators(db: TestDb) {
    let app = network(db).await;
    let all = || {
        LISTS.iter().map(|(path, _)| *path).chain(["/operator", "/operator/users/new", "/operator/news/new"])
    };
    for (level, login) in [(UserLevel::Webmaster, "wanda"), (UserLevel::Advertiser, "ada")] {
        person(&app, level, login).await;
        let browser = Browser::signed_in(&app, login).await;
        for path in all().chain(OBJECTS) {
            assert_eq!(browser.get(path).await.status, 404, "{login} {path}");
        }
        for path in FORMS {
            assert_eq!(browser.post(path, "").await.status, 404, "{login} {path}");
        }
    }
    let guest = Browser::new(&app);
    for path in all() {
        let answer = guest.get(path).await;
        assert!(answer.status == 303 && answer.header("location").starts_with("/sign-in?next="), "{path}");
    }
    person(&app, UserLevel::Operator, "olga").await;
    let guest = Browser::new(&app);
    leads_to(&guest.sign_in("olga", PASSWORD).await, "/operator");
    let olga = Browser::signed_in(&app, "olga").await;
    for path in FORMS {
        let foreign = [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")];
        assert_eq!(olga.post_from(path, "", &foreign).await.status, 403, "{path}");
    }
    for path in OBJECTS {
        assert_eq!(olga.get(path).await.status, 404, "{path}");
    }
    for language in ["ru", "uk", "en"] {
        olga.post("/view", &format!("language={language}&back=/operator")).await;
        for path in all() {
            let answer = olga.get(path).await;
            let text = page(&answer, 200);
            assert!(!text.contains('\u{27e6}'), "{path} {language}: a text is missing");
            assert!(!text.contains(" style="), "{path}");
        }
    }
}

#[db_test]
async fn each_role_sees_its_part(db: TestDb) {
    let app = network(db).await;
    for (role, login) in [(Role::Manager, "mary"), (Role::Finance, "fiona"), (Role::Support, "simon")] {
        operator(&app, role, login).await;
        let browser = Browser::signed_in(&app, login).await;
        let first = browser.get("/operator").await;
        let menu = page(&first, 200);
        for (path, resource) in LISTS {
            let is_open = role.access(resource, Method::List) != Access::None;
            let status = browser.get(path).await.status.as_u16();
            assert_eq!(status, if is_open { 200 } else { 403 }, "{login} {path}");
            assert_eq!(menu.contains(&format!("href=\"{path}\"")), is_open, "{login}: the menu and {path}");
        }
    }
    // Support sees no money and adds nobody; finance adds nobody and writes no news.
    let simon = Browser::signed_in(&app, "simon").await;
    assert!(!simon.get("/operator").await.text.contains("data-chart"));
    let fiona = Browser::signed_in(&app, "fiona").await;
    for (browser, path) in
        [(&simon, "/operator/users/new"), (&fiona, "/operator/users/new"), (&fiona, "/operator/news/new")]
    {
        assert_eq!(browser.get(path).await.status, 403, "{path}");
    }
    let form = "advertiser_id=1&amount=5&currency_id=840&method=5&mark=m";
    assert_eq!(simon.post("/operator/deposits", form).await.status, 403);
    // A manager sees his own people only.
    let stranger = person(&app, UserLevel::Webmaster, "stranger").await;
    let mary = Browser::signed_in(&app, "mary").await;
    assert_eq!(mary.get(&format!("/operator/users/{stranger}")).await.status, 404);
    assert_eq!(
        mary.post(&format!("/operator/users/{stranger}/status"), "status=2&reason=x").await.status,
        404
    );
}

#[db_test]
async fn a_registration_is_let_in_or_refused(db: TestDb) {
    let app = network(db).await;
    owner(&app).await;
    let guest = Browser::new(&app);
    for login in ["wanda", "boris"] {
        let form = format!(
            "level=1&login={login}&name=<b>{login}</b>&password=correct+horse&email={login}@cpa.test&about=Tea+shops"
        );
        page(&guest.post("/register", &form).await, 200);
    }
    let olga = Browser::signed_in(&app, "olga").await;
    let first = olga.get("/operator").await;
    assert!(page(&first, 200).contains("/operator/users?status=3\"><strong>2</strong>"), "{}", first.text);
    let list = olga.get("/operator/users?status=3").await;
    let text = page(&list, 200);
    assert!(text.contains("boris") && !text.contains("<b>boris"), "{text}");
    let found = app.state.engine.user_list(Caller::SYSTEM, search("boris")).await.expect("people").rows;
    let boris = format!("/operator/users/{}", found[0].id);
    let wanda = app.state.engine.user_list(Caller::SYSTEM, search("wanda")).await.expect("people").rows[0].id;
    assert!(page(&olga.get(&boris).await, 200).contains("Tea shops"));
    let refused = olga.post(&format!("{boris}/status"), "status=2&reason=").await;
    assert!(page(&refused, 400).contains("id=\"wrong-reason\""), "{}", refused.text);
    leads_to(
        &olga.post(&format!("{boris}/status"), "status=2&reason=Bad+traffic").await,
        &format!("{boris}?done=op-decided"),
    );
    assert!(page(&olga.get(&boris).await, 200).contains("Bad traffic"));
    let let_in = format!("/operator/users/{wanda}/status");
    leads_to(&olga.post(&let_in, "status=1&back=list").await, "/operator/users?status=3&done=op-decided");
    assert_eq!(guest.sign_in("boris", PASSWORD).await.status, 401);
    leads_to(&guest.sign_in("wanda", PASSWORD).await, "/pub");
    leads_to(
        &olga.post(&let_in, "status=2&reason=Left").await,
        &format!("/operator/users/{wanda}?done=op-decided"),
    );
    assert_eq!(guest.get("/pub").await.status, 303, "a blocked person is out at once");
    let me = app.state.engine.user_list(Caller::SYSTEM, search("olga")).await.expect("people").rows[0].id;
    let own = olga.post(&format!("/operator/users/{me}/status"), "status=2&reason=x").await;
    assert!(page(&own, 400).contains("You cannot block yourself"), "{}", own.text);
}

fn search(words: &str) -> whocpa_engine::user::UserList {
    let mut asked = whocpa_domain::input::RawParams::default();
    asked.push("search", whocpa_domain::input::RawValue::Text(words.to_owned()));
    asked.read().expect("a question")
}

#[db_test]
async fn a_card_is_changed_and_what_was_done_is_told(db: TestDb) {
    let app = network(db).await;
    let olga_id = person(&app, UserLevel::Operator, "olga").await;
    let wanda = person(&app, UserLevel::Webmaster, "wanda").await;
    let olga = Browser::signed_in(&app, "olga").await;
    let path = format!("/operator/users/{wanda}");
    let wrong = olga.post(&path, "name=Kept&email=nowhere&rank=2000").await;
    let text = page(&wrong, 400);
    assert!(
        text.contains("value=\"Kept\"")
            && text.contains("id=\"wrong-email\"")
            && text.contains("value=\"2000\"")
    );
    let form =
        format!("name=Wanda+W&trust=4&rank=3&email=&telegram=&manager_id={olga_id}&comment=Calls+back");
    leads_to(&olga.post(&path, &form).await, &format!("{path}?done=saved"));
    let shown = olga.get(&path).await;
    assert!(
        page(&shown, 200).contains("VIP")
            && shown.text.contains("Calls back")
            && shown.text.contains("trust")
    );
    assert!(page(&olga.get("/operator/users?trust=4").await, 200).contains("Wanda W"));
    assert!(page(&olga.get("/operator/users?trust=x&search=kept").await, 400).contains("value=\"kept\""));
    let short = olga.post(&format!("{path}/password"), "password=short").await;
    assert!(page(&short, 400).contains("id=\"wrong-password\"") && !short.text.contains("value=\"short\""));
    leads_to(
        &olga.post(&format!("{path}/password"), "password=another+horse").await,
        &format!("{path}?done=op-password"),
    );
    let browser = Browser::new(&app);
    assert_eq!(browser.sign_in("wanda", PASSWORD).await.status, 401);
    leads_to(&browser.sign_in("wanda", "another horse").await, "/pub");
    let wrong =
        olga.post("/operator/users/new", "level=2&login=x&name=Ada&password=correct+horse&role=").await;
    assert!(page(&wrong, 400).contains("id=\"wrong-login\"") && wrong.text.contains("value=\"Ada\""));
    let made =
        olga.post("/operator/users/new", "level=2&login=ada&name=Ada&password=correct+horse&role=").await;
    assert!(made.status == 303 && made.header("location").ends_with("?done=op-made"), "{}", made.text);
    let audit = olga.get("/operator/audit?resource=user&method=create").await;
    assert!(page(&audit, 200).contains("olga") && audit.text.contains("203.0.113.9"));
    assert!(page(&olga.get("/operator/audit?ip=nowhere").await, 400).contains("value=\"nowhere\""));
}

#[db_test]
async fn what_waits_is_looked_at(db: TestDb) {
    let app = network(db).await;
    let owner = owner(&app).await;
    let wanda = person(&app, UserLevel::Webmaster, "wanda").await;
    let advertiser = person(&app, UserLevel::Advertiser, "ada").await;
    let key = app.state.engine.profile_key(wanda).await.expect("a key");
    let area = json!({"kind": 1, "name": "<i>Shop</i>", "url": "https://shop.example"});
    let area = api(&app, &key, "/api/area/", area).await;
    let olga = Browser::signed_in(&app, "olga").await;
    let (list, path) = ("/operator/areas", format!("/operator/areas/{area}"));
    let waiting = olga.get(list).await;
    assert!(page(&waiting, 200).contains("shop.example") && !waiting.text.contains("<i>Shop"));
    assert!(page(&olga.get(&path).await, 200).contains("wanda"));
    let wrong = olga.post(&format!("{path}/status"), "status=2&reason=").await;
    assert!(
        page(&wrong, 400).contains("id=\"wrong-reason\"")
            && wrong.text.contains("<option value=\"2\" selected>")
    );
    leads_to(
        &olga.post(&format!("{path}/status"), "status=1&back=list").await,
        "/operator/areas?done=op-decided",
    );
    assert!(page(&olga.get(list).await, 200).contains("class=\"empty\""), "approved ones do not wait");
    assert!(page(&olga.get("/operator/areas?status=1").await, 200).contains("shop.example"));

    let id = offer(&app, &owner, advertiser).await;
    let ada = app.state.engine.profile_key(advertiser).await.expect("a key");
    api(&app, &ada, &format!("/api/offer/{id}"), json!({"name": "Coffee"})).await;
    let path = format!("/operator/offers/{id}");
    assert!(
        page(&olga.get("/operator/offers?status=1").await, 200).contains("Coffee"),
        "it is on review again"
    );
    let shown = olga.get(&path).await;
    assert!(page(&shown, 200).contains("→ Coffee") && shown.text.contains("15.00"), "{}", shown.text);
    let wrong = olga.post(&format!("{path}/status"), "status=0&reason=").await;
    assert!(page(&wrong, 400).contains("id=\"wrong-reason\""), "{}", wrong.text);
    leads_to(&olga.post(&format!("{path}/status"), "status=2").await, &format!("{path}?done=op-decided"));
    leads_to(
        &olga.post(&format!("{path}/status"), "status=3&reason=Pause").await,
        &format!("{path}?done=op-decided"),
    );
    leads_to(
        &olga.post(&format!("{path}/note"), "comment=Calls+late").await,
        &format!("{path}?done=op-decided"),
    );
    assert!(page(&olga.get(&path).await, 200).contains("Calls late"));
    let wrong = olga.post(&format!("{path}/connect"), "webmaster_id=999").await;
    assert!(page(&wrong, 400).contains("value=\"999\""), "{}", wrong.text);
    leads_to(
        &olga.post(&format!("{path}/connect"), &format!("webmaster_id={wanda}")).await,
        &format!("{path}?done=op-connected"),
    );
    let connections = olga.get("/operator/connections?status=1").await;
    let connection = between(page(&connections, 200), "href=\"/operator/connections/", "\"");
    let path = format!("/operator/connections/{connection}");
    leads_to(
        &olga.post(&format!("{path}/status"), "status=2&reason=No").await,
        &format!("{path}?done=op-decided"),
    );
}

/// What stands between two words of a page.
#[track_caller]
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split(before).nth(1).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split(after).next().expect("an end")
}
