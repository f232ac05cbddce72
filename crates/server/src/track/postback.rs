//! `/pb`: an advertiser's system reports an action, or a decision about one (design §6).
//!
//! A conversion is never lost for a parameter that we do not know: such names come back in `ignored`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use whocpa_domain::input::{Decimal, ParamKind, RawParams, RawValue, Single};
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::{Error, Input, params};
use whocpa_engine::lead::{Conversion, Verdict};

use super::cookie;
use crate::state::AppState;

params! {
    /// A reported action.
    pub struct Postback {
        /// The advertiser's postback token.
        token: String,
        /// The tid that the visitor came with; without it, the cookie's.
        tid: Option<String>,
        /// The offer, to choose among several cookies.
        offer_id: Option<i64>,
        /// The goal; needed when the offer has several.
        goal_id: Option<i64>,
        /// Your id of the action; the same id is the same action.
        sale_id: Option<String>,
        /// Amount of the sale in the goal's currency.
        amount: Option<Decimal>,
        /// Your decision: pending, approved, rejected, spam, or its number.
        status: Option<SentStatus>,
        /// Words to the status.
        comment: Option<String>,
    }
}

/// A decision in words or as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentStatus(LeadStatus);

impl Single for SentStatus {
    const KIND: ParamKind = ParamKind::Text;
    fn parse(text: &str) -> Result<Self, String> {
        let named = LeadStatus::ALL.iter().copied().find(|status| status.word().eq_ignore_ascii_case(text));
        let status = named.or_else(|| text.parse().ok().and_then(LeadStatus::from_code));
        // Repeats are found by rule, never told.
        status
            .filter(|status| *status != LeadStatus::Double)
            .map(Self)
            .ok_or_else(|| "Must be pending, approved, rejected or spam (0, 1, 2 or 3)".to_owned())
    }
}

/// `GET /pb?…`
pub async fn by_query(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    receive(&state, form(query.unwrap_or_default().as_bytes()), &headers).await
}

/// `POST /pb`, parameters in the query, in a form or in a JSON object.
pub async fn by_body(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut raw = form(query.unwrap_or_default().as_bytes());
    match serde_json::from_slice(&body) {
        Ok(Value::Object(fields)) => {
            for (name, value) in fields {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                raw.push(&name, RawValue::Text(text));
            }
        }
        _ => form_into(&mut raw, &body),
    }
    receive(&state, raw, &headers).await
}

fn form(bytes: &[u8]) -> RawParams {
    let mut raw = RawParams::default();
    form_into(&mut raw, bytes);
    raw
}

/// Empty values are left out: a sender's macro that has no value is not a wrong value.
fn form_into(raw: &mut RawParams, bytes: &[u8]) {
    for (name, value) in form_urlencoded::parse(bytes).filter(|(_, value)| !value.is_empty()) {
        raw.push(&name, RawValue::Text(value.into_owned()));
    }
}

async fn receive(state: &AppState, mut raw: RawParams, headers: &HeaderMap) -> Response {
    let known = |name: &str| Postback::PARAMS.iter().any(|param| param.name == name);
    let ignored: Vec<String> = raw.names().filter(|name| !known(name)).map(str::to_owned).collect();
    for name in &ignored {
        raw.take(name);
    }
    let received = read_and_receive(state, raw, headers).await;
    let (status, mut body) = match received {
        Ok(verdict) => verdict_body(&verdict),
        Err(error) => error_body(&error),
    };
    let name = body.get("verdict").and_then(Value::as_str).unwrap_or("error").to_owned();
    metrics::counter!("whocpa_postbacks_total", "verdict" => name).increment(1);
    if let (false, Some(fields)) = (ignored.is_empty(), body.as_object_mut()) {
        fields.insert("ignored".to_owned(), json!(ignored));
    }
    (status, Json(body)).into_response()
}

async fn read_and_receive(state: &AppState, raw: RawParams, headers: &HeaderMap) -> Result<Verdict, Error> {
    let sent: Postback = raw.read()?;
    let advertiser_id = state.engine.postback_owner(&sent.token)?;
    let tid = sent.tid.or_else(|| cookie::read(headers, sent.offer_id));
    let tid =
        tid.ok_or_else(|| Error::field("tid", "This parameter is required: no cookie names the click"))?;
    let conversion = Conversion {
        advertiser_id,
        tid,
        goal_id: sent.goal_id,
        sale_id: sent.sale_id.unwrap_or_default(),
        amount: sent.amount.map(|amount| amount.0),
        status: sent.status.map_or(LeadStatus::Pending, |status| status.0),
        comment: sent.comment.unwrap_or_default(),
    };
    state.engine.lead_receive(conversion).await
}

fn verdict_body(verdict: &Verdict) -> (StatusCode, Value) {
    match verdict {
        Verdict::Accepted { lead_id, status } => {
            (StatusCode::OK, json!({"verdict": "accepted", "lead_id": lead_id, "status": status}))
        }
        Verdict::Updated { lead_id, status } => {
            (StatusCode::OK, json!({"verdict": "updated", "lead_id": lead_id, "status": status}))
        }
        Verdict::Duplicate { lead_id, status } => {
            (StatusCode::OK, json!({"verdict": "duplicate", "lead_id": lead_id, "status": status}))
        }
        Verdict::Parked { reason } => (StatusCode::ACCEPTED, json!({"verdict": "parked", "reason": reason})),
        Verdict::Rejected { field, reason } => {
            (StatusCode::BAD_REQUEST, json!({"verdict": "rejected", "error": {*field: [reason]}}))
        }
    }
}

fn error_body(error: &Error) -> (StatusCode, Value) {
    match error {
        Error::Invalid(fields) => (StatusCode::BAD_REQUEST, json!({"error": fields.messages()})),
        Error::Unauthorized => (StatusCode::UNAUTHORIZED, json!({"error": "Unauthorized"})),
        Error::Unavailable(cause) => {
            tracing::warn!(%cause, "a conversion could not be taken in; the sender is asked to repeat it");
            (StatusCode::SERVICE_UNAVAILABLE, json!({"error": error.to_string()}))
        }
        other => {
            tracing::error!(error = ?other, "a conversion failed");
            (StatusCode::INTERNAL_SERVER_ERROR, json!({"error": "Internal server error"}))
        }
    }
}
