//! Answers every request under `/api`: one order of checks for all resources.
//!
//! Resource (404), key (401), rate (429), method (405, 501), level (401, 403), `Idempotency-Key` (400, 409, 422), id
//! (404), parameters (400), operation. Where the method takes files and the key stands in the head, all of it up to the
//! level comes before the body is read, and files are taken only then: nobody unknown fills the memory.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method as Http, StatusCode, header};
use axum::response::{IntoResponse, Response};
use whocpa_domain::access::Caller;
use whocpa_domain::input::{RawParams, upload_bytes};
use whocpa_domain::{Error, FieldErrors, Method, Resource};
use whocpa_engine::kept::Written;

use super::claim::{self, Answered, Asked};
use super::error::{ApiError, json_response};
use super::reply::Body;
use super::resource::{Call, Declared};
use super::resources::Registry;
use super::route::Route;
use super::visit::Visit;
use super::{body, collect, cors, credential, etag, file, kept, openapi, query};
use crate::limits::{self, Kind, LimitsConfig};
use crate::state::AppState;

/// Longest id in a path under which a write can be repeated; no object has a longer one.
const ID_LENGTH_MAX: usize = 64;
/// May be kept, and must be asked for again each time.
const REVALIDATED: HeaderValue = HeaderValue::from_static("public, no-cache");

/// What the handlers of the API share.
#[derive(Clone)]
pub(super) struct Api {
    pub state: AppState,
    pub registry: &'static Registry,
    openapi: Arc<Written>,
}

impl Api {
    pub fn new(state: AppState, registry: &'static Registry) -> Self {
        let config = &state.config;
        let openapi = openapi::document(registry, &config.base_url, &config.limits.rate).to_string();
        let openapi = Arc::new(kept::written(openapi.as_bytes()));
        Self { state, registry, openapi }
    }

    fn limits(&self) -> &LimitsConfig {
        &self.state.config.limits
    }
}

/// The handler of everything under `/api`.
pub(super) async fn answer(State(api): State<Api>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if cors::is_preflight(&parts) {
        return cors::preflight();
    }
    let mut visit = Visit::new(&api.state, &parts);
    let answered = if parts.uri.path() == "/api/openapi.json" {
        visit.guest().and_then(|_| document(&api, &parts))
    } else if let Some(id) = file::export_id(parts.uri.path()) {
        file::answer(&api.state.engine, &parts, id, &mut visit).await
    } else {
        serve(&api, &parts, body, &mut visit).await
    };
    visit.finish(answered)
}

fn document(api: &Api, parts: &Parts) -> Result<Response, ApiError> {
    if [Http::GET, Http::HEAD].contains(&parts.method) {
        let (mut response, tag) = kept::response(&parts.headers, &api.openapi);
        response.headers_mut().insert(header::CACHE_CONTROL, REVALIDATED);
        Ok(etag::tagged(&parts.headers, tag, response))
    } else {
        Err(ApiError::NoMethod("GET, HEAD".to_owned()))
    }
}

async fn serve(
    api: &Api,
    parts: &Parts,
    body: axum::body::Body,
    visit: &mut Visit<'_>,
) -> Result<Response, ApiError> {
    let route = Route::parse(parts.uri.path()).ok_or(ApiError::NoResource)?;
    let has_body = [Http::POST, Http::PUT, Http::DELETE].contains(&parts.method);
    let mut query = query::read(parts.uri.query().unwrap_or_default().as_bytes(), "query")?;
    let found = declared(api.registry, &route, &parts.method);
    if let Ok((method, _)) = &found {
        visit.kind = Kind::of(route.resource, *method, limits::is_multipart(&parts.headers));
    }
    let mut key = credential::take(&parts.headers, &mut query)?;
    let has_files = limits::is_multipart(&parts.headers)
        && found.as_ref().is_ok_and(|(_, declared)| upload_bytes(declared.params) > 0);
    let (found, known, uploads) = match &key {
        Some(key) if has_files => match admitted(visit, key, route.resource, found).await {
            Ok((caller, found)) => (Ok(found), Some(caller), upload_bytes(found.1.params)),
            Err(refused) => {
                // It may be long, and its sender is to read the refusal.
                collect::linger(body);
                return Err(refused);
            }
        },
        _ => (found, None, 0),
    };
    let time = api.limits().body_time(&parts.headers);
    let mut body = if has_body {
        body::read(&parts.headers, body, uploads, time).await
    } else {
        Ok(RawParams::default())
    };
    if let Ok(body) = &mut body {
        key = credential::take_from_body(key, body)?;
    }
    let caller = match (known, &key) {
        (Some(caller), _) => caller,
        (None, Some(key)) => visit.keyed(key).await?,
        (None, None) => visit.guest()?,
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
    if !has_body {
        let body = declared.run(call).await?;
        return Ok(if key.is_some() {
            private(method, &parts.headers, &body)
        } else {
            public(route.resource, &parts.headers, &body)
        });
    }
    let answered = written(api, parts, (&route, method, declared), call).await?;
    let mut response = private(method, &parts.headers, &Body::Own(answered.text));
    if answered.is_replayed {
        response.headers_mut().insert(claim::REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// What a path and an HTTP method name.
type Found = (Method, &'static Declared);

/// Who stands behind a key that the head of a request brings, counted and allowed to do this.
async fn admitted(
    visit: &mut Visit<'_>,
    key: &str,
    resource: Resource,
    found: Result<Found, ApiError>,
) -> Result<(Caller, Found), ApiError> {
    let caller = visit.keyed(key).await?;
    let found = found?;
    caller.may(resource, found.0)?;
    Ok((caller, found))
}

/// Runs a write, under its `Idempotency-Key` when it has one.
async fn written(
    api: &Api,
    parts: &Parts,
    (route, method, declared): (&Route<'_>, Method, &'static Declared),
    call: Call,
) -> Result<Answered, ApiError> {
    let has_key = claim::key(&parts.headers)?.is_some();
    if !has_key && route.resource.requires_idempotency_key(method) {
        return Err(Error::field("Idempotency-Key", "This header is required").into());
    }
    if has_key && route.id.len() > ID_LENGTH_MAX {
        return Err(Error::NotFound.into());
    }
    let Call { engine, caller, id, params } = call;
    let asked = Asked::of(&api.state, caller, parts, params);
    let told = |told| Ok(claim::body(method, told)?.text());
    let work =
        |caller, params| async move { Ok(declared.run(Call { engine, caller, id, params }).await?.text()) };
    claim::once(asked, told, work).await
}

fn declared(registry: &'static Registry, route: &Route<'_>, http: &Http) -> Result<Found, ApiError> {
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

fn private(method: Method, asked: &HeaderMap, body: &Body) -> Response {
    let status = if method == Method::Create { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = match body {
        Body::Own(text) => json_response(status, text.clone()),
        Body::Lines(text) => lines_response(text.clone()),
        Body::Kept(written) => kept::response(asked, written).0,
    };
    // What a key opens is nobody else's.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// NDJSON: each line is an object.
fn lines_response(text: Bytes) -> Response {
    let kind = HeaderValue::from_static("application/x-ndjson");
    (StatusCode::OK, [(header::CONTENT_TYPE, kind)], text).into_response()
}

/// What anybody may read may be kept by anybody, but not given to a caller with a key.
fn public(resource: Resource, asked: &HeaderMap, body: &Body) -> Response {
    let (mut response, tag) = match body {
        Body::Own(text) => (json_response(StatusCode::OK, text.clone()), etag::tag(text)),
        Body::Lines(text) => (lines_response(text.clone()), etag::tag(text)),
        Body::Kept(written) => kept::response(asked, written),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, cache_control(resource));
    headers.insert(header::VARY, HeaderValue::from_static("Authorization, X-Api-Key"));
    etag::tagged(asked, tag, response)
}

/// Regions, categories and currencies change by the month; what else is public is asked for again each time, which
/// costs a 304.
fn cache_control(resource: Resource) -> HeaderValue {
    match resource {
        Resource::Geo | Resource::Category | Resource::Currency => {
            HeaderValue::from_static("public, max-age=60")
        }
        _ => REVALIDATED,
    }
}
