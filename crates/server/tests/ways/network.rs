//! An offer with a link to it, and all sides of it.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use whocpa::app;
use whocpa_domain::user::UserLevel;
use whocpa_store::testing::TestDb;

use crate::support::{Answer, CLIENT, TestApp};

/// What every visitor's request has.
pub const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0";

/// A live offer with a goal of 10 dollars (8 for the webmaster), and a link to it.
pub struct Network {
    pub app: TestApp,
    pub operator: String,
    pub webmaster: String,
    pub advertiser: String,
    pub advertiser_id: i64,
    pub webmaster_id: i64,
    pub token: String,
    pub offer: i64,
    pub goal: i64,
    pub link: i64,
    pub code: String,
}

impl Network {
    pub async fn start(db: TestDb) -> Self {
        Self::start_in(TestApp::start(db).await).await
    }

    /// The same behind an application that is set up otherwise.
    pub async fn start_in(mut app: TestApp) -> Self {
        app.router = app::router(&app.state);
        let operator = app.key(UserLevel::Operator).await;
        let webmaster = app.key(UserLevel::Webmaster).await;
        let advertiser = app.key(UserLevel::Advertiser).await;
        let mut network = Self {
            app,
            operator,
            webmaster,
            advertiser,
            advertiser_id: 0,
            webmaster_id: 0,
            token: String::new(),
            offer: 0,
            goal: 0,
            link: 0,
            code: String::new(),
        };
        network.build().await;
        network
    }

    async fn build(&mut self) {
        let (operator, webmaster, advertiser) =
            (self.operator.clone(), self.webmaster.clone(), self.advertiser.clone());
        let category = self.make(&operator, "category", "name_en=Tea&name_ru=Tea").await;
        // Ukraine.
        let geo = self.country("Ukraine").await;
        let form = format!("name=Tea&url_redirect=https://shop.example/&categories={category}&geo={geo}");
        self.offer = self.make(&advertiser, "offer", &form).await;
        self.change(&operator, &format!("offer/{}", self.offer), "status=2").await;
        self.goal = self.new_goal("alias=order").await;
        let connection = self.make(&webmaster, "connection", &format!("offer_id={}", self.offer)).await;
        self.change(&operator, &format!("connection/{connection}"), "status=1").await;
        self.link = self.make(&webmaster, "link", &format!("offer_id={}", self.offer)).await;
        let shown = self.view(&webmaster, &format!("link/{}", self.link)).await;
        self.code = shown["code"].as_str().expect("a code").to_owned();
        let profile = self.object(&advertiser, "profile").await;
        self.advertiser_id = profile["id"].as_i64().expect("an id");
        self.token = profile["postback_token"].as_str().expect("a token").to_owned();
        self.webmaster_id = self.object(&webmaster, "profile").await["id"].as_i64().expect("an id");
    }

    /// Another goal of the offer.
    pub async fn new_goal(&self, more: &str) -> i64 {
        let form = format!(
            "offer_id={}&description=Order&currency_id=840&hold_period=10&money_type=1&charge=10&{more}",
            self.offer
        );
        self.make(&self.advertiser, "goal", &form).await
    }

    async fn country(&self, name: &str) -> i64 {
        fn find(tree: &Value, name: &str) -> Option<i64> {
            let rows = tree.as_array()?;
            rows.iter().find_map(|row| {
                if row["name_en"] == name { row["id"].as_i64() } else { find(&row["descendants"], name) }
            })
        }
        let tree = self.app.get("/api/geo/").await.json();
        find(&tree["objects"], name).expect("a country")
    }

    pub async fn send(&self, key: &str, method: &str, path: &str, form: &str) -> Answer {
        self.app.call(method, path, &[("x-api-key", key)], form).await
    }

    pub async fn make(&self, key: &str, resource: &str, form: &str) -> i64 {
        let answer = self.send(key, "POST", &format!("/api/{resource}/"), form).await;
        assert_eq!(answer.status.as_u16(), 201, "{resource} {form}: {answer}");
        answer.json()["created"].as_i64().expect("an id")
    }

    pub async fn change(&self, key: &str, path: &str, form: &str) {
        let answer = self.send(key, "POST", &format!("/api/{path}"), form).await;
        assert_eq!(answer.status.as_u16(), 200, "{path} {form}: {answer}");
    }

    pub async fn view(&self, key: &str, path: &str) -> Value {
        let answer = self.send(key, "GET", &format!("/api/{path}"), "").await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {answer}");
        answer.json()["object"].clone()
    }

    pub async fn list(&self, key: &str, path: &str) -> Vec<Value> {
        let answer = self.send(key, "GET", &format!("/api/{path}"), "").await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {answer}");
        answer.json()["objects"].as_array().expect("objects").clone()
    }

    /// The first object of a list.
    pub async fn object(&self, key: &str, path: &str) -> Value {
        self.list(key, &format!("{path}/")).await.into_iter().next().expect("an object")
    }

    /// A visitor who is sent to the offer; gives his tid.
    pub async fn visit(&self, query: &str) -> String {
        let path = format!("/go/{}?{query}", self.code);
        let answer = self.app.call("GET", &path, &[("user-agent", BROWSER)], "").await;
        assert_eq!(answer.status.as_u16(), 302, "{answer}");
        let to = answer.header("location");
        let (_, tid) = to.split_once("tid=").expect("a tid in the address");
        tid.split('&').next().expect("a value").to_owned()
    }

    /// An advertiser's report.
    pub async fn report(&self, path: &str) -> Answer {
        let path = path.replace("TOKEN", &self.token);
        self.app.call("GET", &path, &[], "").await
    }

    pub async fn leads(&self) -> Vec<Value> {
        self.list(&self.operator, "lead/").await
    }
}

/// The answer to a form that is sent beside others.
pub async fn post(router: axum::Router, path: &str, form: String) -> Value {
    let kind = "application/x-www-form-urlencoded";
    let request = Request::builder().method("POST").uri(path).header("content-type", kind);
    let mut request = request.body(Body::from(form)).expect("a right request");
    request.extensions_mut().insert(ConnectInfo(CLIENT));
    let answer = router.oneshot(request).await.expect("a router never fails");
    let bytes = answer.into_body().collect().await.expect("a whole answer").to_bytes();
    serde_json::from_slice(&bytes).expect("an answer in JSON")
}
