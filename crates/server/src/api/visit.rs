//! One request while it is answered: who is counted for it, how he stands with his limits, who may read the answer.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method as Http};
use axum::response::{IntoResponse, Response};
use whocpa_domain::Error;
use whocpa_domain::access::Caller;

use super::cors;
use super::error::ApiError;
use crate::limits::{Kind, Standing};
use crate::state::AppState;
use crate::track::client_ip;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// A request to the API.
pub(super) struct Visit<'a> {
    state: &'a AppState,
    /// Unknown only where no socket is, as in tests.
    ip: Option<IpAddr>,
    /// What it costs.
    pub kind: Kind,
    standing: Option<Standing>,
    is_open: bool,
}

impl<'a> Visit<'a> {
    pub fn new(state: &'a AppState, parts: &Parts) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let ip = peer.map(|peer| client_ip(peer.0, &parts.headers, &state.config.trusted_proxies));
        let is_read = [Http::GET, Http::HEAD, Http::OPTIONS].contains(&parts.method);
        let kind = if is_read { Kind::Read } else { Kind::Write };
        Self { state, ip, kind, standing: None, is_open: false }
    }

    fn address(&self) -> IpAddr {
        self.ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }

    /// Counts a request without a key.
    pub fn guest(&mut self) -> Result<Caller, ApiError> {
        self.is_open = true;
        let standing = self.state.limiter.guest(self.address(), self.kind);
        self.stands(standing)?;
        Ok(Caller::GUEST)
    }

    /// The caller behind a key; counts the request for him.
    pub async fn keyed(&mut self, key: &str) -> Result<Caller, ApiError> {
        let (limiter, address) = (&self.state.limiter, self.address());
        let allowed = limiter.wrong_keys().check(address, key);
        self.refuse(allowed)?;
        match self.state.engine.authenticate(key, self.ip).await {
            Ok(caller) => {
                limiter.wrong_keys().right(address, key);
                let standing = limiter.key(caller.origin.key_id, caller.user_id, self.kind);
                self.stands(standing)?;
                Ok(caller)
            }
            Err(Error::Unauthorized) => {
                let standing = limiter.wrong_keys().wrong(address, key);
                self.stands(standing)?;
                Err(Error::Unauthorized.into())
            }
            Err(other) => Err(other.into()),
        }
    }

    /// The answer with what every answer has. A request that failed before anybody could be counted is counted for its
    /// address.
    pub fn finish(mut self, answered: Result<Response, ApiError>) -> Response {
        let counted = if self.standing.is_none() {
            let standing = self.state.limiter.guest(self.address(), self.kind);
            self.stands(standing)
        } else {
            Ok(())
        };
        let mut response = match counted.and(answered) {
            Ok(response) => response,
            Err(refused) => refused.into_response(),
        };
        if let Some(standing) = self.standing {
            write(response.headers_mut(), standing);
        }
        if self.is_open {
            cors::open(response.headers_mut());
        }
        response
    }

    fn stands(&mut self, counted: Result<Standing, crate::limits::Refused>) -> Result<(), ApiError> {
        let counted = counted.map(|standing| self.standing = Some(standing));
        self.refuse(counted)
    }

    fn refuse(&mut self, counted: Result<(), crate::limits::Refused>) -> Result<(), ApiError> {
        counted.map_err(|refused| {
            self.standing = Some(refused.standing);
            metrics::counter!("whocpa_api_refused_total", "what" => refused.what).increment(1);
            ApiError::TooMany(refused)
        })
    }
}

/// The fields of draft-ietf-httpapi-ratelimit-headers (its form up to -06, which clients know).
fn write(headers: &mut HeaderMap, standing: Standing) {
    headers.insert(LIMIT, standing.limit.into());
    headers.insert(REMAINING, standing.remaining.into());
    headers.insert(RESET, standing.reset.into());
    if let Ok(policy) = HeaderValue::try_from(format!("{};w=60", standing.limit)) {
        headers.insert(POLICY, policy);
    }
}
