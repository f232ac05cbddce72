//! Parked domains: the host of a request decides what is there.
//!
//! A webmaster's name carries his links and nothing else: no site, no API and no sign-in of the network is ever shown
//! under a name that is not the network's own.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::header::HOST;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use whocpa_engine::domain::{PROOF_PATH, ParkedHost};

use super::click;
use crate::state::AppState;

/// What a server that gets certificates on demand asks.
#[derive(Debug, Deserialize)]
pub struct Ask {
    domain: String,
}

/// The routes that concern domains themselves.
pub fn router(state: &AppState) -> Router {
    let routes = Router::new().route(PROOF_PATH, get(proof)).route("/tls/ask", get(ask));
    routes.with_state(state.clone())
}

/// The parked domain that a request came through.
///
/// HTTP/2 names it in the address and sends no `Host`.
pub fn host(state: &AppState, uri: &Uri, headers: &HeaderMap) -> Option<ParkedHost> {
    state.engine.domain_of_host(named(uri, headers)?)
}

fn named<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    uri.host().or_else(|| headers.get(HOST)?.to_str().ok())
}

/// Around everything that is not tracking: on a parked domain it does not exist, but for what order forms and pages
/// for visitors load.
pub async fn only_links(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let is_loaded = ["/assets/", "/img/"].iter().any(|folder| request.uri().path().starts_with(folder));
    if !is_loaded && host(&state, request.uri(), request.headers()).is_some() {
        StatusCode::NOT_FOUND.into_response()
    } else {
        next.run(request).await
    }
}

/// Whatever no route answers: on a parked domain `/<code>` is a link, everything else is nowhere.
pub async fn elsewhere(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let path = parts.uri.path();
    let is_go = path.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("/go"))
        && matches!(path.as_bytes().get(3), None | Some(b'/'));
    let code = path.strip_prefix('/').unwrap_or(path);
    let is_code = !code.is_empty() && !code.strip_suffix('/').unwrap_or(code).contains('/');
    let is_read = matches!(parts.method, Method::GET | Method::HEAD);
    if is_go && is_read {
        click::short(&state, &parts, "/go/", peer).await
    } else if is_code && is_read && host(&state, &parts.uri, &parts.headers).is_some() {
        click::short(&state, &parts, "/", peer).await
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

/// The word by which the network finds out that a domain leads here.
async fn proof(State(state): State<AppState>, uri: Uri, headers: HeaderMap) -> Response {
    let word = named(&uri, &headers).and_then(|host| state.engine.domain_proof(host));
    word.map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}

/// `GET /tls/ask?domain=`: 200 when a certificate may be asked for this name, 404 otherwise; as Caddy's `on_demand_tls` asks.
async fn ask(State(state): State<AppState>, Query(Ask { domain }): Query<Ask>) -> StatusCode {
    if state.engine.domain_may_have_certificate(&domain) { StatusCode::OK } else { StatusCode::NOT_FOUND }
}
