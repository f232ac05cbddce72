//! What every request handler shares.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ipnet::IpNet;
use whocpa_engine::Engine;

use crate::api;
use crate::limits::{Limiter, LimitsConfig};

/// Settings that handlers need.
#[derive(Debug, Clone, Default)]
pub struct HttpConfig {
    /// Where the network is reached from outside, without a slash at the end: `https://cpa.example`.
    pub base_url: String,
    /// Proxies whose word about the visitor's address is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// Bearer token for `/metrics` from elsewhere, empty for none.
    pub metrics_token: String,
    /// Guard rails.
    pub limits: LimitsConfig,
}

/// What every request handler shares. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The operations.
    pub engine: Engine,
    /// The settings.
    pub config: Arc<HttpConfig>,
    /// How much each caller has asked lately.
    pub limiter: Arc<Limiter>,
    request_ids: Arc<RequestIds>,
    setup_token: Option<Arc<str>>,
}

struct RequestIds {
    process: u64,
    next: AtomicU64,
}

impl AppState {
    /// `seed` is this process's own random number: with it, ids of requests differ from those of other processes.
    pub fn new(engine: Engine, config: HttpConfig, seed: u64) -> Self {
        let request_ids = RequestIds { process: seed, next: AtomicU64::new(1) };
        engine.lists_open(Arc::new(api::ExportLists));
        let limiter = Arc::new(Limiter::new(&config.limits.rate, engine.clock()));
        let config = Arc::new(config);
        Self { engine, config, limiter, request_ids: Arc::new(request_ids), setup_token: None }
    }

    /// With a one-time link for the first operator.
    #[must_use]
    pub fn with_setup_token(self, token: String) -> Self {
        Self { setup_token: Some(token.into()), ..self }
    }

    /// The word in the set-up link, when there is one.
    pub fn setup_token(&self) -> Option<&str> {
        self.setup_token.as_deref()
    }

    /// A request id that no other request has.
    pub fn next_request_id(&self) -> String {
        let number = self.request_ids.next.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}-{number}", self.request_ids.process)
    }
}
