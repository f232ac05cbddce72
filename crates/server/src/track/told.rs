//! The answer to a report, in the form of the platform whose spelling it had.
//!
//! What became of a report is known after commit. Only when we could not take it in is the answer an HTTP 503 for every
//! platform: a system that reads no more than the code must send it again.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use whocpa_domain::Error;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::orphan::OrphanKind;
use whocpa_engine::lead::Verdict;

use super::shape::Form;
use crate::api::ApiError;

/// Names that are told back in `ignored`, at most.
const IGNORED_LIMIT: usize = 20;

/// The verdict in this form.
pub fn verdict(form: Form, verdict: &Verdict, ignored: &[String]) -> Response {
    let mut response = match form {
        Form::Json => json_form(verdict, ignored),
        _ => brief(form, &Brief::of(verdict)),
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A refusal in this form.
pub fn refusal(form: Form, error: ApiError) -> Response {
    let is_ours =
        matches!(&error, ApiError::Domain(Error::Unavailable(_) | Error::Internal(_)) | ApiError::Busy);
    if form == Form::Json || is_ours {
        return error.into_response();
    }
    let words = match &error {
        ApiError::Domain(Error::Invalid(errors)) => {
            let all = errors.messages().iter().map(|(name, texts)| format!("{name}: {}", texts.join(", ")));
            all.collect::<Vec<_>>().join(" / ")
        }
        other => error_words(other),
    };
    let status = error.into_response().status();
    let mut response = brief(form, &Brief { is_taken: false, status, words, lead: None });
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn error_words(error: &ApiError) -> String {
    let body: Value = serde_json::from_str(&error.body()).unwrap_or_default();
    body["error"].as_str().unwrap_or("Refused").to_owned()
}

/// Name of a verdict, in answers and figures.
pub fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted { .. } => "accepted",
        Verdict::Updated { .. } => "updated",
        Verdict::Duplicate { .. } => "duplicate",
        Verdict::Parked { .. } => "parked",
        Verdict::Rejected { .. } => "rejected",
    }
}

fn json_form(verdict: &Verdict, ignored: &[String]) -> Response {
    let word = name(verdict);
    let (status, mut body) = match verdict {
        Verdict::Accepted { lead_id, status, first_lead_id } => {
            let mut body = json!({"verdict": word, "lead_id": lead_id, "status": status});
            if let (Some(first), Some(fields)) = (first_lead_id, body.as_object_mut()) {
                fields.insert("first_lead_id".to_owned(), json!(first));
            }
            (StatusCode::OK, body)
        }
        Verdict::Updated { lead_id, status } | Verdict::Duplicate { lead_id, status } => {
            (StatusCode::OK, json!({"verdict": word, "lead_id": lead_id, "status": status}))
        }
        Verdict::Parked { reason, .. } => (StatusCode::ACCEPTED, json!({"verdict": word, "reason": reason})),
        Verdict::Rejected { field, reason } => {
            (StatusCode::BAD_REQUEST, json!({"verdict": word, "error": {*field: [reason]}}))
        }
    };
    if let (false, Some(fields)) = (ignored.is_empty(), body.as_object_mut()) {
        let names: Vec<&String> = ignored.iter().take(IGNORED_LIMIT).collect();
        fields.insert("ignored".to_owned(), json!(names));
    }
    (status, Json(body)).into_response()
}

/// A verdict for platforms that know only yes and no.
struct Brief {
    is_taken: bool,
    status: StatusCode,
    words: String,
    lead: Option<(i64, LeadStatus)>,
}

impl Brief {
    fn of(verdict: &Verdict) -> Self {
        let taken = |words: &str, lead| Self {
            is_taken: true,
            status: StatusCode::OK,
            words: words.to_owned(),
            lead,
        };
        match verdict {
            Verdict::Accepted { lead_id, first_lead_id: Some(first), status } => Self {
                is_taken: false,
                status: StatusCode::OK,
                words: format!("Duplicate of lead {first}, stored as lead {lead_id} and not paid"),
                lead: Some((*lead_id, *status)),
            },
            Verdict::Accepted { lead_id, status, .. }
            | Verdict::Updated { lead_id, status }
            | Verdict::Duplicate { lead_id, status } => taken(name(verdict), Some((*lead_id, *status))),
            // It may be on its way: nothing to mend.
            Verdict::Parked { kind: OrphanKind::Late, reason, .. } => taken(reason, None),
            Verdict::Parked { reason, .. } => Self {
                is_taken: false,
                status: StatusCode::ACCEPTED,
                words: format!("Invalid click id, kept until you mend it: {reason}"),
                lead: None,
            },
            Verdict::Rejected { field, reason } => Self {
                is_taken: false,
                status: StatusCode::BAD_REQUEST,
                words: format!("{field}: {reason}"),
                lead: None,
            },
        }
    }
}

fn brief(form: Form, told: &Brief) -> Response {
    let words = told.words.as_str();
    match form {
        Form::Tune => text(StatusCode::OK, tune(told)),
        Form::Text if told.is_taken => text(StatusCode::OK, "Conversion logged".to_owned()),
        Form::Text => text(told.status, words.to_owned()),
        Form::Affise if told.is_taken => json_with(StatusCode::OK, &json!({"status": 1, "message": words})),
        Form::Affise => json_with(told.status, &json!({"status": 2, "error": words})),
        Form::AlterCpa if told.is_taken => {
            let id = told.lead.map(|(id, _)| id);
            json_with(StatusCode::OK, &json!({"status": "ok", "id": id}))
        }
        Form::AlterCpa => json_with(StatusCode::OK, &json!({"status": "error", "error": words})),
        Form::Json | Form::Scaleo => {
            let info = told.lead.map(|(id, status)| json!({"lead_id": id, "conv_status": scaleo(status)}));
            let word = if told.is_taken { "success" } else { "error" };
            let code = told.status.as_u16();
            let name = told.status.canonical_reason();
            json_with(
                told.status,
                &json!({"status": word, "code": code, "name": name, "message": words, "info": info}),
            )
        }
    }
}

/// Its words end with a semicolon, so they hold none.
fn tune(told: &Brief) -> String {
    if told.is_taken {
        return "success=true;".to_owned();
    }
    let words: String =
        told.words.chars().map(|c| if c == ';' || c.is_control() { ',' } else { c }).collect();
    format!("success=false; err_msg={words};")
}

fn scaleo(status: LeadStatus) -> &'static str {
    match status {
        LeadStatus::Spam | LeadStatus::Double => "trash",
        other => other.word(),
    }
}

fn text(status: StatusCode, body: String) -> Response {
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    (status, [(CONTENT_TYPE, kind)], body).into_response()
}

fn json_with(status: StatusCode, body: &Value) -> Response {
    (status, Json(body)).into_response()
}
