//! `/lead/import`: a table of leads, orders or decisions, answered by a report with a verdict for each line.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use whocpa_domain::input::{RawParams, RawValue};
use whocpa_domain::{Error, Result as DomainResult, params};
use whocpa_engine::lead::ImportLine;

use super::client_ip::client_ip;
use super::lead_add::{keyed, refusal};
use crate::api::{self, ApiError};
use crate::limits::Kind;
use crate::state::AppState;

params! {
    /// How a table is taken in.
    pub struct ImportAsked {
        /// 1 only tells what would become of each line.
        preview: Option<bool>,
    }
}

/// `POST /lead/import`: `api_key`, `file` (or `csv`, the same as text) and `preview`.
pub async fn import(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let mut response = match receive(&state, peer, request).await {
        Ok((lines, is_preview)) => Json(report(&lines, is_preview)).into_response(),
        Err(error) => refusal(error),
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn receive(
    state: &AppState,
    peer: SocketAddr,
    request: Request,
) -> Result<(Vec<ImportLine>, bool), ApiError> {
    let (parts, body) = request.into_parts();
    let mut raw = api::parameters(&state.config.limits, &parts, body).await?;
    let key = raw.take_text("api_key").ok_or(Error::Unauthorized)?;
    let ip = client_ip(peer, &parts.headers, &state.config.trusted_proxies);
    let caller = keyed(state, ip, &key, Kind::Upload).await?;
    let table = table(&mut raw)?;
    let asked: ImportAsked = raw.read()?;
    let is_preview = asked.preview == Some(true);
    Ok((state.engine.lead_import(caller, &table, is_preview).await?, is_preview))
}

fn table(raw: &mut RawParams) -> DomainResult<Vec<u8>> {
    let mut sent = raw.take("file");
    sent.append(&mut raw.take("csv"));
    match (sent.pop(), sent.is_empty()) {
        (Some(RawValue::File(file)), true) => Ok(file.bytes().to_vec()),
        (Some(RawValue::Text(text) | RawValue::Element(text)), true) => Ok(text.into_bytes()),
        (None | Some(RawValue::Null), _) => Err(Error::field("file", "This parameter is required")),
        _ => Err(Error::field("file", "Must be given once")),
    }
}

fn report(lines: &[ImportLine], is_preview: bool) -> Value {
    let mut counts = std::collections::BTreeMap::new();
    for word in ["accepted", "updated", "duplicate", "parked", "rejected"] {
        counts.insert(word, 0);
    }
    let mut told = Vec::with_capacity(lines.len());
    for line in lines {
        let (word, line) = match &line.outcome {
            Ok(outcome) => (
                outcome.verdict.as_str(),
                json!({
                    "line": line.line,
                    "verdict": outcome.verdict,
                    "id": (outcome.id != 0).then_some(outcome.id),
                    "status": outcome.status,
                    "reason": outcome.reason,
                    "first_lead_id": outcome.first_lead_id,
                }),
            ),
            Err(error) => {
                let body = ApiError::from(error.clone()).body();
                let body: Value = serde_json::from_str(&body).unwrap_or_default();
                ("rejected", json!({"line": line.line, "verdict": "rejected", "error": body["error"]}))
            }
        };
        if let Some(count) = counts.get_mut(word) {
            *count += 1;
        }
        told.push(line);
    }
    json!({"preview": is_preview, "lines": lines.len(), "verdicts": counts, "report": told})
}
