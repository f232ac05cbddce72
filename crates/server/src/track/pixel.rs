//! `/px/<goal>.gif` and `/px/<goal>.json`: the page after an order reports it from the visitor's browser.
//!
//! The picture is always a picture: what became of the report stands in the code and in `X-Verdict`.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, Response as HttpResponse, StatusCode};
use axum::response::{IntoResponse, Response};
use whocpa_domain::input::RawValue;
use whocpa_domain::way::LeadWay;
use whocpa_engine::lead::Verdict;

use super::postback::signature;
use super::report::{Report, canonical};
use super::shape::{Form, Shape};
use super::shapes::{PIXEL, SCRIPT};
use super::{cookie, told};
use crate::api::{self, ApiError};
use crate::state::AppState;

/// A transparent picture of one pixel.
const GIF: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\0\0\0!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
/// Where a picture's verdict stands.
const VERDICT: HeaderName = HeaderName::from_static("x-verdict");

/// `GET` or `POST`: parameters in the query, in a form or in a JSON object.
pub async fn receive(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(file): Path<String>,
    request: Request,
) -> Response {
    let Some((shape, goal_id)) = named(&file) else { return ApiError::NoResource.into_response() };
    let outcome = settle(&state, shape, goal_id, request).await;
    let word = outcome.as_ref().map_or("refused", |(verdict, _)| told::name(verdict));
    metrics::counter!("whocpa_postbacks_total", "verdict" => word, "way" => shape.way.word()).increment(1);
    if let Err(error) = &outcome {
        tracing::debug!(goal.id = goal_id, %peer, error = error.body(), "a browser's report was not taken");
    }
    let mut response = match outcome {
        Ok((verdict, ignored)) if shape.way == LeadWay::Script => {
            told::verdict(Form::Json, &verdict, &ignored)
        }
        Ok((verdict, _)) => told_by_picture(&verdict),
        Err(error) if shape.way == LeadWay::Script => told::refusal(Form::Json, error),
        Err(error) => {
            let words = error.body();
            picture(error.into_response().status(), &words)
        }
    };
    // Whatever stands here was sent by the page that asks.
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// The goal of `12.gif`, and in which form its report comes.
fn named(file: &str) -> Option<(&'static Shape, i64)> {
    let (goal, ending) = file.rsplit_once('.')?;
    let shape = match ending {
        "gif" => &PIXEL,
        "json" => &SCRIPT,
        _ => return None,
    };
    goal.parse().ok().filter(|id| *id > 0).map(|id| (shape, id))
}

async fn settle(
    state: &AppState,
    shape: &'static Shape,
    goal_id: i64,
    request: Request,
) -> Result<(Verdict, Vec<String>), ApiError> {
    let (parts, body) = request.into_parts();
    let mut raw = api::parameters(&state.config.limits, &parts, body).await?;
    let goal = state.engine.pixel_goal(goal_id).await?;
    let signature = signature(&parts.headers, &mut raw);
    // The goal is named by the path, and signed like a parameter.
    let mut signed = raw.clone();
    signed.push("goal_id", RawValue::Text(goal_id.to_string()));
    let text = canonical(&signed);
    let mut report = Report::new(shape, raw);
    let is_named = report.is_named();
    let conversion = report.conversion("", |_| cookie::read(&parts.headers, Some(goal.offer_id)))?;
    let signed = (text.as_str(), signature.as_deref());
    let verdict = state.engine.pixel_receive(goal, conversion, signed, is_named).await?;
    Ok((verdict, report.ignored()))
}

fn told_by_picture(verdict: &Verdict) -> Response {
    let (status, words) = match verdict {
        Verdict::Rejected { field, reason } => {
            (StatusCode::BAD_REQUEST, format!("rejected: {field}: {reason}"))
        }
        Verdict::Parked { reason, .. } => (StatusCode::ACCEPTED, format!("parked: {reason}")),
        other => (StatusCode::OK, told::name(other).to_owned()),
    };
    picture(status, &words)
}

/// A picture, with words for whoever looks at what his browser got.
pub fn picture(status: StatusCode, words: &str) -> Response {
    let words: String =
        words.chars().map(|c| if c.is_ascii() && !c.is_control() { c } else { '?' }).collect();
    let mut response = HttpResponse::new(Body::from(GIF));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/gif"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(words) = HeaderValue::try_from(words) {
        headers.insert(VERDICT, words);
    }
    response
}

/// Any other method.
pub async fn no_method() -> ApiError {
    ApiError::NoMethod("GET, HEAD, POST".to_owned())
}
