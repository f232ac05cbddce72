//! `/pb` and its other spellings: an advertiser's system reports an action, or a decision about one (design §6).
//!
//! A conversion is never lost for a parameter that we do not know: such names come back in `ignored`. Where a platform's
//! address has no place for a token, it stands in the path: `/pb/<token>/aff_lsr?…`.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use whocpa_domain::input::RawParams;
use whocpa_engine::lead::Verdict;

use super::client_ip::client_ip;
use super::report::{Report, canonical};
use super::shape::{self, Form, Shape};
use super::{cookie, told};
use crate::api::{self, ApiError};
use crate::state::AppState;

/// Where a signature may stand instead of the parameter `sign`.
const SIGNATURE_HEADER: &str = "x-signature";
/// The parameter with the signature.
const SIGNATURE: &str = "sign";
/// The path of our own spelling.
const OWN_PATH: &str = "/pb";

/// `GET` or `POST`: parameters in the query, in a form or in a JSON object.
pub async fn receive(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    answer(&state, peer, request, &path, None).await
}

/// The same with the token in the path: `/pb/<token>`.
pub async fn receive_of(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    answer(&state, peer, request, OWN_PATH, Some(token)).await
}

/// The same in another spelling: `/pb/<token>/aff_lsr`.
pub async fn receive_as(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((token, path)): Path<(String, String)>,
    request: Request,
) -> Response {
    answer(&state, peer, request, &format!("/{path}"), Some(token)).await
}

/// The same where the platform's address has no path: `/pb/<token>/`.
pub async fn receive_bare(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let has_shape = request.uri().query().is_some_and(is_bare);
    answer(&state, peer, request, if has_shape { "/" } else { OWN_PATH }, Some(token)).await
}

/// Whether a request for the front page is a postback of a platform whose address has no path.
pub fn is_bare(query: &str) -> bool {
    let marks = || shape::SHAPES.iter().filter(|shape| shape.paths.iter().any(|(path, _)| *path == "/"));
    form_urlencoded::parse(query.as_bytes())
        .any(|(name, _)| marks().any(|shape| shape.marks.contains(&name.as_ref())))
}

/// Any other method.
pub async fn no_method() -> ApiError {
    ApiError::NoMethod("GET, HEAD, POST".to_owned())
}

async fn answer(
    state: &AppState,
    peer: SocketAddr,
    request: Request,
    path: &str,
    token: Option<String>,
) -> Response {
    let (parts, body) = request.into_parts();
    let raw = match api::parameters(&state.config.limits, &parts, body).await {
        Ok(raw) => raw,
        Err(refused) => return told::refusal(form_of(path), refused),
    };
    let Some(shape) = shape::of_request(path, &raw) else { return ApiError::NoResource.into_response() };
    match settle(state, shape, Sent { peer, parts, path, token, raw }).await {
        Ok((verdict, ignored)) => {
            let labels = [("verdict", told::name(&verdict)), ("way", shape.way.word())];
            metrics::counter!("whocpa_postbacks_total", &labels).increment(1);
            told::verdict(shape.form, &verdict, &ignored)
        }
        Err(error) => told::refusal(shape.form, error.into()),
    }
}

/// The form of what cannot even be read.
fn form_of(path: &str) -> Form {
    shape::of_request(path, &RawParams::default()).map_or(Form::Json, |shape| shape.form)
}

/// A request in one piece.
struct Sent<'a> {
    peer: SocketAddr,
    parts: Parts,
    path: &'a str,
    token: Option<String>,
    raw: RawParams,
}

async fn settle(
    state: &AppState,
    shape: &'static Shape,
    mut sent: Sent<'_>,
) -> whocpa_domain::Result<(Verdict, Vec<String>)> {
    let signature = signature(&sent.parts.headers, &mut sent.raw);
    let text = canonical(&sent.raw);
    let mut report = Report::new(shape, sent.raw);
    let token = match sent.token {
        Some(token) => token,
        None => report.token()?,
    };
    // Who it is, from where, and whether he signed it: before anything else is looked at.
    let advertiser_id = state.engine.postback_owner(&token)?;
    let ip = client_ip(sent.peer, &sent.parts.headers, &state.config.trusted_proxies);
    let is_signed = state.engine.postback_check(advertiser_id, ip, &text, signature.as_deref())?;
    let mut conversion =
        report.conversion(sent.path, |offer_id| cookie::read(&sent.parts.headers, offer_id))?;
    conversion.advertiser_id = advertiser_id;
    conversion.is_signed = is_signed;
    Ok((state.engine.lead_receive(conversion).await?, report.ignored()))
}

/// Takes the signature out of the parameters it covers; the header's counts first.
pub(super) fn signature(headers: &HeaderMap, raw: &mut RawParams) -> Option<String> {
    let header = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let sent = raw.take_text(SIGNATURE).filter(|text| !text.is_empty());
    header.or(sent)
}
