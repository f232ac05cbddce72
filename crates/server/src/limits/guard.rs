//! What stands before the API, `/pb` and the pages: no head too large, no crowd, no request without end.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::HttpBody as _;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::gate::{Full, Gate, Pass};
use super::{HEAD_LIMIT, HEADERS_LIMIT, LimitsConfig, URI_LIMIT};
use crate::api::ApiError;
use crate::state::HttpConfig;
use crate::track::client_ip;

/// Bytes around a header's name and value.
const HEADER_AROUND: usize = 4;

/// What [`around`] needs.
#[derive(Clone)]
pub struct Guard {
    gate: Arc<Gate>,
    /// Where requests wait for the rest of their bodies, when those do not count at the gate.
    hall: Option<Arc<Gate>>,
    config: Arc<HttpConfig>,
}

impl Guard {
    /// With a door of its own: routes behind different doors do not take places from each other.
    pub fn new(config: &Arc<HttpConfig>) -> Self {
        let gate = Gate::new(config.limits.concurrent, config.limits.concurrent_per_address);
        Self { gate, hall: None, config: Arc::clone(config) }
    }

    /// For senders without a key who may have few addresses: no share of the places for one of them, but only requests
    /// that are there whole take a place. Of those whose bodies still arrive, one address has a share, and no more:
    /// whoever sends the beginnings of many bodies stops nobody else.
    pub fn of_senders(config: &Arc<HttpConfig>) -> Self {
        let gate = Gate::new(config.limits.concurrent, usize::MAX);
        let hall = Gate::new(config.limits.concurrent, config.limits.concurrent_per_address);
        Self { gate, hall: Some(hall), config: Arc::clone(config) }
    }
}

/// The place of a request whose body still arrives; kept with the request.
#[derive(Clone)]
pub struct Place {
    gate: Arc<Gate>,
    address: IpAddr,
    pass: Arc<Mutex<Pass>>,
}

impl Place {
    /// The body is there: the request goes from the hall through the gate.
    ///
    /// # Errors
    /// [`ApiError::Busy`] when nobody can be let in.
    pub fn arrived(extensions: &Extensions) -> Result<(), ApiError> {
        let Some(place) = extensions.get::<Self>() else { return Ok(()) };
        let pass = place.gate.enter(place.address).map_err(|_| ApiError::Busy)?;
        *place.pass.lock().unwrap_or_else(PoisonError::into_inner) = pass;
        Ok(())
    }
}

/// Lets a request through, or says why not.
pub async fn around(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    if let Err(refused) = head_check(request.uri(), request.headers()) {
        return refused.into_response();
    }
    let address = address(&request, &guard.config);
    let hall = guard.hall.as_ref().filter(|_| !request.body().is_end_stream());
    let pass = match hall.unwrap_or(&guard.gate).enter(address) {
        Ok(pass) => Arc::new(Mutex::new(pass)),
        Err(Full::All) => return ApiError::Busy.into_response(),
        Err(Full::Address) => {
            return ApiError::Crowd(guard.config.limits.concurrent_per_address).into_response();
        }
    };
    if hall.is_some() {
        let (gate, pass) = (Arc::clone(&guard.gate), Arc::clone(&pass));
        request.extensions_mut().insert(Place { gate, address, pass });
    }
    let time = time_for(request.headers(), &guard.config.limits);
    if let Ok(response) = tokio::time::timeout(time, next.run(request)).await {
        return response;
    }
    tracing::warn!(seconds = time.as_secs(), "a request ran out of time");
    ApiError::Busy.into_response()
}

/// The client's address; 0.0.0.0 only where no socket is, as in tests.
fn address(request: &Request, config: &HttpConfig) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let address = peer.map(|peer| client_ip(peer.0, request.headers(), &config.trusted_proxies));
    address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

fn head_check(uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    let uri = uri.path_and_query().map_or(0, |uri| uri.as_str().len());
    if uri > URI_LIMIT {
        return Err(ApiError::LongUri);
    }
    let fields = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + HEADER_AROUND);
    if headers.len() > HEADERS_LIMIT || uri + fields.sum::<usize>() > HEAD_LIMIT {
        return Err(ApiError::LargeHead);
    }
    Ok(())
}

/// From the head of a request to its answer.
fn time_for(headers: &HeaderMap, limits: &LimitsConfig) -> Duration {
    Duration::from_secs(limits.body_time(headers).as_secs() + limits.answer_seconds)
}

impl LimitsConfig {
    /// The time in which a body must arrive.
    pub fn body_time(&self, headers: &HeaderMap) -> Duration {
        let seconds = if is_multipart(headers) { self.upload_seconds } else { self.body_seconds };
        Duration::from_secs(seconds)
    }
}

/// Whether a body may hold files.
pub fn is_multipart(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.and_then(|kind| kind.get(..10)).is_some_and(|kind| kind.eq_ignore_ascii_case(b"multipart/"))
}
