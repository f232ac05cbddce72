//! Visits without a redirect: `/t.js` on the page that the visitor came to directly reports them by `POST /t/<code>`, a
//! picture (`/t/<code>.gif`) where scripts do not run.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::header::{
    ACCEPT_LANGUAGE, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, REFERER, SET_COOKIE,
    USER_AGENT,
};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use whocpa_domain::click::ClickReason;
use whocpa_domain::facts::ClickWay;
use whocpa_engine::click::{Tracked, Visit};

use super::click::{is_prefetch, reason_name, text};
use super::client_ip::client_ip;
use super::{cookie, parked, pixel};
use crate::api::{self, ApiError};
use crate::limits::Place;
use crate::state::AppState;

/// The script, under 2 KB.
const SCRIPT: &str = include_str!("../../assets/t.js");
/// Longest referrer that a script may tell, in bytes.
const REFERRER_LIMIT: usize = 4096;
/// How long the few bytes of a referrer may take.
const REFERRER_TIME: Duration = Duration::from_secs(3);

/// `GET /t.js`.
pub async fn script() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=3600"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, SCRIPT).into_response()
}

/// `POST /t/<code>`: the query is the page's own, the body the address that the visitor came from. No cookie is set: the
/// page keeps the tid, where the visitor lets it.
pub async fn report(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(code): Path<String>,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = api::collect(&parts.headers, body, REFERRER_LIMIT, REFERRER_TIME).await;
    let body = match body.and_then(|body| Place::arrived(&parts.extensions).map(|()| body)) {
        Ok(body) => body,
        Err(refused) => return refused.into_response(),
    };
    let referer = String::from_utf8_lossy(&body);
    let tracked = track(
        &state,
        Visit { way: ClickWay::Script, ..Visit::to(code) },
        &referer,
        peer,
        (&parts.uri, &parts.headers),
    )
    .await;
    let told = if tracked.reason == ClickReason::Sent {
        json!({"tid": tracked.tid, "offer_id": tracked.offer_id, "days": tracked.cookie_ttl_days})
    } else {
        json!({"tid": null, "reason": tracked.reason.word()})
    };
    let headers = [(ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (CACHE_CONTROL, "no-store")];
    (headers, Json(told)).into_response()
}

/// `GET /t/<code>.gif`: the query is whatever the page adds.
pub async fn picture(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(file): Path<String>,
    request: Request<Body>,
) -> Response {
    let Some(code) = file.strip_suffix(".gif") else { return ApiError::NoResource.into_response() };
    let (parts, _) = request.into_parts();
    let referer = text(&parts.headers, &REFERER);
    let visit = Visit { way: ClickWay::Picture, ..Visit::to(code) };
    let tracked = track(&state, visit, &referer, peer, (&parts.uri, &parts.headers)).await;
    let is_sent = tracked.reason == ClickReason::Sent;
    let status = if is_sent { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let mut response = pixel::picture(status, tracked.reason.word());
    let is_https = state.config.base_url.starts_with("https://");
    let cookie = cookie::of_click(&state.engine, &parts.headers, &tracked, is_https);
    if let Some(Ok(cookie)) = cookie.filter(|_| is_sent).map(HeaderValue::try_from) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// `GET /i/<code>.gif`: a page shows the link's banner.
pub async fn impression(
    State(state): State<AppState>,
    Path(file): Path<String>,
    request: Request<Body>,
) -> Response {
    let Some(code) = file.strip_suffix(".gif") else { return ApiError::NoResource.into_response() };
    let domain = parked::host(&state, request.uri(), request.headers());
    // What a browser loads ahead may never be shown.
    let is_known = is_prefetch(request.headers()) || state.engine.impression_note(code, domain);
    pixel::picture(if is_known { StatusCode::OK } else { StatusCode::NOT_FOUND }, "impression")
}

/// Remembers a visit.
pub(super) async fn track(
    state: &AppState,
    door: Visit<'_>,
    referer: &str,
    peer: SocketAddr,
    (uri, headers): (&Uri, &HeaderMap),
) -> Tracked {
    let ua = text(headers, &USER_AGENT);
    let languages = text(headers, &ACCEPT_LANGUAGE);
    let visit = Visit {
        query: uri.query().unwrap_or_default(),
        ip: client_ip(peer, headers, &state.config.trusted_proxies),
        ua: &ua,
        referer,
        languages: &languages,
        is_returning: cookie::is_there(headers),
        is_back: cookie::hops(headers) >= cookie::HOPS,
        domain: parked::host(state, uri, headers),
        is_prefetch: door.is_prefetch || is_prefetch(headers),
        ..door
    };
    let tracked = state.engine.click_track(visit).await;
    metrics::counter!("whocpa_clicks_total", "reason" => reason_name(tracked.reason)).increment(1);
    tracked
}

/// Any other method.
pub async fn no_method() -> ApiError {
    ApiError::NoMethod("GET, HEAD, POST".to_owned())
}
