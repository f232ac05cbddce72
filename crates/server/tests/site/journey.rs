//! A webmaster's way through his cabinet in a real browser: from signing in to a payout that is asked for.

use std::net::SocketAddr;

use serde_json::json;
use tokio::net::TcpListener;
use whocpa::state::{AppState, HttpConfig};
use whocpa_db_test::db_test;
use whocpa_domain::user::UserLevel;
use whocpa_domain::wallet::FREEZE_HOURS;
use whocpa_store::testing::TestDb;

use crate::browser::{PASSWORD, network, person};
use crate::chromium::Tab;
use crate::public::{api, offer, owner};
use crate::support::{TestApp, generous};
use crate::webmaster::earn;

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

async fn sign_in(tab: &mut Tab, login: &str) {
    tab.go("/sign-in").await;
    tab.fill("login", login);
    tab.fill("password", PASSWORD);
    tab.press("main button.is-main", "location.pathname === '/pub'").await;
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
    sign_in(&mut tab, "wanda").await;

    tab.go(&format!("/offers/{id}")).await;
    tab.press("main form button.is-main", "document.querySelector('.told')").await;
    tab.press("a[href^='/pub/links/new']", "location.pathname === '/pub/links/new'").await;
    tab.fill("name", "My first link");
    tab.press("main form button.is-main", "/^.pub.links.[0-9]+$/.test(location.pathname)").await;
    let link = tab.ask("document.querySelector('code.long').textContent");
    let code = link.as_str().and_then(|url| url.split("/go/").nth(1)).expect("its address").to_owned();

    let agent =
        [("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36")];
    let click = app.call("GET", &format!("/go/{code}"), &agent, "").await;
    let cookie = click.header("set-cookie").to_owned();
    let tid = cookie.split('=').nth(1).and_then(|rest| rest.split(';').next()).expect("a tid");
    let ada = app.state.engine.profile_key(advertiser).await.expect("a key");
    let goal =
        app.get(&format!("/api/goal/?offer_id={id}&api_key={ada}")).await.json()["objects"][0]["id"].clone();
    let lead = api(&app, &ada, "/api/lead/", json!({"tid": tid, "goal_id": goal, "sale_id": "A-1"})).await;
    api(&app, &ada, &format!("/api/lead/{lead}"), json!({"status": 1})).await;
    tab.go("/pub/leads").await;
    assert!(tab.words().contains("12.50"), "{}", tab.words());
    tab.press(&format!("a[href='/pub/leads/{lead}']"), "document.querySelector('.story')").await;

    earn(&app, webmaster).await;
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
    sign_in(&mut tab, "wanda").await;
    tab.go("/pub/money").await;
    tab.fill("amount", "150");
    tab.press("form[action='/pub/payouts'] button", "document.querySelector('.told')").await;
    let words = tab.words();
    assert!(words.contains("150.00\u{a0}USD") && words.contains("250.00\u{a0}USD"), "{words}");
    let payouts = app.get(&format!("/api/payout/?api_key={key}")).await.json();
    assert_eq!(payouts["total_count"], 1, "{payouts}");
}
