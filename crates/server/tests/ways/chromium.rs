//! `/t.js` in a real browser, over real connections, on a page of another site. `./test` installs Chromium.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use serde_json::Value;
use tokio::net::TcpListener;
use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

use crate::network::Network;

const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Serves on a free port; gives it.
async fn serve(router: Router) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    port
}

/// The page as the browser shows it in the end.
///
/// # Panics
/// Without a browser: such a test never passes silently.
async fn shown(url: String) -> String {
    let run = move || {
        let shown = BROWSERS.iter().find_map(|browser| {
            let profile = tempfile::tempdir().expect("a folder");
            let run = Command::new(browser)
                .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
                .args(["--virtual-time-budget=8000", "--dump-dom"])
                .arg(format!("--user-data-dir={}", profile.path().display()))
                .arg(&url)
                .stderr(Stdio::null())
                .output();
            run.ok().map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        });
        shown.expect(
            "Chromium is not installed: run ./test, which installs it, or install it (Debian: chromium)",
        )
    };
    tokio::task::spawn_blocking(run).await.expect("the browser ends")
}

#[db_test]
async fn the_script_tracks_with_and_without_consent(db: TestDb) {
    let net = Network::start(db).await;
    net.take_pixels().await;
    let ours = serve(net.app.router.clone()).await;
    for (consent, has_cookie) in [("granted", true), ("denied", false)] {
        let html = format!(
            "<body><form id=f action=/buy><input name=q></form><a id=a href=/next>next</a>\
             <script src='http://127.0.0.1:{ours}/t.js' data-consent={consent}></script><script>\
             whocpa('lead', {{goal: {}, sale_id: '{consent}'}}, function (v) {{\
             f.onsubmit = function (e) {{ e.preventDefault() }}; f.requestSubmit();\
             a.onclick = function (e) {{ e.preventDefault() }}; a.click();\
             document.body.append('|' + v.verdict + '|' + document.cookie.split('=')[0] + '|') }})\
             </script></body>",
            net.goal
        );
        let site = serve(Router::new().route("/", get(|| async { Html(html) }))).await;
        let url = format!("http://localhost:{site}/?wc={}&subid1={consent}", net.code);
        let page = shown(url).await;
        let cookie = if has_cookie { "wc_tid" } else { "" };
        assert!(page.contains(&format!("|accepted|{cookie}|")), "{consent}: {page}");
        assert!(page.contains("<input type=\"hidden\" name=\"tid\""), "forms carry it: {page}");
        assert_eq!(
            page.contains("/next?tid="),
            !has_cookie,
            "without a cookie, so do the site's links: {page}"
        );
    }
    let leads = net.leads().await;
    let labels: Vec<&Value> = leads.iter().map(|lead| &lead["subid1"]).collect();
    assert_eq!(labels, ["denied", "granted"], "{leads:?}");
}
