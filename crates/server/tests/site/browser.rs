//! A browser without scripts: it keeps cookies, says where its forms come from, and follows nothing by itself.

use std::collections::BTreeMap;
use std::sync::Mutex;

use whocpa::limits::LimitsConfig;
use whocpa_domain::user::UserLevel;
use whocpa_engine::Caller;
use whocpa_engine::user::UserCreate;
use whocpa_store::testing::TestDb;

use crate::support::{Answer, TestApp, generous};

pub const PASSWORD: &str = "correct horse";
const ORIGIN: &str = "https://cpa.test";

/// The network with its whole router.
pub async fn network(db: TestDb) -> TestApp {
    network_with(db, generous()).await
}

pub async fn network_with(db: TestDb, limits: LimitsConfig) -> TestApp {
    let mut app = TestApp::start_with(db, limits).await;
    app.router = whocpa::app::router(&app.state);
    app
}

/// Makes an account; gives its id.
pub async fn person(app: &TestApp, level: UserLevel, login: &str) -> i64 {
    let input = UserCreate::new(level, login, login, PASSWORD);
    app.state.engine.user_create(Caller::SYSTEM, input).await.expect("an account")
}

/// One browser.
pub struct Browser<'a> {
    app: &'a TestApp,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        Self { app, cookies: Mutex::default() }
    }

    /// One in which somebody has just signed in.
    pub async fn signed_in(app: &'a TestApp, login: &str) -> Self {
        let browser = Self::new(app);
        let answer = browser.sign_in(login, PASSWORD).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        browser
    }

    pub async fn sign_in(&self, login: &str, password: &str) -> Answer {
        self.post("/sign-in", &format!("login={login}&password={}", password.replace(' ', "+"))).await
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().expect("cookies").get(name).cloned()
    }

    pub fn set(&self, name: &str, value: &str) {
        self.cookies.lock().expect("cookies").insert(name.to_owned(), value.to_owned());
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    /// A form of the site itself.
    pub async fn post(&self, path: &str, form: &str) -> Answer {
        self.post_from(path, form, &[("origin", ORIGIN), ("sec-fetch-site", "same-origin")]).await
    }

    pub async fn post_from(&self, path: &str, form: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("POST", path, headers, if form.is_empty() { "_=" } else { form }).await
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], form: &str) -> Answer {
        let pairs: Vec<String> = {
            let cookies = self.cookies.lock().expect("cookies");
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect()
        };
        let cookie = pairs.join("; ");
        let mut headers = headers.to_vec();
        headers.extend([("host", "cpa.test"), ("cookie", cookie.as_str())]);
        let answer = self.app.call(method, path, &headers, form).await;
        let mut cookies = self.cookies.lock().expect("cookies");
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().expect("a plain cookie");
            let (name, rest) = line.split_once('=').expect("a cookie");
            let value = rest.split(';').next().unwrap_or_default();
            if line.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// A page with this status.
#[track_caller]
pub fn page(answer: &Answer, status: u16) -> &str {
    assert_eq!(answer.status, status, "{}", answer.text);
    &answer.text
}

/// An answer that leads on to this address.
#[track_caller]
pub fn leads_to(answer: &Answer, path: &str) {
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(answer.header("location"), path);
}
