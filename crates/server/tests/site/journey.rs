//! Ways through the cabinets in a real browser: a webmaster's from signing in to a payout that is asked for, an advertiser's from
//! his first offer to approved leads.

use std::net::SocketAddr;

use serde_json::json;
use tokio::net::TcpListener;
use whocpa::state::{AppState, HttpConfig};
use whocpa_db_test::db_test;
use whocpa_domain::Time;
use whocpa_domain::user::UserLevel;
use whocpa_domain::wallet::FREEZE_HOURS;
use whocpa_store::testing::TestDb;

use crate::browser::{PASSWORD, network, person};
use crate::chromium::Tab;
use crate::forms::earn;
use crate::public::{api, offer, owner};
use crate::support::{TestApp, generous};

/// Serves the site under its own address on a free port; gives that address.
async fn serve(app: &TestApp) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base_url = format!("http://{}", listener.local_addr().expect("an address"));
    let config = HttpConfig { base_url: base_url.clone(), limits: generous(), ..HttpConfig::default() };
    let state = AppState::new(app.state.engine.clone(), config, 7);
    let service = whocpa::app::router(&state).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    base_url
}

async fn sign_in(tab: &mut Tab, login: &str, home: &str) {
    tab.go("/sign-in").await;
    tab.fill("login", login);
    tab.fill("password", PASSWORD);
    tab.press("main button.is-main", &format!("location.pathname === '{home}'")).await;
}

/// Somebody presses a link; gives the click.
async fn click(app: &TestApp, code: &str) -> String {
    let agent =
        [("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36")];
    let answer = app.call("GET", &format!("/go/{code}"), &agent, "").await;
    let cookie = answer.header("set-cookie");
    let tid = cookie.split('=').nth(1).and_then(|rest| rest.split(';').next()).expect("a tid");
    tid.to_owned()
}

#[db_test]
async fn a_webmaster_earns_and_asks_for_his_money(db: TestDb) {
    let app = network(db).await;
    let owner = owner(&app).await;
    let advertiser = person(&app, UserLevel::Advertiser, "ada").await;
    let id = offer(&app, &owner, advertiser).await;
    let webmaster = person(&app, UserLevel::Webmaster, "wanda").await;
    let base = serve(&app).await;
    let mut tab = Tab::open(base.clone());
    sign_in(&mut tab, "wanda", "/pub").await;

    tab.go(&format!("/offers/{id}")).await;
    tab.press("main form button.is-main", "document.querySelector('.told')").await;
    tab.press("a[href^='/pub/links/new']", "location.pathname === '/pub/links/new'").await;
    tab.fill("name", "My first link");
    tab.press("main form button.is-main", "/^.pub.links.[0-9]+$/.test(location.pathname)").await;
    let link = tab.ask("document.querySelector('code.long').textContent");
    let code = link.as_str().and_then(|url| url.split("/go/").nth(1)).expect("its address").to_owned();

    let tid = click(&app, &code).await;
    let ada = app.state.engine.profile_key(advertiser).await.expect("a key");
    let goal =
        app.get(&format!("/api/goal/?offer_id={id}&api_key={ada}")).await.json()["objects"][0]["id"].clone();
    let lead = api(&app, &ada, "/api/lead/", json!({"tid": tid, "goal_id": goal, "sale_id": "A-1"})).await;
    api(&app, &ada, &format!("/api/lead/{lead}"), json!({"status": 1})).await;
    tab.go("/pub/leads").await;
    assert!(tab.words().contains("12.50"), "{}", tab.words());
    tab.press(&format!("a[href='/pub/leads/{lead}']"), "document.querySelector('.story')").await;

    earn(&app, webmaster, Time(0)).await;
    tab.go("/pub/money").await;
    tab.fill("kind", "1");
    tab.ask("document.querySelector('#field-wallet_currency').value = '840'");
    tab.fill("account", "U0123456");
    tab.press("form[action='/pub/wallets'] button", "document.querySelector('.told')").await;
    let key = app.state.engine.profile_key(webmaster).await.expect("a key");
    let wallet = app.get(&format!("/api/wallet/?api_key={key}")).await.json()["objects"][0]["id"].clone();
    api(&app, &owner, &format!("/api/wallet/{wallet}"), json!({"status": 1})).await;
    app.clock.advance(FREEZE_HOURS * 3600);

    // He has been away for two days.
    let mut tab = Tab::open(base);
    sign_in(&mut tab, "wanda", "/pub").await;
    tab.go("/pub/money").await;
    tab.fill("amount", "150");
    tab.press("form[action='/pub/payouts/new'] button", "location.pathname === '/pub/payouts/new'").await;
    assert!(tab.words().contains("150.00"), "what leaves and arrives is said first: {}", tab.words());
    tab.press("form[action='/pub/payouts'] button", "document.querySelector('.told')").await;
    let words = tab.words();
    assert!(words.contains("150.00\u{a0}USD") && words.contains("250.00\u{a0}USD"), "{words}");
    let payouts = app.get(&format!("/api/payout/?api_key={key}")).await.json();
    assert_eq!(payouts["total_count"], 1, "{payouts}");
}

#[db_test]
async fn an_advertiser_makes_an_offer_and_approves_leads(db: TestDb) {
    let app = network(db).await;
    let owner = owner(&app).await;
    api(&app, &owner, "/api/category/", json!({"name_en": "Tea", "name_ru": "Tea"})).await;
    let advertiser = person(&app, UserLevel::Advertiser, "ada").await;
    let webmaster = person(&app, UserLevel::Webmaster, "wanda").await;
    let base = serve(&app).await;
    let mut tab = Tab::open(base);
    sign_in(&mut tab, "ada", "/adv").await;
    tab.press("a[href='/adv/offers/new']", "location.pathname === '/adv/offers/new'").await;
    tab.fill("name", "Green tea");
    tab.fill("url_redirect", "https://tea.example/");
    tab.ask("document.querySelector('[name=categories]').click()");
    tab.ask("document.querySelector('[name=geo]').click()");
    tab.ask("document.querySelector('[name=is_auto_connect]').click()");
    tab.press("form.card button.is-main", "/^.adv.offers.[0-9]+$/.test(location.pathname)").await;
    let path = tab.ask("location.pathname").as_str().expect("a path").to_owned();
    let id: i64 = path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("its id");
    tab.press("a[href$='/goals']", "document.querySelector('[name=charge]')").await;
    tab.fill("description", "An order");
    tab.fill("charge", "15");
    tab.fill("currency_id", "840");
    tab.press("form.card button.is-main", "document.querySelector('.told')").await;
    assert!(tab.words().contains("15"), "{}", tab.words());
    tab.press("form[action$='/status'] button.is-main", "document.querySelector('h1 .tag.warn')").await;
    api(&app, &owner, &format!("/api/offer/{id}"), json!({"status": 2})).await;

    let engine = &app.state.engine;
    let (ada, wanda) = (engine.profile_key(advertiser).await, engine.profile_key(webmaster).await);
    let (ada, wanda) = (ada.expect("a key"), wanda.expect("a key"));
    api(&app, &wanda, "/api/connection/", json!({"offer_id": id})).await;
    let link = api(&app, &wanda, "/api/link/", json!({"offer_id": id})).await;
    let code = app.get(&format!("/api/link/?id={link}&api_key={wanda}")).await.json();
    let code = code["objects"][0]["code"].as_str().expect("a code").to_owned();
    for number in 0..3 {
        let tid = click(&app, &code).await;
        api(&app, &ada, "/api/lead/", json!({"tid": tid, "sale_id": format!("A-{number}")})).await;
    }
    tab.go("/adv/leads?status=0").await;
    tab.ask("document.querySelector('[data-all]').click()");
    assert_eq!(tab.ask("document.querySelectorAll('[name=lead_id]:checked').length"), 3, "all are chosen");
    tab.press(".desk button.is-main", "/^.adv.decisions.[0-9]+$/.test(location.pathname)").await;
    assert_eq!(tab.ask("document.querySelectorAll('tbody .tag.good').length"), 3, "all are decided");
    let leads = app.get(&format!("/api/lead/?status=1&api_key={ada}")).await.json();
    assert_eq!(leads["total_count"], 3, "{leads}");
}
