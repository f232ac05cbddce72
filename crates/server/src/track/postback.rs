//! `/pb`: an advertiser's system reports an action, or a decision about one (design §6).
//!
//! A conversion is never lost for a parameter that we do not know: such names come back in `ignored`.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use whocpa_domain::input::{Decimal, ParamKind, RawParams, Single};
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::money::AMOUNT_LIMIT;
use whocpa_domain::{Error, FieldErrors, Input, params};
use whocpa_engine::lead::{Conversion, Verdict};

use super::cookie;
use crate::api::{self, ApiError};
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

/// Longest `sale_id`, in characters.
const SALE_ID_LIMIT: usize = 255;
/// Longest `comment`, in characters.
const COMMENT_LIMIT: usize = 1000;
/// Names that are told back in `ignored`, at most.
const IGNORED_LIMIT: usize = 20;

/// `GET` or `POST /pb`: parameters in the query, in a form or in a JSON object.
pub async fn receive(State(state): State<AppState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut raw = match api::parameters(&state.config.limits, &parts, body).await {
        Ok(raw) => raw,
        Err(refused) => return refused.into_response(),
    };
    // Empty values go too: a sender's macro that has no value is not a wrong value.
    let ignored = raw.retain(|name| Postback::PARAMS.iter().any(|param| param.name == name));
    let (status, mut body) = match read_and_receive(&state, raw, &parts.headers).await {
        Ok(verdict) => verdict_body(&verdict),
        Err(error) => return ApiError::from(error).into_response(),
    };
    let name = body.get("verdict").and_then(Value::as_str).unwrap_or_default().to_owned();
    metrics::counter!("whocpa_postbacks_total", "verdict" => name).increment(1);
    if let (false, Some(fields)) = (ignored.is_empty(), body.as_object_mut()) {
        let names: Vec<&String> = ignored.iter().take(IGNORED_LIMIT).collect();
        fields.insert("ignored".to_owned(), json!(names));
    }
    (status, Json(body)).into_response()
}

/// Any other method.
pub async fn no_method() -> ApiError {
    ApiError::NoMethod("GET, HEAD, POST".to_owned())
}

async fn read_and_receive(state: &AppState, raw: RawParams, headers: &HeaderMap) -> Result<Verdict, Error> {
    let sent: Postback = raw.read()?;
    check(&sent)?;
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

fn check(sent: &Postback) -> Result<(), Error> {
    let mut errors = FieldErrors::default();
    for (name, text, limit) in
        [("sale_id", &sent.sale_id, SALE_ID_LIMIT), ("comment", &sent.comment, COMMENT_LIMIT)]
    {
        if text.as_ref().is_some_and(|text| text.chars().count() > limit) {
            errors.add(name, format!("Must be at most {limit} characters"));
        }
    }
    if sent.amount.is_some_and(|amount| amount.0 > AMOUNT_LIMIT) {
        errors.add("amount", "Must be at most 1000000000");
    }
    errors.finish()
}
