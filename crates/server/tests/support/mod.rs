//! A network behind its real router, and requests to it that read like a story.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use whocpa::api::{self, Registry};
use whocpa::limits::LimitsConfig;
use whocpa::state::{AppState, HttpConfig};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{ManualClock, Time};
use whocpa_engine::user::UserCreate;
use whocpa_engine::{Caller, Engine, EngineConfig, Rng};
use whocpa_store::testing::TestDb;

/// 2024-04-25T14:15:16Z.
const NOW: Time = Time(1_714_054_516);
/// Seed of request ids.
const SEED: u64 = 0xabc;

/// Where requests come from.
pub const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)), 50_000);

/// A running network.
pub struct TestApp {
    pub state: AppState,
    pub router: Router,
    pub clock: ManualClock,
    pub db: TestDb,
}

/// Far more requests than any test of something else sends.
pub fn generous() -> LimitsConfig {
    let mut limits = LimitsConfig::default();
    limits.rate.multiply = NonZeroU32::new(100_000).expect("not zero");
    limits
}

impl TestApp {
    pub async fn start(db: TestDb) -> Self {
        Self::start_with(db, generous()).await
    }

    pub async fn start_with(db: TestDb, limits: LimitsConfig) -> Self {
        let config = Self::config(&db);
        Self::start_from(db, config, limits).await
    }

    /// How the engine of a test is opened.
    pub fn config(db: &TestDb) -> EngineConfig {
        EngineConfig {
            database_url: db.config.database_url.clone(),
            connections: 4,
            log_segment_bytes: 1 << 20,
            ..EngineConfig::new(db.dir.path())
        }
    }

    pub async fn start_from(db: TestDb, config: EngineConfig, limits: LimitsConfig) -> Self {
        let clock = ManualClock::new(NOW);
        let engine =
            Engine::open(config, Arc::new(clock.clone()), Rng::seeded(1)).await.expect("open the engine");
        let config = HttpConfig { base_url: "https://cpa.test".to_owned(), limits, ..HttpConfig::default() };
        let state = AppState::new(engine, config, SEED);
        let router = api::router(state.clone());
        Self { state, router, clock, db }
    }

    /// The same network with another list of resources.
    pub fn with(mut self, registry: Registry) -> Self {
        self.router = api::router_of(&self.state, Box::leak(Box::new(registry)));
        self
    }

    /// Makes an account; gives its key.
    pub async fn key(&self, level: UserLevel) -> String {
        self.key_of(level, level.word()).await
    }

    /// Makes an account of this name; gives its key.
    pub async fn key_of(&self, level: UserLevel, name: &str) -> String {
        let input = UserCreate::new(level, &format!("{name}@cpa.test"), name, "correct horse");
        let engine = &self.state.engine;
        let id = engine.user_create(Caller::SYSTEM, input).await.expect("make an account");
        engine.profile_key(id).await.expect("its key")
    }

    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
            request.extensions_mut().insert(ConnectInfo(CLIENT));
        }
        let response = self.router.clone().oneshot(request).await.expect("a router never fails");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole answer").to_bytes();
        let text = String::from_utf8(bytes.to_vec()).expect("an answer in UTF-8");
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], "").await
    }

    /// A request from this address.
    pub async fn get_from(&self, ip: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = request("GET", path, headers, "");
        let ip: IpAddr = ip.parse().expect("an address");
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(ip, 1)));
        self.send(request).await
    }

    /// A request with a form body, or without a body when `form` is empty.
    pub async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], form: &str) -> Answer {
        self.send(request(method, path, headers, form)).await
    }
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], form: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !form.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", "application/x-www-form-urlencoded");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(form.to_owned())).expect("a right request")
}

/// The engine's threads need the test's runtime until they are done.
impl Drop for TestApp {
    fn drop(&mut self) {
        let engine = self.state.engine.clone();
        let closed =
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(engine.close()));
        if !std::thread::panicking() {
            closed.expect("close the engine");
        }
    }
}

/// The whole of an answer, status and body. (Inline snapshots cannot be shared by the two databases' tests.)
#[track_caller]
pub fn shows(answer: &Answer, expected: &str) {
    assert_eq!(answer.to_string(), expected);
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a plain header"))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("an answer in JSON")
    }
}

/// Status and body on one line, as tests compare it.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.text)
    }
}
