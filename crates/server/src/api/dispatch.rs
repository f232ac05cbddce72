//! Answers every request under `/api`: one order of checks for all resources.
//!
//! Resource (404), key (401), method (405, 501), level (401, 403), id (404), parameters (400), operation.

use std::net::{IpAddr, SocketAddr};

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method as Http, StatusCode, header};
use axum::response::{IntoResponse, Response};
use whocpa_domain::access::Caller;
use whocpa_domain::input::{RawParams, upload_bytes};
use whocpa_domain::{FieldErrors, Method};

use super::error::{ApiError, json_response};
use super::resource::{Call, Declared};
use super::resources::Registry;
use super::route::Route;
use super::{body, credential, openapi, query};
use crate::state::AppState;
use crate::track::client_ip;

/// What the handlers of the API share.
#[derive(Clone)]
pub(super) struct Api {
    pub state: AppState,
    pub registry: &'static Registry,
    openapi: Bytes,
}

impl Api {
    pub fn new(state: AppState, registry: &'static Registry) -> Self {
        let openapi = openapi::document(registry, &state.config.base_url).to_string();
        Self { state, registry, openapi: openapi.into() }
    }
}

/// The handler of everything under `/api`.
pub(super) async fn answer(State(api): State<Api>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if parts.uri.path() == "/api/openapi.json" {
        return document(&api, &parts.method).into_response();
    }
    match serve(&api, &parts, body).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

fn document(api: &Api, method: &Http) -> Result<Response, ApiError> {
    if [Http::GET, Http::HEAD].contains(method) {
        Ok(json_response(StatusCode::OK, api.openapi.clone()))
    } else {
        Err(ApiError::NoMethod("GET, HEAD".to_owned()))
    }
}

async fn serve(api: &Api, parts: &Parts, body: Body) -> Result<Response, ApiError> {
    let route = Route::parse(parts.uri.path()).ok_or(ApiError::NoResource)?;
    let has_body = [Http::POST, Http::PUT, Http::DELETE].contains(&parts.method);
    let mut query = query::read(parts.uri.query().unwrap_or_default().as_bytes(), "query")?;
    let found = declared(api.registry, &route, &parts.method);
    let uploads = found.as_ref().map_or(0, |(_, declared)| upload_bytes(declared.params));
    let mut body =
        if has_body { body::read(&parts.headers, body, uploads).await } else { Ok(RawParams::default()) };
    let key = credential::take(&parts.headers, &mut query, body.as_mut().ok())?;
    let caller = match &key {
        Some(key) => api.state.engine.authenticate(key, address(api, parts)).await?,
        None => Caller::GUEST,
    };
    let (method, declared) = found?;
    if key.is_none() {
        // The key may have stood in the body that could not be read: say that, not "Unauthorized".
        body = Ok(body?);
    }
    caller.may(route.resource, method)?;
    let params = if has_body {
        only_in_body(&query)?;
        body?
    } else {
        query
    };
    let call = Call { engine: api.state.engine.clone(), caller, id: route.id.to_owned(), params };
    let text = declared.run(call).await?;
    Ok(success(method, text, key.is_some()))
}

/// Where the request comes from; unknown only where no socket is, as in tests.
fn address(api: &Api, parts: &Parts) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(client_ip(peer.0, &parts.headers, &api.state.config.trusted_proxies))
}

fn declared(
    registry: &'static Registry,
    route: &Route<'_>,
    http: &Http,
) -> Result<(Method, &'static Declared), ApiError> {
    let method = route.method(http).ok_or_else(|| ApiError::NoMethod(route.allow()))?;
    let declared = registry.method(route.resource, method).ok_or(ApiError::NotYet)?;
    Ok((method, declared))
}

fn only_in_body(query: &RawParams) -> Result<(), ApiError> {
    let mut errors = FieldErrors::default();
    for name in query.names() {
        errors.add(name, "Must be in the body of the request");
    }
    Ok(errors.finish()?)
}

fn success(method: Method, text: Vec<u8>, has_key: bool) -> Response {
    let status = if method == Method::Create { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = json_response(status, text);
    // What a key opens is nobody else's; what is public may be kept, but not given to a caller with a key.
    let (name, value) = if has_key || !matches!(method, Method::List | Method::View) {
        (header::CACHE_CONTROL, "no-store")
    } else {
        (header::VARY, "Authorization, X-Api-Key")
    };
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}
