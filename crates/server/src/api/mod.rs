//! The door for programs: one mechanism serves every resource under `/api` and documents it (design §3).
//!
//! A resource's file says, one line per method, which engine operation answers it; everything else (keys, levels,
//! parameters, envelopes, errors, OpenAPI, reference pages) follows from that declaration and the access table.

mod batch;
mod body;
mod claim;
mod collect;
mod cors;
mod credential;
mod dispatch;
mod error;
mod etag;
mod event;
mod examples;
mod file;
mod kept;
mod lists;
mod openapi;
mod openapi_operation;
mod openapi_schema;
mod query;
mod refusal;
mod reply;
mod request_id;
mod resource;
mod resources;
mod route;
mod visit;

// One resource each.
mod advance;
mod area;
mod audit;
mod balance;
mod category;
mod connection;
mod cover;
mod currency;
mod export;
mod feed;
mod finding;
mod geo;
mod goal;
mod key;
mod landing;
mod lead;
mod link;
mod news;
mod offer;
mod orphan;
mod product;
mod profile;
mod promo;
mod stock;
mod ticket;
mod user;

// Announced ones.
mod click;
mod condition;
mod decision;
mod deeplink;
mod delivery;
mod deposit;
mod document;
mod domain;
mod payout;
mod postback;
mod proof;
mod rate;
mod referral;
mod rerating;
mod rule;
mod simulate;
mod stat;
mod transfer;
mod wallet;

use axum::Router;
use axum::body::Body;
use axum::http::request::Parts;
use axum::routing::any;

use whocpa_domain::input::RawParams;

use crate::apidocs;
use crate::compress::compressed;
use crate::limits::{Guard, LimitsConfig, Place};
use crate::state::AppState;

pub(crate) use claim::{Answered, Asked, REPLAYED, once};
pub(crate) use collect::collect;
pub(crate) use credential::take as take_key;
pub(crate) use examples::sample as sample_value;
pub(crate) use openapi_schema::is_again;

pub use error::{ApiError, layered};
pub use lists::ExportLists;
pub use openapi::text as openapi_text;
pub use refusal::Refusal;
pub use resource::{Declaration, Declared, PathId};
pub use resources::{REGISTRY, Registry};

/// Longest accepted body of a request, in bytes, without the files that some methods take.
pub const BODY_LIMIT: usize = 2 << 20;

/// The parameters of a request outside the resources, in its query and its body, read by the rules of the protocol.
pub(crate) async fn parameters(
    limits: &LimitsConfig,
    parts: &Parts,
    body: Body,
) -> Result<RawParams, ApiError> {
    let mut params = query::read(parts.uri.query().unwrap_or_default().as_bytes(), "query")?;
    params.append(body::read(&parts.headers, body, 0, limits.body_time(&parts.headers)).await?);
    Place::arrived(&parts.extensions)?;
    Ok(params)
}

/// Everything under `/api` and `/apidocs`, with what the pages load.
#[expect(clippy::needless_pass_by_value, reason = "the state is the router's own")]
pub fn router(state: AppState) -> Router {
    router_of(&state, &REGISTRY)
}

/// The same for another list of resources: tests declare resources that fail in ways of their own.
pub fn router_of(state: &AppState, registry: &'static Registry) -> Router {
    let api = dispatch::Api::new(state.clone(), registry);
    let routes = Router::new()
        .route("/api", any(dispatch::answer))
        .route("/api/", any(dispatch::answer))
        .route("/api/{*path}", any(dispatch::answer))
        .with_state(api)
        .merge(apidocs::router(state, registry));
    let guard = Guard::new(&state.config);
    compressed(layered(routes, state, &guard))
}
